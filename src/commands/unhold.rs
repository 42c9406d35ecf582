//! `unhold` and `plan unhold`: takes every hold off that was seen, and no other.

use super::change::{ApprovedPlan, another_plan, approved_plan, expected_plan};
use super::hold::{HoldConfirmation, not_all, refusal, target, wanted};
use crate::cli;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::gate::{ChangeCommand, Fact, authorize, evaluate};
use crate::domain::hold::{self, Hold};
use crate::domain::outcome::Outcome;
use crate::domain::plan::{ExpectedPlan, HeldComponent, UnholdPlan};
use crate::domain::role::RolePurpose;
use crate::domain::target::EnvironmentTarget;
use crate::domain::view::holds::{ChangedHolds, ComponentHolds, HoldChange, PlannedUnhold};
use crate::evidence::AskedPlan;
use crate::kinds::driver;
use crate::observe::{self, Cloud, Configuration, Writable};
use crate::session::Session;

/// Shows which holds would be taken off, and whom the gates ask.
///
/// # Errors
///
/// The arguments or the configuration are not right, a component cannot be looked at, or the plan is not the expected one.
pub async fn plan(session: &Session<'_>, arguments: &cli::Unhold) -> Result<Outcome, Failure> {
    let UnholdRequest { reason, expected, configuration, target, .. } = UnholdRequest::read(session, arguments)?;
    let identities = session.identities(&configuration);
    let cloud = observe::cloud(&identities, &target, RolePurpose::Read).await?;
    let plan = UnholdPlan::new(&target, cloud.account.clone(), reason, held(&cloud, &target).await?);
    let asking =
        HoldConfirmation { session, configuration: &configuration, target: &target, command: ChangeCommand::Unhold };
    let gates = evaluate(&plan, &asking.evidence_of_plan(&cloud).await);
    session.events.emit(RunEvent::UnholdPlanned(Box::new(PlannedUnhold { plan: plan.clone(), gates })));
    is_expected(session, &plan, expected.as_ref())?;
    Ok(Outcome::Planned)
}

/// Takes all holds off the components asked for.
///
/// # Errors
///
/// Before anything was changed: as [`plan`], or a gate refuses.
pub async fn run(session: &Session<'_>, arguments: &cli::Unhold) -> Result<ChangedHolds, Failure> {
    let (context, now) = (session.context, (session.clock)());
    let UnholdRequest { reason, expected, approved, configuration, target } = UnholdRequest::read(session, arguments)?;
    let identities = session.identities(&configuration);
    let cloud = Writable::enter(&identities, &target).await?;
    let wanted = wanted(&arguments.reason, context.provenance(&cloud.caller).author(), now)?;
    // All are looked at before one is changed.
    let plan = UnholdPlan::new(&target, cloud.account.clone(), reason, held(&cloud, &target).await?);
    is_expected(session, &plan, expected.as_ref())?;
    let asked = approved.as_ref().map(|approved| AskedPlan {
        run: approved.run,
        digest: &approved.digest,
        trusted: target.workflows.clone(),
        configuration: &configuration,
        // The document has the holds with the time of each. Once they are off, no plan has this digest again.
        carried_out: Fact::Is(Vec::new()),
    });
    let asking =
        HoldConfirmation { session, configuration: &configuration, target: &target, command: ChangeCommand::Unhold };
    let evidence = asking.evidence(&cloud, asked).await;
    let authorized = authorize(plan, &evidence).map_err(|gates| refusal(&gates))?;
    let writer = cloud.open(authorized.permit());
    let note = hold::lifted(&wanted.reason(), wanted.run.as_deref().unwrap_or_default(), now);
    let mut components = Vec::new();
    for (component, planned) in target.components.iter().zip(&authorized.change().components) {
        let name = component.name.to_string();
        match driver(component).lift_holds(writer, &planned.holds, &note).await {
            Ok(lifted) => components.push(ComponentHolds { name, lifted, holds: Vec::new() }),
            Err(failure) => {
                let change = HoldChange::Lift;
                return Ok(not_all(&cloud, &target, change, <[Hold]>::is_empty, components, failure).await);
            }
        }
    }
    Ok(ChangedHolds { change: HoldChange::Lift, components, failure: None })
}

/// What is asked for, as far as it is known without AWS.
struct UnholdRequest {
    /// Why, neutral.
    reason: String,
    expected: Option<ExpectedPlan>,
    approved: Option<ApprovedPlan>,
    configuration: Configuration,
    target: EnvironmentTarget,
}

impl UnholdRequest {
    fn read(session: &Session<'_>, arguments: &cli::Unhold) -> Result<Self, Failure> {
        // The person is known when AWS says so; a reason that never fits needs no call.
        let reason = wanted(&arguments.reason, "", (session.clock)())?.reason();
        let expected = arguments.expect_plan.as_deref().map(expected_plan).transpose()?;
        let approved = approved_plan(expected.as_ref(), arguments.plan_run)?;
        let configuration = session.configuration()?;
        let target = target(session, &configuration, (&arguments.environment, &arguments.components))?;
        Ok(Self { reason, expected, approved, configuration, target })
    }
}

/// The components with all that would be taken off.
async fn held(cloud: &Cloud, target: &EnvironmentTarget) -> Result<Vec<HeldComponent>, Failure> {
    let mut components = Vec::new();
    for component in &target.components {
        let holds = driver(component).holds_to_lift(cloud).await?;
        let (name, place) = (component.name.clone(), component.kind.place());
        components.push(HeldComponent { name, kind: component.kind.word(), place, holds });
    }
    Ok(components)
}

/// Whether the plan is the one that was shown, where one is named. Otherwise it is `stale`, which `unhold` has no exit code
/// of its own for.
fn is_expected(session: &Session<'_>, plan: &UnholdPlan, expected: Option<&ExpectedPlan>) -> Result<(), Failure> {
    let now = plan.digest();
    let Some(expected) = expected.filter(|expected| !expected.is(&now)) else { return Ok(()) };
    let otherwise = format!("{} has other holds, or another configuration, than when it was planned", plan.place);
    let moved = |shown: &str| plan.moved_since(shown);
    Err(another_plan(session.context, Outcome::Invalid, (&now, expected), moved, otherwise))
}
