//! What git says of the working tree.

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::{Arc, Mutex};

use camino::{Utf8Path, Utf8PathBuf};

use super::process::{Finished, Invocation, ProcessError, Processes};
use crate::domain::release::GitSha;
use crate::error::Failure;

/// A git working tree, through the git executable.
#[derive(Debug, Clone)]
pub struct Git {
    processes: Processes,
    directory: Utf8PathBuf,
    /// The last common commit of two, of those that were asked for. Commits do not change.
    pub(super) merge_bases: Arc<Mutex<HashMap<(GitSha, GitSha), Option<GitSha>>>>,
}

impl Git {
    /// The working tree that a directory is in.
    pub fn new(processes: Processes, directory: &Utf8Path) -> Self {
        Self { processes, directory: directory.to_owned(), merge_bases: Arc::default() }
    }

    /// The commit that is checked out.
    ///
    /// # Errors
    ///
    /// `failed` without git, `invalid` outside a repository or without a commit.
    pub async fn head(&self) -> Result<GitSha, Failure> {
        let inside = self.run(&["rev-parse", "--is-inside-work-tree"]).await?;
        if !inside.success {
            return Err(inside
                .tail
                .iter()
                .fold(
                    Failure::invalid(format!("{} is in no git repository that can be read", self.directory)),
                    Failure::cause,
                )
                .hint("a release is a commit: run shipgate in a clone of your repository"));
        }
        let head = self.run(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).await?;
        let sha = head.stdout.trim();
        if !head.success || sha.is_empty() {
            return Err(Failure::invalid(format!("the git repository of {} has no commit", self.directory))
                .hint("a release is a commit: `git add` and `git commit` first"));
        }
        sha.parse().map_err(|error: crate::domain::names::InvalidName| {
            Failure::invalid("the commit id of HEAD is not supported")
                .cause(error.to_string())
                .hint("use a repository with SHA-1 commit ids, git's default (`git rev-parse --show-object-format`)")
        })
    }

    /// The directory that the repository begins in. `None`: there is no repository that can be read.
    pub async fn root(&self) -> Option<Utf8PathBuf> {
        let root = self.run(&["rev-parse", "--show-toplevel"]).await.ok().filter(|root| root.success)?;
        Some(root.stdout.trim_end_matches('\n').into()).filter(|root: &Utf8PathBuf| root.is_absolute())
    }

    /// The changed and the untracked files, at most a few; empty for a clean tree.
    ///
    /// # Errors
    ///
    /// `failed` when git fails.
    pub async fn changed_files(&self) -> Result<Vec<String>, Failure> {
        let status = self.run(&["status", "--porcelain=v1", "-z", "--untracked-files=normal"]).await?;
        if !status.success {
            return Err(status.tail.iter().fold(Failure::failed("`git status` failed"), Failure::cause));
        }
        let entries = status.stdout.split('\0').filter(|entry| !entry.is_empty());
        Ok(entries.map(crate::domain::neutral::line).collect())
    }

    /// The address of the remote `origin`, as a web address without credentials.
    ///
    /// # Errors
    ///
    /// `failed` when git cannot be run.
    pub async fn origin(&self) -> Result<Option<String>, Failure> {
        let remote = self.run(&["remote", "get-url", "origin"]).await?;
        Ok(if remote.success { web_address(remote.stdout.trim()) } else { None })
    }

    async fn run(&self, arguments: &[&str]) -> Result<Finished, Failure> {
        self.run_with(arguments, &[]).await
    }

    /// Runs git with variables on top of what it gets anyway.
    pub(super) async fn run_with(
        &self,
        arguments: &[&str],
        variables: &[(&'static str, &str)],
    ) -> Result<Finished, Failure> {
        // A read must not write: `git status` would refresh the index and take its lock.
        let variables = [("GIT_OPTIONAL_LOCKS", "0")].iter().chain(variables);
        let invocation = Invocation {
            program: "git",
            arguments: arguments.iter().map(OsString::from).collect(),
            directory: self.directory.clone(),
            variables: variables.map(|(name, value)| (*name, value.into())).collect(),
        };
        self.processes.run(&invocation, |_| {}).await.map_err(|error| match error {
            ProcessError::NotFound(_) => {
                Failure::failed(error.to_string()).hint("install git and put it on PATH: a release is a commit")
            }
            ProcessError::Other { ref source, .. } => Failure::failed(error.to_string()).cause(source.to_string()),
        })
    }
}

/// `git@host:owner/name.git`, `ssh://…` and `https://token@…` as `https://host/owner/name`; other forms as `None`.
fn web_address(remote: &str) -> Option<String> {
    let (host, path) = match remote.split_once("://") {
        Some(("https" | "http" | "ssh" | "git", rest)) => rest.split_once('/')?,
        Some(_) => return None,
        None => remote.split_once(':')?,
    };
    let host = host.rsplit('@').next()?.split(':').next()?;
    let path = path.split(['?', '#']).next()?.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/~".contains(c));
    (host.contains('.') && plain(host) && plain(path)).then(|| format!("https://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_lose_their_credentials() {
        for (remote, address) in [
            ("https://github.com/acme/shop.git", Some("https://github.com/acme/shop")),
            ("https://x-access-token:canary@github.com/acme/shop", Some("https://github.com/acme/shop")),
            ("https://github.com/acme/shop?token=canary", Some("https://github.com/acme/shop")),
            ("git@github.com:acme/shop.git", Some("https://github.com/acme/shop")),
            ("ssh://git@github.com:22/acme/shop.git", Some("https://github.com/acme/shop")),
            ("/srv/git/shop.git", None),
            ("file:///srv/git/shop.git", None),
            ("", None),
        ] {
            assert_eq!(web_address(remote).as_deref(), address, "{remote}");
        }
    }
}
