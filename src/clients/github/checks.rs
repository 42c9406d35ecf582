//! What GitHub has of a commit: its statuses and its check runs.

use serde::Deserialize;

use super::pages::PagePart;
use super::{GitHub, GitHubError};
use crate::domain::gate::Reported;
use crate::domain::release::GitSha;

/// The latest status of each context
/// ([statuses](https://docs.github.com/en/rest/commits/statuses#get-the-combined-status-for-a-specific-reference)).
#[derive(Deserialize)]
struct CombinedStatuses {
    total_count: usize,
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    context: String,
    state: String,
}

impl PagePart for CombinedStatuses {
    type Item = Reported;

    fn read(self) -> (usize, Vec<Reported>) {
        let read = |Status { context, state }| Reported::Status { context, state };
        (self.total_count, self.statuses.into_iter().map(read).collect())
    }
}

/// The latest check runs of each suite
/// ([checks](https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference)).
#[derive(Deserialize)]
struct CheckRuns {
    total_count: usize,
    check_runs: Vec<CheckRun>,
}

#[derive(Deserialize)]
struct CheckRun {
    name: String,
    status: String,
    conclusion: Option<String>,
    html_url: Option<String>,
    details_url: Option<String>,
}

impl PagePart for CheckRuns {
    type Item = Reported;

    fn read(self) -> (usize, Vec<Reported>) {
        let read = |run: CheckRun| Reported::CheckRun {
            name: run.name,
            status: run.status,
            conclusion: run.conclusion,
            addresses: [run.html_url, run.details_url].into_iter().flatten().collect(),
        };
        (self.total_count, self.check_runs.into_iter().map(read).collect())
    }
}

impl GitHub {
    /// The statuses and the check runs of a commit, those of other attempts left out.
    ///
    /// # Errors
    ///
    /// They are not known, or not all of them.
    pub async fn reported(&self, commit: &GitSha) -> Result<Vec<Reported>, GitHubError> {
        let of = |what: &str| format!("/repos/{}/commits/{commit}/{what}", self.repository);
        let mut reported = self.all::<CombinedStatuses>(&of("status"), "statuses: read").await?;
        reported.extend(self.all::<CheckRuns>(&of("check-runs?filter=latest"), "checks: read").await?);
        Ok(reported)
    }
}
