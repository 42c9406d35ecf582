//! Requests to a registry, each with a limit in bytes and in time.
//!
//! These go over reqwest itself: a client of the protocol reads an answer of any length into memory, and hands the
//! password to any address that a registry names.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use oci_client::errors::{OciDistributionError, OciEnvelope};
use reqwest::header::HeaderMap;
use reqwest::{Client, Response, StatusCode, Url};
use tokio::time::timeout;

use crate::domain::limits::{Limit, REGISTRY_ANSWER};

/// As many redirects as reqwest follows by itself.
const REDIRECTS: usize = 10;

/// A registry's address, and how requests get there.
#[derive(Clone)]
pub struct Transport {
    /// Follows redirects, and sends nothing by itself.
    pub client: Client,
    /// `https://HOST/`.
    base: Result<Url, String>,
}

/// A whole answer.
#[derive(Debug)]
pub struct RegistryResponse {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Transport {
    /// The registry at a host, with its port where it has one.
    pub fn new(host: &str, tls: bool) -> Self {
        let scheme = if tls { "https" } else { "http" };
        let base = Url::parse(&format!("{scheme}://{host}/")).map_err(|error| format!("{host:?}: {error}"));
        // Redirects lead to the store of the layers, and never from https to http. reqwest takes the login away where
        // they lead to another host.
        let redirects = reqwest::redirect::Policy::custom(|attempt| {
            let was_secure = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
            if attempt.previous().len() > REDIRECTS || (was_secure && attempt.url().scheme() != "https") {
                attempt.error("the registry redirects too often, or away from https")
            } else {
                attempt.follow()
            }
        });
        let client = Client::builder()
            .redirect(redirects)
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("shipgate/", env!("CARGO_PKG_VERSION")));
        // What makes this fail makes it fail for probes too, which report it before.
        let client = client.build().unwrap_or_default();
        Self { client, base }
    }

    /// An address below `/v2/`.
    pub fn address(&self, path: &str) -> Result<Url, OciDistributionError> {
        let unusable = |text: String| OciDistributionError::UrlParseError(text);
        let base = self.base.as_ref().map_err(|error| unusable(error.clone()))?;
        base.join(&format!("/v2/{path}")).map_err(|error| unusable(error.to_string()))
    }

    /// Whether an address is the registry itself: the same scheme, host and port.
    pub fn is_own(&self, url: &Url) -> bool {
        self.base.as_ref().is_ok_and(|base| base.origin() == url.origin())
    }
}

/// The body of an answer up to a limit.
///
/// # Errors
///
/// It is longer, which need not be waited for; or it broke.
pub async fn read(mut response: Response, limit: &Limit) -> Result<Bytes, OciDistributionError> {
    let too_long = || too_long(limit);
    if response.content_length().is_some_and(|length| length > limit.amount) {
        return Err(too_long());
    }
    let mut body = BytesMut::new();
    while let Some(piece) = response.chunk().await? {
        if body.len() + piece.len() > limit.count() {
            return Err(too_long());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// What is wrong with an answer that is longer than its limit.
pub fn too_long(limit: &Limit) -> OciDistributionError {
    OciDistributionError::SpecViolationError(format!("the answer is longer than {limit}, the limit for {}", limit.what))
}

/// The answer where it has the right status, or the error that it is. Of an error, as much as is shown is read.
pub async fn checked(response: Response, expected: &[StatusCode]) -> Result<Response, OciDistributionError> {
    let status = response.status();
    if expected.contains(&status) {
        return Ok(response);
    }
    let url = response.url().to_string();
    if status.is_success() {
        let text = format!("the registry answers {status}, which is no answer to this request");
        return Err(OciDistributionError::SpecViolationError(text));
    }
    if status == StatusCode::UNAUTHORIZED {
        return Err(OciDistributionError::UnauthorizedError { url });
    }
    Err(refusal(status, url, &beginning(response).await))
}

/// What a refusal says.
pub fn refusal(status: StatusCode, url: String, body: &[u8]) -> OciDistributionError {
    match serde_json::from_slice::<OciEnvelope>(body) {
        Ok(envelope) if status.is_client_error() => OciDistributionError::RegistryError { envelope, url },
        _ => {
            let message = String::from_utf8_lossy(body).into_owned();
            OciDistributionError::ServerError { code: status.as_u16(), url, message }
        }
    }
}

/// As much of a body as came, up to the limit for errors: its status says what it is.
async fn beginning(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece[..piece.len().min(REGISTRY_ANSWER.count() - body.len())]);
        if body.len() >= REGISTRY_ANSWER.count() {
            break;
        }
    }
    body
}

/// The result of a request, or that it took too long.
pub async fn within<T>(
    limit: Duration,
    request: impl Future<Output = Result<T, OciDistributionError>>,
) -> Result<T, OciDistributionError> {
    timeout(limit, request).await.unwrap_or_else(|_| {
        let text = format!("the whole answer did not come within {} s", limit.as_secs());
        Err(OciDistributionError::IoError(io::Error::new(io::ErrorKind::TimedOut, text)))
    })
}
