//! The contracts of what the configuration and the files of the repository set themselves: that needs no AWS.

use super::files::beside;
use crate::domain::check::outline::Outline;
use crate::domain::check::{Findings, Rule};
use crate::domain::contract::environment::{EnvironmentValues, hold, shares};
use crate::domain::contract::{OtherEnvironment, WrittenValues};
use crate::domain::names::ComponentName;
use crate::domain::target::{Component, EnvironmentTarget};
use crate::kinds::driver;
use crate::observe::Checkout;

/// What is found of a value at the place where it is in a file, and not once more at its declaration.
const FOUND_IN_FILES: [Rule; 6] = [
    Rule::ContractMatches,
    Rule::ContractOneOf,
    Rule::ContractUrl,
    Rule::ContractSecret,
    Rule::ContractPlaceholder,
    Rule::ContractClientSecret,
];

/// Holds the contracts of environments, as they are configured, against the values that are written. What is compared with
/// values that only AWS has is left to who can read them.
pub fn judge(targets: &[Option<EnvironmentTarget>], checkout: &Checkout, outline: &Outline, findings: &mut Findings) {
    let read = |name: &str| checkout.read(beside(outline, name)).ok();
    let written = |component: &Component| Some((component.name.clone(), driver(component).written_values(&read)?));
    let written: Vec<(&EnvironmentTarget, Vec<(ComponentName, WrittenValues)>)> = targets
        .iter()
        .flatten()
        .map(|target| (target, target.components.iter().filter_map(written).collect()))
        .collect();
    let all: Vec<OtherEnvironment> = written
        .iter()
        .map(|(target, of)| OtherEnvironment {
            name: target.environment.clone(),
            values: of.iter().map(|(name, written)| (name.clone(), Ok(written.read.values.clone()))).collect(),
            shares: shares(target),
        })
        .collect();
    for (target, of) in &written {
        let others: Vec<OtherEnvironment> =
            all.iter().filter(|other| other.name != target.environment).cloned().collect();
        for (name, WrittenValues { read, is_searched }) in of {
            let components = target.components.iter().filter(|component| component.name == *name).cloned().collect();
            let target = EnvironmentTarget { components, ..(*target).clone() };
            let own = [(name.clone(), Ok(read.clone()))];
            let held = hold(&EnvironmentValues {
                target: &target,
                own: &own,
                repository: None,
                others: &others,
                file: &outline.file,
            });
            let is_new = |rule: Rule| !(*is_searched && FOUND_IN_FILES.contains(&rule));
            findings.all.extend(held.findings.all.into_iter().filter(|finding| is_new(finding.rule)));
        }
    }
}
