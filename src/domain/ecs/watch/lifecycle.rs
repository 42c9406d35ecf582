//! A deployment that shifts traffic between two sets of tasks: what ECS shows of it beside the service.
//!
//! `deployments[]` of such a service has no state of its own, so the service deployment decides where it can be looked at.

use super::next::Report;
use super::state::{Action, RolloutWatch, Slow};
use crate::domain::ecs::lifecycle::{Lifecycle, LifecycleStatus};
use crate::domain::ecs::rollout::{RolloutJudgement, judge};
use crate::domain::ecs::service::Service;

impl RolloutWatch {
    /// Whether ECS may show more of the deployment than the service does.
    pub(super) fn asks_for_lifecycle(&self, judgement: &RolloutJudgement) -> bool {
        let decides =
            matches!(judgement, RolloutJudgement::Wait | RolloutJudgement::Completed | RolloutJudgement::RollingBack);
        let is_read = self.polls > 1 || *judgement == RolloutJudgement::Completed;
        is_read && decides && (self.service.shifts_traffic() || self.service.pauses)
    }

    pub(super) fn see_lifecycle(
        &mut self,
        lifecycle: Option<Lifecycle>,
        service: Service,
        reports: &mut Vec<Report>,
    ) -> Action {
        let judgement = self.judged_with(lifecycle.as_ref(), &service);
        self.report_pause(lifecycle.as_ref(), reports);
        if let Some(reason) = lifecycle.as_ref().and_then(Lifecycle::end_reason) {
            self.reason.get_or_insert_with(|| reason.clone());
        }
        self.lifecycle = lifecycle;
        self.follow_up(judgement, Some(service))
    }

    /// The judgement of the service, with what its deployment says. Where nothing is shown of it, the service decides.
    fn judged_with(&self, lifecycle: Option<&Lifecycle>, service: &Service) -> RolloutJudgement {
        let listed = judge(&self.subject.deployment, Some(service));
        let Some(Lifecycle { status, reason, .. }) = lifecycle else { return listed };
        match (status, listed) {
            // Both sets of tasks run while it bakes.
            (LifecycleStatus::GoesOn | LifecycleStatus::Other(_), RolloutJudgement::Completed) => {
                RolloutJudgement::Wait
            }
            (
                LifecycleStatus::RollingBack | LifecycleStatus::RolledBack,
                RolloutJudgement::Wait | RolloutJudgement::Completed,
            ) => RolloutJudgement::RollingBack,
            (LifecycleStatus::RollbackFailed, _) => {
                let reason = reason.clone().unwrap_or_else(|| "ECS could not roll the deployment back".to_owned());
                RolloutJudgement::Failed { reason }
            }
            (_, listed) => listed,
        }
    }

    /// A deployment that waits for somebody looks like one that hangs.
    fn report_pause(&self, lifecycle: Option<&Lifecycle>, reports: &mut Vec<Report>) {
        let waits = |lifecycle: Option<&Lifecycle>| lifecycle.and_then(|it| it.waits_for.clone());
        let before = waits(self.lifecycle.as_ref());
        if let Some(hook) = waits(lifecycle).filter(|hook| before.as_ref() != Some(hook)) {
            reports.push(Report::Warning(format!(
                "the deployment is paused by its lifecycle hook {hook}, and continues after \
                 `aws ecs continue-service-deployment`"
            )));
        }
    }

    /// What takes its time, and is no failure.
    pub(super) fn slowness(&self, judgement: &RolloutJudgement, service: Option<&Service>) -> Option<Slow> {
        let is_paused = self.lifecycle.as_ref().is_some_and(|it| it.waits_for.is_some());
        match judgement {
            RolloutJudgement::RollingBack | RolloutJudgement::RolledBack { .. } => Some(Slow::GoesBack),
            _ if self.subject.going_back => Some(Slow::GoesBack),
            RolloutJudgement::Wait if is_paused || (self.service.pauses && self.lifecycle.is_none()) => {
                Some(Slow::Paused)
            }
            RolloutJudgement::Wait if service.is_some_and(|service| self.only_drains(service)) => Some(Slow::Drains),
            RolloutJudgement::Completed => self.slow.filter(|slow| *slow == Slow::Drains),
            RolloutJudgement::Wait
            | RolloutJudgement::Failed { .. }
            | RolloutJudgement::Superseded { .. }
            | RolloutJudgement::Gone { .. } => None,
        }
    }

    /// Whether all tasks of the deployment run, and only those of others are still there.
    fn only_drains(&self, service: &Service) -> bool {
        let ours = self.subject.deployment.listed(service);
        let are_others = service.deployments.iter().any(|other| !other.is_primary && other.running + other.pending > 0);
        ours.is_some_and(|ours| ours.desired > 0 && ours.running >= ours.desired && ours.pending == 0) && are_others
    }
}
