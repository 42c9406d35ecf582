//! Tasks that stopped while a rollout is watched, as evidence against it.

use std::mem;
use std::time::Duration;

use super::next::{Report, WatchQuery};
use super::observation::NotObserved;
use super::state::{Action, Pending, RolloutWatch, SHORT, StoppedTasksOf, again, at_once};
use super::verdict::DeploymentUnproven;
use crate::domain::ecs::failing::{self, OfDeployment, RepeatedFailure};
use crate::domain::ecs::service::{Service, Task};
use crate::domain::ecs::settings::Breaker;
use crate::domain::poll::PollStep;

/// How long ECS has for its own rollback once there is enough evidence, where its circuit breaker is set up for one.
const BREAKER_GRACE: Duration = Duration::from_secs(5);
/// So long after the last task that failed the next one is looked for closely.
const CLOSE: Duration = Duration::from_mins(3);

impl RolloutWatch {
    /// Reads the tasks of the deployment that stopped, and polls again after a pause if they say nothing.
    pub(super) fn with_stopped(&mut self, service: &Service, pause: Duration) -> Action {
        let ours = &self.subject.deployment;
        let by_id = ours.listed(service);
        let whose = StoppedTasksOf {
            revision: ours.task_definition.clone(),
            since: by_id.and_then(|ours| ours.created).or(ours.created),
            running: by_id.map_or(0, |ours| ours.running + ours.pending),
            is_previous: false,
            breaker: service.settings.breaker,
            due: pause,
        };
        self.look_at_stopped(whose)
    }

    /// The same for the revision that is being brought back, which may not start any more either.
    pub(super) fn with_stopped_previous(&mut self, service: &Service, pause: Duration) -> Action {
        let Some(primary) = service.primary() else { return again(pause) };
        let whose = StoppedTasksOf {
            revision: primary.task_definition.clone(),
            since: primary.created,
            running: primary.running + primary.pending,
            is_previous: true,
            breaker: Breaker::Off,
            due: pause,
        };
        self.look_at_stopped(whose)
    }

    fn look_at_stopped(&mut self, whose: StoppedTasksOf) -> Action {
        // The first observation is the answer of the update: nothing has stopped yet.
        if self.polls < 2 || self.settings.fail_fast == 0 {
            return again(whose.due);
        }
        self.pending = Pending::Stopped(whose);
        at_once(WatchQuery::Stopped)
    }

    pub(super) fn see_stopped(
        &mut self,
        whose: &StoppedTasksOf,
        stopped: &[Task],
        reports: &mut Vec<Report>,
    ) -> Action {
        let of = OfDeployment { revision: &whose.revision, since: whose.since };
        self.report_stopped(&of, stopped, reports);
        let is_enough = |evidence: &RepeatedFailure| evidence.is_enough(self.settings.fail_fast, whose.running);
        if let Some(evidence) = failing::evidence(&of, stopped).filter(is_enough) {
            return self.give_up(whose, evidence);
        }
        let is_close = self.stops.newest.is_some_and(|newest| self.now.saturating_sub(newest) < CLOSE);
        again(if is_close { whose.due.min(SHORT) } else { whose.due })
    }

    /// Their look failed. That is said once; a permission that is missing for it is missing for the proof too.
    pub(super) fn miss_stopped(
        &mut self,
        whose: &StoppedTasksOf,
        error: &NotObserved,
        reports: &mut Vec<Report>,
    ) -> Action {
        if !mem::replace(&mut self.stops.is_missed, true) {
            reports.push(Report::Warning(format!("the tasks that stopped cannot be read: {}", error.brief)));
        }
        again(whose.due)
    }

    fn give_up(&mut self, whose: &StoppedTasksOf, evidence: RepeatedFailure) -> Action {
        let RepeatedFailure { ending, count } = evidence;
        let since = *self.stops.enough.get_or_insert(self.now);
        if whose.is_previous {
            let difference = format!("{count} of its tasks ended in the same way: {ending}");
            let reason = self.reason.clone();
            return PollStep::Done(Err(DeploymentUnproven::NotSeenBack {
                to: whose.revision.clone(),
                difference,
                reason,
            }));
        }
        if whose.breaker == Breaker::RollsBack && self.now.saturating_sub(since) < BREAKER_GRACE {
            return again(SHORT);
        }
        PollStep::Done(Err(DeploymentUnproven::KeepsFailing { ending, count }))
    }

    /// Each task that failed, once.
    fn report_stopped(&mut self, of: &OfDeployment<'_>, stopped: &[Task], reports: &mut Vec<Report>) {
        for task in
            stopped.iter().filter(|task| of.has(task) && !self.stops.reported.contains(&task.arn)).collect::<Vec<_>>()
        {
            let Some(ending) = failing::ending(task) else { continue };
            self.stops.reported.push(task.arn.clone());
            self.stops.newest = Some(self.now);
            let text = format!("task {} failed: {ending}", task.id());
            reports.push(Report::TaskFailed(task.arn.clone(), text));
        }
    }
}
