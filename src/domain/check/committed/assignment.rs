//! Names with the values that a file gives them, whatever it is written in.

use std::borrow::Cow;
use std::ops::Range;

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment<'t> {
    /// Where the name stands, in bytes.
    pub name: Range<usize>,
    /// Where the value stands, without its quotes.
    pub written: Range<usize>,
    /// The value.
    pub value: Cow<'t, str>,
}

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// What [dotenv](https://github.com/motdotla/dotenv#what-rules-does-the-parsing-engine-follow) reads.
    Dotenv,
    /// Names and values on lines: YAML, and shell in it.
    Lines,
    /// A Dockerfile.
    Dockerfile,
    /// Something that holds no values of variables: only what has the form of a secret counts.
    Other,
    /// JSON, with objects that have a `name` and a `value`.
    Json,
}

/// What a file is written in, by its name. `None`: it is not searched.
pub fn syntax(path: &str) -> Option<Syntax> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let has_extension = |of: &[&str]| lower.rsplit_once('.').is_some_and(|(_, extension)| of.contains(&extension));
    let is_code = has_extension(&["ts", "js", "mjs", "cjs", "py", "rb", "go", "rs", "md"]);
    if (name.starts_with(".env.") || name == ".envrc" || has_extension(&["env"])) && !is_code {
        Some(Syntax::Dotenv)
    } else if ["dockerfile", "containerfile"].contains(&lower.split('.').next().unwrap_or_default())
        || has_extension(&["dockerfile"])
    {
        Some(Syntax::Dockerfile)
    } else if has_extension(&["json"]) {
        lower.find("task").is_some_and(|at| lower[at..].contains("def")).then_some(Syntax::Json)
    } else if has_extension(&["yml", "yaml"]) {
        let directory = &path[..path.len() - name.len()];
        (directory == ".github/workflows/" || lower.starts_with("amplify.")).then_some(Syntax::Lines)
    } else {
        None
    }
}

/// Whether a text is the name of a variable.
pub fn is_name(text: &str) -> bool {
    text.len() <= 100
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(is_of_name)
}

/// Whether names have such a byte.
pub const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_chosen_by_their_names() {
        for (path, expected) in [
            (".env", Some(Syntax::Dotenv)),
            ("web/.env.production.local", Some(Syntax::Dotenv)),
            ("deploy/stage.env", Some(Syntax::Dotenv)),
            (".envrc", Some(Syntax::Dotenv)),
            ("src/.env.ts", None),
            ("environment", None),
            ("Dockerfile", Some(Syntax::Dockerfile)),
            ("a/Dockerfile.prod", Some(Syntax::Dockerfile)),
            ("a/web.Dockerfile", Some(Syntax::Dockerfile)),
            ("ecs/task-definition.json", Some(Syntax::Json)),
            ("taskdef.stage.json", Some(Syntax::Json)),
            ("package.json", None),
            ("amplify.yml", Some(Syntax::Lines)),
            ("apps/web/amplify.yaml", Some(Syntax::Lines)),
            (".github/workflows/a.yml", Some(Syntax::Lines)),
            ("x/.github/workflows/a.yml", None),
            ("docker-compose.yml", None),
            ("README.md", None),
        ] {
            assert_eq!(syntax(path), expected, "{path}");
        }
    }
}
