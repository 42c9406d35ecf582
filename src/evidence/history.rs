//! Where a commit stands: on which branches it is, and how it stands to what runs.

use crate::clients::git::{Git, GitError};
use crate::clients::git_branches::Branches;
use crate::domain::comparison::Comparison;
use crate::domain::gate::{BranchPattern, BranchReach, GatePolicy, Known, Reach, Standing, Unknown};
use crate::domain::plan::ComponentPlan;
use crate::domain::release::{GitSha, ReleaseName};

/// What is known of the repository's history.
#[derive(Debug)]
pub struct History<'a> {
    /// The clone.
    pub git: &'a Git,
    /// The default branch, as the job's event says it.
    pub default_branch: Option<String>,
}

/// What makes the clone's own history whole.
const FETCH: &str = "fetch the whole history: `fetch-depth: 0` of actions/checkout, or `git fetch --unshallow`";

impl History<'_> {
    /// The default branch. `None`: nothing says which it is.
    pub async fn default_branch(&self) -> Option<String> {
        match &self.default_branch {
            Some(known) => Some(known.clone()),
            None => self.git.branches().await.ok()?.default,
        }
    }

    /// How a release stands to what each component runs.
    pub async fn standings(
        &self,
        components: impl Iterator<Item = &ComponentPlan>,
        release: &ReleaseName,
    ) -> Vec<Standing> {
        let mut standings = Vec::new();
        for component in components {
            let runs = component.runs.as_ref().map(|runs| runs.sha().clone());
            let comparison = match &runs {
                Some(runs) => self.compare(runs, release.sha()).await,
                None => Known::unknown("no release is recorded"),
            };
            standings.push(Standing { component: component.name.clone(), runs, comparison });
        }
        standings
    }

    /// How a commit stands to another one, the base.
    pub async fn compare(&self, base: &GitSha, head: &GitSha) -> Known<Comparison> {
        match self.git.compare(base, head).await {
            Ok(Some(comparison)) => Known::Is(comparison),
            Ok(None) => Known::Unknown(self.incomplete(base, head).await),
            Err(error) => Known::Unknown(unreadable(&error)),
        }
    }

    async fn incomplete(&self, base: &GitSha, head: &GitSha) -> Unknown {
        for commit in [base, head] {
            if !self.git.has_commit(commit).await {
                return Unknown::new(format!("this clone has no commit {}", commit.short())).hint(FETCH);
            }
        }
        Unknown::new("the history of this clone is cut off").hint(FETCH)
    }

    /// Which of the branches that a policy allows have a commit.
    pub async fn reach(&self, policy: &GatePolicy, commit: &GitSha) -> Known<Reach> {
        let known = match self.git.branches().await {
            Ok(known) => known,
            Err(error) => return Known::Unknown(unreadable(&error)),
        };
        let patterns = match (&policy.branch, self.default_branch().await) {
            (Some(patterns), _) => patterns.clone(),
            (None, Some(default)) => vec![BranchPattern(default)],
            (None, None) => {
                let hint = "write `branch = [\"main\"]` in the gates of the environment, or run `git remote set-head origin --auto`";
                return Known::Unknown(Unknown::new("which branch is the default one is not known").hint(hint));
            }
        };
        let mut branches = Vec::new();
        for (name, tip) in meant(&patterns, &known) {
            let has_commit = match self.git.is_ancestor(commit, tip).await {
                Ok(Some(has)) => Known::Is(has),
                Ok(None) => Known::Unknown(self.incomplete(commit, tip).await),
                Err(error) => Known::Unknown(unreadable(&error)),
            };
            let is_found = has_commit == Known::Is(true);
            branches.push(BranchReach { name: name.to_owned(), has_commit });
            if is_found {
                break;
            }
        }
        let wanted = patterns.into_iter().map(|pattern| pattern.0).collect();
        Known::Is(Reach { wanted, branches })
    }
}

/// The branches of a clone that patterns mean.
fn meant<'b>(patterns: &[BranchPattern], known: &'b Branches) -> Vec<(&'b str, &'b GitSha)> {
    let is_meant = |name: &str| patterns.iter().any(|pattern| pattern.matches(name));
    known.all.iter().filter(|(name, _)| is_meant(name)).map(|(name, tip)| (name.as_str(), tip)).collect()
}

fn unreadable(error: &GitError) -> Unknown {
    Unknown::new(format!("git cannot be asked: {error}")).hint("run it in a clone of the repository")
}
