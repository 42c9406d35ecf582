//! Which jobs a role lets in: where they run, and in which workflows.

use std::collections::BTreeSet;

use crate::domain::github::workflows::GatedWorkflow;
use crate::domain::role::RolePurpose;

/// What a job is, as the end of its `sub`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobContext {
    /// It runs for a branch, in no environment of GitHub.
    Branch(String),
    /// It runs for a pull request.
    PullRequest,
    /// It runs in an environment of GitHub, whatever the branch.
    Environment(String),
}

impl JobContext {
    /// The repository and the job of a `sub`: `repo:OWNER/NAME` and what follows it. `None`: it has another form, or is of a
    /// tag ([subject claims](https://docs.github.com/en/actions/reference/security/oidc)).
    pub fn of_subject(subject: &str) -> Option<(&str, Self)> {
        let (repository, _) = subject.strip_prefix("repo:")?.split_once(':')?;
        let (repository, rest) = subject.split_at("repo:".len() + repository.len());
        let rest = rest.strip_prefix(':')?;
        let branch = || Some(Self::Branch(unescape(rest.strip_prefix("ref:refs/heads/")?)));
        let environment = || Some(Self::Environment(unescape(rest.strip_prefix("environment:")?)));
        let pull_request = || (rest == "pull_request").then_some(Self::PullRequest);
        Some((repository, branch().or_else(environment).or_else(pull_request)?))
    }

    /// The end of the job's `sub`, after the repository.
    pub fn text(&self) -> String {
        match self {
            Self::Branch(branch) => format!("ref:refs/heads/{}", escape(branch)),
            Self::PullRequest => "pull_request".to_owned(),
            Self::Environment(name) => format!("environment:{}", escape(name)),
        }
    }
}

/// GitHub writes a colon inside of a value so.
fn escape(text: &str) -> String {
    text.replace(':', "%3A")
}

fn unescape(text: &str) -> String {
    text.replace("%3A", ":")
}

/// The workflows that a job has to be of, as `job_workflow_ref` names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workflows {
    /// Any.
    Any,
    /// One of these of the gate.
    Gated(BTreeSet<GatedWorkflow>),
}

impl Workflows {
    fn of(workflows: &[GatedWorkflow]) -> Self {
        Self::Gated(workflows.iter().copied().collect())
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Gated(mut own), Self::Gated(other)) => {
                own.extend(other);
                Self::Gated(own)
            }
            (Self::Any, _) | (_, Self::Any) => Self::Any,
        }
    }
}

/// Jobs that a role lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Where they run.
    pub job: JobContext,
    /// In which workflows.
    pub workflows: Workflows,
}

/// Where the jobs run that change an environment which takes releases from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangedIn {
    /// In GitHub's environment, which asks its reviewers, if it has any.
    GithubEnvironment,
    /// On the branch: a second person approves by a workflow.
    Branch,
}

/// An environment, as far as it decides which jobs may assume its roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleEnvironment {
    /// Its name, which is also the name of GitHub's environment.
    pub name: String,
    /// Where it is changed, where it takes releases from another environment. `None`: it is deployed to directly.
    pub changed_in: Option<ChangedIn>,
    /// Whether it has a role for looking.
    pub has_read_role: bool,
    /// The environments that promote from it, and where they are changed.
    pub promoted_by: Vec<(String, ChangedIn)>,
}

/// Which environments take releases from which, and where each is changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promotions(pub Vec<PromotedEnvironment>);

/// An environment, as far as others decide about its jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromotedEnvironment {
    /// Its name.
    pub to: String,
    /// Where it takes releases from. `None`: it is deployed to directly.
    pub from: Option<String>,
    /// Where it is changed, if it takes releases from another.
    pub changed_in: ChangedIn,
}

impl Promotions {
    /// An environment, as it decides which jobs may assume its roles.
    pub fn environment(&self, name: &str, has_read_role: bool) -> RoleEnvironment {
        let own = self.0.iter().find(|promotion| promotion.to == name && promotion.from.is_some());
        let by = self.0.iter().filter(|promotion| promotion.from.as_deref() == Some(name));
        RoleEnvironment {
            name: name.to_owned(),
            changed_in: own.map(|promotion| promotion.changed_in),
            has_read_role,
            promoted_by: by.map(|promotion| (promotion.to.clone(), promotion.changed_in)).collect(),
        }
    }
}

