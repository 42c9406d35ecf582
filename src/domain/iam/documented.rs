//! What `docs/iam/README.md` says of who may assume which role is true of the policies that `shipgate iam trust` prints.

use super::jobs::ChangedIn::{Branch, GithubEnvironment};
use super::jobs::{Admission, ChangedIn, RoleEnvironment, Workflows, jobs};
use super::trust::{ConditionKeys, GateWorkflows, ISSUER, SubjectForm, TokenRepository, Tokens};
use crate::domain::github::workflows::GatedWorkflow;
use crate::domain::role::RolePurpose;

const PAGE: &str = include_str!("../../../docs/iam/README.md");

/// The cells of the first table under a heading, without its head.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) = PAGE.split_once(&format!("\n{heading}\n")).unwrap();
    let rows = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn code(cell: &'static str) -> Vec<&'static str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// An environment with a role for looking.
fn environment(name: &str, changed_in: Option<ChangedIn>, by: &[&str]) -> RoleEnvironment {
    let promoted_by = by.iter().map(|name| ((*name).to_owned(), GithubEnvironment)).collect();
    RoleEnvironment { name: name.to_owned(), changed_in, has_read_role: true, promoted_by }
}

/// What each job of a chain becomes is let in, and nothing is let in that no job becomes.
#[test]
fn the_page_says_who_becomes_what_in_a_chain() {
    let chain = [
        environment("development", None, &["staging"]),
        environment("staging", Some(GithubEnvironment), &["production"]),
        environment("production", Some(GithubEnvironment), &[]),
    ];
    let mut documented = Vec::new();
    for row in table("### A chain of three") {
        let [_, subject, becomes] = row.as_slice() else { panic!("{row:?}") };
        for role in code(becomes).chunks(2) {
            documented.push((code(subject)[0].to_owned(), role[0], role[1].to_owned()));
        }
    }
    let mut allowed = Vec::new();
    for environment in chain {
        for (access, role) in [(RolePurpose::Change, "role"), (RolePurpose::Read, "read-role")] {
            for admission in jobs(&environment, access, "main", true) {
                allowed.push((admission.job.text(), role, environment.name.clone()));
            }
        }
    }
    documented.sort();
    documented.dedup();
    allowed.sort();
    assert_eq!(documented, allowed);
}

/// A row: the words of the role, the job, its workflows, and what is asked for beside `sub` and `aud`.
type TrustRow = (Vec<&'static str>, String, Vec<String>, Vec<String>);

/// Each role and approval: exactly these jobs, in exactly these workflows, with exactly these conditions.
#[test]
fn the_page_says_which_jobs_a_role_lets_in() {
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mut documented: Vec<TrustRow> = Vec::new();
    for row in table("## Who may assume which role") {
        let [role, job, workflows, conditions] = row.as_slice() else { panic!("{row:?}") };
        let job = code(job)[0].replace("ENVIRONMENT", "production").replace("BRANCH", "main");
        let mut conditions = owned(code(conditions));
        conditions.sort();
        documented.push((code(role), job, owned(code(workflows)), conditions));
    }
    let (direct, gated) = (None, Some(GithubEnvironment));
    let mut allowed: Vec<TrustRow> = Vec::new();
    for (words, changed_in, access) in [
        (vec!["role"], direct, RolePurpose::Change),
        (vec!["read-role"], direct, RolePurpose::Read),
        (vec!["role", "none", "required"], gated, RolePurpose::Change),
        (vec!["role", "second-person"], Some(Branch), RolePurpose::Change),
        (vec!["read-role", "promotes-from"], gated, RolePurpose::Read),
    ] {
        for admission in jobs(&environment("production", changed_in, &["X"]), access, "main", true) {
            let files = match &admission.workflows {
                Workflows::Any => Vec::new(),
                Workflows::Gated(workflows) => workflows.iter().copied().map(file).collect(),
            };
            allowed.push((words.clone(), admission.job.text(), files, conditions(&admission)));
        }
    }
    assert_eq!(documented, allowed);
}

fn file(workflow: GatedWorkflow) -> String {
    workflow.path().rsplit('/').next().unwrap().to_owned()
}

/// What the statement for a job asks for beside `sub` and `aud`.
fn conditions(admission: &Admission) -> Vec<String> {
    let repository = TokenRepository { name: "o/r".to_owned(), ids: Some((1, 2)) };
    let trusted = [format!("acme/shipgate@{}", "0f".repeat(20)).parse().unwrap()];
    let keys = ConditionKeys::All(GateWorkflows::Pinned(&trusted));
    let tokens = Tokens { repository: &repository, form: SubjectForm::Both, branch: "main", keys };
    let role = "arn:aws:iam::123456789012:role/production".parse().unwrap();
    let statements = tokens.statements(&role, std::slice::from_ref(admission));
    let conditions = statements[0]["Condition"]["StringEquals"].as_object().unwrap().keys();
    let conditions = conditions.map(|key| key.strip_prefix(&format!("{ISSUER}:")).unwrap().to_owned());
    let mut conditions: Vec<_> = conditions.filter(|key| key != "sub" && key != "aud").collect();
    conditions.sort();
    conditions
}
