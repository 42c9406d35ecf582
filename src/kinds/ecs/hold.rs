//! Holds of an ECS service: tags on the service and, of rollbacks, on revisions; believed only when a fresh look shows
//! them.

use super::observe::{self, REVISIONS_READ};
use crate::clients::ecs_write::Tagged;
use crate::domain::ecs::homes;
use crate::domain::ecs::ids::{RevisionArn, ServiceArn, Taggable};
use crate::domain::ecs::ledger;
use crate::domain::ecs::service::{Service, TaskRevision};
use crate::domain::ecs::target::EcsTarget;
use crate::domain::failure::Failure;
use crate::domain::hold::{self, Hold};
use crate::domain::poll::Attempts;
use crate::observe::{Cloud, Writer};
use crate::poll::{Waiting, poll};

/// The holds on the service, in either home.
///
/// # Errors
///
/// The service is missing, or cannot be looked at.
pub async fn holds(cloud: &Cloud, target: &EcsTarget) -> Result<Vec<Hold>, Failure> {
    let service = observe::active_service(cloud, target).await?;
    if service.primary().is_none() {
        return Ok(service.holds);
    }
    let live = observe::live_revision(cloud, target, &service).await?;
    let others = observe::other_revisions(cloud, &service, &live).await?;
    Ok(homes::holds(&service, &live, &others))
}

/// Puts a hold by hand on the service, in the place of one with the same key. Returns all that are seen there then.
///
/// # Errors
///
/// The service has no room for it, it could not be written, or is not seen afterwards.
pub async fn put(writer: Writer<'_>, target: &EcsTarget, hold: &Hold) -> Result<Vec<Hold>, Failure> {
    let cloud = writer.cloud();
    let service = observe::active_service(cloud, target).await?;
    let no_room = |cause: String| {
        Failure::failed(format!("service `{}` has no room for the hold", target.service))
            .cause(cause)
            .hint("take a tag off the service that nothing needs, and run it again")
    };
    if !ledger::has_room(&service.tag_keys, &[&hold.key]) {
        return Err(no_room(format!("it has {} tags, the maximum", service.tag_keys.len())));
    }
    match writer.ecs().tag_if_room(&service.arn, &[hold.tag()]).await? {
        Tagged::Written => seen_on_service(cloud, target, hold).await,
        Tagged::NoRoom(message) => Err(no_room(message)),
    }
}

/// Puts a hold of a rollback on the service. `written`: called between the write and the read.
///
/// # Errors
///
/// It could not be written for another reason than room, or is not seen afterwards.
pub async fn put_on_service(
    writer: Writer<'_>,
    target: &EcsTarget,
    hold: &Hold,
    written: impl FnOnce(),
) -> Result<Tagged, Failure> {
    let cloud = writer.cloud();
    let service = observe::active_service(cloud, target).await?;
    let tagged = writer.ecs().tag_if_room(&service.arn, &[hold.tag()]).await?;
    if tagged == Tagged::Written {
        written();
        seen_on_service(cloud, target, hold).await?;
    }
    Ok(tagged)
}

async fn seen_on_service(cloud: &Cloud, target: &EcsTarget, hold: &Hold) -> Result<Vec<Hold>, Failure> {
    let seen = reread(async || on_service(cloud, target).await, |holds| holds.contains(hold)).await?;
    if seen.contains(hold) {
        return Ok(seen);
    }
    Err(Failure::failed(format!("service `{}` took the hold and does not show it", target.service))
        .hint("see `shipgate status`; another run may have replaced it: run it again"))
}

/// Puts a hold of a rollback in its second home, a revision, where it is about a service.
///
/// # Errors
///
/// It could not be written for another reason than room, or is not seen afterwards.
pub async fn put_on_revision(
    writer: Writer<'_>,
    revision: &RevisionArn,
    service: &ServiceArn,
    hold: &Hold,
    written: impl FnOnce(),
) -> Result<Tagged, Failure> {
    let cloud = writer.cloud();
    let tagged = writer.ecs().tag_if_room(revision, &[hold.tag(), ledger::of_service(service)]).await?;
    if tagged != Tagged::Written {
        return Ok(tagged);
    }
    written();
    let holds = async || Ok(cloud.ecs().revision(revision, service).await?.holds);
    if reread(holds, |holds| holds.contains(hold)).await?.contains(hold) {
        return Ok(tagged);
    }
    Err(Failure::failed(format!("revision {} took the hold and does not show it", revision.short()))
        .hint("another run may have replaced it: run it again"))
}

/// Takes holds off the service, as far as they are still there as they were seen.
///
/// # Errors
///
/// The service cannot be looked at, or the tags could not be taken off.
pub async fn take_off(writer: Writer<'_>, target: &EcsTarget, holds: &[Hold]) -> Result<(), Failure> {
    let cloud = writer.cloud();
    let service = observe::active_service(cloud, target).await?;
    let there = service.holds.iter().filter(|hold| holds.contains(hold));
    let keys: Vec<String> = there.map(|hold| hold.key.clone()).collect();
    if keys.is_empty() { Ok(()) } else { Ok(writer.ecs().untag(&service.arn, &keys).await?) }
}

