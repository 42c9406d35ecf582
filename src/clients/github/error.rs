//! What GitHub refuses.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::domain::neutral;

/// What GitHub asks to wait is waited for where it is not longer.
const SHORT: Duration = Duration::from_secs(5);
/// Maximum length of GitHub's own words in a message.
const LONGEST_MESSAGE: usize = 300;

/// A request that did not do what it should.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct GitHubError {
    /// Which kind of refusal.
    pub kind: GitHubErrorKind,
    /// What GitHub or the network said, neutral.
    pub message: String,
    /// Why there is no answer.
    pub source: Option<Arc<octocrab::Error>>,
}

/// Why a request did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitHubErrorKind {
    /// What the environment says of GitHub cannot be used.
    Unusable,
    /// The token is not accepted.
    Unauthorized,
    /// Too many requests. Some answers say when to come again.
    RateLimited(Option<Duration>),
    /// The token may not do this: it needs the permission, written as in a workflow.
    Forbidden(String),
    /// There is no such thing, or the token does not see it: it needs the permission.
    NotFound(String),
    /// It has another address now.
    Moved,
    /// It is being changed by somebody else.
    Conflict,
    /// It cannot be done with these values.
    Unprocessable,
    /// Any other refusal.
    Rejected,
    /// GitHub has a problem of its own.
    Server,
    /// There was no answer.
    Unreachable,
    /// The answer is not as documented, or not whole.
    Unreadable,
}

impl GitHubError {
    fn new(kind: GitHubErrorKind, message: String) -> Self {
        Self { kind, message, source: None }
    }

    /// With why there is no answer.
    #[must_use]
    pub fn because(self, source: octocrab::Error) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// There was no answer.
    pub fn unreachable(reason: &str) -> Self {
        Self::new(GitHubErrorKind::Unreachable, neutral::phrase(reason, LONGEST_MESSAGE))
    }

    /// The answer cannot be understood. It is no part of the message.
    pub fn unreadable(reason: &str) -> Self {
        Self::new(GitHubErrorKind::Unreadable, format!("the answer of GitHub is not as documented: {reason}"))
    }

    /// What the environment says cannot be used.
    pub fn unusable(reason: impl Into<String>) -> Self {
        Self::new(GitHubErrorKind::Unusable, reason.into())
    }

    /// A refusal. `permission`: what the operation needs, where GitHub does not say it itself.
    pub fn refused(status: u16, headers: &HeaderMap, body: &str, permission: &str) -> Self {
        let said = said(body);
        let accepted = header(headers, "x-accepted-github-permissions").and_then(as_in_a_workflow);
        let permission = accepted.unwrap_or_else(|| permission.to_owned());
        let kind = match status {
            401 => GitHubErrorKind::Unauthorized,
            429 => GitHubErrorKind::RateLimited(pause(headers)),
            403 if is_rate_limit(headers, &said) => GitHubErrorKind::RateLimited(pause(headers)),
            403 => GitHubErrorKind::Forbidden(permission),
            404 | 410 => GitHubErrorKind::NotFound(permission),
            300..=399 => GitHubErrorKind::Moved,
            409 => GitHubErrorKind::Conflict,
            422 => GitHubErrorKind::Unprocessable,
            500..=599 => GitHubErrorKind::Server,
            _ => GitHubErrorKind::Rejected,
        };
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        Self::new(kind, neutral::phrase(&format!("GitHub answers {status}{said}"), LONGEST_MESSAGE))
    }

    /// Whether the next try may do better.
    pub fn is_transient(&self) -> bool {
        if let GitHubErrorKind::RateLimited(pause) = self.kind {
            return pause.is_some_and(|pause| pause <= SHORT);
        }
        matches!(self.kind, GitHubErrorKind::Server | GitHubErrorKind::Unreachable | GitHubErrorKind::Unreadable)
    }

    /// How long to wait before the next attempt, given the default. `None`: there is none.
    pub fn pause(&self, ours: Option<Duration>) -> Option<Duration> {
        if let GitHubErrorKind::RateLimited(asked) = self.kind {
            return ours.and(asked).filter(|asked| *asked <= SHORT);
        }
        ours
    }
}

