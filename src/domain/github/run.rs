//! Runs of workflows, as GitHub's API has them.

use jiff::Timestamp;

use crate::domain::release::GitSha;

/// Somebody on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The number that stays when the name changes.
    pub id: u64,
    /// The name, neutral.
    pub login: String,
    /// Whether it is a user, and no bot or organisation.
    pub is_user: bool,
}

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubRun {
    /// Its number.
    pub id: u64,
    /// The number of its workflow, which is a file of the repository.
    pub workflow: u64,
    /// What triggered it: `workflow_dispatch`.
    pub event: String,
    /// The how manieth attempt the newest one is, from 1.
    pub attempt: u64,
    /// The commit that the workflow's file is from.
    pub commit: GitSha,
    /// Its title, as it is: foreign text.
    pub title: String,
    /// Who started the first attempt.
    pub actor: Option<Person>,
    /// Who started the newest one.
    pub triggering_actor: Option<Person>,
    /// When it was started.
    pub created: Timestamp,
    /// Whether it has ended, and how.
    pub end: WorkflowConclusion,
    /// The workflows that it calls.
    pub called: Vec<CalledWorkflow>,
    /// Whether the commit is of this repository and not of a fork.
    pub is_of_repository: bool,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkflowConclusion {
    /// It has not.
    Open,
    /// It succeeded.
    Succeeded,
    /// Otherwise, in GitHub's word: `failure`, `cancelled`.
    Otherwise(String),
}

/// A workflow that a run calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalledWorkflow {
    /// `OWNER/NAME/PATH@REF`, as it is.
    pub path: String,
    /// The commit that it is from.
    pub commit: String,
}

/// A job of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunJob {
    /// Its name, as it was evaluated, as it is. A job of a called workflow has that of the caller's job before it.
    pub name: String,
    /// Whether it succeeded.
    pub succeeded: bool,
}
