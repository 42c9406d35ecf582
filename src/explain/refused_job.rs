//! Why a role does not let a job in, with what the configuration says of both.

use super::role::{cause, options};
use crate::clients::role::NotAssumed;
use crate::domain::failure::{CauseKind, Failure};
use crate::domain::iam::jobs::{Admission, JobContext, Workflows};
use crate::domain::iam::standing::{Difference, JobAccess, files_of};
use crate::domain::neutral;
use crate::domain::refusal::Refusal;
use crate::domain::role::{RoleArn, RolePurpose};
use crate::domain::token::{Claim, Claims};

/// A role that a job asked for.
#[derive(Debug, Clone, Copy)]
pub struct AskedRole<'a> {
    /// The environment that the role is of.
    pub environment: &'a str,
    /// What for.
    pub access: RolePurpose,
    /// Which of the environment's roles it is.
    pub which: WhichRole,
    /// The jobs that the configuration means it for.
    pub admissions: &'a [Admission],
}

/// One of an environment's roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichRole {
    /// `role`.
    Role,
    /// `read-role`.
    ReadRole,
    /// `via`, which is assumed first.
    Via,
}

impl AskedRole<'_> {
    /// The command that prints the role's trust policy.
    fn trust(&self) -> String {
        let option = match self.which {
            WhichRole::Role => "",
            WhichRole::ReadRole => " --read-role",
            WhichRole::Via => " --via",
        };
        format!("shipgate iam trust {}{option}", self.environment)
    }

    /// The command that explains the role.
    fn whoami(&self) -> String {
        let option = if self.which == WhichRole::ReadRole { " --read-role" } else { "" };
        format!("shipgate whoami {}{option}", self.environment)
    }
}

/// A role did not let a job in: what the role is for, what the job is, and what to do.
pub fn refused_job(refused: &NotAssumed, claims: &Claims, asked: &AskedRole<'_>, standing: &JobAccess) -> Failure {
    let failure = match standing {
        JobAccess::Other(difference) => of_another_job(claims, asked, difference),
        JobAccess::Meant | JobAccess::Unknown => not_as_configured(&refused.role, claims, asked),
    };
    failure.because(cause(refused, Refusal::NotTrusted))
}

/// The role is for other jobs.
fn of_another_job(claims: &Claims, asked: &AskedRole<'_>, difference: &Difference) -> Failure {
    let verb = match asked.access {
        RolePurpose::Change => "change",
        RolePurpose::Read => "read",
    };
    let failure = Failure::invalid(format!("this job may not {verb} {}", asked.environment)).of(CauseKind::Permission);
    let repository = JobContext::of_subject(&claims.subject).map_or("", |(repository, _)| repository);
    let meant = subjects_of(asked.admissions).map(|job| format!("the role is for     {repository}:{job}"));
    let failure = meant.fold(failure, Failure::cause).cause(format!("this job is         {}", claims.subject));
    let failure = match (difference, claims.get("job_workflow_ref")) {
        (Difference::OtherWorkflow { wanted, .. }, Claim::Is(called)) => failure
            .cause(format!("its workflows are   {}", files_of(wanted)))
            .cause(format!("this job is of      {called}")),
        _ => failure,
    };
    failure.hint(action(asked, difference)).hint(format!(
        "if the role was made for other jobs: `{} --trust-policy role.json` compares them",
        asked.whoami()
    ))
}

/// The jobs that a role is for, each as the end of its `sub`. Where some have an environment of GitHub, those that the
/// gate's own workflows have beside it are left out.
fn subjects_of(admissions: &[Admission]) -> impl Iterator<Item = String> {
    let is_main = |admission: &&Admission| {
        admission.workflows == Workflows::Any || !matches!(admission.job, JobContext::Branch(_))
    };
    let has_main = admissions.iter().any(|admission| is_main(&admission));
    admissions.iter().filter(move |admission| !has_main || is_main(admission)).map(|admission| admission.job.text())
}

/// What makes a job one that the role is for.
fn action(asked: &AskedRole<'_>, difference: &Difference) -> String {
    let named = |name: &str| format!("`environment: {{ name: {name}, deployment: false }}`");
    let trust = asked.trust();
    match difference {
        Difference::Capitals { wanted, found } => format!(
            "GitHub's environment is called {found}, and the role wants {wanted}: rename it in Settings → Environments, or \
             in the job"
        ),
        Difference::NoEnvironment(name) => format!("add {} to the job, or call promote.yml", named(name)),
        Difference::OtherEnvironment(name) => {
            let wanted = asked.admissions.iter().find_map(|admission| match &admission.job {
                JobContext::Environment(name) => Some(named(name)),
                JobContext::Branch(_) | JobContext::PullRequest => None,
            });
            match wanted {
                Some(wanted) => format!("the job names the environment {name}: write {wanted}"),
                None => format!("the job names the environment {name}: remove `environment` from it"),
            }
        }
        Difference::OtherBranch { wanted, found } => format!(
            "only {wanted} is let in; `{trust} --branch {}` prints a policy for this branch",
            neutral::word(found)
        ),
        Difference::PullRequest => {
            "run it for the branch, after merging; a pull request is only checked: `shipgate check`".to_owned()
        }
        Difference::OtherWorkflow { wanted, in_environment: true } => {
            format!("call one of {} of `[github] workflows` in the job", files_of(wanted))
        }
        Difference::OtherWorkflow { wanted, in_environment: false } => {
            let environment = asked.admissions.iter().find_map(|admission| match &admission.job {
                JobContext::Environment(name) => Some(format!("add {} to the job, or ", named(name))),
                JobContext::Branch(_) | JobContext::PullRequest => None,
            });
            let first = wanted.first().filter(|_| environment.is_none());
            let files = first.map_or_else(|| "promote.yml".to_owned(), |first| files_of([first]));
            format!("{}call {files}", environment.unwrap_or_default())
        }
    }
}

/// The role is for the job, or that is not known: it is not as the configuration has it.
fn not_as_configured(role: &RoleArn, claims: &Claims, asked: &AskedRole<'_>) -> Failure {
    let failure = Failure::invalid(format!("role {role} does not exist, or does not let this job in"))
        .of(CauseKind::Permission)
        .hint(format!(
            "make sure that it exists, with this path and these capital letters, and has the trust policy that `{}` prints",
            asked.trust()
        ))
        .hint(format!(
            "`{} --trust-policy FILE --subject {}{}` says which condition keeps it out",
            asked.whoami(),
            neutral::word(&claims.subject),
            options(claims)
        ));
    claims.lines().iter().fold(failure, Failure::cause)
}
