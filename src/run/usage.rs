//! A command line that is not understood, or asks for help.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::{Cli, OutputFormat};
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::neutral;
use crate::domain::view::Request;
use crate::report::{self, lines};
use crate::sink;

/// Help, the version, or what is wrong with the command line.
pub fn unparsed(error: &clap::Error, context: Option<&Context>) -> ExitCode {
    let shown = error.render();
    if !error.use_stderr() {
        sink::data(shown.ansi().to_string().trim_end());
        return ExitCode::SUCCESS;
    }
    sink::line(shown.ansi().to_string().trim_end());
    // Without a parsed command line, the words themselves say what was meant, and whether a program is reading.
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let command = command_in(&words);
    let mut failure = Failure::invalid(usage_reason(error));
    if let Some(hint) = plan_hint(error, &command) {
        sink::line(&lines::hint(&hint));
        failure = failure.hint(hint);
    }
    failure = failure.hint("`shipgate --help` shows the commands");
    let wants_json =
        words.iter().any(|word| word == "--output=json") || words.windows(2).any(|pair| pair == ["--output", "json"]);
    let format = if wants_json { OutputFormat::Json } else { OutputFormat::Human };
    let plans = command.starts_with("plan ");
    let request = Request { command, plans, ..Request::default() };
    let outcome = report::unparsed(context, &request, format, &failure);
    ExitCode::from(outcome.exit_code())
}

/// The commands that the words name, as far as there are such: `deploy`, `plan deploy`.
fn command_in(words: &[OsString]) -> String {
    let root = Cli::command();
    let takes_value = |word: &OsString| {
        let mut arguments = root.get_arguments().filter(|argument| argument.get_action().takes_values());
        arguments.any(|argument| argument.get_long().is_some_and(|long| word == &format!("--{long}")[..]))
    };
    let mut names = Vec::new();
    let mut command = &root;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if takes_value(word) {
            let _value = words.next();
        } else if let Some(known) = command.find_subcommand(word) {
            names.push(known.get_name());
            command = known;
        } else if !word.to_string_lossy().starts_with('-') {
            break;
        }
    }
    names.join(" ")
}

/// What is wrong with the command line: the first paragraph of what people are told.
fn usage_reason(error: &clap::Error) -> String {
    if matches!(error.kind(), ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand) {
        return "no command is given".to_owned();
    }
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    neutral::phrase(lines.join(" ").trim_start_matches("error: "), 300)
}

/// Whoever plans names what is planned before where.
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
