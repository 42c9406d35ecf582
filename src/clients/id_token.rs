//! Tokens of GitHub's OIDC provider, from the runner's endpoint
//! ([OIDC reference](https://docs.github.com/en/actions/reference/security/oidc)).

use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::endpoint::is_private;
use super::http::HttpUnanswered;
use crate::domain::limits::{ID_TOKEN_ANSWER, ID_TOKEN_REQUEST};
use crate::domain::token::Claims;

/// The runner's endpoint, with the token that opens it.
#[derive(Debug, Clone)]
pub struct TokenEndpoint {
    url: Url,
    request_token: SecretString,
    client: reqwest::Client,
}

/// Why there is no token. The answer is never part of it: it may hold the token.
#[derive(Debug, thiserror::Error)]
pub enum IdTokenError {
    /// The endpoint's address cannot be used.
    #[error("ACTIONS_ID_TOKEN_REQUEST_URL {0}")]
    Address(&'static str),
    /// The client of HTTP cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
    /// What opens the endpoint is no text for a header.
    #[error("ACTIONS_ID_TOKEN_REQUEST_TOKEN is no token")]
    RequestToken,
    /// The endpoint refuses.
    #[error("the runner's token endpoint answers {}", .0.as_str())]
    Refused(StatusCode),
    /// The endpoint fails, or has too much to do.
    #[error("the runner's token endpoint answers {}", .0.as_str())]
    Unavailable(StatusCode),
    /// The endpoint answers what is not documented.
    #[error("the runner's token endpoint answers {}", .0.as_str())]
    Undocumented(StatusCode),
    /// The endpoint does not answer.
    #[error(transparent)]
    NoAnswer(#[from] HttpUnanswered),
    /// The answer has no token.
    #[error("{0}")]
    Answer(&'static str),
}

impl IdTokenError {
    /// Whether another try may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::NoAnswer(_))
    }
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
    /// It is no such address.
    pub fn new(url: &str, request_token: SecretString) -> Result<Self, IdTokenError> {
        let url = Url::parse(url).map_err(|_| IdTokenError::Address("is not an address"))?;
        if !is_private(&url) {
            return Err(IdTokenError::Address("is not an https address"));
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ID_TOKEN_REQUEST.time())
            .user_agent(concat!("shipgate/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(IdTokenError::Client)?;
        Ok(Self { url, request_token, client })
    }

    /// A fresh token.
    ///
    /// # Errors
    ///
    /// The endpoint does not answer, or not as documented, or refuses.
    pub async fn fetch(&self, audience: &str) -> Result<IdToken, IdTokenError> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("audience", audience);
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", self.request_token.expose_secret()))
            .map_err(|_| IdTokenError::RequestToken)?;
        authorization.set_sensitive(true);
        let request = self.client.get(url).header("authorization", authorization).header(ACCEPT, "application/json");
        let mut response = request.send().await.map_err(HttpUnanswered::new)?;
        check(response.status())?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(HttpUnanswered::new)? {
            body.extend_from_slice(&chunk);
            if body.len() > ID_TOKEN_ANSWER.count() {
                return Err(IdTokenError::Answer("the answer is far too long"));
            }
        }
        let document: Value =
            serde_json::from_slice(&body).map_err(|_| IdTokenError::Answer("the answer is no JSON"))?;
        let text =
            document.get("value").and_then(Value::as_str).ok_or_else(|| IdTokenError::Answer("it has no `value`"))?;
        let claims = Claims::read(text).ok_or_else(|| IdTokenError::Answer("its `value` is no JSON Web Token"))?;
        Ok(IdToken { text: text.into(), claims })
    }
}

fn check(status: StatusCode) -> Result<(), IdTokenError> {
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(IdTokenError::Refused(status)),
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Err(IdTokenError::Unavailable(status))
        }
        _ => Err(IdTokenError::Undocumented(status)),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    use super::*;

    /// Virtual time: nothing waits.
    #[tokio::test(start_paused = true)]
    async fn an_endpoint_that_says_nothing_is_given_up_at_the_limit() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/token", silent.local_addr().unwrap());
        let endpoint = TokenEndpoint::new(&url, "secret".into()).unwrap();
        let began = Instant::now();
        let error = endpoint.fetch("sts.amazonaws.com").await.unwrap_err();
        assert!(error.is_transient(), "another try may help");
        assert_eq!(error.to_string(), "no answer in time");
        assert_eq!(began.elapsed().as_secs(), ID_TOKEN_REQUEST.time().as_secs());
    }
}
