//! A pull request: what became of it.

use serde::Deserialize;

use super::{GitHub, GitHubError, GitHubRequest, Method, with_retries};
use crate::domain::release::GitSha;

impl GitHub {
    /// The commit that a pull request was merged as: the merge, the squashed one, or the last of those that were rebased.
    /// `None`: it is not merged. Then GitHub's answer may name a commit too, which only tries the merge
    /// ([reference](https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request)).
    ///
    /// # Errors
    ///
    /// It is not known: a pull request that GitHub does not have is not found.
    pub async fn merged_as(&self, number: u64) -> Result<Option<GitSha>, GitHubError> {
        #[derive(Deserialize)]
        struct PullRequest {
            number: u64,
            merged: bool,
            merge_commit_sha: Option<String>,
        }
        let request = GitHubRequest {
            method: Method::Get,
            path: format!("/repos/{}/pulls/{number}", self.repository),
            permission: "pull-requests: read",
        };
        with_retries(|| async {
            let found: PullRequest = self.ask(&request).await?;
            if found.number != number {
                return Err(GitHubError::unreadable("it is about another pull request"));
            }
            if !found.merged {
                return Ok(None);
            }
            let sha = found.merge_commit_sha.and_then(|sha| sha.parse().ok());
            sha.map(Some).ok_or_else(|| GitHubError::unreadable("a merged pull request has no commit"))
        })
        .await
    }
}
