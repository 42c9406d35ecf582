//! AWS STS: the caller's identity, and sessions of roles.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_credential_types::Credentials;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use aws_sdk_sts::types::Credentials as Issued;
use backon::{ExponentialBuilder, Retryable as _};
use secrecy::{ExposeSecret as _, SecretString};

use super::aws::{AwsError, call};
use crate::domain::names::InvalidName;
use crate::domain::role::{Caller, RoleArn};

/// What makes a session of a role, beside who asks for it.
#[derive(Debug, Clone, Copy)]
pub struct SessionRequest<'r> {
    /// The role.
    pub role: &'r RoleArn,
    /// The session's name.
    pub name: &'r str,
    /// How long it lasts, in seconds.
    pub seconds: Option<i32>,
    /// The policy that narrows it.
    pub policy: Option<&'r str>,
}

/// AWS STS in one region.
#[derive(Debug, Clone)]
pub struct Sts {
    client: aws_sdk_sts::Client,
}

impl Sts {
    /// A client that tries again by itself.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: aws_sdk_sts::Client::new(config) }
    }

    /// A client that asks once: each exchange needs a token of its own, which the SDK does not know.
    pub fn once(config: &SdkConfig) -> Self {
        let config = aws_sdk_sts::config::Builder::from(config).retry_config(RetryConfig::disabled()).build();
        Self { client: aws_sdk_sts::Client::from_conf(config) }
    }

    /// The principal that AWS names. Needs no permission
    /// ([GetCallerIdentity](https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html)).
    ///
    /// # Errors
    ///
    /// The call failed, or its answer names no account.
    pub async fn caller(&self) -> Result<Caller, AwsError> {
        read(self.ask().await?)
    }

    /// The same for a session that was made a moment ago, and that may not be known everywhere yet
    /// ([#1681](https://github.com/aws-actions/configure-aws-credentials/issues/1681) of the official action).
    ///
    /// # Errors
    ///
    /// As [`caller`](Self::caller).
    pub async fn caller_of_new_session(&self) -> Result<Caller, AwsError> {
        let pauses = ExponentialBuilder::default().with_min_delay(Duration::from_millis(500)).with_max_times(3);
        let is_unknown = |error: &AwsError| error.is("InvalidClientTokenId");
        read((|| self.ask()).retry(pauses.with_jitter()).when(is_unknown).await?)
    }

    async fn ask(&self) -> Result<GetCallerIdentityOutput, AwsError> {
        call("sts:GetCallerIdentity", "these credentials", self.client.get_caller_identity().send()).await
    }

    /// A session for a token.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn exchange(&self, session: &SessionRequest<'_>, token: &SecretString) -> Result<Credentials, AwsError> {
        let request = self
            .client
            .assume_role_with_web_identity()
            .role_arn(session.role.as_str())
            .role_session_name(session.name)
            .set_duration_seconds(session.seconds)
            .set_policy(session.policy.map(str::to_owned))
            .web_identity_token(token.expose_secret());
        let output = call("sts:AssumeRoleWithWebIdentity", session.role.as_str(), request.send()).await?;
        credentials("sts:AssumeRoleWithWebIdentity", output.credentials())
    }

    /// A session for whom the client's credentials are of.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn assume(&self, session: &SessionRequest<'_>) -> Result<Credentials, AwsError> {
        let request = self
            .client
            .assume_role()
            .role_arn(session.role.as_str())
            .role_session_name(session.name)
            .set_duration_seconds(session.seconds)
            .set_policy(session.policy.map(str::to_owned));
        let output = call("sts:AssumeRole", session.role.as_str(), request.send()).await?;
        credentials("sts:AssumeRole", output.credentials())
    }
}

fn read(identity: GetCallerIdentityOutput) -> Result<Caller, AwsError> {
    let account = identity.account().unwrap_or_default();
    let unusable = |error: InvalidName| AwsError::returned("sts:GetCallerIdentity", "no account").because(error);
    let account = account.parse().map_err(unusable)?;
    Ok(Caller { account, arn: identity.arn.unwrap_or_default() })
}

fn credentials(operation: &'static str, issued: Option<&Issued>) -> Result<Credentials, AwsError> {
    let issued = issued.ok_or_else(|| AwsError::unexpected(operation, "the answer has no credentials"))?;
    let expires = SystemTime::try_from(*issued.expiration())
        .map_err(|_| AwsError::unexpected(operation, "the session's end is no time"))?;
    Ok(Credentials::new(
        issued.access_key_id(),
        issued.secret_access_key(),
        Some(issued.session_token().to_owned()),
        Some(expires),
        "shipgate",
    ))
}
