//! `iam`: the documents that let shipgate in, and let it do no more than it does.

mod trust;

use serde_json::Value;

pub use self::trust::trust;

use crate::cli;
use crate::config::WrittenRole;
use crate::domain::failure::Failure;
use crate::domain::iam::guard::{self, Form};
use crate::domain::iam::policy::{PolicyScope, document, statements};
use crate::domain::iam::rights::ResourceScope;
use crate::domain::names::AccountId;
use crate::domain::role::RolePurpose;
use crate::kinds::driver;
use crate::observe::{self, DefinitionFiles};
use crate::session::Session;

/// A document, after what it lacks.
fn noted(session: &Session<'_>, document: Value, notes: Vec<String>) -> Value {
    for note in notes {
        session.events.warning(note, None);
    }
    document
}

/// What keeps everybody but the roles that change an environment from writing the tags of shipgate. Makes no call.
///
/// # Errors
///
/// `invalid`: a principal is none.
pub fn guard(session: &Session<'_>, arguments: &cli::Guard) -> Result<Value, Failure> {
    let configuration = session.configuration()?;
    arguments.principals.iter().try_for_each(|principal| check_one_principal(principal))?;
    let form = match arguments.form {
        cli::GuardForm::Scp => Form::ServiceControlPolicy,
        cli::GuardForm::Boundary => Form::Boundary,
    };
    let mut principals = arguments.principals.clone();
    let mut notes = Vec::new();
    for (environment, role) in configuration.roles() {
        match role {
            WrittenRole::Arn(role) => principals.push(role),
            WrittenRole::Absent => notes.push(format!(
                "environment `{environment}` has no `role`: the principal that changes it is denied by this, too; name it with \
                 --principal, or give it a role"
            )),
            WrittenRole::Variable => {
                let reason = format!("`role` of environment `{environment}` is written with a variable");
                return Err(Failure::invalid(reason)
                    .hint("write its whole ARN: a guard without it would deny shipgate its own tags"));
            }
        }
    }
    let document = guard::document(form, &principals);
    let length = document.to_string().len();
    if length > form.longest() {
        notes.push(format!("this has {length} characters, and AWS takes {}", form.longest()));
    }
    Ok(noted(session, document, notes))
}

/// `aws:PrincipalArn` of a session is its role, and an account has none.
fn check_one_principal(text: &str) -> Result<(), Failure> {
    check_principal(text)?;
    if text.contains(":iam:") && !text.ends_with(":root") {
        return Ok(());
    }
    Err(Failure::invalid(format!("--principal {text:?} is no user and no role"))
        .hint("name a role by its own ARN, not by that of a session: arn:aws:iam::123456789012:role/NAME"))
}

/// A user, a role or its session, or a whole account. `*` would be everybody who has an account of AWS.
fn check_principal(text: &str) -> Result<(), Failure> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let is_one = match parts.as_slice() {
        ["arn", partition, service, "", account, resource] => {
            let kinds: &[&str] = if *service == "sts" { &["assumed-role/"] } else { &["user/", "role/"] };
            partition.starts_with("aws")
                && matches!(*service, "iam" | "sts")
                && account.parse::<AccountId>().is_ok()
                && (*service == "iam" && *resource == "root" || kinds.iter().any(|kind| resource.starts_with(kind)))
                && !resource.contains(['*', '?', '$'])
        }
        _ => false,
    };
    is_one.then_some(()).ok_or_else(|| {
        Failure::invalid(format!("--principal {text:?} names no principal in particular"))
            .hint("name a user or a role by ARN, like arn:aws:iam::123456789012:user/ana")
    })
}

fn access(read_role: bool) -> RolePurpose {
    if read_role { RolePurpose::Read } else { RolePurpose::Change }
}

/// What a role may do. Looks at what the services run with the ambient credentials: the role may not exist yet.
///
/// # Errors
///
/// `invalid`: the configuration is not right; `failed`: a service cannot be looked at.
pub async fn policy(session: &Session<'_>, arguments: &cli::PolicyArguments) -> Result<Value, Failure> {
    let context = session.context;
    let configuration = session.configuration()?;
    let target = configuration.policy(context, &arguments.environment)?;
    let cloud = observe::ambient_cloud(&session.identities(&configuration), &target).await?;
    let files = DefinitionFiles::working_tree(context, &configuration.directory);
    let place = ResourceScope { account: cloud.account.clone(), region: target.region };
    let (mut needs, mut notes) = (Vec::new(), Vec::new());
    for component in &target.components {
        let of_component = driver(component).needs(component, &place, (&cloud, &files)).await?;
        needs.extend(of_component.rights);
        notes.extend(of_component.missing);
    }
    let repositories = target.images.iter().map(|image| (image.repository.clone(), image.create_repository));
    let subject = PolicyScope {
        place,
        repositories: repositories.collect(),
        needs,
        is_source: !configuration.promoted_by(target.environment.as_str()).is_empty(),
    };
    Ok(noted(session, document(&statements(&subject, access(arguments.read_role))), notes))
}
