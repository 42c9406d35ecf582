//! The holds that a rollback puts before it changes anything.

use super::apply::Apply;
use super::hold;
use crate::clients::ecs::Tagged;
use crate::domain::ecs::plan::{LeftRelease, PlannedHold};
use crate::domain::failure::Failure;
use crate::domain::hold::Hold;
use crate::domain::step::{StepId, Verb};
use crate::domain::target::{EcsTarget, Kind};

impl Apply<'_> {
    /// Puts the stop sign of a rollback up, and sees it there, before anything that serves is changed: without it the
    /// next promotion would bring back what is being left.
    pub(super) async fn hold(&self) -> Result<(), Failure> {
        for planned in &self.plan.to_hold {
            self.hold_one(planned).await?;
        }
        Ok(())
    }

    async fn hold_one(&self, planned: &PlannedHold) -> Result<(), Failure> {
        let LeftRelease { left, returned } = &planned.left;
        let Kind::Ecs(target) = &planned.component.kind;
        let hold = Hold::of_rollback(left, returned, &self.run.name, self.run.now());
        let step = StepId::new(Verb::Hold, &planned.component.name);
        self.run.events.step(&step, self.put_hold(planned, target, &hold)).await?;
        if !planned.covers.is_empty() {
            self.drop_covered(target, &planned.covers).await;
        }
        Ok(())
    }

    /// Puts a hold in both of its homes. One that has no room for it does not stand in the way of the rollback: the
    /// revision that is put in the place of the one that is left has the hold from the start.
    async fn put_hold(&self, planned: &PlannedHold, target: &EcsTarget, hold: &Hold) -> Result<(), Failure> {
        let (cloud, events) = (self.run.cloud, self.run.events);
        let made =
            |place: String| events.made(format!("hold on {place}: {}", hold.reason()), vec![self.component.clone()]);
        let mut refused = Vec::new();
        let mut note = |place: &str, tagged: Tagged| match tagged {
            Tagged::Written => {}
            Tagged::NoRoom(message) => refused.push(format!("{place} does not take the hold: {message}")),
        };
        if planned.homes.on_service {
            let place = format!("service {}", target.service);
            note(&place, hold::put_on_service(cloud, target, hold, || made(place.clone())).await?);
        }
        if let Some((arn, service)) = planned.homes.revision.as_ref().zip(planned.service_arn.as_ref()) {
            let place = format!("revision {}", arn.short());
            note(&place, hold::put_on_revision(cloud, arn, service, hold, || made(place.clone())).await?);
        }
        for text in refused {
            events.warning(text, Some("the hold stands in its other home: see `shipgate status`".to_owned()));
        }
        Ok(())
    }

    /// Takes off the holds that the new one covers. One that stays is only one more.
    async fn drop_covered(&self, target: &EcsTarget, covered: &[Hold]) {
        let service = &target.service;
        let reasons = covered.iter().map(Hold::reason).collect::<Vec<_>>().join(", ");
        match hold::take_off(self.run.cloud, target, covered).await {
            Ok(()) => self.run.events.note(format!("  it covers holds on service {service}, taken off: {reasons}")),
            Err(failure) => {
                let text = format!("holds on service {service} that the new one covers are still there ({reasons})");
                self.run.events.warning(format!("{text}: {}", failure.brief()), failure.hints.first().cloned());
            }
        }
    }
}
