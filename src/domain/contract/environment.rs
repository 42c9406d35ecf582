//! The contracts of an environment's components, held against their values.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::declared::REPOSITORY;
use super::{Content, DeclaredContract, JudgedValues, ReadValues, Values, VariableValue, judge};
use crate::domain::check::{Findings, Rule};
use crate::domain::failure::Failure;
use crate::domain::names::{ComponentName, EnvironmentName};
use crate::domain::target::{Component, EnvironmentTarget};

/// Another environment, as far as its values could be read.
#[derive(Debug, Clone)]
pub struct OtherEnvironment {
    /// Its name.
    pub name: EnvironmentName,
    /// What is set for its components, or why that is not known.
    pub values: BTreeMap<ComponentName, Result<Values, String>>,
    /// The environments whose resources its components use on purpose.
    pub shares: BTreeMap<ComponentName, EnvironmentName>,
}

impl OtherEnvironment {
    /// The same without its values. `why`: why they are not known.
    pub fn unread(
        name: EnvironmentName,
        target: Option<&EnvironmentTarget>,
        components: &[ComponentName],
        why: &str,
    ) -> Self {
        let values = components.iter().map(|component| (component.clone(), Err(why.to_owned()))).collect();
        Self { name, values, shares: target.map(shares).unwrap_or_default() }
    }
}

/// The environments whose resources the components of an environment use on purpose.
pub fn shares(target: &EnvironmentTarget) -> BTreeMap<ComponentName, EnvironmentName> {
    let shares = |component: &Component| Some((component.name.clone(), component.kind.shares_with()?.clone()));
    target.components.iter().filter_map(shares).collect()
}

/// Whether a contract compares the values of an environment with those of another one.
pub fn is_compared(contract: &DeclaredContract, target: &EnvironmentTarget, other: &EnvironmentName) -> bool {
    let is_source = target.promotes_from.as_ref() == Some(other);
    contract.declared.iter().any(|declared| {
        let rules = &declared.rules;
        rules.isolated || rules.shared.get(&target.environment) == Some(other) || (rules.inherited && is_source)
    })
}

/// What the contracts of an environment say of its values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContractReport {
    /// What is wrong, and what was not compared.
    pub findings: Findings,
    /// The components whose values were held against their contract.
    pub judged: Vec<ComponentName>,
    /// Those whose values are not known, with why, and what would make them known.
    pub unknown: Vec<(ComponentName, String, Option<String>)>,
}

/// What is known of an environment, to hold its contracts against.
#[derive(Debug)]
pub struct EnvironmentValues<'a> {
    /// The environment.
    pub target: &'a EnvironmentTarget,
    /// What is set for its components, or why that is not known.
    pub own: &'a [(ComponentName, Result<ReadValues, Failure>)],
    /// The variables of the repository, by name. `None`: nothing hands them over here.
    pub repository: Option<&'a BTreeMap<String, SecretString>>,
    /// The other environments.
    pub others: &'a [OtherEnvironment],
    /// The configuration file, for places.
    pub file: &'a str,
}

/// Holds every contract of an environment against the values of its component. One without a contract is not looked at.
pub fn hold(known: &EnvironmentValues<'_>) -> ContractReport {
    let mut held = ContractReport::default();
    for component in known.target.components.iter().filter(|component| !component.contract.is_empty()) {
        let name = &component.name;
        match known.own.iter().find(|(own, _)| own == name).map(|(_, values)| values) {
            Some(Ok(read)) => {
                held.findings.extend(of_component(known, component, read));
                held.judged.push(name.clone());
                if known.repository.is_none() && needs_repository(component, known.target) {
                    let hint = "set SHIPGATE_VARS, in a job to `${{ toJSON(vars) }}`".to_owned();
                    let why = "SHIPGATE_VARS is not set, which has the variables of the repository".to_owned();
                    held.unknown.push((name.clone(), why, Some(hint)));
                }
            }
            Some(Err(failure)) => held.unknown.push((name.clone(), failure.brief(), failure.hints.first().cloned())),
            None => held.unknown.push((name.clone(), "they were not read".to_owned(), None)),
        }
    }
    held.findings = held.findings.sorted();
    held
}

fn of_component(known: &EnvironmentValues<'_>, component: &Component, read: &ReadValues) -> Findings {
    let (target, name) = (known.target, &component.name);
    let shares_with: Vec<EnvironmentName> = sharing(known, component).cloned().collect();
    let mut values = read.values.clone();
    let mut contract = component.contract.clone();
    match known.repository {
        Some(repository) => values.0.extend(of_repository(&contract, repository)),
        None => contract.declared.retain(|declared| !declared.name.starts_with(REPOSITORY)),
    }
    let others: Vec<_> =
        known.others.iter().filter_map(|other| Some((other.name.clone(), other.values.get(name)?.clone()))).collect();
    let mut findings = judge(
        &contract,
        &JudgedValues {
            component: name,
            environment: &target.environment,
            account: target.account.as_ref(),
            region: &target.region,
            source: target.promotes_from.as_ref(),
            shares_with: &shares_with,
            is_public: component.kind.is_public(),
            has_references: component.kind.has_references(),
            values: &values,
            others: &others,
            file: known.file,
        },
    );
    // What is not set where it was looked for may be set there.
    let missing = findings.all.iter_mut().filter(|finding| finding.rule == Rule::ContractRequired);
    for finding in missing.filter(|_| !read.unread.is_empty()) {
        let unread: Vec<&str> = read.unread.iter().map(|(what, _)| what.as_str()).collect();
        finding.message = format!("{} (not read: {})", finding.message, unread.join(", "));
    }
    for (what, why) in &read.unread {
        findings.left_out(format!("{what} of {name} in {}", target.environment), why, None);
    }
    findings
}

/// The other environments that a component shares something with on purpose: both use what the same environment has.
fn sharing<'a>(
    known: &'a EnvironmentValues<'_>,
    component: &'a Component,
) -> impl Iterator<Item = &'a EnvironmentName> {
    let owner = component.kind.shares_with().unwrap_or(&known.target.environment);
    let is_shared = move |other: &&OtherEnvironment| other.shares.get(&component.name).unwrap_or(&other.name) == owner;
    known.others.iter().filter(is_shared).map(|other| &other.name)
}

/// Whether some variable of the repository has to be set.
fn needs_repository(component: &Component, target: &EnvironmentTarget) -> bool {
    let mut declared = component.contract.declared.iter();
    declared.any(|it| it.name.starts_with(REPOSITORY) && it.rules.required.is_in(&target.environment))
}

/// The variables of the repository that a contract declares.
fn of_repository<'a>(
    contract: &'a DeclaredContract,
    repository: &'a BTreeMap<String, SecretString>,
) -> impl Iterator<Item = (String, VariableValue)> + 'a {
    contract.declared.iter().filter_map(|declared| {
        let content = Content::Plain(repository.get(declared.name.strip_prefix(REPOSITORY)?)?.clone());
        Some((declared.name.clone(), VariableValue { content, from: "variables of the repository".to_owned() }))
    })
}
