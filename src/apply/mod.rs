//! Carries out an authorized plan: images first, then the components in order. The only caller of mutating methods.

mod announce;
mod ended;
mod images;

use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::gate::Authorized;
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::plan::ImagePlan;
use crate::kinds::{Applied, BeforeChange, Planned, Run, WholePlan};
use ended::emit_end;

/// Carries out the plan, and returns the total outcome.
///
/// # Errors
///
/// The first failure. Components after it are skipped, those before it stay as they are.
pub async fn apply(run: &Run<'_>, plan: &Authorized<WholePlan>) -> Result<Outcome, Failure> {
    let plan = plan.plan();
    let images = images::make_known(run, plan).await?;
    let mut total = Total::default();
    let first = plan.components().position(|component| !component.is_empty());
    for (index, planned) in plan.components.iter().enumerate() {
        let before = BeforeChange((Some(index) == first).then_some(plan));
        let applied = apply_component(run, plan, planned.as_ref(), &images, before).await;
        if !total.add(&planned.plan().name, applied) {
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

/// Carries out the plan of a component; where something was not known yet, it is planned again first.
async fn apply_component(
    run: &Run<'_>,
    plan: &WholePlan,
    shown: &dyn Planned,
    images: &[ImagePlan],
    before: BeforeChange<'_>,
) -> Applied {
    let refined = match refine(shown, images) {
        Ok(refined) => refined,
        Err(failure) => return Applied { changed: false, result: Err(failure) },
    };
    let planned = refined.as_deref().unwrap_or(shown);
    let component = planned.plan();
    run.events.emit(Event::Refined { component: component.name.clone(), changes: component.changes.clone() });
    let applied = planned.apply(run, before).await;
    emit_end(run, &component.name, &applied.result, Some(component.released.clone()));
    // From the registration on, the ledger has the image.
    if applied.changed || component.is_empty() {
        announce::retire(run, plan, planned).await;
    }
    applied
}

/// The plan of a component with what is known now. Absent: all was known when it was shown.
fn refine(shown: &dyn Planned, images: &[ImagePlan]) -> Result<Option<Box<dyn Planned>>, Failure> {
    if shown.plan().is_known {
        return Ok(None);
    }
    let refined = shown.refine(images)?;
    if refined.plan().is_empty() != shown.plan().is_empty() {
        let name = &shown.plan().name;
        return Err(Failure::failed(format!(
            "what is known now contradicts the plan of component `{name}`: please report this as a bug"
        )));
    }
    Ok(Some(refined))
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
