//! What is particular to a static site: files in a bucket, perhaps behind a distribution.

pub mod baked;
pub mod bundle;
pub mod iam;
pub mod lint;
pub mod live;
pub mod names;
pub mod plan;
pub mod runtime;
pub mod target;

pub use runtime::RuntimeConfig;
pub use target::{SiteBuild, SiteTarget as Target};
