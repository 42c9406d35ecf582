//! `hold` and `unhold`: stop signs on an environment.

use jiff::Timestamp;

use crate::cli;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::hold::{self, Hold};
use crate::domain::ledger::LONGEST_VALUE;
use crate::domain::role::Access;
use crate::domain::target::Target;
use crate::kinds;
use crate::observe::{self, Cloud, Configuration, Identities};

/// What is done with the holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// One is put there.
    Put,
    /// All are taken off.
    Lift,
}

impl Change {
    /// The command.
    pub fn command(self) -> &'static str {
        match self {
            Self::Put => "hold",
            Self::Lift => "unhold",
        }
    }

    /// The state that is wanted, as far as it was reached.
    fn state(self, reached: bool) -> &'static str {
        match (self, reached) {
            (Self::Put, true) => "has the hold",
            (Self::Put, false) => "does not have the hold",
            (Self::Lift, true) => "has no hold",
            (Self::Lift, false) => "still has a hold",
        }
    }
}

/// How the command ended.
#[derive(Debug)]
pub struct Changed {
    /// The components that could be looked at afterwards, in the order of the file.
    pub components: Vec<ComponentHolds>,
    /// Why not all of them are as they should be.
    pub failure: Option<Failure>,
}

/// The holds on a component.
#[derive(Debug)]
pub struct ComponentHolds {
    /// The component.
    pub name: String,
    /// What was taken off.
    pub lifted: Vec<Hold>,
    /// What is there afterwards.
    pub holds: Vec<Hold>,
}

/// Puts a hold on the components asked for, or takes all holds off them.
///
/// # Errors
///
/// Before anything was changed: the arguments or the configuration are not right, or a component cannot be looked at.
pub async fn run(
    context: &Context,
    global: &cli::Global,
    arguments: &cli::Hold,
    change: Change,
    now: Timestamp,
) -> Result<Changed, Failure> {
    let wanted = wanted(&arguments.reason, &context.run_name(), now)?;
    let configuration = Configuration::load(context, global.config.as_deref())?;
    let target = configuration.services(context, &arguments.environment, &arguments.components)?;
    let identities = Identities::new(context, &configuration.directory);
    let cloud = observe::cloud(&identities, &target, Access::Change).await?;
    // All are looked at before one is changed.
    for component in &target.components {
        kinds::holds(&cloud, component).await?;
    }
    let note = hold::lifted(&wanted.reason(), wanted.run.as_deref().unwrap_or_default(), now);
    let mut components = Vec::new();
    for component in &target.components {
        let name = component.name.to_string();
        let changed = match change {
            Change::Put => {
                let seen = kinds::put_hold(&cloud, component, &wanted).await;
                seen.map(|holds| ComponentHolds { name, lifted: Vec::new(), holds })
            }
            Change::Lift => {
                let lifted = kinds::lift_holds(&cloud, component, &note).await;
                lifted.map(|lifted| ComponentHolds { name, lifted, holds: Vec::new() })
            }
        };
        match changed {
            Ok(changed) => components.push(changed),
            Err(failure) => return Ok(not_all(&cloud, &target, change, &wanted, components, failure).await),
        }
    }
    Ok(Changed { components, failure: None })
}

/// The hold that a reason makes. `unhold` has the same room for its reason.
fn wanted(reason: &str, run: &str, now: Timestamp) -> Result<Hold, Failure> {
    let hold = Hold::by_hand(reason.trim(), run, now).map_err(|excess| {
        Failure::invalid(format!("the reason is too long by {excess} character{}", if excess == 1 { "" } else { "s" }))
            .hint(format!(
                "shorten it: it is kept in a tag of {LONGEST_VALUE} characters beside the time and the run; what is \
                 not a letter from a to z, a digit, a space or one of `_.:/+-@` takes three or more of them"
            ))
    })?;
    if hold.reason().is_empty() {
        return Err(Failure::invalid("the reason is empty").hint("say why: --reason TEXT"));
    }
    Ok(hold)
}

/// What is so after a failure: looked up, not assumed.
async fn not_all(
    cloud: &Cloud,
    target: &Target,
    change: Change,
    wanted: &Hold,
    done: Vec<ComponentHolds>,
    failure: Failure,
) -> Changed {
    let mut failure = failure;
    let mut components = Vec::new();
    let mut done = done.into_iter();
    for component in &target.components {
        let name = component.name.to_string();
        let lifted = done.next().map(|done| done.lifted).unwrap_or_default();
        let Ok(holds) = kinds::holds(cloud, component).await else {
            failure = failure.cause(format!("whether `{name}` {} is unknown", change.state(true)));
            continue;
        };
        let reached = match change {
            Change::Put => holds.contains(wanted),
            Change::Lift => holds.is_empty(),
        };
        failure = failure.cause(format!("`{name}` {}", change.state(reached)));
        components.push(ComponentHolds { name, lifted, holds });
    }
    Changed { components, failure: Some(failure) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T04:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_reason_is_needed_and_has_to_fit() {
        assert_eq!(wanted("  carts fail\n", "local", now()).unwrap().reason(), "carts fail");
        for empty in ["", " ", "\n\t", "\u{1b}[31m\u{1b}[0m"] {
            assert_eq!(wanted(empty, "local", now()).unwrap_err().reason, "the reason is empty", "{empty:?}");
        }
        // 256 less `2026-11-21T04:00:00Z local `.
        let room = 256 - 27;
        assert!(wanted(&"x".repeat(room), "local", now()).is_ok());
        for (reason, message) in [
            ("x".repeat(room + 1), "the reason is too long by 1 character"),
            ("x".repeat(room + 30), "the reason is too long by 30 characters"),
            (format!("{}ä", "x".repeat(room)), "the reason is too long by 6 characters"),
        ] {
            assert_eq!(wanted(&reason, "local", now()).unwrap_err().reason, message);
        }
    }
}
