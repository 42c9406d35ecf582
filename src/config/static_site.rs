//! The keys of a static site.

use camino::Utf8Path;
use glob::Pattern;

use super::error::Problems;
use super::interpret::{Interpreter, all, whole};
use super::keys::{Alone, KindKeys, MergedComponent};
use super::merged::Purpose;
use super::probes::{self, RawProbe};
use super::read::{FromToml, Located, Table, TableEntries, TomlNode};
use super::static_site_build::{RawSiteBuild, WrittenSiteBuild};
use super::static_site_placeholders as placeholders;
use super::text::WrittenText;
use super::values::{self, ValueFault};
use crate::domain::static_site::bundle::SitePath;
use crate::domain::static_site::runtime::RuntimeForm;
use crate::domain::static_site::{RuntimeConfig, SiteBuild, Target};

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
pub(super) struct StaticSiteSettings {
    /// The bucket that serves the files, by name. It must exist.
    bucket: Option<WrittenText>,
    /// The bucket that keeps releases, by name. It must exist, and is never served.
    artifacts: Option<WrittenText>,
    /// The distribution before the bucket, by id. Default: none.
    distribution: Option<WrittenText>,
    /// Whether the bucket's own website serves it, without a distribution and without TLS. Default: `false`.
    website: Option<Located<bool>>,
    /// What the site reads when it starts, and is written when a release is put there.
    runtime_config: Option<RawRuntimeConfig>,
    /// What is put in place of markers in the built files when a release is put there, by name. While the site is built, the
    /// environment variable of that name is the marker: `REACT_APP_API_URL`. The names are the same for all environments.
    placeholders: Option<TableEntries<WrittenText>>,
    /// The files that are kept and not served, from the root of the site: `**/*.map`. Default: none.
    exclude: Option<Vec<WrittenText>>,
    /// Number of newest releases whose files stay in the bucket, for pages that browsers have open. Default: 5.
    keep: Option<u32>,
    /// Where browsers find it. Default: where the distribution answers, or the website of the bucket.
    url: Option<WrittenText>,
    /// Addresses that its pages call: each has to allow them, as browsers ask before they call. They may contain
    /// `${release.sha}`.
    calls: Option<Vec<WrittenText>>,
    /// HTTP questions whose answers prove that the release is served, beside its pages.
    probes: Option<Vec<RawProbe>>,
    /// How long the address may go on serving what it served before: for example `15m`, at most `6h`. Default: `20m`.
    timeout: Option<WrittenText>,
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
    path: Option<WrittenText>,
    /// The variable that a script gets the values in: one of the global object, as `window.env`. Default:
    /// `globalThis.__CONFIG__`.
    variable: Option<WrittenText>,
    /// What is in it, by name. The values may contain `${release.sha}`.
    #[cfg_attr(test, schemars(required))]
    values: Option<TableEntries<WrittenText>>,
}

impl FromToml for RawRuntimeConfig {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else { return Self::default() };
        let read = Self {
            path: table.required("path", "path = \"config.js\""),
            variable: table.optional("variable"),
            values: table.required("values", "values = { API_URL = \"https://api.example.com\" }"),
        };
        table.refuse_unknown();
        read
    }
}

impl RawRuntimeConfig {
    fn resolve(&self, interpreter: &mut Interpreter<'_, '_>) -> Option<RuntimeConfig> {
        let path = self.path.as_ref().map(|path| interpreter.parsed("path", path, runtime_file));
        let variable = self.variable.as_ref().map(|variable| interpreter.named("variable", variable));
        let values = interpreter.templates(self.values.as_ref(), value_name, values::argument);
        let path: SitePath = path??;
        let is_json = Utf8Path::new(path.as_str()).extension() == Some("json");
        let form = match (is_json, &self.variable) {
            (true, Some(variable)) => {
                let message = format!("`variable` is written, but `{path}` is no script");
                interpreter.problems.at(&variable.span, message, "remove it, or write a `path` that ends with `.js`");
                return None;
            }
            (true, None) => RuntimeForm::Json,
            (false, _) => RuntimeForm::Script(whole(variable)?.unwrap_or_default()),
        };
        Some(RuntimeConfig { path, form, values: values? })
    }
}

impl KindKeys for Keys {
    type Settings = StaticSiteSettings;
    type Target = Target;

    fn read(table: &mut Table<'_, '_>) -> Self {
        Self { build: table.optional("build"), rebuild_per_environment: table.optional("rebuild-per-environment") }
    }

