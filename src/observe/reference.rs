//! The release that somebody names: resolved once, to a whole commit id.

use super::{NoGitHub, github};
use crate::clients::git::Git;
use crate::clients::github::error::{GitHubError, GitHubErrorKind};
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::reference::{NoReference, ReleaseReference, Unresolved};
use crate::domain::release::GitSha;
use crate::explain;

/// What names a release for certain.
const WHOLE: &str = "write the commit with all 40 digits: `git rev-parse COMMIT` prints them";
const FORMS: &str = "name a tag, a merged pull request (`#12`), or a commit by at least 4 digits: a branch moves, so it names no release";

/// The commit that a text names: a whole id as it is, a tag or a short id from the clone, a pull request from GitHub.
///
/// # Errors
///
/// `invalid`: it names no commit, or not for certain; `failed`: git or GitHub cannot be asked.
pub async fn named_release(context: &Context, git: &Git, text: &str) -> Result<GitSha, Failure> {
    let reference = text.parse().map_err(|error: NoReference| {
        Failure::invalid("--release names no release").cause(error.to_string()).hint(FORMS).hint(WHOLE)
    })?;
    let (name, named) = match reference {
        ReleaseReference::Commit(sha) => return Ok(sha),
        ReleaseReference::PullRequest(number) => return merged(context, number).await,
        ReleaseReference::Short(digits) => (text, git.abbreviated(&digits).await?),
        ReleaseReference::Name(name) => (text, git.named(&name).await?),
    };
    named.commit().map_err(|unresolved| not_one(name, &unresolved, named.is_shallow))
}

fn not_one(name: &str, unresolved: &Unresolved, is_shallow: bool) -> Failure {
    let reason = match unresolved {
        Unresolved::Ambiguous(_) => "--release names several commits",
        Unresolved::MaybeAmbiguous(_) => "--release may name several commits",
        Unresolved::Branch(_) => "--release names a branch",
        Unresolved::Missing => "--release names nothing that this clone has",
    };
    let failure = Failure::invalid(reason).cause(unresolved.reason(name));
    let failure = match unresolved {
        Unresolved::Ambiguous(_) => failure,
        Unresolved::Branch(_) => failure.hint(FORMS),
        Unresolved::MaybeAmbiguous(_) | Unresolved::Missing if is_shallow => failure
            .hint("fetch the whole history: `fetch-depth: 0` of actions/checkout, or `git fetch --unshallow --tags`"),
        Unresolved::MaybeAmbiguous(_) | Unresolved::Missing => failure.hint("fetch it: `git fetch --tags origin`"),
    };
    failure.hint(WHOLE)
}

/// The commit that a pull request was merged as.
async fn merged(context: &Context, number: u64) -> Result<GitSha, Failure> {
    let unknown = format!("which commit pull request #{number} was merged as is not known");
    let github = github(context).map_err(|closed| match closed {
        NoGitHub::Missing { variable, hint } => {
            Failure::invalid(&unknown).cause(format!("{variable} is not set")).hint(hint).hint(WHOLE)
        }
        NoGitHub::Unusable(error) => without_answer(&unknown, &error),
    })?;
    let merged = github.merged_as(number).await.map_err(|error| without_answer(&unknown, &error))?;
    merged.ok_or_else(|| {
        Failure::invalid(format!("pull request #{number} is not merged"))
            .hint("only what is merged can have been released: merge it, or name what it was merged as")
    })
}

fn without_answer(unknown: &str, error: &GitHubError) -> Failure {
    let failure = match error.kind {
        GitHubErrorKind::RateLimited(_)
        | GitHubErrorKind::Server
        | GitHubErrorKind::Unreachable
        | GitHubErrorKind::Unreadable
        | GitHubErrorKind::Conflict
        | GitHubErrorKind::Moved => Failure::failed(unknown),
        GitHubErrorKind::Unusable
        | GitHubErrorKind::Unauthorized
        | GitHubErrorKind::Forbidden(_)
        | GitHubErrorKind::NotFound(_)
        | GitHubErrorKind::Unprocessable
        | GitHubErrorKind::Rejected => Failure::invalid(unknown),
    };
    failure.cause(error.to_string()).hint(explain::github::hint(error)).hint(WHOLE)
}
