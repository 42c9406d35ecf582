//! The keys of a static site.

use super::interpret::{Interpreter, whole};
use super::keys::{KindKeys, Merged};
use super::read::{NOT_BUILT, Table};
use super::text::Text;
use crate::domain::static_site::Target;

/// Keys that a later version will know.
const LATER: [&str; 4] = ["build", "runtime-config", "exclude", "probes"];

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
        }
    }

    fn resolve(component: &Merged<'_, Self>, interpreter: &mut Interpreter<'_, '_>) -> Option<Target> {
        let bucket = component.required("bucket", interpreter, |settings| settings.bucket.as_ref());
        let artifacts = component.required("artifacts", interpreter, |settings| settings.artifacts.as_ref());
        let distribution = component
            .pick(|settings| settings.distribution.as_ref())
            .map(|text| interpreter.named("distribution", text));
        Some(Target { bucket: bucket?, artifacts: artifacts?, distribution: whole(distribution)? })
    }
}
