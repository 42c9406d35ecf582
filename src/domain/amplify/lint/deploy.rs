//! The rules for each command that deploys a backend.

use super::ampx::{Ampx, COMMAND, ampx, literal, option};
use super::reached::Reached;
use super::specification::{App, AppPart, Specification};
use super::surroundings::AmplifyContext;
use super::walk::ReachedCommand;
use crate::domain::check::{Findings, Rule, Severity};

/// Judges all commands of a build.
pub fn judge(specification: &Specification, all: &[Reached], around: &AmplifyContext<'_>, findings: &mut Findings) {
    for reached in all {
        let Some((command, arguments)) = ampx(&reached.run) else { continue };
        unknown(&reached.run, &command, findings);
        if matches!(command, Ampx::Deploy { .. }) {
            in_frontend(reached, findings);
            swallowed(&reached.run, findings);
            let app = &specification.apps[reached.app];
            other_app(app, &reached.run, &arguments, around, findings);
            other_branch(app, &reached.run, &arguments, around, findings);
        }
    }
}

/// C1: the CLI has no such command.
fn unknown(run: &ReachedCommand, command: &Ampx, findings: &mut Findings) {
    let (part, message, hint) = match command {
        Ampx::Deploy { is_misspelled: true } => (
            "pipeline deploy",
            "`pipeline deploy` is no command of the Amplify CLI, so nothing is deployed",
            format!("write it with a hyphen: `{COMMAND}`"),
        ),
        Ampx::Config => (
            "generate config",
            "`generate config` is no command of the Amplify CLI any more",
            "write `generate outputs`, with the same options".to_owned(),
        ),
        Ampx::Deploy { is_misspelled: false } | Ampx::Outputs | Ampx::Other => return,
    };
    let message = format!("{message}{}", run.reached());
    findings.found(run.spot.part(part).finding(Rule::BuildSpecUnknownCommand, message, hint));
}

/// C2: the frontend is built after the backend, by commands that people run elsewhere, too.
fn in_frontend(reached: &Reached, findings: &mut Findings) {
    if reached.part == AppPart::Backend {
        return;
    }
    let (part, phase) = (reached.part.key(), reached.phase);
    let message = format!("`{part}.phases.{phase}` deploys the backend{}", reached.run.reached());
    let hint = format!("move it to `backend.phases.build.commands`, as `{COMMAND}`");
    findings.found(reached.run.spot.finding(Rule::BuildSpecDeployInFrontend, message, hint));
}

/// A build whose deploy failed goes on, and is green.
fn swallowed(run: &ReachedCommand, findings: &mut Findings) {
    let Some(swallowed) = &run.swallowed else { return };
    let message = format!(
        "`{}` hides that the deploy of the backend failed: the build succeeds without it{}",
        swallowed.by,
        run.reached()
    );
    let hint = match swallowed.by.as_str() {
        "if" => "end the branch of its failure with `exit 1`, or run the command outside of `if`".to_owned(),
        by if by.starts_with("| ") => "write `set -o pipefail;` before it, or take the pipe away".to_owned(),
        by => format!("take `{by}` away, so that the build ends where the deploy fails"),
    };
    findings.found(swallowed.spot.finding(Rule::BuildSpecSwallowedFailure, message, hint));
}

/// C3: the app is written down.
fn other_app(
    app: &App,
    run: &ReachedCommand,
    arguments: &[&str],
    around: &AmplifyContext<'_>,
    findings: &mut Findings,
) {
    let Some(id) = option(arguments, "--app-id").as_deref().and_then(literal).map(str::to_owned) else { return };
    let components = around.components(app);
    let other = components.iter().find(|component| {
        component.texts.get("app-id").and_then(|written| written.text.as_deref()).is_some_and(|own| own != id)
    });
    let (level, message) = match other {
        Some(other) => {
            (Severity::Error, format!("a build of `{}` deploys the backend of another app, `{id}`", other.environment))
        }
        None => (
            Severity::Warning,
            format!("the app is written down, as `{id}`: a build of another app would deploy its backend"),
        ),
    };
    let hint = "write `--app-id $AWS_APP_ID`, which is the app that is built";
    let finding = run.spot.part(&id).finding(Rule::BuildSpecHardCoded, format!("{message}{}", run.reached()), hint);
    findings.found(finding.at_level(level));
}

/// C3: the branch is written down.
fn other_branch(
    app: &App,
    run: &ReachedCommand,
    arguments: &[&str],
    around: &AmplifyContext<'_>,
    findings: &mut Findings,
) {
    let Some(name) = option(arguments, "--branch").as_deref().and_then(literal).map(str::to_owned) else { return };
    let configured = around.values(app, "branch").unwrap_or_default();
    let other = configured.iter().find(|branch| **branch != name && run.branches.has(branch));
    let (level, message) = match other {
        Some(other) => (Severity::Error, format!("a build of `{other}` deploys the backend of `{name}`")),
        None => (
            Severity::Warning,
            format!("the branch is written down: a build of another one would deploy the backend of `{name}`"),
        ),
    };
    let hint = "write `--branch $AWS_BRANCH`, which is the branch that is built";
    let spot = run.spot.part(&format!("--branch {name}"));
    let finding = spot.finding(Rule::BuildSpecHardCoded, format!("{message}{}", run.reached()), hint);
    findings.found(finding.at_level(level));
}
