//! Holds of an ECS service: tags on the service, believed only when a fresh look at it shows them.

use std::time::Duration;

use super::observe;
use crate::domain::hold::Hold;
use crate::domain::target::EcsTarget;
use crate::error::Failure;
use crate::observe::Cloud;

/// The pauses before the looks after a change: what ECS tells of tags can be some seconds old.
const PAUSES: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// The holds on the service.
///
/// # Errors
///
/// The service is missing, or cannot be looked at.
pub async fn holds(cloud: &Cloud, target: &EcsTarget) -> Result<Vec<Hold>, Failure> {
    Ok(observe::active_service(cloud, target).await?.holds)
}

/// Puts a hold on the service, in the place of one with the same key. Returns all that are seen there then.
/// `written`: called between the write and the look.
///
/// # Errors
///
/// It could not be written, or is not seen afterwards.
pub async fn put(cloud: &Cloud, target: &EcsTarget, hold: &Hold, written: impl FnOnce()) -> Result<Vec<Hold>, Failure> {
    let service = observe::active_service(cloud, target).await?;
    cloud.ecs.tag(&service.arn, &[hold.tag()]).await?;
    written();
    let seen = look_until(cloud, target, |holds| holds.contains(hold)).await?;
    if seen.contains(hold) {
        return Ok(seen);
    }
    Err(Failure::failed(format!("service `{}` took the hold and does not show it", target.service))
        .hint("look at it with `shipgate status`; somebody else may have put another in its place: run it again"))
}

/// Takes holds off the service, as far as they are still there as they were seen.
///
/// # Errors
///
/// The service cannot be looked at, or the tags could not be taken off.
pub async fn take_off(cloud: &Cloud, target: &EcsTarget, holds: &[Hold]) -> Result<(), Failure> {
    let service = observe::active_service(cloud, target).await?;
    let there = service.holds.iter().filter(|hold| holds.contains(hold));
    let keys: Vec<String> = there.map(|hold| hold.key.clone()).collect();
    if keys.is_empty() { Ok(()) } else { cloud.ecs.untag(&service.arn, &keys).await }
}

/// Takes all holds off the service, and leaves a note there. Returns what was taken off.
///
/// # Errors
///
/// The tags could not be changed, or a hold is still seen afterwards.
pub async fn lift(cloud: &Cloud, target: &EcsTarget, note: &(String, String)) -> Result<Vec<Hold>, Failure> {
    let service = observe::active_service(cloud, target).await?;
    if service.holds.is_empty() {
        return Ok(Vec::new());
    }
    // The note first: no hold goes without a word of who lifted it.
    cloud.ecs.tag(&service.arn, std::slice::from_ref(note)).await?;
    let keys: Vec<String> = service.holds.iter().map(|hold| hold.key.clone()).collect();
    cloud.ecs.untag(&service.arn, &keys).await?;
    let left = look_until(cloud, target, <[Hold]>::is_empty).await?;
    if left.is_empty() {
        return Ok(service.holds);
    }
    let failure = Failure::failed(format!("service `{}` still shows a hold", target.service))
        .hint("somebody may have put it there meanwhile: read its reason, and run it again");
    Err(left.iter().map(Hold::reason).fold(failure, Failure::cause))
}

/// The holds as they are wanted, or as they are seen last.
async fn look_until(
    cloud: &Cloud,
    target: &EcsTarget,
    as_wanted: impl Fn(&[Hold]) -> bool,
) -> Result<Vec<Hold>, Failure> {
    let mut seen = Vec::new();
    for pause in PAUSES {
        tokio::time::sleep(pause).await;
        seen = holds(cloud, target).await?;
        if as_wanted(&seen) {
            break;
        }
    }
    Ok(seen)
}
