//! What a job is to a role: one that it is for, or another one, and what of it differs.

use super::jobs::{Admission, JobContext, Workflows};
use crate::domain::github::workflows::GatedWorkflow;
use crate::domain::token::{Claim, Claims};

/// What a job is to a role, as far as the configuration says whom the role is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobAccess {
    /// The role is for it: if it is refused, the role is not as the configuration has it.
    Meant,
    /// The role is for other jobs.
    Other(Difference),
    /// Its token does not say which job it is in a way that is known here.
    Unknown,
}

/// What of a job differs from those that a role is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The environment of GitHub is called so but for its capital letters.
    Capitals {
        /// As the role has it.
        wanted: String,
        /// As the job has it.
        found: String,
    },
    /// It runs in no environment of GitHub, and should in this one.
    NoEnvironment(String),
    /// It runs in an environment of GitHub that is not one of the role's.
    OtherEnvironment(String),
    /// It runs for another branch.
    OtherBranch {
        /// The role's.
        wanted: String,
        /// The job's.
        found: String,
    },
    /// It runs for a pull request.
    PullRequest,
    /// It runs where it should, in a workflow that is not one of these.
    OtherWorkflow {
        /// Those of the role.
        wanted: Vec<GatedWorkflow>,
        /// Whether it runs in the role's environment of GitHub, which only jobs do that are meant to change it.
        in_environment: bool,
    },
}

impl Difference {
    /// Whether the configuration means to keep such a job out. Not where it is close to one that it means to let in; nor by
    /// its branch, which no configuration names.
    pub fn is_by_design(&self) -> bool {
        match self {
            Self::NoEnvironment(_) | Self::OtherEnvironment(_) | Self::PullRequest => true,
            Self::OtherWorkflow { in_environment, .. } => !in_environment,
            Self::Capitals { .. } | Self::OtherBranch { .. } => false,
        }
    }
}

/// What a job is to a role that is for these jobs.
pub fn standing(admissions: &[Admission], claims: &Claims) -> JobAccess {
    let Some((_, job)) = JobContext::of_subject(&claims.subject) else { return JobAccess::Unknown };
    if let Some(Admission { workflows, .. }) = admissions.iter().find(|admission| admission.job == job) {
        return in_workflow(workflows, &job, claims);
    }
    let environment = admissions.iter().find_map(|admission| match &admission.job {
        JobContext::Environment(name) => Some(name.clone()),
        JobContext::Branch(_) | JobContext::PullRequest => None,
    });
    // Of a branch that the role is for with the gate's workflows alone, a job is asked for the environment.
    let branch = admissions.iter().find_map(|admission| match (&admission.job, &admission.workflows) {
        (JobContext::Branch(name), Workflows::Any) => Some(name.clone()),
        (JobContext::Branch(name), Workflows::Gated(_)) if environment.is_none() => Some(name.clone()),
        _ => None,
    });
    let difference = match job {
        JobContext::Environment(found) => {
            let is_same = |wanted: &String| wanted.eq_ignore_ascii_case(&found);
            let of_capitals = admissions.iter().find_map(|admission| match &admission.job {
                JobContext::Environment(name) => Some(name).filter(|name| is_same(name)).cloned(),
                JobContext::Branch(_) | JobContext::PullRequest => None,
            });
            match of_capitals {
                Some(wanted) => Difference::Capitals { wanted, found },
                None => Difference::OtherEnvironment(found),
            }
        }
        JobContext::PullRequest => Difference::PullRequest,
        JobContext::Branch(found) => match (branch, environment) {
            (Some(wanted), _) => Difference::OtherBranch { wanted, found },
            (None, Some(wanted)) => Difference::NoEnvironment(wanted),
            (None, None) => return JobAccess::Unknown,
        },
    };
    JobAccess::Other(difference)
}

/// The job runs where the role's jobs run.
fn in_workflow(workflows: &Workflows, job: &JobContext, claims: &Claims) -> JobAccess {
    let Workflows::Gated(wanted) = workflows else { return JobAccess::Meant };
    let in_environment = matches!(job, JobContext::Environment(_));
    let file = match claims.get("job_workflow_ref") {
        Claim::Is(called) => called.split_once('@').map_or(called, |(file, _)| file),
        // A condition on it is not met. In the environment the role may have been made without one.
        Claim::Absent if !in_environment => "",
        Claim::Absent | Claim::Unknown => return JobAccess::Unknown,
    };
    if wanted.iter().any(|workflow| file.ends_with(&format!("/{}", workflow.path()))) {
        return JobAccess::Meant;
    }
    JobAccess::Other(Difference::OtherWorkflow { wanted: wanted.iter().copied().collect(), in_environment })
}

/// The jobs that a role is for, in words, after "only": those in an environment of GitHub, where there are such.
pub fn meant(admissions: &[Admission]) -> String {
    let in_environment = |admission: &Admission| matches!(admission.job, JobContext::Environment(_));
    let is_gated = |admission: &Admission| admission.workflows != Workflows::Any;
    let leave_out = |admission: &&Admission| {
        is_gated(admission) && !in_environment(admission) && admissions.iter().any(in_environment)
    };
    let kept = admissions.iter().filter(|admission| !leave_out(admission));
    let each: Vec<String> = kept.map(words).collect();
    format!("jobs {}", each.join(" or "))
}

fn words(Admission { job, workflows }: &Admission) -> String {
    let place = match job {
        JobContext::Environment(name) => return format!("with environment: {name}"),
        JobContext::Branch(name) => format!("for {name}"),
        JobContext::PullRequest => "for pull requests".to_owned(),
    };
    match workflows {
        Workflows::Any => place,
        Workflows::Gated(files) => format!("of {} {place}", files_of(files)),
    }
}

