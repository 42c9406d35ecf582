//! Every gate in every situation: what it says, why, and what would change that. `docs/gates/README.md` shows these cases.

mod ancestry;
mod approval;
mod calendar;
mod contract;
mod hold;
mod identity;
mod proven;
mod reuse;
mod soak;
mod statuses;

use super::*;

/// A gate in a situation.
#[derive(Debug, Clone)]
pub(super) struct GateCase {
    /// The gate.
    pub(super) gate: GateName,
    /// What is the case, in words.
    pub(super) situation: &'static str,
    /// What it is about, with the policy of its environment.
    pub(super) change: ProductionChange,
    /// What is known.
    pub(super) evidence: GateEvidence,
    /// What the gate says.
    pub(super) verdict: GateVerdict,
    /// Why.
    pub(super) reason: String,
    /// What would change that. Empty: nothing is said.
    pub(super) hint: String,
}

impl GateCase {
    /// Where all default gates are satisfied.
    fn new(gate: GateName, command: ChangeCommand, situation: &'static str) -> Self {
        let (verdict, reason, hint) = (GateVerdict::Satisfied, String::new(), String::new());
        Self { gate, situation, change: change(command), evidence: GateEvidence::sound(now()), verdict, reason, hint }
    }

    fn command(mut self, command: ChangeCommand) -> Self {
        self.change.command = command;
        self
    }

    fn policy(mut self, set: impl FnOnce(&mut GatePolicy)) -> Self {
        set(&mut self.change.policy);
        self
    }

    fn evidence(mut self, set: impl FnOnce(&mut GateEvidence)) -> Self {
        set(&mut self.evidence);
        self
    }

    fn says(self, verdict: GateVerdict, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { verdict, reason: reason.into(), hint: hint.into(), ..self }
    }

    fn satisfied(self, reason: impl Into<String>) -> Self {
        self.says(GateVerdict::Satisfied, reason, "")
    }

    fn unsatisfied(self, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        self.says(GateVerdict::Unsatisfied, reason, hint)
    }

    fn unknown(self, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        self.says(GateVerdict::Unknown, reason, hint)
    }

    fn pending(self, reason: impl Into<String>) -> Self {
        self.says(GateVerdict::Pending, reason, "")
    }
}

/// All cases, by gate.
pub(super) fn all() -> Vec<GateCase> {
    let each = [
        identity::cases(),
        hold::cases(),
        proven::cases(),
        soak::cases(),
        reuse::cases(),
        ancestry::branch_cases(),
        ancestry::forward_cases(),
        statuses::cases(),
        approval::protected_cases(),
        approval::approved_cases(),
        calendar::freeze_cases(),
        calendar::windows_cases(),
        contract::cases(),
    ];
    each.into_iter().flatten().collect()
}

#[test]
fn every_gate_says_in_every_situation_what_its_case_says() {
    for case in all() {
        let gate = found(&case.change, &case.evidence, case.gate);
        let said = (gate.verdict, gate.reason.as_str(), gate.hint.as_deref().unwrap_or_default());
        assert_eq!(said, (case.verdict, case.reason.as_str(), case.hint.as_str()), "{}: {}", case.gate, case.situation);
    }
}

#[test]
fn every_gate_has_cases_and_no_situation_twice() {
    let all = all();
    for gate in GateName::ALL {
        let cases: Vec<_> = all.iter().filter(|case| case.gate == gate).collect();
        for verdict in [GateVerdict::Satisfied, GateVerdict::Unsatisfied] {
            assert!(cases.iter().any(|case| case.verdict == verdict), "{gate} is never {}", verdict.as_str());
        }
        for (index, case) in cases.iter().enumerate() {
            assert!(cases[..index].iter().all(|other| other.situation != case.situation), "{gate}: {}", case.situation);
            assert!(case.verdict != GateVerdict::Unsatisfied || !case.hint.is_empty(), "{gate}: {}", case.situation);
        }
    }
}
