//! The builds of static sites by themselves: for a job that has no environment, and knows nothing of any.

use std::cell::Cell;

use super::check;
use super::error::Problems;
use super::interpret::{Interpreter, all};
use super::keys::AnyWritten;
use super::merged::Purpose;
use super::raw::RawConfig;
use super::read::Key;
use super::resolve::{known_components, known_environment, scope_of};
use super::scope::{Outside, VariableScope};
use super::static_site_build::WrittenSiteBuild;
use crate::domain::names::ComponentName;
use crate::domain::site_build::SiteBuild;

/// Which builds are asked for, and what their variables stand for.
#[derive(Clone, Copy)]
pub struct BuildSelection<'r> {
    /// The environment that they are for. `None`: they are for all of them.
    pub environment: Option<&'r str>,
    /// The components' names. Empty: all static sites that have a build.
    pub components: &'r [String],
    /// The text of `SHIPGATE_VARS`.
    pub vars: Option<&'r str>,
    /// Looks up an environment variable.
    pub env: &'r dyn Fn(&str) -> Option<String>,
    /// Whether the variables are handed over by a workflow.
    pub in_workflow: bool,
}

/// The builds that a request asks for, in the order of the file.
pub(super) fn builds(
    config: &RawConfig,
    request: &BuildSelection<'_>,
    problems: &mut Problems,
) -> Option<Vec<(ComponentName, SiteBuild)>> {
    known_components(config, request.components, problems);
    let outside = Outside::new(request.vars, request.env, request.in_workflow, problems);
    let scope = match request.environment {
        Some(name) => scope_of(config, known_environment(config, name, problems)?, outside, Purpose::Build, problems),
        None => without_environment(config, outside),
    };
    let mut interpreter = Interpreter { scope, problems, source: None };
    let wanted: Vec<_> = wanted(config, request, interpreter.problems);
    let resolved = wanted.into_iter().map(|(key, build)| {
        let build = build.resolve(&mut interpreter);
        key.text.parse().ok().zip(build)
    });
    all(resolved.collect())
}

/// The builds as they are written. What has none, or none without an environment, is reported.
fn wanted<'d>(
    config: &'d RawConfig,
    request: &BuildSelection<'_>,
    problems: &mut Problems,
) -> Vec<(&'d Key, WrittenSiteBuild<'d>)> {
    let mut wanted = Vec::new();
    for (key, component) in config.components.iter() {
        let name = &key.text;
        let is_named = request.components.contains(name);
        let build = component.written().and_then(AnyWritten::site_build);
        match build {
            _ if !is_named && !request.components.is_empty() => {}
            None if is_named => {
                let message = format!("`{name}` has no build of a static site");
                problems.at(&key.span, message, "name a static site with `build`, or add `build` to it");
            }
            None => {}
            Some(build) if build.is_per_environment && request.environment.is_none() => {
                let message = format!("`{name}` is built for each environment (`rebuild-per-environment`)");
                problems.at(&key.span, message, "name one: `--environment NAME`");
            }
            Some(build) => wanted.push((key, build)),
        }
    }
    if wanted.is_empty() && request.components.is_empty() {
        problems.outside("there is no static site with `build`", "add `build` to a component of kind `static-site`");
    }
    wanted
}

/// What variables stand for where no environment is named. Those of an environment are refused before they are looked up.
fn without_environment<'d>(config: &'d RawConfig, outside: Outside<'d>) -> VariableScope<'d> {
    let app = config.app.as_ref().and_then(|app| app.value.as_deref()).filter(|app| check::is_application_name(app));
    VariableScope {
        app,
        environment: None,
        prefix: None,
        without_prefix: Problems::default(),
        outside,
        resolved: Cell::default(),
    }
}
