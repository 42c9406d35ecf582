//! What is particular to a static site: files in a bucket, perhaps behind a distribution.

pub mod baked;
pub mod bundle;
pub mod distribution;
pub mod escape;
pub mod iam;
pub mod invalidation;
pub mod lint;
pub mod names;
pub mod page;
pub mod placeholder;
pub mod plan;
pub mod proof;
pub mod runtime;
pub mod served;
pub mod soak;
pub mod store;
pub mod sync;
pub mod target;
pub mod warning;
pub mod website;

pub use super::site_build::SiteBuild;
pub use runtime::RuntimeConfig;
pub use target::SiteTarget as Target;
