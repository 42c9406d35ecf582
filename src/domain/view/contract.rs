//! What `contract` found.

use super::check::Conclusion;
use crate::domain::check::{CheckSubject, Findings};

/// All that `contract` reports. It has no value in it.
#[derive(Debug)]
pub struct AskedContract {
    /// The environment. Absent: a contract is proposed from all of them.
    pub environment: Option<String>,
    /// What is wrong, and what was not compared.
    pub findings: Findings,
    /// The text of a contract, where one was asked for.
    pub proposal: Option<String>,
}

impl AskedContract {
    /// How it ended. Where no environment had to be read, nothing was compared.
    pub fn conclusion(&self) -> Conclusion {
        let is_read = self.findings.looked_at.iter().any(|seen| seen.subject == CheckSubject::Environment);
        let conclusion = Conclusion::of(&self.findings);
        if conclusion == Conclusion::Passed && !is_read { Conclusion::NothingCompared } else { conclusion }
    }

    /// What was compared, in words: `contract of stage`.
    pub fn title(&self) -> String {
        self.environment.as_ref().map_or_else(|| "contract".to_owned(), |name| format!("contract of {name}"))
    }
}
