//! The help: the groups of the commands, and examples of each. What a command does stands with the command alone.

use std::fmt::Write as _;

use clap::Command;
use clap::builder::{StyledStr, Styles};

/// The commands, by what they are used for.
pub(super) const GROUPS: [(&str, &[&str]); 4] = [
    ("Daily", &["build", "deploy", "promote", "rollback", "status", "logs"]),
    ("Inspect (changes nothing)", &["plan", "check", "contract", "gates", "history", "whoami"]),
    ("Stop and approve", &["hold", "unhold", "approve"]),
    ("Set up", &["iam", "credentials", "completions"]),
];

/// A command, what has to be known beside its options, and command lines of it.
type CommandHelp = (&'static str, &'static str, &'static [&'static str]);

const EXAMPLES: &[CommandHelp] = &[
    (
        "build",
        "For a job without credentials; `deploy` takes the bundles, and only those with the digests that this prints.",
        &["shipgate build --to bundles", "shipgate build site --to bundles --allow-dirty"],
    ),
    (
        "deploy",
        "",
        &[
            "shipgate deploy stage",
            "shipgate deploy stage --component api",
            "shipgate deploy stage --allow-dirty    # uncommitted changes; never promoted",
        ],
    ),
    (
        "promote",
        "",
        &[
            "shipgate promote production",
            "shipgate promote production --release v1.4",
            "shipgate promote production --release '#123'",
            "shipgate promote production --expect-plan 6d016303bfdf",
        ],
    ),
    ("rollback", "", &["shipgate rollback production", "shipgate rollback production --release 30faf9b"]),
    ("plan", "", &["shipgate plan deploy stage", "shipgate plan promote production"]),
    ("plan deploy", "", &["shipgate plan deploy stage", "shipgate plan deploy stage --json"]),
    ("plan promote", "", &["shipgate plan promote production", "shipgate plan promote production --release v1.4"]),
    (
        "plan rollback",
        "",
        &["shipgate plan rollback production", "shipgate plan rollback production --release 30faf9b"],
    ),
    ("plan unhold", "", &["shipgate plan unhold production --reason 'payment is up again'"]),
    (
        "approve",
        "Exits with 3 where this run is no approval of the plan.",
        &["shipgate approve --plan-run 4711 --expect-plan sha256:… --plan-document plan.json"],
    ),
    (
        "gates",
        "Exits with 3 where one refuses.",
        &["shipgate gates production", "shipgate gates production --release v1.4"],
    ),
    (
        "contract",
        "Exits with 2 where a value does not fit, and with 1 where the environment cannot be read.",
        &["shipgate contract production", "shipgate contract --propose    # a first contract, from what there is"],
    ),
    ("check", "", &["shipgate check", "shipgate check --comment    # on the pull request"]),
    ("status", "", &["shipgate status", "shipgate status stage", "shipgate status --json"]),
    ("history", "", &["shipgate history production", "shipgate history production --limit 5"]),
    (
        "logs",
        "",
        &[
            "shipgate logs stage --follow",
            "shipgate logs stage --component api --since 2h",
            "shipgate logs production --task 77ab",
        ],
    ),
    ("hold", "", &["shipgate hold production --reason 'payment is down, see issue 31'"]),
    ("unhold", "", &["shipgate unhold production --reason 'payment is up again'"]),
    (
        "whoami",
        "",
        &["shipgate whoami", "shipgate whoami stage", "shipgate whoami production --trust-policy role.json"],
    ),
    ("credentials", "", &["shipgate credentials stage --format process --read-role"]),
    (
        "iam",
        "",
        &["shipgate iam trust stage --repository acme/shop", "shipgate iam policy stage", "shipgate iam guard"],
    ),
    (
        "iam trust",
        "",
        &[
            "shipgate iam trust stage --repository acme/shop",
            "shipgate iam trust production --repository acme/shop --keys sub",
            "shipgate iam trust stage --repository acme/shop --principal arn:aws:iam::123456789012:user/ana",
        ],
    ),
    ("iam policy", "", &["shipgate iam policy stage", "shipgate iam policy stage --read-role"]),
    ("iam guard", "", &["shipgate iam guard", "shipgate iam guard --form boundary"]),
    (
        "completions",
        "",
        &[
            "source <(shipgate completions bash)",
            "shipgate completions zsh > ~/.zfunc/_shipgate",
            "shipgate completions fish > ~/.config/fish/completions/shipgate.fish",
        ],
    ),
];