/// The names of workflows, with commas.
pub fn files_of<'w>(workflows: impl IntoIterator<Item = &'w GatedWorkflow>) -> String {
    let file = |workflow: &GatedWorkflow| workflow.path().rsplit('/').next().unwrap_or_default().to_owned();
    workflows.into_iter().map(file).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::jobs::{ChangedIn, RoleEnvironment, jobs};
    use super::*;
    use crate::domain::role::RolePurpose;
    use RolePurpose::{Change, Read};

    fn stage() -> RoleEnvironment {
        RoleEnvironment {
            name: "stage".to_owned(),
            changed_in: None,
            has_read_role: true,
            promoted_by: vec![("production".to_owned(), ChangedIn::GithubEnvironment)],
        }
    }

    fn production(changed_in: ChangedIn) -> RoleEnvironment {
        RoleEnvironment {
            name: "production".to_owned(),
            changed_in: Some(changed_in),
            has_read_role: false,
            promoted_by: Vec::new(),
        }
    }

    fn claims(job: &str, file: &str) -> Claims {
        let workflow = format!("acme/shop/.github/workflows/{file}@refs/heads/main");
        let others = BTreeMap::from([("job_workflow_ref".to_owned(), workflow)]);
        Claims { subject: format!("repo:acme/shop:{job}"), others: Some(others), ..Claims::default() }
    }

    /// What a job is, in a word: `-` by design, `!` a mistake.
    fn shown(standing: JobAccess) -> &'static str {
        match standing {
            JobAccess::Meant => "meant",
            JobAccess::Unknown => "unknown",
            JobAccess::Other(difference) => match (&difference, difference.is_by_design()) {
                (Difference::Capitals { .. }, false) => "! capitals",
                (Difference::OtherBranch { .. }, false) => "! branch",
                (Difference::OtherWorkflow { .. }, false) => "! workflow",
                (Difference::OtherWorkflow { .. }, true) => "- workflow",
                (Difference::NoEnvironment(_), true) => "- no environment",
                (Difference::OtherEnvironment(_), true) => "- environment",
                (Difference::PullRequest, true) => "- pull request",
                _ => "",
            },
        }
    }

    #[test]
    fn a_job_is_meant_or_it_is_said_what_differs() {
        const MAIN: &str = "ref:refs/heads/main";
        const OTHER: &str = "ref:refs/heads/x";
        const GATED: &str = "environment:production";
        let (of_github, by_second) = (production(ChangedIn::GithubEnvironment), production(ChangedIn::Branch));
        for (environment, access, job, file, expected) in [
            (&stage(), Change, MAIN, "deploy.yml", "meant"),
            (&stage(), Change, OTHER, "deploy.yml", "! branch"),
            (&stage(), Change, GATED, "promote.yml", "- environment"),
            (&stage(), Change, "pull_request", "check.yml", "- pull request"),
            (&stage(), Read, "pull_request", "check.yml", "meant"),
            (&stage(), Read, GATED, "promote.yml", "meant"),
            (&stage(), Read, "environment:Production", "promote.yml", "! capitals"),
            (&stage(), Read, OTHER, "deploy.yml", "! branch"),
            (&of_github, Change, GATED, "promote.yml", "meant"),
            (&of_github, Change, GATED, "own.yml", "! workflow"),
            (&of_github, Change, "environment:Production", "promote.yml", "! capitals"),
            (&of_github, Change, "environment:demo", "promote.yml", "- environment"),
            (&of_github, Change, MAIN, "hold.yml", "meant"),
            (&of_github, Change, MAIN, "deploy.yml", "- workflow"),
            (&of_github, Change, OTHER, "deploy.yml", "- no environment"),
            (&of_github, Change, "pull_request", "check.yml", "- pull request"),
            (&by_second, Change, MAIN, "approve.yml", "meant"),
            (&by_second, Change, MAIN, "deploy.yml", "- workflow"),
            (&by_second, Change, OTHER, "approve.yml", "! branch"),
            (&of_github, Change, "ref:refs/tags/v1", "promote.yml", "unknown"),
        ] {
            let admissions = jobs(environment, access, "main", true);
            let found = shown(standing(&admissions, &claims(job, file)));
            assert_eq!(found, expected, "{} {access:?} {job} {file}", environment.name);
        }
        let admissions = jobs(&of_github, Change, "main", true);
        let without = Claims { others: None, ..claims(GATED, "promote.yml") };
        assert_eq!(standing(&admissions, &without), JobAccess::Unknown, "the workflow is not known");
        let none = |job| shown(standing(&admissions, &Claims { others: Some(BTreeMap::new()), ..claims(job, "") }));
        assert_eq!((none(MAIN), none(GATED)), ("- workflow", "unknown"));
    }

    #[test]
    fn the_jobs_of_a_role_have_words() {
        let of = |environment: &RoleEnvironment, access| meant(&jobs(environment, access, "main", true));
        assert_eq!(of(&production(ChangedIn::GithubEnvironment), Change), "jobs with environment: production");
        let second = of(&production(ChangedIn::Branch), Change);
        assert_eq!(second, "jobs of approve.yml, rollback.yml, hold.yml for main");
        assert_eq!(of(&stage(), Change), "jobs for main");
        assert_eq!(of(&stage(), Read), "jobs for pull requests or for main or with environment: production");
    }
}
