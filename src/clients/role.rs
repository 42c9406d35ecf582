//! Credentials of a role, made anew whenever the AWS SDK finds them about to end.

use std::error::Error as StdError;
use std::sync::Mutex;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use backon::{ExponentialBuilder, Retryable as _};

use super::aws::{AwsError, AwsErrorKind, sources};
use super::id_token::{IdToken, TokenEndpoint};
use super::masks::Masks;
use super::sts::{SessionRequest, Sts};
use crate::domain::failure::Failure;
use crate::domain::neutral;
use crate::domain::refusal::Refusal;
use crate::domain::role::RoleArn;
use crate::domain::token::Claims;

/// So often, at most, something transient is tried again: after about 0.5, 1 and 2 s. With the patience of each try this
/// stays below the 30 s that the SDK gives one attempt of a call, in which a session is renewed.
const RETRIES: usize = 3;
/// How long STS may take for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A session of a role, and how the next one is made.
#[derive(Debug)]
pub struct RoleSession {
    plan: SessionPlan,
    /// The session that is there already and not handed out yet.
    ready: Mutex<Option<Credentials>>,
}

/// What a session is made of.
#[derive(Debug)]
pub struct SessionPlan {
    /// Who asks for the first role.
    pub begin: Begin,
    /// The roles, each assumed by the one before it. The last is the one whose session this is. At least one.
    pub roles: Vec<RoleArn>,
    /// The sessions' name.
    pub name: String,
    /// How long the last session lasts.
    pub duration: Option<Duration>,
    /// The policy that narrows the last session.
    pub policy: Option<String>,
    /// Region and addresses.
    pub config: SdkConfig,
    /// Who hides tokens and sessions.
    pub masks: Masks,
}

/// Who asks for the first role.
#[derive(Debug, Clone)]
pub enum Begin {
    /// The job, with a token of GitHub.
    Token(TokenEndpoint),
    /// The ambient credentials, which belong to the caller of this ARN.
    Ambient(SharedCredentialsProvider, String),
}

/// A failure on its way through the SDK.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.brief())]
pub struct NoSession(Failure);

/// The failure behind an error of the SDK whose reason is that a role could not be assumed.
pub fn no_session<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e Failure> {
    sources(error).find_map(|error| error.downcast_ref::<NoSession>()).map(|NoSession(failure)| failure)
}

impl ProvideCredentials for RoleSession {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            if let Some(ready) = self.ready.lock().ok().and_then(|mut ready| ready.take()) {
                return Ok(ready);
            }
            self.begin().await.map_err(|failure| CredentialsError::provider_error(NoSession(failure)))
        })
    }
}

impl RoleSession {
    /// Makes the first session at once: why there is none is then told as it is, not as a call that took too long.
    ///
    /// # Errors
    ///
    /// `invalid` where the role cannot be had, `failed` when AWS or GitHub cannot be asked.
    pub async fn open(plan: SessionPlan) -> Result<Self, Failure> {
        let timeouts = TimeoutConfig::builder().connect_timeout(PATIENCE).operation_attempt_timeout(PATIENCE).build();
        let config = plan.config.to_builder().timeout_config(timeouts).build();
        let session = Self { plan: SessionPlan { config, ..plan }, ready: Mutex::default() };
        let first = session.begin().await?;
        if let Ok(mut ready) = session.ready.lock() {
            *ready = Some(first);
        }
        Ok(session)
    }

    async fn begin(&self) -> Result<Credentials, Failure> {
        let mut roles = self.plan.roles.iter().enumerate();
        let mut credentials = match (&self.plan.begin, roles.next()) {
            (Begin::Token(endpoint), Some((index, role))) => {
                let session = self.request(index, role);
                with_retries(|| self.exchange(endpoint, session)).await?
            }
            (Begin::Ambient(ambient, caller), Some((index, role))) => {
                with_retries(|| self.assume(ambient.clone(), caller, self.request(index, role))).await?
            }
            (_, None) => return Err(Failure::failed("there is no role to assume")),
        };
        self.plan.masks.hide_credentials(&credentials);
        for (index, role) in roles {
            let provider = SharedCredentialsProvider::new(credentials);
            let caller = self.plan.roles[index - 1].as_str();
            credentials = with_retries(|| self.assume(provider.clone(), caller, self.request(index, role))).await?;
            self.plan.masks.hide_credentials(&credentials);
        }
        Ok(credentials)
    }

    /// Duration and policy are those of the session that the work is done in.
    fn request<'r>(&'r self, index: usize, role: &'r RoleArn) -> SessionRequest<'r> {
        let is_last = index + 1 == self.plan.roles.len();
        let seconds = self.plan.duration.and_then(|duration| i32::try_from(duration.as_secs()).ok());
        SessionRequest {
            role,
            name: &self.plan.name,
            seconds: seconds.filter(|_| is_last),
            policy: self.plan.policy.as_deref().filter(|_| is_last),
        }
    }

    /// A fresh token for each try: one lives for five minutes, and an exchange that was refused may have used it up.
    async fn exchange(&self, endpoint: &TokenEndpoint, session: SessionRequest<'_>) -> Result<Credentials, Refused> {
        let token = endpoint.fetch(session.role.partition().audience()).await?;
        self.plan.masks.hide_token(&token.text);
        let result = Sts::once(&self.plan.config).exchange(&session, &token.text).await;
        result.map_err(|error| refused_exchange(&error, &session, &token))
    }

    async fn assume(
        &self,
        credentials: SharedCredentialsProvider,
        caller: &str,
        session: SessionRequest<'_>,
    ) -> Result<Credentials, Refused> {
        let config = self.plan.config.to_builder().credentials_provider(credentials).build();
        Sts::once(&config).assume(&session).await.map_err(|error| refused_assumption(&error, &session, caller))
    }
}

