//! A command that builds the files of a site, as it is configured. `build` takes it without anything else of its component.

use camino::Utf8PathBuf;
use indexmap::IndexMap;

use super::placeholder::PlaceholderName;
use super::template::Template;

/// How the files of a site are built.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteBuild {
    /// The command, for a shell.
    pub run: Template,
    /// Where it runs, from the directory of the configuration file.
    pub directory: Utf8PathBuf,
    /// The directory that the files are in afterwards, from the directory of the configuration file.
    pub output: Utf8PathBuf,
    /// The version of Node.js: `22`, `22.11`.
    pub node: Option<String>,
    /// Environment variables for the command.
    pub env: IndexMap<String, Template>,
    /// The placeholders whose markers it finds in environment variables.
    pub placeholders: Vec<PlaceholderName>,
    /// Whether each environment has a build of its own, so that what is promoted is not the same bytes.
    pub is_per_environment: bool,
}
