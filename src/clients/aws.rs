//! What all AWS clients share: the configuration, who we are, and one shape of error.

use std::error::Error as StdError;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use tokio::time::Instant;

use super::masks::{Hidden, Masks};
use super::sts::Sts;
use super::{endpoint, role};
use crate::domain::failure::Failure;
use crate::domain::limits::{AWS_ATTEMPT, AWS_OPERATION};
use crate::domain::names::Region;
use crate::domain::neutral;
use crate::domain::role::Caller;

/// What kind of thing went wrong, by code, never by message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwsErrorKind {
    /// The credentials are good, and not allowed to do this.
    Denied,
    /// The credentials are missing, expired or wrong.
    Credentials,
    /// Nobody answers, or the service is down.
    Unreachable,
    /// Too many requests, even after retries.
    Throttled,
    /// Anything else that the service said.
    Service,
}

/// A failed call.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{operation}: {message}{}", request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default())]
pub struct AwsError {
    /// The call in the words of IAM: `ecs:UpdateService`.
    pub operation: &'static str,
    /// The action that was denied. Often not the call's own: `iam:PassRole` for `ecs:UpdateService`.
    pub denied_action: Option<String>,
    /// The kind.
    pub kind: AwsErrorKind,
    /// Whether the call is known not to have been carried out: AWS said no, or it was never sent. Of several attempts
    /// this is the last.
    pub refused: bool,
    /// The service's code: `ClusterNotFoundException`.
    pub code: Option<String>,
    /// The message, neutral, with the code before it.
    pub message: String,
    /// The id that AWS support asks for.
    pub request_id: Option<Box<str>>,
    /// Why there were no credentials to make the call with, where a role could not be assumed.
    pub no_session: Option<Box<Failure>>,
}

impl AwsError {
    /// Turns an SDK error into ours.
    pub fn new<E>(operation: &'static str, error: &SdkError<E, Response>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
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
        let kind = match (&code, error) {
            (Some(code), _) if !is_down || kind_of(code) != AwsErrorKind::Service => kind_of(code),
            _ if is_down => AwsErrorKind::Unreachable,
            (None, _) if has_source::<CredentialsError>(error) => AwsErrorKind::Credentials,
            (None, SdkError::DispatchFailure(_) | SdkError::TimeoutError(_)) => AwsErrorKind::Unreachable,
            _ => AwsErrorKind::Service,
        };
        let said_no = error.raw_response().is_some_and(|response| response.status().is_client_error());
        let refused = match kind {
            AwsErrorKind::Credentials => true,
            AwsErrorKind::Unreachable => false,
            AwsErrorKind::Denied | AwsErrorKind::Throttled | AwsErrorKind::Service => code.is_some() && said_no,
        };
        let text = match (&code, error.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.clone(),
            (None, _) => chain(error),
        };
        let denied_action =
            (kind == AwsErrorKind::Denied).then(|| denied_action(&text).unwrap_or(operation).to_owned());
        let no_session = role::no_session(error).map(|failure| Box::new(failure.clone()));
        Self {
            operation,
            denied_action,
            kind,
            refused,
            code,
            message: neutral::phrase(&text, 600),
            request_id,
            no_session,
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
            no_session: None,
        }
    }

    /// Whether the service answered with this code.
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// Makes a call, and logs that it was made.
///
/// # Errors
///
/// The call failed, after the SDK's own retries.
pub async fn call<T, E>(
    operation: &'static str,
    request: impl Future<Output = Result<T, SdkError<E, Response>>>,
) -> Result<T, AwsError>
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let began = Instant::now();
    // The SDK's futures are large, and would make every one of ours as large.
    let result = Box::pin(request).await.map_err(|error| AwsError::new(operation, &error));
    let milliseconds = began.elapsed().as_millis();
    match &result {
        Ok(_) => tracing::debug!(operation, milliseconds, "called"),
        Err(error) => tracing::debug!(operation, milliseconds, %error, "called"),
    }
    result
}

/// The action in `… is not authorized to perform: iam:PassRole on resource: …`, the one form in which AWS tells it.
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
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "NotAuthorized" => AwsErrorKind::Denied,
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
        | "LimitExceededException" => AwsErrorKind::Throttled,
        "ServerException"
        | "InternalFailure"
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

/// The clients' configuration for one environment. Clients that share a cache share the sessions of roles. `endpoints`:
/// the variables that name addresses for AWS, with what they are.
///
/// # Errors
///
/// `invalid`: credentials would be sent without encryption.
pub async fn configure<'e>(
    region: &Region,
    cache: SharedIdentityCache,
    masks: Masks,
    endpoints: impl Iterator<Item = (&'e str, &'e str)>,
) -> Result<SdkConfig, Failure> {
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(aws_config::Region::new(region.to_string()))
        .identity_cache(cache)
        // 1 + 2 + 4 + 8 s at most: RegisterTaskDefinition is limited to one a second for the whole account.
        .retry_config(RetryConfig::standard().with_max_attempts(5))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5))
                .operation_attempt_timeout(AWS_ATTEMPT.time())
                .operation_timeout(AWS_OPERATION.time())
                .build(),
        );
    let loader = match AppName::new("shipgate") {
        Ok(name) => loader.app_name(name),
        Err(_) => loader,
    };
    let config = loader.load().await;
    endpoint::check(&config, endpoints)?;
    let hidden = config.credentials_provider().map(|found| SharedCredentialsProvider::new(Hidden::new(found, masks)));
    let mut builder = config.to_builder();
    builder.set_credentials_provider(hidden);
    Ok(builder.build())
}

/// Whose the ambient credentials are. `profile`: the one that `AWS_PROFILE` names.
///
/// # Errors
///
/// `invalid` without usable credentials, `failed` when AWS cannot be asked.
pub async fn ambient_caller(config: &SdkConfig, profile: Option<&str>) -> Result<Caller, Failure> {
    // Asked by itself, so that missing credentials are not mistaken for an unreachable service.
    ambient_credentials(config, profile).await?;
    Sts::new(config).caller().await
}

/// Whether there are credentials at all. Whether AWS takes them is not asked.
///
/// # Errors
///
/// `invalid`: there are none.
pub async fn ambient_credentials(config: &SdkConfig, profile: Option<&str>) -> Result<(), Failure> {
    let no_credentials = |cause: String| {
        let failure = Failure::invalid("there are no AWS credentials").cause(cause);
        match profile {
            Some(profile) => failure
                .cause(format!("AWS_PROFILE names profile `{profile}`"))
                .hint("check that the profile is in ~/.aws/config and its credentials are fresh, or unset AWS_PROFILE"),
            None => failure.hint(
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; \
                 in GitHub Actions run aws-actions/configure-aws-credentials before",
            ),
        }
    };
    let provider = config.credentials_provider().ok_or_else(|| no_credentials("no source is configured".to_owned()))?;
    provider.provide_credentials().await.map(drop).map_err(|error| no_credentials(chain(&error)))
}

/// A time of the SDK as ours; `None` where it is out of range.
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
}
