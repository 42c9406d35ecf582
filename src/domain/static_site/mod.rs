//! What is particular to a static site: files in a bucket, perhaps behind a distribution.

pub mod bundle;
pub mod iam;
pub mod live;
pub mod names;
pub mod plan;
pub mod target;

pub use super::site_build::SiteBuild;
pub use target::{RuntimeConfig, SiteTarget as Target};
