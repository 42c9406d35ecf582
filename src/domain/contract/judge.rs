//! Compares what is set with what is declared. Texts name variables, environments and rules, and never a value.

use super::declared::{Contract, Declared};
use super::values::{Content, Value, Values};
use crate::domain::check::{Finding, Findings, Rule};
use crate::domain::names::{AccountId, ComponentName, EnvironmentName, Region};
use secrecy::ExposeSecret as _;

/// What is judged: the values of a component in an environment, and what they are compared with.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The component.
    pub component: &'a ComponentName,
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// Its account, where it is known.
    pub account: Option<&'a AccountId>,
    /// Its region.
    pub region: &'a Region,
    /// The environment that its releases come from.
    pub source: Option<&'a EnvironmentName>,
    /// The environments that it shares something with on purpose, whichever of the two says so.
    pub shares_with: &'a [EnvironmentName],
    /// Whether such a component takes its secrets as references.
    pub has_references: bool,
    /// What is set.
    pub values: &'a Values,
    /// What is set in the other environments, or why that is not known.
    pub others: &'a [(EnvironmentName, Result<Values, String>)],
    /// The configuration file, for places.
    pub file: &'a str,
}

/// Judges a component in an environment. In `left_out` is what was not compared, which is no fault.
pub fn judge(contract: &Contract, seen: &Seen<'_>) -> Findings {
    let mut findings = Findings::default();
    for declared in &contract.declared {
        if declared.rules.required.is_in(seen.environment) && set(seen.values, &declared.name).is_none() {
            let message = format!("`{}` of {} is not set in {}", declared.name, seen.component, seen.environment);
            let hint = format!("set `{}` there, or change its `required`", declared.name);
            findings.found(Finding::new(Rule::ContractRequired, message, hint).in_file(seen.file, declared.place));
        }
    }
    findings
}

/// Judges a literal value that stands in a file of the repository. Each fault: the rule, what is wrong, and what to do.
pub fn judge_committed(
    contract: &Contract,
    name: &str,
    value: &str,
    environment: Option<&EnvironmentName>,
) -> Vec<(Rule, String, String)> {
    let Some(Declared { rules, .. }) = contract.get(name) else { return Vec::new() };
    let place = environment.map_or_else(String::new, |environment| format!(" in {environment}"));
    if rules.matches.as_ref().is_some_and(|pattern| !value.is_empty() && !pattern.is_in(value)) {
        let message = format!("the value of `{name}`{place} does not match its pattern");
        return vec![(Rule::ContractMatches, message, "correct the value".to_owned())];
    }
    Vec::new()
}

/// What is set. An empty text is nothing.
fn set<'v>(values: &'v Values, name: &str) -> Option<&'v Value> {
    values.0.get(name).filter(|value| match &value.content {
        Content::Plain(text) | Content::Reference(text) => !text.expose_secret().is_empty(),
    })
}
