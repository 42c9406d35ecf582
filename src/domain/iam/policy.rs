//! What the roles of an environment may do: exactly the calls that shipgate makes, on the configured names.
//!
//! Sources: the [service authorization reference](https://docs.aws.amazon.com/service-authorization/latest/reference/)
//! of each service. `docs/iam/README.md` says of each statement which command needs it.

use serde_json::{Map, Value, json};

use crate::domain::names::{AccountId, ClusterName, InvalidName, Region, RepositoryName, ServiceName};
use crate::domain::role::{Access, Partition, RoleArn};

/// The statements with their actions, in the order of a deployment.
const ACTIONS: [(&str, &[&str]); 16] = [
    ("RegistryLogin", &["ecr:GetAuthorizationToken"]),
    ("ReadImages", &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]),
    (
        "WriteImages",
        &[
            "ecr:BatchCheckLayerAvailability",
            "ecr:InitiateLayerUpload",
            "ecr:UploadLayerPart",
            "ecr:CompleteLayerUpload",
            "ecr:PutImage",
        ],
    ),
    ("CreateRepositories", &["ecr:CreateRepository"]),
    ("ReadServices", &["ecs:DescribeServices"]),
    ("ReadTasks", &["ecs:DescribeTasks"]),
    ("ListTasks", &["ecs:ListTasks"]),
    ("ReadDefinitions", &["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions"]),
    ("ReadLogs", &["logs:GetLogEvents", "logs:FilterLogEvents"]),
    ("RegisterDefinitions", &["ecs:RegisterTaskDefinition"]),
    ("TagDefinitions", &["ecs:TagResource", "ecs:UntagResource"]),
    ("TagServices", &["ecs:TagResource", "ecs:UntagResource"]),
    ("UpdateServices", &["ecs:UpdateService"]),
    ("PassRoles", &["iam:PassRole"]),
    ("RunPreDeploy", &["ecs:RunTask"]),
    ("StopPreDeploy", &["ecs:StopTask"]),
];

/// The statements that allow an action, for who misses it.
pub fn statements_with(action: &str) -> Vec<&'static str> {
    ACTIONS.iter().filter(|(_, actions)| actions.contains(&action)).map(|(sid, _)| *sid).collect()
}

/// Everything of an environment that a policy names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The repositories that keep images, and whether a missing one is created.
    pub repositories: Vec<(RepositoryName, bool)>,
    /// The services.
    pub services: Vec<EcsSubject>,
    /// Whether others promote from it, and have its tasks prove what it runs.
    pub is_source: bool,
}

/// An ECS service with what its task definition names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcsSubject {
    /// The cluster.
    pub cluster: ClusterName,
    /// The service.
    pub service: ServiceName,
    /// The families of its task definitions: that of what it runs, and that of its file.
    pub families: Vec<String>,
    /// The roles that its tasks are started with, and run with: ARNs or, as ECS allows, names.
    pub roles: Vec<String>,
    /// The log groups of its container.
    pub log_groups: Vec<String>,
    /// Whether a one-off task runs before each release.
    pub pre_deploy: bool,
}

impl EcsSubject {
    /// Names come from a file too, and in a policy `*`, `?` and `${…}` stand for others.
    ///
    /// # Errors
    ///
    /// The first that is no name of its kind.
    pub fn check(&self) -> Result<(), InvalidName> {
        let invalid = |kind, value: &String, reason| Err(InvalidName { kind, value: value.clone(), reason });
        let is_word = |text: &str, others: &str, longest: usize| {
            (1..=longest).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
        };
        if let Some(family) = self.families.iter().find(|family| !is_word(family, "-_", 255)) {
            return invalid("a family", family, "it has letters, digits, `-` and `_`; at most 255");
        }
        if let Some(group) = self.log_groups.iter().find(|group| !is_word(group, ".-_/#", 512)) {
            return invalid("a log group", group, "it has letters, digits, `.`, `-`, `_`, `/` and `#`; at most 512");
        }
        let is_role = |role: &String| role.parse::<RoleArn>().is_ok() || is_word(role, "+=,.@-_", 64);
        match self.roles.iter().find(|role| !is_role(role)) {
            Some(role) => invalid("a role", role, "it is the ARN of an IAM role, or its name"),
            None => Ok(()),
        }
    }
}

