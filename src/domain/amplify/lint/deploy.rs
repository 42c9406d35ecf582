//! The rules for each command that deploys a backend.

use super::reached::Reached;
use super::specification::Part;
use super::walk::Run;
use crate::domain::check::{Findings, Rule};

/// The command as it is meant.
pub const COMMAND: &str = "npx ampx pipeline-deploy --branch $AWS_BRANCH --app-id $AWS_APP_ID";

/// A command of the CLI of Amplify that has to do with a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ampx {
    /// `pipeline-deploy`, whether or not it is spelled so.
    Deploy { is_misspelled: bool },
    /// `generate outputs`.
    Outputs,
    /// `generate config`, as it was called before.
    Config,
    /// Anything else of `ampx`.
    Other,
}

/// What a command asks of the CLI of Amplify, and its arguments.
pub fn ampx(run: &Run) -> Option<(Ampx, Vec<&str>)> {
    let words = run.words();
    let (program, arguments) = words.split_first()?;
    match (*program, arguments) {
        ("ampx" | "amplify", ["pipeline-deploy", rest @ ..]) => {
            Some((Ampx::Deploy { is_misspelled: false }, rest.to_vec()))
        }
        ("ampx" | "amplify", ["pipeline", "deploy", rest @ ..]) => {
            Some((Ampx::Deploy { is_misspelled: true }, rest.to_vec()))
        }
        ("ampx" | "amplify", ["generate", "outputs", rest @ ..]) => Some((Ampx::Outputs, rest.to_vec())),
        ("ampx" | "amplify", ["generate", "config", rest @ ..]) => Some((Ampx::Config, rest.to_vec())),
        ("ampx", rest) => Some((Ampx::Other, rest.to_vec())),
        _ => None,
    }
}

/// Judges all commands of a build.
pub fn judge(all: &[Reached], findings: &mut Findings) {
    for reached in all {
        let Some((command, _)) = ampx(&reached.run) else { continue };
        unknown(&reached.run, &command, findings);
        if matches!(command, Ampx::Deploy { .. }) {
            in_frontend(reached, findings);
        }
    }
}

/// C1: the CLI has no such command.
fn unknown(run: &Run, command: &Ampx, findings: &mut Findings) {
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
    if reached.part == Part::Backend {
        return;
    }
    let (part, phase) = (reached.part.key(), reached.phase);
    let message = format!("the backend is deployed by `{part}.phases.{phase}`{}", reached.run.reached());
    let hint = format!("move it to `backend.phases.build.commands`, as `{COMMAND}`");
    findings.found(reached.run.spot.finding(Rule::BuildSpecDeployInFrontend, message, hint));
}
