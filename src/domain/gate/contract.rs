//! `contract`: the values of the environment fit what is declared of them.

use super::judgement::{GateJudgement, Unknown};
use super::policy::ContractPolicy;
use super::subject::GateSubject;
use crate::domain::check::{CheckFinding, Severity};
use crate::domain::contract::environment::ContractReport;
use crate::domain::names::ComponentName;

/// As many faults are named.
const NAMED: usize = 3;

/// Nothing that is declared is broken. Where the policy says so, what is broken is a warning of the plan.
pub(super) fn judge(subject: &GateSubject<'_>, held: &ContractReport) -> GateJudgement {
    let passes = subject.policy.contract == Some(ContractPolicy::Warning);
    let broken: Vec<&CheckFinding> =
        held.findings.all.iter().filter(|finding| finding.level == Severity::Error).collect();
    if let (Some(first), false) = (broken.first(), passes) {
        return GateJudgement::unsatisfied(named(&broken), &first.hint);
    }
    if let (Some((component, why, hint)), false) = (held.unknown.first(), passes) {
        let unknown = Unknown::new(format!("the values of {component} are not known: {why}"));
        return GateJudgement::unknown(&Unknown { hint: hint.clone(), ..unknown });
    }
    let warned = broken.len() + held.unknown.len();
    if warned > 0 {
        let faults =
            if warned == 1 { "1 fault is a warning".to_owned() } else { format!("{warned} faults are warnings") };
        return GateJudgement::satisfied(format!("{faults} here: `contract = \"warning\"`"));
    }
    GateJudgement::satisfied(fits(held))
}

/// The first faults, each with its rule.
fn named(broken: &[&CheckFinding]) -> String {
    first(broken.iter().map(|finding| format!("{} ({})", finding.message, finding.rule)))
}

/// The first of some texts, and how many more there are.
fn first(mut texts: impl ExactSizeIterator<Item = String>) -> String {
    let mut named: Vec<String> = texts.by_ref().take(NAMED).collect();
    if texts.len() > 0 {
        named.push(format!("and {} more", texts.len()));
    }
    named.join("; ")
}

fn fits(held: &ContractReport) -> String {
    let components: Vec<&str> = held.judged.iter().map(ComponentName::as_str).collect();
    let verb = if components.len() == 1 { "fit its" } else { "fit their" };
    let fits = format!("the values of {} {verb} contract", components.join(", "));
    let left_out = first(held.findings.left_out.iter().map(|left| format!("{} {}", left.what, left.why)));
    if left_out.is_empty() { fits } else { format!("{fits}; {left_out}") }
}