/// A group of actions that are allowed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its id, by which the documents and the tests name it.
    pub sid: &'static str,
    /// The actions.
    pub actions: &'static [&'static str],
    /// The resources.
    pub resources: Vec<String>,
    /// A condition.
    pub condition: Option<Value>,
}

/// The statements of a role, in the order of a deployment. One without a resource is left out.
pub fn statements(subject: &Subject, access: Access) -> Vec<Statement> {
    let mut statements = vec![registry_login(), read_images(subject)];
    if access == Access::Change {
        statements.extend([write_images(subject), create_repositories(subject)]);
    }
    statements.extend([read_services(subject), read_definitions(), read_logs(subject)]);
    if access == Access::Change || subject.is_source {
        statements.extend([read_tasks(subject), list_tasks(subject)]);
    }
    if access == Access::Change {
        statements.extend([
            register(),
            tag_revisions(subject),
            tag_services(subject),
            update_services(subject),
            pass_roles(subject),
            run_pre_deploy(subject),
            stop_pre_deploy(subject),
        ]);
    }
    statements.retain(|statement| !statement.resources.is_empty());
    statements
}

/// Statements as a policy document.
pub fn document(statements: &[Statement]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements.iter().map(Statement::to_json).collect::<Vec<_>>() })
}

impl Statement {
    fn new(sid: &'static str, mut resources: Vec<String>) -> Self {
        resources.sort();
        resources.dedup();
        let actions = ACTIONS.iter().find(|(named, _)| *named == sid).map(|(_, actions)| *actions);
        Self { sid, actions: actions.unwrap_or_default(), resources, condition: None }
    }

    fn to_json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("Sid".to_owned(), json!(self.sid));
        fields.insert("Effect".to_owned(), json!("Allow"));
        fields.insert("Action".to_owned(), json!(self.actions));
        fields.insert("Resource".to_owned(), json!(self.resources));
        if let Some(condition) = &self.condition {
            fields.insert("Condition".to_owned(), condition.clone());
        }
        Value::Object(fields)
    }
}

impl Subject {
    fn arn(&self, service: &str, resource: &str) -> String {
        let Self { account, region, .. } = self;
        format!("arn:{}:{service}:{region}:{account}:{resource}", Partition::of(region))
    }

    fn repository_arns(&self) -> Vec<String> {
        self.repositories.iter().map(|(name, _)| self.arn("ecr", &format!("repository/{name}"))).collect()
    }

    /// One resource of each service, with the cluster that it is in. AWS checks the one or the other, by the action.
    fn with_clusters(&self, resource: impl Fn(&EcsSubject) -> String) -> Vec<String> {
        let services = self.services.iter().map(|it| self.arn("ecs", &resource(it)));
        services.chain(self.cluster_arns()).collect()
    }

    fn cluster_arns(&self) -> Vec<String> {
        self.services.iter().map(|it| self.arn("ecs", &format!("cluster/{}", it.cluster))).collect()
    }

    /// For actions whose resource does not tell the cluster. AWS always knows it; the local cloud never does, which
    /// `IfExists` is for.
    fn in_its_clusters(&self) -> Value {
        let mut clusters = self.cluster_arns();
        clusters.sort();
        clusters.dedup();
        json!({ "ArnEqualsIfExists": { "ecs:cluster": clusters } })
    }

    fn family_arns(&self) -> Vec<String> {
        let families = self.services.iter().flat_map(|it| &it.families);
        families.map(|family| self.arn("ecs", &format!("task-definition/{family}:*"))).collect()
    }

    fn only_pre_deploy(&self) -> Self {
        let services = self.services.iter().filter(|it| it.pre_deploy).cloned().collect();
        Self { services, ..self.clone() }
    }
}

/// No resource can be named for it.
fn registry_login() -> Statement {
    Statement::new("RegistryLogin", vec!["*".to_owned()])
}

fn read_images(subject: &Subject) -> Statement {
    Statement::new("ReadImages", subject.repository_arns())
}

fn write_images(subject: &Subject) -> Statement {
    Statement::new("WriteImages", subject.repository_arns())
}

fn create_repositories(subject: &Subject) -> Statement {
    let created = subject.repositories.iter().filter(|(_, create)| *create).cloned().collect();
    let created = Subject { repositories: created, ..subject.clone() };
    Statement::new("CreateRepositories", created.repository_arns())
}

fn read_services(subject: &Subject) -> Statement {
    let resources = subject.with_clusters(|it| format!("service/{}/{}", it.cluster, it.service));
    Statement::new("ReadServices", resources)
}

