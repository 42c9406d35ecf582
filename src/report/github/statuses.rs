//! The commit statuses of a run on GitHub: of a change on the release's commit, from the moment it is applied to how it
//! ended; of a check on the pull request. Best effort: whatever happens here, the outcome stays what it is.

use std::cell::RefCell;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use tokio::task::JoinHandle;

use super::pull_request::PullRequestReport;
use crate::clients::github::{GitHub, GitHubError};
use crate::context::Context;
use crate::domain::commit_status::{self, CommitStatus};
use crate::domain::event::RunEvent;
use crate::domain::outcome::Outcome;
use crate::domain::release::{GitSha, ReleaseName};
use crate::domain::view::{CommandAnswer, CommandRequest};
use crate::events::Events;
use crate::explain;
use crate::observe::{NoGitHub, github};
use crate::report::end::{CommandEnd, Sink};

/// How long the end may take, in all.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The same after a signal: the runner ends the program some seconds later.
const TIMEOUT_AFTER_SIGNAL: Duration = Duration::from_secs(3);

/// The commit statuses of one run.
#[derive(Debug)]
pub struct StatusReporter {
    access: StatusAccess,
    /// The address of this run, which each status leads to.
    run_url: Option<String>,
    request: CommandRequest,
    release: RefCell<Option<ReleaseName>>,
    /// The status that a change is in progress, on its way beside the change.
    begun: RefCell<Option<JoinHandle<Result<(), GitHubError>>>>,
    pull_request: PullRequestReport,
}

#[derive(Debug)]
enum StatusAccess {
    /// To the commits of the repository.
    Open(GitHub),
    /// None: not in GitHub Actions, or nothing is changed.
    Unused,
    /// None, though it is wanted.
    Unavailable(NoGitHub),
}

impl StatusReporter {
    /// In GitHub Actions, of commands that change something. Needs a tokio runtime.
    pub fn new(context: &Context, request: &CommandRequest) -> Self {
        let is_wanted = request.applies && context.in_actions();
        let access = if is_wanted {
            github(context).map_or_else(StatusAccess::Unavailable, StatusAccess::Open)
        } else {
            StatusAccess::Unused
        };
        Self {
            access,
            run_url: context.run_url(),
            request: request.clone(),
            release: RefCell::default(),
            begun: RefCell::default(),
            pull_request: PullRequestReport::new(context),
        }
    }

    /// Reports that the change is in progress. The change does not wait for it.
    fn begin(&self) {
        let (StatusAccess::Open(github), Some(sha)) = (&self.access, self.commit()) else { return };
        let status = commit_status::begun(&self.request.command, &self.request.environment(), &self.request.place());
        let (github, run_url) = (github.clone(), self.run_url.clone());
        let reporting = async move { github.set_status(&sha, &status, run_url.as_deref()).await };
        *self.begun.borrow_mut() = Some(tokio::spawn(reporting));
    }

    /// The commit that the release is. A build of a changed tree is none, nor is what ran before the first release.
    fn commit(&self) -> Option<GitSha> {
        match self.release.borrow().as_ref()? {
            ReleaseName::Commit(sha) => Some(sha.clone()),
            ReleaseName::Dirty { .. } | ReleaseName::Baseline => None,
        }
    }

    /// Reports how a change ended. What cannot be reported there is an event.
    async fn end_of_change(&self, end: CommandEnd<'_>, events: &Events) {
        let Some(sha) = self.commit() else { return };
        let outcome = end.outcome();
        // Causes are left out: they may hold output whose secrets are masked in the log of the run alone.
        let is_refused = outcome == Outcome::Refused;
        let failure = end.result.err();
        let reason = failure.map(|failure| if is_refused { failure.brief() } else { failure.reason.clone() });
        let begun = self.begun.take();
        let (environment, place) = (self.request.environment(), self.request.place());
        let ended = commit_status::ended(outcome, &environment, &place, reason.as_deref(), begun.is_some());
        let Some(status) = ended else { return };
        let name = format!("commit status {} of {}", status.context, sha.short());
        match &self.access {
            StatusAccess::Unused => {}
            StatusAccess::Unavailable(NoGitHub::Missing { variable, hint }) => {
                events.note(format!("{name} is not recorded: {variable} is not set ({hint})"));
            }
            StatusAccess::Unavailable(NoGitHub::Unusable(error)) => warn(events, &name, "is not recorded", error),
            StatusAccess::Open(github) => {
                let timeout = if outcome == Outcome::Interrupted { TIMEOUT_AFTER_SIGNAL } else { TIMEOUT };
                let mut before = ReportedStart::default();
                let reporting = self.report_end(github, (&sha, &status), begun, &mut before);
                let result = tokio::time::timeout(timeout, reporting).await;
                let too_late = |_| Err(before.error.unwrap_or_else(|| GitHubError::unreachable("no answer in time")));
                if let Err(error) = result.unwrap_or_else(too_late) {
                    let what = if before.is_recorded { "stays `pending`" } else { "is not recorded" };
                    warn(events, &name, what, &error);
                }
            }
        }
    }

    /// After what was reported before, so that the end is what is read.
    async fn report_end(
        &self,
        github: &GitHub,
        (sha, status): (&GitSha, &CommitStatus),
        begun: Option<JoinHandle<Result<(), GitHubError>>>,
        before: &mut ReportedStart,
    ) -> Result<(), GitHubError> {
        match begun {
            None => {}
            Some(begun) => match begun.await {
                Ok(Ok(())) => before.is_recorded = true,
                // What was refused is refused again.
                Ok(Err(error)) if !error.is_transient() => return Err(error),
                Ok(Err(error)) => before.error = Some(error),
                Err(_) => {}
            },
        }
        github.set_status(sha, status, self.run_url.as_deref()).await
    }
}

impl Sink for StatusReporter {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest changes no status")]
    fn event(&self, event: &RunEvent) {
        match event {
            RunEvent::ReleaseChosen(release) => *self.release.borrow_mut() = Some(release.clone()),
            RunEvent::Planned(plan) => *self.release.borrow_mut() = Some(plan.release.clone()),
            RunEvent::ApplyStarted => self.begin(),
            _ => {}
        }
    }

    fn settle<'s>(&'s self, end: CommandEnd<'s>, events: &'s Events) -> LocalBoxFuture<'s, ()> {
        Box::pin(async move {
            if let Ok(CommandAnswer::Check(checked)) = end.result {
                self.pull_request.report(checked, end.record, events).await;
            } else {
                self.end_of_change(end, events).await;
            }
        })
    }
}

/// What became of the status that was reported before the end.
#[derive(Debug, Default)]
struct ReportedStart {
    /// It is recorded.
    is_recorded: bool,
    /// Why it is not.
    error: Option<GitHubError>,
}

fn warn(events: &Events, name: &str, what: &str, error: &GitHubError) {
    events.warning(format!("{name} {what}: {error}"), Some(explain::github::hint(error)));
}
