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

/// How a check ended, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// No error was found.
    Passed,
    /// An error was found.
    Failed,
    /// There was nothing to compare: that is not "passed".
    NothingCompared,
}

impl Conclusion {
    /// How a check with such findings ended.
    pub fn of(findings: &Findings) -> Self {
        if findings.outcome().is_success() { Self::Passed } else { Self::Failed }
    }

    /// It in words, to continue what was checked: `check passed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NothingCompared => "compared nothing",
        }
    }
}
