//! GitHub's REST API for one repository, with the job's token
//! ([reference](https://docs.github.com/en/rest)).

pub mod checks;
pub mod comment;
mod contents;
mod environments;
pub mod error;
pub mod history;
mod pages;
mod people;
mod pull_request;
mod runs;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use octocrab::{FromResponse, Octocrab};
use reqwest::header::{ACCEPT, HeaderValue, USER_AGENT};
use reqwest::{Client, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::error::GitHubError;
use super::endpoint::is_private;
use crate::domain::commit_status::{CommitStatus, description};
use crate::domain::github::repository;
use crate::domain::limits::{GITHUB_ANSWER, GITHUB_REQUEST};
use crate::domain::release::GitSha;
use crate::sink;

/// How long all tries of one operation may take: reports must not hold up a deploy.
const BUDGET: Duration = Duration::from_secs(10);
/// So often, at most, something transient is tried again: after about 0.5, 1 and 2 s.
const RETRIES: usize = 3;

/// One repository on GitHub.
#[derive(Clone)]
pub struct GitHub {
    octocrab: Octocrab,
    repository: String,
}

impl fmt::Debug for GitHub {
    /// Without the client: it holds the token.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GitHub").field("repository", &self.repository).finish_non_exhaustive()
    }
}

/// A request: method with body, path with query, and the permission it needs where GitHub does not say so itself.
struct GitHubRequest<'r> {
    method: Method<'r>,
    path: String,
    permission: &'static str,
}

#[derive(Clone, Copy)]
enum Method<'r> {
    Get,
    Post(&'r Value),
    Patch(&'r Value),
}

impl GitHub {
    /// The repository `OWNER/NAME` behind the address of an API. Needs a tokio runtime.
    ///
    /// Over reqwest, like everything here: no redirect is followed, so that the token goes to that host alone. Without
    /// TLS only to this machine.
    ///
    /// # Errors
    ///
    /// Unusable: it is no such address, no repository, or no token.
    pub fn new(api: &str, repository: &str, token: &SecretString) -> Result<Self, GitHubError> {
        let unusable = |reason: &str| GitHubError::unusable(reason);
        let url = Url::parse(api).map_err(|_| unusable("GITHUB_API_URL is not an address"))?;
        if !is_private(&url) {
            return Err(unusable("GITHUB_API_URL is not an https address"));
        }
        if !repository::is_name(repository) {
            return Err(unusable("GITHUB_REPOSITORY is not OWNER/NAME"));
        }
        // octocrab takes what it is given for a header, and panics otherwise.
        let token = token.expose_secret();
        if HeaderValue::from_str(token).is_err() {
            return Err(unusable("GITHUB_TOKEN is no token"));
        }
        let unbuildable = |_| unusable("the HTTP client cannot be set up");
        let client =
            Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(GITHUB_REQUEST.time()).build();
        let octocrab = Octocrab::builder()
            .base_uri(api.trim_end_matches('/'))
            .map_err(|_| unusable("GITHUB_API_URL is not an address"))?
            .personal_token(token)
            .add_header(ACCEPT, "application/vnd.github+json".to_owned())
            .add_header(USER_AGENT, concat!("shipgate/", env!("CARGO_PKG_VERSION")).to_owned())
            .build_with_reqwest(client.map_err(unbuildable)?)
            .map_err(|_| unusable("the HTTP client cannot be set up"))?;
        Ok(Self { octocrab, repository: repository.to_owned() })
    }

    /// Sets a status of a commit: the latest of each context counts.
    ///
    /// # Errors
    ///
    /// It is not recorded, or not known.
    pub async fn set_status(
        &self,
        sha: &GitSha,
        status: &CommitStatus,
        target: Option<&str>,
    ) -> Result<(), GitHubError> {
        #[derive(Deserialize)]
        struct Recorded {
            state: String,
            context: String,
        }
        let mut body = json!({
            "state": status.state.as_str(),
            "context": status.context,
            "description": description(&status.description),
        });
        if let Some(target) = target {
            body["target_url"] = Value::from(target);
        }
        let request = GitHubRequest {
            method: Method::Post(&body),
            path: format!("/repos/{}/statuses/{sha}", self.repository),
            permission: "statuses: write",
        };
        with_retries(|| async {
            let recorded: Recorded = self.ask(&request).await?;
            if recorded.state != status.state.as_str() || !recorded.context.eq_ignore_ascii_case(&status.context) {
                return Err(GitHubError::unreadable("it is about another status"));
            }
            Ok(())
        })
        .await
    }

    /// Asks once: the document of a successful answer, or a page of them.
    ///
    /// octocrab's own errors have no headers, which say what is missing and when to come again, and its own way of
    /// reading has no limit.
    async fn ask<T: FromResponse>(&self, request: &GitHubRequest<'_>) -> Result<T, GitHubError> {
        let path = request.path.as_str();
        let sent = match request.method {
            Method::Get => self.octocrab._get(path).await,
            // A comment or a status has other readers than the log, and nothing is masked there.
            Method::Post(body) => self.octocrab._post(path, Some(&sink::clean_value(body))).await,
            Method::Patch(body) => self.octocrab._patch(path, Some(&sink::clean_value(body))).await,
        };
        let mut response = sent.map_err(|error| GitHubError::unreachable(&no_answer(&error)).because(error))?;
        let status = response.status();
        tracing::debug!(target: "shipgate::github", path, status = status.as_u16(), "asked GitHub");
        let body = whole(response.body_mut()).await;
        if !status.is_success() {
            // What a refusal is, its status says, also where the rest is lost.
            let body = body.unwrap_or_default();
            return Err(GitHubError::refused(status.as_u16(), response.headers(), &body, request.permission));
        }
        let body = body.ok_or_else(|| GitHubError::unreadable("it is cut off"))?;
        let response = response.map(|_| Full::<Bytes>::from(body).map_err(|never| match never {}));
        T::from_response(response).await.map_err(|_| GitHubError::unreadable("it is not the JSON it should be"))
    }
}

/// A body as text. `None`: it broke, or is too long.
async fn whole(body: &mut BoxBody<Bytes, octocrab::Error>) -> Option<String> {
    let body = Limited::new(body, GITHUB_ANSWER.count()).collect().await.ok()?;
    Some(String::from_utf8_lossy(&body.to_bytes()).into_owned())
}

/// Tries an operation again where that may help, and not for ever.
async fn with_retries<T, F: Future<Output = Result<T, GitHubError>>>(
    attempt: impl FnMut() -> F,
) -> Result<T, GitHubError> {
    let pauses =
        ExponentialBuilder::default().with_min_delay(Duration::from_millis(500)).with_max_times(RETRIES).with_jitter();
    let last = Mutex::new(GitHubError::unreachable("no answer in time"));
    let remember = |error: &GitHubError, _| {
        if let Ok(mut last) = last.lock() {
            last.clone_from(error);
        }
    };
    let tries = attempt.retry(pauses).when(GitHubError::is_transient).adjust(GitHubError::pause).notify(remember);
    let result = tokio::time::timeout(BUDGET, tries).await;
    result.unwrap_or_else(|_| Err(last.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)))
}

/// The innermost reason, which is the specific one: `connection refused`. octocrab's own words name its source code.
fn no_answer(error: &octocrab::Error) -> String {
    let mut innermost: &(dyn StdError + 'static) = error;
    loop {
        if let Some(error) = innermost.downcast_ref::<reqwest::Error>() {
            return super::http::no_answer(error);
        }
        match innermost.source() {
            Some(source) => innermost = source,
            None => return "the request cannot be made".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
