//! What a check says on the pull request itself: a commit status, and one comment where that is asked for. Best effort:
//! the check's result stays what it is.

use std::time::Duration;

use crate::clients::github::{GitHub, GitHubError};
use crate::context::{Context, PullRequest};
use crate::domain::check::Findings;
use crate::domain::commit_status::{CommitStatus, State, context as status_context};
use crate::domain::release::GitSha;
use crate::observe::{NoGitHub, github};

/// How long all of it may take: longer than the status and the comment together, ten seconds each, so that each of them
/// can say for itself why it is not there.
const PATIENCE: Duration = Duration::from_secs(25);
/// What is said on the commit.
const STATUS: &str = "commit status shipgate/check";
/// What the comment begins with, so that the next check finds it.
const MARKER: &str = "<!-- shipgate check -->";

/// Something that was not said there, why, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSaid {
    /// What, and why not.
    pub what: String,
    /// What to do. `None`: it is as it should be.
    pub hint: Option<String>,
}

/// Says it, in GitHub Actions. `comment`: the text, where a comment is wanted.
pub async fn tell(context: &Context, findings: &Findings, comment: Option<&str>) -> Vec<NotSaid> {
    if !context.in_actions() {
        return comment.map(|_| not_said("comment", "this is not GitHub Actions", None)).into_iter().collect();
    }
    let job = context.job();
    if job.from_fork || job.from_dependabot {
        let who = if job.from_fork { "a fork" } else { "Dependabot" };
        let why = format!("the token of a pull request of {who} may only read");
        let wanted = [Some(STATUS), comment.map(|_| "comment")];
        return wanted.into_iter().flatten().map(|what| not_said(what, &why, None)).collect();
    }
    let github = match client(context) {
        Ok(github) => github,
        Err(not_said) => return vec![not_said],
    };
    let telling = async {
        let status = status(context, &github, findings).await.err();
        let comment = match comment {
            Some(text) => self::comment(context, &github, text).await.err(),
            None => None,
        };
        status.into_iter().chain(comment).collect()
    };
    let late = |_| vec![not_said("what was found", "GitHub did not answer in time", None)];
    tokio::time::timeout(PATIENCE, telling).await.unwrap_or_else(late)
}

fn not_said(what: &str, why: &str, hint: Option<String>) -> NotSaid {
    NotSaid { what: format!("{what} is not recorded: {why}"), hint }
}

fn failed(what: &str, error: &GitHubError) -> NotSaid {
    not_said(what, &error.to_string(), Some(error.hint()))
}

fn client(context: &Context) -> Result<GitHub, NotSaid> {
    github(context).map_err(|closed| match closed {
        NoGitHub::Missing { variable, hint } => {
            not_said(STATUS, &format!("{variable} is not set"), Some(hint.to_owned()))
        }
        NoGitHub::Unusable(error) => failed(STATUS, &error),
    })
}

/// On the head of the pull request: the commit that is checked out is a merge that nobody will see again.
async fn status(context: &Context, github: &GitHub, findings: &Findings) -> Result<(), NotSaid> {
    let sha: GitSha = match context.pull_request() {
        Some(PullRequest { head, .. }) => head,
        None => context.checked_commit().ok_or_else(|| {
            let why = "the event's file does not say which commit is the pull request's head";
            not_said(STATUS, why, Some("run the check for the event `pull_request`".to_owned()))
        })?,
    };
    let state = if findings.outcome().is_success() { State::Success } else { State::Failure };
    let status = CommitStatus { state, context: status_context("check"), description: findings.summary() };
    github.set_status(&sha, &status, context.run_url().as_deref()).await.map_err(|error| failed(STATUS, &error))
}

async fn comment(context: &Context, github: &GitHub, text: &str) -> Result<(), NotSaid> {
    let Some(PullRequest { number, .. }) = context.pull_request() else {
        return Err(not_said("comment", "this run is for no pull request", None));
    };
    let told = github.upsert_comment(number, MARKER, text).await;
    told.map_err(|error| failed("comment", &error))
}
