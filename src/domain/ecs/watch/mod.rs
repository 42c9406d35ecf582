//! The judgement of a rollout over time: a state machine without a clock.
//!
//! What was observed goes in with the time that has passed since the watch began; what to observe next, or the verdict,
//! comes out. Poll the service → judge the deployment → once ECS calls it done, read the running tasks back. Only a
//! read-back that matches is a success.

mod next;
mod observation;
mod settling;
#[cfg(test)]
mod tests;
mod verdict;
mod words;

use std::mem;
use std::time::Duration;

pub use next::{Next, Question, Report};
pub use observation::{NotObserved, Observed};
use settling::Settling;
pub use verdict::{Ended, NotProven};
pub use words::failure;

use super::expectation::Expectation;
use super::ids::{DeploymentId, RevisionArn, TaskArn};
use super::read_back::{ReadBack, read_back, same_tasks};
use super::rollout::{self, Judgement, OurDeployment};
use super::service::{Deployment, Service, Task};
use crate::domain::poll::Step;

/// How long after ECS called a deployment done, or was seen to start tasks of it, its tasks may take to be right.
const GRACE: Duration = Duration::from_secs(30);
/// How long after `UpdateService` a read may still show the service as it was before: reads are eventually consistent.
pub const STALE_READS: Duration = Duration::from_secs(10);
/// How long after a failure ECS may take to begin its rollback. It does so at once, where it is configured to.
const ROLLBACK_GRACE: Duration = Duration::from_secs(10);
/// The pause while something short is waited for.
const SHORT: Duration = Duration::from_secs(1);
/// After so long the deployment's id is noted for a later run. A rollout that is done before has it with its outcome.
const NOTE_AFTER: Duration = Duration::from_secs(4);
/// The pause after a transient error.
const AFTER_ERROR: Duration = Duration::from_secs(5);

/// How a rollout is watched.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long it may take.
    pub timeout: Duration,
    /// How long the last one took, where that is known.
    pub last_rollout: Option<Duration>,
    /// Whether a person watches on a terminal.
    pub watched: bool,
}

/// What is watched.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The deployment.
    pub deployment: OurDeployment,
    /// The id of the primary deployment before it: a read that shows that one again may be stale. `None`: the deployment
    /// was there before the watch.
    pub before: Option<DeploymentId>,
    /// What must run in the end.
    pub expected: Expectation,
    /// Whether a later run is to find the deployment, if this one does not see its end.
    pub note: bool,
    /// The ARNs of the tasks that were verified before. Empty: they are verified for the first time.
    pub verified: Vec<TaskArn>,
}

/// A rollout that is being watched.
#[derive(Debug)]
pub struct Watch {
    settings: Settings,
    subject: Subject,
    /// The time of the newest observation.
    now: Duration,
    pending: Pending,
    polls: u32,
    listed: bool,
    blind: bool,
    completed: Option<Settling>,
    first_failed: Option<Duration>,
    noted: bool,
    /// The id that was reported last.
    followed: Option<DeploymentId>,
    rolled_back: Option<Settling>,
    judgement: Option<Judgement>,
    reason: Option<String>,
    /// The ids of the events that were there before, or were reported. `None` until the first observation.
    events: Option<Vec<String>>,
}

/// What was asked, with what the answer is judged by.
#[derive(Debug)]
enum Pending {
    Service,
    Tasks(Service),
    Previous(Service, RolledBack),
    /// With when the next poll is due.
    Note(Duration),
}

/// A rollback that ECS calls done.
#[derive(Debug)]
struct RolledBack {
    to: RevisionArn,
    reason: Option<String>,
}

/// What follows from one observation.
type Action = Step<Result<Ended, NotProven>, Question>;