/// The help of the program: its commands in their groups, then the options of every command under their heading.
pub(super) fn template(commands: &Command, options: &str) -> StyledStr {
    let mut text = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    for (group, names) in GROUPS {
        text.push('\n');
        heading(&mut text, group);
        for name in names {
            let about = commands.find_subcommand(name).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let literal = Styles::styled().get_literal().to_owned();
            let _infallible = writeln!(text, "  {literal}{name:<11}{literal:#}  {about}");
        }
    }
    text.push('\n');
    heading(&mut text, options);
    text.push_str("{options}");
    StyledStr::from(text)
}

/// What stands below the options of a command: examples.
pub(super) fn after(command: &str) -> StyledStr {
    let mut text = String::new();
    for (_, note, lines) in EXAMPLES.iter().filter(|(name, _, _)| *name == command) {
        if !note.is_empty() {
            let _infallible = writeln!(text, "{note}\n");
        }
        heading(&mut text, "Examples");
        for line in *lines {
            let _infallible = writeln!(text, "  {line}");
        }
    }
    StyledStr::from(text.trim_end().to_owned())
}

fn heading(text: &mut String, heading: &str) {
    let styles = Styles::styled();
    let style = styles.get_header();
    let _infallible = writeln!(text, "{style}{heading}:{style:#}");
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::CommandFactory as _;

    use super::super::Cli;
    use super::*;

    /// All commands, by their words.
    fn commands() -> Vec<(String, Command)> {
        let mut found: Vec<(String, Command)> = Vec::new();
        let mut open = vec![(String::new(), Cli::command())];
        while let Some((name, command)) = open.pop() {
            for below in command.get_subcommands() {
                open.push((format!("{name} {}", below.get_name()).trim().to_owned(), below.clone()));
            }
            found.push((name, command));
        }
        found
    }

    #[test]
    fn each_command_is_in_one_group() {
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let command = Cli::command();
        let mut all: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        grouped.sort_unstable();
        all.sort_unstable();
        assert_eq!(grouped, all);
    }

    #[test]
    fn each_command_has_examples_that_it_understands() {
        let all = commands();
        for (name, _, _) in EXAMPLES {
            assert!(all.iter().any(|(known, _)| known == name), "there is no command {name}");
        }
        for (name, command) in all.iter().filter(|(name, _)| !name.is_empty()) {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines: Vec<&str> = after.lines().filter(|line| line.starts_with("  ")).collect();
            assert!((1..=4).contains(&lines.len()), "{name}: {after}");
            for line in lines {
                // What the shell does with it is not of this program.
                let line = line.split_once("<(").map_or(line, |(_, rest)| rest.trim_end_matches(')'));
                let line = line.split_once(" > ").map_or(line, |(line, _)| line).replace('…', &"0".repeat(64));
                assert!(line.trim().starts_with(&format!("shipgate {name}")), "{line} is of {name}");
                let words = shlex::split(&line).unwrap();
                let read = Cli::read(words.into_iter().map(OsString::from));
                assert!(read.is_ok(), "{line}: {}", read.unwrap_err());
            }
        }
    }

    /// Groups and examples are not wrapped.
    #[test]
    fn every_help_fits_on_80_columns_and_the_long_one_says_no_more() {
        let mut root = Cli::command().term_width(80);
        root.build();
        for (name, _) in commands() {
            let below = |command: Command, word| command.find_subcommand(word).unwrap().clone();
            let short = name.split_whitespace().fold(root.clone(), below).render_help().to_string();
            // What has to be given stands on one line, as clap has it.
            for line in short.lines().filter(|line| !line.starts_with("Usage:")) {
                assert!(line.chars().count() <= 80, "{name}: {line}");
            }
            assert!(!short.contains("[possible values"), "{name}");
            let asked = |option: &str| {
                let words = ["shipgate"].into_iter().chain(name.split_whitespace()).chain([option]);
                Cli::read(words.map(OsString::from)).unwrap_err().to_string()
            };
            assert_eq!(asked("-h"), asked("--help"), "{name}");
            let options = short.find("\nOptions:").unwrap_or(0);
            assert!(options < short.find("Global options:").unwrap(), "{name}");
        }
    }
}
