//! Gates: conditions on a change. All that a command's table names are evaluated over what is known, and
//! [`authorize`] is the only way to a plan that may be carried out.

mod ancestry;
mod approval;
pub mod calendar;
mod contract;
mod duration;
mod evidence;
mod hold;
mod identity;
mod judgement;
mod name;
mod policy;
mod proven;
mod reported;
mod reuse;
mod soak;
mod status_wait;
mod statuses;
mod subject;

use std::marker::PhantomData;

pub use ancestry::{BranchReach, CommitRelation, Reach};
pub use approval::{
    AllowedBranches, Approval, ApprovalEvidence, ApprovalRun, GitHubLogin, PlanRun, Protection, ProtectionEvidence,
    Review, ReviewEvidence, ReviewState, SecondPerson, SecondPersonEvidence, approval_title, counted,
};
pub use evidence::GateEvidence;
pub use hold::HoldEvidence;
pub use identity::IdentityEvidence;
use judgement::GateJudgement;
pub use judgement::{Fact, Gate, GateVerdict, Unknown};
pub use name::GateName;
pub use policy::{BranchPattern, ChangeCommand, ContractPolicy, GateOverride, GatePolicy, StatusPolicy};
pub use proven::{SourceProof, unproven};
pub use reported::{Reported, named_statuses};
pub use soak::Soaked;
pub use status_wait::{StatusPoll, StatusWait, awaits_statuses};
pub use statuses::StatusesEvidence;
#[cfg(test)]
pub use statuses::{NamedStatus, StatusState};
pub use subject::{GateSubject, Gated};

/// Evaluates every gate of the table for a change, in the table's order.
pub fn evaluate(change: &impl Gated, evidence: &GateEvidence) -> Vec<Gate> {
    let subject = change.subject();
    let gates = GateName::ALL.into_iter().filter(|name| subject.policy.is_evaluated(*name, subject.command));
    gates.map(|name| gate(name, &subject, evidence)).collect()
}

fn gate(name: GateName, subject: &GateSubject<'_>, evidence: &GateEvidence) -> Gate {
    let GateJudgement { verdict, reason, hint } = judge(name, subject, evidence);
    let wanted = subject.overrides.iter().find(|wanted| wanted.gate == name);
    let is_allowed = subject.policy.lets_override(name);
    let overridden =
        wanted.filter(|_| is_allowed && verdict != GateVerdict::Satisfied).map(|wanted| wanted.reason.clone());
    let is_configured = subject.policy.is_configured(name, subject.command);
    Gate { name, verdict, reason, hint, is_configured, overridden }
}

fn judge(name: GateName, subject: &GateSubject<'_>, evidence: &GateEvidence) -> GateJudgement {
    match name {
        GateName::Identity => evidence.identity.judged(|seen| identity::judge(subject, seen)),
        GateName::Hold => evidence.holds.judged(|seen| hold::judge(subject, seen, evidence.changes_nothing)),
        GateName::Proven => evidence.proof.judged(proven::judge),
        GateName::Soak => evidence.soak.judged(|seen| soak::judge(subject, seen, evidence.now)),
        GateName::Reuse => evidence.reused.judged(|seen| reuse::judge(seen, evidence.changes_nothing)),
        GateName::Branch => evidence.reach.judged(|seen| ancestry::branch(subject, seen)),
        GateName::Forward => evidence.standings.judged(|seen| ancestry::forward(subject, seen)),
        GateName::Statuses => evidence.statuses.judged(|seen| statuses::judge(subject, seen)),
        GateName::Protected => evidence.protection.judged(|seen| approval::protected(subject, seen)),
        GateName::Approved => evidence.approval.judged(|seen| approval::approved(subject, seen)),
        GateName::Freeze => calendar::freeze(&subject.policy.freeze, evidence.now),
        GateName::Windows => calendar::windows(&subject.policy.windows, evidence.now),
        GateName::Contract => evidence.contract.judged(|held| contract::judge(subject, held)),
    }
}

/// A change that every gate has let through. [`authorize`] alone makes one, and nothing else is carried out.
#[derive(Debug)]
pub struct Authorized<P> {
    change: P,
    gates: Vec<Gate>,
    approvers: Vec<String>,
}

impl<P> Authorized<P> {
    /// The change.
    pub fn change(&self) -> &P {
        &self.change
    }

    /// The gates that have let it through, or that somebody overrides.
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// Those whose approval counts, by name.
    pub fn approvers(&self) -> &[String] {
        &self.approvers
    }

    /// What opens a client that writes.
    pub fn permit(&self) -> Permit<'_> {
        Permit { _authorized: PhantomData }
    }
}

/// Proof that gates have let a change through, for as long as that is at hand.
#[derive(Debug, Clone, Copy)]
pub struct Permit<'a> {
    _authorized: PhantomData<&'a ()>,
}

#[cfg(test)]
impl Permit<'static> {
    /// For tests of what writes.
    pub fn of_test() -> Self {
        Self { _authorized: PhantomData }
    }
}

/// Lets a change through, or returns the gates that refuse it.
///
/// # Errors
///
/// The refusing gates, in order, at least one.
pub fn authorize<P: Gated>(change: P, evidence: &GateEvidence) -> Result<Authorized<P>, Vec<Gate>> {
    let mut gates = evaluate(&change, evidence);
    if !gates.iter().any(Gate::refuses) {
        let approvers = match &evidence.approval {
            Fact::Is(seen) => approval::approvers(&change.subject(), seen),
            Fact::Unknown(_) => Vec::new(),
        };
        return Ok(Authorized { change, gates, approvers });
    }
    gates.retain(Gate::refuses);
    Err(gates)
}

#[cfg(test)]
mod tests;