/// A failure, and how often what was refused may be tried again.
struct Refused {
    failure: Failure,
    retries: usize,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        let retries = if failure.transient { RETRIES } else { 0 };
        Self { failure, retries }
    }
}

async fn with_retries<F: Future<Output = Result<Credentials, Refused>>>(
    attempt: impl FnMut() -> F,
) -> Result<Credentials, Failure> {
    let pauses =
        ExponentialBuilder::default().with_min_delay(Duration::from_millis(500)).with_max_times(RETRIES).with_jitter();
    let mut tried = 0;
    let result = attempt.retry(pauses).when(|refused: &Refused| {
        tried += 1;
        tried <= refused.retries
    });
    result.await.map_err(|refused| refused.failure)
}

/// A failed call as a failure, with the refusal if it was one.
fn read(error: &AwsError) -> (Option<Refusal>, Failure) {
    let refusal = error.code.as_deref().and_then(|code| Refusal::of(code, &error.message));
    let transient = matches!(error.kind, AwsErrorKind::Unreachable | AwsErrorKind::Throttled);
    (refusal, Failure { transient, ..Failure::from(error.clone()) })
}

fn refused_exchange(error: &AwsError, session: &SessionRequest<'_>, token: &IdToken) -> Refused {
    let (refusal, failure) = read(error);
    let Some(refusal) = refusal else { return failure.into() };
    let failure = explain(refusal, session, &token.claims).cause(error.to_string());
    let failure =
        if shows_claims(refusal) { token.claims.lines().iter().fold(failure, Failure::cause) } else { failure };
    Refused { failure, retries: refusal.retries() }
}

fn shows_claims(refusal: Refusal) -> bool {
    matches!(refusal, Refusal::NotTrusted | Refusal::NoProvider | Refusal::WrongAudience | Refusal::NotAToken)
}

/// What a refusal means, and what to do about it.
fn explain(refusal: Refusal, session: &SessionRequest<'_>, claims: &Claims) -> Failure {
    let role = session.role;
    let account = role.account();
    match refusal {
        Refusal::NotTrusted => Failure::invalid(format!("role {role} does not let this job in"))
            .hint("`shipgate iam trust` prints a trust policy for the jobs that should have the role: is this one of them?")
            .hint(format!(
                "`shipgate whoami ENVIRONMENT --trust-policy FILE --subject {}` says which condition keeps it out",
                neutral::word(&claims.subject)
            ))
            .hint(format!("make sure that {role} exists, with this path and these capital letters")),
        Refusal::NoProvider => {
            Failure::invalid(format!("account {account} does not know GitHub as an identity provider")).hint(format!(
                "create an OpenID Connect provider for {} with audience {} in account {account}",
                claims.issuer, claims.audience
            ))
        }
        Refusal::WrongAudience => Failure::invalid(format!(
            "the identity provider in account {account} does not know audience {}",
            claims.audience
        ))
        .hint(format!("add {} to the provider's client ids (audiences)", claims.audience)),
        Refusal::NotAToken => Failure::invalid("AWS does not accept GitHub's token")
            .hint("check that the account's OpenID Connect provider is for the `iss` of the token"),
        Refusal::Expired => Failure::invalid("GitHub's token had expired when it arrived")
            .hint("check this machine's clock, and whether something between it and AWS delays requests"),
        Refusal::Rejected => {
            Failure::invalid("the identity provider has taken GitHub's token back").hint("run the job again")
        }
        Refusal::ProviderUnreachable => Failure::failed("AWS cannot ask GitHub's identity provider for its keys")
            .hint("run it again; https://www.githubstatus.com tells whether GitHub Actions has a problem"),
        Refusal::PolicyTooLarge => Failure::invalid("the session policy is too large")
            .hint("shorten the file that `session-policy` names: 2048 characters at most, and packed by AWS"),
        Refusal::PolicyMalformed => Failure::invalid("the session policy is not an IAM policy")
            .hint("correct the file that `session-policy` names"),
        Refusal::RegionDisabled => Failure::invalid("AWS STS is turned off in this region for the role's account")
            .hint(format!("turn it on in the account settings of IAM in account {account}, or correct `region`")),
        Refusal::TooLong => {
            let asked = session.seconds.unwrap_or(3600);
            Failure::invalid(format!("role {role} does not allow sessions of {asked} seconds"))
                .hint("shorten `session-duration`, or raise the role's maximum session duration (MaxSessionDuration)")
        }
        Refusal::TooLongForChain => Failure::invalid("a session of one role may assume another for an hour at most")
            .hint("write at most `1h` as `session-duration`, or begin with a token or with credentials of a user"),
    }
}

fn refused_assumption(error: &AwsError, session: &SessionRequest<'_>, caller: &str) -> Refused {
    let (refusal, failure) = read(error);
    let role = session.role;
    match refusal {
        Some(Refusal::NotTrusted) => Failure::invalid(format!("{caller} may not assume role {role}"))
            .cause(error.to_string())
            .hint(format!("allow `sts:AssumeRole` on {role} in the policy of {caller}"))
            .hint(format!("name {caller} in the role's trust policy: `shipgate iam trust --principal ARN` prints one"))
            .into(),
        Some(
            refusal @ (Refusal::PolicyTooLarge
            | Refusal::PolicyMalformed
            | Refusal::RegionDisabled
            | Refusal::TooLong
            | Refusal::TooLongForChain),
        ) => explain(refusal, session, &Claims::default()).cause(error.to_string()).into(),
        _ => failure.into(),
    }
}
