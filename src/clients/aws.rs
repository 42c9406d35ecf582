//! What all AWS clients share: how a call is made, and one shape of error.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use crate::domain::neutral;

/// What kind of thing went wrong, by code, never by message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwsErrorKind {
    /// The credentials are good, and not allowed to do this.
    Denied,
    /// The credentials are missing, expired or wrong.
    Credentials,
    /// There is no answer, or the service is down.
    Unreachable,
    /// Too many requests, even after retries.
    Throttled,
    /// Anything else that the service said.
    Service,
    /// It answered, and the answer lacks what AWS documents.
    Answer,
}

/// A failed call. It is cheap to clone: those who share a call share its error.
#[derive(Clone)]
pub struct AwsError {
    /// The call in the words of IAM: `ecs:UpdateService`.
    pub operation: &'static str,
    /// The action that was denied. Often not the call's own: `iam:PassRole` for `ecs:UpdateService`.
    pub denied_action: Option<Box<str>>,
    /// The kind.
    pub kind: AwsErrorKind,
    /// Whether the call is known not to have been carried out: AWS said no, or it was never sent. Of several attempts
    /// this is the last.
    pub refused: bool,
    /// The service's code: `ClusterNotFoundException`.
    pub code: Option<String>,
    /// The message, neutral, with the code before it. Of an answer, what it lacks.
    pub message: String,
    /// The id that AWS support asks for.
    pub request_id: Option<Box<str>>,
    /// What the SDK said, or why the answer cannot be read.
    pub source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl fmt::Display for AwsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, message, request_id, .. } = self;
        write!(formatter, "{operation}: {message}")?;
        request_id.as_ref().map_or(Ok(()), |id| write!(formatter, " (request {id})"))
    }
}

/// By hand: a derived source would be the [`Arc`], which hides what is in it from those who look for a type.
impl StdError for AwsError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}

/// Without the source: it holds the whole answer, which may have credentials in it.
impl fmt::Debug for AwsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AwsError({:?}, {self})", self.kind)
    }
}

impl AwsError {
    /// Turns an SDK error into one of shipgate.
    pub fn new<E>(operation: &'static str, error: SdkError<E, Response>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let code = error.code().map(str::to_owned);
        let request_id = error
            .raw_response()
            .and_then(|response| {
                response.headers().get("x-amzn-requestid").or(response.headers().get("x-amz-request-id"))
            })
            .map(|id| neutral::phrase(id, 64).into_boxed_str());
        // A balancer in front of the service knows none of its codes.
        let is_down = error.raw_response().is_some_and(|response| response.status().is_server_error());
        let kind = match (&code, &error) {
            (Some(code), _) if !is_down || kind_of(code) != AwsErrorKind::Service => kind_of(code),
            _ if is_down => AwsErrorKind::Unreachable,
            (None, _) if has_source::<CredentialsError>(&error) => AwsErrorKind::Credentials,
            (None, SdkError::DispatchFailure(_) | SdkError::TimeoutError(_)) => AwsErrorKind::Unreachable,
            _ => AwsErrorKind::Service,
        };
        let said_no = error.raw_response().is_some_and(|response| response.status().is_client_error());
        let refused = match kind {
            AwsErrorKind::Credentials => true,
            AwsErrorKind::Unreachable | AwsErrorKind::Answer => false,
            AwsErrorKind::Denied | AwsErrorKind::Throttled | AwsErrorKind::Service => code.is_some() && said_no,
        };
        let text = match (&code, error.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.clone(),
            (None, _) => chain(&error),
        };
        let denied_action = (kind == AwsErrorKind::Denied).then(|| denied_action(&text).unwrap_or(operation).into());
        Self {
            operation,
            denied_action,
            kind,
            refused,
            code,
            message: neutral::phrase(&text, 600),
            request_id,
            source: Some(Arc::new(error)),
        }
    }

    /// An answer that is not what AWS documents.
    pub fn unexpected(operation: &'static str, message: &str) -> Self {
        Self {
            operation,
            denied_action: None,
            kind: AwsErrorKind::Service,
            refused: false,
            code: None,
            message: message.to_owned(),
            request_id: None,
            source: None,
        }
    }

    /// There was no answer, or not all of it.
    pub fn unsent(operation: &'static str, message: String) -> Self {
        Self { kind: AwsErrorKind::Unreachable, message, ..Self::unexpected(operation, "") }
    }

    /// There are no credentials to ask with.
    pub fn without_credentials(operation: &'static str, error: CredentialsError) -> Self {
        let message = neutral::phrase(&chain(&error), 600);
        Self { kind: AwsErrorKind::Credentials, refused: true, message, ..Self::unexpected(operation, "") }
            .because(error)
    }

    /// An error that a service answered in the JSON protocol of AWS.
    pub fn answered(operation: &'static str, status: u16, body: &Value) -> Self {
        let text = |key: &str| body.get(key).and_then(Value::as_str);
        let code = text("__type").map(|code| code.rsplit('#').next().unwrap_or(code).to_owned());
        let kind = match &code {
            Some(code) if status < 500 || kind_of(code) != AwsErrorKind::Service => kind_of(code),
            _ if status >= 500 => AwsErrorKind::Unreachable,
            _ => AwsErrorKind::Service,
        };
        let message = text("message").or_else(|| text("Message")).unwrap_or("no message");
        let message =
            code.as_ref().map_or_else(|| format!("status {status}: {message}"), |code| format!("{code}: {message}"));
        let denied_action = (kind == AwsErrorKind::Denied).then(|| denied_action(&message).unwrap_or(operation).into());
        let message = neutral::phrase(&message, 600);
        Self { kind, refused: status < 500, code, denied_action, message, ..Self::unexpected(operation, "") }
    }

