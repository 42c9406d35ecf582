//! Gates: conditions on a change. All that a command's table names are evaluated over what is known, and
//! [`authorize`] is the only way to a plan that may be carried out.

mod ancestry;
pub mod calendar;
mod evidence;
mod hold;
mod identity;
mod policy;
mod proven;
mod reuse;
mod soak;
mod statuses;

use std::fmt;

use jiff::Timestamp;

use super::names::EnvironmentName;
use super::release::ReleaseName;

pub use ancestry::{BranchReach, Reach, Standing};
pub use evidence::{Evidence, Known, Unknown};
pub use hold::HoldEvidence;
pub use identity::IdentityEvidence;
pub use policy::{Approval, BranchPattern, Command, GateName, GatePolicy, Override, StatusPolicy, all_gates};
pub use proven::{Proof, unproven};
pub use soak::Soaked;
pub use statuses::{NamedStatus, StatusState, StatusesEvidence};

/// What a gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The condition holds.
    Satisfied,
    /// It does not.
    Unsatisfied,
    /// The evidence is missing, which refuses like a no.
    Unknown,
    /// It can only be decided when the change is made.
    Pending,
}

impl Verdict {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Unsatisfied => "unsatisfied",
            Self::Unknown => "unknown",
            Self::Pending => "pending",
        }
    }
}

/// A gate with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Which one.
    pub name: GateName,
    /// What it says.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// What would change that.
    pub hint: Option<String>,
    /// Whether the configuration has something to say of it.
    pub is_configured: bool,
    /// Why somebody overrides it, in their words, neutral.
    pub overridden: Option<String>,
}

impl Gate {
    /// Whether the change is refused because of it.
    pub fn refuses(&self) -> bool {
        self.verdict != Verdict::Satisfied && self.overridden.is_none()
    }

    /// Whether it refuses now and waiting for the change itself cannot help.
    pub fn refuses_already(&self) -> bool {
        self.refuses() && self.verdict != Verdict::Pending
    }

    /// Whether people see it without asking for all: it is configured, refuses, or is overridden.
    pub fn is_shown(&self) -> bool {
        self.is_configured || self.verdict != Verdict::Satisfied || self.overridden.is_some()
    }
}

/// A verdict with its reason, before it is known whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Judgement {
    verdict: Verdict,
    reason: String,
    hint: Option<String>,
}

impl Judgement {
    fn satisfied(reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Satisfied, reason: reason.into(), hint: None }
    }

    fn unsatisfied(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unsatisfied, reason: reason.into(), hint: Some(hint.into()) }
    }

    fn unknown(unknown: &Unknown) -> Self {
        Self { verdict: Verdict::Unknown, reason: unknown.reason.clone(), hint: unknown.hint.clone() }
    }
}

/// What a change is about, for whoever judges it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The command.
    pub command: Command,
    /// The environment that is changed.
    pub environment: &'a EnvironmentName,
    /// The release. `None`: the change is about none, as a hold is.
    pub release: Option<&'a ReleaseName>,
    /// What is changed, in words: the environment, or some of its components.
    pub place: &'a str,
    /// The environment's policy.
    pub policy: &'a GatePolicy,
    /// The gates that somebody overrides.
    pub overrides: &'a [Override],
}

/// Something that changes AWS, and is let through by gates.
pub trait Gated {
    /// What it is about.
    fn subject(&self) -> Subject<'_>;
}

/// Evaluates every gate of the table for a change, in the table's order.
pub fn evaluate(change: &impl Gated, evidence: &Evidence) -> Vec<Gate> {
    let subject = change.subject();
    let gates = all_gates().filter(|name| subject.policy.is_evaluated(*name, subject.command));
    gates.map(|name| gate(name, &subject, evidence)).collect()
}

fn gate(name: GateName, subject: &Subject<'_>, evidence: &Evidence) -> Gate {
    let Judgement { verdict, reason, hint } = judge(name, subject, evidence);
    let wanted = subject.overrides.iter().find(|wanted| wanted.gate == name);
    let is_allowed = name.may_be_overridden() && subject.policy.overridable.contains(&name);
    let overridden = wanted.filter(|_| is_allowed && verdict != Verdict::Satisfied).map(|wanted| wanted.reason.clone());
    let is_configured = subject.policy.is_configured(name, subject.command);
    Gate { name, verdict, reason, hint, is_configured, overridden }
}

fn judge(name: GateName, subject: &Subject<'_>, evidence: &Evidence) -> Judgement {
    match name {
        GateName::Identity => evidence.identity.judged(|seen| identity::judge(subject, seen)),
        GateName::Hold => evidence.holds.judged(|seen| hold::judge(subject, seen, evidence.changes_nothing)),
        GateName::Proven => evidence.proof.judged(proven::judge),
        GateName::Soak => evidence.soak.judged(|seen| soak::judge(subject, seen, evidence.now)),
        GateName::Reuse => evidence.reused.judged(|seen| reuse::judge(seen, evidence.changes_nothing)),
        GateName::Branch => evidence.reach.judged(|seen| ancestry::branch(subject, seen)),
        GateName::Forward => evidence.standings.judged(|seen| ancestry::forward(subject, seen)),
        GateName::Statuses => evidence.statuses.judged(|seen| statuses::judge(subject, seen)),
        GateName::Freeze => calendar::freeze(&subject.policy.freeze, evidence.now),
        GateName::Windows => calendar::windows(&subject.policy.windows, evidence.now),
    }
}

/// A change that every gate has let through. [`authorize`] alone makes one, and nothing else is carried out.
#[derive(Debug)]
pub struct Authorized<P> {
    change: P,
    at: Timestamp,
}

impl<P> Authorized<P> {
    /// The change.
    pub fn change(&self) -> &P {
        &self.change
    }

    /// When the gates were asked.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// What opens a client that writes.
    pub fn permit(&self) -> Permit<'_> {
        Permit { at: &self.at }
    }
}

/// Proof that gates have let a change through, for as long as that is at hand.
#[derive(Clone, Copy)]
pub struct Permit<'a> {
    at: &'a Timestamp,
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Permit({})", self.at)
    }
}

/// Lets a change through, or returns the gates that refuse it.
///
/// # Errors
///
/// The refusing gates, in order, at least one.
pub fn authorize<P: Gated>(change: P, evidence: &Evidence) -> Result<Authorized<P>, Vec<Gate>> {
    let mut gates = evaluate(&change, evidence);
    gates.retain(Gate::refuses);
    if gates.is_empty() { Ok(Authorized { change, at: evidence.now }) } else { Err(gates) }
}

#[cfg(test)]
mod tests;
