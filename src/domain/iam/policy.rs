//! What the roles of an environment may do: exactly the calls that shipgate makes, on the configured names.
//!
//! The rights on images are here, for all kinds; each kind says which ones its components need beside these.
//!
//! Sources: the [service authorization reference](https://docs.aws.amazon.com/service-authorization/latest/reference/)
//! of each service. `docs/iam/README.md` says of each statement which command needs it.

use serde_json::{Value, json};

use super::rights::{Need, NeededFor, ResourceScope, Rights, Statement};
use crate::domain::kind::Kind;
use crate::domain::names::RepositoryName;
use crate::domain::role::RolePurpose;

const REGISTRY_LOGIN: Rights = Rights { sid: "RegistryLogin", actions: &["ecr:GetAuthorizationToken"] };
const READ_IMAGES: Rights = Rights { sid: "ReadImages", actions: &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"] };
const WRITE_IMAGES: Rights = Rights {
    sid: "WriteImages",
    actions: &[
        "ecr:BatchCheckLayerAvailability",
        "ecr:InitiateLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage",
    ],
};
const CREATE_REPOSITORIES: Rights = Rights { sid: "CreateRepositories", actions: &["ecr:CreateRepository"] };
const OF_IMAGES: [Rights; 4] = [REGISTRY_LOGIN, READ_IMAGES, WRITE_IMAGES, CREATE_REPOSITORIES];

/// The statements that allow an action, for who misses it.
pub fn statements_with(action: &str) -> Vec<&'static str> {
    all_rights().filter(|rights| rights.actions.contains(&action)).map(|rights| rights.sid).collect()
}

fn all_rights() -> impl Iterator<Item = Rights> {
    OF_IMAGES.into_iter().chain(Kind::rights())
}

/// Everything of an environment that a policy names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyScope {
    /// Where it is.
    pub place: ResourceScope,
    /// The repositories that keep images, and whether a missing one is created.
    pub repositories: Vec<(RepositoryName, bool)>,
    /// What the components need.
    pub needs: Vec<Need>,
    /// Whether others promote from it, and prove what it runs.
    pub is_source: bool,
}

/// The statements of a role, in the order of the rights, however the components are ordered. One without a resource is
/// left out.
pub fn statements(subject: &PolicyScope, access: RolePurpose) -> Vec<Statement> {
    let is_allowed = |purpose| match purpose {
        NeededFor::Reading => true,
        NeededFor::Proving => access == RolePurpose::Change || subject.is_source,
        NeededFor::Changing => access == RolePurpose::Change,
    };
    let needs = of_images(subject).into_iter().chain(subject.needs.iter().cloned());
    let mut statements: Vec<Statement> = Vec::new();
    for Need { statement, .. } in needs.filter(|need| is_allowed(need.purpose) && !need.statement.resources.is_empty())
    {
        match statements.iter_mut().find(|there| there.rights == statement.rights) {
            Some(there) => there.add(statement),
            None => statements.push(statement),
        }
    }
    statements.sort_by_key(|statement| all_rights().position(|rights| rights == statement.rights));
    statements
}

/// Statements as a policy document.
pub fn document(statements: &[Statement]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements.iter().map(Statement::to_json).collect::<Vec<_>>() })
}

