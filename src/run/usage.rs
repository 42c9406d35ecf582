//! A command line that is not understood, or asks for help.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::{ArgumentWords, Cli};
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::neutral;
use crate::domain::view::CommandRequest;
use crate::report::{self, line};
use crate::sink;

/// Help, the version, or what is wrong with the command line.
pub fn unparsed(mut error: clap::Error, context: Option<&Context>) -> ExitCode {
    if !error.use_stderr() {
        sink::data(error.render().ansi().to_string().trim_end());
        return ExitCode::SUCCESS;
    }
    // Without a parsed command line, the words themselves say what was meant, and whether a program is reading.
    let given = ArgumentWords::new(std::env::args_os().skip(1));
    correct_tips(&mut error, &given);
    sink::line(error.render().ansi().to_string().trim_end());
    let command = given.command();
    let mut failure = Failure::invalid(usage_reason(&error));
    if let Some(hint) = plan_hint(&error, &command).or_else(|| environment_hint(&error, &given)) {
        sink::line(&line::hint(&hint));
        failure = failure.hint(hint);
    }
    failure = failure.hint("`shipgate --help` shows the commands");
    let plans = command.starts_with("plan ");
    let request = CommandRequest { command, plans, ..CommandRequest::default() };
    let outcome = report::unparsed(context, &request, given.format(), &failure);
    ExitCode::from(outcome.exit_code())
}

/// Without clap's tip to write an unknown option as a value, `-- --froce`: no command takes such a value. Nor does it propose
/// a command that only has some letters of the word: it could be one that changes production.
fn correct_tips(error: &mut clap::Error, given: &ArgumentWords) {
    if let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand).cloned() {
        error.remove(ContextKind::SuggestedSubcommand);
        if let Some(similar) = given.similar(&word) {
            error.insert(ContextKind::SuggestedSubcommand, ContextValue::String(similar));
        }
    }
    let Some(ContextValue::StyledStrs(mut tips)) = error.remove(ContextKind::Suggested) else { return };
    tips.retain(|tip| !tip.to_string().contains("as a value"));
    if !tips.is_empty() {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
}

/// What is wrong with the command line: the first paragraph of the message.
fn usage_reason(error: &clap::Error) -> String {
    if matches!(error.kind(), ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand) {
        return "no command is given".to_owned();
    }
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    neutral::phrase(lines.join(" ").trim_start_matches("error: "), 300)
}

/// `plan` names what is planned before where.
fn plan_hint(error: &clap::Error, command: &str) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand).filter(|_| command == "plan")
    else {
        return None;
    };
    let word = neutral::phrase(word, 100);
    Some(match Cli::command().find_subcommand(&word) {
        None => format!("say what is planned: `shipgate plan deploy {word}`, or `promote` or `rollback` in its place"),
        Some(_) => "`deploy`, `promote` and `rollback` can be planned; nothing else changes what runs".to_owned(),
    })
}

/// An environment is no option.
fn environment_hint(error: &clap::Error, given: &ArgumentWords) -> Option<String> {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return None };
    let line = given.with_environment(option)?;
    Some(format!("write the environment without an option: `{line}`"))
}
