//! A rollout of somebody else's that is in progress when a plan is made: what is done about it, and the wait for its end.
//!
//! An `UpdateService` supersedes the deployment before it, which is then never known to have worked.

use std::time::Duration;

use super::ids::RevisionArn;
use super::names::ContainerName;
use super::rollout::pause;
use super::service::{Deployment, RolloutState, Service, TaskRevision};
use super::settings::Breaker;
use super::target::{Busy, EcsTarget};
use crate::domain::failure::Failure;
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::poll::PollStep;

/// How many tasks in a row have to fail for a rollout that nothing ends to be taken for one that never will be done.
const HOPELESS: i32 = 3;

/// A rollout in progress that is not of the release that is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// The ARN of the revision that rolls out.
    pub revision: RevisionArn,
    /// Whose it is, for people: the release where it is known, and since when.
    pub described: String,
}

/// The rollout of the live revision, where that is in progress.
pub fn company(service: &Service, live: &TaskRevision, container: &ContainerName) -> Option<Company> {
    let primary = service.primary().filter(|primary| is_in_progress(primary))?;
    let release = live.release(container).map(|release| format!(" of release {}", release.short()));
    let since = primary.created.map(|at| format!(", since {}", at.strftime("%Y-%m-%dT%H:%M:%SZ")));
    let described = format!("{}{}{}", live.short(), release.unwrap_or_default(), since.unwrap_or_default());
    Some(Company { revision: live.arn.clone(), described })
}

fn is_in_progress(deployment: &Deployment) -> bool {
    deployment.rollout_state == Some(RolloutState::InProgress)
}

impl Company {
    /// What the plan says of it. `is_rollback`: the way back does not wait.
    pub fn warning(&self, target: &EcsTarget, is_rollback: bool) -> (String, String) {
        let (service, revision) = (&target.service, self.revision.short());
        let in_progress = format!("the rollout of {revision} on service {service}, which is in progress");
        let key = |other: &str| format!("`busy = \"{other}\"` takes its place instead");
        match target.busy {
            _ if is_rollback => (format!("supersedes {in_progress}"), "a rollback does not wait".to_owned()),
            Busy::Wait => (format!("waits for {in_progress}"), key("supersede")),
            Busy::Refuse => (format!("is refused during {in_progress}"), "run it when that has ended".to_owned()),
            Busy::Supersede => {
                (format!("supersedes {in_progress}"), "`busy = \"wait\"` waits for its end instead".to_owned())
            }
        }
    }

    /// The refusal to change a service that is busy.
    pub fn refusal(&self, target: &EcsTarget) -> Failure {
        let reason = format!("service `{}` is busy: the rollout of {} is in progress", target.service, self.described);
        Failure::new(Outcome::Refused, reason)
            .cause("`busy` is `refuse`, and it is not the release that is shipped")
            .hint("run it again when that rollout has ended: `shipgate status` shows it")
    }
}

/// One poll of a service that is waited for.
#[derive(Debug, Clone, PartialEq)]
pub enum RolloutPoll {
    /// The service. `None`: it is gone.
    Service(Option<Box<Service>>),
    /// It could not be read, and the next attempt may succeed.
    Nothing,
}

/// How a wait for somebody else's rollout ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompanyEnd {
    /// It is done, or ECS gave it up: the service runs the same revision.
    Over,
    /// Its tasks fail again and again, and nothing will end it.
    Hopeless,
    /// The service is meant to run something else. `None`: it is gone, or meant to run nothing.
    Moved(Option<RevisionArn>),
    /// It goes on.
    RanOut,
}

/// A wait for somebody else's rollout.
#[derive(Debug, Clone)]
pub struct Wait {
    /// The revision that rolls out.
    pub revision: RevisionArn,
    /// How long it is waited for.
    pub timeout: Duration,
    /// Whether a person watches.
    pub watched: bool,
}

