//! What the roles of an environment may do with an ECS service.
//!
//! Sources: the [service authorization reference](https://docs.aws.amazon.com/service-authorization/latest/reference/)
//! of Amazon ECS, of `CloudWatch` Logs, and of IAM.

use crate::domain::ecs::names::{ClusterName, ServiceName};
use crate::domain::iam::rights::{Condition, Need, NeededFor, ResourceScope, Rights, Statement};
use crate::domain::names::{InvalidName, Region};
use crate::domain::role::RoleArn;

const READ_SERVICES: Rights = Rights { sid: "ReadServices", actions: &["ecs:DescribeServices"] };
const READ_TASKS: Rights = Rights { sid: "ReadTasks", actions: &["ecs:DescribeTasks"] };
const LIST_TASKS: Rights = Rights { sid: "ListTasks", actions: &["ecs:ListTasks"] };
const READ_DEFINITIONS: Rights =
    Rights { sid: "ReadDefinitions", actions: &["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions"] };
const READ_LOGS: Rights = Rights { sid: "ReadLogs", actions: &["logs:GetLogEvents", "logs:FilterLogEvents"] };
const REGISTER_DEFINITIONS: Rights = Rights { sid: "RegisterDefinitions", actions: &["ecs:RegisterTaskDefinition"] };
/// Without the condition `ecs:CreateAction`: an outcome is written when the revision is long there, a hold on the
/// revision that a rollback leaves, and `unhold` takes it off.
const TAG_DEFINITIONS: Rights = Rights { sid: "TagDefinitions", actions: &["ecs:TagResource", "ecs:UntagResource"] };
/// Holds are tags of services.
const TAG_SERVICES: Rights = Rights { sid: "TagServices", actions: &["ecs:TagResource", "ecs:UntagResource"] };
/// How far a deployment is that shifts traffic, and the way back of one that fails. Without them the service is polled and
/// updated alone.
const FOLLOW_DEPLOYMENTS: Rights = Rights {
    sid: "FollowDeployments",
    actions: &[
        "ecs:ListServiceDeployments",
        "ecs:DescribeServiceDeployments",
        "ecs:DescribeServiceRevisions",
        "ecs:StopServiceDeployment",
    ],
};
const READ_ALARMS: Rights = Rights { sid: "ReadAlarms", actions: &["cloudwatch:DescribeAlarms"] };
const UPDATE_SERVICES: Rights = Rights { sid: "UpdateServices", actions: &["ecs:UpdateService"] };
const PASS_ROLES: Rights = Rights { sid: "PassRoles", actions: &["iam:PassRole"] };
const RUN_PRE_DEPLOY: Rights = Rights { sid: "RunPreDeploy", actions: &["ecs:RunTask"] };
const STOP_PRE_DEPLOY: Rights = Rights { sid: "StopPreDeploy", actions: &["ecs:StopTask"] };

/// All rights that a service may need, in the order in which a policy has them.
pub const RIGHTS: &[Rights] = &[
    READ_SERVICES,
    READ_DEFINITIONS,
    READ_LOGS,
    READ_TASKS,
    LIST_TASKS,
    REGISTER_DEFINITIONS,
    TAG_DEFINITIONS,
    TAG_SERVICES,
    UPDATE_SERVICES,
    FOLLOW_DEPLOYMENTS,
    READ_ALARMS,
    PASS_ROLES,
    RUN_PRE_DEPLOY,
    STOP_PRE_DEPLOY,
];

/// An ECS service with what its task definition names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySubject {
    /// The cluster.
    pub cluster: ClusterName,
    /// The service.
    pub service: ServiceName,
    /// The families of its task definitions: that of what it runs, and that of its file.
    pub families: Vec<String>,
    /// The roles that its tasks are started with, and run with: ARNs or, as ECS allows, names.
    pub roles: Vec<String>,
    /// The log groups of its containers.
    pub log_groups: Vec<LogGroup>,
    /// Whether a one-off task runs before each release.
    pub pre_deploy: bool,
    /// The names of the alarms that a release is watched for.
    pub alarms: Vec<String>,
}

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    /// Its name.
    pub name: String,
    /// Its region. `None`: that of the environment.
    pub region: Option<Region>,
}