/// GitHub's own words: `message`, with what `errors` adds.
fn said(body: &str) -> String {
    let Ok(Value::Object(answer)) = serde_json::from_str(body) else { return String::new() };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let detail =
        |error: &Value| text(error).or_else(|| text(error.get("message")?)).or_else(|| text(error.get("code")?));
    let message = answer.get("message").and_then(text);
    let details = answer.get("errors").and_then(Value::as_array).into_iter().flatten().filter_map(detail);
    let words: Vec<String> = message.into_iter().chain(details).collect();
    neutral::phrase(&words.join("; "), LONGEST_MESSAGE)
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// `pull_requests=write,contents=read; issues=write` as a workflow has it: `pull-requests: write, contents: read` or …
fn as_in_a_workflow(accepted: &str) -> Option<String> {
    let one = |pair: &str| {
        let (name, access) = pair.trim().split_once('=')?;
        let is_plain =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        (is_plain(name) && is_plain(access)).then(|| format!("{}: {access}", name.replace('_', "-")))
    };
    let set = |set: &str| set.split(',').map(one).collect::<Option<Vec<_>>>().map(|pairs| pairs.join(", "));
    accepted.split(';').map(set).collect::<Option<Vec<_>>>().map(|sets| sets.join("` or `"))
}

/// 403 also stands for too many requests
/// ([rate limits](https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api)).
fn is_rate_limit(headers: &HeaderMap, said: &str) -> bool {
    header(headers, "x-ratelimit-remaining") == Some("0")
        || headers.contains_key("retry-after")
        || said.to_ascii_lowercase().contains("rate limit")
}

fn pause(headers: &HeaderMap) -> Option<Duration> {
    header(headers, "retry-after")?.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(status: u16, pairs: &[(&'static str, &str)], body: &str) -> GitHubError {
        let pairs = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        GitHubError::refused(status, &pairs.collect(), body, "statuses: write")
    }

    #[test]
    fn each_refusal_is_what_it_is() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let body = r#"{"message": "Resource not accessible by integration"}"#;
        for (status, headers, expected) in [
            (401, vec![], GitHubErrorKind::Unauthorized),
            (403, vec![], GitHubErrorKind::Forbidden("statuses: write".to_owned())),
            (403, vec![("x-ratelimit-remaining", "0")], GitHubErrorKind::RateLimited(None)),
            (403, vec![("retry-after", "60")], GitHubErrorKind::RateLimited(seconds(60))),
            (429, vec![("retry-after", "1")], GitHubErrorKind::RateLimited(seconds(1))),
            (429, vec![("retry-after", "soon")], GitHubErrorKind::RateLimited(None)),
            (404, vec![], GitHubErrorKind::NotFound("statuses: write".to_owned())),
            (307, vec![], GitHubErrorKind::Moved),
            (409, vec![], GitHubErrorKind::Conflict),
            (422, vec![], GitHubErrorKind::Unprocessable),
            (418, vec![], GitHubErrorKind::Rejected),
            (502, vec![], GitHubErrorKind::Server),
        ] {
            let error = refused(status, &headers, body);
            assert_eq!(error.kind, expected, "{status} {headers:?}");
            assert!(error.message.starts_with(&format!("GitHub answers {status}: Resource")), "{error}");
        }
        let slow_down = r#"{"message": "You have exceeded a secondary rate limit."}"#;
        assert_eq!(refused(403, &[], slow_down).kind, GitHubErrorKind::RateLimited(None));
    }

    #[test]
    fn the_permission_is_the_one_that_github_names() {
        let named = |text| {
            let GitHubErrorKind::Forbidden(named) = refused(403, &[("x-accepted-github-permissions", text)], "").kind
            else {
                panic!("not forbidden")
            };
            named
        };
        assert_eq!(named("pull_requests=write"), "pull-requests: write");
        assert_eq!(named("issues=write,contents=read"), "issues: write, contents: read");
        assert_eq!(named("issues=write; pull_requests=write"), "issues: write` or `pull-requests: write");
        for garbage in ["", "statuses", "a=b=c", "`x`=write", "=write"] {
            assert_eq!(named(garbage), "statuses: write", "{garbage}");
        }
    }

    #[test]
    fn only_what_may_be_over_soon_is_tried_again() {
        let ours = Some(Duration::from_millis(500));
        let wait = |error: &GitHubError| error.is_transient().then(|| error.pause(ours)).flatten();
        assert_eq!(wait(&refused(502, &[], "")), ours);
        assert_eq!(wait(&GitHubError::unreachable("x")), ours);
        assert_eq!(wait(&refused(429, &[("retry-after", "2")], "")), Some(Duration::from_secs(2)));
        assert_eq!(wait(&refused(429, &[("retry-after", "600")], "")), None);
        assert_eq!(refused(429, &[("retry-after", "2")], "").pause(None), None);
        for status in [301, 400, 401, 403, 404, 409, 422, 429] {
            assert_eq!(wait(&refused(status, &[], "")), None, "{status}");
        }
    }

    #[test]
    fn details_are_told_and_foreign_text_is_harmless() {
        let body = r#"{"message": "Validation Failed", "errors": [{"code": "custom", "message": "::error::x"}, "y"]}"#;
        assert_eq!(refused(422, &[], body).message, "GitHub answers 422: Validation Failed; ::error::x; y");
        assert_eq!(refused(500, &[], "<html>down</html>").message, "GitHub answers 500");
    }

    proptest! {
        #[test]
        fn no_answer_breaks_a_line(status in 300u16..600, text in "\\PC{0,40}", body in ".{0,400}") {
            let body = serde_json::json!({"message": body, "errors": [body, {"message": text}]}).to_string();
            let message = refused(status, &[], &body).message;
            let is_harmless = !message.contains(['\n', '\r', '\u{1b}']) && message.chars().count() <= LONGEST_MESSAGE + 1;
            prop_assert!(is_harmless, "{}", message);
        }
    }
}
