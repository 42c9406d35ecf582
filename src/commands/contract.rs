//! `contract`: an environment's variables against what is declared of them, and a first contract from what there is.

use super::held::{name, other_environments, resolved};
use crate::cli;
use crate::domain::check::{CheckSubject, Findings};
use crate::domain::contract::environment::{EnvironmentValues, hold, shares};
use crate::domain::contract::{ObservedValues, OtherEnvironment, ReadValues, Values, propose};
use crate::domain::failure::Failure;
use crate::domain::names::{ComponentName, EnvironmentName};
use crate::domain::outcome::Outcome;
use crate::domain::role::RolePurpose;
use crate::domain::target::{Component, EnvironmentTarget};
use crate::domain::view::contract::AskedContract;
use crate::evidence::others;
use crate::kinds::driver;
use crate::observe::{self, Cloud, Configuration};
use crate::session::Session;
use crate::together::try_each;

/// What to do where nothing is declared.
const PROPOSE: &str = "`shipgate contract --propose` prints a first contract from what the environments have";

/// Holds the contracts of an environment against what it has now, or proposes contracts.
///
/// # Errors
///
/// `invalid`: the configuration has problems, or the environment is not in it; `failed`: it cannot be read.
pub async fn run(session: &Session<'_>, arguments: &cli::ContractArguments) -> Result<AskedContract, Failure> {
    let configuration = session.configuration()?;
    match (&arguments.environment, arguments.propose) {
        (Some(environment), false) => judge(session, &configuration, environment, &arguments.components).await,
        (environment, _) => proposal(session, &configuration, environment.as_deref(), &arguments.components).await,
    }
}

async fn judge(
    session: &Session<'_>,
    configuration: &Configuration,
    environment: &str,
    components: &[String],
) -> Result<AskedContract, Failure> {
    let context = session.context;
    let target = configuration.values(context, environment, components)?;
    let file = name(configuration);
    let mut findings = Findings::default();
    findings.looked_at(CheckSubject::Configuration, &file);
    let (rest, judged): (Vec<&Component>, Vec<&Component>) =
        target.components.iter().partition(|component| component.contract.is_empty());
    for component in rest {
        let what = format!("the variables of {}", component.name);
        findings.left_out(what, "no contract is declared for it", Some(PROPOSE.to_owned()));
    }
    if !judged.is_empty() {
        let identities = session.identities(configuration);
        let cloud = observe::cloud(&identities, &target, RolePurpose::Read).await.map_err(unread)?;
        findings.looked_at(CheckSubject::Environment, environment);
        let own = try_each(&judged, |component| read(&cloud, component)).await.map_err(unread)?;
        let own: Vec<_> = own.into_iter().map(|(name, read)| (name, Ok(read))).collect();
        let names: Vec<ComponentName> = judged.iter().map(|component| component.name.clone()).collect();
        let resolved = resolved(context, configuration, other_environments(configuration, &target));
        let others = others(&identities, &resolved, &names).await;
        let repository = Configuration::repository_variables(context);
        let target = EnvironmentTarget { components: judged.into_iter().cloned().collect(), ..target };
        let known = EnvironmentValues {
            target: &target,
            own: &own,
            repository: repository.as_ref(),
            others: &others,
            file: &file,
        };
        let held = hold(&known);
        findings.extend(held.findings);
        for (component, why, hint) in held.unknown {
            findings.left_out(format!("the variables of the repository for {component}"), why, hint);
        }
    }
    Ok(AskedContract { environment: Some(environment.to_owned()), findings: findings.sorted(), proposal: None })
}

/// An environment that cannot be read is not judged, for whatever reason.
fn unread(failure: Failure) -> Failure {
    Failure { outcome: Outcome::Failed, ..failure }
}

async fn read(cloud: &Cloud, component: &Component) -> Result<(ComponentName, ReadValues), Failure> {
    Ok((component.name.clone(), driver(component).values(cloud).await?))
}

/// Proposes contracts from all environments that can be read. `environment`: one that has to be.
async fn proposal(
    session: &Session<'_>,
    configuration: &Configuration,
    environment: Option<&str>,
    components: &[String],
) -> Result<AskedContract, Failure> {
    // The names that were given are those of the file, in whichever environment.
    let all = configuration.environments();
    let one = environment.or(all.first().map(String::as_str)).unwrap_or_default();
    let target = configuration.values(session.context, one, components)?;
    let mut findings = Findings::default();
    findings.looked_at(CheckSubject::Configuration, &name(configuration));
    let names: Vec<ComponentName> = target.components.iter().map(|component| component.name.clone()).collect();
    let environments: Vec<EnvironmentName> = all.iter().filter_map(|name| name.parse().ok()).collect();
    let resolved = resolved(session.context, configuration, environments);
    let identities = session.identities(configuration);
    if let Some(name) = environment {
        observe::cloud(&identities, &target, RolePurpose::Read).await.map_err(unread)?;
        findings.looked_at(CheckSubject::Environment, name);
    }
    let seen = others(&identities, &resolved, &names).await;
    let promotes: Vec<_> = resolved
        .iter()
        .filter_map(|(name, target)| Some((name.clone(), target.as_ref().ok()?.promotes_from.clone()?)))
        .collect();
    let mut texts = Vec::new();
    for component in &target.components {
        let read = read_of(&component.name, &seen, &mut findings);
        if read.is_empty() {
            continue;
        }
        texts.push(propose(&ObservedValues {
            component: &component.name,
            environments: &read,
            promotes: &promotes,
            shares: &shared(&component.name, &resolved),
            is_all: read.len() == all.len(),
            has_references: component.kind.has_references(),
        }));
    }
    let findings = findings.sorted();
    if texts.is_empty() {
        let failure = Failure::failed("no variables of any environment could be read");
        return Err(findings
            .left_out
            .iter()
            .fold(failure, |failure, left| failure.cause(format!("{}: {}", left.what, left.why))));
    }
    Ok(AskedContract { environment: environment.map(str::to_owned), findings, proposal: Some(texts.join("\n")) })
}

/// The environments whose component uses on purpose what another one has, each with that one.
fn shared(
    component: &ComponentName,
    environments: &[(EnvironmentName, Result<EnvironmentTarget, Failure>)],
) -> Vec<(EnvironmentName, EnvironmentName)> {
    let with = |target: &EnvironmentTarget| shares(target).remove(component);
    environments.iter().filter_map(|(name, target)| Some((name.clone(), with(target.as_ref().ok()?)?))).collect()
}

/// What was read of a component, by environment. What was not is named.
fn read_of(
    component: &ComponentName,
    seen: &[OtherEnvironment],
    findings: &mut Findings,
) -> Vec<(EnvironmentName, Values)> {
    let mut read = Vec::new();
    for other in seen {
        match other.values.get(component) {
            Some(Ok(values)) => {
                findings.looked_at(CheckSubject::Environment, other.name.as_str());
                read.push((other.name.clone(), values.clone()));
            }
            Some(Err(why)) => {
                findings.left_out(format!("the variables of {component} in {}", other.name), why, None);
            }
            None => {}
        }
    }
    read
}