impl PolicySubject {
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
        if let Some(group) = self.log_groups.iter().map(|group| &group.name).find(|group| !is_word(group, ".-_/#", 512))
        {
            return invalid("a log group", group, "it has letters, digits, `.`, `-`, `_`, `/` and `#`; at most 512");
        }
        if let Some(alarm) = self.alarms.iter().find(|alarm| !is_word(alarm, " .-_/#:+=,@()", 255)) {
            return invalid(
                "an alarm",
                alarm,
                "in a policy it has letters, digits, spaces and ` .-_/#:+=,@()`; at most 255",
            );
        }
        let is_role = |role: &String| role.parse::<RoleArn>().is_ok() || is_word(role, "+=,.@-_", 64);
        match self.roles.iter().find(|role| !is_role(role)) {
            Some(role) => invalid("a role", role, "it is the ARN of an IAM role, or its name"),
            None => Ok(()),
        }
    }

    /// The rights that it needs.
    pub fn needs(&self, place: &ResourceScope) -> Vec<Need> {
        let arns = Arns { subject: self, place };
        let before = self.pre_deploy.then(|| pre_deploy(&arns));
        let always = reading(&arns).into_iter().chain(proving(&arns)).chain(changing(&arns));
        always.chain(before.into_iter().flatten()).collect()
    }
}

/// The resources of a service. Many actions also have the cluster: AWS checks the one or the other, by the action.
struct Arns<'a> {
    subject: &'a PolicySubject,
    place: &'a ResourceScope,
}

impl Arns<'_> {
    fn cluster(&self) -> String {
        self.place.arn("ecs", &format!("cluster/{}", self.subject.cluster))
    }

    fn service(&self) -> String {
        self.place.arn("ecs", &format!("service/{}/{}", self.subject.cluster, self.subject.service))
    }

    fn tasks(&self) -> String {
        self.place.arn("ecs", &format!("task/{}/*", self.subject.cluster))
    }

    /// The service, its deployments and its revisions: each action has one of them.
    fn deployments(&self) -> Vec<String> {
        let of = |kind: &str| {
            let PolicySubject { cluster, service, .. } = self.subject;
            self.place.arn("ecs", &format!("{kind}/{cluster}/{service}/*"))
        };
        vec![self.service(), of("service-deployment"), of("service-revision")]
    }

    fn alarms(&self) -> Vec<String> {
        self.subject.alarms.iter().map(|name| self.place.arn("cloudwatch", &format!("alarm:{name}"))).collect()
    }

    fn families(&self) -> Vec<String> {
        let families = self.subject.families.iter();
        families.map(|family| self.place.arn("ecs", &format!("task-definition/{family}:*"))).collect()
    }

    /// AWS checks the group with `:*` behind it.
    fn log_groups(&self) -> Vec<String> {
        let groups = self.subject.log_groups.iter();
        let arns = groups.map(|group| {
            let region = group.region.clone().unwrap_or_else(|| self.place.region.clone());
            let place = ResourceScope { account: self.place.account.clone(), region };
            place.arn("logs", &format!("log-group:{}", group.name))
        });
        arns.flat_map(|arn| [format!("{arn}:*"), arn]).collect()
    }

    fn roles(&self) -> Vec<String> {
        let arn = |role: &String| if role.starts_with("arn:") { role.clone() } else { self.place.role_arn(role) };
        self.subject.roles.iter().map(arn).collect()
    }

    /// For actions whose resource does not name the cluster. AWS always knows it; the local cloud never does, which
    /// `IfExists` is for.
    fn in_its_cluster(&self) -> Condition {
        Condition::ArnEqualsIfExists { key: "ecs:cluster", arns: vec![self.cluster()] }
    }
}

fn need(purpose: NeededFor, rights: Rights, resources: Vec<String>) -> Need {
    Need { purpose, statement: Statement::new(rights, resources) }
}

fn on_condition(condition: Condition, Need { purpose, statement }: Need) -> Need {
    Need { purpose, statement: Statement { condition: Some(condition), ..statement } }
}

fn anything() -> Vec<String> {
    vec!["*".to_owned()]
}

fn reading(arns: &Arns<'_>) -> [Need; 3] {
    [
        need(NeededFor::Reading, READ_SERVICES, vec![arns.service(), arns.cluster()]),
        // AWS lets neither name a resource.
        need(NeededFor::Reading, READ_DEFINITIONS, anything()),
        need(NeededFor::Reading, READ_LOGS, arns.log_groups()),
    ]
}

