//! What a configuration means, and what is said of a wrong one.

use camino::Utf8Path;

mod contract;
mod examples;
mod meaning;
mod outline;
mod pages;
mod past;
mod properties;
mod refusals;
mod reports;
mod requests;
mod static_site;

use super::error::ConfigError;
use super::{BuildSelection, ConfigErrors, ConfigurationFile, Purpose, ResolveRequest};
use crate::domain::ecs::target::EcsTarget;
use crate::domain::kind::Kind;
use crate::domain::target::EnvironmentTarget;

const GOOD: &str = r#"
app = "cloudshop"

[components.backend]
kind = "ecs"
build = { context = "backend", platforms = ["linux/amd64"], args = { RELEASE = "${release.sha}" } }
container = "web"
pre-deploy = ["alembic", "upgrade", "head"]
repository = "${environment.prefix}-cloudshop-backend"
cluster = "${environment.prefix}-cluster"
service = "${environment.prefix}-backend-blue"

[components.worker]
kind = "ecs"
image-from = "backend"
container = "worker"
task-definition = "ecs/worker.json"
cluster = "${environment.prefix}-cluster"
service = "${environment.prefix}-worker"
timeout = "1h 30m"

[environments.stage]
region = "us-east-1"
account = "123456789012"

[[environments.stage.components.backend.probes]]
url = "http://stage.example/health"
json = { "/release" = "${release.sha}", "/healthy" = true, "/workers" = 2, "/load" = 0.5 }
headers = { Authorization = "Bearer ${env.PROBE_TOKEN}" }

[environments.production]
prefix = "prod"
region = "${vars.REGION}"
promotes-from = "stage"

[environments.production.gates]
approval = "none"
"#;

fn parse(text: &str) -> Result<ConfigurationFile, ConfigErrors> {
    ConfigurationFile::parse(Utf8Path::new("shipgate.toml"), text)
}

fn refused(text: &str) -> ConfigErrors {
    parse(text).map(|_| text).unwrap_err()
}

/// Resolves with the environment variables `PROBE_TOKEN` and `EMPTY`.
fn resolve(
    text: &str,
    environment: &str,
    components: &[&str],
    vars: Option<&str>,
) -> Result<EnvironmentTarget, ConfigErrors> {
    let components: Vec<String> = components.iter().map(|&name| name.to_owned()).collect();
    let env = |name: &str| match name {
        "PROBE_TOKEN" => Some("s3cr3t value".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    let request = ResolveRequest {
        environment,
        components: &components,
        purpose: Purpose::Change,
        vars,
        env: &env,
        in_workflow: false,
    };
    parse(text).unwrap_or_else(|errors| panic!("{errors}")).resolve(&request)
}

fn ecs(target: &EnvironmentTarget, index: usize) -> &EcsTarget {
    let Kind::Ecs(ecs) = &target.components[index].kind else { panic!("{:?}", target.components[index]) };
    ecs
}

/// One line an error: position, offending text, message, hint.
fn reported(errors: &ConfigErrors) -> String {
    let line = |ConfigError { location, message, hint, .. }: &ConfigError| {
        let place = location.as_ref().map_or("-".to_owned(), |it| format!("{}:{} {}", it.line, it.column, it.text));
        format!("{place} | {message} | {hint}")
    };
    errors.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A component that takes the image of [`GOOD`] and depends on others.
fn dependent(name: &str, others: &[&str]) -> String {
    format!(
        "[components.{name}]\nkind = \"ecs\"\nimage-from = \"backend\"\ndepends-on = {others:?}\n\
         container = \"a\"\ncluster = \"a\"\nservice = \"{name}\"\n"
    )
}

/// [`GOOD`] with one thing changed.
fn with(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old}");
    GOOD.replacen(old, new, 1)
}
