//! The configuration of all AWS clients, and the credentials that are found in the surroundings.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;

use super::aws::AwsError;
use super::endpoint::{self, EndpointError};
use super::masks::{Hidden, Masks};
use super::sts::Sts;
use crate::domain::limits::{AWS_ATTEMPT, AWS_OPERATION};
use crate::domain::names::Region;
use crate::domain::role::Caller;

/// There are no credentials.
#[derive(Debug, thiserror::Error)]
#[error("there are no AWS credentials")]
pub struct NoCredentials {
    /// The profile that they should be in.
    pub profile: Option<String>,
    /// Why none were found. `None`: there is no source of credentials.
    #[source]
    pub source: Option<CredentialsError>,
}

/// Why it is not known whose the ambient credentials are.
#[derive(Debug, thiserror::Error)]
pub enum AmbientError {
    /// There are none.
    #[error(transparent)]
    None(#[from] NoCredentials),
    /// AWS does not say.
    #[error(transparent)]
    Call(#[from] AwsError),
}

/// The clients' configuration for one environment. Clients that share a cache share the sessions of roles. `endpoints`:
/// the variables that name addresses for AWS, with what they are.
///
/// # Errors
///
/// Credentials would be sent without encryption.
pub async fn configure<'e>(
    region: &Region,
    cache: SharedIdentityCache,
    masks: Masks,
    endpoints: impl Iterator<Item = (&'e str, &'e str)>,
) -> Result<SdkConfig, EndpointError> {
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
/// There are no usable credentials, or AWS cannot be asked.
pub async fn caller(config: &SdkConfig, profile: Option<&str>) -> Result<Caller, AmbientError> {
    // Asked by itself, so that missing credentials are not mistaken for an unreachable service.
    credentials(config, profile).await?;
    Ok(Sts::new(config).caller().await?)
}

/// Whether there are credentials at all. Whether AWS takes them is not asked.
///
/// # Errors
///
/// There are none.
pub async fn credentials(config: &SdkConfig, profile: Option<&str>) -> Result<(), NoCredentials> {
    let none = |source| NoCredentials { profile: profile.map(str::to_owned), source };
    let provider = config.credentials_provider().ok_or_else(|| none(None))?;
    provider.provide_credentials().await.map(drop).map_err(|error| none(Some(error)))
}
