//! What a check reports on the pull request itself: a commit status, and one comment where that is asked for. Best effort:
//! the check's result stays what it is.

use std::time::Duration;

use super::check;
use super::place::Links;
use crate::clients::github::{GitHub, GitHubError};
use crate::context::{Context, PullRequest};
use crate::domain::check::Findings;
use crate::domain::commit_status::{CommitState, CommitStatus, context as status_context};
use crate::domain::event::RunEvent;
use crate::domain::release::GitSha;
use crate::domain::view::check::Checked;
use crate::events::Events;
use crate::explain;
use crate::observe::{NoGitHub, github};
use crate::report::record::Record;

/// How long all of it may take: longer than the status and the comment together, ten seconds each, so that each of them
/// can report for itself why it is not there.
const TIMEOUT: Duration = Duration::from_secs(25);
/// What is reported on the commit.
const STATUS: &str = "commit status shipgate/check";
/// What the comment begins with, so that the next check finds it.
const MARKER: &str = "<!-- shipgate check -->";

/// The report on the pull request that a run is for.
#[derive(Debug)]
pub struct PullRequestReport {
    context: Context,
}

/// Something that was not recorded there, why, and what to do about it.
struct NotRecorded {
    what: String,
    /// What to do. `None`: it is as it should be.
    hint: Option<String>,
}

impl PullRequestReport {
    /// The report, in GitHub Actions.
    pub fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// Reports what a check found. What cannot be reported there is an event.
    pub async fn report(&self, checked: &Checked, record: &Record, events: &Events) {
        let page = self.context.in_actions().then(|| check::summary(checked, record, &Links::of(&self.context)));
        let comment = checked.wants_comment.then(|| page.unwrap_or_default());
        for NotRecorded { what, hint } in self.record(&checked.findings, comment.as_deref()).await {
            events.emit(RunEvent::NotReported { what, hint });
        }
    }

    async fn record(&self, findings: &Findings, comment: Option<&str>) -> Vec<NotRecorded> {
        let context = &self.context;
        if !context.in_actions() {
            return comment.map(|_| not_recorded("comment", "this is not GitHub Actions", None)).into_iter().collect();
        }
        if context.job().from_fork {
            let why = "the token of a pull request of a fork may only read";
            let wanted = [Some(STATUS), comment.map(|_| "comment")];
            return wanted.into_iter().flatten().map(|what| not_recorded(what, why, None)).collect();
        }
        let github = match client(context) {
            Ok(github) => github,
            Err(not_recorded) => return vec![not_recorded],
        };
        let reporting = async {
            let status = status(context, &github, findings).await.err();
            let comment = match comment {
                Some(text) => self::comment(context, &github, text).await.err(),
                None => None,
            };
            status.into_iter().chain(comment).collect()
        };
        let late = |_| vec![not_recorded("what was found", "GitHub did not answer in time", None)];
        tokio::time::timeout(TIMEOUT, reporting).await.unwrap_or_else(late)
    }
}

fn not_recorded(what: &str, why: &str, hint: Option<String>) -> NotRecorded {
    NotRecorded { what: format!("{what} is not recorded: {why}"), hint }
}

fn failed(what: &str, error: &GitHubError) -> NotRecorded {
    not_recorded(what, &error.to_string(), Some(explain::github::hint(error)))
}

fn client(context: &Context) -> Result<GitHub, NotRecorded> {
    github(context).map_err(|closed| match closed {
        NoGitHub::Missing { variable, hint } => {
            not_recorded(STATUS, &format!("{variable} is not set"), Some(hint.to_owned()))
        }
        NoGitHub::Unusable(error) => failed(STATUS, &error),
    })
}

/// On the head of the pull request: the commit that is checked out is a merge that is in no branch. In a merge queue
/// on the commit that is checked out, which is the one that lands
/// ([merge groups](https://github.blog/changelog/2022-08-18-merge-group-webhook-event-and-github-actions-workflow-trigger/)).
async fn status(context: &Context, github: &GitHub, findings: &Findings) -> Result<(), NotRecorded> {
    let sha: GitSha = match context.pull_request() {
        Some(PullRequest { head, .. }) => head,
        None => context.checked_commit().ok_or_else(|| {
            let why = "the event's file does not say which commit is the pull request's head";
            not_recorded(STATUS, why, Some("run the check for the event `pull_request`".to_owned()))
        })?,
    };
    let state = if findings.outcome().is_success() { CommitState::Success } else { CommitState::Failure };
    let status = CommitStatus { state, context: status_context("check"), description: findings.summary() };
    github.set_status(&sha, &status, context.run_url().as_deref()).await.map_err(|error| failed(STATUS, &error))
}

async fn comment(context: &Context, github: &GitHub, text: &str) -> Result<(), NotRecorded> {
    let Some(PullRequest { number, .. }) = context.pull_request() else {
        return Err(not_recorded("comment", "this run is for no pull request", None));
    };
    let done = github.upsert_comment(number, MARKER, text).await;
    done.map_err(|error| failed("comment", &error))
}
