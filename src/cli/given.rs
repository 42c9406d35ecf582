//! The words of a command line that is not understood: what they say all the same.

use std::ffi::{OsStr, OsString};

use clap::{Command, CommandFactory as _};

use super::{Cli, OutputFormat};
use crate::domain::nearest::nearest;

/// How an environment is written by who is used to other tools.
const ENVIRONMENT: [&str; 3] = ["--env", "--environment", "-e"];

/// The words after the program's name.
#[derive(Debug)]
pub struct ArgumentWords(Vec<OsString>);

impl ArgumentWords {
    /// These words.
    pub fn new(words: impl IntoIterator<Item = OsString>) -> Self {
        Self(words.into_iter().take_while(|word| word != "--").collect())
    }

    /// The commands that are named, as far as there are such: `deploy`, `plan deploy`.
    pub fn command(&self) -> String {
        self.commands().1.join(" ")
    }

    /// The last command that is named, with the names of all.
    fn commands(&self) -> (Command, Vec<String>) {
        let root = Cli::command();
        let options: Vec<String> = values_of(&root).collect();
        let takes_value = |word: &OsStr| {
            options.iter().any(|option| word == option.as_str()) || ENVIRONMENT.iter().any(|option| word == *option)
        };
        let (mut command, mut names) = (root, Vec::new());
        let mut words = self.0.iter();
        while let Some(word) = words.next() {
            if takes_value(word) {
                let _value = words.next();
            } else if let Some(known) = command.find_subcommand(word).cloned() {
                names.push(known.get_name().to_owned());
                command = known;
            } else if !word.to_string_lossy().starts_with('-') {
                break;
            }
        }
        (command, names)
    }

    /// The command that was most likely meant by a word that is none.
    pub fn similar(&self, word: &str) -> Option<String> {
        let (command, _) = self.commands();
        nearest(word, command.get_subcommands().map(Command::get_name)).map(str::to_owned)
    }

    /// What a program that reads standard output expects there.
    pub fn format(&self) -> OutputFormat {
        let is_json = |word: &OsString| ["--json", "--output=json", "-ojson", "-o=json"].iter().any(|one| word == *one);
        let is_pair = |pair: &[OsString]| (pair[0] == "--output" || pair[0] == "-o") && pair[1] == "json";
        let wants_json = self.0.iter().any(is_json) || self.0.windows(2).any(is_pair);
        if wants_json { OutputFormat::Json } else { OutputFormat::Human }
    }

    /// The command line with the environment where it belongs, where it is written as this option.
    pub fn with_environment(&self, option: &str) -> Option<String> {
        if !ENVIRONMENT.contains(&option) {
            return None;
        }
        let (command, names) = self.commands();
        command.get_positionals().find(|positional| positional.get_id() == "environment")?;
        let name = self.value_of(option).filter(|name| is_plain(name));
        Some(format!("shipgate {} {}", names.join(" "), name.as_deref().unwrap_or("ENVIRONMENT")))
    }

    /// The value of an option, behind `=` or as the next word.
    fn value_of(&self, option: &str) -> Option<String> {
        let next = self.0.windows(2).find(|pair| pair[0] == option).map(|pair| pair[1].to_string_lossy());
        let behind = self.0.iter().find_map(|word| word.to_str()?.strip_prefix(option)?.strip_prefix('='));
        next.map(std::borrow::Cow::into_owned).or_else(|| behind.map(str::to_owned))
    }
}

/// The options that have a value, as they are written.
fn values_of(command: &Command) -> impl Iterator<Item = String> {
    let with_value = command.get_arguments().filter(|argument| argument.get_action().takes_values());
    with_value.flat_map(|argument| {
        let long = argument.get_long().map(|long| format!("--{long}"));
        long.into_iter().chain(argument.get_short().map(|short| format!("-{short}")))
    })
}

/// Whether a word can be shown in a command line as it is.
fn is_plain(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphanumeric())
        && word.len() <= 100
        && word.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> ArgumentWords {
        ArgumentWords::new(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_command_is_found_among_options() {
        for (line, command) in [
            ("deploy stage --froce", "deploy"),
            ("--config hold plan -v promote", "plan promote"),
            ("-o json status", "status"),
            ("--env stage status", "status"),
            ("x deploy", ""),
            ("", ""),
        ] {
            assert_eq!(given(line).command(), command, "{line}");
        }
    }

    #[test]
    fn no_command_is_proposed_that_is_quite_another() {
        for (line, similar) in [
            ("deploi stage", Some("deploy")),
            ("completion bash", Some("completions")),
            ("stat", Some("status")),
            ("frob", None),
            ("install", None),
        ] {
            let word = line.split(' ').next().unwrap();
            assert_eq!(given(line).similar(word).as_deref(), similar, "{line}");
        }
    }

    #[test]
    fn each_way_to_ask_for_json_counts() {
        for line in ["--json", "x --output json", "--output=json x", "-o json", "-ojson", "x -o=json y"] {
            assert_eq!(given(line).format(), OutputFormat::Json, "{line}");
        }
        for line in ["", "--output human", "-o human", "json", "x -- --json"] {
            assert_eq!(given(line).format(), OutputFormat::Human, "{line}");
        }
    }

    #[test]
    fn an_environment_needs_no_option() {
        for (line, option, written) in [
            ("status --env stage", "--env", Some("shipgate status stage")),
            ("status --environment=stage", "--environment", Some("shipgate status stage")),
            ("--env stage status", "--env", Some("shipgate status stage")),
            ("plan deploy -e stage", "-e", Some("shipgate plan deploy stage")),
            ("deploy --env", "--env", Some("shipgate deploy ENVIRONMENT")),
            ("deploy --env $(id)", "--env", Some("shipgate deploy ENVIRONMENT")),
            ("check --env stage", "--env", None),
            ("--env stage", "--env", None),
            ("status --froce", "--froce", None),
        ] {
            assert_eq!(given(line).with_environment(option).as_deref(), written, "{line}");
        }
    }
}
