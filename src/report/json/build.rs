//! The document of `build`.

use serde::Serialize;

use super::text::{SCHEMA, to_text};
use crate::domain::view::build::{BuiltBundle, BuiltSites};

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct BuildV1 {
    /// The name of this form of documents.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// The command.
    #[cfg_attr(test, schemars(extend("const" = "build")))]
    command: &'static str,
    /// The commit; of a changed tree with `-dirty-` and a time.
    release: String,
    /// The bundles that were written.
    bundles: Vec<BundleV1>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct BundleV1 {
    /// The component.
    component: String,
    /// The file that the bundle was written into.
    path: String,
    /// How many files the site has.
    files: usize,
    /// How many bytes they have together.
    bytes: u64,
    /// What names the bundle: the digest of its manifest.
    digest: String,
}

impl From<&BuiltBundle> for BundleV1 {
    fn from(bundle: &BuiltBundle) -> Self {
        Self {
            component: bundle.component.to_string(),
            path: bundle.path.to_string(),
            files: bundle.files,
            bytes: bundle.bytes,
            digest: bundle.digest.to_string(),
        }
    }
}

/// The document.
pub(super) fn build(built: &BuiltSites) -> String {
    to_text(&BuildV1 {
        schema: SCHEMA,
        command: "build",
        release: built.release.to_string(),
        bundles: built.bundles.iter().map(Into::into).collect(),
    })
}
