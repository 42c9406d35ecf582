//! `iam trust`: who may assume a role.

use serde_json::Value;

use super::{access, check_principal, noted};
use crate::cli;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::gate::Approval;
use crate::domain::github::repository::{is_name, name_in_address};
use crate::domain::iam::jobs::{Admission, RoleEnvironment, Workflows, jobs};
use crate::domain::iam::trust::{self, ConditionKeys, GateWorkflows, LONGEST, SubjectForm, TokenRepository, Tokens};
use crate::domain::iam::workflow_ref::WorkflowRef;
use crate::domain::names::InvalidName;
use crate::domain::neutral;
use crate::domain::probe::shown_url;
use crate::domain::role::{RoleArn, RolePurpose};
use crate::domain::target::EnvironmentTarget;
use crate::domain::token::Claim;
use crate::observe::Configuration;
use crate::session::Session;

const NAME_IT: &str = "name it: --repository OWNER/NAME";
/// What prints the ids of a repository.
const IDS: &str = "add --owner-id and --repository-id, which `gh api repos/OWNER/NAME --jq '\"--owner-id \\(.owner.id) \
                   --repository-id \\(.id)\"'` prints";
/// What a trust policy lacks that has no ids in it
/// ([immutable subjects](https://docs.github.com/en/actions/reference/security/oidc)).
const CLASSIC_ALONE: &str =
    "this lets in no job of a repository that was made, renamed or moved after 2026-07-15: its tokens have ids";
const NAME_ALONE: &str = "this asks for no `repository_id`, so a later owner of the repository's name is let in, too";
const WEAKER: &str = "`--workflow` is weaker than `[github] workflows`: a person who can change one of these files at its ref, \
                      or what it runs, has the role";
const ANY_WORKFLOW: &str = "this asks for no workflow, so a person who starts one of their own where these jobs run has the \
                            role: `--keys all` asks for the workflows of `[github]`, where AWS evaluates the claim";
/// What raises the quota, which is kept in one region
/// ([quotas](https://docs.aws.amazon.com/general/latest/gr/iam-service.html)).
const RAISE: &str = "aws service-quotas request-service-quota-increase --service-code iam --quota-code L-C07B4B0D \
                     --desired-value 4096 --region us-east-1";
const NOT_SEEN: &str = "GitHub does not document what `job_workflow_ref` is of a workflow that is called by its commit, and \
                        only a run shows it: compare this one with what `shipgate iam trust` prints without --from-token";

/// Which role a policy is for, and the jobs that come to it by their tokens.
struct TrustRequest<'t> {
    /// The role.
    role: &'t RoleArn,
    /// Those jobs; or the role that it is assumed from, without a token.
    admissions: Result<Vec<Admission>, &'t RoleArn>,
}

impl TrustRequest<'_> {
    /// Whether it asks for the gate's own workflows.
    fn is_gated(&self) -> bool {
        let admissions = self.admissions.as_deref().unwrap_or_default();
        admissions.iter().any(|admission| admission.workflows != Workflows::Any)
    }
}

/// Who may assume a role. Sends no request but, where that is wanted, one to GitHub for the job's token.
///
/// # Errors
///
/// `invalid`: the environment has no such role, or what the policy has to name is not known.
pub async fn trust(session: &Session<'_>, arguments: &cli::Trust) -> Result<Value, Failure> {
    let configuration = session.configuration()?;
    let target = configuration.identity(session.context, &arguments.environment)?;
    arguments.principals.iter().try_for_each(|principal| check_principal(principal))?;
    let wanted = wanted(&configuration, &target, arguments)?;
    let mut notes = Vec::new();
    let mut principals = arguments.principals.clone();
    let statements = match &wanted.admissions {
        Err(via) => {
            if arguments.from_token || !arguments.workflows.is_empty() {
                let reason = format!("role {} is assumed from {via}, and not with a token", wanted.role);
                return Err(Failure::invalid(reason).hint("add --via for the policy of that role"));
            }
            principals.insert(0, via.to_string());
            Vec::new()
        }
        Ok(_) if arguments.from_token => {
            vec![of_token(session, &configuration, (&target, &wanted), arguments, &mut notes).await?]
        }
        Ok(admissions) => of_configuration(session.context, &target, &wanted, admissions, arguments, &mut notes)?,
    };
    let document = trust::policy(statements, &principals);
    let length = document.to_string().chars().count();
    if length > LONGEST {
        notes.push(format!(
            "this has {length} characters, and a role's trust policy has {LONGEST} unless the account's quota `Role trust \
             policy length` of IAM is raised first: `{RAISE}`. `--subject-form immutable` makes it shorter"
        ));
    }
    Ok(noted(session, document, notes))
}

