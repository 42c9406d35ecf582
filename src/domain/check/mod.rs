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

pub use finding::{Finding, Findings, LeftOut, Subject};
pub use nesting::too_deep;
pub use place::{Lines, Place};
pub use repository::Repository;
pub use rule::{Level, Rule};
pub use seen::Seen;
pub use yaml::{Path, Places, without_place};
