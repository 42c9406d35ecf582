//! What is particular to a static site: files in a bucket, perhaps behind a distribution.

pub mod bundle;
pub mod distribution;
pub mod iam;
pub mod invalidation;
pub mod live;
pub mod names;
pub mod page;
pub mod plan;
pub mod proof;
pub mod served;
pub mod store;
pub mod sync;
pub mod target;

pub use target::{RuntimeConfig, SiteBuild, SiteTarget as Target};
