//! What is wrong with `shipgate.toml`.

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::ExposeSecret as _;

use crate::cli;
use crate::context::{Context, VARS};
use crate::domain::check::outline::{Outline, OutlinedEnvironment};
use crate::domain::check::{CheckFinding, CheckSubject, Findings, Rule, Severity};
use crate::domain::contract::declared::{REPOSITORY, Required};
use crate::domain::contract::{Declared, DeclaredContract, judge_committed};
use crate::domain::failure::{Diagnostics, Failure};
use crate::domain::target::EnvironmentTarget;
use crate::observe::{self, CONFIG_FILE, Checkout, Configuration};

/// Where a configuration that could not be read would be.
pub fn expected_directory(context: &Context, global: &cli::Global) -> Utf8PathBuf {
    let given = global.config.as_ref().map(|path| context.directory.join(path));
    let directory = given.as_deref().and_then(Utf8Path::parent).filter(|directory| directory.is_dir());
    let found = observe::search(&context.directory);
    directory.or(found.as_deref().and_then(Utf8Path::parent)).unwrap_or(&context.directory).to_owned()
}

/// The configuration file from the root of the repository.
pub fn name(
    context: &Context,
    global: &cli::Global,
    checkout: &Checkout,
    configuration: Option<&Configuration>,
) -> String {
    let path = match (configuration, &global.config) {
        (Some(configuration), _) => configuration.directory.join(&configuration.file_name),
        (None, Some(given)) => context.directory.join(given),
        (None, None) => expected_directory(context, global).join(CONFIG_FILE),
    };
    checkout.name(&path)
}

/// The configuration is not there, or wrong in itself.
pub fn unusable(file: &str, failure: &Failure, findings: &mut Findings) {
    findings.left_out(
        "builds, task-definition files, what merging would change, and the names of environments in workflows",
        format!("{file} cannot be used"),
        None,
    );
    if let Some(diagnostics) = &failure.diagnostics {
        findings.looked_at(CheckSubject::Configuration, file);
        for finding in problems(file, diagnostics, None) {
            findings.found(finding);
        }
    } else {
        let hint = failure.hints.join("; ");
        findings.found(CheckFinding::new(Rule::ConfigurationMissing, failure.brief(), hint));
    }
}

/// Looks up the variables of all environments, in the order of the outline, and lets it know the texts that they make.
pub fn resolve_all(
    context: &Context,
    configuration: &Configuration,
    outline: &mut Outline,
    findings: &mut Findings,
) -> Vec<Option<EnvironmentTarget>> {
    let resolved = |environment| resolve(context, configuration, outline, environment, findings);
    let targets: Vec<Option<EnvironmentTarget>> = outline.environments.iter().map(resolved).collect();
    for target in targets.iter().flatten() {
        for component in &target.components {
            outline.resolved(target.environment.as_str(), component.name.as_str(), component.kind.texts());
        }
    }
    targets
}

/// Looks up the variables of an environment.
fn resolve(
    context: &Context,
    configuration: &Configuration,
    outline: &Outline,
    environment: &OutlinedEnvironment,
    findings: &mut Findings,
) -> Option<EnvironmentTarget> {
    let failure = match configuration.target(context, &environment.name, &[]) {
        Ok(target) => return Some(target),
        Err(failure) => failure,
    };
    if let Some(diagnostics) = &failure.diagnostics {
        for finding in problems(&outline.file, diagnostics, Some(context)) {
            findings.found(finding);
        }
    }
    None
}

/// Compares the variables of the repository with the contracts that declare them, where they are handed over: to a pull
/// request from a fork they are not.
pub fn repository_variables(context: &Context, outline: &Outline, findings: &mut Findings) {
    let Some(variables) = Configuration::repository_variables(context).filter(|_| !context.job().from_fork) else {
        return;
    };
    let declared = |contract: &DeclaredContract| {
        let of_repository = |it: &Declared| Some((it.clone(), it.name.strip_prefix(REPOSITORY)?.to_owned()));
        contract.declared.iter().filter_map(of_repository).collect::<Vec<_>>()
    };
    for (component, contract) in &outline.contracts {
        for (declared, name) in declared(contract) {
            // Empty is not set.
            let set = variables.get(&name).filter(|value| !value.expose_secret().is_empty());
            let found = match set {
                Some(value) => judge_committed(contract, &declared.name, value.expose_secret(), None),
                None if declared.rules.required == Required::Everywhere => {
                    let what = format!("`{}` of {component} is not set", declared.name);
                    vec![(Rule::ContractRequired, what, repository_variable(&name))]
                }
                None => Vec::new(),
            };
            for (rule, message, hint) in found {
                findings.found(CheckFinding::new(rule, message, hint).in_file(&outline.file, declared.place));
            }
        }
    }
}

/// `context`: where variables are looked up.
fn problems(file: &str, diagnostics: &Diagnostics, context: Option<&Context>) -> Vec<CheckFinding> {
    let problems = diagnostics.problems.iter();
    problems
        .map(|problem| {
            let rule = if problem.variable.is_some() { Rule::VariableMissing } else { Rule::Configuration };
            let in_actions = context.is_some_and(Context::in_actions);
            let name = problem
                .variable
                .as_deref()
                .filter(|_| in_actions)
                .and_then(|variable| variable.strip_prefix("${vars.")?.strip_suffix('}'));
            let hint = name.map_or_else(|| problem.hint.clone(), repository_variable);
            let finding = CheckFinding::new(rule, &problem.message, hint).in_file(file, problem.place);
            match (&problem.variable, context) {
                (Some(variable), Some(context)) if !is_expected(context, variable) => finding.at_level(Severity::Note),
                _ => finding,
            }
        })
        .collect()
}

fn repository_variable(name: &str) -> String {
    format!(
        "make the repository variable `{name}` (Settings → Secrets and variables → Actions → Variables), and hand it on: \
         `SHIPGATE_VARS: ${{{{ toJSON(vars) }}}}`"
    )
}

/// Whether a variable should have a value here. Forks get none, a person has none at hand, and what the job that deploys
/// has in its environment is not here. Jobs of Dependabot have those of the repository
/// ([github/docs#43950](https://github.com/github/docs/issues/43950)).
fn is_expected(context: &Context, variable: &str) -> bool {
    let job = context.job();
    let handed = context.variable(VARS).map(str::trim).is_some_and(|vars| !["", "{}", "null"].contains(&vars));
    // A workflow that hands them on hands on an empty object where the repository has none.
    let is_empty = context.in_actions() && context.variable(VARS).is_some();
    variable.starts_with("${vars.") && (handed || is_empty) && !job.from_fork
}