    fn read_settings(table: &mut Table<'_, '_>) -> StaticSiteSettings {
        StaticSiteSettings {
            bucket: table.optional("bucket"),
            artifacts: table.optional("artifacts"),
            distribution: table.optional("distribution"),
            website: table.optional("website"),
            runtime_config: table.optional("runtime-config"),
            placeholders: table.optional("placeholders"),
            exclude: table.optional("exclude"),
            keep: table.number("keep", 1..=100),
            url: table.optional("url"),
            calls: table.optional("calls"),
            probes: table.optional("probes"),
            timeout: table.optional("timeout"),
        }
    }

    fn site_build<'d>(&'d self, all: &mut dyn Iterator<Item = &'d StaticSiteSettings>) -> Option<WrittenSiteBuild<'d>> {
        let is_per_environment = self.rebuild_per_environment.as_ref().and_then(|it| it.value).unwrap_or_default();
        // All environments have the same names, which `placeholders` below sees to.
        let placeholders = all.flat_map(|settings| &settings.placeholders).next();
        self.build.as_ref().map(|build| WrittenSiteBuild { build, is_per_environment, placeholders })
    }

    fn resolve(component: &MergedComponent<'_, Self>, interpreter: &mut Interpreter<'_, '_>) -> Option<Target> {
        let purpose = component.wanted.purpose;
        let bucket = component.required("bucket", interpreter, |settings| settings.bucket.as_ref());
        let artifacts = component.required("artifacts", interpreter, |settings| settings.artifacts.as_ref());
        let distribution = component.pick(|settings| settings.distribution.as_ref());
        let distribution = distribution.map(|text| interpreter.named("distribution", text));
        let is_website = is_website(component, interpreter);
        let build = build(component, interpreter);
        let files = files(component, interpreter);
        let placeholders = placeholders::resolve(component, |settings| settings.placeholders.as_ref(), interpreter);
        let keep = component.pick(|settings| settings.keep.as_ref()).map_or(Target::KEEP, |keep| *keep as usize);
        // A rollback is proven at the same address.
        let url = component.pick(|settings| settings.url.as_ref());
        let url = url.filter(|_| matches!(purpose, Purpose::Change | Purpose::Services));
        let url = url.map(|url| interpreter.parsed("url", url, values::address));
        let calls = component.to_change(|settings| settings.calls.as_ref()).into_iter().flatten();
        let calls = calls.map(|call| interpreter.template("calls", call, values::url)).collect();
        let probes = component.to_change(|settings| settings.probes.as_ref());
        let probes = probes::resolve(probes.map_or(&[], Vec::as_slice), interpreter);
        let timeout = component.to_change(|settings| settings.timeout.as_ref());
        let timeout = interpreter.duration("timeout", timeout, Target::TIMEOUT);
        let (runtime_config, exclude) = files?;
        Some(Target {
            name: component.wanted.component.text.parse().ok()?,
            environment: component.wanted.environment.text.parse().ok()?,
            bucket: bucket?,
            artifacts: artifacts?,
            distribution: whole(distribution)?,
            is_website: is_website?,
            build: build?,
            runtime_config: runtime_config.map(Box::new),
            placeholders: placeholders?,
            exclude,
            keep,
            url: whole(url)?,
            calls: all(calls)?,
            probes: probes?,
            timeout: timeout?,
        })
    }

    fn texts<'d>(component: &MergedComponent<'d, Self>) -> Vec<(&'static str, &'d WrittenText)> {
        let own = [
            ("bucket", component.pick(|settings| settings.bucket.as_ref())),
            ("artifacts", component.pick(|settings| settings.artifacts.as_ref())),
        ];
        let own = own.into_iter().filter_map(|(key, text)| Some((key, text?)));
        own.chain(component.keys().build.iter().flat_map(RawSiteBuild::texts)).collect()
    }

    fn alone<'d>(component: &MergedComponent<'d, Self>) -> Vec<Alone<'d>> {
        let names = [
            ("bucket", component.pick(|settings| settings.bucket.as_ref()), SERVED_TWICE),
            ("artifacts", component.pick(|settings| settings.artifacts.as_ref()), KEPT_TWICE),
            ("url", component.pick(|settings| settings.url.as_ref()), FOUND_TWICE),
        ];
        names
            .into_iter()
            .filter_map(|(key, text, shared)| Some(Alone { key, text: text?, shared, mixed: MIXED }))
            .collect()
    }

    fn lacks(&self) -> Option<(&'static str, &'static str)> {
        const HINT: &str =
            "add `build = { run = \"npm ci && npm run build\", output = \"dist\" }`: nothing else makes files";
        self.build.is_none().then_some(("build", HINT))
    }
}

const SERVED_TWICE: &str = "give each environment a bucket of its own, as `${environment.prefix}-site` does: a release on \
                            it would replace that of the other";
