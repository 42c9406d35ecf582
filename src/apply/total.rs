//! What the parts of a run come to.

use crate::domain::failure::Failure;
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::kinds::Applied;

/// How a part of the run ended whose turn came.
#[derive(Debug)]
pub enum PartEnd {
    /// A component.
    Component {
        /// Its name.
        name: ComponentName,
        /// How.
        applied: Applied,
    },
    /// The holds on a component could not be put.
    Hold {
        /// Its name.
        component: ComponentName,
        /// Why.
        failure: Failure,
    },
    /// A component was prepared and not changed, because something else failed.
    GivenUp(Outcome),
}

/// The total: the worst of the outcomes. `names`: whether a failure names its component, and the others that were changed.
///
/// # Errors
///
/// The worst failure, with the others as causes.
pub fn total(ends: impl IntoIterator<Item = PartEnd>, names: bool) -> Result<Outcome, Failure> {
    let (mut outcomes, mut changed, mut failures, mut given_up) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for end in ends {
        match end {
            PartEnd::Component { name, applied: Applied { result: Ok(outcome), changed: is_changed } } => {
                outcomes.push(outcome);
                changed.extend(is_changed.then(|| name.to_string()));
            }
            PartEnd::Component { name, applied: Applied { result: Err(failure), .. } } => {
                failures.push((name.to_string(), failure));
            }
            PartEnd::Hold { component, failure } => failures.push((format!("hold {component}"), failure)),
            PartEnd::GivenUp(outcome) => given_up.push(outcome),
        }
    }
    let worst = Outcome::worst(failures.iter().map(|(_, failure)| failure.outcome));
    let Some(place) = failures.iter().position(|(_, failure)| Some(failure.outcome) == worst) else {
        return Ok(Outcome::worst(outcomes).unwrap_or(Outcome::Unchanged));
    };
    let (name, mut failure) = failures.swap_remove(place);
    failure.outcome = Outcome::worst(given_up.into_iter().chain([failure.outcome])).unwrap_or(failure.outcome);
    if names {
        failure.reason = format!("{name}: {}", failure.reason);
        if !changed.is_empty() {
            failure.reason = format!("{}; also changed, and left so: {}", failure.reason, changed.join(", "));
        }
    }
    failures.sort_by(|one, other| one.0.cmp(&other.0));
    Err(failures
        .into_iter()
        .fold(failure, |failure, (name, other)| failure.cause(format!("{name}: {}: {}", other.outcome, other.brief()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component's name, whether it was changed, and its outcome.
    type ComponentEnd = (&'static str, bool, Outcome);

    fn came_to(ends: &[ComponentEnd]) -> Result<Outcome, (String, Vec<String>)> {
        let ended = ends.iter().map(|(name, changed, outcome)| {
            let is_good = matches!(outcome, Outcome::Deployed | Outcome::Unchanged);
            let result = if is_good { Ok(*outcome) } else { Err(Failure::new(*outcome, "why")) };
            PartEnd::Component { name: name.parse().unwrap(), applied: Applied { changed: *changed, result } }
        });
        total(ended, ends.len() > 1).map_err(|failure| {
            let causes = failure.causes.iter().map(ToString::to_string).collect();
            (format!("{}: {}", failure.outcome, failure.reason), causes)
        })
    }

    #[test]
    fn the_worst_counts_and_the_others_are_named() {
        use Outcome::{Broken, Deployed, Failed, RolledBack, Unchanged, Unproven};
        for (ends, expected) in [
            (&[] as &[ComponentEnd], Ok(Unchanged)),
            (&[("backend", false, Unchanged)], Ok(Unchanged)),
            (&[("backend", true, Deployed), ("worker", false, Unchanged)], Ok(Deployed)),
            (&[("backend", false, Failed)], Err(("failed: why", &[] as &[&str]))),
            (
                &[("backend", true, Deployed), ("site", false, Unchanged), ("worker", true, RolledBack)],
                Err(("rolled-back: worker: why; also changed, and left so: backend", &[])),
            ),
            (
                &[("backend", true, RolledBack), ("worker", true, Broken), ("site", false, Failed)],
                Err(("broken: worker: why", &["backend: rolled-back: why", "site: failed: why"])),
            ),
            // A component that is meant to run nothing is what counts if nothing worse comes.
            (
                &[("backend", true, Unproven), ("worker", true, Deployed)],
                Err(("unproven: backend: why; also changed, and left so: worker", &[])),
            ),
            (
                &[("backend", true, Unproven), ("worker", true, Unproven)],
                Err(("unproven: backend: why", &["worker: unproven: why"])),
            ),
        ] {
            let expected = expected.map_err(|(reason, causes)| {
                (reason.to_owned(), causes.iter().map(|cause| (*cause).to_owned()).collect::<Vec<_>>())
            });
            assert_eq!(came_to(ends), expected, "{ends:?}");
        }
    }

    #[test]
    fn what_was_given_up_counts_and_is_not_why() {
        let applied = Applied { changed: false, result: Err(Failure::new(Outcome::Stale, "moved")) };
        let stale = PartEnd::Component { name: "backend".parse().unwrap(), applied };
        let failure = total([PartEnd::GivenUp(Outcome::Failed), stale], true).unwrap_err();
        assert_eq!((failure.outcome, failure.reason.as_str()), (Outcome::Failed, "backend: moved"));
    }

    #[test]
    fn a_hold_that_cannot_be_put_is_named_as_one() {
        let hold = PartEnd::Hold { component: "worker".parse().unwrap(), failure: Failure::failed("denied") };
        assert_eq!(total([hold], true).unwrap_err().reason, "hold worker: denied");
    }
}
