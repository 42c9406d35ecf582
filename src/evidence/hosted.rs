//! The repository as GitHub has it. Each thing is asked for once in a run, and where GitHub cannot be asked, not again.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::clients::github::GitHub;
use crate::clients::github::error::{GitHubError, GitHubErrorKind};
use crate::clients::github::history::ComparedCommit;
use crate::domain::comparison::CommitComparison;
use crate::domain::gate::Unknown;
use crate::domain::release::GitSha;
use crate::explain;
use crate::observe::NoGitHub;

/// The repository on GitHub, with what was learned of it.
#[derive(Debug)]
pub struct Hosted {
    access: Result<GitHub, NoGitHub>,
    /// The id of the workflow run that asks.
    run: Option<String>,
    default_branch: RefCell<Option<String>>,
    default_branch_of_event: Option<String>,
    comparisons: RefCell<HashMap<(GitSha, GitSha), Result<CommitComparison, GitHubError>>>,
    /// Why nothing more is asked about history.
    failed: RefCell<Option<GitHubError>>,
}

/// Why GitHub did not answer a question about history.
#[derive(Debug)]
pub enum HistoryUnknown {
    /// It is not asked: there is no token, or no repository.
    NotAsked,
    /// It does not have it.
    Missing,
    /// It was asked, and the answer is no use.
    Failed(Unknown),
}

impl HistoryUnknown {
    /// What is unknown because of it. `missing`: what GitHub does not have, in words.
    pub fn unknown(self, missing: &str) -> Unknown {
        match self {
            Self::NotAsked => Unknown::new("GitHub is not asked: there is no token"),
            Self::Missing => Unknown::new(missing),
            Self::Failed(unknown) => unknown,
        }
    }
}

impl Hosted {
    /// GitHub, where the job reaches it. `run`: the id of the workflow run that asks. `default_branch_of_event`: the default
    /// branch, as the event says it that triggered the job.
    pub fn new(access: Result<GitHub, NoGitHub>, run: Option<&str>, default_branch_of_event: Option<String>) -> Self {
        let run = run.map(str::to_owned);
        Self {
            access,
            run,
            default_branch: RefCell::default(),
            default_branch_of_event,
            comparisons: RefCell::default(),
            failed: RefCell::default(),
        }
    }

    /// GitHub itself, for what is asked more than once.
    ///
    /// # Errors
    ///
    /// It cannot be reached from here.
    pub fn github(&self) -> Result<&GitHub, Unknown> {
        self.access.as_ref().map_err(|none| match none {
            NoGitHub::Missing { variable, hint } => Unknown::new(format!("{variable} is not set")).hint(*hint),
            NoGitHub::Unusable(error) => unknown(error),
        })
    }

    /// The id of the workflow run that asks.
    pub fn run(&self) -> Option<&str> {
        self.run.as_deref()
    }

    /// The default branch, as it is.
    ///
    /// # Errors
    ///
    /// Nothing says which it is.
    pub async fn default_branch(&self) -> Result<String, HistoryUnknown> {
        let known = self.default_branch.borrow().clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = self.ask(async |github| github.default_branch().await).await?;
        *self.default_branch.borrow_mut() = Some(found.clone());
        Ok(found)
    }

    /// The default branch, as the event says it that triggered the job, as it is.
    pub fn default_branch_of_event(&self) -> Option<&str> {
        self.default_branch_of_event.as_deref()
    }

    /// The newest commit of a branch.
    ///
    /// # Errors
    ///
    /// It is not known.
    pub async fn branch(&self, name: &str) -> Result<GitSha, HistoryUnknown> {
        self.ask(async |github| github.branch(name).await).await
    }

    /// The branches whose names begin with something, as they are, each with its newest commit.
    ///
    /// # Errors
    ///
    /// They are not known.
    pub async fn branches(&self, prefix: &str) -> Result<Vec<(String, GitSha)>, HistoryUnknown> {
        self.ask(async |github| github.branches(prefix).await).await
    }

    /// How a commit stands to another one, the base.
    ///
    /// # Errors
    ///
    /// It is not known. Missing is a commit that GitHub does not have, or two without a common one.
    pub async fn compare(&self, base: &GitSha, head: &GitSha) -> Result<CommitComparison, HistoryUnknown> {
        if base == head && self.access.is_ok() {
            return Ok(CommitComparison::Identical);
        }
        let known = self.known(base, head);
        let answer = if let Some(known) = known {
            known
        } else {
            let answer = self.usable()?.compare(base, head).await;
            self.comparisons.borrow_mut().insert((base.clone(), head.clone()), answer.clone());
            answer
        };
        answer.map_err(|error| self.no_answer(error))
    }

    /// A page of the commits that one has and the base has not, the oldest first on the first page.
    ///
    /// # Errors
    ///
    /// They are not known.
    pub async fn commits(
        &self,
        base: &GitSha,
        head: &GitSha,
        per_page: usize,
        page: usize,
    ) -> Result<Vec<ComparedCommit>, HistoryUnknown> {
        self.ask(async |github| github.compared_commits((base, head), per_page, page).await).await
    }

    /// The pull request that brought a commit, where there is one. `None`: GitHub does not say, which does not keep it from
    /// being asked for something else.
    pub async fn pull_request_of(&self, commit: &GitSha) -> Option<Option<u64>> {
        self.usable().ok()?.pull_request_of(commit).await.ok()
    }

    /// What was answered before, also to the question the other way round.
    fn known(&self, base: &GitSha, head: &GitSha) -> Option<Result<CommitComparison, GitHubError>> {
        let comparisons = self.comparisons.borrow();
        let reversed = || comparisons.get(&(head.clone(), base.clone())).cloned();
        let forward = comparisons.get(&(base.clone(), head.clone())).cloned();
        forward.or_else(|| Some(reversed()?.map(CommitComparison::reversed)))
    }

    /// Asks once.
    async fn ask<T>(&self, question: impl AsyncFnOnce(&GitHub) -> Result<T, GitHubError>) -> Result<T, HistoryUnknown> {
        let github = self.usable()?;
        question(github).await.map_err(|error| self.no_answer(error))
    }

    fn usable(&self) -> Result<&GitHub, HistoryUnknown> {
        if let Some(failed) = self.failed.borrow().as_ref() {
            return Err(HistoryUnknown::Failed(unknown(failed)));
        }
        match &self.access {
            Ok(github) => Ok(github),
            Err(NoGitHub::Missing { .. }) => Err(HistoryUnknown::NotAsked),
            Err(NoGitHub::Unusable(error)) => Err(HistoryUnknown::Failed(unknown(error))),
        }
    }

    /// What an error leaves. All but a thing that is not there would be the answer to the next question too.
    fn no_answer(&self, error: GitHubError) -> HistoryUnknown {
        if matches!(error.kind, GitHubErrorKind::NotFound(_)) {
            return HistoryUnknown::Missing;
        }
        let why = unknown(&error);
        *self.failed.borrow_mut() = Some(error);
        HistoryUnknown::Failed(why)
    }
}

/// What is unknown because of an error.
pub fn unknown(error: &GitHubError) -> Unknown {
    Unknown::new(error.to_string()).hint(explain::github::hint(error))
}
