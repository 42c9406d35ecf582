//! HTTP questions to a running release.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::time::Duration;

use crate::domain::limits::PROBE_BODY;
use crate::domain::probe::HttpAnswer;
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
    pub async fn ask(&self, probe: &Probe, release: &ReleaseName) -> Result<HttpAnswer, HttpError> {
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
        let mut response = request.send().await.map_err(HttpUnanswered::new)?;
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: BTreeMap<String, String> =
            response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(HttpUnanswered::new)? {
            body.extend_from_slice(&chunk);
            if body.len() >= PROBE_BODY.count() {
                body.truncate(PROBE_BODY.count());
                break;
            }
        }
        Ok(HttpAnswer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// Asks for the bytes at an address.
    ///
    /// # Errors
    ///
    /// Why there is no answer, without the address.
    pub async fn look(&self, plain: Plain<'_>) -> Result<BodyBytes, HttpError> {
        let method = reqwest::Method::from_bytes(plain.method.as_bytes()).map_err(|_| HttpError::Method)?;
        let request = self.client.request(method, plain.url.clone()).timeout(plain.timeout);
        let request = plain.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let mut response = request.send().await.map_err(HttpUnanswered::new)?;
        let mut headers = BTreeMap::<String, String>::new();
        for (name, value) in response.headers() {
            let value = String::from_utf8_lossy(value.as_bytes());
            let known = headers.entry(name.as_str().to_owned());
            known.and_modify(|known| *known = format!("{known}, {value}")).or_insert_with(|| value.into_owned());
        }
        let (status, mut body) = (response.status().as_u16(), Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(HttpUnanswered::new)? {
            body.extend_from_slice(&chunk);
            if body.len() > plain.most {
                body.truncate(plain.most);
                return Ok(BodyBytes { status, headers, body, is_cut: true });
            }
        }
        Ok(BodyBytes { status, headers, body, is_cut: false })
    }
}

/// A request without credentials.
#[derive(Debug, Clone, Copy)]
pub struct Plain<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// The address.
    pub url: &'a reqwest::Url,
    /// Headers to send.
    pub headers: &'a [(&'static str, &'a str)],
    /// How long the whole answer may take.
    pub timeout: Duration,
    /// Maximum number of bytes of its body that are read.
    pub most: usize,
}

/// An answer in bytes.
#[derive(Debug)]
pub struct BodyBytes {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case; one that came several times with its values after each other, as browsers read it.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether there was more of it than is read.
    pub is_cut: bool,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// There is no such method.
    #[error("not an HTTP method")]
    Method,
    /// The request was not answered, or not to the end.
    #[error(transparent)]
    NoAnswer(#[from] HttpUnanswered),
}

impl HttpError {
    /// Whether there was no connection to send the request over: it was refused, there is no such host, or no TLS.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::NoAnswer(HttpUnanswered(error)) if error.is_connect() && !error.is_timeout())
    }
}

/// A request that was not answered, or not to the end. The address is not in it: it may hold secrets.
#[derive(Debug, thiserror::Error)]
#[error("{}", no_answer(.0))]
pub struct HttpUnanswered(#[source] reqwest::Error);

impl HttpUnanswered {
    /// From an error that may name the address.
    pub fn new(error: reqwest::Error) -> Self {
        Self(error.without_url())
    }
}

/// The innermost reason, which is the specific one: `connection refused`.
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
