//! The gate's own workflows, at the commits that are trusted.

use std::fmt;
use std::str::FromStr;

use super::repository::is_name;
use crate::domain::names::InvalidName;
use crate::domain::release::GitSha;

/// A workflow of shipgate that other repositories call and that changes an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GatedWorkflow {
    /// Plans, and promotes what GitHub's environment lets through.
    Promote,
    /// Approves what somebody else planned, and carries it out.
    Approve,
    /// Goes back to a release that served before.
    Rollback,
    /// Stops releases, or lets them go on.
    Hold,
}

impl GatedWorkflow {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Promote, Self::Approve, Self::Rollback, Self::Hold];

    /// The file, from the root of the repository that has it.
    pub fn path(self) -> &'static str {
        match self {
            Self::Promote => ".github/workflows/promote.yml",
            Self::Approve => ".github/workflows/approve.yml",
            Self::Rollback => ".github/workflows/rollback.yml",
            Self::Hold => ".github/workflows/hold.yml",
        }
    }
}

/// The repository that has the workflows, at one commit: `OWNER/NAME@COMMIT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedWorkflows {
    /// The repository, `OWNER/NAME`.
    pub repository: String,
    /// The commit.
    pub commit: GitSha,
}

impl TrustedWorkflows {
    /// Whether a called workflow, `OWNER/NAME/PATH@REF` at a commit, is this one of these.
    pub fn is(&self, workflow: GatedWorkflow, called: &str, commit: &str) -> bool {
        let Some((file, _)) = called.split_once('@') else { return false };
        // GitHub compares names of repositories without regard to case.
        let own = file.get(..self.repository.len()).is_some_and(|start| start.eq_ignore_ascii_case(&self.repository));
        own && file.get(self.repository.len()..).and_then(|rest| rest.strip_prefix('/')) == Some(workflow.path())
            && commit == self.commit.to_string()
    }
}

impl FromStr for TrustedWorkflows {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.split_once('@').and_then(|(repository, commit)| {
            is_name(repository).then_some(())?;
            Some(Self { repository: repository.to_owned(), commit: commit.parse().ok()? })
        });
        parsed.ok_or_else(|| InvalidName {
            kind: "a repository at a commit",
            value: text.to_owned(),
            reason: "it is `OWNER/NAME@COMMIT`, the commit with all of its 40 digits, in small letters: a tag or a branch \
                     can be moved",
        })
    }
}

impl fmt::Display for TrustedWorkflows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.repository, self.commit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_commit_is_taken() {
        let commit = "0f".repeat(20);
        assert_eq!(format!("acme/shipgate@{commit}").parse::<TrustedWorkflows>().unwrap().commit.to_string(), commit);
        for wrong in ["acme/shipgate", "acme/shipgate@v1", "acme/shipgate@main", "shipgate@0f"] {
            assert!(wrong.parse::<TrustedWorkflows>().is_err(), "{wrong}");
        }
        let capital = format!("acme/shipgate@{}", commit.to_uppercase()).parse::<TrustedWorkflows>().unwrap_err();
        assert!(capital.reason.contains("in small letters"), "{}", capital.reason);
    }

    #[test]
    fn a_copy_or_another_commit_is_not_the_trusted_file() {
        let (commit, other) = ("0f".repeat(20), "1f".repeat(20));
        let trusted: TrustedWorkflows = format!("acme/shipgate@{commit}").parse().unwrap();
        let is = |called: &str, commit: &str| trusted.is(GatedWorkflow::Approve, called, commit);
        assert!(is("acme/shipgate/.github/workflows/approve.yml@v1", &commit));
        assert!(is(&format!("Acme/Shipgate/.github/workflows/approve.yml@{commit}"), &commit));
        assert!(!is("acme/shipgate/.github/workflows/approve.yml@v1", &other));
        assert!(!is("acme/shop/.github/workflows/approve.yml@v1", &commit));
        assert!(!is("acme/shipgate2/.github/workflows/approve.yml@v1", &commit));
        assert!(!is("acme/shipgate/.github/workflows/promote.yml@v1", &commit));
        assert!(!is("acme/shipgate/x/.github/workflows/approve.yml@v1", &commit));
        assert!(!is("acme/shipgate/.github/workflows/approve.yml", &commit));
    }
}
