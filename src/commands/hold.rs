//! `hold`: a stop sign on an environment. What `unhold` shares with it is here too.

use jiff::Timestamp;

use super::change::{hosted, refused};
use crate::cli;
use crate::domain::failure::Failure;
use crate::domain::gate::{ChangeCommand, Fact, Gate, GateEvidence, authorize};
use crate::domain::hold::{Hold, HoldRequest};
use crate::domain::kind::NOT_BUILT;
use crate::domain::ledger::LONGEST_VALUE;
use crate::domain::outcome::Outcome;
use crate::domain::target::{Component, EnvironmentTarget};
use crate::domain::view::holds::{ChangedHolds, ComponentHolds, HoldChange};
use crate::evidence::{self, Approvals, AskedPlan, CommitHistory};
use crate::kinds::{self, driver};
use crate::observe::{Cloud, Configuration, Writable};
use crate::session::Session;

/// Puts a hold on the components asked for.
///
/// # Errors
///
/// Before anything was changed: the arguments or the configuration are not right, or a component cannot be looked at.
pub async fn run(session: &Session<'_>, arguments: &cli::HoldArguments) -> Result<ChangedHolds, Failure> {
    let (context, now) = (session.context, (session.clock)());
    // The person is known when AWS says so; a reason that never fits needs no call.
    wanted(&arguments.reason, "", now)?;
    let configuration = session.configuration()?;
    let target = target(session, &configuration, (&arguments.environment, &arguments.components))?;
    let identities = session.identities(&configuration);
    let cloud = Writable::enter(&identities, &target).await?;
    let wanted = wanted(&arguments.reason, context.provenance(&cloud.caller).author(), now)?;
    // All are looked at before one is changed.
    for component in &target.components {
        driver(component).holds(&cloud).await?;
    }
    let asking =
        HoldConfirmation { session, configuration: &configuration, target: &target, command: ChangeCommand::Hold };
    let evidence = asking.evidence(&cloud, None).await;
    let (environment, policy) = (target.environment.clone(), target.policy.clone());
    let request = HoldRequest { environment, place: target.place(), policy };
    let authorized = authorize(request, &evidence).map_err(|gates| refusal(&gates))?;
    let writer = cloud.open(authorized.permit());
    let mut components = Vec::new();
    for component in &target.components {
        let name = component.name.to_string();
        match driver(component).put_hold(writer, &wanted).await {
            Ok(holds) => components.push(ComponentHolds { name, lifted: Vec::new(), holds }),
            Err(failure) => {
                let reached = |holds: &[Hold]| holds.contains(&wanted);
                return Ok(not_all(&cloud, &target, HoldChange::Put, reached, components, failure).await);
            }
        }
    }
    Ok(ChangedHolds { change: HoldChange::Put, components, failure: None })
}

/// What a hold is put on or taken off: components that shipgate cannot change need none, and keep none from being put on the
/// others.
///
/// # Errors
///
/// `invalid`: the arguments or the configuration are not right, or no component is left.
pub fn target(
    session: &Session<'_>,
    configuration: &Configuration,
    (environment, components): (&str, &[String]),
) -> Result<EnvironmentTarget, Failure> {
    let mut target = configuration.services(session.context, environment, components)?;
    let can_be_planned = |component: &Component| driver(component).can_be_planned();
    if !components.is_empty() || !target.components.iter().any(can_be_planned) {
        kinds::can_be_planned("a hold", &target)?;
    }
    for left_out in target.components.extract_if(.., |component| !can_be_planned(component)) {
        let (name, kind) = (&left_out.name, left_out.kind.word());
        let why = format!("`{name}` has no holds: a change of `kind = \"{kind}\"` {NOT_BUILT}");
        session.events.warning(why, None);
    }
    Ok(target)
}

/// A change of a hold is confirmed like any other change.
pub struct HoldConfirmation<'a> {
    /// The run.
    pub session: &'a Session<'a>,
    /// The configuration.
    pub configuration: &'a Configuration,
    /// What is changed.
    pub target: &'a EnvironmentTarget,
    /// The command.
    pub command: ChangeCommand,
}

impl HoldConfirmation<'_> {
    /// What the gates look at. `asked`: the plan that people were asked about, where one is named.
    pub async fn evidence(&self, cloud: &Cloud, asked: Option<AskedPlan<'_>>) -> GateEvidence {
        self.gathered(cloud, true, asked).await
    }

    /// The same where it is only planned.
    pub async fn evidence_of_plan(&self, cloud: &Cloud) -> GateEvidence {
        self.gathered(cloud, false, None).await
    }

    async fn gathered(&self, cloud: &Cloud, is_made: bool, asked: Option<AskedPlan<'_>>) -> GateEvidence {
        let Self { session, configuration, target, command } = *self;
        let git = session.git(&configuration.directory);
        let hosted = hosted(session.context);
        let history = CommitHistory { git: &git, hosted: &hosted };
        let mut evidence = GateEvidence::new((session.clock)());
        let identity =
            evidence::identity(cloud, &history, session.context.repository(), (command, configuration)).await;
        evidence.identity = Fact::Is(identity);
        let approvals = Approvals {
            history: &history,
            source_url: session.context.source_url(),
            is_made,
            command,
            environment: &target.environment,
            policy: &target.policy,
        };
        approvals.add_to(&mut evidence, async || asked).await;
        evidence
    }
}

/// The failure where gates refuse: neither `hold` nor `unhold` has an exit code of its own for it.
pub fn refusal(gates: &[Gate]) -> Failure {
    Failure { outcome: Outcome::Invalid, ..refused(gates) }
}

/// The hold that a reason makes. `unhold` has the same room for its reason.
pub fn wanted(reason: &str, run: &str, now: Timestamp) -> Result<Hold, Failure> {
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

/// What is so after a failure: looked up, not assumed. `reached`: whether the holds of a component are as they should be.
pub async fn not_all(
    cloud: &Cloud,
    target: &EnvironmentTarget,
    change: HoldChange,
    reached: impl Fn(&[Hold]) -> bool,
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
        failure = failure.cause(format!("`{name}` {}", change.state(reached(&holds))));
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
