//! Who may become a role: trust policies for jobs of GitHub Actions.

use serde_json::{Value, json};

use crate::domain::role::{Access, Partition, RoleArn};
use crate::domain::token::Claims;

/// The issuer of GitHub's tokens, as an account's identity provider is named after it.
pub const ISSUER: &str = "token.actions.githubusercontent.com";

/// A repository of GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// `OWNER/NAME`, in the right capital letters: AWS compares them.
    pub name: String,
    /// The numeric ids of owner and repository, which the immutable form of `sub` has beside the names.
    pub ids: Option<(u64, u64)>,
}

/// The forms of `sub` that a policy lets in
/// ([immutable subjects](https://docs.github.com/en/actions/reference/security/oidc)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectForm {
    /// `repo:OWNER/NAME:…`
    Classic,
    /// `repo:OWNER@ID/NAME@ID:…`
    Immutable,
    /// Both, while a repository moves from one to the other.
    Both,
}

/// What a job is, as the end of its `sub`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobContext {
    /// It runs for a branch.
    Branch(String),
    /// It runs for a pull request.
    PullRequest,
    /// It runs in an environment of GitHub, whatever the branch.
    Environment(String),
}

impl JobContext {
    fn text(&self) -> String {
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

/// An environment, as far as it decides which jobs may become its roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name, which is also the name of GitHub's environment.
    pub name: String,
    /// Whether it takes releases from another environment.
    pub is_promoted_to: bool,
    /// Whether it has a role for looking.
    pub has_read_role: bool,
    /// The environments that promote from it.
    pub promoted_by: Vec<String>,
}

/// The jobs that may become the role of an environment.
///
/// | role | jobs |
/// |---|---|
/// | `role`, deployed to directly | pushes to the branch |
/// | `role`, promoted to | those that GitHub's environment lets through |
/// | `read-role` | plans of the branch; the gated jobs that promote from here; pull requests where it is deployed to directly |
///
/// Who promotes looks at the environment next to it and no further: in a chain of three the job that changes the last has
/// no role of the first.
pub fn jobs(environment: &Environment, access: Access, branch: &str) -> Vec<JobContext> {
    let branch = JobContext::Branch(branch.to_owned());
    let own = JobContext::Environment(environment.name.clone());
    let promotions = environment.promoted_by.iter().cloned().map(JobContext::Environment);
    let mut jobs = match (access, environment.is_promoted_to) {
        (Access::Change, true) => vec![own],
        (Access::Read, false) => vec![JobContext::PullRequest, branch],
        (Access::Change, false) | (Access::Read, true) => vec![branch],
    };
    // Without a role for looking, a promotion looks with the other.
    if access == Access::Read || !environment.has_read_role {
        jobs.extend(promotions);
    }
    jobs
}

/// The values of `sub` that the jobs' tokens have.
pub fn subjects(repository: &Repository, form: SubjectForm, jobs: &[JobContext]) -> Vec<String> {
    let mut subjects = Vec::new();
    for job in jobs {
        let job = job.text();
        if form != SubjectForm::Immutable {
            subjects.push(format!("repo:{}:{job}", repository.name));
        }
        if let (Some((owner_id, id)), Some((owner, name)), false) =
            (repository.ids, repository.name.split_once('/'), form == SubjectForm::Classic)
        {
            subjects.push(format!("repo:{owner}@{owner_id}/{name}@{id}:{job}"));
        }
    }
    subjects
}

/// A trust policy that lets in tokens with one of these `sub`, and the principals of AWS that are named.
pub fn policy(role: &RoleArn, subjects: &[String], principals: &[String]) -> Value {
    let mut statements = Vec::new();
    if !subjects.is_empty() {
        statements.push(token_statement(role, ISSUER, subjects));
    }
    if !principals.is_empty() {
        statements.push(json!({
            "Sid": "AssumeRole",
            "Effect": "Allow",
            "Principal": { "AWS": principals },
            "Action": "sts:AssumeRole",
        }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The statement that lets a token of an issuer in.
fn token_statement(role: &RoleArn, issuer: &str, subjects: &[String]) -> Value {
    let partition: &Partition = role.partition();
    let issuer = issuer.trim_start_matches("https://");
    json!({
        "Sid": "GitHubActions",
        "Effect": "Allow",
        "Principal": { "Federated": provider(role, issuer) },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                format!("{issuer}:aud"): partition.audience(),
                format!("{issuer}:sub"): subjects,
            },
        },
    })
}

/// The ARN of the identity provider for an issuer in a role's account.
pub fn provider(role: &RoleArn, issuer: &str) -> String {
    let issuer = issuer.trim_start_matches("https://");
    format!("arn:{}:iam::{}:oidc-provider/{issuer}", role.partition(), role.account())
}

/// The statement that would let this token in. It names the token's own issuer: on another one the same `sub` may be
/// somebody else's.
pub fn corrected(role: &RoleArn, claims: &Claims) -> Value {
    token_statement(role, &claims.issuer, std::slice::from_ref(&claims.subject))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_follow_the_table() {
        let environment = |is_promoted_to, has_read_role, promoted_by: &[&str]| Environment {
            name: "production".to_owned(),
            is_promoted_to,
            has_read_role,
            promoted_by: promoted_by.iter().map(|name| (*name).to_owned()).collect(),
        };
        let main = || JobContext::Branch("main".to_owned());
        let gated = |name: &str| JobContext::Environment(name.to_owned());
        let of = |environment: &Environment, access| jobs(environment, access, "main");

        let source = environment(false, true, &["production", "demo"]);
        assert_eq!(of(&source, Access::Change), [main()]);
        assert_eq!(of(&source, Access::Read), [JobContext::PullRequest, main(), gated("production"), gated("demo")]);
        let alone = environment(false, false, &["production"]);
        assert_eq!(of(&alone, Access::Change), [main(), gated("production")], "who promotes has to look at it");
        let target = environment(true, true, &[]);
        assert_eq!(of(&target, Access::Change), [gated("production")]);
        assert_eq!(of(&target, Access::Read), [main()]);
        let unread = environment(true, false, &[]);
        assert_eq!(of(&unread, Access::Change), [gated("production")], "no job of a branch may change production");
    }

    /// A chain of three, as the page shows it.
    fn chain() -> [Environment; 3] {
        let environment = |name: &str, is_promoted_to, promoted_by: &[&str]| Environment {
            name: name.to_owned(),
            is_promoted_to,
            has_read_role: true,
            promoted_by: promoted_by.iter().map(|name| (*name).to_owned()).collect(),
        };
        [
            environment("development", false, &["staging"]),
            environment("staging", true, &["production"]),
            environment("production", true, &[]),
        ]
    }

    #[test]
    fn a_link_of_a_chain_is_looked_at_by_who_promotes_from_it_and_changed_by_its_own_jobs() {
        let [_, staging, _] = chain();
        let main = JobContext::Branch("main".to_owned());
        let gated = |name: &str| JobContext::Environment(name.to_owned());
        assert_eq!(jobs(&staging, Access::Change, "main"), [gated("staging")]);
        assert_eq!(jobs(&staging, Access::Read, "main"), [main, gated("production")]);
        let unread = Environment { has_read_role: false, ..staging };
        assert_eq!(jobs(&unread, Access::Change, "main"), [gated("staging"), gated("production")]);
    }

    /// Its table of a chain: what each job becomes is let in, and nothing is let in that no job becomes.
    #[test]
    fn the_page_says_who_becomes_what_in_a_chain() {
        const PAGE: &str = include_str!("../../../docs/iam/README.md");
        let (_, section) = PAGE.split_once("### A chain of three\n").unwrap();
        let rows = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
        let code = |cell: &'static str| cell.split('`').skip(1).step_by(2).collect::<Vec<_>>();
        let mut documented = Vec::new();
        for row in rows.take_while(|line| line.starts_with('|')) {
            let cells: Vec<_> = row.trim_matches('|').split('|').collect();
            let [_, subject, becomes] = cells.as_slice() else { panic!("{row}") };
            for role in code(becomes).chunks(2) {
                documented.push((code(subject)[0].to_owned(), role[0], role[1].to_owned()));
            }
        }
        let mut allowed = Vec::new();
        for environment in chain() {
            for (access, role) in [(Access::Change, "role"), (Access::Read, "read-role")] {
                for job in jobs(&environment, access, "main") {
                    allowed.push((job.text(), role, environment.name.clone()));
                }
            }
        }
        documented.sort();
        documented.dedup();
        allowed.sort();
        assert_eq!(documented, allowed);
    }

    #[test]
    fn colons_of_names_are_escaped() {
        let repository = Repository { name: "o/r".to_owned(), ids: Some((1, 2)) };
        let jobs = [JobContext::Environment("eu:production".to_owned())];
        let found = subjects(&repository, SubjectForm::Both, &jobs);
        assert_eq!(found, ["repo:o/r:environment:eu%3Aproduction", "repo:o@1/r@2:environment:eu%3Aproduction"]);
    }
}
