//! `check`: what is wrong with a checkout, before anything of it is shipped.
//!
//! From texts to [`Findings`], and no further: who reads the files, and how findings are shown, is decided elsewhere.

pub mod committed;
pub mod dockerfile;
mod finding;
mod nesting;
pub mod outline;
mod place;
mod repository;
mod rule;
#[cfg(test)]
mod rule_page;
mod seen;
pub mod workflow;
mod yaml;

pub use finding::{CheckFinding, CheckSubject, Findings, SkippedItem};
pub use nesting::too_deep;
pub use place::{LinePlace, TextLines};
pub use repository::RepositoryFiles;
pub use rule::{Rule, Severity};
pub use seen::AwsResource;
pub use yaml::{Path, YamlPlaces, without_place};
