//! The identity in an environment: a role's session, or the ambient credentials.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;
use camino::{Utf8Path, Utf8PathBuf};

use super::Checkout;
use crate::clients::ambient;
use crate::clients::aws::{chain, sources};
use crate::clients::id_token::TokenEndpoint;
use crate::clients::role::{Begin, RoleSession, SessionError, SessionPlan};
use crate::clients::sts::Sts;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::file_line::in_brackets;
use crate::domain::iam::jobs::{Promotions, jobs};
use crate::domain::iam::standing::{JobAccess, meant, standing};
use crate::domain::role::{Assumption, Caller, RoleArn, RolePurpose, person, session_name, without_blanks};
use crate::domain::target::EnvironmentTarget;
use crate::domain::token::Claims;
use crate::domain::workflow::{Endpoint, RoleSource, RoleUnavailable, way};
use crate::explain::{self, AskedRole, Phase, WhichRole};

/// How long it may take to make a session: several tries at the token endpoint and at STS.
const TIMEOUT: Duration = Duration::from_mins(3);
/// The longest session policy that STS takes, in characters
/// ([Policy](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html)).
const LONGEST_POLICY: usize = 2048;

/// The sessions of one command. A role that is needed twice is assumed once.
#[derive(Debug)]
pub struct Identities<'c> {
    context: &'c Context,
    directory: Utf8PathBuf,
    cache: SharedIdentityCache,
    sessions: Mutex<Vec<(Assumption, SharedCredentialsProvider)>>,
    claims: Arc<OnceLock<Claims>>,
    promotions: Promotions,
}

/// Why a command cannot be who it has to be.
#[derive(Debug)]
pub struct NotEntered {
    /// What is wrong.
    pub failure: Failure,
    /// The jobs that the role is for, in words, where the configuration keeps this job out. `None`: it does not, or that is
    /// not known.
    pub meant_for: Option<String>,
}

impl From<Failure> for NotEntered {
    fn from(failure: Failure) -> Self {
        Self { failure, meant_for: None }
    }
}

/// Whose credentials are used, with what calls are made with.
#[derive(Debug)]
pub struct Identity {
    /// The configuration of all clients.
    pub config: SdkConfig,
    /// The principal that AWS names.
    pub caller: Caller,
}

impl<'c> Identities<'c> {
    /// No session yet. Paths are relative to the directory of the configuration file; `promotions` are its own.
    pub fn new(context: &'c Context, directory: &Utf8Path, promotions: Promotions) -> Self {
        // The SDK's own timeout is for one attempt.
        let cache = IdentityCache::lazy().load_timeout(TIMEOUT).build();
        Self {
            context,
            directory: directory.to_owned(),
            cache,
            sessions: Mutex::default(),
            claims: Arc::default(),
            promotions,
        }
    }

    /// The directory of the configuration file.
    pub fn directory(&self) -> &Utf8Path {
        &self.directory
    }

    /// What the job's token says, where a role was assumed with one.
    pub fn claims(&self) -> Option<&Claims> {
        self.claims.get()
    }

    /// What a token of this job says that a role would be assumed with. Nothing is assumed.
    ///
    /// # Errors
    ///
    /// `invalid`: the job can have none; `failed`: GitHub cannot be asked.
    pub async fn own_token(&self, role: &RoleArn) -> Result<Claims, Failure> {
        let Some((url, key)) = self.context.token_endpoint() else {
            let why = way(&self.context.job(), self.context.endpoint(), None, std::slice::from_ref(role)).err();
            return Err(why.map_or_else(outside, |no_way| explain::no_way(no_way, role)));
        };
        let token = TokenEndpoint::new(url, key)?.fetch(role.partition().audience()).await?;
        self.context.masks().hide_token(&token.text);
        Ok(token.claims)
    }

    /// Becomes who a command has to be in an environment, and proves it: the role, and the account.
    ///
    /// # Errors
    ///
    /// `invalid` where the role cannot be had, without credentials, or in another account; `failed` when AWS or GitHub
    /// cannot be asked.
    pub async fn enter(&self, target: &EnvironmentTarget, access: RolePurpose) -> Result<Identity, Failure> {
        self.try_enter(target, access).await.map_err(|refused| refused.failure)
    }