impl Wait {
    /// Judges a poll so long after the first. Returns how far the rollout is, for people, and what comes next.
    pub fn see(&self, elapsed: Duration, look: &RolloutPoll) -> (Option<String>, PollStep<CompanyEnd>) {
        let again = || match self.timeout.checked_sub(elapsed).filter(|left| !left.is_zero()) {
            Some(left) => PollStep::again(pause(elapsed, None, self.watched).min(left)),
            None => PollStep::Done(CompanyEnd::RanOut),
        };
        let service = match look {
            RolloutPoll::Nothing => return (None, again()),
            RolloutPoll::Service(service) => service.as_deref(),
        };
        let Some((service, primary)) = service.and_then(|service| Some((service, service.primary()?))) else {
            return (None, PollStep::Done(CompanyEnd::Moved(None)));
        };
        if primary.task_definition != self.revision {
            return (None, PollStep::Done(CompanyEnd::Moved(Some(primary.task_definition.clone()))));
        }
        if !is_in_progress(primary) {
            return (None, PollStep::Done(CompanyEnd::Over));
        }
        if is_hopeless(service, primary) {
            return (None, PollStep::Done(CompanyEnd::Hopeless));
        }
        let (revision, Deployment { running, desired, .. }) = (self.revision.short(), primary);
        let tasks = if *desired == 1 { "task" } else { "tasks" };
        (Some(format!("{revision} is still rolling out, {running} of {desired} {tasks}")), again())
    }
}

/// Whether the tasks of a rollout fail again and again, where no circuit breaker counts them: ECS starts them without end.
fn is_hopeless(service: &Service, primary: &Deployment) -> bool {
    service.settings.breaker == Breaker::Off
        && primary.failed >= HOPELESS.max(primary.running + primary.pending)
        && primary.running < primary.desired
}

