//! The bundle: what a build of a site comes to. Files by path, each with its digest and its headers.

mod content_type;
mod file;
mod fingerprint;
mod headers;
mod manifest;
mod path;
mod unusable;

pub use content_type::is_page;
pub use file::{Cache, Encoding, SiteFile, Wave};
pub use manifest::BundleManifest;
pub use path::{SitePath, listed};
pub use unusable::BundleError;