    /// The same, which says also whether the role is meant for other jobs.
    ///
    /// # Errors
    ///
    /// As [`enter`](Self::enter).
    pub async fn try_enter(&self, target: &EnvironmentTarget, access: RolePurpose) -> Result<Identity, NotEntered> {
        let Some(assumption) = target.roles.assumption(access) else {
            return Ok(self.stay(target).await?);
        };
        let ambient = self.ambient(target).await?;
        let provider = self.provider(&ambient, &assumption, (target, access)).await?;
        Ok(prove(target, &assumption, ambient.to_builder().credentials_provider(provider).build()).await?)
    }

    /// What a refusal to open a session means: whether the role is meant for this job, and what of it differs.
    fn not_entered(&self, error: SessionError, (target, access): (&EnvironmentTarget, RolePurpose)) -> NotEntered {
        let (Some(claims), SessionError::Sts(refused)) = (error.refused_job(), &error) else {
            return Failure::from(error).into();
        };
        let roles = &target.roles;
        // A job that may assume the first role can go on to `role`.
        let is_one = roles.via.is_some() || roles.read_role.is_none();
        let environment = self.promotions.environment(target.environment.as_str(), !is_one);
        // No configuration names the branch that deploys: it is the default one, as `iam trust` has it.
        let branch = self.context.default_branch().unwrap_or_else(|| "main".to_owned());
        let admissions = jobs(&environment, if is_one { RolePurpose::Change } else { access }, &branch, true);
        let standing = standing(&admissions, claims);
        let is_by_design = matches!(&standing, JobAccess::Other(difference) if difference.is_by_design());
        let which = match (access, &roles.via, &roles.read_role) {
            (_, Some(_), _) => WhichRole::Via,
            (RolePurpose::Read, None, Some(_)) => WhichRole::ReadRole,
            (RolePurpose::Read | RolePurpose::Change, None, _) => WhichRole::Role,
        };
        let asked = AskedRole { environment: &environment.name, access, which, admissions: &admissions };
        NotEntered {
            failure: explain::refused_job(refused, claims, &asked, &standing),
            meant_for: is_by_design.then(|| meant(&admissions)),
        }
    }

    /// Stays with the ambient credentials, and proves the account.
    ///
    /// # Errors
    ///
    /// `invalid` without credentials, or in another account; `failed` when AWS cannot be asked.
    pub async fn stay(&self, target: &EnvironmentTarget) -> Result<Identity, Failure> {
        let config = self.ambient(target).await?;
        let caller = self.ambient_caller(&config).await?;
        of_account(target, &caller)?;
        Ok(Identity { config, caller })
    }

    /// Why an environment cannot be read from here, whatever its roles let in: there is nothing to assume a role
    /// with. `None`: it can be tried.
    pub async fn why_unavailable(&self, target: &EnvironmentTarget, access: RolePurpose) -> Option<Failure> {
        let ambient = match self.ambient(target).await {
            Ok(ambient) => ambient,
            Err(failure) => return Some(failure),
        };
        let Some(assumption) = target.roles.assumption(access) else {
            return self.ambient_credentials(&ambient).await.err();
        };
        if self.context.endpoint() != Endpoint::Complete && !self.context.in_actions() {
            let failure = self.ambient_credentials(&ambient).await.err()?;
            return Some(without_ambient(failure, &assumption));
        }
        let caller = match self.context.endpoint() {
            Endpoint::Complete => None,
            Endpoint::Half(_) | Endpoint::Absent => self.ambient_caller(&ambient).await.ok(),
        };
        self.way(&assumption, caller.as_ref()).err()
    }

    /// How the roles of an assumption are come to, with those roles. `caller`: whom the ambient credentials belong to.
    fn way(&self, assumption: &Assumption, caller: Option<&Caller>) -> Result<(RoleSource, Vec<RoleArn>), Failure> {
        let roles: Vec<_> = assumption.via.iter().chain([&assumption.role]).cloned().collect();
        let arn = caller.map(|caller| caller.arn.as_str());
        let way = way(&self.context.job(), self.context.endpoint(), arn, &roles);
        way.map(|way| (way, roles)).map_err(|no_way| explain::no_way(no_way, &assumption.role))
    }

