//! `status`: what runs where.

use crate::cli;
use crate::context::Context;
use crate::domain::outcome::Outcome;
use crate::error::Failure;
use crate::kinds::{self, ComponentStatus};
use crate::observe::{self, Configuration};

/// What is said of an environment.
#[derive(Debug)]
pub struct EnvironmentStatus {
    /// The environment.
    pub name: String,
    /// Its components, in the order they are changed. A failure stands for what could not be looked at.
    pub components: Vec<(String, &'static str, Result<ComponentStatus, Failure>)>,
    /// Why nothing could be looked at.
    pub failure: Option<Failure>,
}

impl EnvironmentStatus {
    /// The outcome of the worst thing that could not be looked at.
    pub fn failure_outcome(&self) -> Option<Outcome> {
        let components = self.components.iter().filter_map(|(_, _, status)| status.as_ref().err());
        Outcome::worst(components.chain(&self.failure).map(|failure| failure.outcome))
    }
}

/// Looks at one environment, or at all.
///
/// # Errors
///
/// `invalid`: the configuration has problems, or the environment is not in it.
pub async fn run(
    context: &Context,
    global: &cli::Global,
    environment: Option<&str>,
) -> Result<Vec<EnvironmentStatus>, Failure> {
    let configuration = Configuration::load(context, global.config.as_deref())?;
    if let Some(name) = environment {
        let target = configuration.target(context, name, &[])?;
        return Ok(vec![look(context, &configuration, name, Ok(target)).await]);
    }
    let mut statuses = Vec::new();
    for name in configuration.environments() {
        let target = configuration.target(context, &name, &[]);
        statuses.push(look(context, &configuration, &name, target).await);
    }
    Ok(statuses)
}

async fn look(
    context: &Context,
    configuration: &Configuration,
    name: &str,
    target: Result<crate::domain::target::Target, Failure>,
) -> EnvironmentStatus {
    let mut status = EnvironmentStatus { name: name.to_owned(), components: Vec::new(), failure: None };
    let target = match target {
        Ok(target) => target,
        Err(failure) => {
            status.failure = Some(failure);
            return status;
        }
    };
    match observe::cloud(context, &target, &configuration.directory).await {
        Ok(cloud) => {
            for component in &target.components {
                let seen = kinds::status(&cloud, component).await;
                status.components.push((component.name.to_string(), kinds::name(&component.kind), seen));
            }
        }
        Err(failure) => status.failure = Some(failure),
    }
    status
}
