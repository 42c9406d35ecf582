//! Where a commit stands: on which branches it is, and how it stands to what runs. GitHub is asked first, since what a clone
//! has may be old, cut off, or somebody's; the clone answers where GitHub does not.

use super::hosted::{HistoryUnknown, Hosted};
use crate::clients::git::{Git, GitError};
use crate::domain::comparison::CommitComparison;
use crate::domain::gate::{BranchPattern, BranchReach, CommitRelation, Fact, GatePolicy, Reach, Unknown};
use crate::domain::git::FETCH_HISTORY;
use crate::domain::limits::BRANCHES_COMPARED;
use crate::domain::neutral;
use crate::domain::plan::ComponentPlan;
use crate::domain::release::{GitSha, ReleaseName};

/// What is known of the repository's history.
#[derive(Debug)]
pub struct CommitHistory<'a> {
    /// The clone.
    pub git: &'a Git,
    /// GitHub.
    pub hosted: &'a Hosted,
}

impl CommitHistory<'_> {
    /// The default branch. `None`: nothing says which it is.
    pub async fn default_branch(&self) -> Option<String> {
        match (self.hosted.default_branch().await, self.hosted.default_branch_of_event()) {
            (Ok(known), _) => Some(neutral::line(&known)),
            (Err(_), Some(known)) => Some(known.to_owned()),
            (Err(_), None) => self.git.branches().await.ok()?.default,
        }
    }

    /// How a release stands to what each component runs.
    pub async fn standings(
        &self,
        components: impl Iterator<Item = &ComponentPlan>,
        release: &ReleaseName,
    ) -> Vec<CommitRelation> {
        let mut standings = Vec::new();
        for component in components {
            let runs = component.runs.as_ref().and_then(|runs| runs.sha().cloned());
            // Most run the same: each of these is asked for once.
            let same = standings.iter().find(|standing: &&CommitRelation| standing.runs == runs);
            let comparison = match (runs.as_ref().zip(release.sha()), same) {
                (_, Some(same)) => same.comparison.clone(),
                (Some((runs, release)), None) => self.compare(runs, release).await,
                (None, None) => Fact::unknown("no release is recorded"),
            };
            standings.push(CommitRelation { component: component.name.clone(), runs, comparison });
        }
        standings
    }

    /// How a commit stands to another one, the base.
    pub async fn compare(&self, base: &GitSha, head: &GitSha) -> Fact<CommitComparison> {
        let no_answer = match self.hosted.compare(base, head).await {
            Ok(comparison) => return Fact::Is(comparison),
            Err(no_answer) => no_answer,
        };
        match self.git.compare(base, head).await {
            Ok(Some(comparison)) => Fact::Is(comparison),
            clone => Fact::Unknown(self.unanswered(no_answer, clone.err(), (base, head)).await),
        }
    }

    /// Whether one commit is the other, or comes before it in its history.
    pub async fn is_ancestor(&self, ancestor: &GitSha, descendant: &GitSha) -> Fact<bool> {
        let no_answer = match self.hosted.compare(ancestor, descendant).await {
            Ok(comparison) => return Fact::Is(comparison.has_base()),
            Err(no_answer) => no_answer,
        };
        match self.git.is_ancestor(ancestor, descendant).await {
            Ok(Some(is_ancestor)) => Fact::Is(is_ancestor),
            clone => Fact::Unknown(self.unanswered(no_answer, clone.err(), (ancestor, descendant)).await),
        }
    }

    /// Why neither GitHub nor the clone says how two commits stand to each other.
    async fn unanswered(
        &self,
        no_answer: HistoryUnknown,
        of_clone: Option<GitError>,
        (base, head): (&GitSha, &GitSha),
    ) -> Unknown {
        match (no_answer, of_clone) {
            (HistoryUnknown::Failed(unknown), _) => unknown,
            (HistoryUnknown::Missing, _) => {
                let (base, head) = (base.short(), head.short());
                Unknown::new(format!("GitHub has no common history of {base} and {head}: force-pushed or missing"))
                    .hint("push both commits, or take one that the branch has")
            }
            (HistoryUnknown::NotAsked, Some(error)) => unreadable(&error),
            (HistoryUnknown::NotAsked, None) => self.incomplete(base, head).await,
        }
    }

    async fn incomplete(&self, base: &GitSha, head: &GitSha) -> Unknown {
        for commit in [base, head] {
            if !self.git.has_commit(commit).await {
                return Unknown::new(format!("this clone has no commit {}", commit.short())).hint(FETCH_HISTORY);
            }
        }
        Unknown::new("the history of this clone is cut off").hint(FETCH_HISTORY)
    }

    /// Which of the branches that a policy allows have a commit.
    pub async fn reach(&self, policy: &GatePolicy, commit: &GitSha) -> Fact<Reach> {
        let patterns = if let Some(patterns) = &policy.branch {
            patterns.clone()
        } else if let Some(default) = self.default_branch().await {
            vec![BranchPattern(default)]
        } else {
            let hint = "write `branch = [\"main\"]` in the gates of the environment, or run `git remote set-head origin --auto`";
            return Fact::Unknown(Unknown::new("which branch is the default one is not known").hint(hint));
        };
        let mut branches: Vec<BranchReach> = Vec::new();
        for pattern in &patterns {
            let meant = match self.meant(pattern).await {
                Ok(meant) => meant,
                Err(unknown) => {
                    let name = neutral::line(&pattern.0);
                    branches.push(BranchReach { name, has_commit: Fact::Unknown(unknown) });
                    continue;
                }
            };
            for (name, tip) in meant {
                if branches.iter().any(|seen| seen.name == name) {
                    continue;
                }
                let has_commit = if branches.len() < BRANCHES_COMPARED.count() {
                    self.is_ancestor(commit, &tip).await
                } else {
                    Fact::Unknown(too_many())
                };
                let is_last = has_commit == Fact::Is(true) || branches.len() >= BRANCHES_COMPARED.count();
                branches.push(BranchReach { name, has_commit });
                if is_last {
                    return reached(&patterns, branches);
                }
            }
        }
        reached(&patterns, branches)
    }

    /// The branches that a pattern means, with neutral names, each with its newest commit.
    async fn meant(&self, pattern: &BranchPattern) -> Result<Vec<(String, GitSha)>, Unknown> {
        let hosted = if pattern.is_name() {
            self.hosted.branch(&pattern.0).await.map(|tip| vec![(pattern.0.clone(), tip)])
        } else {
            let prefix = pattern.0.split(['*', '?']).next().unwrap_or_default();
            self.hosted.branches(prefix).await
        };
        let is_meant = |(name, _): &(String, GitSha)| pattern.matches(name);
        // A pattern that means none of GitHub's branches is as a branch that it does not have.
        let hosted =
            hosted.and_then(|known| if known.iter().any(is_meant) { Ok(known) } else { Err(HistoryUnknown::Missing) });
        let known = match hosted {
            Ok(known) => known,
            Err(no_answer) => {
                let clone = self.git.branches().await.map(|known| known.all);
                match (no_answer, clone) {
                    (_, Ok(known)) if known.iter().any(is_meant) => known,
                    (HistoryUnknown::Failed(failed), _) => return Err(failed),
                    (HistoryUnknown::NotAsked, Err(error)) => return Err(unreadable(&error)),
                    (HistoryUnknown::Missing | HistoryUnknown::NotAsked, _) => Vec::new(),
                }
            }
        };
        let meant = known.into_iter().filter(|(name, _)| pattern.matches(name));
        Ok(meant.map(|(name, tip)| (neutral::line(&name), tip)).collect())
    }
}

fn reached(patterns: &[BranchPattern], branches: Vec<BranchReach>) -> Fact<Reach> {
    let wanted = patterns.iter().map(|pattern| neutral::line(&pattern.0)).collect();
    Fact::Is(Reach { wanted, branches })
}

fn too_many() -> Unknown {
    Unknown::new(format!("`branch` means more than {BRANCHES_COMPARED} branches"))
        .hint("name fewer branches in `branch` of the gates")
}

fn unreadable(error: &GitError) -> Unknown {
    Unknown::new(format!("git cannot be asked: {error}")).hint("run it in a clone of the repository")
}
