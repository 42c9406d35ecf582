//! What GitHub knows of a repository's branches and commits.

use jiff::Timestamp;
use octocrab::Page;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;

use super::{GitHub, GitHubError, GitHubRequest, Method, with_retries};
use crate::domain::comparison::CommitComparison;
use crate::domain::release::GitSha;

/// What stays as it is in a part of a path ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)).
pub(super) const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the job needs where GitHub does not say it.
pub(super) const CONTENTS: &str = "contents: read";

/// A branch, or another reference ([refs](https://docs.github.com/en/rest/git/refs)).
#[derive(Debug, Deserialize)]
struct Reference {
    #[serde(rename = "ref")]
    name: String,
    object: Object,
}

#[derive(Debug, Deserialize)]
struct Object {
    sha: String,
}

const HEADS: &str = "refs/heads/";

impl Reference {
    /// The name of a branch with its newest commit, as they are. `None`: it is no branch.
    fn branch(self) -> Option<Result<(String, GitSha), GitHubError>> {
        let name = self.name.strip_prefix(HEADS)?.to_owned();
        let tip = self.object.sha.parse().map_err(|_| GitHubError::unreadable("a branch is at no commit"));
        Some(tip.map(|tip| (name, tip)))
    }
}

/// A commit in a comparison. Nothing in it is neutral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedCommit {
    /// The commit.
    pub sha: GitSha,
    /// Its whole message.
    pub message: String,
    /// The account of its author, else the name that the commit has.
    pub author: Option<String>,
    /// When it was made, by its committer's clock.
    pub committed: Option<Timestamp>,
}

impl ComparedCommit {
    fn read(commit: &Value) -> Option<Self> {
        let text = |at: &str| commit.pointer(at).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            sha: text("/sha")?.parse().ok()?,
            message: text("/commit/message")?,
            author: text("/author/login").or_else(|| text("/commit/author/name")),
            committed: text("/commit/committer/date").and_then(|date| date.parse().ok()),
        })
    }
}

impl GitHub {
    /// The name of the default branch, as it is ([repositories](https://docs.github.com/en/rest/repos/repos)).
    ///
    /// # Errors
    ///
    /// It is not known.
    pub async fn default_branch(&self) -> Result<String, GitHubError> {
        #[derive(Deserialize)]
        struct Repository {
            default_branch: String,
        }
        let path = format!("/repos/{}", self.repository);
        let request = GitHubRequest { method: Method::Get, path, permission: "metadata: read" };
        with_retries(|| self.ask::<Repository>(&request)).await.map(|repository| repository.default_branch)
    }

    /// The newest commit of a branch.
    ///
    /// # Errors
    ///
    /// It is not known: a branch that GitHub does not have is not found.
    pub async fn branch(&self, name: &str) -> Result<GitSha, GitHubError> {
        let wanted = format!("heads/{name}");
        let path = format!("/repos/{}/git/ref/{}", self.repository, utf8_percent_encode(&wanted, PART));
        let request = GitHubRequest { method: Method::Get, path, permission: CONTENTS };
        let found: Reference = with_retries(|| self.ask(&request)).await?;
        match found.branch() {
            Some(Ok((found, tip))) if found == name => Ok(tip),
            Some(Err(error)) => Err(error),
            Some(Ok(_)) | None => Err(GitHubError::unreadable("it is another branch")),
        }
    }

    /// The branches whose names begin with something, each with its newest commit. The names are as they are.
    ///
    /// # Errors
    ///
    /// They are not known, or not all of them.
    pub async fn branches(&self, prefix: &str) -> Result<Vec<(String, GitSha)>, GitHubError> {
        let wanted = format!("heads/{prefix}");
        let path = format!("/repos/{}/git/matching-refs/{}", self.repository, utf8_percent_encode(&wanted, PART));
        let request = GitHubRequest { method: Method::Get, path, permission: CONTENTS };
        let found: Page<Reference> = with_retries(|| self.ask(&request)).await?;
        if found.next.is_some() {
            // The description of this operation has no pages.
            return Err(GitHubError::unreadable("there are more branches than it has"));
        }
        found.items.into_iter().filter_map(Reference::branch).collect()
    }

    /// How a commit stands to another one, the base ([compare](https://docs.github.com/en/rest/commits/commits)).
    ///
    /// # Errors
    ///
    /// It is not known: a commit that GitHub does not have is not found, nor are two without a common one.
    pub async fn compare(&self, base: &GitSha, head: &GitSha) -> Result<CommitComparison, GitHubError> {
        #[derive(Deserialize)]
        struct Compared {
            status: String,
            ahead_by: u64,
            behind_by: u64,
        }
        let request = self.comparing(base, head, 1, 1);
        with_retries(|| async {
            let compared: Compared = self.ask(&request).await?;
            CommitComparison::from_counts(&compared.status, compared.ahead_by, compared.behind_by)
                .ok_or_else(|| GitHubError::unreadable("its numbers contradict each other"))
        })
        .await
    }

    /// A page of the commits that one has and the base has not, the oldest first on the first page.
    ///
    /// # Errors
    ///
    /// As [`Self::compare`].
    pub async fn compared_commits(
        &self,
        (base, head): (&GitSha, &GitSha),
        per_page: usize,
        page: usize,
    ) -> Result<Vec<ComparedCommit>, GitHubError> {
        #[derive(Deserialize)]
        struct Compared {
            commits: Vec<Value>,
        }
        let request = self.comparing(base, head, per_page, page);
        with_retries(|| async {
            let compared: Compared = self.ask(&request).await?;
            let commits = compared.commits.iter().map(ComparedCommit::read).collect::<Option<Vec<_>>>();
            commits.ok_or_else(|| GitHubError::unreadable("it has a commit without an id or a message"))
        })
        .await
    }

    fn comparing(&self, base: &GitSha, head: &GitSha, per_page: usize, page: usize) -> GitHubRequest<'static> {
        let repository = &self.repository;
        let path = format!("/repos/{repository}/compare/{base}...{head}?per_page={per_page}&page={page}");
        GitHubRequest { method: Method::Get, path, permission: CONTENTS }
    }

    /// The number of the pull request that brought a commit: the one that was merged, of several the first
    /// ([pulls of a commit](https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit)).
    ///
    /// # Errors
    ///
    /// It is not known.
    pub async fn pull_request_of(&self, commit: &GitSha) -> Result<Option<u64>, GitHubError> {
        #[derive(Deserialize)]
        struct Pull {
            number: u64,
            merged_at: Option<String>,
        }
        let path = format!("/repos/{}/commits/{commit}/pulls?per_page=100", self.repository);
        let request = GitHubRequest { method: Method::Get, path, permission: "pull-requests: read" };
        let found: Vec<Pull> = with_retries(|| self.ask(&request)).await?;
        Ok(found.iter().find(|pull| pull.merged_at.is_some()).map(|pull| pull.number))
    }
}
