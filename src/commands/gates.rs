//! `gates`: what would stop a release, on its whole way to an environment.

use std::num::NonZeroUsize;

use super::change::{ChangeRun, CheckedChange};
use super::{deploy, promote};
use crate::cli;
use crate::domain::failure::Failure;
use crate::domain::gate::{ChangeCommand, evaluate};
use crate::domain::names::EnvironmentName;
use crate::domain::view::CommandRequest;
use crate::domain::view::gates::AskedGates;
use crate::events::Events;
use crate::observe::Configuration;
use crate::session::Session;

/// Asks the gates of each environment on the way that a release takes by promotion, the environment itself last. One that is
/// deployed to directly is asked about what is checked out.
///
/// # Errors
///
/// `invalid`: the arguments or the configuration are not right.
pub async fn run(session: &Session<'_>, arguments: &cli::Gates) -> Result<Vec<AskedGates>, Failure> {
    let configuration = session.configuration()?;
    let mut asked = Vec::new();
    for (environment, source) in way(session, &configuration, &arguments.environment)? {
        let is_last = environment.as_str() == arguments.environment;
        // A release that is named is asked about where it is to go; on the way there it is what runs.
        let release = arguments.release.clone().filter(|_| is_last);
        let found = match source {
            Some(_) => of_promotion(session, &environment, release, &arguments.components).await,
            None => of_deploy(session, &environment, &arguments.components).await,
        };
        let none = AskedGates { environment, source, release: None, gates: Vec::new(), policy: None, failure: None };
        asked.push(match found {
            Ok(CheckedChange::Plan(prepared)) => AskedGates {
                release: Some(prepared.plan.release.clone()),
                gates: evaluate(&prepared.plan, &prepared.evidence),
                policy: Some(prepared.plan.policy.clone()),
                ..none
            },
            Ok(CheckedChange::Nothing(gates)) => AskedGates { gates, ..none },
            Err(failure) if is_last => return Err(failure),
            Err(failure) => AskedGates { failure: Some(failure), ..none },
        });
    }
    Ok(asked)
}

/// The environments that a release is promoted through, each with its source; without a source the environment alone.
fn way(
    session: &Session<'_>,
    configuration: &Configuration,
    environment: &str,
) -> Result<Vec<(EnvironmentName, Option<EnvironmentName>)>, Failure> {
    let mut way = Vec::new();
    let mut next = environment.to_owned();
    loop {
        let target = configuration.identity(session.context, &next)?;
        let source = target.promotes_from.clone();
        if source.is_some() || way.is_empty() {
            way.push((target.environment, source.clone()));
        }
        match source {
            // The configuration has no circles.
            Some(source) => next = source.to_string(),
            None => break,
        }
    }
    way.reverse();
    Ok(way)
}

async fn of_promotion(
    session: &Session<'_>,
    environment: &EnvironmentName,
    release: Option<String>,
    components: &[String],
) -> Result<CheckedChange, Failure> {
    let arguments = cli::Promote {
        environment: environment.to_string(),
        bundles: Vec::new(),
        release,
        components: components.to_vec(),
        expect_plan: None,
        plan_run: None,
        yes: true,
        overrides: Vec::new(),
        parallel: NonZeroUsize::MIN,
    };
    let events = Events::silent();
    let invocation = invocation(&session.with_events(&events), environment, components)?;
    Box::pin(promote::plan(&invocation, &arguments)).await
}

async fn of_deploy(
    session: &Session<'_>,
    environment: &EnvironmentName,
    components: &[String],
) -> Result<CheckedChange, Failure> {
    let arguments = cli::Deploy {
        environment: environment.to_string(),
        components: components.to_vec(),
        bundles: Vec::new(),
        allow_dirty: true,
        overrides: Vec::new(),
        parallel: NonZeroUsize::MIN,
    };
    let events = Events::silent();
    let invocation = invocation(&session.with_events(&events), environment, components)?;
    let prepared = Box::pin(deploy::plan(&invocation, &arguments, ChangeCommand::Deploy)).await?;
    Ok(CheckedChange::Plan(Box::new(prepared)))
}

fn invocation<'a>(
    session: &Session<'a>,
    environment: &EnvironmentName,
    components: &[String],
) -> Result<ChangeRun<'a>, Failure> {
    let request = CommandRequest {
        command: "gates".to_owned(),
        environment: Some(environment.to_string()),
        components: components.to_vec(),
        ..CommandRequest::default()
    };
    ChangeRun::new(session, &request, NonZeroUsize::MIN)
}