/// What is needed for the images. Every run that has some logs in to the registry, and no resource can be named for that.
fn of_images(subject: &PolicyScope) -> [Need; 4] {
    let arns = |is_named: fn(bool) -> bool| {
        let named = subject.repositories.iter().filter(|(_, create)| is_named(*create));
        named.map(|(name, _)| subject.place.arn("ecr", &format!("repository/{name}"))).collect()
    };
    let need = |purpose, rights, resources| Need { purpose, statement: Statement::new(rights, resources) };
    let any = subject.repositories.first().into_iter().map(|_| "*".to_owned());
    [
        need(NeededFor::Reading, REGISTRY_LOGIN, any.collect()),
        need(NeededFor::Reading, READ_IMAGES, arns(|_| true)),
        need(NeededFor::Changing, WRITE_IMAGES, arns(|_| true)),
        need(NeededFor::Changing, CREATE_REPOSITORIES, arns(|create| create)),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::iam::rights::Condition;

    /// Of no kind in the list, and so before all others in the order that they come in.
    const READ: Rights = Rights { sid: "ReadThings", actions: &["a:Get"] };
    const PROVE: Rights = Rights { sid: "ProveThings", actions: &["a:List"] };
    const CHANGE: Rights = Rights { sid: "ChangeThings", actions: &["a:Put"] };

    fn need(purpose: NeededFor, rights: Rights, resources: &[&str], arns: &[&str]) -> Need {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let condition = Condition::ArnEqualsIfExists { key: "a:in", arns: texts(arns) };
        let statement = Statement::new(rights, texts(resources));
        Need { purpose, statement: Statement { condition: (!arns.is_empty()).then_some(condition), ..statement } }
    }

    fn subject(needs: Vec<Need>) -> PolicyScope {
        let place = ResourceScope { account: "123456789012".parse().unwrap(), region: "us-east-1".parse().unwrap() };
        PolicyScope { place, repositories: Vec::new(), needs, is_source: false }
    }

    fn sids(subject: &PolicyScope, access: RolePurpose) -> Vec<&'static str> {
        statements(subject, access).iter().map(|statement| statement.rights.sid).collect()
    }

    #[test]
    fn a_role_may_do_what_its_purpose_needs() {
        let needs = vec![
            need(NeededFor::Reading, READ, &["r"], &[]),
            need(NeededFor::Proving, PROVE, &["p"], &[]),
            need(NeededFor::Changing, CHANGE, &["c"], &[]),
        ];
        let target = subject(needs);
        let source = PolicyScope { is_source: true, ..target.clone() };
        assert_eq!(sids(&target, RolePurpose::Read), ["ReadThings"]);
        assert_eq!(sids(&source, RolePurpose::Read), ["ReadThings", "ProveThings"]);
        assert_eq!(sids(&target, RolePurpose::Change), ["ReadThings", "ProveThings", "ChangeThings"]);
    }

    #[test]
    fn the_needs_of_several_components_become_one_statement() {
        let needs = vec![
            need(NeededFor::Reading, READ, &["b", "a"], &["y"]),
            need(NeededFor::Reading, PROVE, &[], &[]),
            need(NeededFor::Reading, READ, &["c", "b"], &["x"]),
        ];
        let all = statements(&subject(needs), RolePurpose::Read);
        let [statement] = all.as_slice() else { panic!("{all:#?}") };
        let expected = json!({
            "Sid": "ReadThings",
            "Effect": "Allow",
            "Action": ["a:Get"],
            "Resource": ["a", "b", "c"],
            "Condition": { "ArnEqualsIfExists": { "a:in": ["x", "y"] } }
        });
        assert_eq!(statement.to_json(), expected);
    }

    #[test]
    fn images_have_rights_where_there_are_some() {
        let mut subject = subject(Vec::new());
        assert_eq!(sids(&subject, RolePurpose::Change), [""; 0], "no login to a registry without images");
        subject.repositories = vec![("stage-shop".parse().unwrap(), false)];
        assert_eq!(sids(&subject, RolePurpose::Read), ["RegistryLogin", "ReadImages"]);
        assert_eq!(sids(&subject, RolePurpose::Change), ["RegistryLogin", "ReadImages", "WriteImages"]);
        subject.repositories[0].1 = true;
        assert_eq!(sids(&subject, RolePurpose::Change).last(), Some(&"CreateRepositories"));
    }

    /// AWS refuses a policy in which two statements have the same id.
    #[test]
    fn no_two_rights_have_the_same_id() {
        let mut seen = HashSet::new();
        assert!(all_rights().all(|rights| seen.insert(rights.sid)), "{:#?}", all_rights().collect::<Vec<_>>());
    }

    #[test]
    fn a_missing_permission_leads_to_its_statement() {
        assert_eq!(statements_with("ecr:PutImage"), ["WriteImages"]);
        assert_eq!(statements_with("ecs:UpdateService"), ["UpdateServices"]);
        assert_eq!(statements_with("ecs:TagResource"), ["TagDefinitions", "TagServices"]);
        assert_eq!(statements_with("ecs:DeleteService"), [""; 0]);
    }
}