/// The jobs that may assume the role of an environment. `separates`: whether the role asks for the gate's own workflows,
/// which separates their jobs for the branch from all others for it.
///
/// | role | jobs |
/// |---|---|
/// | `role`, deployed to directly | those of the branch |
/// | `role`, promoted to | those that GitHub's environment lets through; with `separates`, on the branch, what one person may do alone |
/// | the same, where a second person approves | those of the branch |
/// | `read-role` | those of the branch; those that promote from here; pull requests where it is deployed to directly |
///
/// Who promotes looks at the environment next to it and no further: in a chain of three the job that changes the last has
/// no role of the first.
pub fn jobs(environment: &RoleEnvironment, access: RolePurpose, branch: &str, separates: bool) -> Vec<Admission> {
    let any = |job| Admission { job, workflows: Workflows::Any };
    let on_branch = || JobContext::Branch(branch.to_owned());
    let mut found = match (access, environment.changed_in) {
        (RolePurpose::Change, Some(changed_in)) => changing(&environment.name, changed_in, branch, separates),
        (RolePurpose::Read, None) => vec![any(JobContext::PullRequest), any(on_branch())],
        (RolePurpose::Change, None) | (RolePurpose::Read, Some(_)) => vec![any(on_branch())],
    };
    // Without a role for looking, a promotion looks with the other.
    if access == RolePurpose::Read || !environment.has_read_role {
        let is_gated = access == RolePurpose::Change && environment.changed_in.is_some();
        for (name, changed_in) in &environment.promoted_by {
            let (job, workflow) = match changed_in {
                ChangedIn::GithubEnvironment => (JobContext::Environment(name.clone()), GatedWorkflow::Promote),
                ChangedIn::Branch => (on_branch(), GatedWorkflow::Approve),
            };
            let workflows = if is_gated { Workflows::of(&[workflow]) } else { Workflows::Any };
            found.push(Admission { job, workflows });
        }
    }
    union(found)
}

/// The jobs that change an environment which takes releases from another.
fn changing(name: &str, changed_in: ChangedIn, branch: &str, separates: bool) -> Vec<Admission> {
    use GatedWorkflow::{Approve, Hold, Promote, Rollback};
    let on_branch = |workflows| Admission { job: JobContext::Branch(branch.to_owned()), workflows };
    let in_environment = Admission {
        job: JobContext::Environment(name.to_owned()),
        workflows: Workflows::of(&[Promote, Rollback, Hold]),
    };
    match changed_in {
        // What served before is gone back to, and releases are held, without GitHub's reviewers.
        ChangedIn::GithubEnvironment if separates => vec![in_environment, on_branch(Workflows::of(&[Rollback, Hold]))],
        ChangedIn::GithubEnvironment => vec![in_environment],
        ChangedIn::Branch => vec![on_branch(Workflows::of(&[Approve, Rollback, Hold]))],
    }
}