impl Watch {
    /// Begins at time zero.
    pub fn new(settings: Settings, subject: Subject) -> Self {
        Self {
            settings,
            subject,
            now: Duration::ZERO,
            pending: Pending::Service,
            polls: 0,
            listed: false,
            blind: false,
            completed: None,
            first_failed: None,
            noted: false,
            followed: None,
            rolled_back: None,
            judgement: None,
            reason: None,
            events: None,
        }
    }

    /// Takes what was observed so long after the beginning. Time never goes back. An answer to something that was not
    /// asked decides nothing.
    pub fn see(&mut self, elapsed: Duration, observed: Observed) -> Next {
        self.now = self.now.max(elapsed);
        // The time that a note takes is not the rollout's: the poll that was due still comes.
        if let (Observed::Noted, Pending::Note(due)) = (&observed, &self.pending) {
            let after = due.saturating_sub(self.now).min(self.settings.timeout.saturating_sub(self.now));
            self.pending = Pending::Service;
            return Next { reports: Vec::new(), step: again(after) };
        }
        let mut reports = Vec::new();
        let step = match (observed, mem::replace(&mut self.pending, Pending::Service)) {
            (Observed::Service(service), _) => self.see_service(service, &mut reports),
            (Observed::Tasks(tasks), Pending::Tasks(service)) => self.see_tasks(&service, &tasks),
            (Observed::Previous { expected, tasks }, Pending::Previous(service, rollback)) => {
                let now = self.now;
                let stalled = self.settling_back().stalled(now, &expected, &tasks);
                judge_previous(read_back(&expected, &service, &tasks), stalled, rollback)
            }
            // The tasks that serve again may be readable at the next poll.
            (Observed::Failed(error), Pending::Previous(_, rollback)) => {
                let now = self.now;
                let stalled = self.settling_back().age(now);
                judge_previous(ReadBack::NotYet(error.brief), stalled, rollback)
            }
            (Observed::Failed(error), _) => self.see_error(error, &mut reports),
            (Observed::Tasks(_) | Observed::Previous { .. } | Observed::Noted, _) => again(SHORT),
        };
        self.events.get_or_insert_default();
        let step = self.within_timeout(step);
        Next { reports, step: self.with_note(step) }
    }

    fn within_timeout(&self, step: Action) -> Action {
        let left = self.settings.timeout.saturating_sub(self.now);
        match step {
            Step::Ask { question: Question::Service, .. } if left.is_zero() => Step::Done(Err(self.timed_out())),
            Step::Ask { after, question } => Step::Ask { after: after.min(left), question },
            Step::Done(end) => Step::Done(end),
        }
    }

    /// Notes the deployment before a pause, once.
    fn with_note(&mut self, step: Action) -> Action {
        let id = self.subject.deployment.id.as_ref().filter(|_| self.subject.note && !self.noted);
        match (step, id) {
            (Step::Ask { after, question: Question::Service }, Some(id)) if self.now >= NOTE_AFTER => {
                self.noted = true;
                self.pending = Pending::Note(self.now + after);
                at_once(Question::Note(id.clone()))
            }
            (step, _) => step,
        }
    }

