//! What an ECS service runs and writes, for `status` and `logs`.

use jiff::Timestamp;

use super::observe::{live_revision, running, service};
use crate::clients::logs::LogLine;
use crate::domain::ecs::rollout;
use crate::domain::ecs::service::RolloutState;
use crate::domain::target::EcsTarget;
use crate::error::Failure;
use crate::kinds::ComponentStatus;
use crate::observe::Cloud;

/// What the service runs.
///
/// # Errors
///
/// The service is missing or cannot be looked at.
pub async fn status(cloud: &Cloud, target: &EcsTarget) -> Result<ComponentStatus, Failure> {
    let service = service(cloud, target).await?;
    let revision = live_revision(cloud, target, &service).await?;
    let primary = service.primary();
    let mut remarks = Vec::new();
    if revision.ledger.is_none() {
        remarks.push(format!("{} was not registered by shipgate", revision.short()));
    }
    match primary.map(|primary| &primary.rollout_state) {
        Some(Some(RolloutState::InProgress)) => remarks.push("a rollout is in progress".to_owned()),
        Some(Some(RolloutState::Failed)) => remarks.push("its rollout failed".to_owned()),
        _ => {}
    }
    if service.running < service.desired {
        remarks.push(format!("{} of {} tasks run", service.running, service.desired));
    }
    Ok(ComponentStatus {
        running_release: running(&revision, target),
        // A finished rollout serves since its end.
        since: rollout::last_rollout(&service)
            .and_then(|_| primary?.updated)
            .or_else(|| primary.and_then(|primary| primary.created)),
        desired: Some(service.desired),
        running: Some(service.running),
        last_outcome: revision.ledger.and_then(|entry| entry.outcome),
        remarks,
    })
}

/// What the service's configured container wrote.
///
/// # Errors
///
/// The container does not log to `CloudWatch` Logs, or its group cannot be read.
pub async fn logs(cloud: &Cloud, target: &EcsTarget, since: Timestamp) -> Result<Vec<LogLine>, Failure> {
    let service = service(cloud, target).await?;
    let revision = live_revision(cloud, target, &service).await?;
    let destination = revision.definition.log_destination(&target.container).ok_or_else(|| {
        Failure::failed(format!(
            "container `{}` of {} does not log to CloudWatch Logs",
            target.container,
            revision.short()
        ))
        .hint("use log driver `awslogs` with `awslogs-group` and `awslogs-stream-prefix`")
    })?;
    cloud.logs.since(&destination, since).await
}
