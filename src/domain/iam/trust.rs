//! Who may assume a role: trust policies for jobs of GitHub Actions.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::jobs::{Admission, JobContext, Workflows};
use super::workflow_ref::WorkflowRef;
use crate::domain::github::workflows::{GatedWorkflow, TrustedWorkflows};
use crate::domain::role::RoleArn;
use crate::domain::token::{Claim, Claims};

/// The issuer of GitHub's tokens, as an account's identity provider is named after it.
pub const ISSUER: &str = "token.actions.githubusercontent.com";

/// A repository of GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRepository {
    /// `OWNER/NAME`, in the right capital letters: AWS compares them.
    pub name: String,
    /// The numeric ids of owner and repository, which the immutable form of `sub` has beside the names.
    pub ids: Option<(u64, u64)>,
}

/// The longest trust policy that a role takes without a higher quota, in characters without blanks
/// ([quotas](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)).
pub const LONGEST: usize = 2048;

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

/// What a policy asks of a token beside `aud`.
#[derive(Debug, Clone, Copy)]
pub enum ConditionKeys<'k> {
    /// `sub` alone, as providers other than GitHub's own are asked.
    Subject {
        /// The issuer, as an account's identity provider is named after it.
        issuer: &'k str,
    },
    /// `sub`, `repository_id`, `ref` and `environment`, and where the jobs are those of the gate `job_workflow_ref`.
    All(GateWorkflows<'k>),
}

/// The workflow files that count as those of the gate.
#[derive(Debug, Clone, Copy)]
pub enum GateWorkflows<'f> {
    /// Its own, at these commits.
    Pinned(&'f [TrustedWorkflows]),
    /// These, whatever they do.
    Named(&'f [WorkflowRef]),
}

/// Whose tokens are let in, and what is asked of them.
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'t> {
    /// The repository whose jobs have them.
    pub repository: &'t TokenRepository,
    /// The forms of `sub`.
    pub form: SubjectForm,
    /// The branch that they run for.
    pub branch: &'t str,
    /// The conditions.
    pub keys: ConditionKeys<'t>,
}

impl Tokens<'_> {
    /// The statement that lets in tokens with the `sub` of one of the jobs.
    fn by_subject(&self, role: &RoleArn, issuer: &str, admissions: &[Admission]) -> Vec<Value> {
        let jobs: Vec<_> = admissions.iter().map(|admission| &admission.job).collect();
        let conditions = vec![("sub", self.subjects(&jobs))];
        Vec::from_iter((!jobs.is_empty()).then(|| statement(role, issuer, "GitHubActions", conditions)))
    }

    /// The statements that let the tokens of these jobs in: one for the jobs that are asked for the same.
    pub fn statements(&self, role: &RoleArn, admissions: &[Admission]) -> Vec<Value> {
        let files = match self.keys {
            ConditionKeys::All(files) => files,
            ConditionKeys::Subject { issuer } => return self.by_subject(role, issuer, admissions),
        };
        let mut statements: Vec<(&'static str, Value)> = Vec::new();
        for group in alike(admissions) {
            let sid = sid(group.jobs[0]);
            let same = statements.iter().filter(|(other, _)| *other == sid).count();
            let unique = if same == 0 { sid.to_owned() } else { format!("{sid}{}", same + 1) };
            statements.push((sid, statement(role, ISSUER, &unique, self.conditions(&group, files))));
        }
        statements.into_iter().map(|(_, statement)| statement).collect()
    }

    fn conditions(&self, group: &JobGroup<'_>, files: GateWorkflows<'_>) -> Vec<(&'static str, Vec<String>)> {
        let mut conditions = vec![("sub", self.subjects(&group.jobs))];
        conditions.extend(self.repository.ids.map(|(_, id)| ("repository_id", vec![id.to_string()])));
        // A pull request has a ref of its own, `refs/pull/N/merge`.
        if group.jobs.iter().all(|job| **job != JobContext::PullRequest) {
            conditions.push(("ref", vec![format!("refs/heads/{}", self.branch)]));
        }
        let environments = group.jobs.iter().filter_map(|job| match job {
            JobContext::Environment(name) => Some(name.clone()),
            JobContext::Branch(_) | JobContext::PullRequest => None,
        });
        let environments: Vec<_> = environments.collect();
        if !environments.is_empty() {
            conditions.push(("environment", environments));
        }
        if let Workflows::Gated(workflows) = group.workflows {
            conditions.push(("job_workflow_ref", refs(workflows, files)));
        }
        conditions
    }

    /// The values of `sub` that the jobs' tokens have.
    fn subjects(&self, jobs: &[&JobContext]) -> Vec<String> {
        let (repository, form) = (self.repository, self.form);
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
}

/// Jobs that are asked for the same, but for their names.
struct JobGroup<'a> {
    jobs: Vec<&'a JobContext>,
    workflows: &'a Workflows,
}

