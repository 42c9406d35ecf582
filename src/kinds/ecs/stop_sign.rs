//! The holds that a rollback puts before it changes anything.

use super::hold;
use crate::clients::ecs_write::Tagged;
use crate::domain::ecs::component::homes_of;
use crate::domain::ecs::homes::Homes;
use crate::domain::ecs::plan::EcsFacts;
use crate::domain::ecs::target::EcsTarget;
use crate::domain::failure::Failure;
use crate::domain::hold::Hold;
use crate::domain::names::ComponentName;
use crate::domain::plan::LeftRelease;
use crate::kinds::ApplyRun;

/// Puts one of the holds of a rollback in both of its homes. One that has no room for it does not block the
/// rollback: the revision that is put in the place of the one that is left has the hold from the start. `users`: the
/// components that change.
///
/// # Errors
///
/// It could not be written for another reason than room, or is not seen afterwards.
pub async fn put(
    run: &ApplyRun<'_>,
    target: &EcsTarget,
    facts: &EcsFacts,
    (all, left): (&[LeftRelease], &LeftRelease),
    users: &[ComponentName],
) -> Result<(), Failure> {
    let hold = Hold::of_rollback(&left.left, left.returned.as_ref(), run.provenance.author(), run.began());
    let homes = all.iter().zip(homes_of(facts, all)).find(|(other, _)| *other == left);
    let everywhere = || Homes { on_service: true, revision: Some(facts.live.arn.clone()) };
    let homes = homes.map_or_else(everywhere, |(_, homes)| homes);
    let (writer, events) = (run.writer, &run.events);
    let made = |place: String| events.made(format!("hold on {place}: {}", hold.reason()), users.to_vec());
    let mut refused = Vec::new();
    let mut note = |place: &str, tagged: Tagged| match tagged {
        Tagged::Written => {}
        Tagged::NoRoom(message) => refused.push(format!("{place} does not take the hold: {message}")),
    };
    if homes.on_service {
        let place = format!("service {}", target.service);
        note(&place, hold::put_on_service(writer, target, &hold, || made(place.clone())).await?);
    }
    if let Some(arn) = &homes.revision {
        let place = format!("revision {}", arn.short());
        let service = &facts.service.arn;
        note(&place, hold::put_on_revision(writer, arn, service, &hold, || made(place.clone())).await?);
    }
    for text in refused {
        events.warning(text, Some("the hold is recorded in its other place: see `shipgate status`".to_owned()));
    }
    Ok(())
}

/// Takes off the holds that the new one covers. One that stays is only one more.
pub async fn drop_covered(run: &ApplyRun<'_>, target: &EcsTarget, covered: &[Hold]) {
    let service = &target.service;
    let reasons = covered.iter().map(Hold::reason).collect::<Vec<_>>().join(", ");
    match hold::take_off(run.writer, target, covered).await {
        Ok(()) => run.events.note(format!("  it covers holds on service {service}, taken off: {reasons}")),
        Err(failure) => {
            let text = format!("holds on service {service} that the new one covers are still there ({reasons})");
            run.events.warning(format!("{text}: {}", failure.brief()), failure.hints.first().cloned());
        }
    }
}
