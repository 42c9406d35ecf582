//! `hold` and `unhold`: stop signs on an environment.

use jiff::Timestamp;

use super::change::{hosted, refused};
use crate::cli;
use crate::domain::failure::Failure;
use crate::domain::gate::{Authorized, Command, Evidence, Known, authorize};
use crate::domain::hold::{self, Hold, HoldRequest};
use crate::domain::ledger::LONGEST_VALUE;
use crate::domain::outcome::Outcome;
use crate::domain::target::Target;
use crate::domain::view::holds::{ChangedHolds, ComponentHolds, HoldChange};
use crate::evidence::{self, Approvals, History};
use crate::kinds::driver;
use crate::observe::{Cloud, Configuration, Writable};
use crate::session::Session;

/// Puts a hold on the components asked for, or takes all holds off them.
///
/// # Errors
///
/// Before anything was changed: the arguments or the configuration are not right, or a component cannot be looked at.
pub async fn run(session: &Session<'_>, arguments: &cli::Hold, change: HoldChange) -> Result<ChangedHolds, Failure> {
    let (context, now) = (session.context, (session.clock)());
    // The person is known when AWS says so; a reason that never fits needs no call.
    wanted(&arguments.reason, "", now)?;
    let configuration = session.configuration()?;
    let target = configuration.services(context, &arguments.environment, &arguments.components)?;
    let identities = session.identities(&configuration);
    let cloud = Writable::enter(&identities, &target).await?;
    let wanted = wanted(&arguments.reason, context.provenance(&cloud.caller).author(), now)?;
    // All are looked at before one is changed.
    for component in &target.components {
        driver(component).holds(&cloud).await?;
    }
    let authorized = authorized(session, &configuration, &target, change, &cloud).await?;
    let writer = cloud.open(authorized.permit());
    let note = hold::lifted(&wanted.reason(), wanted.run.as_deref().unwrap_or_default(), now);
    let mut components = Vec::new();
    for component in &target.components {
        let name = component.name.to_string();
        let changed = match change {
            HoldChange::Put => {
                let seen = driver(component).put_hold(writer, &wanted).await;
                seen.map(|holds| ComponentHolds { name, lifted: Vec::new(), holds })
            }
            HoldChange::Lift => {
                let lifted = driver(component).lift_holds(writer, &note).await;
                lifted.map(|lifted| ComponentHolds { name, lifted, holds: Vec::new() })
            }
        };
        match changed {
            Ok(changed) => components.push(changed),
            Err(failure) => return Ok(not_all(&cloud, &target, change, &wanted, components, failure).await),
        }
    }
    Ok(ChangedHolds { change, components, failure: None })
}

/// Who puts a hold or takes one off is asked like whoever changes anything else.
async fn authorized(
    session: &Session<'_>,
    configuration: &Configuration,
    target: &Target,
    change: HoldChange,
    cloud: &Cloud,
) -> Result<Authorized<HoldRequest>, Failure> {
    let git = session.git(&configuration.directory);
    let hosted = hosted(session.context);
    let history = History { git: &git, hosted: &hosted };
    let mut evidence = Evidence::new((session.clock)());
    evidence.identity = Known::Is(evidence::identity(cloud, &history, session.context.repository()).await);
    let command = match change {
        HoldChange::Put => Command::Hold,
        HoldChange::Lift => Command::Unhold,
    };
    let approvals = Approvals {
        history: &history,
        source_url: session.context.source_url(),
        is_made: true,
        command,
        environment: &target.environment,
        policy: &target.policy,
    };
    approvals.add_to(&mut evidence, async || None).await;
    let (environment, policy) = (target.environment.clone(), target.policy.clone());
    let request = HoldRequest { command, environment, place: target.place(), policy };
    authorize(request, &evidence).map_err(|gates| Failure { outcome: Outcome::Invalid, ..refused(&gates) })
}

/// The hold that a reason makes. `unhold` has the same room for its reason.
fn wanted(reason: &str, run: &str, now: Timestamp) -> Result<Hold, Failure> {
    let hold = Hold::by_hand(reason.trim(), run, now).map_err(|excess| {
        Failure::invalid(format!("the reason is too long by {excess} character{}", if excess == 1 { "" } else { "s" }))
            .hint(format!(
                "shorten it: it is kept in a tag of {LONGEST_VALUE} characters beside the time and the run or person; what is \
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
    change: HoldChange,
    wanted: &Hold,
    done: Vec<ComponentHolds>,
    failure: Failure,
) -> ChangedHolds {
    let mut failure = failure;
    let mut components = Vec::new();
    let mut done = done.into_iter();
    for component in &target.components {
        let name = component.name.to_string();
        let lifted = done.next().map(|done| done.lifted).unwrap_or_default();
        let Ok(holds) = driver(component).holds(cloud).await else {
            failure = failure.cause(format!("whether `{name}` {} is unknown", change.state(true)));
            continue;
        };
        let reached = match change {
            HoldChange::Put => holds.contains(wanted),
            HoldChange::Lift => holds.is_empty(),
        };
        failure = failure.cause(format!("`{name}` {}", change.state(reached)));
        components.push(ComponentHolds { name, lifted, holds });
    }
    ChangedHolds { change, components, failure: Some(failure) }
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