    /// A session of a role of an environment, for others to use, proven in the same way.
    ///
    /// # Errors
    ///
    /// As [`enter`](Self::enter); `invalid` where the environment has no role.
    pub async fn credentials(&self, target: &EnvironmentTarget, access: RolePurpose) -> Result<Credentials, Failure> {
        let ambient = self.ambient(target).await?;
        let assumption = target.roles.assumption(access).ok_or_else(|| {
            Failure::invalid(format!("environment `{}` has no role", target.environment)).hint(format!(
                "write `role` in `[environments.{}]`; other programs find ambient credentials by themselves",
                target.environment
            ))
        })?;
        let provider =
            self.provider(&ambient, &assumption, (target, access)).await.map_err(|refused| refused.failure)?;
        let credentials = provider.provide_credentials().await.map_err(|error| {
            let session = sources(&error).find_map(|error| error.downcast_ref::<SessionError>());
            session.map_or_else(
                || Failure::invalid("the ambient credentials cannot be used").cause(chain(&error)),
                |session| explain::explain(session, Phase::Before),
            )
        })?;
        let fixed = SharedCredentialsProvider::new(credentials.clone());
        prove(target, &assumption, ambient.to_builder().credentials_provider(fixed).build()).await?;
        Ok(credentials)
    }

    /// The ambient credentials, whatever the environment's roles are.
    ///
    /// # Errors
    ///
    /// `invalid`: they would be sent without encryption.
    pub async fn ambient(&self, target: &EnvironmentTarget) -> Result<SdkConfig, Failure> {
        let (masks, endpoints) = (self.context.masks(), self.context.aws_endpoints());
        Ok(ambient::configure(&target.region, self.cache.clone(), masks, endpoints).await?)
    }

    async fn ambient_caller(&self, config: &SdkConfig) -> Result<Caller, Failure> {
        Ok(ambient::caller(config, self.context.variable("AWS_PROFILE")).await?)
    }

    async fn ambient_credentials(&self, config: &SdkConfig) -> Result<(), Failure> {
        Ok(ambient::credentials(config, self.context.variable("AWS_PROFILE")).await?)
    }

    async fn provider(
        &self,
        ambient: &SdkConfig,
        assumption: &Assumption,
        of: (&EnvironmentTarget, RolePurpose),
    ) -> Result<SharedCredentialsProvider, NotEntered> {
        match self.known(assumption) {
            Some(provider) => Ok(provider),
            None => self.session(ambient, assumption, of).await,
        }
    }

    fn known(&self, assumption: &Assumption) -> Option<SharedCredentialsProvider> {
        let sessions = self.sessions.lock().ok()?;
        sessions.iter().find(|(known, _)| known == assumption).map(|(_, provider)| provider.clone())
    }

    async fn session(
        &self,
        ambient: &SdkConfig,
        assumption: &Assumption,
        of: (&EnvironmentTarget, RolePurpose),
    ) -> Result<SharedCredentialsProvider, NotEntered> {
        let endpoint = self.context.token_endpoint();
        let caller = match endpoint {
            Some(_) => None,
            None => Some(self.ambient_caller(ambient).await),
        };
        let known = caller.as_ref().and_then(|caller| caller.as_ref().ok());
        let name = session_name(self.context.run(), known.and_then(|caller| person(&caller.arn)));
        let (way, roles) = self.way(assumption, known)?;
        let ambient_provider =
            || ambient.credentials_provider().ok_or_else(|| Failure::invalid("there are no AWS credentials"));
        let (begin, roles) = match way {
            RoleSource::Already if assumption.policy.is_some() => return Err(not_narrowed(assumption).into()),
            RoleSource::Already => return Ok(ambient_provider()?),
            RoleSource::Token => {
                let (url, key) =
                    endpoint.ok_or_else(|| explain::no_way(RoleUnavailable::NoPermission, &assumption.role))?;
                (Begin::Token(TokenEndpoint::new(url, key).map_err(Failure::from)?), roles)
            }
            RoleSource::Assume(first) => {
                // Why there is no caller is why the role cannot be assumed.
                let caller = caller.transpose().map_err(|failure| without_ambient(failure, assumption))?;
                let arn = caller.map(|caller| caller.arn).unwrap_or_default();
                (Begin::Ambient(ambient_provider()?, arn), roles[first..].to_vec())
            }
        };
        let plan = SessionPlan {
            begin,
            roles,
            name,
            duration: assumption.duration,
            policy: self.policy(assumption)?,
            config: ambient.clone(),
            masks: self.context.masks(),
            claims: Arc::clone(&self.claims),
        };
        let provider =
            SharedCredentialsProvider::new(RoleSession::open(plan).await.map_err(|error| self.not_entered(error, of))?);
        if let Ok(mut sessions) = self.sessions.lock() {
            sessions.push((assumption.clone(), provider.clone()));
        }
        Ok(provider)
    }

