//! The bundle: what a build of a site comes to. Files by path, each with its digest and its headers.

mod file;
mod manifest;
mod path;

pub use file::{Cache, Encoding, SiteFile, Wave};
pub use manifest::BundleManifest;
pub use path::SitePath;
