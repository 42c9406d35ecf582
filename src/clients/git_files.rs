//! Which files of the working tree are committed, or would be.

use super::git::{Git, GitError};
use crate::domain::git;

/// The files of a working tree.
#[derive(Debug, Default)]
pub struct WorktreeFiles {
    /// Those that git has, by their paths from the root: without submodules, what is in them, and symbolic links.
    pub tracked: Vec<String>,
    /// Those that it does not have and does not ignore. They may be symbolic links.
    pub untracked: Vec<String>,
    /// Whether there are others, whose names are not UTF-8.
    pub has_unnamed: bool,
}

impl Git {
    /// The files that git has, and those that it does not ignore: with the next commit it would have them too.
    ///
    /// # Errors
    ///
    /// git fails, or there is no repository that can be read.
    pub async fn files(&self) -> Result<WorktreeFiles, GitError> {
        // Where there is none, it is an error and not a program that failed.
        self.settings().await?;
        let all = ["-z", "--full-name", "--", ":/"];
        let (tracked, untracked) =
            ([&["ls-files", "--stage"], &all[..]], [&["ls-files", "--others", "--exclude-standard"], &all[..]]);
        let (tracked, untracked) = (tracked.concat(), untracked.concat());
        let (tracked, untracked) = tokio::join!(self.run_with(&tracked, &[]), self.run_with(&untracked, &[]));
        let (tracked, untracked) = (tracked?, untracked?);
        if let Some(failed) = [&tracked, &untracked].into_iter().find(|finished| !finished.success) {
            return Err(GitError::failed(&["ls-files"], failed));
        }
        Ok(WorktreeFiles {
            tracked: git::listed_files(&tracked.stdout).map(str::to_owned).collect(),
            untracked: git::listed_files(&untracked.stdout).map(str::to_owned).collect(),
            has_unnamed: !tracked.stdout_is_text || !untracked.stdout_is_text,
        })
    }
}
