//! What `contract` found.

use crate::domain::check::Findings;

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
    /// What was compared, in words: `contract of stage`.
    pub fn title(&self) -> String {
        self.environment.as_ref().map_or_else(|| "contract".to_owned(), |name| format!("contract of {name}"))
    }
}
