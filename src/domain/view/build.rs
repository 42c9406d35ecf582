//! What `build` returns: the bundles that it wrote.

use camino::Utf8PathBuf;

use crate::domain::image::Digest;
use crate::domain::names::ComponentName;
use crate::domain::release::ReleaseName;

/// The bundles of a release.
#[derive(Debug)]
pub struct BuiltSites {
    /// The release.
    pub release: ReleaseName,
    /// The bundles, in the order of the configuration.
    pub bundles: Vec<BuiltBundle>,
}

/// A bundle that was written into a file.
#[derive(Debug)]
pub struct BuiltBundle {
    /// The component.
    pub component: ComponentName,
    /// The file.
    pub path: Utf8PathBuf,
    /// How many files the site has.
    pub files: usize,
    /// How many bytes they have together.
    pub bytes: u64,
    /// The digest, which names the bundle.
    pub digest: Digest,
}