    /// An answer that lacks something, in words after "returned": `no ARN`.
    pub fn returned(operation: &'static str, what: &'static str) -> Self {
        Self { kind: AwsErrorKind::Answer, ..Self::unexpected(operation, what) }
    }

    /// With why the answer cannot be read.
    #[must_use]
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Whether it may be over at the next try: the service did not answer, too many were asking, or the session to ask
    /// with could not be renewed just now.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, AwsErrorKind::Unreachable | AwsErrorKind::Throttled) || has_source::<NotNow>(self)
    }

    /// Whether the service answered with this code.
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// Why there are no credentials, where that may be over at the next try. On its way through the SDK it is a source of the
/// SDK's own error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotNow(#[source] Box<dyn StdError + Send + Sync>);

impl NotNow {
    /// With the reason.
    pub fn new(reason: impl StdError + Send + Sync + 'static) -> Self {
        Self(Box::new(reason))
    }
}

/// Makes a call, and logs that it was made. `about`: the name of what it is about, which is no secret.
///
/// # Errors
///
/// The call failed, after the SDK's own retries.
pub async fn call<T, E>(
    operation: &'static str,
    about: &str,
    request: impl Future<Output = Result<T, SdkError<E, Response>>>,
) -> Result<T, AwsError>
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let began = Instant::now();
    // The SDK's futures are large, and would make every future of shipgate as large.
    let result = Box::pin(request).await.map_err(|error| AwsError::new(operation, error));
    let milliseconds = began.elapsed().as_millis();
    match &result {
        Ok(_) => tracing::debug!("{operation} {about}: {milliseconds} ms"),
        Err(error) => tracing::debug!(%error, "{operation} {about}: failed after {milliseconds} ms"),
    }
    result
}

/// The action in `… is not authorized to perform: iam:PassRole on resource: …`, the one form in which AWS names it.
pub fn denied_action(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("is not authorized to perform: ")?;
    let action = rest.split([' ', ',', '.']).next()?;
    let (service, name) = action.split_once(':')?;
    let is_word =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_word(service) && is_word(name)).then_some(action)
}

/// Codes as the services document them
/// ([common errors](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html)).
fn kind_of(code: &str) -> AwsErrorKind {
    match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "NotAuthorized"
        | "UnauthorizedException"
        | "UnauthorizedOperation" => AwsErrorKind::Denied,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "OptInRequired" => AwsErrorKind::Credentials,
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "LimitExceededException"
        | "TooManyInvalidationsInProgress" => AwsErrorKind::Throttled,
        "ServerException"
        | "InternalFailure"
        | "InternalFailureException"
        | "InternalServerError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => AwsErrorKind::Unreachable,
        _ => AwsErrorKind::Service,
    }
}

fn has_source<T: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    sources(error).any(<dyn StdError>::is::<T>)
}

/// An error and what is behind it.
pub fn sources<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The reasons behind an error without a code, each once: an SDK error's own text alone says little.
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for text in sources(error).map(ToString::to_string) {
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}

/// A time of the SDK as a `Timestamp`; `None` where it is out of range.
pub fn timestamp(time: Option<&aws_smithy_types::DateTime>) -> Option<Timestamp> {
    Timestamp::new(time?.secs(), i32::try_from(time?.subsec_nanos()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_denied_action_is_read_from_the_one_form_that_aws_uses() {
        let user = "User: arn:aws:sts::123456789012:assumed-role/stage/x is not authorized to perform:";
        for (message, action) in [
            (format!("{user} iam:PassRole on resource: arn:aws:iam::123456789012:role/task"), Some("iam:PassRole")),
            (format!("{user} ecs:TagResource because no identity-based policy allows it"), Some("ecs:TagResource")),
            (format!("{user} ecr-public:GetAuthorizationToken."), Some("ecr-public:GetAuthorizationToken")),
            (format!("{user} `rm -rf /`"), None),
            ("Access denied".to_owned(), None),
        ] {
            assert_eq!(denied_action(&message), action, "{message}");
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("no session")]
    struct NoSession;

    /// What the SDK makes of a call without credentials.
    fn without_credentials(reason: impl Into<Box<dyn StdError + Send + Sync>>) -> AwsError {
        let failed = SdkError::<aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError, Response>::
            construction_failure(CredentialsError::provider_error(reason));
        AwsError::new("ecs:DescribeServices", failed)
    }

    #[test]
    fn a_session_that_cannot_be_renewed_just_now_is_no_reason_to_give_up() {
        let for_good = without_credentials(NoSession);
        assert_eq!((for_good.kind, for_good.is_transient()), (AwsErrorKind::Credentials, false));
        let just_now = without_credentials(NotNow::new(NoSession));
        assert_eq!((just_now.kind, just_now.is_transient()), (AwsErrorKind::Credentials, true));
        assert!(sources(&just_now).any(<dyn StdError>::is::<NoSession>), "why is still found");
    }
}
