//! The keys of a static site.

use glob::Pattern;

use super::error::Problems;
use super::interpret::{Interpreter, all, whole};
use super::keys::{KindKeys, Merged};
use super::merged::Purpose;
use super::probes::{self, RawProbe};
use super::read::{Entries, Located, Node, Read, Table};
use super::static_site_build::RawSiteBuild;
use super::text::Text;
use super::values::{self, Fault};
use crate::domain::static_site::{RuntimeConfig, Target};

/// A static site in a bucket of Amazon S3, perhaps behind a distribution of Amazon `CloudFront`.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "static-site", rename_all = "kebab-case"))]
pub(super) struct Keys {
    /// How its files are built.
    build: Option<RawSiteBuild>,
    /// Whether each environment has a build of its own, so that what is promoted is not the same bytes. Default: `false`.
    rebuild_per_environment: Option<Located<bool>>,
}

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
    /// What the site reads when it starts, and is written when a release is put there.
    runtime_config: Option<RawRuntimeConfig>,
    /// The files that are kept and not served, from the root of the site: `**/*.map`. Default: none.
    exclude: Option<Vec<Text>>,
    /// So many of the newest releases keep their files in the bucket, for pages that browsers have open. Default: 5.
    keep: Option<u32>,
    /// Where browsers find it. Default: where the distribution answers.
    url: Option<Text>,
    /// Addresses that its pages call: each has to let them, as browsers ask before they do. `${release.sha}` may stand in
    /// them.
    calls: Option<Vec<Text>>,
    /// HTTP questions whose answers prove that the release is served, beside its pages.
    probes: Option<Vec<RawProbe>>,
    /// How long the address may go on serving what it served before: for example `15m`, at most `6h`. Default: `20m`.
    timeout: Option<Text>,
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

    fn read(table: &mut Table<'_, '_>) -> Self {
        Self { build: table.optional("build"), rebuild_per_environment: table.optional("rebuild-per-environment") }
    }

    fn read_settings(table: &mut Table<'_, '_>) -> Settings {
        Settings {
            bucket: table.optional("bucket"),
            artifacts: table.optional("artifacts"),
            distribution: table.optional("distribution"),
            runtime_config: table.optional("runtime-config"),
            exclude: table.optional("exclude"),
            keep: table.number("keep", 1..=100),
            url: table.optional("url"),
            calls: table.optional("calls"),
            probes: table.optional("probes"),
            timeout: table.optional("timeout"),
        }
    }

    fn site_build(&self) -> Option<(&RawSiteBuild, bool)> {
        let is_per_environment = self.rebuild_per_environment.as_ref().and_then(|it| it.value);
        self.build.as_ref().map(|build| (build, is_per_environment.unwrap_or_default()))
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
        let changes = component.wanted.purpose == Purpose::Change;
        let is_per_environment =
            component.keys().rebuild_per_environment.as_ref().map_or(Some(false), |it| it.value)?;
        let build = component.keys().build.as_ref().filter(|_| changes);
        let build = build.map(|build| build.resolve(is_per_environment, interpreter));
        let exclude = component.pick(|settings| settings.exclude.as_ref()).into_iter().flatten();
        let exclude = exclude.map(|text| interpreter.parsed("exclude", text, pattern)).collect();
        let keep = component.pick(|settings| settings.keep.as_ref()).map_or(Target::KEEP, |keep| *keep as usize);
        // A rollback is proven at the same address.
        let url = component.pick(|settings| settings.url.as_ref());
        let url = url.filter(|_| matches!(component.wanted.purpose, Purpose::Change | Purpose::Services));
        let url = url.map(|url| interpreter.parsed("url", url, values::address));
        let calls = component.to_change(|settings| settings.calls.as_ref()).into_iter().flatten();
        let calls = calls.map(|call| interpreter.template("calls", call, values::url)).collect();
        let probes = component.to_change(|settings| settings.probes.as_ref());
        let probes = probes::resolve(probes.map_or(&[], Vec::as_slice), interpreter);
        let timeout = component.to_change(|settings| settings.timeout.as_ref());
        let timeout = interpreter.duration("timeout", timeout, Target::TIMEOUT);
        Some(Target {
            bucket: bucket?,
            artifacts: artifacts?,
            distribution: whole(distribution)?,
            build: whole(build)?,
            runtime_config: whole(runtime_config)?,
            exclude: all(exclude)?,
            keep,
            url: whole(url)?,
            calls: all(calls)?,
            probes: probes?,
            timeout: timeout?,
        })
    }
}

/// Which files are meant, from the root of the site.
fn pattern(text: &str) -> Result<Pattern, Fault> {
    let is_relative = !text.starts_with('/') && !text.is_empty();
    Pattern::new(text).ok().filter(|_| is_relative).ok_or(Fault {
        kind: "a pattern of files",
        reason: "it is like `**/*.map`, from the root of the site and without `/` at its beginning",
    })
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
