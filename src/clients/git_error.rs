//! Why git does not say what it was asked.

use camino::Utf8PathBuf;

use super::process::{ProcessError, ProgramEnd};
use crate::domain::names::InvalidName;
use crate::domain::release::GitSha;

/// A question that git has no answer to.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The directory is in no repository, or in one that git does not read.
    #[error("{directory} is in no git repository that can be read")]
    NoRepository {
        /// The directory.
        directory: Utf8PathBuf,
        /// What git says.
        output: Vec<String>,
        /// Why the directory cannot be looked at.
        source: Option<std::io::Error>,
    },
    /// The repository belongs to somebody who is not trusted.
    #[error("the git repository {root} belongs to another user")]
    ForeignOwner {
        /// Where it begins.
        root: Utf8PathBuf,
        /// The user's id.
        owner: u32,
    },
    /// The repository has no commit.
    #[error("the git repository of {directory} has no commit")]
    NoCommit {
        /// The directory.
        directory: Utf8PathBuf,
    },
    /// The commit has an id of another kind.
    #[error("the commit id of HEAD is not supported")]
    CommitId(#[source] InvalidName),
    /// A submodule of a submodule, and so on.
    #[error("submodules are nested deeper than {most} levels in {place}")]
    TooDeep {
        /// How deep they may be.
        most: usize,
        /// Where they are.
        place: String,
    },
    /// This git is too old to be given settings.
    #[error("git does not take the setting {0} from its environment")]
    Setting(&'static str),
    /// A command failed.
    #[error("`git {}` failed", .0.name())]
    Command(Box<FailedCommand>),
    /// A commit is not in the clone.
    #[error("commit {} is not in this clone", .0.short())]
    CommitMissing(GitSha),
    /// What a commit has under a path is no file.
    #[error("{file} is not a regular file")]
    NotAFile {
        /// The path with its commit.
        file: String,
    },
    /// A file is too large.
    #[error("{file} has {bytes} bytes, which is too much")]
    TooLarge {
        /// The path with its commit.
        file: String,
        /// Its size.
        bytes: String,
    },
    /// A file is no text.
    #[error("{file} is not UTF-8")]
    NotText {
        /// The path with its commit.
        file: String,
    },
    /// The remote is too slow.
    #[error("the remote did not answer within {seconds} s")]
    NoAnswer {
        /// How long it was waited for.
        seconds: u64,
    },
    /// git did not run.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// A command of git that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCommand {
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its exit code. Absent: a signal ended it.
    pub code: Option<i32>,
    /// The last lines of its output, neutral.
    pub output: Vec<String>,
}

impl FailedCommand {
    /// The command's name.
    pub fn name(&self) -> &str {
        self.arguments.first().map_or("", String::as_str)
    }
}

impl GitError {
    /// A command that failed.
    pub(super) fn failed(arguments: &[&str], finished: &ProgramEnd) -> Self {
        Self::Command(Box::new(FailedCommand {
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            code: finished.code,
            output: finished.tail.clone(),
        }))
    }

    /// Whether there is no repository that may be read.
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::NoRepository { .. } | Self::ForeignOwner { .. })
    }

    /// What is behind it, in words.
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::NoRepository { output, source, .. } => {
                output.iter().cloned().chain(source.iter().map(ToString::to_string)).collect()
            }
            Self::ForeignOwner { owner, .. } => {
                vec![format!("user id {owner} is neither the one that runs shipgate nor root")]
            }
            Self::CommitId(source) => vec![source.to_string()],
            Self::Command(failed) => failed.output.clone(),
            Self::Process(ProcessError::Other { source, .. }) => vec![source.to_string()],
            Self::NoCommit { .. }
            | Self::TooDeep { .. }
            | Self::Setting(_)
            | Self::CommitMissing(_)
            | Self::NotAFile { .. }
            | Self::TooLarge { .. }
            | Self::NotText { .. }
            | Self::NoAnswer { .. }
            | Self::Process(ProcessError::NotFound(_)) => Vec::new(),
        }
    }
}
