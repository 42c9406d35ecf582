//! What follows from a poll of the service, and from one of its running tasks.

use std::time::Duration;

use super::next::{Report, WatchQuery};
use super::observation::NotObserved;
use super::settling::SettlingTasks;
use super::state::{
    AFTER_ERROR, Action, GRACE, Pending, ROLLBACK_GRACE, RolloutWatch, SHORT, STALE_READS, Slow, again, at_once,
};
use super::verdict::{DeploymentUnproven, RolloutEnd};
use crate::domain::ecs::read_back::{ReadBack, read_back, same_tasks};
use crate::domain::ecs::rollout::{self, RolloutJudgement};
use crate::domain::ecs::service::{Deployment, Service, Task};
use crate::domain::ecs::settings::Breaker;
use crate::domain::poll::PollStep;

impl RolloutWatch {
    pub(super) fn see_service(&mut self, service: Option<Service>, reports: &mut Vec<Report>) -> Action {
        self.blind = false;
        if let Some(service) = &service {
            // What happened before is not reported.
            self.events.get_or_insert_with(|| service.events.iter().map(|event| event.id.clone()).collect());
            if self.is_stale(service) {
                return again(self.pause(self.now, self.settings.last_rollout));
            }
            self.take_over(service, reports);
            self.report(service, reports);
            self.service.clone_from(&service.settings);
        }
        let judgement = rollout::judge(&self.subject.deployment, service.as_ref());
        match service {
            Some(service) if self.asks_for_lifecycle(&judgement) => {
                self.pending = Pending::Lifecycle(service);
                at_once(WatchQuery::Lifecycle(self.subject.deployment.clone()))
            }
            service => self.follow_up(judgement, service),
        }
    }

    /// What follows from a judgement of the service.
    pub(super) fn follow_up(&mut self, judgement: RolloutJudgement, service: Option<Service>) -> Action {
        let pause = self.pause(self.now, self.settings.last_rollout);
        if judgement != RolloutJudgement::Completed {
            self.completed = None;
        }
        if !matches!(judgement, RolloutJudgement::RolledBack { .. } | RolloutJudgement::RollingBack) {
            self.rolled_back = None;
        }
        self.slow = self.slowness(&judgement, service.as_ref());
        self.judgement = Some(judgement.clone());
        match (judgement, service) {
            // What is brought back is not there yet.
            (RolloutJudgement::Completed | RolloutJudgement::Wait | RolloutJudgement::Failed { .. }, Some(_))
                if self.subject.going_back =>
            {
                again(pause.min(SHORT))
            }
            (RolloutJudgement::Completed, Some(service)) => {
                let now = self.now;
                self.completed.get_or_insert_with(|| SettlingTasks::new(now));
                self.pending = Pending::Tasks(service);
                at_once(WatchQuery::Tasks)
            }
            (RolloutJudgement::RolledBack { to, reason }, Some(service)) => {
                let step = self.see_back(service, to, reason);
                self.is_going_back = true;
                step
            }
            (RolloutJudgement::Wait, Some(service)) => self.with_stopped(&service, pause),
            (RolloutJudgement::RollingBack, Some(service)) => {
                self.is_going_back = true;
                self.with_stopped_previous(&service, pause)
            }
            (
                RolloutJudgement::Completed
                | RolloutJudgement::Wait
                | RolloutJudgement::RollingBack
                | RolloutJudgement::RolledBack { .. },
                None,
            ) => again(pause),
            (RolloutJudgement::Failed { reason }, _) => {
                let since = *self.first_failed.get_or_insert(self.now);
                if self.now.saturating_sub(since) < ROLLBACK_GRACE && self.goes_back_by_itself() {
                    return again(SHORT);
                }
                PollStep::Done(Err(DeploymentUnproven::NotRolledBack { reason }))
            }
            (RolloutJudgement::Superseded { by }, _) => PollStep::Done(Err(DeploymentUnproven::Superseded { by })),
            (RolloutJudgement::Gone { status }, _) => PollStep::Done(Err(DeploymentUnproven::Gone { status })),
        }
    }

    /// Whether ECS rolls a failed deployment back, as the service is set up.
    fn goes_back_by_itself(&self) -> bool {
        let is_set_up = self.service.breaker == Breaker::RollsBack
            || self.service.alarms_roll_back
            || self.service.shifts_traffic();
        is_set_up && !self.subject.deployment.previous.is_empty()
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

    pub(super) fn see_tasks(&mut self, service: &Service, tasks: &[Task]) -> Action {
        let now = self.now;
        let settling = self.completed.get_or_insert_with(|| SettlingTasks::new(now));
        let stalled = settling.stalled(now, &self.subject.expected, tasks);
        let read = read_back(&self.subject.expected, service, tasks);
        settling.missing = match &read {
            ReadBack::NotYet(missing) | ReadBack::Draining(missing) | ReadBack::TooFew { missing, .. } => {
                Some(missing.clone())
            }
            ReadBack::Verified { .. } | ReadBack::NothingDesired | ReadBack::Wrong(_) => None,
        };
        let verified = &self.subject.verified;
        let are_same = !verified.is_empty() && same_tasks(verified, &read);
        match read {
            // All that were verified before still run, and others are being added to them.
            ReadBack::TooFew { tasks, .. } if are_same => PollStep::Done(Ok(RolloutEnd::Proven { tasks })),
            ReadBack::Verified { tasks } if are_same || verified.is_empty() => {
                PollStep::Done(Ok(RolloutEnd::Proven { tasks }))
            }
            ReadBack::Verified { tasks } => PollStep::Done(Ok(RolloutEnd::Replaced { tasks })),
            ReadBack::NothingDesired => PollStep::Done(Ok(RolloutEnd::NothingDesired)),
            ReadBack::Draining(_) => {
                self.slow = Some(Slow::Drains);
                again(self.pause(stalled, None))
            }
            ReadBack::NotYet(_) | ReadBack::TooFew { .. } if stalled < GRACE => {
                let pause = self.pause(stalled, Some(Duration::from_secs(4)));
                self.with_stopped(service, pause)
            }
            // A service that grew during the rollout: its new tasks take as long as they take, up to the timeout.
            // So has one whose tasks were verified before: what took some of them away is no failure of theirs.
            ReadBack::TooFew { .. } if self.subject.before.is_some() || !self.subject.verified.is_empty() => {
                let pause = self.pause(stalled, None);
                self.with_stopped(service, pause)
            }
            ReadBack::NotYet(difference)
            | ReadBack::TooFew { missing: difference, .. }
            | ReadBack::Wrong(difference) => PollStep::Done(Err(DeploymentUnproven::Mismatch { difference })),
        }
    }

    /// A transient error may pass. With a permanent one the end is unknown, which is not "untouched".
    pub(super) fn see_error(&mut self, error: NotObserved, reports: &mut Vec<Report>) -> Action {
        if !error.transient {
            return PollStep::Done(Err(DeploymentUnproven::LostSight { failed: self.has_failed(), error }));
        }
        if !self.blind {
            reports.push(Report::Warning(format!("the service cannot be read: {}", error.brief)));
        }
        self.blind = true;
        again(AFTER_ERROR)
    }
}