/// Jobs of one kind in the same workflows. A `sub` names its environment, so those of several can stand together.
fn alike(admissions: &[Admission]) -> Vec<JobGroup<'_>> {
    let mut groups: Vec<JobGroup<'_>> = Vec::new();
    for Admission { job, workflows } in admissions {
        let is_same = |group: &&mut JobGroup<'_>| group.workflows == workflows && sid(group.jobs[0]) == sid(job);
        match groups.iter_mut().find(is_same) {
            Some(group) => group.jobs.push(job),
            None => groups.push(JobGroup { jobs: vec![job], workflows }),
        }
    }
    groups
}

/// The id of the statement for a kind of job.
fn sid(job: &JobContext) -> &'static str {
    match job {
        JobContext::Branch(_) => "Branch",
        JobContext::PullRequest => "PullRequest",
        JobContext::Environment(_) => "GitHubEnvironment",
    }
}

/// The values of `job_workflow_ref`.
fn refs(workflows: &BTreeSet<GatedWorkflow>, files: GateWorkflows<'_>) -> Vec<String> {
    match files {
        GateWorkflows::Pinned(trusted) => {
            let of = |trusted: &TrustedWorkflows| workflows.iter().map(|workflow| pinned(trusted, *workflow)).collect();
            trusted.iter().flat_map::<Vec<_>, _>(of).collect()
        }
        GateWorkflows::Named(files) => files.iter().map(ToString::to_string).collect(),
    }
}

/// The `job_workflow_ref` of a job of the gate at a commit.
fn pinned(trusted: &TrustedWorkflows, workflow: GatedWorkflow) -> String {
    format!("{}/{}@{}", trusted.repository, workflow.path(), trusted.commit)
}

/// Whether a `job_workflow_ref` is that of a file of the gate at one of these commits.
pub fn is_pinned(trusted: &[TrustedWorkflows], found: &str) -> bool {
    trusted.iter().any(|trusted| GatedWorkflow::ALL.iter().any(|workflow| pinned(trusted, *workflow) == found))
}

/// A trust policy of these statements about tokens, which lets in the principals of AWS that are named, too.
pub fn policy(tokens: Vec<Value>, principals: &[String]) -> Value {
    let mut statements = tokens;
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

/// The statement that lets tokens of an issuer in that have one of these values of each claim.
fn statement(role: &RoleArn, issuer: &str, sid: &str, claims: Vec<(&'static str, Vec<String>)>) -> Value {
    let issuer = issuer.trim_start_matches("https://");
    let key = |claim: &str| format!("{issuer}:{claim}");
    let mut conditions = Map::from_iter([(key("aud"), json!(role.partition().audience()))]);
    for (claim, values) in claims {
        let value = match (claim, values.as_slice()) {
            ("sub", _) => json!(values),
            (_, [one]) => json!(one),
            _ => json!(values),
        };
        conditions.insert(key(claim), value);
    }
    json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": { "Federated": provider(role, issuer) },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": conditions },
    })
}

/// The ARN of the identity provider for an issuer in a role's account.
pub fn provider(role: &RoleArn, issuer: &str) -> String {
    let issuer = issuer.trim_start_matches("https://");
    format!("arn:{}:iam::{}:oidc-provider/{issuer}", role.partition(), role.account())
}

/// The statement that lets this token in, by all that a policy asks for and the token has. It names the token's own
/// issuer: on another one the same `sub` may be somebody else's. `names_workflow`: whether it asks for the workflow.
pub fn of_token(role: &RoleArn, claims: &Claims, names_workflow: bool) -> Value {
    let mut asked = vec![("sub", vec![claims.subject.clone()])];
    for claim in own_keys(claims, names_workflow) {
        if let Claim::Is(value) = claims.get(claim) {
            asked.push((claim, vec![value.to_owned()]));
        }
    }
    statement(role, &claims.issuer, "GitHubActions", asked)
}

