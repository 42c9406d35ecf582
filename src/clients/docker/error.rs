//! Why docker does not build or push.

use crate::clients::process::{ProcessError, ProgramEnd};
use crate::domain::build_failure::why;

/// An image that docker did not build or push.
#[derive(Debug, thiserror::Error)]
pub enum DockerError {
    /// docker did not run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The engine does not answer.
    #[error("the docker engine does not answer")]
    NoEngine {
        /// What docker says, neutral.
        output: Vec<String>,
    },
    /// No private directory can be made.
    #[error("a private docker configuration cannot be written")]
    Configuration(#[from] std::io::Error),
    /// Only buildx builds for several platforms.
    #[error("an image for several platforms cannot be built without buildx")]
    SeveralPlatforms,
    /// The build failed.
    #[error("`docker {command}` failed")]
    Build {
        /// The command.
        command: &'static str,
        /// Its exit code. Absent: a signal ended it.
        code: Option<i32>,
        /// The last lines of its output, neutral.
        output: Vec<String>,
    },
    /// The push failed.
    #[error("`docker push {reference}` failed")]
    Push {
        /// What was pushed.
        reference: String,
        /// The exit code. Absent: a signal ended it.
        code: Option<i32>,
        /// The last lines of its output, neutral.
        output: Vec<String>,
    },
    /// buildx does not say what it built.
    #[error("`docker buildx build` wrote no `containerimage.digest` in its metadata file")]
    NoMetadata,
    /// docker does not print what it pushed.
    #[error("docker does not print the digest of {reference} after pushing it")]
    NoDigest {
        /// What was pushed.
        reference: String,
    },
}

impl DockerError {
    /// A build that failed.
    pub(super) fn build(command: &'static str, finished: ProgramEnd) -> Self {
        Self::Build { command, code: finished.code, output: finished.tail }
    }

    /// What is behind it, in words.
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::NoEngine { output } => output.clone(),
            Self::Build { output, .. } | Self::Push { output, .. } => why(output),
            Self::Configuration(source) | Self::Process(ProcessError::Other { source, .. }) => vec![source.to_string()],
            Self::Process(ProcessError::NotFound(_))
            | Self::SeveralPlatforms
            | Self::NoMetadata
            | Self::NoDigest { .. } => Vec::new(),
        }
    }
}