fn read_tasks(subject: &Subject) -> Statement {
    let resources = subject.with_clusters(|it| format!("task/{}/*", it.cluster));
    Statement::new("ReadTasks", resources)
}

/// AWS lets it name container instances alone, and has a condition on the cluster.
fn list_tasks(subject: &Subject) -> Statement {
    let condition = Some(subject.in_its_clusters());
    Statement { condition, ..Statement::new("ListTasks", vec!["*".to_owned()]) }
}

/// AWS lets neither name a resource.
fn read_definitions() -> Statement {
    Statement::new("ReadDefinitions", vec!["*".to_owned()])
}

/// AWS checks the group with `:*` behind it.
fn read_logs(subject: &Subject) -> Statement {
    let groups = subject.services.iter().flat_map(|it| &it.log_groups);
    let resources = groups.flat_map(|group| {
        let arn = subject.arn("logs", &format!("log-group:{group}"));
        [format!("{arn}:*"), arn]
    });
    Statement::new("ReadLogs", resources.collect())
}

/// AWS lets this name no family: whoever may register may register in any.
fn register() -> Statement {
    Statement::new("RegisterDefinitions", vec!["*".to_owned()])
}

/// Without the condition `ecs:CreateAction`: an outcome is written when the revision is long there, a hold on the
/// revision that a rollback leaves, and `unhold` takes it off.
fn tag_revisions(subject: &Subject) -> Statement {
    Statement::new("TagDefinitions", subject.family_arns())
}

/// Holds are tags of services.
fn tag_services(subject: &Subject) -> Statement {
    let services = subject.services.iter();
    let services = services.map(|it| subject.arn("ecs", &format!("service/{}/{}", it.cluster, it.service)));
    Statement::new("TagServices", services.collect())
}

fn update_services(subject: &Subject) -> Statement {
    let resources = subject.with_clusters(|it| format!("service/{}/{}", it.cluster, it.service));
    Statement::new("UpdateServices", resources)
}

/// The roles that a revision hands to its tasks, and to tasks alone.
fn pass_roles(subject: &Subject) -> Statement {
    let Subject { account, region, .. } = subject;
    let arn = |role: &String| {
        if role.starts_with("arn:") {
            return role.clone();
        }
        format!("arn:{}:iam::{account}:role/{role}", Partition::of(region))
    };
    let roles = subject.services.iter().flat_map(|it| it.roles.iter().map(arn));
    let condition = json!({ "StringEquals": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } });
    Statement { condition: Some(condition), ..Statement::new("PassRoles", roles.collect()) }
}

fn run_pre_deploy(subject: &Subject) -> Statement {
    let subject = subject.only_pre_deploy();
    let resources = subject.family_arns().into_iter().chain(subject.cluster_arns());
    let condition = Some(subject.in_its_clusters());
    Statement { condition, ..Statement::new("RunPreDeploy", resources.collect()) }
}