/// Why nothing was changed after a wait. `before`: the revision that ECS goes back to when the rollout fails.
pub fn failure(
    waited: &CompanyEnd,
    (name, target): (&ComponentName, &EcsTarget),
    revision: &RevisionArn,
    before: Option<&RevisionArn>,
) -> Option<Failure> {
    let (service, revision) = (&target.service, revision.short());
    match waited {
        CompanyEnd::Over | CompanyEnd::Hopeless => None,
        CompanyEnd::RanOut => {
            let reason = format!(
                "the rollout of {revision} on service `{service}` was still in progress after {} s",
                target.timeout.as_secs()
            );
            Some(
                Failure::failed(reason)
                    .cause("it is not of this release, and nothing of this release was changed")
                    .hint(format!("see with `shipgate status` how it ends, and run it again; or write `busy = \"supersede\"` in `[components.{name}]` to take its place")),
            )
        }
        CompanyEnd::Moved(to) => {
            let reason = match to {
                Some(to) if Some(to) == before => format!(
                    "the rollout of {revision} on service `{service}`, which was waited for, was rolled back to {}",
                    to.short()
                ),
                Some(to) => format!(
                    "service `{service}` was moved to {} while the rollout of {revision} was waited for",
                    to.short()
                ),
                None => format!("service `{service}` was gone while the rollout of {revision} was waited for"),
            };
            Some(Failure::new(Outcome::Stale, reason).hint("run it again: it plans from what runs now"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::plan::tests::{facts, revision, target};

    fn waiting() -> Wait {
        Wait { revision: live().arn, timeout: Duration::from_mins(1), watched: false }
    }

    fn live() -> TaskRevision {
        revision(7, "repo:4b825dc642cb6eb9a060e54bf8d69288fbee4904", "x", None)
    }

    /// The service while the live revision rolls out.
    fn rolling(change: impl FnOnce(&mut Service)) -> Service {
        let mut service = facts(live(), Vec::new()).service;
        let primary = &mut service.deployments[0];
        (primary.rollout_state, primary.desired, primary.running) = (Some(RolloutState::InProgress), 2, 1);
        change(&mut service);
        service
    }

    fn primary(change: impl FnOnce(&mut Deployment)) -> Service {
        rolling(|service| change(&mut service.deployments[0]))
    }

    #[test]
    fn only_a_rollout_in_progress_is_company() {
        let container = "web".parse().unwrap();
        let found = |service: &Service| company(service, &live(), &container).map(|company| company.described);
        assert_eq!(found(&rolling(|_| {})).as_deref(), Some("backend:7 of release 4b825dc"));
        let since = primary(|primary| primary.created = Some("2026-11-20T10:00:00Z".parse().unwrap()));
        assert_eq!(found(&since).as_deref(), Some("backend:7 of release 4b825dc, since 2026-11-20T10:00:00Z"));
        for state in [None, Some(RolloutState::Completed), Some(RolloutState::Failed)] {
            assert_eq!(found(&primary(|primary| primary.rollout_state = state)), None);
        }
    }

    #[test]
    fn a_wait_ends_with_the_rollout_or_with_the_time() {
        let over = |state| primary(|primary| primary.rollout_state = Some(state));
        let failing = |breaker| {
            rolling(|service| {
                service.settings.breaker = breaker;
                service.deployments[0].failed = 3;
            })
        };
        let moved = |to: &str| primary(|primary| primary.task_definition = to.into());
        let done = PollStep::Done;
        let again = |milliseconds| PollStep::again(Duration::from_millis(milliseconds));
        for (seconds, service, expected) in [
            (0, rolling(|_| {}), again(400)),
            (50, rolling(|_| {}), again(5_000)),
            (55, rolling(|_| {}), again(5_000)),
            (60, rolling(|_| {}), done(CompanyEnd::RanOut)),
            (60, over(RolloutState::Completed), done(CompanyEnd::Over)),
            (1, over(RolloutState::Failed), done(CompanyEnd::Over)),
            (1, failing(Breaker::Off), done(CompanyEnd::Hopeless)),
            (1, failing(Breaker::Stops), again(500)),
            (1, moved("backend:6"), done(CompanyEnd::Moved(Some("backend:6".into())))),
            (1, rolling(|service| service.deployments.clear()), done(CompanyEnd::Moved(None))),
        ] {
            let shown = format!("{seconds} s {:?}", service.deployments);
            let look = RolloutPoll::Service(Some(Box::new(service)));
            assert_eq!(waiting().see(Duration::from_secs(seconds), &look).1, expected, "{shown}");
        }
        let see = |seconds, look| waiting().see(Duration::from_secs(seconds), &look).1;
        assert_eq!(see(1, RolloutPoll::Service(None)), done(CompanyEnd::Moved(None)));
        assert_eq!(see(1, RolloutPoll::Nothing), again(500));
        assert_eq!(see(60, RolloutPoll::Nothing), done(CompanyEnd::RanOut));
        let shown = waiting().see(Duration::ZERO, &RolloutPoll::Service(Some(Box::new(rolling(|_| {}))))).0;
        assert_eq!(shown.as_deref(), Some("backend:7 is still rolling out, 1 of 2 tasks"));
    }

    #[test]
    fn what_was_waited_for_is_named() {
        let name = "backend".parse().unwrap();
        let said = |waited: CompanyEnd| {
            let before = RevisionArn::from("backend:6");
            failure(&waited, (&name, &target()), &live().arn, Some(&before))
                .map(|failure| (failure.outcome, failure.reason))
        };
        let moved = |to: &str| CompanyEnd::Moved(Some(to.into()));
        assert_eq!((said(CompanyEnd::Over), said(CompanyEnd::Hopeless)), (None, None));
        for (waited, outcome, words) in [
            (CompanyEnd::RanOut, Outcome::Failed, "was still in progress after 60 s"),
            (moved("backend:6"), Outcome::Stale, "which was waited for, was rolled back to backend:6"),
            (moved("backend:9"), Outcome::Stale, "was moved to backend:9 while the rollout of backend:7"),
            (CompanyEnd::Moved(None), Outcome::Stale, "was gone while"),
        ] {
            let (is, reason) = said(waited).unwrap();
            assert!(is == outcome && reason.contains(words), "{is:?} {reason}");
        }
    }

    #[test]
    fn the_plan_says_what_is_done_about_it_and_a_rollback_waits_for_nothing() {
        let company = company(&rolling(|_| {}), &live(), &"web".parse().unwrap()).unwrap();
        for (busy, is_rollback, verb) in [
            (Busy::Wait, false, "waits for"),
            (Busy::Refuse, false, "is refused during"),
            (Busy::Supersede, false, "supersedes"),
            (Busy::Wait, true, "supersedes"),
            (Busy::Refuse, true, "supersedes"),
        ] {
            let target = EcsTarget { busy, ..target() };
            let (text, _) = company.warning(&target, is_rollback);
            let rest = "the rollout of backend:7 on service stage-backend-blue, which is in progress";
            assert_eq!(text, format!("{verb} {rest}"));
        }
    }
}
