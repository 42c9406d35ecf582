//! What a watch shows while it goes on.

use super::next::Report;
use super::state::RolloutWatch;
use crate::domain::ecs::lifecycle::Lifecycle;
use crate::domain::ecs::service::{Deployment, RolloutState, Service};

impl RolloutWatch {
    /// Each new event of the service, and how far the deployment is.
    pub(super) fn report(&mut self, service: &Service, reports: &mut Vec<Report>) {
        let known = self.events.get_or_insert_default();
        for event in service.events.iter().rev() {
            if !known.contains(&event.id) {
                known.push(event.id.clone());
                reports.push(Report::Event(event.message.clone()));
            }
        }
        let ours = &self.subject.deployment;
        let by_id = ours.listed(service);
        let ours =
            by_id.or_else(|| service.primary().filter(|primary| primary.task_definition == ours.task_definition));
        // Kept for when AWS has taken the deployment off the list.
        let failed = ours.filter(|ours| ours.rollout_state == Some(RolloutState::Failed));
        self.reason = failed.and_then(|ours| ours.reason.clone()).or(self.reason.take());
        let shown = if self.subject.going_back { service.primary() } else { ours };
        reports.push(Report::Progress(progress(shown, self.lifecycle.as_ref())));
    }
}

fn progress(ours: Option<&Deployment>, lifecycle: Option<&Lifecycle>) -> String {
    let Some(ours) = ours else {
        return "ECS no longer lists the deployment".to_owned();
    };
    let failed = if ours.failed > 0 { format!(", {} failed", ours.failed) } else { String::new() };
    let place = if ours.is_primary { "" } else { ", no longer primary" };
    let stage = lifecycle.and_then(|lifecycle| lifecycle.stage.as_ref());
    let stage = stage.map(|stage| format!(", stage {stage}")).unwrap_or_default();
    format!("{} of {} tasks run, {} starting{failed}{place}{stage}", ours.running, ours.desired, ours.pending)
}
