//! What a change says of itself on the release's commit on GitHub, from the moment it is applied to how it ended. Best
//! effort: whatever happens here, the change and its outcome stay what they are.

use std::cell::RefCell;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::change::Until;
use crate::clients::github::{GitHub, GitHubError};
use crate::context::Context;
use crate::domain::commit_status::{self, CommitStatus};
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::release::{GitSha, ReleaseName};
use crate::observe::{NoGitHub, github};
use crate::report::journal::Journal;

/// How long the end may take, in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same after a signal: the runner ends us some seconds later.
const HURRY: Duration = Duration::from_secs(3);

/// The commit statuses of one run.
#[derive(Debug)]
pub struct Statuses {
    way: Way,
    /// The address of this run, which each status leads to.
    run_url: Option<String>,
    /// What was said to be in progress, on its way beside the change.
    begun: RefCell<Option<JoinHandle<Result<(), GitHubError>>>>,
}

#[derive(Debug)]
enum Way {
    /// To the commits of the repository.
    Open(GitHub),
    /// None: not in GitHub Actions, or nothing is changed.
    None,
    /// None, though it is wanted.
    Closed(NoGitHub),
}

impl Statuses {
    /// In GitHub Actions, of commands that change something. Needs a tokio runtime.
    pub fn new(context: &Context, until: Until) -> Self {
        let is_wanted = until == Until::Applied && context.in_actions();
        let way = if is_wanted { github(context).map_or_else(Way::Closed, Way::Open) } else { Way::None };
        Self { way, run_url: context.run_url(), begun: RefCell::default() }
    }

    /// Says that a release is being put there. The change does not wait for it.
    pub fn begin(&self, journal: &Journal, release: &ReleaseName) {
        let (Way::Open(github), Some(sha)) = (&self.way, commit(release)) else { return };
        let record = journal.record();
        let status = commit_status::begun(&record.command, &record.environment, &record.place);
        let (github, run_url) = (github.clone(), self.run_url.clone());
        let telling = async move { github.set_status(&sha, &status, run_url.as_deref()).await };
        *self.begun.borrow_mut() = Some(tokio::spawn(telling));
    }

    /// Says how it ended. What cannot be said there is said here, once.
    pub async fn end(&self, journal: &Journal, outcome: Outcome, failure: Option<&Failure>) {
        let record = journal.record();
        let Some(sha) = record.release.as_ref().and_then(commit) else { return };
        // Causes are left out: they may hold output whose secrets are masked in the log of the run alone.
        let is_refused = outcome == Outcome::Refused;
        let reason = failure.map(|failure| if is_refused { failure.brief() } else { failure.reason.clone() });
        let begun = self.begun.take();
        let (environment, place) = (&record.environment, &record.place);
        let ended = commit_status::ended(outcome, environment, place, reason.as_deref(), begun.is_some());
        let Some(status) = ended else { return };
        let name = format!("commit status {} of {}", status.context, sha.short());
        match &self.way {
            Way::None => {}
            Way::Closed(NoGitHub::Missing { variable, hint }) => {
                journal.note(format!("{name} is not recorded: {variable} is not set ({hint})"));
            }
            Way::Closed(NoGitHub::Unusable(error)) => warn(journal, &name, "is not recorded", error),
            Way::Open(github) => {
                let patience = if outcome == Outcome::Interrupted { HURRY } else { PATIENCE };
                let mut before = Before::default();
                let telling = self.tell_end(github, (&sha, &status), begun, &mut before);
                let result = tokio::time::timeout(patience, telling).await;
                let too_late = |_| Err(before.error.unwrap_or_else(|| GitHubError::unreachable("no answer in time")));
                if let Err(error) = result.unwrap_or_else(too_late) {
                    warn(journal, &name, if before.said { "stays `pending`" } else { "is not recorded" }, &error);
                }
            }
        }
    }

    /// After what was said before, so that the end is what is read.
    async fn tell_end(
        &self,
        github: &GitHub,
        (sha, status): (&GitSha, &CommitStatus),
        begun: Option<JoinHandle<Result<(), GitHubError>>>,
        before: &mut Before,
    ) -> Result<(), GitHubError> {
        match begun {
            None => {}
            Some(begun) => match begun.await {
                Ok(Ok(())) => before.said = true,
                // What was refused is refused again.
                Ok(Err(error)) if !error.is_transient() => return Err(error),
                Ok(Err(error)) => before.error = Some(error),
                Err(_) => {}
            },
        }
        github.set_status(sha, status, self.run_url.as_deref()).await
    }
}

/// What became of the status that was said before the end.
#[derive(Debug, Default)]
struct Before {
    /// It is recorded.
    said: bool,
    /// Why it is not.
    error: Option<GitHubError>,
}

/// The commit that a release is. A build of a changed tree is none.
fn commit(release: &ReleaseName) -> Option<GitSha> {
    match release {
        ReleaseName::Commit(sha) => Some(sha.clone()),
        ReleaseName::Dirty { .. } => None,
    }
}

fn warn(journal: &Journal, name: &str, what: &str, error: &GitHubError) {
    journal.warning(format!("{name} {what}: {error}"), Some(error.hint()));
}
