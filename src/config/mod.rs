//! The configuration: `shipgate.toml` from text to a [`EnvironmentTarget`], or everything that is wrong with it.
//!
//! In order: `read` turns the text into the shape of `raw`; `check` examines how its parts fit; `resolve` merges the
//! settings of one environment, finds what variables of its `scope` stand for, and lets `interpret` turn every `text`
//! into what it names. All of them note what is wrong and go on, so that it is reported at once. `past` takes the one
//! thing that a promotion needs from the configuration of another commit, and `outline` what other files of the
//! repository have to fit. Nothing here reads a file or an environment variable: the caller hands both over.
//!
//! Which keys a component has depends on its kind (`component`). Each kind has a file of its own with its keys, their
//! descriptions, and how they are read and resolved (`keys` is the trait). `image` and `probes` are keys that several
//! kinds may have.
//!
//! `gates` has the keys of an environment's gates, none of which takes a variable, and the policy that they come to.
//! `contract` has the rules for the environment variables of components, which take none either.
//!
//! A kind's file stands on `merged` (a component with what an environment overrides), `image`, `probes` and `keys`. None
//! of these knows a kind. `component` is the only one that knows them all, and only what stands above it knows
//! `component`: `raw`, `dependencies`, `check` and `resolve`.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

mod alone;
mod amplify;
mod approval;
mod builds;
mod check;
mod component;
mod contract;
mod dependencies;
mod ecs;
mod error;
mod gates;
mod github;
mod image;
mod interpret;
mod keys;
mod literal;
mod merged;
mod outline;
mod past;
mod probes;
mod raw;
mod read;
mod resolve;
#[cfg(test)]
mod schema;
mod scope;
mod settle;
mod source;
mod static_site;
mod static_site_build;
mod static_site_placeholders;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod wording;

pub use builds::BuildSelection;
pub use error::{ConfigError, ConfigErrors};
pub use merged::Purpose;
pub use outline::WrittenRole;
pub use resolve::ResolveRequest;
pub use scope::repository_variables;

use crate::domain::check::outline::Outline;
use crate::domain::limits::FILE;
use crate::domain::names::ComponentName;
use crate::domain::site_build::SiteBuild;
use crate::domain::target::EnvironmentTarget;
use crate::domain::template::Template;
use error::Problems;
use raw::RawConfig;
use read::{FromToml as _, TomlNode, parse_toml};
use source::SourceFile;

/// A configuration that is right in itself. What its variables stand for is looked up later, where it is needed.
#[derive(Debug, Clone)]
pub struct ConfigurationFile {
    path: Utf8PathBuf,
    source: String,
    raw: RawConfig,
}

impl ConfigurationFile {
    /// Reads the text of a configuration file, and checks everything that does not depend on variables.
    pub fn parse(path: &Utf8Path, text: &str) -> Result<Self, ConfigErrors> {
        let source = without_byte_order_mark(text);
        let mut problems = Problems::default();
        let raw = if text.len() > FILE.count() {
            problems
                .outside(format!("{path} is longer than {FILE}"), "split it: a file for each group of environments");
            None
        } else {
            parse_raw(source, &mut problems)
        };
        let document = raw.map(|raw| Self { path: path.to_owned(), source: source.to_owned(), raw });
        problems.finish(path, source, document)
    }

    /// The environments' names, in the order of the file.
    pub fn environments(&self) -> impl Iterator<Item = &str> {
        self.raw.environments.names()
    }

    /// The environments that take their releases from one.
    pub fn promoted_by(&self, environment: &str) -> impl Iterator<Item = &str> {
        let from = |other: &raw::RawEnvironment| other.promotes_from.as_ref()?.value.clone();
        let all = self.raw.environments.iter();
        all.filter(move |(_, other)| from(other).as_deref() == Some(environment)).map(|(key, _)| key.text.as_str())
    }

    /// Whether a second person approves what changes an environment.
    pub fn is_approved_by_second_person(&self, environment: &str) -> bool {
        self.raw.environments.get(environment).is_some_and(|(_, environment)| environment.second_person().is_some())
    }

    /// The role that changes each environment, in the order of the file.
    pub fn roles(&self) -> Vec<(String, WrittenRole)> {
        outline::roles(&self.raw)
    }

    /// What other files have to fit, with the places where it stands. `file`: this one, as places are to name it.
    pub fn outline(&self, file: &str) -> Outline {
        outline::outline(&self.raw, &self.source, file)
    }

    /// One environment with the components that are asked for. Looks up the variables of no other.
    pub fn resolve(&self, request: &ResolveRequest<'_>) -> Result<EnvironmentTarget, ConfigErrors> {
        let mut problems = Problems::default();
        let source = SourceFile::new(&self.path, &self.source);
        let target = resolve::request(&self.raw, request, Some(&source), &mut problems);
        problems.finish(&self.path, &self.source, target)
    }

    /// The builds of static sites, without anything else of an environment.
    pub fn builds(&self, request: &BuildSelection<'_>) -> Result<Vec<(ComponentName, SiteBuild)>, ConfigErrors> {
        let mut problems = Problems::default();
        let builds = builds::builds(&self.raw, request, &mut problems);
        problems.finish(&self.path, &self.source, builds)
    }

    /// The commands before traffic of another commit: of the components that are asked for, `pre-deploy` as `text` has
    /// it, which is the configuration of that commit. `None` for a component without one there.
    ///
    /// Nothing else of the text is looked at. Variables stand for what they stand for here and now. What is wrong with
    /// the text is reported with `path_shown`, for example `shipgate.toml at 4b825dc`.
    pub fn pre_deploy_at(
        &self,
        request: &ResolveRequest<'_>,
        text: &str,
        path_shown: &Utf8Path,
    ) -> Result<BTreeMap<ComponentName, Option<Vec<Template>>>, ConfigErrors> {
        let mut problems = Problems::default();
        let asked = resolve::asked(&self.raw, request, &mut problems);
        let asked = problems.finish(&self.path, &self.source, asked)?;
        let source = without_byte_order_mark(text);
        let mut problems = Problems::default();
        let commands = past::pre_deploy(asked, source, &mut problems);
        problems.finish(path_shown, source, commands)
    }
}

/// A byte order mark is not part of the first line.
fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn parse_raw(source: &str, problems: &mut Problems) -> Option<RawConfig> {
    let table = parse_toml(source, problems)?;
    let raw = RawConfig::read(&TomlNode::root(source, &table), problems);
    check::size(&raw, problems)?;
    check::structure(&raw, problems);
    alone::starts(&raw, problems);
    alone::check(&raw, problems);
    for (key, environment) in raw.environments.iter() {
        resolve::environment(&raw, key, environment, problems);
    }
    Some(raw)
}
