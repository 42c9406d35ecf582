//! The page of the command line: docs/cli/README.md, from what clap knows. To write it anew:
//! `SHIPGATE_UPDATE_DOCS=1 cargo test generated_page`.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command, CommandFactory as _};

use super::{Cli, GLOBAL, help};
use crate::domain::outcome::Outcome;
use crate::golden::assert_generated;

/// The commands that end with no outcome.
const WITHOUT_OUTCOME: &str = "Several components make one total: the worst outcome. The other commands exit with 0; \
    with 1 when they failed; with 2 when the command line, the configuration or the identity is wrong, when `check` \
    found an error, or when a value does not fit its `contract`; `gates` also with 3 when a gate refuses, and \
    `approve` with 3 when its run is no approval.";

/// The exit codes of the contract.
fn exit_codes() -> String {
    let meaning = |outcome: Outcome| match outcome {
        Outcome::Deployed => {
            "the release serves, read back: every running task has its digest, the probes pass, and it stays so while \
             the release settles"
        }
        Outcome::Unchanged => "the release ran already; shipgate verified that the same way",
        Outcome::Planned => "a plan was made, nothing was changed",
        Outcome::Failed => "it failed; what served before still serves, unchanged",
        Outcome::Invalid => {
            "the command line, the configuration or the identity is wrong: an unknown key, a dirty tree, a wrong account"
        }
        Outcome::Refused => "a gate refused, or could not be evaluated; nothing was changed",
        Outcome::Stale => "the target changed between plan and apply; shipgate changed nothing",
        Outcome::RolledBack => "the rollout failed; the previous release serves again, verified",
        Outcome::Broken => {
            "the rollout failed or its end is unknown, and the previous release is not verified, or the service is \
             scaled to zero: a person is needed now"
        }
        Outcome::Superseded => "another deployment replaced this one during the rollout",
        Outcome::TimedOut => "the rollout did not finish within `timeout`; ECS continues",
        Outcome::Unproven => "it was accepted, and nothing runs to prove it: the desired count is 0",
        Outcome::Interrupted => "a signal stopped it; the output names what is in flight",
    };
    let mut outcomes = Outcome::WORST_FIRST;
    outcomes.sort_by_key(|outcome| outcome.exit_code());
    let row =
        |outcome: Outcome| format!("| {} | `{}` | {} |\n", outcome.exit_code(), outcome.as_str(), meaning(outcome));
    format!(
        "`deploy`, `promote`, `rollback` and their plans end with one outcome, the word of their last line:\n\n\
         | exit code | outcome | meaning |\n|---|---|---|\n{}\n{WITHOUT_OUTCOME}\n",
        outcomes.map(row).concat()
    )
}

/// A text of clap as a cell of a table.
fn cell(text: &impl ToString) -> String {
    text.to_string().replace('|', "\\|").replace('\n', " ")
}

/// `--component <NAME>…`, with its short form.
fn shown(argument: &Arg) -> String {
    let value = argument.get_value_names().and_then(<[_]>::first).map(ToString::to_string).unwrap_or_default();
    let takes = argument.get_action().takes_values();
    let repeats = if matches!(argument.get_action(), ArgAction::Append) { "…" } else { "" };
    let Some(long) = argument.get_long() else { return format!("`{value}`{repeats}") };
    let short = argument.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    let value = if takes { format!(" {value}") } else { String::new() };
    format!("{short}`--{long}{value}`{repeats}")
}

/// What it means, the values that it can have, and its default.
fn meaning(argument: &Arg) -> String {
    let mut text = argument.get_help().map(cell).unwrap_or_default();
    let values = argument.get_possible_values();
    if argument.get_action().takes_values() && !values.is_empty() {
        let names: Vec<_> = values.iter().map(|value| format!("`{}`", value.get_name())).collect();
        if !names.iter().all(|name| text.contains(name)) {
            write!(text, "; one of {}", names.join(", ")).unwrap();
        }
    }
    if argument.get_action().takes_values() {
        for default in argument.get_default_values() {
            write!(text, "; default: `{}`", default.to_str().unwrap()).unwrap();
        }
    }
    text
}

/// A table of arguments. Nothing: there are none.
fn table<'a>(heading: &str, arguments: impl Iterator<Item = &'a Arg>) -> String {
    let mut rows = String::new();
    for argument in arguments {
        writeln!(rows, "| {} | {} |", shown(argument), meaning(argument)).unwrap();
    }
    if rows.is_empty() { rows } else { format!("| {heading} | meaning |\n|---|---|\n{rows}\n") }
}

/// A command and those below it.
fn section(command: &mut Command, name: &str) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = command.render_usage().to_string().replace("Usage: ", "");
    let usage: Vec<&str> = usage.lines().map(str::trim).collect();
    let mut text = format!("\n### `shipgate {name}`\n\n{about}.\n\n```text\n{}\n```\n\n", usage.join("\n"));
    let own = || command.get_arguments().filter(|argument| argument.get_help_heading() != Some(GLOBAL));
    text.push_str(&table("argument", own().filter(|argument| argument.is_positional())));
    text.push_str(&table("option", own().filter(|argument| !argument.is_positional())));
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (note, examples) = after.split_once("Examples:\n").unwrap();
    if !note.is_empty() {
        write!(text, "{}\n\n", note.trim()).unwrap();
    }
    let examples: Vec<&str> = examples.lines().map(str::trim).collect();
    write!(text, "```sh\n{}\n```\n", examples.join("\n")).unwrap();
    let below: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    for word in below.iter().filter(|word| *word != "help") {
        text.push_str(&section(command.find_subcommand_mut(word).unwrap(), &format!("{name} {word}")));
    }
    text
}

#[test]
fn generated_page_of_the_command_line_is_current() {
    let mut root = Cli::command();
    root.build();
    let link = |name: &&str| format!("[`{name}`](#shipgate-{name})");
    let mut text = "`shipgate COMMAND --help` prints the same in a terminal.\n\n| | commands |\n|---|---|\n".to_owned();
    for (group, names) in help::GROUPS {
        writeln!(text, "| {group} | {} |", names.iter().map(link).collect::<Vec<_>>().join(", ")).unwrap();
    }
    let globals = root.get_arguments().filter(|argument| argument.get_help_heading() == Some(GLOBAL));
    write!(text, "\n## Global options\n\n{}## Exit codes\n\n{}", table("option", globals), exit_codes()).unwrap();
    for (group, names) in help::GROUPS {
        write!(text, "\n## {group}\n").unwrap();
        for name in names {
            text.push_str(&section(root.find_subcommand_mut(name).unwrap(), name));
        }
    }
    assert_generated("docs/cli/README.md", "Command line", "src/cli.rs and src/cli/help.rs", &text);
}
