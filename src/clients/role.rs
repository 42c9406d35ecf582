//! Credentials of a role, made anew whenever the AWS SDK finds them about to end.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use backon::{ExponentialBuilder, Retryable as _};

use super::aws::{AwsError, NotNow};
use super::id_token::{IdTokenError, TokenEndpoint};
use super::masks::Masks;
use super::sts::{SessionRequest, Sts};
use crate::domain::refusal::Refusal;
use crate::domain::role::RoleArn;
use crate::domain::token::Claims;

/// Maximum number of retries of a transient error: after about 0.5, 1 and 2 s. With the timeout of each attempt this
/// stays below the 30 s that the SDK gives one attempt of a call, in which a session is renewed.
const RETRIES: usize = 3;
/// How long STS may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(5);

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
    /// What the token says that opened the session is put here.
    pub claims: Arc<OnceLock<Claims>>,
}

/// Who asks for the first role.
#[derive(Debug, Clone)]
pub enum Begin {
    /// The job, with a token of GitHub.
    Token(TokenEndpoint),
    /// The ambient credentials, which belong to the caller of this ARN.
    Ambient(SharedCredentialsProvider, String),
}

/// Why there is no session. On its way through the SDK it is a source of the SDK's own error.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No role is named.
    #[error("there is no role to assume")]
    NoRole,
    /// GitHub gives no token to begin with.
    #[error(transparent)]
    Token(#[from] IdTokenError),
    /// STS makes no session.
    #[error(transparent)]
    Sts(Box<NotAssumed>),
}

/// STS makes no session of a role.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct NotAssumed {
    /// Why not, where STS says so in a way that is known.
    pub refusal: Option<Refusal>,
    /// The role.
    pub role: RoleArn,
    /// How long the session was to last, in seconds.
    pub seconds: Option<i32>,
    /// Who asked.
    pub asker: Asker,
    /// The call.
    #[source]
    pub error: AwsError,
}

/// Who asks for a role.
#[derive(Debug, Clone)]
pub enum Asker {
    /// The job, with a token that says this.
    Job(Claims),
    /// The caller of this ARN.
    Caller(String),
}

impl SessionError {
    fn refused(error: AwsError, session: &SessionRequest<'_>, asker: Asker) -> Self {
        let refusal = error.code.as_deref().and_then(|code| Refusal::of(code, &error.message));
        let role = session.role.clone();
        Self::Sts(Box::new(NotAssumed { refusal, role, seconds: session.seconds, asker, error }))
    }

    /// What the token says of the job that the role does not let in. `None`: it is something else.
    pub fn refused_job(&self) -> Option<&Claims> {
        match self {
            Self::Sts(refused) => match (&refused.asker, refused.refusal) {
                (Asker::Job(claims), Some(Refusal::NotTrusted)) => Some(claims),
                _ => None,
            },
            Self::Token(_) | Self::NoRole => None,
        }
    }

    /// Whether it may be over at the next try.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NoRole => false,
            Self::Token(error) => error.is_transient(),
            Self::Sts(refused) => refused.error.is_transient(),
        }
    }

    /// How often it may be tried again. Only another token makes a refused exchange worth another try.
    fn retries(&self) -> usize {
        match self {
            Self::Sts(refused) => match (&refused.asker, refused.refusal) {
                (Asker::Job(_), Some(refusal)) => refusal.retries(),
                _ if self.is_transient() => RETRIES,
                _ => 0,
            },
            Self::Token(_) if self.is_transient() => RETRIES,
            Self::Token(_) | Self::NoRole => 0,
        }
    }
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
            self.begin().await.map_err(|error| {
                if error.is_transient() {
                    CredentialsError::provider_error(NotNow::new(error))
                } else {
                    CredentialsError::provider_error(error)
                }
            })
        })
    }
}

impl RoleSession {
    /// Makes the first session at once: why there is none is then reported as it is, not as a call that took too long.
    ///
    /// # Errors
    ///
    /// The role cannot be had, or AWS or GitHub cannot be asked.
    pub async fn open(plan: SessionPlan) -> Result<Self, SessionError> {
        let timeouts = TimeoutConfig::builder().connect_timeout(TIMEOUT).operation_attempt_timeout(TIMEOUT).build();
        let config = plan.config.to_builder().timeout_config(timeouts).build();
        let session = Self { plan: SessionPlan { config, ..plan }, ready: Mutex::default() };
        let first = session.begin().await?;
        if let Ok(mut ready) = session.ready.lock() {
            *ready = Some(first);
        }
        Ok(session)
    }

    async fn begin(&self) -> Result<Credentials, SessionError> {
        let mut roles = self.plan.roles.iter().enumerate();
        let mut credentials = match (&self.plan.begin, roles.next()) {
            (Begin::Token(endpoint), Some((index, role))) => {
                let session = self.request(index, role);
                with_retries(|| self.exchange(endpoint, session)).await?
            }
            (Begin::Ambient(ambient, caller), Some((index, role))) => {
                with_retries(|| self.assume(ambient.clone(), caller, self.request(index, role))).await?
            }
            (_, None) => return Err(SessionError::NoRole),
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
    async fn exchange(
        &self,
        endpoint: &TokenEndpoint,
        session: SessionRequest<'_>,
    ) -> Result<Credentials, SessionError> {
        let token = endpoint.fetch(session.role.partition().audience()).await?;
        self.plan.masks.hide_token(&token.text);
        let result = Sts::once(&self.plan.config).exchange(&session, &token.text).await;
        if result.is_ok() {
            // Each token of a job says the same.
            self.plan.claims.get_or_init(|| token.claims.clone());
        }
        result.map_err(|error| SessionError::refused(error, &session, Asker::Job(token.claims)))
    }

    async fn assume(
        &self,
        credentials: SharedCredentialsProvider,
        caller: &str,
        session: SessionRequest<'_>,
    ) -> Result<Credentials, SessionError> {
        let config = self.plan.config.to_builder().credentials_provider(credentials).build();
        let result = Sts::once(&config).assume(&session).await;
        result.map_err(|error| SessionError::refused(error, &session, Asker::Caller(caller.to_owned())))
    }
}

async fn with_retries<F: Future<Output = Result<Credentials, SessionError>>>(
    attempt: impl FnMut() -> F,
) -> Result<Credentials, SessionError> {
    let pauses =
        ExponentialBuilder::default().with_min_delay(Duration::from_millis(500)).with_max_times(RETRIES).with_jitter();
    let mut tried = 0;
    let result = attempt.retry(pauses).when(|error: &SessionError| {
        tried += 1;
        tried <= error.retries()
    });
    result.await
}
