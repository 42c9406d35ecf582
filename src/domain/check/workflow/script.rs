//! The runs of shipgate in a shell script.

use super::command::{CommandVerb, Config, EnvironmentName, StepCommand};

/// Words that stand before a program and start it.
const STARTERS: [&str; 7] = ["exec", "sudo", "env", "time", "command", "nice", "nohup"];
/// What the command line of shipgate takes, as far as a script's words are read by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// The options whose value is the next word: `--config`.
    pub with_value: Vec<String>,
}

/// The commands that a script runs. What is hidden in functions, variables or other files is not found.
pub fn commands(script: &str, line: &CommandLine) -> Vec<StepCommand> {
    programs(script).iter().filter_map(|words| command(words, line)).collect()
}

/// The programs that a script starts, each as its words: without assignments and without what only starts another
/// program. What is hidden in functions, variables or other files is not found.
pub fn programs(script: &str) -> Vec<Vec<String>> {
    let is_before = |word: &String| STARTERS.contains(&word.as_str()) || is_assignment(word);
    let started = |words: Vec<String>| words.into_iter().skip_while(is_before).collect::<Vec<_>>();
    let joined = script.replace("\\\n", " ");
    joined.lines().flat_map(simple_commands).map(started).filter(|words| !words.is_empty()).collect()
}

/// The simple commands of a line, as words.
fn simple_commands(line: &str) -> Vec<Vec<String>> {
    let words = shlex::split(line).unwrap_or_else(|| line.split_whitespace().map(str::to_owned).collect());
    let mut commands = vec![Vec::new()];
    for word in words {
        let ends = word.ends_with(';') && word.len() > 1;
        if ["&&", "||", "|", ";", "&", "{", "}", "(", ")", "then", "do", "else", "if", "!"].contains(&word.as_str()) {
            commands.push(Vec::new());
        } else if let Some(last) = commands.last_mut() {
            last.push(word.trim_end_matches(';').to_owned());
        }
        if ends {
            commands.push(Vec::new());
        }
    }
    commands
}

fn command(words: &[String], line: &CommandLine) -> Option<StepCommand> {
    let mut words = words.iter();
    let program = words.next()?;
    if program.rsplit('/').next() != Some("shipgate") {
        return None;
    }
    let mut config = Config::Default;
    let mut plain = Vec::new();
    while let Some(word) = words.next() {
        if let Some(value) = word.strip_prefix("--config=") {
            config = Config::Given(value.to_owned());
        } else if line.with_value.contains(word) {
            let value = words.next();
            if word == "--config" {
                config = value.map_or(Config::Default, |value| Config::Given(value.clone()));
            }
        } else if !word.starts_with('-') {
            plain.push(word.as_str());
        }
    }
    let (verb, rest) = CommandVerb::of_words(&plain)?;
    let environment = rest.first().map_or(EnvironmentName::Absent, |word| named(word));
    Some(StepCommand { verb, environment, config })
}

/// What a shell would split, and this does not (`stage)`, `stage>log`), is no name.
fn named(word: &str) -> EnvironmentName {
    if word.contains(['(', ')', '<', '>', '|', '&', ';', '"', '\'']) {
        EnvironmentName::Unknown
    } else {
        EnvironmentName::of(word)
    }
}

/// `NAME=value`
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Some of the options; `src/cli.rs` holds what there is.
    pub fn line() -> CommandLine {
        let with_value = ["--config", "--output", "--release", "--reason", "--trust-policy", "--subject"];
        CommandLine { with_value: with_value.map(str::to_owned).to_vec() }
    }

    fn shown(script: &str) -> Vec<String> {
        let one = |command: &StepCommand| {
            let environment = match &command.environment {
                EnvironmentName::Literal(name) => name.clone(),
                EnvironmentName::Unknown => "?".to_owned(),
                EnvironmentName::Absent => "-".to_owned(),
            };
            format!("{} {environment}", command.verb.name())
        };
        commands(script, &line()).iter().map(one).collect()
    }

    #[test]
    fn runs_are_found_where_a_shell_would_run_them() {
        for (script, runs) in [
            ("shipgate deploy stage", vec!["deploy stage"]),
            (
                "set -e\n./target/release/shipgate --output json \\\n  plan promote production",
                vec!["plan promote production"],
            ),
            ("exec \"$HOME/bin/shipgate\" promote \"$TO\" --release abc", vec!["promote ?"]),
            ("A=1 sudo shipgate rollback '${{ inputs.environment }}'", vec!["rollback ?"]),
            ("shipgate -v status && shipgate check; shipgate logs stage", vec!["status -", "check -", "logs stage"]),
            ("shipgate promote --release abc production", vec!["promote production"]),
            ("shipgate whoami --trust-policy role.json production", vec!["whoami production"]),
            ("shipgate whoami --subject repo:a/b:ref:x production", vec!["whoami production"]),
            ("if shipgate deploy stage; then echo done; fi", vec!["deploy stage"]),
            ("echo shipgate deploy stage", vec![]),
            ("# shipgate deploy stage", vec![]),
            ("cargo install shipgate", vec![]),
            ("shipgate --version\nshipgate frobnicate stage\nshipgate iam trust stage", vec![]),
            ("shipgate deploy 'unbalanced", vec!["deploy ?"]),
            ("(cd app && shipgate deploy stage)", vec!["deploy ?"]),
            ("shipgate deploy stage>log; shipgate status stage|tee log", vec!["deploy ?", "status ?"]),
            ("echo \"by hand:\nshipgate deploy stage\"", vec!["deploy ?"]),
        ] {
            assert_eq!(shown(script), runs, "{script}");
        }
    }

    #[test]
    fn another_configuration_is_noticed() {
        for script in ["shipgate deploy stage --config a/b.toml", "shipgate --config=a/b.toml deploy stage"] {
            assert_eq!(commands(script, &line())[0].config, Config::Given("a/b.toml".to_owned()), "{script}");
        }
    }
}