fn proving(arns: &Arns<'_>) -> [Need; 2] {
    [
        need(NeededFor::Proving, READ_TASKS, vec![arns.tasks(), arns.cluster()]),
        // AWS lets it name container instances alone, and has a condition on the cluster.
        on_condition(arns.in_its_cluster(), need(NeededFor::Proving, LIST_TASKS, anything())),
    ]
}

fn changing(arns: &Arns<'_>) -> Vec<Need> {
    // The roles that a revision hands to its tasks, and to tasks alone.
    let to_tasks = Condition::StringEquals { key: "iam:PassedToService", value: "ecs-tasks.amazonaws.com" };
    let alarms = (!arns.subject.alarms.is_empty()).then(|| need(NeededFor::Changing, READ_ALARMS, arns.alarms()));
    let always = [
        // AWS lets this name no family: a role that may register may register in any.
        need(NeededFor::Changing, REGISTER_DEFINITIONS, anything()),
        need(NeededFor::Changing, TAG_DEFINITIONS, arns.families()),
        need(NeededFor::Changing, TAG_SERVICES, vec![arns.service()]),
        need(NeededFor::Changing, UPDATE_SERVICES, vec![arns.service(), arns.cluster()]),
        need(NeededFor::Changing, FOLLOW_DEPLOYMENTS, arns.deployments()),
        on_condition(to_tasks, need(NeededFor::Changing, PASS_ROLES, arns.roles())),
    ];
    always.into_iter().chain(alarms).collect()
}

