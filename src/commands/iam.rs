//! `iam`: the documents that let shipgate in, and let it do no more than it does.

use serde_json::Value;

use crate::cli;
use crate::config::WrittenRole;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::github::repository::{is_name, name_in_address};
use crate::domain::iam::guard::{self, Form};
use crate::domain::iam::policy::{Subject, document, statements};
use crate::domain::iam::rights::Place;
use crate::domain::iam::trust::{self, Environment, Repository, SubjectForm};
use crate::domain::names::{AccountId, EnvironmentName};
use crate::domain::neutral;
use crate::domain::probe::shown_url;
use crate::domain::role::{Access, RoleArn};
use crate::domain::target::Target;
use crate::kinds::driver;
use crate::observe::{self, Files};
use crate::session::Session;

/// What a trust policy lacks that has no ids in it
/// ([immutable subjects](https://docs.github.com/en/actions/reference/security/oidc)).
const CLASSIC_ALONE: &str = "this lets in no job of a repository that was made, renamed or moved after 2026-07-15: its \
                             tokens have ids. Add --owner-id and --repository-id, which \
                             `gh api repos/OWNER/NAME --jq '.owner.id, .id'` prints";
const NAME_IT: &str = "name it: --repository OWNER/NAME";

/// A document, after what it lacks.
fn noted(session: &Session<'_>, document: Value, notes: Vec<String>) -> Value {
    for note in notes {
        session.events.warning(note, None);
    }
    document
}

/// Who may become a role. Asks nobody.
///
/// # Errors
///
/// `invalid`: the environment has no such role, or the repository is not known.
pub fn trust(session: &Session<'_>, arguments: &cli::Trust) -> Result<Value, Failure> {
    let context = session.context;
    let configuration = session.configuration()?;
    let target = configuration.identity(context, &arguments.environment)?;
    let access = access(arguments.read_role);
    let role = own_role(&target, access)?;
    let (repository, form) = repository(context, arguments)?;
    let is_guess = repository.ids.is_none() && arguments.subject_form.is_none();
    let notes = is_guess.then(|| CLASSIC_ALONE.to_owned()).into_iter().collect();
    let environment = Environment {
        name: target.environment.to_string(),
        is_promoted_to: target.promotes_from.is_some(),
        has_read_role: target.roles.read_role.is_some(),
        promoted_by: configuration.promoted_by(target.environment.as_str()),
    };
    let subjects = |access| trust::subjects(&repository, form, &trust::jobs(&environment, access, &arguments.branch));
    let principals = &arguments.principals;
    principals.iter().try_for_each(|principal| check_principal(principal))?;
    let document = match (&target.roles.via, arguments.via) {
        (None, false) => Ok(trust::policy(role, &subjects(access), principals)),
        // Whoever comes to the first role can go on to `role`, so nobody is let in who may only look.
        (Some(via), true) => {
            let as_one = Environment { has_read_role: false, ..environment.clone() };
            let jobs = trust::jobs(&as_one, Access::Change, &arguments.branch);
            Ok(trust::policy(via, &trust::subjects(&repository, form, &jobs), principals))
        }
        (Some(via), false) => Ok(trust::policy(role, &[], &[&[via.to_string()], principals.as_slice()].concat())),
        (None, true) => {
            Err(Failure::invalid(format!("environment `{}` has no `via`", target.environment)).hint("leave --via out"))
        }
    };
    document.map(|document| noted(session, document, notes))
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
                "environment `{environment}` has no `role`: whoever changes it is denied by this, too; name them with \
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
        Failure::invalid(format!("--principal {text:?} names nobody in particular"))
            .hint("name a user or a role by ARN, like arn:aws:iam::123456789012:user/ana")
    })
}

fn access(read_role: bool) -> Access {
    if read_role { Access::Read } else { Access::Change }
}

