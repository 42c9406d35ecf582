//! What a clone has under the name that somebody gave a release.
//!
//! git would take such a name for many things. Tags and branches are looked up by their whole names, commits by their
//! ids alone, so that a branch called `deadbee` stands for no commit.

use super::git::{Git, GitError};
use crate::domain::reference::NamedCommits;
use crate::domain::release::GitSha;

impl Git {
    /// The tag of a name, and a branch where there is one. The name is one that git allows.
    ///
    /// # Errors
    ///
    /// git fails.
    pub async fn named(&self, name: &str) -> Result<NamedCommits, GitError> {
        let tag = format!("refs/tags/{name}");
        let branches = ["refs/heads/", "refs/remotes/", "refs/remotes/*/"].map(|place| format!("{place}{name}"));
        let of_remote =
            |found: &str| found.strip_prefix("refs/remotes/")?.split_once('/').map(|(_, rest)| rest == name);
        let mut asking = vec!["for-each-ref", "--format=%(refname) %(objectname)", "--", &tag];
        asking.extend(branches.iter().map(String::as_str));
        let listed = self.offline_successfully(&asking).await?;
        let refs: Vec<(&str, &str)> = listed.stdout.lines().filter_map(|line| line.split_once(' ')).collect();
        // A pattern is met by all that is below it, too.
        let is_branch = |found: &str| branches.iter().any(|it| it == found) || of_remote(found) == Some(true);
        let tagged = refs.iter().find(|(found, _)| *found == tag).map(|(_, object)| *object);
        let tag = match tagged {
            Some(object) => self.commit_of(object).await?,
            None => None,
        };
        let branch = refs.iter().map(|(found, _)| *found).find(|found| is_branch(found)).map(str::to_owned);
        Ok(NamedCommits { tag, branch, commits: Vec::new(), is_shallow: self.is_shallow().await? })
    }

    /// The same for a name that may also be the first digits of a commit id: at least four, in lower case.
    ///
    /// # Errors
    ///
    /// git fails.
    pub async fn abbreviated(&self, digits: &str) -> Result<NamedCommits, GitError> {
        let named = self.named(digits).await?;
        let listed = self.offline_successfully(&["rev-parse", &format!("--disambiguate={digits}")]).await?;
        let mut commits = Vec::new();
        for object in listed.stdout.lines().filter_map(|line| line.parse::<GitSha>().ok()) {
            if self.has(&object).await? {
                commits.push(object);
            }
        }
        Ok(NamedCommits { commits, ..named })
    }

    /// The commit that an object is, or is a tag of.
    async fn commit_of(&self, object: &str) -> Result<Option<GitSha>, GitError> {
        let found = self.offline(&["rev-parse", "--verify", "--quiet", &format!("{object}^{{commit}}")]).await?;
        Ok(if found.success { found.stdout.trim().parse().ok() } else { None })
    }
}

#[cfg(test)]
mod tests;
