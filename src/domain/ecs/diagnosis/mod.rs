//! Why a rollout failed: from what was seen of its tasks and of its service's events to causes, one for each distinct
//! reason, the most specific first, each with one hint at most.
//!
//! What exit codes mean is in `exit.rs`, the hints are in the tables of `hints/`; `docs/causes/README.md` is made
//! from them.

mod definition;
mod events;
mod exit;
mod finding;
mod hints;
mod normal;
mod reading;
mod report;
mod seen;
mod stops;
#[cfg(test)]
mod tests;

pub use hints::of_log as hint_of_log;
pub use reading::{LINES_READ, Reading};
pub use report::{causes, ended, logs};
pub use seen::{DeploymentEvidence, DiagnosedRevision, LogOf, LogTail};
