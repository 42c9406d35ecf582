//! HTTP questions to a running release.

use std::collections::BTreeMap;
use std::error::Error as _;

use crate::domain::limits::PROBE_BODY;
use crate::domain::probe::Answer;
use crate::domain::probe::Probe;
use crate::domain::release::ReleaseName;
use crate::domain::secrets::in_header;
use crate::sink;

/// Asks probes' questions.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
}

impl Http {
    /// A client that follows no redirect: an answer counts as it is.
    ///
    /// # Errors
    ///
    /// The TLS stack cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("shipgate/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client })
    }

    /// Asks once.
    ///
    /// # Errors
    ///
    /// Why there is no answer, without the address.
    pub async fn ask(&self, probe: &Probe, release: &ReleaseName) -> Result<Answer, HttpError> {
        let method = reqwest::Method::from_bytes(probe.method.as_bytes()).map_err(|_| HttpError::Method)?;
        let mut request = self.client.request(method, probe.url.render(release)).timeout(probe.timeout);
        for (name, value) in &probe.headers {
            let rendered = value.render(release);
            if value.as_literal().is_none() {
                // The others are known since the configuration was read. A release by itself is no secret.
                let secrets = in_header(name, &rendered).into_iter().filter(|secret| *secret != release.to_string());
                secrets.for_each(|secret| sink::hide(&secret));
            }
            request = request.header(name, rendered);
        }
        let mut response = request.send().await.map_err(NoAnswer::new)?;
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: BTreeMap<String, String> =
            response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(NoAnswer::new)? {
            body.extend_from_slice(&chunk);
            if body.len() >= PROBE_BODY.count() {
                body.truncate(PROBE_BODY.count());
                break;
            }
        }
        Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// There is no such method.
    #[error("not an HTTP method")]
    Method,
    /// The request was not answered, or not to the end.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

impl HttpError {
    /// Whether there was no connection to send the request over: it was refused, there is no such host, or no TLS.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::NoAnswer(NoAnswer(error)) if error.is_connect() && !error.is_timeout())
    }
}

/// A request that was not answered, or not to the end. The address is not in it: it may hold secrets.
#[derive(Debug, thiserror::Error)]
#[error("{}", no_answer(.0))]
pub struct NoAnswer(#[source] reqwest::Error);

impl NoAnswer {
    /// From an error that may name the address.
    pub fn new(error: reqwest::Error) -> Self {
        Self(error.without_url())
    }
}

/// The innermost reason, which is the telling one: `connection refused`.
pub(super) fn no_answer(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let reason = if error.source().is_some() { innermost.to_string() } else { "the request cannot be made".to_owned() };
    // What the system says of its own number: `Connection refused (os error 111)`.
    let reason = reason.split(" (os error ").next().unwrap_or(&reason);
    format!("no answer: {reason}")
}
