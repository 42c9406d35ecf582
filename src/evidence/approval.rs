//! Who has approved a change: GitHub's environment, the reviews of this run, the runs of other people.

use jiff::Timestamp;

use super::history::CommitHistory;
use super::hosted::unknown;
use super::second_person::{self, AskedPlan};
use crate::clients::github::GitHubError;
use crate::domain::gate::{
    Approval, ApprovalEvidence, ChangeCommand, Fact, GateEvidence, GateName, GatePolicy, ProtectionEvidence,
    ReviewEvidence, Unknown,
};
use crate::domain::names::EnvironmentName;

/// A change that people may have to approve.
#[derive(Debug)]
pub struct Approvals<'a> {
    /// The repository.
    pub history: &'a CommitHistory<'a>,
    /// The repository's page.
    pub source_url: Option<String>,
    /// Whether the change is about to be made; otherwise it is only planned.
    pub is_made: bool,
    /// What makes the change.
    pub command: ChangeCommand,
    /// The environment that is changed.
    pub environment: &'a EnvironmentName,
    /// Its policy.
    pub policy: &'a GatePolicy,
}

impl Approvals<'_> {
    /// Adds what the gates `protected` and `approved` look at, where they are asked. `asked`: the plan that people were asked
    /// about, where one is named.
    pub async fn add_to<'p>(&self, evidence: &mut GateEvidence, asked: impl AsyncFnOnce() -> Option<AskedPlan<'p>>) {
        if self.policy.is_evaluated(GateName::Protected, self.command) {
            evidence.protection = self.protection().await;
        }
        if self.policy.is_evaluated(GateName::Approved, self.command) {
            evidence.approval = self.approval(evidence.now, asked).await;
        }
    }

    /// GitHub's environment of the same name.
    async fn protection(&self) -> Fact<ProtectionEvidence> {
        let github = match self.history.hosted.github() {
            Ok(github) => github,
            Err(unknown) => return Fact::Unknown(unknown),
        };
        let found = match github.protection(self.environment).await {
            Ok(found) => found,
            Err(error) => return Fact::Unknown(unknown(&error)),
        };
        let page =
            format!("{}/settings/environments", self.source_url.as_deref().unwrap_or("https://github.com/OWNER/NAME"));
        let (settings, found) = match found {
            Some((id, protection)) => (format!("{page}/{id}/edit"), Some(protection)),
            None => (format!("{page}/new"), None),
        };
        Fact::Is(ProtectionEvidence { settings, found })
    }

    async fn approval<'p>(
        &self,
        now: Timestamp,
        asked: impl AsyncFnOnce() -> Option<AskedPlan<'p>>,
    ) -> Fact<ApprovalEvidence> {
        if !self.is_made {
            return Fact::Is(ApprovalEvidence::Later);
        }
        let Some(run) = self.history.hosted.run().and_then(|run| run.parse().ok()) else {
            let hint = "start the workflow that makes this change: GitHub's environment asks there, or another person approves it there";
            return Fact::Unknown(Unknown::new("this is no run of GitHub Actions, so no person was asked").hint(hint));
        };
        let seen = if let Some(Approval::Required { .. }) = self.policy.approval {
            self.reviews(run).await.map(ApprovalEvidence::Reviews)
        } else if let Some(asked) = asked().await {
            let seen = second_person::runs(self.history, (run, now), &asked).await;
            seen.map(|seen| ApprovalEvidence::Runs(Box::new(seen)))
        } else {
            Ok(ApprovalEvidence::Unasked)
        };
        seen.map_or_else(Fact::Unknown, Fact::Is)
    }

    async fn reviews(&self, run: u64) -> Result<ReviewEvidence, Unknown> {
        let github = self.history.hosted.github()?;
        let failed = |error: GitHubError| unknown(&error);
        let found = github.workflow_run(run).await.map_err(failed)?;
        let reviews = github.reviews(run).await.map_err(failed)?;
        // Without one of them a reviewer may be the one who started it.
        let (Some(first), Some(newest)) = (found.actor, found.triggering_actor) else {
            return Err(Unknown::new("GitHub does not say who started this run"));
        };
        let started_by = vec![first, newest];
        Ok(ReviewEvidence { attempt: found.attempt, started_by, reviews })
    }
}
