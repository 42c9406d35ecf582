//! Carries out an authorized plan: takes the steps of its graph, side by side where none needs the other.

mod announce;
mod ended;
mod images;
mod preparation;
#[cfg(test)]
mod rehearsals;
mod tags;
mod total;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use futures_util::future::join_all;

use self::total::{PartEnd, total};
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::gate::Authorized;
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::plan::schedule::Lane;
use crate::domain::plan::{ImagePlan, PlanError, PlannedHold};
use crate::domain::step::{StepId, StepVerb};
use crate::kinds::{Applied, ApplyRun, ComponentWithPlan, WholePlan};
use ended::emit_end;

/// Carries out the plan, and returns the total outcome.
///
/// # Errors
///
/// The worst failure. After one nothing new begins, and what was changed is followed to its end.
pub async fn apply(run: &ApplyRun<'_>, plan: &Authorized<WholePlan>) -> Result<Outcome, Failure> {
    let plan = plan.change();
    let artifacts = futures_util::future::join(images::make_known(run, plan), preparation::prepare(run, plan));
    let (images, prepared) = match artifacts.await {
        (Ok(images), Ok(prepared)) => (images, prepared),
        (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => return Err(failure),
        (Err(failure), Err(other)) => return Err(failure.beside(&other)),
    };
    let known = known(run, plan, &images, prepared)?;
    let holds = join_all(held(plan).into_iter().map(|holds| put_holds(run, plan, holds)));
    let components = apply_components(run, plan, &known);
    let (holds, components) = futures_util::future::join(holds, components).await;
    let ended: Vec<PartEnd> = holds.into_iter().chain(components).flatten().collect();
    tags::move_all(run, plan, &images, &ended).await;
    total(ended, plan.components.len() > 1)
}

/// A component with all that its plan left open.
struct ReadyComponent<'a> {
    shown: &'a dyn ComponentWithPlan,
    /// Absent: the plan left nothing open.
    refined: Option<Box<dyn ComponentWithPlan>>,
}

impl ReadyComponent<'_> {
    fn planned(&self) -> &dyn ComponentWithPlan {
        self.refined.as_deref().unwrap_or(self.shown)
    }
}

/// The components with what is known now. What contradicts the plan that was shown ends the run: nothing that serves is
/// changed yet.
fn known<'a>(
    run: &ApplyRun<'_>,
    plan: &'a WholePlan,
    images: &[ImagePlan],
    mut prepared: BTreeMap<ComponentName, Box<dyn ComponentWithPlan>>,
) -> Result<Vec<ReadyComponent<'a>>, Failure> {
    let mut known = Vec::new();
    for shown in &plan.components {
        let prepared = prepared.remove(&shown.plan().name);
        let refined = refine(shown.as_ref(), images, prepared).map_err(Failure::from).inspect_err(|failure| {
            emit_end(run, &shown.plan().name, Err(failure), None);
        })?;
        let known_now = ReadyComponent { shown: shown.as_ref(), refined };
        let component = known_now.planned().plan();
        run.events.emit(RunEvent::Refined { component: component.name.clone(), changes: component.changes.clone() });
        known.push(known_now);
    }
    Ok(known)
}

/// The plan of a component with what is known now. Absent: all was known when it was shown.
fn refine(
    shown: &dyn ComponentWithPlan,
    images: &[ImagePlan],
    prepared: Option<Box<dyn ComponentWithPlan>>,
) -> Result<Option<Box<dyn ComponentWithPlan>>, PlanError> {
    let plan = shown.plan();
    let refined = match prepared {
        Some(prepared) => prepared,
        None if plan.known_after().is_none() => return Ok(None),
        None => shown.refine(images)?,
    };
    refined.plan().refines(plan).map_err(|difference| {
        let component = plan.name.clone();
        PlanError::Contradicted { component, difference }
    })?;
    Ok(Some(refined))
}

/// The holds of a rollback on one component.
struct RollbackHolds<'a> {
    on: &'a dyn ComponentWithPlan,
    holds: Vec<&'a PlannedHold>,
}