const FOUND_TWICE: &str = "write the address of this environment: the proof of a release asks it";
const MIXED: &str = "name two buckets: what is kept is never served";
const KEPT_TWICE: &str = "give each environment a bucket of its own, as `${environment.prefix}-releases` does: a job that \
                          deploys to one could write what the other takes for its releases";

/// Whether the website of the bucket serves it. `None`: it is said beside a distribution.
fn is_website(component: &MergedComponent<'_, Keys>, interpreter: &mut Interpreter<'_, '_>) -> Option<bool> {
    let written = component.pick(|settings| settings.website.as_ref());
    let Some(written) = written.filter(|written| written.value == Some(true)) else { return Some(false) };
    if component.pick(|settings| settings.distribution.as_ref()).is_none() {
        return Some(true);
    }
    let message = "`website` is written beside `distribution`: browsers find the site in one place";
    let hint = "remove `distribution`, or write `website = false` where there is one";
    interpreter.problems.at(&written.span, message, hint);
    None
}

/// How its files are built. The outer `None`: something is wrong with it.
#[expect(clippy::option_option, reason = "the outer says whether it could be had, the inner whether it is written")]
fn build(
    component: &MergedComponent<'_, Keys>,
    interpreter: &mut Interpreter<'_, '_>,
) -> Option<Option<Box<SiteBuild>>> {
    let keys = component.keys();
    keys.rebuild_per_environment.as_ref().map_or(Some(false), |it| it.value)?;
    let build = keys.site_build(&mut component.all_settings()).filter(|_| component.wanted.purpose == Purpose::Change);
    whole(build.map(|build| build.resolve(interpreter).map(Box::new)))
}

/// The file that is written for the environment, and the files that are not served.
fn files(
    component: &MergedComponent<'_, Keys>,
    interpreter: &mut Interpreter<'_, '_>,
) -> Option<(Option<RuntimeConfig>, Vec<Pattern>)> {
    let written = component.pick(|settings| settings.runtime_config.as_ref());
    let written = written.filter(|_| matches!(component.wanted.purpose, Purpose::Change | Purpose::Values));
    let runtime_config = written.map(|written| written.resolve(interpreter));
    let excluded = component.pick(|settings| settings.exclude.as_ref()).map_or(&[][..], Vec::as_slice);
    let exclude = excluded.iter().map(|text| interpreter.parsed("exclude", text, pattern)).collect();
    let (runtime_config, exclude) = (whole(runtime_config)?, all(exclude)?);
    let hides_entry = |(pattern, _): &(&Pattern, &WrittenText)| pattern.matches(SitePath::ENTRY);
    if let Some((pattern, text)) = exclude.iter().zip(excluded).find(hides_entry) {
        let message = format!("`exclude` removes `{}`, the entry page of the site, with `{pattern}`", SitePath::ENTRY);
        interpreter.problems.at(&text.span, message, "write a pattern that matches fewer files: the site starts there");
        return None;
    }
    let path = runtime_config.as_ref().map(|config| config.path.as_str());
    let hides = |pattern: &&Pattern| path.is_some_and(|path| pattern.matches(path));
    if let (Some(pattern), Some(text)) = (exclude.iter().find(hides), written.and_then(|written| written.path.as_ref()))
    {
        let message = format!("`path` of `runtime-config` is a file that `exclude` removes, with `{pattern}`");
        interpreter.problems.at(&text.span, message, "write a pattern that matches fewer files: pages read this file");
        return None;
    }
    Some((runtime_config, exclude))
}

/// Which files are meant, from the root of the site.
fn pattern(text: &str) -> Result<Pattern, ValueFault> {
    let is_relative = !text.starts_with('/') && !text.is_empty();
    Pattern::new(text).ok().filter(|_| is_relative).ok_or(ValueFault {
        kind: "a pattern of files",
        reason: "it is like `**/*.map`, from the root of the site and without `/` at its beginning",
    })
}

/// The name of a value in it, which a script can have too: to an object `__proto__` is no name but its prototype.
fn value_name(text: &str) -> Result<(), ValueFault> {
    let reason = "it has letters, digits and `_`, begins with no digit, and is not `__proto__`";
    let is_name = values::argument_name(text).is_ok() && text != "__proto__";
    is_name.then_some(()).ok_or(ValueFault { kind: "the name of a value", reason })
}

/// A file that a page can read.
fn runtime_file(text: &str) -> Result<SitePath, ValueFault> {
    let is_read = matches!(Utf8Path::new(text).extension(), Some("json" | "js"));
    text.parse().ok().filter(|_| is_read).ok_or(ValueFault {
        kind: "a file of runtime configuration",
        reason: "it is a path from the root of the site, without `/` at its beginning, that ends with `.json` or `.js`",
    })
}