/// The statement that lets every token with the `sub` of this one in.
pub fn of_subject(role: &RoleArn, claims: &Claims) -> Value {
    statement(role, &claims.issuer, "GitHubActions", vec![("sub", vec![claims.subject.clone()])])
}

/// The claims beside `sub` and `aud` that a policy for a token asks for. `environment` is one where the token has it.
pub fn own_keys(claims: &Claims, names_workflow: bool) -> Vec<&'static str> {
    if claims.issuer.trim_start_matches("https://") != ISSUER {
        return Vec::new();
    }
    let mut keys = vec!["repository_id"];
    if !claims.subject.ends_with(":pull_request") {
        keys.push("ref");
    }
    if matches!(claims.get("environment"), Claim::Is(_)) {
        keys.push("environment");
    }
    if names_workflow {
        keys.push("job_workflow_ref");
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::super::jobs::{ChangedIn, RoleEnvironment, jobs};
    use super::*;
    use crate::domain::role::RolePurpose;

    fn role() -> RoleArn {
        "arn:aws:iam::123456789012:role/production".parse().unwrap()
    }

    fn repository(ids: Option<(u64, u64)>) -> TokenRepository {
        TokenRepository { name: "o/r".to_owned(), ids }
    }

    fn trusted(digits: &[&str]) -> Vec<TrustedWorkflows> {
        digits.iter().map(|digit| format!("acme/shipgate@{}", digit.repeat(40)).parse().unwrap()).collect()
    }

    /// The conditions of each statement, by its id, without the issuer.
    fn asked(statements: &[Value]) -> Vec<(String, Vec<(String, Value)>)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let conditions = |statement: &Value| {
            let all = statement["Condition"]["StringEquals"].as_object().unwrap();
            let of_issuer = |key: &String| key.strip_prefix(&format!("{ISSUER}:")).unwrap().to_owned();
            let mut all: Vec<_> = all.iter().map(|(key, value)| (of_issuer(key), value.clone())).collect();
            all.sort_by(|one, other| one.0.cmp(&other.0));
            all
        };
        statements.iter().map(|statement| (text(&statement["Sid"]), conditions(statement))).collect()
    }

    fn production(changed_in: ChangedIn) -> RoleEnvironment {
        RoleEnvironment {
            name: "production".to_owned(),
            changed_in: Some(changed_in),
            has_read_role: true,
            promoted_by: Vec::new(),
        }
    }

    #[test]
    fn jobs_with_different_conditions_have_statements_of_their_own() {
        let (repository, trusted) = (repository(Some((1, 2))), trusted(&["a", "b"]));
        let keys = ConditionKeys::All(GateWorkflows::Pinned(&trusted));
        let tokens = Tokens { repository: &repository, form: SubjectForm::Immutable, branch: "main", keys };
        let admissions = jobs(&production(ChangedIn::GithubEnvironment), RolePurpose::Change, "main", true);
        let found = asked(&tokens.statements(&role(), &admissions));
        let at = |file: &str, digit: &str| format!("acme/shipgate/.github/workflows/{file}.yml@{}", digit.repeat(40));
        let condition = |key: &str, value: Value| (key.to_owned(), value);
        let own = |more: Vec<(String, Value)>, subject: &str, refs: Vec<String>| {
            let mut all = more;
            all.extend([
                condition("aud", json!("sts.amazonaws.com")),
                condition("job_workflow_ref", json!(refs)),
                condition("ref", json!("refs/heads/main")),
                condition("repository_id", json!("2")),
                condition("sub", json!([subject])),
            ]);
            all.sort_by(|one, other| one.0.cmp(&other.0));
            all
        };
        let files = |names: &[&str]| {
            ["a", "b"].iter().flat_map(|digit| names.iter().map(|name| at(name, digit)).collect::<Vec<_>>()).collect()
        };
        let gated = own(
            vec![condition("environment", json!("production"))],
            "repo:o@1/r@2:environment:production",
            files(&["promote", "rollback", "hold"]),
        );
        let alone = own(Vec::new(), "repo:o@1/r@2:ref:refs/heads/main", files(&["rollback", "hold"]));
        assert_eq!(found, [("GitHubEnvironment".to_owned(), gated), ("Branch".to_owned(), alone)]);
    }

    #[test]
    fn statements_of_one_kind_have_ids_of_their_own() {
        let environment = RoleEnvironment {
            has_read_role: false,
            promoted_by: vec![("next".to_owned(), ChangedIn::GithubEnvironment)],
            ..production(ChangedIn::GithubEnvironment)
        };
        let (repository, trusted) = (repository(Some((1, 2))), trusted(&["a"]));
        let keys = ConditionKeys::All(GateWorkflows::Pinned(&trusted));
        let tokens = Tokens { repository: &repository, form: SubjectForm::Classic, branch: "main", keys };
        let found = asked(&tokens.statements(&role(), &jobs(&environment, RolePurpose::Change, "main", true)));
        let ids: Vec<&str> = found.iter().map(|(sid, _)| sid.as_str()).collect();
        assert_eq!(ids, ["GitHubEnvironment", "Branch", "GitHubEnvironment2"]);
    }

    #[test]
    fn a_read_role_asks_for_no_workflow_and_of_a_pull_request_for_no_ref() {
        let environment = RoleEnvironment {
            name: "stage".to_owned(),
            changed_in: None,
            has_read_role: true,
            promoted_by: ["demo", "live"].map(|name| (name.to_owned(), ChangedIn::GithubEnvironment)).to_vec(),
        };
        let repository = repository(Some((1, 2)));
        let tokens = Tokens {
            repository: &repository,
            form: SubjectForm::Classic,
            branch: "main",
            keys: ConditionKeys::All(GateWorkflows::Pinned(&[])),
        };
        let found = asked(&tokens.statements(&role(), &jobs(&environment, RolePurpose::Read, "main", true)));
        let keys = |(sid, conditions): &(String, Vec<(String, Value)>)| {
            let keys: Vec<&str> = conditions.iter().map(|(key, _)| key.as_str()).collect();
            format!("{sid}: {}", keys.join(" "))
        };
        let expected = [
            "PullRequest: aud repository_id sub",
            "Branch: aud ref repository_id sub",
            "GitHubEnvironment: aud environment ref repository_id sub",
        ];
        assert_eq!(found.iter().map(keys).collect::<Vec<_>>(), expected);
        assert_eq!(found[2].1[1].1, json!(["demo", "live"]));
    }

    #[test]
    fn the_classic_form_is_one_statement_of_subjects() {
        let repository = repository(Some((1, 2)));
        let tokens = Tokens {
            repository: &repository,
            form: SubjectForm::Both,
            branch: "main",
            keys: ConditionKeys::Subject { issuer: ISSUER },
        };
        let admissions = jobs(&production(ChangedIn::GithubEnvironment), RolePurpose::Change, "main", false);
        let found = asked(&tokens.statements(&role(), &admissions));
        let subjects = json!(["repo:o/r:environment:production", "repo:o@1/r@2:environment:production"]);
        let conditions = vec![("aud".to_owned(), json!("sts.amazonaws.com")), ("sub".to_owned(), subjects)];
        assert_eq!(found, [("GitHubActions".to_owned(), conditions)]);
        assert_eq!(tokens.statements(&role(), &[]), [Value::Null; 0]);
    }

    #[test]
    fn own_files_stand_in_the_place_of_the_gates() {
        let files = ["acme/shop/.github/workflows/p.yml@refs/heads/main".parse().unwrap()];
        let repository = repository(Some((1, 2)));
        let tokens = Tokens {
            repository: &repository,
            form: SubjectForm::Classic,
            branch: "main",
            keys: ConditionKeys::All(GateWorkflows::Named(&files)),
        };
        let admissions = jobs(&production(ChangedIn::Branch), RolePurpose::Change, "main", false);
        let found = asked(&tokens.statements(&role(), &admissions));
        assert_eq!(found[0].1[1], ("job_workflow_ref".to_owned(), json!(files[0].to_string())));
    }

    #[test]
    fn colons_of_names_are_escaped() {
        let repository = repository(Some((1, 2)));
        let tokens = Tokens {
            repository: &repository,
            form: SubjectForm::Both,
            branch: "main",
            keys: ConditionKeys::Subject { issuer: ISSUER },
        };
        let found = tokens.subjects(&[&JobContext::Environment("eu:production".to_owned())]);
        assert_eq!(found, ["repo:o/r:environment:eu%3Aproduction", "repo:o@1/r@2:environment:eu%3Aproduction"]);
    }
}