/// The holds that the plan has steps for: all, or none where nothing that serves is to change.
fn held(plan: &WholePlan) -> Vec<RollbackHolds<'_>> {
    let steps = plan.steps();
    let is_step = |name: &ComponentName| steps.iter().any(|step| step.id == StepId::new(StepVerb::Hold, name));
    let components = plan.components.iter().filter(|component| is_step(&component.plan().name));
    let of = |name: &ComponentName| plan.holds.iter().filter(|hold| hold.component == *name).collect();
    components.map(|component| RollbackHolds { on: component.as_ref(), holds: of(&component.plan().name) }).collect()
}

/// What a hold of a rollback stops, in words.
fn barred(hold: &PlannedHold) -> String {
    match &hold.left.returned {
        Some(returned) => format!("the commits of {} that {} does not have", hold.left.left, returned),
        None => format!("the commits of {}", hold.left.left),
    }
}

/// Puts the holds on a component, which belong to the environment: whatever changes waits for them.
async fn put_holds(
    run: &ApplyRun<'_>,
    plan: &WholePlan,
    RollbackHolds { on, holds }: RollbackHolds<'_>,
) -> Option<PartEnd> {
    let name = &on.plan().name;
    let changing = plan.components().filter(|component| !component.is_empty());
    let users: Vec<ComponentName> = changing.map(|component| component.name.clone()).collect();
    let within = run.of(name);
    let put = async {
        for hold in holds {
            on.put_hold(&within, hold, &users).await?;
            within.events.result(&StepId::new(StepVerb::Hold, name), barred(hold));
            if !hold.covers.is_empty() {
                on.drop_holds(&within, &hold.covers).await;
            }
        }
        Ok(())
    };
    let step = StepId::new(StepVerb::Hold, name);
    let lane = Lane::Holds(name.clone());
    let put = run.turns.lane(&lane, within.take(&step, put), |put: &Result<(), Failure>| put.as_ref().err());
    put.await?.err().map(|failure| PartEnd::Hold { component: name.clone(), failure })
}

/// Carries out the plans of the components, and returns how they ended in the order of the plan. With fewer slots than
/// components, the one begins first whose last rollout took longest: so the last one ends sooner.
async fn apply_components(run: &ApplyRun<'_>, plan: &WholePlan, known: &[ReadyComponent<'_>]) -> Vec<Option<PartEnd>> {
    let mut components: Vec<_> = known.iter().map(ReadyComponent::planned).enumerate().collect();
    components.sort_by_key(|(_, planned)| Reverse(planned.last_rollout()));
    let applied =
        components.into_iter().map(async |(place, planned)| (place, apply_component(run, plan, planned).await));
    let mut ended = join_all(applied).await;
    ended.sort_by_key(|(place, _)| *place);
    ended.into_iter().map(|(_, ended)| ended).collect()
}

/// Carries out the plan of a component. Absent: its turn did not come, or something else failed before it was changed.
async fn apply_component(run: &ApplyRun<'_>, plan: &WholePlan, planned: &dyn ComponentWithPlan) -> Option<PartEnd> {
    let component = planned.plan();
    let within = run.of(&component.name);
    let apply = async {
        let applied = planned.apply(&within).await;
        let result = applied.result.as_ref().copied();
        emit_end(run, &component.name, result, Some(component.released.clone()));
        // From the registration on, the ledger has the image.
        if applied.changed || component.is_empty() {
            announce::retire(&within, plan, planned).await;
        }
        applied
    };
    let lane = Lane::Component(component.name.clone());
    let applied = run.turns.lane(&lane, apply, |applied: &Applied| applied.result.as_ref().err()).await;
    let Some(applied) = applied else {
        return run.turns.has_prepared(&lane).then(|| {
            let failure = Failure::failed("it is not carried on");
            let failure = failure.cause("prepared and not changed: something else failed");
            emit_end(run, &component.name, Err(&failure), None);
            PartEnd::GivenUp(failure.outcome)
        });
    };
    Some(PartEnd::Component { name: component.name.clone(), applied })
}