    fn policy(&self, assumption: &Assumption) -> Result<Option<String>, Failure> {
        let Some(file) = &assumption.policy else { return Ok(None) };
        let unusable = |reason: String| {
            Failure::invalid(format!("session policy {file} cannot be used"))
                .cause(reason)
                .hint("correct the file that `session-policy` names: an IAM policy in JSON, at most 2048 characters")
        };
        let checkout = Checkout::around(self.context, &self.directory);
        let text = checkout.read(self.directory.join(file)).map_err(|error| unusable(error.to_string()))?;
        let _json: serde::de::IgnoredAny = serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))?;
        // Blanks count too.
        let text = without_blanks(&text);
        let length = text.chars().count();
        if length > LONGEST_POLICY {
            return Err(unusable(format!("it has {length} characters without blanks")));
        }
        Ok(Some(text))
    }
}

/// Nothing here gives tokens.
fn outside() -> Failure {
    Failure::invalid("there is no token of GitHub outside of its jobs")
        .hint("run it in a job of GitHub Actions with `permissions: { id-token: write, contents: read }`")
}

/// A session that is there already is as wide as it is.
fn not_narrowed(assumption: &Assumption) -> Failure {
    Failure::invalid(format!("the ambient credentials are a session of {} already", assumption.role))
        .cause("`session-policy` narrows sessions when they are made, so it would not hold for this one")
        .hint("use credentials that may assume the role, or remove `session-policy`")
}

/// Asks AWS for the principal, and compares.
async fn prove(target: &EnvironmentTarget, assumption: &Assumption, config: SdkConfig) -> Result<Identity, Failure> {
    let caller = Sts::new(&config).caller_of_new_session().await?;
    if !assumption.role.is_role_of(&caller.arn) {
        return Err(Failure::failed(format!(
            "AWS answers that the session is {}, which is not of role {}",
            caller.arn, assumption.role
        ))
        .hint("check AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL, if they are set"));
    }
    of_account(target, &caller)?;
    Ok(Identity { config, caller })
}

/// Without `account` it is that of the role, for printing its policy.
fn of_account(target: &EnvironmentTarget, caller: &Caller) -> Result<(), Failure> {
    match target.account.as_ref().or(target.roles.role.as_ref().map(RoleArn::account)) {
        Some(configured) if *configured != caller.account => {
            let line = in_brackets(target.account_line.as_ref());
            Err(Failure::invalid(format!(
                "the AWS credentials are of account {}, but environment `{}` is in account {configured}{line}",
                caller.account, target.environment
            ))
            .cause(format!("the credentials are those of {}", caller.arn))
            .hint(format!("use credentials of account {configured}, or correct `account`{line}")))
        }
        _ => Ok(()),
    }
}

fn without_ambient(failure: Failure, assumption: &Assumption) -> Failure {
    let hint = format!("or run it in GitHub Actions, where role {} is assumed without them", assumption.role);
    Failure { reason: format!("{}, which would assume role {}", failure.reason, assumption.role), ..failure }.hint(hint)
}