fn own_role(target: &Target, access: Access) -> Result<&RoleArn, Failure> {
    let (name, role) = match access {
        Access::Change => ("role", &target.roles.role),
        Access::Read => ("read-role", &target.roles.read_role),
    };
    role.as_ref().ok_or_else(|| no_role(&target.environment, name))
}

fn no_role(environment: &EnvironmentName, name: &str) -> Failure {
    Failure::invalid(format!("environment `{environment}` has no `{name}`"))
        .hint(format!("write `{name} = \"arn:aws:iam::ACCOUNT:role/NAME\"` in `[environments.{environment}]` first"))
}

fn repository(context: &Context, arguments: &cli::Trust) -> Result<(Repository, SubjectForm), Failure> {
    let of_job = context.repository().map(|name| ("GITHUB_REPOSITORY", name));
    let named = arguments.repository.as_deref().map(|name| ("--repository", name)).or(of_job);
    let (source, name) =
        named.ok_or_else(|| Failure::invalid("the repository of GitHub is not known").hint(NAME_IT))?;
    if !is_name(name) {
        return Err(no_repository(source, name));
    }
    // The job's ids are of the job's repository.
    let is_own = context.repository() == Some(name);
    let id = |name: &str| context.variable(name).filter(|_| is_own).and_then(|id| id.parse().ok());
    let owner_id = arguments.owner_id.or_else(|| id("GITHUB_REPOSITORY_OWNER_ID"));
    let ids = owner_id.zip(arguments.repository_id.or_else(|| id("GITHUB_REPOSITORY_ID")));
    let form = match (arguments.subject_form, ids) {
        (Some(cli::SubjectForm::Classic), _) | (None, None) => SubjectForm::Classic,
        (Some(cli::SubjectForm::Immutable), Some(_)) => SubjectForm::Immutable,
        (Some(cli::SubjectForm::Both) | None, Some(_)) => SubjectForm::Both,
        (Some(_), None) => {
            return Err(Failure::invalid("the immutable form of `sub` needs the numeric ids").hint(
                "add --owner-id and --repository-id: `gh api repos/OWNER/NAME --jq '.owner.id, .id'` prints them",
            ));
        }
    };
    Ok((Repository { name: name.to_owned(), ids }, form))
}

/// A policy is refused rather than made of what was probably meant: it lets in whom it names, letter by letter.
fn no_repository(source: &str, text: &str) -> Failure {
    // An address may have a password in it.
    let shown = if text.contains("://") { shown_url(text) } else { neutral::phrase(text, 100) };
    let hint = name_in_address(text).map_or_else(|| NAME_IT.to_owned(), |name| format!("write --repository {name}"));
    Failure::invalid(format!("{source} `{shown}` is not OWNER/NAME")).hint(hint)
}

/// What a role may do. Looks at what the services run with the ambient credentials: the role may not exist yet.
///
/// # Errors
///
/// `invalid`: the configuration is not right; `failed`: a service cannot be looked at.
pub async fn policy(session: &Session<'_>, arguments: &cli::Policy) -> Result<Value, Failure> {
    let context = session.context;
    let configuration = session.configuration()?;
    let target = configuration.policy(context, &arguments.environment)?;
    let cloud = observe::ambient_cloud(&session.identities(&configuration), &target).await?;
    let files = Files::working_tree(context, &configuration.directory);
    let place = Place { account: cloud.account.clone(), region: target.region };
    let (mut needs, mut notes) = (Vec::new(), Vec::new());
    for component in &target.components {
        let of_component = driver(component).needs(component, &place, (&cloud, &files)).await?;
        needs.extend(of_component.rights);
        notes.extend(of_component.missing);
    }
    let repositories = target.images.iter().map(|image| (image.repository.clone(), image.create_repository));
    let subject = Subject {
        place,
        repositories: repositories.collect(),
        needs,
        is_source: !configuration.promoted_by(target.environment.as_str()).is_empty(),
    };
    Ok(noted(session, document(&statements(&subject, access(arguments.read_role))), notes))
}
