//! The configuration: `shipgate.toml` from text to a [`Target`], or everything that is wrong with it.
//!
//! In order: `read` turns the text into the shape of `raw`; `check` looks at how its parts fit; `resolve` merges the
//! settings of one environment, looks variables up in its `scope` and lets `interpret` turn every `text` into what it
//! names. All of them note what is wrong and go on, so that it is told at once. Nothing here reads a file or an
//! environment variable: the caller hands both over.

use camino::{Utf8Path, Utf8PathBuf};
use toml::de::{DeTable, DeValue};

mod check;
mod dependencies;
mod error;
mod interpret;
mod raw;
mod read;
mod resolve;
#[cfg(test)]
mod schema;
mod scope;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod wording;

pub use error::ConfigErrors;
pub use resolve::Request;

use crate::domain::target::Target;
use error::Problems;
use raw::RawConfig;
use read::{Node, Read as _};

/// A configuration that is right in itself. What its variables stand for is looked up later, where it is needed.
#[derive(Debug, Clone)]
pub struct Document {
    path: Utf8PathBuf,
    source: String,
    raw: RawConfig,
}

impl Document {
    /// Reads the text of a configuration file, and checks everything that does not depend on variables.
    pub fn parse(path: &Utf8Path, text: &str) -> Result<Self, ConfigErrors> {
        // A byte order mark is not part of the first line.
        let source = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut problems = Problems::default();
        let raw = parse_raw(source, &mut problems);
        let document = raw.map(|raw| Self { path: path.to_owned(), source: source.to_owned(), raw });
        problems.finish(path, source, document)
    }

    /// The environments' names, in the order of the file.
    pub fn environments(&self) -> impl Iterator<Item = &str> {
        self.raw.environments.names()
    }

    pub fn pre_deploy_at(&self, _request: &Request<'_>, _text: &str, _shown: &Utf8Path) -> Result<std::collections::BTreeMap<crate::domain::names::ComponentName, Option<Vec<crate::domain::template::Template>>>, ConfigErrors> {
        Ok(std::collections::BTreeMap::new())
    }

    /// One environment with the components that are asked for. Looks up the variables of no other.
    pub fn resolve(&self, request: &Request<'_>) -> Result<Target, ConfigErrors> {
        let mut problems = Problems::default();
        let target = resolve::request(&self.raw, request, &mut problems);
        problems.finish(&self.path, &self.source, target)
    }
}

fn parse_raw(source: &str, problems: &mut Problems) -> Option<RawConfig> {
    let table = match DeTable::parse(source) {
        Ok(table) => DeValue::Table(table.into_inner()),
        Err(error) => {
            let hint = "correct the TOML: texts stand in quotes, and a key or table stands once";
            problems.at(&error.span().unwrap_or_default(), format!("invalid TOML: {}", error.message()), hint);
            return None;
        }
    };
    let raw = RawConfig::read(&Node::root(source, &table), problems);
    check::structure(&raw, problems);
    for (key, environment) in raw.environments.iter() {
        resolve::environment(&raw, key, environment, problems);
    }
    Some(raw)
}
