//! GitHub, as the job of this run reaches it.

use crate::clients::github::{GitHub, GitHubError};
use crate::context::Context;

/// Why GitHub cannot be spoken to.
#[derive(Debug)]
pub enum NoGitHub {
    /// A variable is not set.
    Missing {
        /// The variable.
        variable: &'static str,
        /// What to do about it.
        hint: &'static str,
    },
    /// The variables cannot be used.
    Unusable(GitHubError),
}

/// The repository whose job this is, with the job's token. Needs a tokio runtime.
///
/// # Errors
///
/// A variable is missing or cannot be used.
pub fn github(context: &Context) -> Result<GitHub, NoGitHub> {
    let missing = |variable, hint| NoGitHub::Missing { variable, hint };
    let token =
        context.github_token().ok_or(missing("GITHUB_TOKEN", "pass it on: `GITHUB_TOKEN: ${{ github.token }}`"))?;
    context.masks().hide_token(&token);
    let repository = context.repository().ok_or(missing("GITHUB_REPOSITORY", "the runner sets it: do not unset it"))?;
    GitHub::new(context.github_api(), repository, &token).map_err(NoGitHub::Unusable)
}