fn wanted<'t>(
    configuration: &Configuration,
    target: &'t EnvironmentTarget,
    arguments: &cli::Trust,
) -> Result<TrustRequest<'t>, Failure> {
    let access = access(arguments.read_role);
    let role = own_role(target, access)?;
    let has_read_role = target.roles.read_role.is_some();
    let environment = configuration.promotions().environment(target.environment.as_str(), has_read_role);
    let separates = arguments.keys == cli::TrustKeys::All && arguments.workflows.is_empty();
    let of = |environment: &RoleEnvironment, access| jobs(environment, access, &arguments.branch, separates);
    match (&target.roles.via, arguments.via) {
        (None, false) => Ok(TrustRequest { role, admissions: Ok(of(&environment, access)) }),
        // A job that may assume the first role can go on to `role`, so no job is let in that may only read.
        (Some(via), true) => {
            let as_one = RoleEnvironment { has_read_role: false, ..environment };
            Ok(TrustRequest { role: via, admissions: Ok(of(&as_one, RolePurpose::Change)) })
        }
        (Some(via), false) => Ok(TrustRequest { role, admissions: Err(via) }),
        (None, true) => {
            Err(Failure::invalid(format!("environment `{}` has no `via`", target.environment)).hint("remove --via"))
        }
    }
}

/// The statements for the jobs that the configuration comes to.
fn of_configuration(
    context: &Context,
    target: &EnvironmentTarget,
    wanted: &TrustRequest<'_>,
    admissions: &[Admission],
    arguments: &cli::Trust,
    notes: &mut Vec<String>,
) -> Result<Vec<Value>, Failure> {
    let (repository, form) = repository(context, arguments)?;
    let named = named_workflows(arguments)?;
    let issuer = issuer(context, arguments)?;
    check_branch(&arguments.branch)?;
    let keys = match arguments.keys {
        cli::TrustKeys::Sub => ConditionKeys::Subject { issuer: &issuer },
        cli::TrustKeys::All if issuer != trust::ISSUER => {
            return Err(Failure::invalid(format!("of tokens of {issuer} AWS evaluates `sub` and `aud` alone"))
                .hint("add --keys sub"));
        }
        cli::TrustKeys::All if named.is_empty() => ConditionKeys::All(GateWorkflows::Pinned(&target.workflows)),
        cli::TrustKeys::All => ConditionKeys::All(GateWorkflows::Named(&named)),
    };
    match keys {
        ConditionKeys::Subject { .. } if named.is_empty() => {
            notes.extend(wanted.is_gated().then(|| ANY_WORKFLOW.to_owned()));
        }
        ConditionKeys::Subject { .. } => {
            return Err(Failure::invalid("--workflow asks for `job_workflow_ref`, which `--keys sub` omits")
                .hint("remove one of the two"));
        }
        ConditionKeys::All(files) => check_files(files, &repository, (target, wanted))?,
    }
    if !named.is_empty() {
        notes.push(WEAKER.to_owned());
    }
    if repository.ids.is_none() {
        let is_guess = arguments.subject_form.is_none().then_some(CLASSIC_ALONE);
        let is_name_alone = matches!(keys, ConditionKeys::All(_)).then_some(NAME_ALONE);
        notes.extend(is_guess.into_iter().chain(is_name_alone).map(|lack| format!("{lack}. To change that, {IDS}")));
    }
    let tokens = Tokens { repository: &repository, form, branch: &arguments.branch, keys };
    Ok(tokens.statements(wanted.role, admissions))
}

