//! Commands of the CLI of Amplify.

use super::scripts::after_option;
use super::walk::ReachedCommand;

/// The command that deploys a backend, as it is meant.
pub const COMMAND: &str = "npx ampx pipeline-deploy --branch $AWS_BRANCH --app-id $AWS_APP_ID";

/// A command of the CLI that has to do with a backend.
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

/// What a command asks of the CLI, and its arguments.
pub fn ampx(run: &ReachedCommand) -> Option<(Ampx, Vec<&str>)> {
    let words = run.words();
    let (program, arguments) = words.split_first()?;
    let (command, rest) = match (*program, arguments) {
        ("ampx" | "amplify", ["pipeline-deploy", rest @ ..]) => (Ampx::Deploy { is_misspelled: false }, rest),
        ("ampx" | "amplify", ["pipeline", "deploy", rest @ ..]) => (Ampx::Deploy { is_misspelled: true }, rest),
        ("ampx" | "amplify", ["generate", "outputs", rest @ ..]) => (Ampx::Outputs, rest),
        ("ampx" | "amplify", ["generate", "config", rest @ ..]) => (Ampx::Config, rest),
        ("ampx", rest) => (Ampx::Other, rest),
        _ => return None,
    };
    Some((command, rest.to_vec()))
}

/// The value of an option.
pub fn option(arguments: &[&str], name: &str) -> Option<String> {
    after_option(arguments, &[name])
}

/// A word that stands for itself, and not for a variable.
pub fn literal(word: &str) -> Option<&str> {
    (!word.is_empty() && !word.contains(['$', '`'])).then_some(word)
}