/// The same jobs once, with the workflows of all.
fn union(admissions: Vec<Admission>) -> Vec<Admission> {
    let mut found: Vec<Admission> = Vec::new();
    for Admission { job, workflows } in admissions {
        match found.iter_mut().find(|admission| admission.job == job) {
            Some(known) => known.workflows = known.workflows.clone().or(workflows),
            None => found.push(Admission { job, workflows }),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use ChangedIn::{Branch, GithubEnvironment};

    fn environment(changed_in: Option<ChangedIn>, has_read_role: bool, by: &[(&str, ChangedIn)]) -> RoleEnvironment {
        let promoted_by = by.iter().map(|(name, changed_in)| ((*name).to_owned(), *changed_in)).collect();
        RoleEnvironment { name: "production".to_owned(), changed_in, has_read_role, promoted_by }
    }

    /// What is let in, as `JOB in WORKFLOWS`.
    fn shown(environment: &RoleEnvironment, access: RolePurpose, separates: bool) -> Vec<String> {
        let file = |workflow: &GatedWorkflow| workflow.path().rsplit('/').next().unwrap().to_owned();
        let each = jobs(environment, access, "main", separates).into_iter();
        let each = each.map(|Admission { job, workflows }| match workflows {
            Workflows::Any => job.text(),
            Workflows::Gated(files) => {
                format!("{} in {}", job.text(), files.iter().map(file).collect::<Vec<_>>().join(" "))
            }
        });
        each.collect()
    }

    /// Where it is changed, whether it has a role for looking, who promotes from it, the role, whether workflows are
    /// separated; and whom that lets in.
    type JobRow<'r> = (Option<ChangedIn>, bool, &'r [(&'r str, ChangedIn)], RolePurpose, bool, &'r [&'r str]);

    #[test]
    fn jobs_follow_the_table() {
        const MAIN: &str = "ref:refs/heads/main";
        const PULL: &str = "pull_request";
        const GATED: &str = "environment:production in promote.yml rollback.yml hold.yml";
        const ALONE: &str = "ref:refs/heads/main in rollback.yml hold.yml";
        const SECOND: &str = "ref:refs/heads/main in approve.yml rollback.yml hold.yml";
        let (change, read) = (RolePurpose::Change, RolePurpose::Read);
        let (demo, live) = (("demo", GithubEnvironment), ("live", Branch));
        let (in_environment, on_branch) = (Some(GithubEnvironment), Some(Branch));
        let rows: [JobRow<'_>; 16] = [
            (None, true, &[demo], change, true, &[MAIN]),
            (None, true, &[demo], read, true, &[PULL, MAIN, "environment:demo"]),
            (None, true, &[demo, live], read, true, &[PULL, MAIN, "environment:demo"]),
            (None, false, &[demo], change, true, &[MAIN, "environment:demo"]),
            (None, false, &[live], change, true, &[MAIN]),
            (in_environment, true, &[], change, true, &[GATED, ALONE]),
            (in_environment, true, &[], change, false, &[GATED]),
            (in_environment, false, &[], change, true, &[GATED, ALONE]),
            (in_environment, true, &[], read, true, &[MAIN]),
            (in_environment, true, &[demo], read, true, &[MAIN, "environment:demo"]),
            (in_environment, true, &[demo], change, true, &[GATED, ALONE]),
            (in_environment, false, &[demo], change, true, &[GATED, ALONE, "environment:demo in promote.yml"]),
            // What one person may do, and the approval of the next environment, are both of the branch.
            (in_environment, false, &[live], change, true, &[GATED, SECOND]),
            (on_branch, true, &[], change, true, &[SECOND]),
            (on_branch, true, &[], change, false, &[SECOND]),
            (on_branch, true, &[demo], read, true, &[MAIN, "environment:demo"]),
        ];
        for (changed_in, has_read_role, by, access, separates, expected) in rows {
            let found = shown(&environment(changed_in, has_read_role, by), access, separates);
            assert_eq!(found, expected, "{changed_in:?} {has_read_role} {by:?} {access:?} {separates}");
        }
    }

    #[test]
    fn a_job_is_read_from_its_subject() {
        let (branch, environment) = (JobContext::Branch("a:b".to_owned()), JobContext::Environment("x".to_owned()));
        for (subject, read) in [
            ("repo:o/r:ref:refs/heads/a%3Ab", Some(("repo:o/r", branch))),
            ("repo:o@1/r@2:environment:x", Some(("repo:o@1/r@2", environment))),
            ("repo:o/r:pull_request", Some(("repo:o/r", JobContext::PullRequest))),
            ("repo:o/r:ref:refs/tags/v1", None),
            ("repository_id:2:ref:refs/heads/main", None),
            ("repo:o/r", None),
            ("", None),
        ] {
            assert_eq!(JobContext::of_subject(subject), read, "{subject}");
            if let Some((repository, job)) = read {
                assert_eq!(format!("{repository}:{}", job.text()), subject);
            }
        }
    }

    #[test]
    fn an_environment_is_read_from_the_promotions() {
        let promotion = |to: &str, from: Option<&str>, changed_in| PromotedEnvironment {
            to: to.to_owned(),
            from: from.map(str::to_owned),
            changed_in,
        };
        let all = Promotions(vec![
            promotion("stage", None, GithubEnvironment),
            promotion("demo", Some("stage"), GithubEnvironment),
            promotion("live", Some("stage"), Branch),
        ]);
        let by = vec![("demo".to_owned(), GithubEnvironment), ("live".to_owned(), Branch)];
        let stage =
            RoleEnvironment { name: "stage".to_owned(), changed_in: None, has_read_role: true, promoted_by: by };
        assert_eq!(all.environment("stage", true), stage);
        let live = all.environment("live", false);
        assert_eq!((live.changed_in, live.promoted_by), (Some(Branch), Vec::new()));
    }

    #[test]
    fn what_any_workflow_may_do_its_own_may_do_too() {
        let gated = |workflow| Workflows::of(&[workflow]);
        assert_eq!(gated(GatedWorkflow::Hold).or(Workflows::Any), Workflows::Any);
        assert_eq!(Workflows::Any.or(gated(GatedWorkflow::Hold)), Workflows::Any);
    }
}
