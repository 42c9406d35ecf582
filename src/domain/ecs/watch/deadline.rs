//! When a watch ends at the latest. Slow is not broken: where ECS waits on purpose, drains or goes back, there is more time.

use std::time::Duration;

use super::next::{Report, WatchQuery};
use super::state::{Action, RolloutWatch, Slow};
use super::verdict::DeploymentUnproven;
use crate::domain::ecs::rollout::RolloutJudgement;
use crate::domain::poll::PollStep;

impl Slow {
    fn as_str(self) -> &'static str {
        match self {
            Self::Drains => "tasks of the deployment before are still ending",
            Self::GoesBack => "the rollback is in progress",
            Self::Paused => "a lifecycle hook waits until a person lets the deployment continue",
        }
    }
}

impl RolloutWatch {
    /// Ends at the deadline what would poll again after it.
    pub(super) fn within_timeout(&mut self, step: Action, reports: &mut Vec<Report>) -> Action {
        let deadline = self.deadline();
        let left = deadline.saturating_sub(self.now);
        self.report_more_time(deadline, reports);
        match step {
            PollStep::Ask { question: WatchQuery::Service, .. } if left.is_zero() => {
                PollStep::Done(Err(self.timed_out(deadline)))
            }
            PollStep::Ask { after, question } => PollStep::Ask { after: after.min(left), question },
            PollStep::Done(end) => PollStep::Done(end),
        }
    }

    /// When the watch ends: after the timeout, with the time that ECS was set up to take on purpose; and where something
    /// takes its time that is no failure, after as long again.
    pub(super) fn deadline(&self) -> Duration {
        let timeout = self.settings.timeout;
        let bake = if self.service.shifts_traffic() || !self.service.alarms.is_empty() {
            self.service.bake
        } else {
            Duration::ZERO
        };
        timeout + bake + if self.slow.is_some() { timeout } else { Duration::ZERO }
    }

    fn report_more_time(&mut self, deadline: Duration, reports: &mut Vec<Report>) {
        let Some(slow) = self.slow.filter(|_| self.now >= self.settings.timeout && !self.has_more_time) else { return };
        self.has_more_time = true;
        let (timeout, deadline) = (self.settings.timeout.as_secs(), deadline.as_secs());
        let text =
            format!("the timeout of {timeout} s is over, but {}: waiting for at most {deadline} s", slow.as_str());
        reports.push(Report::Note(text));
    }

    fn timed_out(&self, deadline: Duration) -> DeploymentUnproven {
        if self.blind {
            return DeploymentUnproven::Blind { failed: self.has_failed() };
        }
        if self.has_failed() {
            return DeploymentUnproven::RollbackTimedOut { reason: self.reason.clone(), after: deadline };
        }
        let missing = self.completed.as_ref().and_then(|settling| settling.missing.clone());
        let missing = missing.or_else(|| self.slow.map(|slow| slow.as_str().to_owned()));
        DeploymentUnproven::TimedOut { missing, after: deadline }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.subject.going_back || self.judgement.as_ref().is_some_and(RolloutJudgement::is_failure)
    }
}
