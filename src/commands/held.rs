//! The contracts of a plan's components, held against the values that they have once it is carried out.

use super::change::ChangeRun;
use crate::context::Context;
use crate::domain::contract::environment::{EnvironmentValues as Values, hold, is_compared, shares};
use crate::domain::contract::{ContractReport, OtherEnvironment, ReadValues};
use crate::domain::failure::Failure;
use crate::domain::gate::{ChangeCommand, Fact, GateName};
use crate::domain::names::{ComponentName, EnvironmentName};
use crate::domain::target::EnvironmentTarget;
use crate::evidence::others;
use crate::kinds::{PromotionSource, WholePlan};
use crate::observe::Configuration;

/// What a check of a pull request says of the environments that it does not enter.
const NOT_ENTERED: &str = "a check enters no other environment";

/// Holds the contracts against the planned values. `source`: what is promoted from, with its components as they were
/// looked at.
pub async fn held(
    invocation: &ChangeRun<'_>,
    target: &EnvironmentTarget,
    plan: &WholePlan,
    source: Option<(&EnvironmentTarget, &[Box<dyn PromotionSource>])>,
) -> Fact<ContractReport> {
    if !plan.policy.is_evaluated(GateName::Contract, plan.command) {
        return Fact::unknown("no contract is declared");
    }
    let mut others = compared(invocation, target, plan.command, source.map(|(source, _)| &source.environment)).await;
    let mut own: Vec<(ComponentName, Result<ReadValues, Failure>)> =
        plan.components.iter().map(|component| (component.plan().name.clone(), component.values())).collect();
    if let Some((source, components)) = source {
        others.push(of_source(source, components, &mut own));
    }
    let repository = Configuration::repository_variables(invocation.context);
    let file = name(&invocation.configuration);
    Fact::Is(hold(&Values { target, own: &own, repository: repository.as_ref(), others: &others, file: &file }))
}

/// The configuration file as findings name it.
pub fn name(configuration: &Configuration) -> String {
    configuration.path_in_repository().unwrap_or_else(|| configuration.file_name.clone())
}

/// The other environments that the contracts of one compare with, but for the source of a promotion.
async fn compared(
    invocation: &ChangeRun<'_>,
    target: &EnvironmentTarget,
    command: ChangeCommand,
    source: Option<&EnvironmentName>,
) -> Vec<OtherEnvironment> {
    let (context, configuration) = (invocation.context, &invocation.configuration);
    let components: Vec<ComponentName> = target.components.iter().map(|component| component.name.clone()).collect();
    let environments = other_environments(configuration, target);
    let environments = environments.into_iter().filter(|name| Some(name) != source);
    if command == ChangeCommand::Check {
        return environments.map(|name| OtherEnvironment::unread(name, None, &components, NOT_ENTERED)).collect();
    }
    others(&invocation.identities, &resolved(context, configuration, environments), &components).await
}

/// Environments as they are configured, or why that is not known here.
pub fn resolved(
    context: &Context,
    configuration: &Configuration,
    environments: impl IntoIterator<Item = EnvironmentName>,
) -> Vec<(EnvironmentName, Result<EnvironmentTarget, Failure>)> {
    let resolved = |name: EnvironmentName| {
        let target = configuration.values(context, name.as_str(), &[]);
        (name, target)
    };
    environments.into_iter().map(resolved).collect()
}

/// The environments that some contract of an environment compares it with, in the order of the file.
pub fn other_environments(configuration: &Configuration, target: &EnvironmentTarget) -> Vec<EnvironmentName> {
    let names = configuration.environments().into_iter().filter_map(|name| name.parse().ok());
    let others = names.filter(|name| *name != target.environment);
    let is_wanted = |name: &EnvironmentName| {
        target.components.iter().any(|component| is_compared(&component.contract, target, name))
    };
    others.filter(is_wanted).collect()
}

/// The source of a promotion, which is always compared: where its values are not known, those of the target are not
/// judged at all.
fn of_source(
    source: &EnvironmentTarget,
    components: &[Box<dyn PromotionSource>],
    own: &mut [(ComponentName, Result<ReadValues, Failure>)],
) -> OtherEnvironment {
    let mut of_source = OtherEnvironment::unread(source.environment.clone(), Some(source), &[], "");
    of_source.shares = shares(source);
    for component in components {
        let values = component.values().map(|read| read.values);
        let values = values.map_err(|failure| {
            let why = failure.brief();
            if let Some((_, own)) = own.iter_mut().find(|(name, _)| name == component.name()) {
                *own = Err(failure.cause(format!("asked of {}, which is promoted from", source.environment)));
            }
            why
        });
        of_source.values.insert(component.name().clone(), values);
    }
    of_source
}
