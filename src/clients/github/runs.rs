//! Runs of workflows: who started them, what they are of, who reviewed them.

use jiff::Timestamp;
use octocrab::Page;
use serde::Deserialize;

use super::pages::PagePart;
use super::people::UserReference;
use super::{GitHub, GitHubError, GitHubRequest, Method, with_retries};
use crate::domain::gate::{Review, ReviewState};
use crate::domain::github::run::{CalledWorkflow, GitHubRun, RunJob, WorkflowConclusion};

/// What the job needs where GitHub does not say it.
pub(super) const ACTIONS: &str = "actions: read";

/// A run ([reference](https://docs.github.com/en/rest/actions/workflow-runs#get-a-workflow-run)).
#[derive(Debug, Deserialize)]
struct RunDocument {
    id: u64,
    workflow_id: u64,
    event: String,
    #[serde(rename = "run_attempt")]
    attempt: Option<u64>,
    head_sha: String,
    display_title: String,
    actor: Option<UserReference>,
    triggering_actor: Option<UserReference>,
    created_at: Timestamp,
    status: Option<String>,
    conclusion: Option<String>,
    referenced_workflows: Option<Vec<ReferencedWorkflow>>,
    repository: RunRepository,
    head_repository: Option<RunRepository>,
}

#[derive(Debug, Deserialize)]
struct RunRepository {
    id: u64,
}

#[derive(Debug, Deserialize)]
struct ReferencedWorkflow {
    path: String,
    sha: String,
}

impl RunDocument {
    fn read(self) -> Result<GitHubRun, GitHubError> {
        let end = match (self.status.as_deref(), self.conclusion) {
            (Some("completed"), Some(conclusion)) if conclusion == "success" => WorkflowConclusion::Succeeded,
            (Some("completed"), conclusion) => {
                WorkflowConclusion::Otherwise(conclusion.unwrap_or_else(|| "no result".to_owned()))
            }
            _ => WorkflowConclusion::Open,
        };
        let called = self.referenced_workflows.unwrap_or_default();
        Ok(GitHubRun {
            id: self.id,
            workflow: self.workflow_id,
            event: self.event,
            attempt: self.attempt.ok_or_else(|| GitHubError::unreadable("a run has no attempt"))?,
            commit: self.head_sha.parse().map_err(|_| GitHubError::unreadable("a run is of no commit"))?,
            title: self.display_title,
            actor: self.actor.map(Into::into),
            triggering_actor: self.triggering_actor.map(Into::into),
            created: self.created_at,
            end,
            called: called
                .into_iter()
                .map(|ReferencedWorkflow { path, sha }| CalledWorkflow { path, commit: sha })
                .collect(),
            is_of_repository: self.head_repository.is_some_and(|head| head.id == self.repository.id),
        })
    }
}

/// The runs of a workflow
/// ([reference](https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-workflow)).
#[derive(Deserialize)]
struct RunPages {
    total_count: usize,
    workflow_runs: Vec<RunDocument>,
}

impl PagePart for RunPages {
    type Item = RunDocument;

    fn read(self) -> (usize, Vec<RunDocument>) {
        (self.total_count, self.workflow_runs)
    }
}

/// The jobs of a run
/// ([reference](https://docs.github.com/en/rest/actions/workflow-jobs#list-jobs-for-a-workflow-run)).
#[derive(Deserialize)]
struct Jobs {
    total_count: usize,
    jobs: Vec<JobDocument>,
}

#[derive(Deserialize)]
struct JobDocument {
    name: String,
    conclusion: Option<String>,
}

impl PagePart for Jobs {
    type Item = RunJob;

    fn read(self) -> (usize, Vec<RunJob>) {
        let read =
            |job: JobDocument| RunJob { succeeded: job.conclusion.as_deref() == Some("success"), name: job.name };
        (self.total_count, self.jobs.into_iter().map(read).collect())
    }
}

#[derive(Deserialize)]
struct RunReview {
    environments: Vec<ReviewedEnvironment>,
    state: String,
    user: Option<UserReference>,
}

#[derive(Deserialize)]
struct ReviewedEnvironment {
    name: String,
}

impl GitHub {
    /// A run, as its newest attempt is.
    ///
    /// # Errors
    ///
    /// It is not known.
    pub async fn workflow_run(&self, id: u64) -> Result<GitHubRun, GitHubError> {
        let path = format!("/repos/{}/actions/runs/{id}", self.repository);
        let request = GitHubRequest { method: Method::Get, path, permission: ACTIONS };
        let run: RunDocument = with_retries(|| self.ask(&request)).await?;
        if run.id == id { run.read() } else { Err(GitHubError::unreadable("it is about another run")) }
    }

    /// The runs of a workflow that somebody started by hand since a time.
    ///
    /// # Errors
    ///
    /// They are not known, or not all of them.
    pub async fn dispatched_runs(&self, workflow: u64, since: Timestamp) -> Result<Vec<GitHubRun>, GitHubError> {
        let path = format!(
            "/repos/{}/actions/workflows/{workflow}/runs?event=workflow_dispatch&created=%3E%3D{}",
            self.repository,
            since.strftime("%Y-%m-%dT%H:%M:%SZ")
        );
        self.all::<RunPages>(&path, ACTIONS).await?.into_iter().map(RunDocument::read).collect()
    }

    /// The jobs of a run, of its newest attempt.
    ///
    /// # Errors
    ///
    /// They are not known, or not all of them.
    pub async fn jobs(&self, run: u64) -> Result<Vec<RunJob>, GitHubError> {
        self.all::<Jobs>(&format!("/repos/{}/actions/runs/{run}/jobs?filter=latest", self.repository), ACTIONS).await
    }

    /// What reviewers of environments decided of a run, in all of its attempts
    /// ([reference](https://docs.github.com/en/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run)).
    ///
    /// # Errors
    ///
    /// It is not known, or not all of it.
    pub async fn reviews(&self, run: u64) -> Result<Vec<Review>, GitHubError> {
        let path = format!("/repos/{}/actions/runs/{run}/approvals", self.repository);
        let request = GitHubRequest { method: Method::Get, path, permission: ACTIONS };
        let found: Page<RunReview> = with_retries(|| self.ask(&request)).await?;
        if found.next.is_some() {
            // The description of this operation has no pages.
            return Err(GitHubError::unreadable("there are more reviews than it has"));
        }
        found.items.into_iter().map(RunReview::read).collect()
    }
}

impl RunReview {
    fn read(self) -> Result<Review, GitHubError> {
        let state = match self.state.as_str() {
            "approved" => ReviewState::Approved,
            "rejected" => ReviewState::Rejected,
            "pending" => ReviewState::Pending,
            _ => return Err(GitHubError::unreadable("a review has a state that is not documented")),
        };
        let environments = self.environments.into_iter().map(|environment| environment.name).collect();
        Ok(Review { environments, state, reviewer: self.user.map(Into::into) })
    }
}
