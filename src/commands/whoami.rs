//! `whoami`: the role of each environment, and whether it lets this in; where it does not, whether that is meant, or why.

use aws_credential_types::provider::ProvideCredentials as _;
use camino::Utf8Path;
use serde_json::Value;

use crate::cli;
use crate::clients::iam::Iam;
use crate::clients::id_token::TokenEndpoint;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::iam::diagnosis::{TrustVerdict, diagnose, names_workflow};
use crate::domain::iam::trust::{ISSUER, of_token};
use crate::domain::role::{Partition, RoleArn, RolePurpose};
use crate::domain::target::EnvironmentTarget;
use crate::domain::token::Claims;
use crate::domain::view::identity::{EnvironmentIdentities, IdentityEntry, SeenIdentities, SeenIdentity};
use crate::observe::{Identities, NotEntered};
use crate::session::Session;

/// Asks for one environment, or for all.
///
/// # Errors
///
/// `invalid`: the configuration or the arguments are not right.
pub async fn run(session: &Session<'_>, arguments: &cli::Whoami) -> Result<SeenIdentities, Failure> {
    let context = session.context;
    let configuration = session.configuration()?;
    let identities = session.identities(&configuration);
    let names = match &arguments.environment {
        Some(name) => vec![name.clone()],
        None => configuration.environments(),
    };
    let mut answer = SeenIdentities { claims: None, environments: Vec::new() };
    for name in names {
        let mut environment = EnvironmentIdentities { name, identities: Vec::new(), failure: None };
        match configuration.identity(context, &environment.name) {
            Ok(target) => {
                if answer.claims.is_none() {
                    answer.claims = claims(context, &target, arguments).await;
                }
                let given = arguments.trust_policy.as_deref().map(|file| read(context, file)).transpose()?;
                let of = if arguments.read_role { Some(RolePurpose::Read) } else { None };
                for access in of.map_or_else(|| accesses(&target), |access| vec![access]) {
                    let is_own = given.is_none() && arguments.subject.is_none();
                    let known = RefusalContext { claims: answer.claims.as_ref(), trust_policy: given.as_ref(), is_own };
                    environment.identities.push(look(&identities, &target, access, known).await);
                }
            }
            Err(failure) if arguments.environment.is_some() => return Err(failure),
            Err(failure) => environment.failure = Some(failure),
        }
        answer.environments.push(environment);
    }
    Ok(answer)
}

/// What a refusal can be explained with.
#[derive(Clone, Copy)]
struct RefusalContext<'k> {
    claims: Option<&'k Claims>,
    trust_policy: Option<&'k Value>,
    /// Whether it is about this job, and no policy is given that is to be explained.
    is_own: bool,
}

fn accesses(target: &EnvironmentTarget) -> Vec<RolePurpose> {
    match target.roles.read_role {
        Some(_) => vec![RolePurpose::Change, RolePurpose::Read],
        None => vec![RolePurpose::Change],
    }
}

/// What the job's token says, or what a token with the given `sub` and claims would say. Why there is none is reported with
/// the roles.
async fn claims(context: &Context, target: &EnvironmentTarget, arguments: &cli::Whoami) -> Option<Claims> {
    let audience = Partition::of(&target.region).audience();
    if let Some(subject) = arguments.subject.clone() {
        let (issuer, audience) = (format!("https://{ISSUER}"), audience.to_owned());
        let others = arguments.claims.iter().cloned().collect();
        return Some(Claims {
            issuer,
            audience,
            subject,
            others: Some(others).filter(|_| !arguments.claims.is_empty()),
        });
    }
    let (url, key) = context.token_endpoint()?;
    let token = TokenEndpoint::new(url, key).ok()?.fetch(audience).await.ok()?;
    context.masks().hide_token(&token.text);
    Some(token.claims)
}

fn read(context: &Context, file: &Utf8Path) -> Result<Value, Failure> {
    let unreadable = |reason: String| {
        Failure::invalid(format!("trust policy {file} cannot be read"))
            .cause(reason)
            .hint("write it with `aws iam get-role --role-name NAME`")
    };
    let text = std::fs::read_to_string(context.directory.join(file)).map_err(|error| unreadable(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))
}

async fn look(
    identities: &Identities<'_>,
    target: &EnvironmentTarget,
    access: RolePurpose,
    known: RefusalContext<'_>,
) -> SeenIdentity {
    let role = target.roles.assumption(access).map(|assumption| assumption.via.unwrap_or(assumption.role));
    let entry = match (identities.try_enter(target, access).await, &role, known.claims) {
        (Ok(identity), _, _) => IdentityEntry::Is(identity.caller),
        (Err(NotEntered { meant_for: Some(meant_for), .. }), _, _) if known.is_own => {
            IdentityEntry::ByDesign(meant_for)
        }
        (Err(NotEntered { failure, .. }), Some(role), Some(claims)) => {
            IdentityEntry::Refused(explain(failure, identities, target, role, known.trust_policy, claims).await)
        }
        (Err(NotEntered { failure, .. }), _, _) => IdentityEntry::Refused(failure),
    };
    SeenIdentity { access, role: target.roles.assumption(access).map(|assumption| assumption.role), entry }
}

/// Says which condition of the trust policy keeps the token out, where the policy is given or can be read.
async fn explain(
    failure: Failure,
    identities: &Identities<'_>,
    target: &EnvironmentTarget,
    role: &RoleArn,
    given: Option<&Value>,
    claims: &Claims,
) -> Failure {
    let policy = match given {
        Some(policy) => policy.clone(),
        None => match readable(identities, target, role).await {
            Some(policy) => policy,
            None => return failure,
        },
    };
    // The token that was refused was for the role's own partition.
    let claims = &Claims { audience: role.partition().audience().to_owned(), ..claims.clone() };
    match diagnose(&policy, role, claims) {
        TrustVerdict::LetsIn => failure.cause("the trust policy would let this token in: was it changed a moment ago?"),
        TrustVerdict::Denies(reasons) => (reasons.iter().fold(failure, Failure::cause))
            .hint("if this job should have the role, change the statement of the trust policy that denies it"),
        TrustVerdict::KeepsOut(reasons) => {
            reasons.iter().fold(failure, Failure::cause).hint(correction(&policy, target, role, claims))
        }
    }
}

/// How a policy would let a job in. A statement for whatever job it is would open a role that asks for the gate's workflow.
fn correction(policy: &Value, target: &EnvironmentTarget, role: &RoleArn, claims: &Claims) -> String {
    if names_workflow(policy) {
        let environment = &target.environment;
        return format!(
            "if this job is one of the gate's, `shipgate iam trust {environment}` prints the policy of the configured \
             workflows"
        );
    }
    let statement = of_token(role, claims, false);
    format!("if jobs with this `sub` should have the role, this statement lets them in: {statement}")
}

/// The role's trust policy, where the ambient credentials may read it.
async fn readable(identities: &Identities<'_>, target: &EnvironmentTarget, role: &RoleArn) -> Option<Value> {
    let config = identities.ambient(target).await.ok()?;
    config.credentials_provider()?.provide_credentials().await.ok()?;
    Iam::new(&config).trust_policy(role).await.ok()
}