    fn see_service(&mut self, service: Option<Service>, reports: &mut Vec<Report>) -> Action {
        let pause = self.pause(self.now, self.settings.last_rollout);
        self.blind = false;
        if let Some(service) = &service {
            // What happened before is not reported.
            self.events.get_or_insert_with(|| service.events.iter().map(|event| event.id.clone()).collect());
            if self.is_stale(service) {
                return again(pause);
            }
            self.take_over(service, reports);
            self.report(service, reports);
        }
        let judgement = rollout::judge(&self.subject.deployment, service.as_ref());
        if judgement != Judgement::Completed {
            self.completed = None;
        }
        self.judgement = Some(judgement.clone());
        match (judgement, service) {
            (Judgement::Completed, Some(service)) => {
                let now = self.now;
                self.completed.get_or_insert_with(|| Settling::new(now));
                self.pending = Pending::Tasks(service);
                at_once(Question::Tasks)
            }
            (Judgement::RolledBack { to, reason }, Some(service)) => {
                let reason = reason.or_else(|| self.reason.clone());
                self.settling_back();
                let question = Question::Previous { revision: to.clone(), service: service.arn.clone() };
                self.pending = Pending::Previous(service, RolledBack { to, reason });
                at_once(question)
            }
            (Judgement::Completed | Judgement::Wait | Judgement::RollingBack | Judgement::RolledBack { .. }, _) => {
                again(pause)
            }
            (Judgement::Failed { reason }, _) => {
                let since = *self.first_failed.get_or_insert(self.now);
                if self.now.saturating_sub(since) < ROLLBACK_GRACE && !self.subject.deployment.previous.is_empty() {
                    return again(SHORT);
                }
                Step::Done(Err(NotProven::NotRolledBack { reason }))
            }
            (Judgement::Superseded { by }, _) => Step::Done(Err(NotProven::Superseded { by })),
            (Judgement::Gone { status }, _) => Step::Done(Err(NotProven::Gone { status })),
        }
    }

    /// Somebody may have forced a new deployment of the same revision: that one has taken over the job.
    fn take_over(&mut self, service: &Service, reports: &mut Vec<Report>) {
        let ours = &mut self.subject.deployment;
        let primary = service.primary().filter(|primary| primary.task_definition == ours.task_definition);
        if let Some(primary) = primary
            && ours.id.as_ref() != Some(&primary.id)
        {
            ours.id = Some(primary.id.clone());
        }
        if let Some(id) = ours.id.as_ref().filter(|id| self.followed.as_ref() != Some(id)) {
            self.followed = Some(id.clone());
            reports.push(Report::Deployment(id.clone()));
        }
    }

    /// Whether a read shows the service as it was before the update. The first one, the update's own answer, does not.
    fn is_stale(&mut self, service: &Service) -> bool {
        let ours = &self.subject.deployment;
        let is_ours = |deployment: &Deployment| {
            Some(&deployment.id) == ours.id.as_ref() || deployment.task_definition == ours.task_definition
        };
        self.polls += 1;
        let is_read = self.polls > 1;
        self.listed |= is_read && service.deployments.iter().any(is_ours);
        let shows_before = service.primary().map(|primary| &primary.id) == self.subject.before.as_ref();
        is_read && !self.listed && shows_before && self.now < STALE_READS
    }

    fn see_tasks(&mut self, service: &Service, tasks: &[Task]) -> Action {
        let now = self.now;
        let settling = self.completed.get_or_insert_with(|| Settling::new(now));
        let stalled = settling.stalled(now, &self.subject.expected, tasks);
        let read = read_back(&self.subject.expected, service, tasks);
        settling.missing = match &read {
            ReadBack::NotYet(missing) | ReadBack::TooFew { missing, .. } => Some(missing.clone()),
            ReadBack::Verified { .. } | ReadBack::NothingDesired | ReadBack::Wrong(_) => None,
        };
        let verified = &self.subject.verified;
        let are_same = !verified.is_empty() && same_tasks(verified, &read);
        match read {
            // All that were verified before still run, and others are being added to them.
            ReadBack::TooFew { tasks, .. } if are_same => Step::Done(Ok(Ended::Proven { tasks })),
            ReadBack::Verified { tasks } if are_same || verified.is_empty() => Step::Done(Ok(Ended::Proven { tasks })),
            ReadBack::Verified { tasks } => Step::Done(Ok(Ended::Replaced { tasks })),
            ReadBack::NothingDesired => Step::Done(Ok(Ended::NothingDesired)),
            ReadBack::NotYet(_) | ReadBack::TooFew { .. } if stalled < GRACE => {
                again(self.pause(stalled, Some(Duration::from_secs(4))))
            }
            // A service that grew during the rollout: its new tasks take as long as they take, up to the timeout.
            ReadBack::TooFew { .. } if self.subject.before.is_some() => again(self.pause(stalled, None)),
            ReadBack::NotYet(difference)
            | ReadBack::TooFew { missing: difference, .. }
            | ReadBack::Wrong(difference) => Step::Done(Err(NotProven::Mismatch { difference })),
        }
    }

