//! Tokens of GitHub's OIDC provider, from the runner's endpoint
//! ([OIDC reference](https://docs.github.com/en/actions/reference/security/oidc)).

use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::endpoint::is_private;
use super::http::no_answer;
use crate::domain::failure::Failure;
use crate::domain::limits::{ID_TOKEN_ANSWER, ID_TOKEN_REQUEST};
use crate::domain::neutral;
use crate::domain::token::Claims;

/// The runner's endpoint, with the token that opens it.
#[derive(Debug, Clone)]
pub struct TokenEndpoint {
    url: Url,
    request_token: SecretString,
    client: reqwest::Client,
}

/// A token for one audience.
#[derive(Debug)]
pub struct IdToken {
    /// The token itself.
    pub text: SecretString,
    /// What it says.
    pub claims: Claims,
}

impl TokenEndpoint {
    /// The endpoint at an address. Only to this machine the way there may be without TLS.
    ///
    /// # Errors
    ///
    /// `invalid`: it is no such address.
    pub fn new(url: &str, request_token: SecretString) -> Result<Self, Failure> {
        let unusable = |reason: &str| {
            Failure::invalid(format!("ACTIONS_ID_TOKEN_REQUEST_URL {reason}"))
                .hint("the runner sets it: do not set it yourself, and run shipgate in a step of the job")
        };
        let url = Url::parse(url).map_err(|_| unusable("is not an address"))?;
        if !is_private(&url) {
            return Err(unusable("is not an https address"));
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ID_TOKEN_REQUEST.time())
            .user_agent(concat!("shipgate/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::failed("the HTTP client cannot be set up").cause(error.to_string()))?;
        Ok(Self { url, request_token, client })
    }

    /// A fresh token. The answer is never part of an error: it may hold the token.
    ///
    /// # Errors
    ///
    /// `failed` where nobody answers, or not as documented; `invalid` where GitHub refuses. Transient where another try
    /// may help.
    pub async fn fetch(&self, audience: &str) -> Result<IdToken, Failure> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("audience", audience);
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", self.request_token.expose_secret()))
            .map_err(|_| Failure::invalid("ACTIONS_ID_TOKEN_REQUEST_TOKEN is no token"))?;
        authorization.set_sensitive(true);
        let request = self.client.get(url).header("authorization", authorization).header(ACCEPT, "application/json");
        let mut response = request.send().await.map_err(|error| no_token(&no_answer(&error)))?;
        check(response.status())?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| no_token(&no_answer(&error)))? {
            body.extend_from_slice(&chunk);
            if body.len() > ID_TOKEN_ANSWER.count() {
                return Err(not_as_documented("the answer is far too long"));
            }
        }
        let document: Value = serde_json::from_slice(&body).map_err(|_| not_as_documented("the answer is no JSON"))?;
        let text =
            document.get("value").and_then(Value::as_str).ok_or_else(|| not_as_documented("it has no `value`"))?;
        let claims = Claims::read(text).ok_or_else(|| not_as_documented("its `value` is no JSON Web Token"))?;
        Ok(IdToken { text: text.into(), claims })
    }
}

fn check(status: StatusCode) -> Result<(), Failure> {
    let cause = format!("the runner's token endpoint answers {}", neutral::phrase(status.as_str(), 8));
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Failure::invalid("GitHub issues no token to this job")
            .cause(cause)
            .hint("give the job `permissions: id-token: write`, and run shipgate while the job runs")),
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => Err(no_token(&cause)),
        _ => Err(not_as_documented(&cause)),
    }
}

fn no_token(cause: &str) -> Failure {
    let failure = Failure::failed("GitHub's token cannot be had")
        .cause(cause)
        .hint("run it again; https://www.githubstatus.com tells whether GitHub Actions has a problem");
    Failure { transient: true, ..failure }
}

fn not_as_documented(cause: &str) -> Failure {
    Failure { transient: false, ..no_token(cause) }
        .hint("make sure that nothing between the runner and GitHub changes the answers")
}