/// All holds that [`lift`] takes off, each once: of two with the same key that differ, both.
///
/// # Errors
///
/// The service is missing, or cannot be looked at.
pub async fn to_lift(cloud: &Cloud, target: &EcsTarget) -> Result<Vec<Hold>, Failure> {
    let service = observe::active_service(cloud, target).await?;
    let revisions = held_revisions(cloud, &service).await?;
    let mut holds: Vec<Hold> = Vec::new();
    for hold in standing(&service, &revisions) {
        if !holds.contains(hold) {
            holds.push(hold.clone());
        }
    }
    Ok(holds)
}

/// The holds on a service and on its revisions.
fn standing<'h>(service: &'h Service, revisions: &'h [TaskRevision]) -> impl Iterator<Item = &'h Hold> {
    service.holds.iter().chain(revisions.iter().flat_map(|revision| &revision.holds))
}

/// Takes all holds off the service and off its revisions, and leaves a note. Returns what was taken off. `seen`: those that
/// somebody decided about; with any other one nothing is changed.
///
/// # Errors
///
/// There is another hold, the tags could not be changed, or a hold is still seen afterwards.
pub async fn lift(
    writer: Writer<'_>,
    target: &EcsTarget,
    seen: &[Hold],
    note: &(String, String),
) -> Result<Vec<Hold>, Failure> {
    let cloud = writer.cloud();
    let service = observe::active_service(cloud, target).await?;
    let revisions = held_revisions(cloud, &service).await?;
    if let Some(new) = standing(&service, &revisions).find(|hold| !seen.contains(hold)) {
        return Err(Failure::failed(format!(
            "service `{}` has a hold now that it did not have before",
            target.service
        ))
        .cause(new.described())
        .hint("another run added it meanwhile: read its reason, and run it again"));
    }
    let lifted = hold::merged(standing(&service, &revisions));
    if lifted.is_empty() {
        return Ok(lifted);
    }
    let keys = |holds: &[Hold]| holds.iter().map(|hold| hold.key.clone()).collect::<Vec<_>>();
    // The note first: no hold goes without a word of who lifted it. Without room it takes the place of a hold.
    let note = std::slice::from_ref(note);
    let has_room = ledger::has_room(&service.tag_keys, &[hold::note_key()])
        && writer.ecs().tag_if_room(&service.arn, note).await? == Tagged::Written;
    for revision in &revisions {
        writer.ecs().untag(&revision.arn, &keys(&revision.holds)).await?;
    }
    if !service.holds.is_empty() {
        writer.ecs().untag(&service.arn, &keys(&service.holds)).await?;
    }
    if !has_room {
        let revision = revisions.first().filter(|_| service.holds.is_empty());
        let home = revision.map_or(Taggable::Service(&service.arn), |revision| Taggable::Revision(&revision.arn));
        writer.ecs().tag(home, note).await?;
    }
    let left = reread(async || on_service(cloud, target).await, Vec::is_empty).await?;
    let left = if left.is_empty() { left_on(cloud, &service, &revisions).await? } else { left };
    if left.is_empty() {
        return Ok(lifted);
    }
    let failure = Failure::failed(format!("service `{}` still shows a hold", target.service))
        .hint("another run may have added it meanwhile: read its reason, and run it again");
    Err(left.iter().map(Hold::reason).fold(failure, Failure::cause))
}

/// The revisions with a hold that is about the service: what it runs and rolls out, and the newest of the family.
async fn held_revisions(cloud: &Cloud, service: &Service) -> Result<Vec<TaskRevision>, Failure> {
    let Some(primary) = service.primary() else { return Ok(Vec::new()) };
    let live = cloud.ecs().revision(&primary.task_definition, &service.arn).await?;
    let mut arns = cloud.ecs().newest_revisions(live.definition.family(), REVISIONS_READ).await?;
    for deployment in &service.deployments {
        if !arns.contains(&deployment.task_definition) {
            arns.push(deployment.task_definition.clone());
        }
    }
    let mut revisions = cloud.ecs().revisions(arns, &service.arn).await?;
    revisions.retain(|revision| !revision.holds.is_empty());
    Ok(revisions)
}

/// The holds that are still seen on revisions after they were taken off.
async fn left_on(cloud: &Cloud, service: &Service, revisions: &[TaskRevision]) -> Result<Vec<Hold>, Failure> {
    let left = async || {
        let arns = revisions.iter().map(|revision| revision.arn.clone()).collect();
        let seen = cloud.ecs().revisions(arns, &service.arn).await?;
        Ok(hold::merged(seen.iter().flat_map(|revision| &revision.holds)))
    };
    reread(left, Vec::is_empty).await
}

/// The holds on the service itself.
async fn on_service(cloud: &Cloud, target: &EcsTarget) -> Result<Vec<Hold>, Failure> {
    Ok(observe::active_service(cloud, target).await?.holds)
}

/// The holds after a change: as they are wanted, or as they are read last.
async fn reread(
    mut read: impl AsyncFnMut() -> Result<Vec<Hold>, Failure>,
    is_wanted: impl Fn(&Vec<Hold>) -> bool,
) -> Result<Vec<Hold>, Failure> {
    let mut attempts = Attempts::default();
    poll(
        Waiting::Silently,
        (),
        async |()| read().await,
        |_, holds| {
            let is_last = holds.as_ref().map_or(true, &is_wanted);
            attempts.take(is_last, holds)
        },
    )
    .await
}