fn pre_deploy(arns: &Arns<'_>) -> [Need; 2] {
    let families = arns.families().into_iter().chain([arns.cluster()]).collect();
    [
        on_condition(arns.in_its_cluster(), need(NeededFor::Changing, RUN_PRE_DEPLOY, families)),
        need(NeededFor::Changing, STOP_PRE_DEPLOY, vec![arns.tasks(), arns.cluster()]),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::iam::policy::{PolicyScope, document, statements};
    use crate::domain::role::RolePurpose;

    fn service(name: &str, pre_deploy: bool) -> PolicySubject {
        PolicySubject {
            cluster: "stage-cluster".parse().unwrap(),
            service: format!("stage-{name}").parse().unwrap(),
            families: vec![name.to_owned()],
            roles: vec!["arn:aws:iam::123456789012:role/task".to_owned()],
            log_groups: vec![LogGroup { name: format!("/ecs/{name}"), region: None }],
            pre_deploy,
            alarms: vec![format!("stage-{name}-5xx")],
        }
    }

    fn subject_of(services: &[PolicySubject]) -> PolicyScope {
        let place = ResourceScope { account: "123456789012".parse().unwrap(), region: "us-east-1".parse().unwrap() };
        let needs = services.iter().flat_map(|service| service.needs(&place)).collect();
        PolicyScope { place, repositories: vec![("stage-shop".parse().unwrap(), false)], needs, is_source: false }
    }

    fn subject() -> PolicyScope {
        subject_of(&[service("backend", true), service("worker", false)])
    }

    fn actions(statements: &[Statement]) -> Vec<&'static str> {
        statements.iter().flat_map(|statement| statement.rights.actions.iter().copied()).collect()
    }

    #[test]
    fn only_what_cannot_name_a_resource_is_allowed_everywhere() {
        let all = statements(&subject(), RolePurpose::Change);
        let everywhere: Vec<_> = all.iter().filter(|it| it.resources == ["*"]).map(|it| it.rights.sid).collect();
        assert_eq!(everywhere, ["RegistryLogin", "ReadDefinitions", "ListTasks", "RegisterDefinitions"]);
        let own = |arn: &String| arn == "*" || arn.contains(":123456789012:");
        assert!(all.iter().all(|statement| statement.resources.iter().all(own)));
    }

    #[test]
    fn who_changes_may_also_look() {
        let source = PolicyScope { is_source: true, ..subject() };
        let change = actions(&statements(&source, RolePurpose::Change));
        let look = actions(&statements(&source, RolePurpose::Read));
        assert!(look.iter().all(|action| change.contains(action)));
        let reads = ["Get", "Describe", "List", "Batch", "Filter"];
        let is_read = |action: &&str| reads.iter().any(|read| action.split_once(':').unwrap().1.starts_with(read));
        assert_eq!(look.iter().filter(|action| !is_read(action)).count(), 0, "{look:?}");
    }

    #[test]
    fn what_is_not_configured_is_not_allowed() {
        let sids = |subject: &PolicyScope| {
            statements(subject, RolePurpose::Change).iter().map(|it| it.rights.sid).collect::<Vec<_>>()
        };
        assert!(sids(&subject()).contains(&"RunPreDeploy") && sids(&subject()).contains(&"PassRoles"));
        let less = subject_of(&[PolicySubject { roles: Vec::new(), ..service("worker", false) }]);
        for absent in ["RunPreDeploy", "StopPreDeploy", "PassRoles"] {
            assert!(!sids(&less).contains(&absent), "{absent}");
        }
    }

    #[test]
    fn every_right_that_is_needed_is_in_the_list() {
        let used: Vec<Rights> = subject().needs.iter().map(|need| need.statement.rights).collect();
        assert!(RIGHTS.iter().all(|rights| used.contains(rights)) && used.iter().all(|it| RIGHTS.contains(it)));
    }

    /// The first service has nothing for some statements that the second has.
    #[test]
    fn statements_keep_their_order_whatever_the_first_service_lacks() {
        let new = PolicySubject { families: Vec::new(), log_groups: Vec::new(), ..service("worker", false) };
        let all = statements(&subject_of(&[new, service("backend", true)]), RolePurpose::Change);
        let sids: Vec<_> = all.iter().map(|statement| statement.rights.sid).skip(3).collect();
        assert_eq!(sids, RIGHTS.iter().map(|rights| rights.sid).collect::<Vec<_>>());
    }

    #[test]
    fn logs_in_another_region_are_read_there() {
        let elsewhere = LogGroup { name: "/ecs/proxy".to_owned(), region: Some("eu-west-1".parse().unwrap()) };
        let mut backend = service("backend", false);
        backend.log_groups.push(elsewhere);
        let all = statements(&subject_of(&[backend]), RolePurpose::Change);
        let read = all.iter().find(|statement| statement.rights == READ_LOGS).unwrap();
        let group = |region: &str, name: &str| format!("arn:aws:logs:{region}:123456789012:log-group:/ecs/{name}");
        for arn in [group("us-east-1", "backend"), group("eu-west-1", "proxy")] {
            assert!(read.resources.contains(&arn) && read.resources.contains(&format!("{arn}:*")), "{read:?}");
        }
    }

    #[test]
    fn roles_are_passed_to_tasks_alone() {
        let document = document(&statements(&subject(), RolePurpose::Change));
        let all = document["Statement"].as_array().unwrap();
        let pass = all.iter().find(|statement| statement["Sid"] == "PassRoles").unwrap();
        assert_eq!(pass["Resource"], json!(["arn:aws:iam::123456789012:role/task"]));
        assert_eq!(pass["Condition"], json!({"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}));
    }

    /// A family may run in any cluster, as far as its ARN says.
    #[test]
    fn tasks_are_started_and_listed_in_the_own_cluster_alone() {
        let document = document(&statements(&subject(), RolePurpose::Change));
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
        let named = PolicySubject { roles: vec!["ecsTaskExecutionRole".to_owned()], ..service("backend", true) };
        let all = statements(&subject_of(&[named, service("worker", false)]), RolePurpose::Change);
        let pass = all.iter().find(|statement| statement.rights == PASS_ROLES).unwrap();
        let expected = ["ecsTaskExecutionRole", "task"].map(|name| format!("arn:aws:iam::123456789012:role/{name}"));
        assert_eq!(pass.resources, expected);
    }

    #[test]
    fn no_name_of_a_task_definition_stands_for_others() {
        let good = service("backend", true);
        assert_eq!(good.check(), Ok(()));
        let with = |change: fn(&mut PolicySubject, String), text: &str| {
            let mut subject = good.clone();
            change(&mut subject, text.to_owned());
            subject.check().is_ok()
        };
        for wrong in ["*", "a*", "a?", "${aws:username}", "a:b", ""] {
            assert!(!with(|it, text| it.families = vec![text], wrong), "{wrong}");
            assert!(!with(|it, text| it.log_groups = vec![LogGroup { name: text, region: None }], wrong), "{wrong}");
            assert!(!with(|it, text| it.roles = vec![text], wrong), "{wrong}");
        }
        assert!(!with(|it, text| it.roles = vec![text], "arn:aws:iam::123456789012:role/*"));
        assert!(with(|it, text| it.log_groups = vec![LogGroup { name: text, region: None }], "/ecs/shop.web#1"));
    }
}
