//! What an ECS service runs and writes, for `status` and `logs`.

use jiff::Timestamp;

use super::observe::{live_revision, other_revisions, service};
use crate::clients::logs::LogLine;
use crate::domain::ecs::component::running;
use crate::domain::ecs::service::{Revision, RolloutState, Service};
use crate::domain::ecs::target::EcsTarget;
use crate::domain::ecs::{evidence, homes, plan, rollout};
use crate::domain::failure::Failure;
use crate::domain::hold::Hold;
use crate::domain::plan::PlanError;
use crate::domain::view::status::{ComponentStatus, HandChange};
use crate::observe::Cloud;

/// What the service runs.
///
/// # Errors
///
/// The service is missing or cannot be looked at, or what it runs lacks the configured container.
pub async fn status(cloud: &Cloud, target: &EcsTarget) -> Result<ComponentStatus, Failure> {
    let service = service(cloud, target).await?;
    let revision = live_revision(cloud, target, &service).await?;
    revision.definition.image_of(&target.container).map_err(PlanError::from)?;
    let primary = service.primary();
    let others = other_revisions(cloud, &service, &revision).await;
    let holds = homes::holds(&service, &revision, others.as_ref().map_or(&[][..], Vec::as_slice));
    let mut remarks: Vec<String> = holds.iter().map(|hold| held(hold, &service)).collect();
    let contradiction = evidence::contradiction(&revision, &target.container);
    let last_entry = others.as_ref().ok().and_then(|others| plan::last_entry(&revision, others));
    let last_outcome = last_entry.and_then(|entry| entry.outcome.clone()).filter(|_| contradiction.is_none());
    remarks.extend(contradiction.map(|why| format!("the tags of {} are not believed: {why}", revision.short())));
    let drift = drift(others, &revision, &mut remarks);
    match primary.map(|primary| &primary.rollout_state) {
        Some(Some(RolloutState::InProgress)) => remarks.push("a rollout is in progress".to_owned()),
        Some(Some(RolloutState::Failed)) => remarks.push("its rollout failed".to_owned()),
        _ => {}
    }
    let running_release = running(&revision, target);
    remarks.extend(running_release.baseline.as_ref().map(|place| {
        format!("a rollback went back to the baseline: runs what {place} was, which ran before the first release")
    }));
    if service.running < service.desired {
        remarks.push(format!("{} of {} tasks run", service.running, service.desired));
    }
    Ok(ComponentStatus {
        running_release,
        // A finished rollout serves since its end.
        since: rollout::last_rollout(&service)
            .and_then(|_| primary?.updated)
            .or_else(|| primary.and_then(|primary| primary.created)),
        desired: Some(service.desired),
        running: Some(service.running),
        last_outcome,
        holds,
        drift,
        remarks,
    })
}

/// A hold for people. One that stands on a revision alone is no less a hold.
fn held(hold: &Hold, service: &Service) -> String {
    let is_on_service = service.holds.iter().any(|other| other.key == hold.key && other.scope == hold.scope);
    let place = if is_on_service { "" } else { "; on the revision alone, the service does not have the tag" };
    format!("held: {}{place}", hold.described())
}

/// Whether somebody changed the service by hand. That this cannot be told hides nothing else.
fn drift(others: Result<Vec<Revision>, Failure>, live: &Revision, remarks: &mut Vec<String>) -> Option<HandChange> {
    let (change, remark) = match others.map(|others| plan::drift(live, &others)) {
        Ok(None) if live.ledger.is_some() => return None,
        Ok(None) => (None, format!("{} was not registered by shipgate", live.short())),
        Ok(Some(drift)) => {
            let last = drift.last.short();
            let how = if drift.by_ecs { "changed by hand, or rolled back by ECS" } else { "changed by hand" };
            let remark = format!("{how}: runs {}, shipgate last deployed {last}", live.short());
            (Some(HandChange { last: Some((&drift.last).into()) }), remark)
        }
        Err(failure) => {
            let remark = format!("whether it was changed by hand is unknown: {}", failure.brief());
            (Some(HandChange { last: None }), remark)
        }
    };
    remarks.push(remark);
    change
}

/// What the service's configured container wrote.
///
/// # Errors
///
/// The container does not log to `CloudWatch` Logs, or its group cannot be read.
pub async fn logs(cloud: &Cloud, target: &EcsTarget, since: Timestamp) -> Result<Vec<LogLine>, Failure> {
    let service = service(cloud, target).await?;
    let revision = live_revision(cloud, target, &service).await?;
    revision.definition.image_of(&target.container).map_err(PlanError::from)?;
    let destination = revision.definition.log_destination(&target.container).ok_or_else(|| {
        Failure::failed(format!(
            "container `{}` of {} does not log to CloudWatch Logs",
            target.container,
            revision.short()
        ))
        .hint("use log driver `awslogs` with `awslogs-group` and `awslogs-stream-prefix`")
    })?;
    Ok(cloud.logs_in(destination.region.as_ref()).since(&destination.group, &destination.stream(""), since).await?)
}