fn stop_pre_deploy(subject: &Subject) -> Statement {
    let subject = subject.only_pre_deploy();
    let resources = subject.with_clusters(|it| format!("task/{}/*", it.cluster));
    Statement::new("StopPreDeploy", resources)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        let service = |name: &str, pre_deploy| EcsSubject {
            cluster: "stage-cluster".parse().unwrap(),
            service: format!("stage-{name}").parse().unwrap(),
            families: vec![name.to_owned()],
            roles: vec!["arn:aws:iam::123456789012:role/task".to_owned()],
            log_groups: vec![format!("/ecs/{name}")],
            pre_deploy,
        };
        Subject {
            account: "123456789012".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            repositories: vec![("stage-shop".parse().unwrap(), false)],
            services: vec![service("backend", true), service("worker", false)],
            is_source: false,
        }
    }

    fn actions(statements: &[Statement]) -> Vec<&'static str> {
        statements.iter().flat_map(|statement| statement.actions.iter().copied()).collect()
    }

    #[test]
    fn only_what_cannot_name_a_resource_is_allowed_everywhere() {
        let all = statements(&subject(), Access::Change);
        let everywhere: Vec<_> = all.iter().filter(|it| it.resources == ["*"]).map(|it| it.sid).collect();
        assert_eq!(everywhere, ["RegistryLogin", "ReadDefinitions", "ListTasks", "RegisterDefinitions"]);
        let own = |arn: &String| arn == "*" || arn.contains(":123456789012:");
        assert!(all.iter().all(|statement| statement.resources.iter().all(own)));
    }

    #[test]
    fn who_changes_may_also_look() {
        let source = Subject { is_source: true, ..subject() };
        let change = actions(&statements(&source, Access::Change));
        let look = actions(&statements(&source, Access::Read));
        assert!(look.iter().all(|action| change.contains(action)));
        let reads = ["Get", "Describe", "List", "Batch", "Filter"];
        let is_read = |action: &&str| reads.iter().any(|read| action.split_once(':').unwrap().1.starts_with(read));
        assert_eq!(look.iter().filter(|action| !is_read(action)).count(), 0, "{look:?}");
    }

    #[test]
    fn what_is_not_configured_is_not_allowed() {
        let mut subject = subject();
        let sids = |subject: &Subject| statements(subject, Access::Change).iter().map(|it| it.sid).collect::<Vec<_>>();
        assert!(sids(&subject).contains(&"RunPreDeploy") && !sids(&subject).contains(&"CreateRepositories"));
        subject.services.remove(0);
        subject.services[0].roles.clear();
        for absent in ["RunPreDeploy", "StopPreDeploy", "PassRoles", "CreateRepositories"] {
            assert!(!sids(&subject).contains(&absent), "{absent}");
        }
        subject.repositories[0].1 = true;
        assert!(sids(&subject).contains(&"CreateRepositories"));
    }

    #[test]
    fn roles_are_passed_to_tasks_alone() {
        let document = document(&statements(&subject(), Access::Change));
        let all = document["Statement"].as_array().unwrap();
        let pass = all.iter().find(|statement| statement["Sid"] == "PassRoles").unwrap();
        assert_eq!(pass["Resource"], json!(["arn:aws:iam::123456789012:role/task"]));
        assert_eq!(pass["Condition"], json!({"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}));
    }

    /// A family may run in any cluster, as far as its ARN tells.
    #[test]
    fn tasks_are_started_and_listed_in_the_own_cluster_alone() {
        let document = document(&statements(&subject(), Access::Change));
        let all = document["Statement"].as_array().unwrap();
        let own = json!({"ecs:cluster": ["arn:aws:ecs:us-east-1:123456789012:cluster/stage-cluster"]});
        let here: Vec<_> = all.iter().filter(|it| it["Condition"]["ArnEqualsIfExists"] == own).collect();
        assert_eq!(
            here.iter().map(|it| it["Sid"].as_str().unwrap()).collect::<Vec<_>>(),
            ["ListTasks", "RunPreDeploy"]
        );
    }

    #[test]
    fn a_role_that_is_named_without_its_arn_is_passed_by_it() {
        let mut subject = subject();
        subject.services[0].roles = vec!["ecsTaskExecutionRole".to_owned()];
        let pass = pass_roles(&subject);
        let expected = ["ecsTaskExecutionRole", "task"].map(|name| format!("arn:aws:iam::123456789012:role/{name}"));
        assert_eq!(pass.resources, expected);
    }

    #[test]
    fn no_name_of_a_task_definition_stands_for_others() {
        let good = subject().services.remove(0);
        assert_eq!(good.check(), Ok(()));
        let with = |change: fn(&mut EcsSubject, String), text: &str| {
            let mut subject = good.clone();
            change(&mut subject, text.to_owned());
            subject.check().is_ok()
        };
        for wrong in ["*", "a*", "a?", "${aws:username}", "a:b", ""] {
            assert!(!with(|it, text| it.families = vec![text], wrong), "{wrong}");
            assert!(!with(|it, text| it.log_groups = vec![text], wrong), "{wrong}");
            assert!(!with(|it, text| it.roles = vec![text], wrong), "{wrong}");
        }
        assert!(!with(|it, text| it.roles = vec![text], "arn:aws:iam::123456789012:role/*"));
        assert!(with(|it, text| it.log_groups = vec![text], "/ecs/shop.web#1"));
    }

    #[test]
    fn a_missing_permission_leads_to_its_statement() {
        assert_eq!(statements_with("ecs:UpdateService"), ["UpdateServices"]);
        assert_eq!(statements_with("ecs:TagResource"), ["TagDefinitions", "TagServices"]);
        assert_eq!(statements_with("ecs:DeleteService"), [""; 0]);
    }
}