/// Whether there are workflows that a role can ask for, if it does.
fn check_files(
    files: GateWorkflows<'_>,
    repository: &TokenRepository,
    (target, wanted): (&EnvironmentTarget, &TrustRequest<'_>),
) -> Result<(), Failure> {
    match (wanted.is_gated(), files) {
        (true, GateWorkflows::Pinned([])) => Err(no_workflows(target, wanted.role)),
        // Of a second person only runs of the trusted workflows count.
        (true, GateWorkflows::Named(_)) if matches!(target.policy.approval, Some(Approval::SecondPerson(_))) => {
            let reason = "--workflow names other workflows than those whose runs count as approvals";
            Err(Failure::invalid(reason)
                .hint("remove --workflow: a second person approves by `[github] workflows` alone"))
        }
        (true, _) if repository.ids.is_none() => Err(no_id(repository, wanted.role)),
        (false, GateWorkflows::Named(_)) => {
            Err(Failure::invalid(format!("the policy of {} asks for no workflow", wanted.role))
                .hint("remove --workflow: only roles that change an environment with `promotes-from` ask for one"))
        }
        (true, _) | (false, GateWorkflows::Pinned(_)) => Ok(()),
    }
}

/// The statement for the job's own token.
async fn of_token(
    session: &Session<'_>,
    configuration: &Configuration,
    (target, wanted): (&EnvironmentTarget, &TrustRequest<'_>),
    arguments: &cli::Trust,
    notes: &mut Vec<String>,
) -> Result<Value, Failure> {
    let claims = session.identities(configuration).own_token(wanted.role).await?;
    if arguments.keys == cli::TrustKeys::Sub {
        return Ok(trust::of_subject(wanted.role, &claims));
    }
    let is_gated = wanted.is_gated();
    let lacks = |name: &&&str| !matches!(claims.get(name), Claim::Is(_));
    if let Some(missing) = trust::own_keys(&claims, is_gated).iter().find(lacks) {
        return Err(Failure::invalid(format!("the job's token has no `{missing}`, which the policy has to ask for"))
            .hint("write `--keys sub` where GitHub's tokens do not have it, as on GitHub Enterprise Server"));
    }
    let ends = |admission: &Admission| claims.subject.ends_with(&format!(":{}", admission.job.text()));
    if !wanted.admissions.as_deref().unwrap_or_default().iter().any(ends) {
        notes.push(format!(
            "this job is none of those that {} is for: its `sub` is {}",
            wanted.role,
            neutral::word(&claims.subject)
        ));
    }
    if is_gated {
        notes.push(NOT_SEEN.to_owned());
    }
    if let (true, Claim::Is(workflow)) = (is_gated, claims.get("job_workflow_ref"))
        && !trust::is_pinned(&target.workflows, workflow)
    {
        let workflow = neutral::word(workflow);
        notes.push(format!("`job_workflow_ref` {workflow} is none of those in `[github] workflows`"));
    }
    Ok(trust::of_token(wanted.role, &claims, is_gated))
}

fn named_workflows(arguments: &cli::Trust) -> Result<Vec<WorkflowRef>, Failure> {
    let parsed = arguments.workflows.iter().map(|text| {
        text.parse().map_err(|InvalidName { kind, reason, .. }| {
            let shown = neutral::phrase(text, 200);
            Failure::invalid(format!("--workflow `{shown}` is not {kind}")).hint(format!("correct it: {reason}"))
        })
    });
    parsed.collect()
}

/// Without the gate's workflow in its policy whatever workflow a writer of the repository starts has the role.
fn no_workflows(target: &EnvironmentTarget, role: &RoleArn) -> Failure {
    Failure::invalid(format!("it is not known which workflows may assume {role}"))
        .cause(format!(
            "`{}` takes releases from another environment, and `[github] workflows` is not written",
            target.environment
        ))
        .hint("write `[github]` with `workflows = \"OWNER/shipgate@COMMIT\"`, the commit that your workflows call")
        .hint(
            "or add `--workflow OWNER/NAME/.github/workflows/FILE.yml@REF` for a workflow of your own, which is weaker",
        )
        .hint(
            "or add `--keys sub` where AWS evaluates no other claim, as of GitHub Enterprise Server, which is weakest",
        )
}

/// A name can become somebody else's.
fn no_id(repository: &TokenRepository, role: &RoleArn) -> Failure {
    Failure::invalid(format!("the id of {} is not known, which the policy of {role} has to ask for", repository.name))
        .hint(IDS.replace("OWNER/NAME", &repository.name))
}

fn own_role(target: &EnvironmentTarget, access: RolePurpose) -> Result<&RoleArn, Failure> {
    let (name, role) = match access {
        RolePurpose::Change => ("role", &target.roles.role),
        RolePurpose::Read => ("read-role", &target.roles.read_role),
    };
    let environment = &target.environment;
    role.as_ref().ok_or_else(|| {
        Failure::invalid(format!("environment `{environment}` has no `{name}`")).hint(format!(
            "write `{name} = \"arn:aws:iam::ACCOUNT:role/NAME\"` in `[environments.{environment}]` first"
        ))
    })
}

/// Who issues the tokens, as an account's identity provider is named after it.
fn issuer(context: &Context, arguments: &cli::Trust) -> Result<String, Failure> {
    const FORMS: &str = "name it: --issuer https://HOST/_services/token of GitHub Enterprise Server, \
                         https://token.actions.SUBDOMAIN.ghe.com of a subdomain";
    let Some(written) = &arguments.issuer else {
        let server = context.variable("GITHUB_SERVER_URL").filter(|server| *server != "https://github.com");
        return match server {
            None => Ok(trust::ISSUER.to_owned()),
            Some(server) => {
                let server = neutral::phrase(server, 100);
                Err(Failure::invalid(format!("who issues the tokens of {server} is not known")).hint(FORMS))
            }
        };
    };
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'/' | b'_');
    let issuer = written.strip_prefix("https://").filter(|rest| {
        rest.bytes().all(is_plain) && rest.contains('.') && !rest.starts_with('/') && !rest.ends_with('/')
    });
    issuer.map(str::to_owned).ok_or_else(|| Failure::invalid("--issuer is not the address of an issuer").hint(FORMS))
}

/// A policy compares letter by letter, and takes no pattern.
fn check_branch(branch: &str) -> Result<(), Failure> {
    let is_foreign =
        |character: char| character.is_whitespace() || character.is_control() || "*?$~^:[\\".contains(character);
    if branch.is_empty() || branch.starts_with("refs/") || branch.contains(is_foreign) {
        let shown = neutral::phrase(branch, 100);
        return Err(Failure::invalid(format!("--branch `{shown}` is not the name of a branch"))
            .hint("write the name of one branch, like `main`, without `refs/heads/`"));
    }
    Ok(())
}

fn repository(context: &Context, arguments: &cli::Trust) -> Result<(TokenRepository, SubjectForm), Failure> {
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
        (Some(cli::SubjectFormArgument::Classic), _) | (None, None) => SubjectForm::Classic,
        (Some(cli::SubjectFormArgument::Immutable), Some(_)) => SubjectForm::Immutable,
        (Some(cli::SubjectFormArgument::Both) | None, Some(_)) => SubjectForm::Both,
        (Some(_), None) => {
            return Err(Failure::invalid("the immutable form of `sub` needs the numeric ids").hint(IDS));
        }
    };
    Ok((TokenRepository { name: name.to_owned(), ids }, form))
}

/// A policy is refused rather than made of what was probably meant: it lets in whom it names, letter by letter.
fn no_repository(source: &str, text: &str) -> Failure {
    // An address may have a password in it.
    let shown = if text.contains("://") { shown_url(text) } else { neutral::phrase(text, 100) };
    let hint = name_in_address(text).map_or_else(|| NAME_IT.to_owned(), |name| format!("write --repository {name}"));
    Failure::invalid(format!("{source} `{shown}` is not OWNER/NAME")).hint(hint)
}
