//! The build specification, read twice: as what it means, and as where it stands.
//!
//! Source: the [reference](https://docs.aws.amazon.com/amplify/latest/userguide/yml-specification-syntax.html), and of
//! [monorepos](https://docs.aws.amazon.com/amplify/latest/userguide/monorepo-configuration.html).

use std::rc::Rc;

use yaml_serde::Value;
use yamlpath::Component;

use super::locate::{File, ShellScript, Within};
use crate::domain::check::{CheckFinding, LinePlace, Path, Rule, too_deep, without_place};
use crate::domain::limits::YAML_NESTING;

/// The one name that Amplify knows
/// ([amplify-hosting#2208](https://github.com/aws-amplify/amplify-hosting/issues/2208)).
pub const NAME: &str = "amplify.yml";
/// Beyond it nothing is read, in characters: four times what the API takes for a build specification.
pub const LONGEST: usize = 100_000;

/// A build specification that could be read.
#[derive(Debug)]
pub struct Specification {
    /// All of it.
    pub raw: Value,
    /// The file.
    pub file: Rc<File>,
    /// The apps, at least one.
    pub apps: Vec<App>,
}

/// An app of the specification.
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    /// Its number under `applications`. `None`: the specification has one app alone.
    pub index: Option<usize>,
    /// Its directory from the root of the repository, without `/` and `./` before and behind. Empty: the root.
    pub root: String,
    /// What is written of it.
    pub value: Value,
}

/// A part of an app that has commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AppPart {
    /// What deploys the backend, before the frontend.
    Backend,
    /// What builds the frontend.
    Frontend,
    /// What runs after it.
    Test,
}

impl AppPart {
    /// All, in the order in which they run.
    pub const ALL: [Self; 3] = [Self::Backend, Self::Frontend, Self::Test];

    /// The key.
    pub fn key(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Frontend => "frontend",
            Self::Test => "test",
        }
    }

    /// The phases that Amplify runs, in this order.
    pub fn phases(self) -> [&'static str; 3] {
        match self {
            Self::Backend | Self::Frontend => ["preBuild", "build", "postBuild"],
            Self::Test => ["preTest", "test", "postTest"],
        }
    }
}

impl Specification {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// The finding that says why it cannot be read.
    pub fn read(text: &str) -> Result<Self, CheckFinding> {
        let text = text.trim_start_matches('\u{feff}');
        let at = |place, message: String| {
            let hint = "correct it: Amplify cannot read it either, and ends the build before its first command";
            CheckFinding::new(Rule::BuildSpecSyntax, message, hint).in_file(NAME, place)
        };
        if let Some(line) = too_deep(text) {
            let message = format!("{NAME} is nested deeper than {YAML_NESTING} levels, so it is not parsed");
            return Err(at(Some(LinePlace::at(line, 1)), message));
        }
        let raw: Value = yaml_serde::from_str(text).map_err(|error| {
            let place = error.location().map(|location| LinePlace::at(location.line(), location.column()));
            at(place, format!("{NAME} is not YAML: {}", without_place(&error)))
        })?;
        if raw.as_mapping().is_none() {
            return Err(at(Some(LinePlace::at(1, 1)), format!("{NAME} has no keys")));
        }
        let file = Rc::new(File::yaml(NAME, text));
        let apps = match raw.get("applications").and_then(Value::as_sequence) {
            None => vec![App { index: None, root: String::new(), value: raw.clone() }],
            Some(all) => all.iter().enumerate().map(|(index, value)| App::of(index, value)).collect(),
        };
        Ok(Self { raw, file, apps })
    }

    /// A finding at a key.
    pub fn finding(
        &self,
        rule: Rule,
        path: &[Component<'_>],
        message: impl AsRef<str>,
        hint: impl AsRef<str>,
    ) -> CheckFinding {
        CheckFinding::new(rule, message, hint).in_file(NAME, Some(self.file.key(&path.to_vec())))
    }

    /// A finding at the value of a key.
    pub fn finding_at_value(&self, rule: Rule, path: &Path<'_>, message: &str, hint: &str) -> CheckFinding {
        CheckFinding::new(rule, message, hint).in_file(NAME, Some(self.file.value(path)))
    }

    /// The commands of a phase. What is no text is left out.
    pub fn commands<'s>(
        &'s self,
        app: &'s App,
        part: AppPart,
        phase: &'static str,
    ) -> impl Iterator<Item = ShellScript> + 's {
        let phases = app.value.get(part.key()).and_then(|part| part.get("phases"));
        let commands = phases.and_then(|phases| phases.get(phase)?.get("commands")?.as_sequence());
        let all = commands.into_iter().flatten().enumerate();
        all.filter_map(move |(index, command)| {
            let mut path = app.path(&[part.key(), "phases", phase, "commands"]);
            path.push(Component::from(index));
            Some(ShellScript::new(&self.file, Within::Value(path), command.as_str()?))
        })
    }
}

impl App {
    fn of(index: usize, value: &Value) -> Self {
        let root = value.get("appRoot").and_then(Value::as_str).unwrap_or_default();
        Self { index: Some(index), root: plain(root), value: value.clone() }
    }

    /// The path of some of its keys.
    pub fn path(&self, keys: &[&'static str]) -> Path<'static> {
        let base = self.index.map(|index| [Component::from("applications"), Component::from(index)]);
        base.into_iter().flatten().chain(keys.iter().map(|key| Component::from(*key))).collect()
    }

    /// A value of it.
    pub fn get(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().try_fold(&self.value, |value, key| value.get(*key))
    }

    /// What it is, beside others, for messages.
    pub fn suffix(&self) -> String {
        if self.root.is_empty() { String::new() } else { format!(" of `{}`", self.root) }
    }
}

/// A directory without what may stand before and behind it.
pub fn plain(path: &str) -> String {
    let parts = path.split('/').filter(|part| !["", "."].contains(part));
    parts.collect::<Vec<_>>().join("/")
}
