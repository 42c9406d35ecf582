//! The keys of a static site.

use super::error::Problems;
use super::interpret::{Interpreter, whole};
use super::keys::{KindKeys, Merged};
use super::merged::Purpose;
use super::read::{Entries, NOT_BUILT, Node, Read, Table};
use super::text::Text;
use super::values::{self, Fault};
use crate::domain::static_site::{RuntimeConfig, Target};

/// Keys that a later version will know.
const LATER: [&str; 3] = ["build", "exclude", "probes"];

/// A static site in a bucket of Amazon S3, perhaps behind a distribution of Amazon `CloudFront`. It is looked at and
/// planned; a deploy of it is not built yet.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "static-site", rename_all = "kebab-case"))]
pub(super) struct Keys {}

/// Settings of a component that may differ between environments.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "static-site-overrides", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct Settings {
    /// The bucket that serves the files, by name. It must exist.
    bucket: Option<Text>,
    /// The bucket that keeps releases, by name. It must exist, and is never served.
    artifacts: Option<Text>,
    /// The distribution before the bucket, by id. Default: none.
    distribution: Option<Text>,
    /// What the site reads when it starts. Its values are under the contract; it is not written yet.
    runtime_config: Option<RawRuntimeConfig>,
}

/// A file of the site that differs between environments.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "RuntimeConfig", rename_all = "kebab-case", deny_unknown_fields)
)]
struct RawRuntimeConfig {
    /// The file, from the root of the site: one that ends with `.json` or `.js`.
    #[cfg_attr(test, schemars(required))]
    path: Option<Text>,
    /// What is in it, by name. `${release.sha}` may stand in the values.
    #[cfg_attr(test, schemars(required))]
    values: Option<Entries<Text>>,
}

impl Read for RawRuntimeConfig {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else { return Self::default() };
        let read = Self {
            path: table.required("path", "path = \"config.js\""),
            values: table.required("values", "values = { API_URL = \"https://api.example.com\" }"),
        };
        table.refuse_unknown();
        read
    }
}

impl RawRuntimeConfig {
    fn resolve(&self, interpreter: &mut Interpreter<'_, '_>) -> Option<RuntimeConfig> {
        let path = interpreter.parsed("path", self.path.as_ref()?, runtime_file);
        let values = interpreter.templates(self.values.as_ref(), value_name, values::argument);
        Some(RuntimeConfig { path: path?, values: values? })
    }
}

impl KindKeys for Keys {
    type Settings = Settings;
    type Target = Target;

    fn read(_table: &mut Table<'_, '_>) -> Self {
        Self {}
    }

    fn read_settings(table: &mut Table<'_, '_>) -> Settings {
        table.refuse(&LATER, NOT_BUILT, "remove it");
        Settings {
            bucket: table.optional("bucket"),
            artifacts: table.optional("artifacts"),
            distribution: table.optional("distribution"),
            runtime_config: table.optional("runtime-config"),
        }
    }

    fn resolve(component: &Merged<'_, Self>, interpreter: &mut Interpreter<'_, '_>) -> Option<Target> {
        let bucket = component.required("bucket", interpreter, |settings| settings.bucket.as_ref());
        let artifacts = component.required("artifacts", interpreter, |settings| settings.artifacts.as_ref());
        let distribution = component
            .pick(|settings| settings.distribution.as_ref())
            .map(|text| interpreter.named("distribution", text));
        let runtime_config = component
            .pick(|settings| settings.runtime_config.as_ref())
            .filter(|_| matches!(component.wanted.purpose, Purpose::Change | Purpose::Values));
        let runtime_config = runtime_config.map(|written| written.resolve(interpreter));
        Some(Target {
            bucket: bucket?,
            artifacts: artifacts?,
            distribution: whole(distribution)?,
            runtime_config: whole(runtime_config)?,
        })
    }
}

/// The name of a value in it, which a script can have too.
fn value_name(text: &str) -> Result<(), Fault> {
    let fault =
        Fault { kind: "the name of a value", reason: "it has letters, digits and `_`, and begins with no digit" };
    values::argument_name(text).map_err(|_| fault)
}

/// A file that a page can read.
fn runtime_file(text: &str) -> Result<String, Fault> {
    let path = values::path(text).ok().filter(|path| matches!(path.extension(), Some("js" | "json")));
    path.map(camino::Utf8PathBuf::into_string).ok_or(Fault {
        kind: "a file of runtime configuration",
        reason: "it is a path inside the site that ends with `.json` or `.js`",
    })
}
