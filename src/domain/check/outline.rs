//! What the rules need to know of the configuration, with the places where it stands.

use std::collections::{BTreeMap, BTreeSet};

use super::{CheckFinding, CheckSubject, LinePlace, Rule};
use crate::domain::contract::DeclaredContract;
use crate::domain::github::workflows::TrustedWorkflows;

/// A configuration that is right in itself, as far as other files have to fit it.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    /// The configuration file, relative to the root of the repository.
    pub file: String,
    /// The environments, in the order of the file.
    pub environments: Vec<OutlinedEnvironment>,
    /// The workflows of the gate that are trusted.
    pub trusted: Vec<Trusted>,
    /// The images that are built.
    pub builds: Vec<OutlinedBuild>,
    /// The other files that components use.
    pub files: Vec<NamedFile>,
    /// Each component in each environment, as far as its kind has rules for files that it does not name.
    pub components: Vec<WrittenComponent>,
    /// The contracts of components that have one, by the component's name.
    pub contracts: BTreeMap<String, DeclaredContract>,
}

/// A component in an environment, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenComponent {
    /// Its name.
    pub name: String,
    /// The word of its kind.
    pub kind: &'static str,
    /// Where it is named.
    pub place: LinePlace,
    /// The environment.
    pub environment: String,
    /// What is written of it, by the keys of its kind.
    pub texts: BTreeMap<&'static str, OutlinedText>,
}

/// The workflows of the gate at a commit that is trusted, and where the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// The repository and the commit.
    pub workflows: TrustedWorkflows,
    /// The place.
    pub place: LinePlace,
}

/// An environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutlinedEnvironment {
    /// Its name.
    pub name: String,
    /// Where the configuration names it.
    pub place: Option<LinePlace>,
    /// Whether a role changes it.
    pub has_role: bool,
    /// Whether it has a role for looking.
    pub has_read_role: bool,
    /// The environment that its releases come from.
    pub promotes_from: Option<String>,
    /// Whether other people approve what is promoted to it, with a workflow of their own.
    pub asks_second_person: bool,
    /// The variables of the repository that it uses: `${vars.NAME}`.
    pub variables: BTreeSet<String>,
}

/// A text of the configuration and its place. `None`: it has variables that are not looked up here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlinedText {
    /// The text.
    pub text: Option<String>,
    /// Its place.
    pub place: LinePlace,
}

/// How an image is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlinedBuild {
    /// The component.
    pub component: String,
    /// The directory.
    pub context: Option<OutlinedText>,
    /// The Dockerfile, where it is named.
    pub dockerfile: Option<OutlinedText>,
    /// The arguments.
    pub args: Vec<BuildArg>,
}

/// A build argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildArg {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub place: LinePlace,
    /// The variable in it that stands for something else in each environment: `${environment.name}`.
    pub per_environment: Option<String>,
    /// Whether it is nothing but the release.
    pub is_release: bool,
}

/// A file that a component uses.
#[derive(Debug, Clone)]
pub struct NamedFile {
    /// The component.
    pub component: String,
    /// The environment that uses it.
    pub environment: String,
    /// The file, relative to the configuration file.
    pub file: OutlinedText,
    /// The part of it that the component is about, as the component's kind means it.
    pub part: Option<String>,
    /// What is checked of it.
    pub rules: &'static FileRules,
}

/// What is checked of the files that components of a kind use.
#[derive(Debug)]
pub struct FileRules {
    /// What such a file is, for people: `task-definition file`.
    pub what: &'static str,
    /// The key that names it.
    pub key: &'static str,
    /// The word for what was looked at.
    pub subject: CheckSubject,
    /// The rule that it is there.
    pub missing: Rule,
    /// Judges a file, by its name, its text and the part of it that the component is about.
    pub judge: fn(&str, &str, Option<&str>) -> Vec<CheckFinding>,
}

impl Outline {
    /// The environment of a name.
    pub fn environment(&self, name: &str) -> Option<&OutlinedEnvironment> {
        self.environments.iter().find(|environment| environment.name == name)
    }

    /// Takes the texts of a component in an environment whose variables are known now.
    pub fn resolved(&mut self, environment: &str, name: &str, texts: Vec<(&'static str, String)>) {
        let is_meant = |it: &&mut WrittenComponent| it.environment == environment && it.name == name;
        let Some(component) = self.components.iter_mut().find(is_meant) else { return };
        for (key, text) in texts {
            if let Some(written) = component.texts.get_mut(key) {
                written.text.get_or_insert(text);
            }
        }
    }

    /// The components of a kind, each in each environment.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &WrittenComponent> {
        self.components.iter().filter(move |component| component.kind == kind)
    }

    /// Whether the same image goes to more than one environment.
    pub fn promotes(&self) -> bool {
        self.environments.iter().any(|environment| environment.promotes_from.is_some())
    }
}
