//! Carries out an authorized plan: images first, then the components in order. The only caller of mutating methods.

mod announce;
mod images;

use jiff::Timestamp;

use crate::clients::http::Http;
use crate::clients::process::Processes;
use crate::context::Context;
use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::gate::Authorized;
use crate::domain::names::{ComponentName, EnvironmentName};
use crate::domain::outcome::Outcome;
use crate::domain::plan::{ComponentFacts, ComponentPlan, ImagePlan, Plan, plan_component};
use crate::domain::release::ReleaseName;
use crate::domain::view::plan::Running;
use crate::events::Events;
use crate::kinds;
use crate::observe::{Cloud, RegistryAccess};

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
    /// Where what happens is emitted.
    pub events: &'a Events,
    /// The environment.
    pub environment: &'a EnvironmentName,
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

/// How a component ended.
#[derive(Debug)]
pub struct Applied {
    /// Whether anything that serves was changed, or may have been.
    pub changed: bool,
    /// Its outcome.
    pub result: Result<Outcome, Failure>,
}

/// Carries out the plan, and returns the total outcome.
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
    let mut total = Total::default();
    for planned in &plan.components {
        let applied = apply_component(run, plan, &planned.name, facts, &images).await;
        if !total.add(&planned.name, applied) {
            break;
        }
    }
    total.end(plan.components.len() > 1)
}

/// What several components come to.
#[derive(Debug, Default)]
struct Total {
    outcomes: Vec<Outcome>,
    changed: Vec<ComponentName>,
    /// The failure that counts, with its component and those that were changed before it.
    failure: Option<(ComponentName, Vec<ComponentName>, Failure)>,
}

impl Total {
    /// Adds how a component ended. Returns whether the next one is to be applied.
    fn add(&mut self, name: &ComponentName, Applied { changed, result }: Applied) -> bool {
        let before = self.changed.clone();
        if changed {
            self.changed.push(name.clone());
        }
        match result {
            Ok(outcome) => self.outcomes.push(outcome),
            Err(failure) => {
                // Nothing is wrong with a component that is meant to run nothing: the others go on.
                let goes_on = failure.outcome == Outcome::Unproven;
                if self.failure.is_none() || !goes_on {
                    self.failure = Some((name.clone(), before, failure));
                }
                return goes_on;
            }
        }
        true
    }

    /// The total. `names`: whether a failure names its component, and those that were changed before it and stay.
    fn end(self, names: bool) -> Result<Outcome, Failure> {
        match self.failure {
            None => Ok(Outcome::worst(self.outcomes).unwrap_or(Outcome::Unchanged)),
            Some((_, _, failure)) if !names => Err(failure),
            Some((name, before, mut failure)) => {
                failure.reason = format!("{name}: {}", failure.reason);
                if !before.is_empty() {
                    let before: Vec<&str> = before.iter().map(ComponentName::as_str).collect();
                    failure.reason = format!("{}; changed before and left so: {}", failure.reason, before.join(", "));
                }
                Err(failure)
            }
        }
    }
}

/// Emits how a component ended. `released`: what it runs if it runs the release now.
fn emit_end(run: &Run<'_>, name: &ComponentName, result: &Result<Outcome, Failure>, released: Option<Running>) {
    let (outcome, causes) = match result {
        Ok(outcome) => (*outcome, Vec::new()),
        Err(failure) => (failure.outcome, failure.causes.clone()),
    };
    run.events.emit(Event::ComponentEnded { component: name.clone(), outcome, causes, released });
}

/// Carries out the plan of a component; where its image was not known yet, it is planned again first.
async fn apply_component(
    run: &Run<'_>,
    plan: &Plan,
    name: &ComponentName,
    facts: &[(ComponentName, ComponentFacts)],
    images: &[ImagePlan],
) -> Applied {
    let refined = match refine(run, plan, name, facts, images) {
        Ok(refined) => refined,
        Err(failure) => return Applied { changed: false, result: Err(failure) },
    };
    run.events.emit(Event::Refined { component: name.clone(), changes: refined.differences().0.to_vec() });
    let applied = kinds::apply(run, &refined).await;
    emit_end(run, name, &applied.result, Some(kinds::released(&refined, &run.release)));
    // From the registration on, the ledger has the image.
    if applied.changed || refined.is_empty() {
        let is_left = facts.iter().any(|(observed, facts)| observed == name && facts.announces(&run.release));
        announce::retire(run, plan, &refined, is_left).await;
    }
    applied
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A component's name, whether it was changed, and its outcome.
    type End = (&'static str, bool, Outcome);

    /// The components that are applied, and what they come to.
    fn total(ends: &[End]) -> (usize, Result<Outcome, String>) {
        let mut total = Total::default();
        let mut applied = 0;
        for (name, changed, outcome) in ends {
            let is_good = matches!(outcome, Outcome::Deployed | Outcome::Unchanged);
            let result = if is_good { Ok(*outcome) } else { Err(Failure::new(*outcome, outcome.as_str())) };
            applied += 1;
            if !total.add(&name.parse().unwrap(), Applied { changed: *changed, result }) {
                break;
            }
        }
        (applied, total.end(ends.len() > 1).map_err(|failure| format!("{}: {}", failure.outcome, failure.reason)))
    }

    #[test]
    fn what_components_come_to() {
        use Outcome::{Broken, Deployed, Failed, RolledBack, Unchanged, Unproven};
        let failed = |reason: &str| Err(reason.to_owned());
        for (ends, applied, expected) in [
            (&[("backend", false, Unchanged)] as &[End], 1, Ok(Unchanged)),
            (&[("backend", true, Deployed), ("worker", false, Unchanged)], 2, Ok(Deployed)),
            (&[("backend", false, Failed)], 1, failed("failed: failed")),
            (&[("backend", false, Failed), ("worker", true, Deployed)], 1, failed("failed: backend: failed")),
            (
                &[("backend", true, Deployed), ("site", false, Unchanged), ("worker", true, RolledBack)],
                3,
                failed("rolled-back: worker: rolled-back; changed before and left so: backend"),
            ),
            // A component that is meant to run nothing stops nothing, and is what counts if nothing worse comes.
            (&[("backend", true, Unproven), ("worker", true, Deployed)], 2, failed("unproven: backend: unproven")),
            (
                &[("backend", true, Unproven), ("site", false, Unproven), ("worker", true, Broken)],
                3,
                failed("broken: worker: broken; changed before and left so: backend"),
            ),
            (&[("backend", true, Unproven), ("worker", true, Unproven)], 2, failed("unproven: backend: unproven")),
        ] {
            assert_eq!(total(ends), (applied, expected), "{ends:?}");
        }
        assert_eq!(total(&[]), (0, Ok(Unchanged)));
    }
}
