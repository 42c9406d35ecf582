//! What an ECS service runs and writes, for `status` and `logs`.

use jiff::Timestamp;

use super::observe::{live_revision, other_revisions, service};
use crate::clients::logs::LogLine;
use crate::domain::ecs::component::running;
use crate::domain::ecs::service::{RolloutState, Service, TaskRevision};
use crate::domain::ecs::target::{EcsTarget, TaskDefinitionSource};
use crate::domain::ecs::{evidence, homes, plan, rollout};
use crate::domain::failure::Failure;
use crate::domain::hold::Hold;
use crate::domain::neutral;
use crate::domain::plan::PlanError;
use crate::domain::proof::Whereabouts;
use crate::domain::view::status::{ComponentHandChange, ComponentStatus, LastRelease, Remark, SeenHold};
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
    let mut remarks: Vec<Remark> = Vec::new();
    let contradiction = evidence::contradiction(&revision, &target.container);
    let last = others.as_ref().ok().filter(|_| contradiction.is_none());
    let last = last.and_then(|others| last_release(&revision, others, target));
    let contradicted = |why| Remark::odd(format!("the tags of {} are not believed: {why}", revision.short()));
    remarks.extend(contradiction.map(contradicted));
    let drift = drift(others, &revision, target);
    if drift.is_none() && revision.ledger.is_none() {
        remarks.push(Remark::plain(format!("{} was not registered by shipgate", revision.short())));
    }
    match primary.map(|primary| &primary.rollout_state) {
        Some(Some(RolloutState::InProgress)) => remarks.push(Remark::plain("a rollout is in progress")),
        Some(Some(RolloutState::Failed)) => remarks.push(Remark::odd("its rollout failed")),
        _ => {}
    }
    let running_release = running(&revision, target);
    remarks.extend(running_release.baseline.as_ref().map(|place| {
        Remark::plain(format!(
            "a rollback went back to the baseline: runs what {place} was, which ran before the first release"
        ))
    }));
    let seen = |hold| SeenHold { is_on_service: is_on_service(&hold, &service), hold, passed: None };
    Ok(ComponentStatus {
        running_release,
        // A finished rollout serves since its end.
        since: rollout::last_rollout(&service)
            .and_then(|_| primary?.updated)
            .or_else(|| primary.and_then(|primary| primary.created)),
        whereabouts: Whereabouts {
            cluster: Some(target.cluster.to_string()),
            service: Some(target.service.to_string()),
            revision: Some(neutral::phrase(revision.short(), 300)),
            desired: Some(service.desired),
            running: Some(service.running),
        },
        last,
        holds: holds.into_iter().map(seen).collect(),
        drift,
        remarks,
    })
}

/// Whether the service has a hold. One that stands on a revision alone is no less a hold.
fn is_on_service(hold: &Hold, service: &Service) -> bool {
    service.holds.iter().any(|other| other.key == hold.key && other.scope == hold.scope)
}

/// The last release of shipgate, by what the newest revision of shipgate is. Tags that the revision contradicts are not believed.
fn last_release(live: &TaskRevision, others: &[TaskRevision], target: &EcsTarget) -> Option<LastRelease> {
    let (revision, entry) = plan::last_of_ours(live, others)?;
    let container = &target.container;
    evidence::contradiction(revision, container).is_none().then(|| LastRelease {
        release: revision.put_there(container).unwrap_or_else(|| entry.release.clone()),
        outcome: entry.outcome.clone(),
        at: entry.at,
        by: entry.provenance.by.clone(),
        run: entry.provenance.run.clone(),
        url: None,
        is_live: revision.arn == live.arn,
    })
}

/// Whether somebody changed the service by hand. That this is not known hides nothing else.
fn drift(
    others: Result<Vec<TaskRevision>, Failure>,
    live: &TaskRevision,
    target: &EcsTarget,
) -> Option<ComponentHandChange> {
    match others.map(|others| plan::drift(live, &others)) {
        Ok(drift) => drift.map(|drift| {
            let last = drift.last.short();
            let how = if drift.by_ecs { "changed by hand, or rolled back by ECS" } else { "changed by hand" };
            ComponentHandChange {
                last: Some((&drift.last).into()),
                text: format!("{how}: runs {}, shipgate last deployed {last}", live.short()),
                is_kept: (!drift.changes.is_empty()).then_some(target.task_definition == TaskDefinitionSource::Live),
                changes: drift.changes,
                files: Vec::new(),
            }
        }),
        Err(failure) => {
            let text = format!("whether it was changed by hand is unknown: {}", failure.brief());
            Some(ComponentHandChange { last: None, text, changes: Vec::new(), files: Vec::new(), is_kept: None })
        }
    }
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
