//! Where a run is: in the repository, and among the pages of GitHub.

use camino::{Utf8Path, Utf8PathBuf};

use crate::context::Context;
use crate::domain::github::markdown::code;
use crate::domain::release::{GitSha, ReleaseName};

/// The working directory and the repository's root: annotations name files from there.
#[derive(Debug)]
pub struct Root {
    /// The working directory.
    pub directory: Utf8PathBuf,
    /// Where the repository is checked out.
    pub workspace: Option<Utf8PathBuf>,
}

impl Root {
    /// A file as the command line names it, from the root.
    pub fn relative(&self, path: &Utf8Path) -> Utf8PathBuf {
        let whole = self.directory.join(path);
        let from_root = self.workspace.as_ref().and_then(|workspace| whole.strip_prefix(workspace).ok());
        from_root.unwrap_or(path).to_owned()
    }
}

/// Addresses of GitHub.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// The repository's page.
    pub repository: Option<String>,
    /// The run's page.
    pub run: Option<String>,
    /// The run's number, by which others name it.
    pub run_number: Option<String>,
}

impl Links {
    /// Those of the run and its repository.
    pub fn of(context: &Context) -> Self {
        let run_number = context.run().map(|(_, run, _)| run.to_owned());
        Self { repository: context.source_url(), run: context.run_url(), run_number }
    }

    /// A release: a link to its commit, where it is one.
    pub fn release(&self, release: &ReleaseName) -> String {
        release.sha().map_or_else(|| code(&release.short()), |commit| self.commit(&commit.to_string()))
    }

    /// What may be a commit: a link with seven digits where it is one, else the text as it is.
    pub fn commit(&self, text: &str) -> String {
        let Ok(commit) = text.parse::<GitSha>() else { return code(text) };
        let name = code(commit.short());
        match &self.repository {
            Some(repository) => format!("[{name}]({repository}/commit/{commit})"),
            None => name,
        }
    }

    /// The page that compares two commits. `None`: one of the texts is no commit, or it is not known where.
    pub fn compared(&self, from: &str, to: &str) -> Option<String> {
        let (from, to): (GitSha, GitSha) = (from.parse().ok()?, to.parse().ok()?);
        Some(format!("{}/compare/{from}...{to}", self.repository.as_ref()?))
    }
}
