//! Carries out an authorized plan: images first, then the components in order. The only caller of mutating methods.

mod announce;
mod images;

use jiff::Timestamp;

use crate::clients::http::Http;
use crate::clients::process::Processes;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::gate::Authorized;
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{ComponentFacts, ComponentPlan, ImagePlan, Plan, plan_component};
use crate::domain::release::ReleaseName;
use crate::kinds;
use crate::observe::{Cloud, RegistryAccess};
use crate::report::journal::{Journal, Running};

/// What every part of carrying out a plan needs.
#[derive(Debug)]
pub struct Run<'a> {
    /// The facts of the invocation.
    pub context: &'a Context,
    /// AWS.
    pub cloud: &'a Cloud,
    /// The registry.
    pub access: &'a RegistryAccess,
    /// The registry that images are copied from, where any are.
    pub source: Option<&'a RegistryAccess>,
    /// Child processes.
    pub processes: &'a Processes,
    /// HTTP for probes.
    pub http: &'a Http,
    /// The record.
    pub journal: &'a Journal,
    /// The release.
    pub release: ReleaseName,
    /// What names this run in the ledger.
    pub name: String,
    /// Reads the wall clock.
    pub clock: fn() -> Timestamp,
}

impl Run<'_> {
    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// Carries out the plan. Each component's outcome is in the journal; the total is returned.
///
/// # Errors
///
/// The first failure. Components after it are skipped, those before it stay as they are.
pub async fn apply(
    run: &Run<'_>,
    plan: &Authorized<Plan>,
    facts: &[(ComponentName, ComponentFacts)],
) -> Result<Outcome, Failure> {
    let plan = plan.plan();
    let images = images::make_known(run, plan).await?;
    let mut outcomes = Vec::new();
    let mut unproven = None;
    for planned in &plan.components {
        match apply_component(run, plan, &planned.name, facts, &images).await {
            Ok(outcome) => outcomes.push(outcome),
            Err(failure) => {
                // Nothing is wrong with a component that nobody wants to run: the others go on.
                let failure = name_components(run, plan, &planned.name, failure);
                if failure.outcome != Outcome::Unproven {
                    return Err(failure);
                }
                unproven = unproven.or(Some(failure));
            }
        }
    }
    match unproven {
        Some(failure) => Err(failure),
        None => Ok(Outcome::worst(outcomes).unwrap_or(Outcome::Unchanged)),
    }
}

/// Says which of several components a failure is of, and which ones were changed before it and stay.
fn name_components(run: &Run<'_>, plan: &Plan, name: &ComponentName, mut failure: Failure) -> Failure {
    if plan.components.len() < 2 {
        return failure;
    }
    failure.reason = format!("{name}: {}", failure.reason);
    let record = run.journal.record();
    let before = record.components.iter().filter(|component| component.changed && component.name != *name);
    let before: Vec<String> = before.map(|component| component.name.to_string()).collect();
    if !before.is_empty() {
        failure.reason = format!("{}; changed before and left so: {}", failure.reason, before.join(", "));
    }
    failure
}

/// What a component's end means for its entry. `released`: what it runs if it came to run the release.
fn record_end(run: &Run<'_>, name: &ComponentName, result: &Result<Outcome, Failure>, released: Option<Running>) {
    run.journal.component(name, |component| {
        let outcome = match result {
            Ok(outcome) => *outcome,
            Err(failure) => {
                component.causes.clone_from(&failure.causes);
                failure.outcome
            }
        };
        component.outcome = Some(outcome);
        match outcome {
            Outcome::Deployed | Outcome::Unchanged | Outcome::Unproven => component.current = released,
            // Said by who saw it serve again, or what was seen before planning and is untouched.
            Outcome::RolledBack | Outcome::Failed | Outcome::Invalid | Outcome::Refused | Outcome::Planned => {}
            // What serves now was not verified, so it is not said.
            Outcome::Stale | Outcome::Broken | Outcome::Superseded | Outcome::TimedOut | Outcome::Interrupted => {
                component.current = None;
            }
        }
    });
}

/// Carries out the plan of a component; where its image was not known yet, it is planned again first.
async fn apply_component(
    run: &Run<'_>,
    plan: &Plan,
    name: &ComponentName,
    facts: &[(ComponentName, ComponentFacts)],
    images: &[ImagePlan],
) -> Result<Outcome, Failure> {
    let refined = refine(run, plan, name, facts, images)?;
    run.journal.component(name, |record| record.changes = refined.differences().0.to_vec());
    let result = kinds::apply(run, &refined).await;
    record_end(run, name, &result, Some(kinds::released(&refined, &run.release)));
    // From the registration on, the ledger has the image.
    let is_registered = run.journal.record().components.iter().any(|record| record.name == *name && record.changed);
    if is_registered || refined.is_empty() {
        let is_left = facts.iter().any(|(observed, facts)| observed == name && facts.announces(&run.release));
        announce::retire(run, plan, &refined, is_left).await;
    }
    result
}

fn refine(
    run: &Run<'_>,
    plan: &Plan,
    name: &ComponentName,
    facts: &[(ComponentName, ComponentFacts)],
    images: &[ImagePlan],
) -> Result<ComponentPlan, Failure> {
    let bug = |what: &str| Failure::failed(format!("{what} component `{name}`: please report this as a bug"));
    let shown = plan.components.iter().find(|shown| shown.name == *name).ok_or_else(|| bug("the plan lost"))?;
    if shown.is_known() {
        return Ok(shown.clone());
    }
    let component = plan.target.components.iter().find(|component| component.name == *name);
    let observed = facts.iter().find(|(observed, _)| observed == name);
    let (Some(component), Some((_, observed))) = (component, observed) else {
        return Err(bug("nothing was observed of"));
    };
    let refined = plan_component(component, observed, images, &run.release)?;
    if refined.is_empty() != shown.is_empty() {
        return Err(bug("what is known now contradicts the plan of"));
    }
    Ok(refined)
}
