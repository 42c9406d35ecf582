//! What GitHub has of a commit: its statuses and its check runs.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{GitHub, GitHubError, Method, Request, with_retries};
use crate::domain::gate::Reported;
use crate::domain::release::GitSha;

/// As many as GitHub gives at once, and as many times as that is asked for.
const PER_PAGE: usize = 100;
const PAGES: usize = 20;

/// A part of all that there is.
trait Part: DeserializeOwned {
    /// How many there are in all, and those of this part.
    fn read(self) -> (usize, Vec<Reported>);
}

/// The latest status of each context
/// ([statuses](https://docs.github.com/en/rest/commits/statuses#get-the-combined-status-for-a-specific-reference)).
#[derive(Deserialize)]
struct Statuses {
    total_count: usize,
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    context: String,
    state: String,
}

impl Part for Statuses {
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

impl Part for CheckRuns {
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
        let mut reported = self.all::<Statuses>(&format!("{commit}/status?"), "statuses: read").await?;
        reported.extend(self.all::<CheckRuns>(&format!("{commit}/check-runs?filter=latest&"), "checks: read").await?);
        Ok(reported)
    }

    async fn all<P: Part>(&self, what: &str, permission: &'static str) -> Result<Vec<Reported>, GitHubError> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let path = format!("/repos/{}/commits/{what}per_page={PER_PAGE}&page={page}", self.repository);
            let request = Request { method: Method::Get, path, permission };
            let (total, part) = with_retries(|| self.ask::<P>(&request)).await?.read();
            let is_last = part.len() < PER_PAGE;
            all.extend(part);
            if all.len() >= total {
                return Ok(all);
            }
            if is_last {
                // One that is left out may be the one that failed.
                return Err(GitHubError::unreadable("it has fewer statuses than it says"));
            }
        }
        Err(GitHubError::unreadable("its pages of statuses do not end"))
    }
}
