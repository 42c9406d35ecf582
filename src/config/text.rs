//! Strings of the configuration, with the variables in them recognised but not looked up.

use std::fmt;
use std::ops::Range;

use super::error::Problems;
use super::read::{FromToml, NOT_BUILT, TomlNode};
use super::wording::nearest;
use crate::domain::template::{self, RELEASE_SHA, scan};

/// The variables without a name of one's own.
const FIXED: [&str; 4] = ["app", "environment.name", "environment.prefix", RELEASE_SHA];

/// A string as it is written in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenText {
    /// The bytes of the file, quotes and all.
    pub(super) span: Range<usize>,
    /// The text as TOML means it, variables as they are written.
    pub(super) written: String,
    /// Its pieces in order.
    pub(super) pieces: Vec<TextPiece>,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TextPiece {
    /// Stands for itself.
    Literal(String),
    /// Stands for something else.
    Variable(Variable, Range<usize>),
    /// Could not be read, which is already reported.
    Unreadable,
}

/// What may stand for something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Variable {
    /// One of the repository's variables.
    Vars(String),
    /// An environment variable of the process.
    Env(String),
    /// The application's name.
    App,
    /// The environment's name.
    EnvironmentName,
    /// The environment's prefix.
    EnvironmentPrefix,
    /// The release, once it is known.
    ReleaseSha,
}

impl FromToml for WrittenText {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let span = node.span.clone();
        let Some(written) = node.text(problems) else {
            return Self { span, written: String::new(), pieces: vec![TextPiece::Unreadable] };
        };
        // Where TOML escapes nothing, a piece is the same in the file and in the text.
        let verbatim = node.source[span.clone()].find(written).map(|offset| span.start + offset);
        let place = |range: Range<usize>| match verbatim {
            Some(start) => start + range.start..start + range.end,
            None => span.clone(),
        };
        let pieces = match scan(written) {
            Ok(pieces) => pieces.into_iter().map(|piece| TextPiece::new(piece, place, problems)).collect(),
            Err(error) => {
                let hint = "close it with `}`, or write `$${` for the text itself";
                problems.at(&place(error.range), format!("`{}`: {}", node.name, error.fault), hint);
                vec![TextPiece::Unreadable]
            }
        };
        Self { span, written: written.to_owned(), pieces }
    }
}

/// The words of a command.
pub(super) fn read_command(node: &TomlNode<'_>, problems: &mut Problems) -> Vec<WrittenText> {
    node.refuse_empty("name the program to run, or remove the key", problems);
    Vec::read(node, problems)
}

impl TextPiece {
    fn new(
        piece: template::TextWithVariables<'_>,
        place: impl Fn(Range<usize>) -> Range<usize>,
        problems: &mut Problems,
    ) -> Self {
        match piece {
            template::TextWithVariables::Text(text) => Self::Literal(text),
            template::TextWithVariables::Variable { name, range } => match Variable::parse(name) {
                Ok(variable) => Self::Variable(variable, place(range)),
                Err((message, hint)) => {
                    problems.at(&place(range), message, hint);
                    Self::Unreadable
                }
            },
        }
    }
}

impl Variable {
    /// The variable of a name, or what is wrong with the name and what to do.
    fn parse(name: &str) -> Result<Self, (String, String)> {
        let (namespace, rest) = name.split_once('.').unwrap_or((name, ""));
        match (namespace, rest) {
            ("vars", rest) if is_identifier(rest) => Ok(Self::Vars(rest.to_owned())),
            ("env", rest) if is_identifier(rest) => match withheld(rest, cfg!(windows)) {
                None => Ok(Self::Env(rest.to_owned())),
                Some(whose) => {
                    let hint = "write the value itself, or take it from `${vars.NAME}`; hand a secret of your own over \
                                under a name of its own";
                    Err((format!("`${{{name}}}` cannot be used: {whose}"), hint.to_owned()))
                }
            },
            ("app", "") if name == "app" => Ok(Self::App),
            ("environment", "name") => Ok(Self::EnvironmentName),
            ("environment", "prefix") => Ok(Self::EnvironmentPrefix),
            ("release", "sha") => Ok(Self::ReleaseSha),
            ("vars" | "env", _) => {
                let hint = format!("write `${{{namespace}.NAME}}`, the name of letters, digits and `_`");
                Err((format!("`${{{name}}}` names no variable"), hint))
            }
            ("cfn" | "ssm", _) => {
                let hint = "write the value itself, or take it from `${vars.NAME}`";
                Err((format!("`${{{name}}}` {NOT_BUILT}"), hint.to_owned()))
            }
            ("secrets", _) => {
                let hint = "hand the secret over as an environment variable, and write `${env.NAME}`";
                Err((format!("unknown variable `${{{name}}}`"), hint.to_owned()))
            }
            _ => Err((format!("unknown variable `${{{name}}}`"), hint_for_unknown(name, rest))),
        }
    }
}

fn hint_for_unknown(name: &str, rest: &str) -> String {
    let named = [format!("vars.{rest}"), format!("env.{rest}")];
    let candidates = FIXED.into_iter().chain(named.iter().filter(|_| is_identifier(rest)).map(String::as_str));
    match nearest(name, candidates) {
        Some(meant) => format!("write `${{{meant}}}`"),
        None => format!(
            "write `${{vars.NAME}}`, `${{env.NAME}}`, `${{{}}}`, or `$${{{name}}}` for the text itself",
            FIXED.join("}`, `${")
        ),
    }
}

/// Why an environment variable is not for a configuration: the credentials of the run itself are handed over in it, and
/// what a configuration has may be sent or shown anywhere.
fn withheld(name: &str, ignore_case: bool) -> Option<&'static str> {
    let name = if ignore_case { name.to_ascii_uppercase() } else { name.to_owned() };
    let tokens = ["GITHUB_TOKEN", "GH_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GH_ENTERPRISE_TOKEN"];
    if name.starts_with("AWS_") {
        Some("variables that begin with `AWS_` are for the AWS credentials of the run")
    } else if name.starts_with("ACTIONS_") {
        Some("variables that begin with `ACTIONS_` are for the runner's own tokens")
    } else if tokens.contains(&name.as_str()) {
        Some("it is for a token of GitHub")
    } else {
        None
    }
}

/// Whether GitHub and shells take it as the name of a variable.
pub(super) fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

impl fmt::Display for Variable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vars(name) => write!(formatter, "${{vars.{name}}}"),
            Self::Env(name) => write!(formatter, "${{env.{name}}}"),
            Self::App => formatter.write_str("${app}"),
            Self::EnvironmentName => formatter.write_str("${environment.name}"),
            Self::EnvironmentPrefix => formatter.write_str("${environment.prefix}"),
            Self::ReleaseSha => formatter.write_str("${release.sha}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_the_run_are_withheld() {
        for name in ["AWS_SESSION_TOKEN", "AWS_REGION", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"] {
            assert!(withheld(name, false).is_some(), "{name}");
            assert!(withheld(&name.to_lowercase(), true).is_some(), "{name}");
            assert!(withheld(&name.to_lowercase(), false).is_none(), "{name}");
        }
        for name in ["GITHUB_SHA", "GITHUB_TOKENS", "MY_AWS_KEY", "AWS", "TOKEN", "SHIPGATE_VARS"] {
            assert!(withheld(name, true).is_none(), "{name}");
        }
    }
}
