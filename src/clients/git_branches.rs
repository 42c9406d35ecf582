//! Branches, and how commits stand to each other, as a clone knows them.

use super::git::{Git, GitError};
use crate::domain::comparison::CommitComparison;
use crate::domain::limits::COMMITS_COUNTED;
use crate::domain::release::GitSha;

/// The branches that a clone knows: those of the remote `origin`, or its own where it has no remote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloneBranches {
    /// The default branch, as far as the clone knows, as it is written.
    pub default: Option<String>,
    /// Each, as it is written, with its newest commit.
    pub all: Vec<(String, GitSha)>,
}

const REMOTE: &str = "refs/remotes/origin/";
const OWN: &str = "refs/heads/";

impl Git {
    /// The branches that this clone knows.
    ///
    /// # Errors
    ///
    /// git fails.
    pub async fn branches(&self) -> Result<CloneBranches, GitError> {
        let remotes = self.offline_successfully(&["remote"]).await?;
        let prefix = if remotes.stdout.trim().is_empty() { OWN } else { REMOTE };
        let format = "--format=%(refname)%09%(objectname)%09%(symref)";
        let listed = self.offline_successfully(&["for-each-ref", format, prefix]).await?;
        Ok(parse(&listed.stdout, prefix))
    }

    /// How a commit stands to another one, the base. `None` when this clone cannot say: without one of them, and where
    /// history is cut off.
    ///
    /// # Errors
    ///
    /// git fails.
    pub async fn compare(&self, base: &GitSha, head: &GitSha) -> Result<Option<CommitComparison>, GitError> {
        if base == head {
            return Ok(Some(CommitComparison::Identical));
        }
        let (has_base, has_head) = (self.is_ancestor(base, head).await?, self.is_ancestor(head, base).await?);
        Ok(match (has_base, has_head) {
            (Some(true), _) => Some(CommitComparison::Ahead(self.more(base, head).await?)),
            (_, Some(true)) => Some(CommitComparison::Behind(self.more(head, base).await?)),
            (Some(false), Some(false)) => {
                let (ahead, behind) = (self.more(base, head).await?, self.more(head, base).await?);
                Some(CommitComparison::Diverged { ahead, behind })
            }
            (None, _) | (_, None) => None,
        })
    }

    /// The number of commits that one has more than the other, counted up to one more than [`COMMITS_COUNTED`].
    async fn more(&self, than: &GitSha, one: &GitSha) -> Result<u64, GitError> {
        let most = format!("--max-count={}", COMMITS_COUNTED.count() + 1);
        let counting = ["rev-list", "--count", &most, &format!("{than}..{one}")];
        let counted = self.offline_successfully(&counting).await?;
        counted.stdout.trim().parse().map_err(|_| GitError::failed(&counting, &counted))
    }
}

/// Reads lines of a name, a commit, and where the name is another one's, that.
fn parse(listed: &str, prefix: &str) -> CloneBranches {
    let mut branches = CloneBranches::default();
    for line in listed.lines() {
        let mut fields = line.split('\t');
        let (Some(name), Some(commit)) = (fields.next(), fields.next()) else { continue };
        let Some(name) = name.strip_prefix(prefix) else { continue };
        match fields.next().and_then(|other| other.strip_prefix(prefix)) {
            Some(default) if name == "HEAD" => branches.default = Some(default.to_owned()),
            Some(_) => {}
            None => branches.all.extend(commit.parse().ok().map(|commit| (name.to_owned(), commit))),
        }
    }
    // A clone that was made by hand and pushed has no `origin/HEAD`.
    branches.default = branches.default.or_else(|| usual_default(&branches.all));
    branches
}

/// Where nothing says which it is: the branch with one of git's own names, or the only one.
fn usual_default(all: &[(String, GitSha)]) -> Option<String> {
    let named = ["main", "master"].iter().find(|name| all.iter().any(|(branch, _)| branch == *name));
    let only = || if let [(only, _)] = all { Some(only.clone()) } else { None };
    named.map(|name| (*name).to_owned()).or_else(only)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    #[test]
    fn branches_of_a_remote_have_its_default() {
        let listed = format!(
            "refs/remotes/origin/HEAD\t{ONE}\trefs/remotes/origin/trunk\nrefs/remotes/origin/trunk\t{ONE}\t\n\
             refs/remotes/origin/hotfix/a\t{ONE}\t\nrefs/remotes/other/x\t{ONE}\t\n"
        );
        let branches = parse(&listed, REMOTE);
        assert_eq!(branches.default.as_deref(), Some("trunk"));
        let names: Vec<&str> = branches.all.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["trunk", "hotfix/a"]);
    }

    #[test]
    fn without_a_word_the_default_has_a_usual_name_or_is_the_only_one() {
        let of = |names: &[&str]| {
            let [own, remote] = [OWN, REMOTE].map(|prefix| {
                let lines: Vec<String> = names.iter().map(|name| format!("{prefix}{name}\t{ONE}\t")).collect();
                parse(&lines.join("\n"), prefix).default
            });
            assert_eq!(own, remote);
            own
        };
        assert_eq!(of(&["a", "main", "master"]).as_deref(), Some("main"));
        assert_eq!(of(&["a", "master"]).as_deref(), Some("master"));
        assert_eq!(of(&["trunk"]).as_deref(), Some("trunk"));
        assert_eq!(of(&["a", "b"]), None);
        assert_eq!(of(&[]), None);
    }
}
