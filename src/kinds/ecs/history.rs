//! The releases of an ECS service, from the ledger tags of its family's revisions.

use std::cmp::Reverse;

use super::observe::{active_service, live_revision};
use crate::domain::ecs::evidence::contradiction;
use crate::domain::ecs::service::{RolloutState, TaskRevision};
use crate::domain::ecs::target::EcsTarget;
use crate::domain::failure::Failure;
use crate::domain::limits::REVISIONS;
use crate::domain::view::history::{Availability, PastRelease, ReleaseHistory};
use crate::observe::Cloud;

/// How many are asked for together, at least.
const TOGETHER: usize = 8;

/// At most this many releases, newest first. Revisions that shipgate did not register are skipped.
///
/// # Errors
///
/// The service is missing or was deleted, or its revisions cannot be read.
pub async fn history(cloud: &Cloud, target: &EcsTarget, most: usize) -> Result<ReleaseHistory, Failure> {
    let service = active_service(cloud, target).await?;
    let live = live_revision(cloud, target, &service).await?;
    let rolling_out = service.primary().is_some_and(|primary| primary.rollout_state == Some(RolloutState::InProgress));
    let standing = |revision: &TaskRevision| match (revision.arn == live.arn, rolling_out) {
        (false, _) => Availability::Past,
        (true, true) => Availability::RollingOut,
        (true, false) => Availability::Current,
    };
    let mut arns = cloud.ecs().newest_revisions(live.definition.family(), REVISIONS.count()).await?;
    let all = arns.len() < REVISIONS.count();
    // It runs, and is not listed when it is very old or was deregistered.
    if !arns.contains(&live.arn) {
        arns.push(live.arn.clone());
        arns.sort_by_key(|arn| Reverse(arn.number()));
    }
    let mut arns = arns.into_iter().peekable();
    let mut releases = Vec::new();
    while releases.len() < most && arns.peek().is_some() {
        let some = arns.by_ref().take((most - releases.len()).max(TOGETHER)).collect();
        let revisions = cloud.ecs().revisions(some, &service.arn).await?;
        releases.extend(revisions.iter().filter_map(|revision| past_release(revision, target, standing(revision))));
    }
    let cut = !all && releases.len() < most;
    releases.truncate(most);
    Ok(ReleaseHistory { releases, looked_at: cut.then_some(REVISIONS.count()) })
}

fn past_release(revision: &TaskRevision, target: &EcsTarget, standing: Availability) -> Option<PastRelease> {
    let entry = revision.ledger.clone()?;
    let contradiction = contradiction(revision, &target.container);
    Some(PastRelease {
        // What it is, by its content; an outcome under other names is none of it.
        release: revision.put_there(&target.container).unwrap_or(entry.release),
        digest: revision.digest(&target.container),
        deployment: entry.deployment.filter(|_| contradiction.is_none()),
        outcome: entry.outcome.filter(|_| contradiction.is_none()),
        at: entry.at,
        provenance: entry.provenance,
        place: (&revision.arn).into(),
        restores: entry.restores.as_ref().map(Into::into),
        previous: entry.previous.as_ref().map(Into::into),
        was_left: false,
        cluster: Some(target.cluster.to_string()),
        service: Some(target.service.to_string()),
        url: None,
        contradiction,
        standing,
    })
}
