//! The statuses and check runs of a release's commit, and the wait for those that have not ended.

use super::hosted::{Hosted, unknown};
use crate::clients::github::error::{GitHubError, GitHubErrorKind};
use crate::domain::gate::{Fact, StatusPolicy, StatusPoll, StatusWait, StatusesEvidence, Unknown, named_statuses};
use crate::domain::release::ReleaseName;
use crate::domain::step::StepId;
use crate::events::Events;
use crate::poll::{Waiting, poll};

/// The statuses that a policy names, of a release.
#[derive(Debug)]
pub struct PolicyStatuses<'a> {
    /// GitHub.
    pub hosted: &'a Hosted,
    /// The names, and how long they are waited for.
    pub policy: &'a StatusPolicy,
    /// The release.
    pub release: &'a ReleaseName,
}

impl PolicyStatuses<'_> {
    /// Looks once.
    pub async fn look(&self) -> StatusPoll {
        let ReleaseName::Commit(commit) = self.release else {
            let reason = "a build of a changed tree is of no commit, and has no statuses";
            return StatusPoll::Failed(Unknown::new(reason).hint("commit the changes, and push them"));
        };
        let github = match self.hosted.github() {
            Ok(github) => github,
            Err(unknown) => return StatusPoll::Failed(unknown),
        };
        match github.reported(commit).await {
            Ok(reported) => StatusPoll::Seen(named_statuses(&self.policy.names, &reported, self.hosted.run())),
            Err(error) if is_passing(&error) => StatusPoll::Passing(unknown(&error)),
            Err(error) => StatusPoll::Failed(unknown(&error)),
        }
    }

    /// Looks until none of them is open, or the time for it is over.
    pub async fn wait(&self, events: &Events) -> Fact<StatusesEvidence> {
        let first = self.look().await;
        if !first.is_open() || self.policy.wait.is_zero() {
            return first.evidence(None);
        }
        let step = StepId::statuses();
        let mut wait = StatusWait::new(self.policy.wait);
        let mut first = Some(first);
        let waiting = poll(
            Waiting::In(events, &step),
            (),
            async |()| match first.take() {
                Some(first) => first,
                None => self.look().await,
            },
            |elapsed, look| {
                if look.is_open() {
                    events.progress(&step, &look.awaited());
                }
                wait.take(elapsed, look)
            },
        );
        // How it ended is for the gate to judge; what is left open has not failed as a step.
        let waited = events.step(&step, async { Ok::<_, std::convert::Infallible>(waiting.await) }).await;
        match waited {
            Ok(known) => known,
            Err(never) => match never {},
        }
    }
}

/// Whether a later look may do better: also where GitHub asks for a long pause, which a wait has.
fn is_passing(error: &GitHubError) -> bool {
    error.is_transient() || matches!(error.kind, GitHubErrorKind::RateLimited(_))
}