    fn settling_back(&mut self) -> &mut Settling {
        let now = self.now;
        self.rolled_back.get_or_insert_with(|| Settling::new(now))
    }

    /// A transient error may pass. With a permanent one the end is unknown, which is not "untouched".
    fn see_error(&mut self, error: NotObserved, reports: &mut Vec<Report>) -> Action {
        if !error.transient {
            return Step::Done(Err(NotProven::LostSight { failed: self.has_failed(), error }));
        }
        if !self.blind {
            reports.push(Report::Warning(format!("the service cannot be looked at: {}", error.brief)));
        }
        self.blind = true;
        again(AFTER_ERROR)
    }

    fn timed_out(&self) -> NotProven {
        if self.blind {
            return NotProven::Blind { failed: self.has_failed() };
        }
        if self.has_failed() {
            return NotProven::RollbackTimedOut { reason: self.reason.clone() };
        }
        NotProven::TimedOut { missing: self.completed.as_ref().and_then(|settling| settling.missing.clone()) }
    }

    fn has_failed(&self) -> bool {
        self.judgement.as_ref().is_some_and(Judgement::is_failure)
    }

    fn pause(&self, elapsed: Duration, expected: Option<Duration>) -> Duration {
        rollout::pause(elapsed, expected, self.settings.watched)
    }

    /// Each new event of the service, and how far the deployment is.
    fn report(&mut self, service: &Service, reports: &mut Vec<Report>) {
        let known = self.events.get_or_insert_default();
        for event in service.events.iter().rev() {
            if !known.contains(&event.id) {
                known.push(event.id.clone());
                reports.push(Report::Event(event.message.clone()));
            }
        }
        let ours = &self.subject.deployment;
        let by_id = ours.id.as_ref().and_then(|id| service.deployment(id));
        let ours =
            by_id.or_else(|| service.primary().filter(|primary| primary.task_definition == ours.task_definition));
        // Kept for when AWS has taken the deployment off the list.
        self.reason = ours.and_then(|ours| ours.reason.clone()).or(self.reason.take());
        reports.push(Report::Progress(progress(ours)));
    }
}

/// ECS says that a previous revision is back: `serves` says whether it is.
fn judge_previous(serves: ReadBack, stalled: Duration, rollback: RolledBack) -> Action {
    let RolledBack { to, reason } = rollback;
    Step::Done(Err(match serves {
        ReadBack::Verified { .. } => NotProven::RolledBack { to, reason },
        // Nothing serves, so nothing serves again.
        ReadBack::NothingDesired => NotProven::RolledBackToNothing { to, reason },
        // The last tasks of the failed release may not have stopped yet.
        ReadBack::NotYet(_) | ReadBack::TooFew { .. } if stalled < GRACE => return again(SHORT),
        ReadBack::NotYet(difference) | ReadBack::TooFew { missing: difference, .. } | ReadBack::Wrong(difference) => {
            NotProven::NotSeenBack { to, difference, reason }
        }
    }))
}

/// Polls the service after a pause.
fn again(after: Duration) -> Action {
    Step::Ask { after, question: Question::Service }
}

/// Reads more that belongs to what was just read.
fn at_once(question: Question) -> Action {
    Step::Ask { after: Duration::ZERO, question }
}

fn progress(ours: Option<&Deployment>) -> String {
    let Some(ours) = ours else {
        return "our deployment has left the list".to_owned();
    };
    let failed = if ours.failed > 0 { format!(", {} failed", ours.failed) } else { String::new() };
    let place = if ours.is_primary { "" } else { ", no longer primary" };
    format!("{} of {} tasks run, {} starting{failed}{place}", ours.running, ours.desired, ours.pending)
}
