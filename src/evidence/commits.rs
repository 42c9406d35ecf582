//! The commits between what runs and a release, for the reader of a plan: with their authors and pull requests. What is not
//! known is left out.

use super::history::CommitHistory;
use super::holds::has;
use crate::clients::github::history::ComparedCommit;
use crate::domain::comparison::CommitComparison;
use crate::domain::gate::Fact;
use crate::domain::limits::{COMMITS_COUNTED, COMMITS_SHOWN, PULL_REQUESTS_ASKED};
use crate::domain::release::{CommitLine, Commits, GitSha};
use crate::domain::view::plan::CommitRange;
use crate::kinds::WholePlan;

impl CommitHistory<'_> {
    /// The commits between what the first component that changes ran and the release. `None`: there are none, or they are not
    /// known.
    pub async fn commits(&self, plan: &WholePlan) -> Option<CommitRange> {
        let changing = plan.components().find(|component| !component.is_empty());
        let ran = changing?.runs.as_ref()?;
        let (ran, release) = (ran.sha()?, plan.release.sha()?);
        let taken_back = ran != release && has(self, release, ran).await == Some(true);
        let (from, to) = if taken_back { (release, ran) } else { (ran, release) };
        let of_clone = self.git.commits_between(from, to, COMMITS_SHOWN.count()).await.ok().flatten();
        let mut commits = match of_clone {
            Some(commits) => commits,
            None => self.hosted_commits(from, to).await?,
        };
        if commits.count == 0 {
            return None;
        }
        self.add_pull_requests(&mut commits.newest).await;
        Some(CommitRange { taken_back, commits, compare: self.compare_page(from, to).await })
    }

    /// The page of the repository on GitHub that compares two commits.
    async fn compare_page(&self, from: &GitSha, to: &GitSha) -> Option<String> {
        let origin = self.git.origin().await.ok().flatten()?;
        let host = origin.strip_prefix("https://")?.split('/').next()?;
        let is_github = host.split('.').any(|part| part == "github");
        is_github.then(|| format!("{origin}/compare/{}...{}", from.short(), to.short()))
    }

    /// The commits as GitHub has them.
    async fn hosted_commits(&self, from: &GitSha, to: &GitSha) -> Option<Commits> {
        let Fact::Is(CommitComparison::Ahead(ahead) | CommitComparison::Diverged { ahead, .. }) =
            self.compare(from, to).await
        else {
            return None;
        };
        let count = usize::try_from(ahead).unwrap_or(usize::MAX);
        let mut newest = Vec::new();
        for page in pages(count, COMMITS_SHOWN.count()) {
            let found = self.hosted.commits(from, to, COMMITS_SHOWN.count(), page).await.ok()?;
            newest.extend(found.into_iter().rev().map(line));
        }
        newest.truncate(COMMITS_SHOWN.count());
        Some(Commits { count: count.min(COMMITS_COUNTED.count() + 1), newest })
    }

    /// Asks GitHub for the pull requests that no subject names, of the newest commits.
    async fn add_pull_requests(&self, commits: &mut [CommitLine]) {
        let without = commits.iter_mut().filter(|commit| commit.pull_request.is_none());
        for commit in without.take(PULL_REQUESTS_ASKED.count()) {
            match self.hosted.pull_request_of(&commit.sha).await {
                Some(found) => commit.pull_request = found,
                // What is refused once is refused again.
                None => return,
            }
        }
    }
}

fn line(commit: ComparedCommit) -> CommitLine {
    let subject = commit.message.lines().next().unwrap_or_default();
    CommitLine::new(commit.sha, subject, commit.author.as_deref().unwrap_or_default()).committed_at(commit.committed)
}

/// The pages that hold the newest of a number of commits, the newest page first, where pages begin with the oldest.
fn pages(count: usize, per_page: usize) -> impl Iterator<Item = usize> {
    let last = count.div_ceil(per_page);
    let first = if count.is_multiple_of(per_page) { last } else { last.saturating_sub(1) };
    (first.max(1)..=last).rev()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_commits_are_on_the_last_page_and_the_one_before() {
        let of = |count| pages(count, 20).collect::<Vec<_>>();
        assert_eq!((of(0), of(1), of(20)), (vec![], vec![1], vec![1]));
        assert_eq!((of(21), of(40), of(41)), (vec![2, 1], vec![2], vec![3, 2]));
    }
}
