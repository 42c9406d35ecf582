//! The identities of a run: `whoami`.

use serde::Serialize;

use super::cause::FailureV1;
use super::text::{SCHEMA, to_text};
use crate::domain::failure::Failure;
use crate::domain::role::RolePurpose;
use crate::domain::token::Claims;
use crate::domain::view::identity::{IdentityEntry, SeenIdentities, SeenIdentity};

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WhoamiV1 {
    /// The name of this form of documents.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// The command.
    #[cfg_attr(test, schemars(extend("const" = "whoami")))]
    command: &'static str,
    /// `null`: the job has no token.
    token: Option<TokenV1>,
    /// The environments that were asked for.
    environments: Vec<IdentityEnvironmentV1>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TokenV1 {
    /// Who issued the token.
    iss: String,
    /// The subject.
    sub: String,
    /// The audience.
    aud: String,
    /// The repository, `OWNER/NAME`.
    repository: Option<String>,
    /// Its numeric id.
    repository_id: Option<String>,
    /// The ref of the run.
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    /// GitHub's environment of the job. `null`: it has none.
    environment: Option<String>,
    /// The workflow file of the job, with its ref.
    job_workflow_ref: Option<String>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "EnvironmentIdentitiesV1"))]
struct IdentityEnvironmentV1 {
    /// The environment.
    name: String,
    /// Its roles, or the ambient credentials.
    identities: Vec<IdentityV1>,
    #[serde(flatten)]
    failure: Option<FailureV1>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct IdentityV1 {
    /// What it is for: to `change` the environment, or to read it (`look`).
    #[serde(rename = "for")]
    #[cfg_attr(test, schemars(extend("enum" = ["change", "look"])))]
    purpose: &'static str,
    /// `null`: the ambient credentials are used.
    role: Option<String>,
    /// `null`: no principal.
    arn: Option<String>,
    /// The id of the AWS account. `null`: the role could not be assumed.
    account: Option<String>,
    /// Whether the configuration keeps this job out: the role is for others, as `reason` says, and nothing is wrong.
    by_design: bool,
    #[serde(flatten)]
    failure: Option<FailureV1>,
}

/// The document of `whoami`.
pub fn whoami(answer: &SeenIdentities) -> String {
    let environments = answer.environments.iter().map(|environment| IdentityEnvironmentV1 {
        name: environment.name.clone(),
        identities: environment.identities.iter().map(identity).collect(),
        failure: environment.failure.as_ref().map(FailureV1::from),
    });
    to_text(&WhoamiV1 {
        schema: SCHEMA,
        command: "whoami",
        token: answer.claims.as_ref().map(token),
        environments: environments.collect(),
    })
}

fn token(claims: &Claims) -> TokenV1 {
    let other = |name: &str| claims.others.as_ref()?.get(name).cloned();
    TokenV1 {
        iss: claims.issuer.clone(),
        sub: claims.subject.clone(),
        aud: claims.audience.clone(),
        repository: other("repository"),
        repository_id: other("repository_id"),
        git_ref: other("ref"),
        environment: other("environment"),
        job_workflow_ref: other("job_workflow_ref"),
    }
}

fn identity(identity: &SeenIdentity) -> IdentityV1 {
    let caller = identity.caller();
    IdentityV1 {
        purpose: match identity.access {
            RolePurpose::Change => "change",
            RolePurpose::Read => "look",
        },
        role: identity.role.as_ref().map(ToString::to_string),
        arn: caller.map(|caller| caller.arn.clone()),
        account: caller.map(|caller| caller.account.to_string()),
        by_design: matches!(identity.entry, IdentityEntry::ByDesign(_)),
        failure: match &identity.entry {
            IdentityEntry::Is(_) => None,
            IdentityEntry::ByDesign(meant_for) => Some(FailureV1::from(&Failure::invalid(format!("only {meant_for}")))),
            IdentityEntry::Refused(failure) => Some(FailureV1::from(failure)),
        },
    }
}
