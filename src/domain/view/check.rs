//! What a check found.

use crate::domain::check::Findings;

/// All that a check reports.
#[derive(Debug)]
pub struct Checked {
    /// What was found.
    pub findings: Findings,
    /// The environments whose plan shows what merging would change. The plans are among the events of the run.
    pub planned: Vec<String>,
    /// Whether a comment on the pull request is wanted.
    pub wants_comment: bool,
}
