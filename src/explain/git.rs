//! Why git does not say what it was asked.

use std::borrow::Cow;

use super::{Explain, explained};
use crate::clients::git::GitError;
use crate::clients::process::ProcessError;
use crate::domain::failure::{CauseKind, Failure};
use crate::domain::limits::FILE;

explained!(GitError);

impl Explain for GitError {
    fn before(&self) -> Failure {
        let (kind, code, hint) = (kind(self), code(self), hint(self));
        let failure = if is_invalid(self) { Failure::invalid } else { Failure::failed };
        let failure = failure(self.to_string()).of(kind).causes(self.details(), code, hint.clone());
        hint.into_iter().fold(failure, Failure::hint)
    }
}

/// Whether the checkout itself is not what it should be.
fn is_invalid(error: &GitError) -> bool {
    match error {
        GitError::NoRepository { .. }
        | GitError::ForeignOwner { .. }
        | GitError::NoCommit { .. }
        | GitError::CommitId(_)
        | GitError::NotAFile { .. }
        | GitError::TooLarge { .. }
        | GitError::NotText { .. } => true,
        GitError::TooDeep { .. }
        | GitError::Setting(_)
        | GitError::Command(_)
        | GitError::CommitMissing(_)
        | GitError::NoAnswer { .. }
        | GitError::Process(_) => false,
    }
}

fn kind(error: &GitError) -> CauseKind {
    if matches!(error, GitError::NoAnswer { .. }) { CauseKind::Dependency } else { CauseKind::Environment }
}

fn code(error: &GitError) -> Option<String> {
    let GitError::Command(failed) = error else { return None };
    failed.code.map(|code| format!("exit-{code}"))
}

fn hint(error: &GitError) -> Option<String> {
    let hint = match error {
        GitError::NoRepository { .. } => "a release is a commit: run shipgate in a clone of your repository",
        GitError::ForeignOwner { root, .. } => {
            let root = shlex::try_quote(root.as_str()).unwrap_or(Cow::Borrowed("DIRECTORY"));
            return Some(format!("if that user is trusted, `git config --global --add safe.directory {root}`"));
        }
        GitError::NoCommit { .. } => "a release is a commit: `git add` and `git commit` first",
        GitError::CommitId(_) => {
            "use a repository with SHA-1 commit ids, git's default (`git rev-parse --show-object-format`)"
        }
        GitError::Setting(_) => "install git 2.31 or newer",
        GitError::CommitMissing(commit) => return Some(format!("get it: `git fetch origin {commit}`")),
        GitError::NotAFile { .. } => "commit the file itself there",
        GitError::TooLarge { .. } => return Some(format!("make it smaller than {FILE}")),
        GitError::NotText { .. } => "save it as UTF-8, and commit it",
        GitError::NoAnswer { .. } => "check the network; `git fetch` shows whether the remote answers",
        GitError::Process(ProcessError::NotFound(_)) => "install git and put it on PATH: a release is a commit",
        GitError::Command(failed) => {
            // One that reads the working tree says by itself what is wrong with it.
            let by_hand = (failed.arguments.len() > 1).then(|| failed.arguments.join(" "));
            return by_hand.map(|command| format!("correct what git names; by hand it is `git {command}`"));
        }
        GitError::TooDeep { .. } | GitError::Process(ProcessError::Other { .. }) => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::git_error::FailedCommand;
    use crate::domain::outcome::Outcome::{self, Failed, Invalid};
    use crate::domain::release::GitSha;
    use crate::explain::tests::{assert_explained, has_source};

    fn command(arguments: &[&str]) -> GitError {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        GitError::Command(Box::new(FailedCommand { arguments, code: Some(128), output: vec!["fatal: no".to_owned()] }))
    }

    #[test]
    fn what_is_wrong_with_a_checkout_is_invalid() {
        let (directory, file) = (|| "/a b".into(), || "ecs/web.json at 0123456".to_owned());
        let nowhere = GitError::NoRepository { directory: directory(), output: Vec::new(), source: None };
        for (error, hint) in [
            (nowhere, "run shipgate in a clone"),
            (GitError::ForeignOwner { root: directory(), owner: 1000 }, "--add safe.directory '/a b'`"),
            (GitError::NoCommit { directory: directory() }, "`git commit` first"),
            (GitError::NotAFile { file: file() }, "commit the file itself"),
            (GitError::TooLarge { file: file(), bytes: "9".to_owned() }, "make it smaller than 1 MiB"),
            (GitError::NotText { file: file() }, "save it as UTF-8"),
        ] {
            assert_explained(&error, (Invalid, CauseKind::Environment, None, hint));
        }
        let unknown = "x".parse::<GitSha>().unwrap_err();
        assert_explained(&GitError::CommitId(unknown), (Invalid, CauseKind::Environment, None, "SHA-1 commit ids"));
    }

    #[test]
    fn a_git_that_does_not_work_is_a_failure() {
        use CauseKind::{Dependency, Environment};
        let commit: GitSha = "da39a3ee5e6b4b0d3255bfef95601890afd80709".parse().unwrap();
        let other = ProcessError::Other { program: "git", source: std::io::Error::other("no memory") };
        let exit: (Outcome, _, _) = (Failed, Environment, Some("exit-128"));
        for (error, (outcome, kind, code), hint) in [
            (command(&["ls-tree", "-l"]), exit, "by hand it is `git ls-tree -l`"),
            (command(&["status"]), exit, ""),
            (GitError::Setting("gc.auto"), (Failed, Environment, None), "git 2.31 or newer"),
            (GitError::CommitMissing(commit), (Failed, Environment, None), "`git fetch origin da39a3ee5e"),
            (GitError::TooDeep { most: 16, place: "a".to_owned() }, (Failed, Environment, None), ""),
            (GitError::NoAnswer { seconds: 60 }, (Failed, Dependency, None), "check the network"),
            (ProcessError::NotFound("git").into(), (Failed, Environment, None), "install git"),
            (other.into(), (Failed, Environment, None), ""),
        ] {
            assert_explained(&error, (outcome, kind, code, hint));
        }
        let error = GitError::from(ProcessError::Other { program: "git", source: std::io::Error::other("no memory") });
        assert_eq!(error.before().causes[0].text, "no memory");
        assert!(has_source::<std::io::Error>(&error));
    }
}
