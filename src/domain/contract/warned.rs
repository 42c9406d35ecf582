//! What a plan warns of for its contracts.

use super::environment::ContractReport;
use crate::domain::check::Severity;
use crate::domain::plan::PlanWarning;

/// What is no error; and where nothing is refused for a contract (`passes`), the errors and what is not known.
pub fn warnings(held: &ContractReport, passes: bool) -> Vec<PlanWarning> {
    let is_warned = |level: Severity| level == Severity::Warning || (level == Severity::Error && passes);
    let warned = held.findings.all.iter().filter(|finding| is_warned(finding.level));
    let warned = warned.map(|finding| PlanWarning {
        text: format!("{} ({})", finding.message, finding.rule),
        changes: Vec::new(),
        hint: Some(finding.hint.clone()),
    });
    let unknown = held.unknown.iter().filter(|_| passes).map(|(component, why, hint)| PlanWarning {
        text: format!("the values of {component} are not held against their contract: {why}"),
        changes: Vec::new(),
        hint: hint.clone(),
    });
    warned.chain(unknown).collect()
}
