//! The local cloud, with a cluster, services and a repository for each test alone.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::{BehaviorVersion, Region};
use aws_sdk_ecr::types::ImageTagMutability;
use aws_sdk_ecs::types::{
    AwsVpcConfiguration, ContainerDefinition, DeploymentCircuitBreaker, DeploymentConfiguration,
    DeploymentRolloutState, DesiredStatus, KeyValuePair, LaunchType, LoadBalancer, LogConfiguration, LogDriver,
    NetworkConfiguration, Service, SortOrder, Task,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::cloud_roles::{self, Authorized, Job};
use crate::github::GitHub;
use crate::harness::{Ran, Repository, Shipgate, unsettled};

/// One test's corner of the local cloud.
pub struct Cloud {
    runtime: Runtime,
    region: &'static str,
    endpoint: String,
    registry: String,
    app: Vec<u8>,
    ecs: aws_sdk_ecs::Client,
    ecr: aws_sdk_ecr::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    pub iam: aws_sdk_iam::Client,
    pub authorized: Authorized,
    on_github: OnceCell<String>,
    /// What all names of the test begin with.
    pub prefix: String,
}

/// What a service of a test is like.
pub struct ServiceOptions {
    pub name: &'static str,
    pub container: &'static str,
    pub desired: i32,
    pub command: Vec<String>,
    pub variables: Vec<(&'static str, &'static str)>,
    pub breaker: Breaker,
    pub maximum_percent: i32,
    /// The target group that its tasks join.
    pub target_group: Option<String>,
}

/// What the service's deployment circuit breaker does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    RollsBack,
    OnlyStops,
    Off,
}

impl ServiceOptions {
    pub fn web() -> Self {
        Self {
            name: "backend",
            container: "web",
            desired: 1,
            command: Vec::new(),
            variables: vec![("LOG_LEVEL", "info")],
            breaker: Breaker::RollsBack,
            maximum_percent: 200,
            target_group: None,
        }
    }

    /// Production, with variables of its own.
    pub fn live() -> Self {
        Self { name: "live", variables: vec![("LOG_LEVEL", "warn"), ("DATABASE_URL", "production")], ..Self::web() }
    }

    /// Production's second service.
    pub fn live_worker() -> Self {
        Self { name: "live-worker", ..Self::worker() }
    }

    pub fn worker() -> Self {
        Self { name: "worker", container: "worker", command: vec!["worker".to_owned()], ..Self::web() }
    }

    /// A rollout of this service never ends, because there is no room for a second task beside the first.
    /// [`Cloud::make_room`] lets it go on.
    pub fn without_room() -> Self {
        Self { maximum_percent: 100, ..Self::web() }
    }
}

/// What serves: equal before and after means that nothing was touched.
#[derive(Debug, PartialEq, Eq)]
pub struct Serving {
    pub deployment: String,
    pub task_definition: String,
    pub tasks: Vec<String>,
}

#[expect(clippy::disallowed_methods, reason = "scripts/test says where the local cloud is")]
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test, which starts the local cloud"))
}

#[expect(clippy::disallowed_methods, reason = "a test names its own things")]
fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// Where jobs get their tokens.
pub fn token_url() -> String {
    variable("ACTIONS_ID_TOKEN_REQUEST_URL")
}

impl Cloud {
    /// With an image repository and the service `backend`.
    pub fn with_backend() -> Self {
        Self::with(&ServiceOptions::web())
    }

    /// With an image repository and a service.
    pub fn with(options: &ServiceOptions) -> Self {
        let cloud = Self::new();
        cloud.create_repository(ImageTagMutability::Mutable);
        cloud.create_service(options);
        cloud
    }

    /// With the service `backend` for stage, and `live` with a repository of its own for production.
    pub fn with_stage_and_production() -> Self {
        let cloud = Self::with_backend();
        cloud.create_repository_named(&cloud.live_repository(), ImageTagMutability::Mutable);
        cloud.create_service(&ServiceOptions::live());
        cloud
    }

    /// A cluster with a name of this test's own.
    pub fn new() -> Self {
        Self::in_region("us-east-1")
    }

    /// The same in another region. Its registry is the one with a password.
    pub fn in_region(region: &'static str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // A stack may outlive many runs, in which process ids come again.
        let prefix = format!("t{:x}-{}-{}", seconds(), std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let endpoint = variable("AWS_ENDPOINT_URL");
        let registry = endpoint.trim_start_matches("http://").to_owned();
        let app = std::fs::read(variable("SHIPGATE_TEST_APP")).expect("the example's binary");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // The account's root, as the owner of what is there. What is tested never has these keys.
        let root = aws_credential_types::Credentials::new("test", "test", None, None, "root");
        let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(region));
        let config = runtime.block_on(loader.credentials_provider(root).load());
        let cloud = Self {
            runtime,
            region,
            endpoint,
            registry,
            app,
            ecs: aws_sdk_ecs::Client::new(&config),
            ecr: aws_sdk_ecr::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            authorized: Authorized::default(),
            on_github: OnceCell::new(),
            prefix,
        };
        cloud.runtime.block_on(async {
            cloud.ecs.create_cluster().cluster_name(cloud.cluster()).send().await.unwrap();
        });
        cloud
    }

    pub fn cluster(&self) -> String {
        format!("{}-cluster", self.prefix)
    }

    pub fn repository(&self) -> String {
        format!("{}-app", self.prefix)
    }

    pub fn log_group(&self, name: &str) -> String {
        format!("/ecs/{}", self.service_name(name))
    }

    pub fn service_name(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    /// `http://localhost:PORT`
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// `localhost:PORT`, the registry's host.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    pub fn create_repository(&self, mutability: ImageTagMutability) {
        self.create_repository_named(&self.repository(), mutability);
    }

    pub fn create_repository_named(&self, name: &str, mutability: ImageTagMutability) {
        let request = self.ecr.create_repository().repository_name(name).image_tag_mutability(mutability);
        self.runtime.block_on(request.send()).unwrap();
    }

    /// Production's image repository.
    pub fn live_repository(&self) -> String {
        format!("{}-live", self.prefix)
    }

    /// A service that runs the stack's bootstrap image, and is up when this returns.
    pub fn create_service(&self, options: &ServiceOptions) {
        self.create_service_and_go_on(options);
        crate::harness::eventually("the service's first tasks run", || {
            self.running_tasks(options.name).len() == usize::try_from(options.desired).unwrap()
        });
    }

    /// A service that may never be up.
    pub fn create_service_and_go_on(&self, options: &ServiceOptions) {
        let log_group = self.logs.create_log_group().log_group_name(self.log_group(options.name));
        self.runtime.block_on(log_group.send()).unwrap();
        let definition = self.register_bootstrap(options);
        let network = NetworkConfiguration::builder()
            .awsvpc_configuration(AwsVpcConfiguration::builder().subnets("subnet-1").build().unwrap())
            .build();
        let breaker = DeploymentCircuitBreaker::builder()
            .enable(options.breaker != Breaker::Off)
            .rollback(options.breaker == Breaker::RollsBack)
            .build();
        let deployment = DeploymentConfiguration::builder()
            .deployment_circuit_breaker(breaker)
            .maximum_percent(options.maximum_percent)
            .minimum_healthy_percent(100);
        let balancer = options.target_group.as_ref().map(|group| {
            let container = LoadBalancer::builder().container_name(options.container).container_port(8000);
            vec![container.target_group_arn(group).build()]
        });
        let request = self
            .ecs
            .create_service()
            .cluster(self.cluster())
            .service_name(self.service_name(options.name))
            .task_definition(definition)
            .desired_count(options.desired)
            .launch_type(LaunchType::Fargate)
            .network_configuration(network)
            .set_load_balancers(balancer)
            .deployment_configuration(deployment.build());
        self.runtime.block_on(request.send()).unwrap();
    }

    fn register_bootstrap(&self, options: &ServiceOptions) -> String {
        let mut log = LogConfiguration::builder().log_driver(LogDriver::Awslogs);
        for (key, value) in [
            ("awslogs-group", self.log_group(options.name).as_str()),
            ("awslogs-region", self.region),
            ("awslogs-stream-prefix", options.name),
        ] {
            log = log.options(key, value);
        }
        let mut container = ContainerDefinition::builder()
            .name(options.container)
            .image(format!("{}/stage-cloudshop-backend:bootstrap", self.registry))
            .log_configuration(log.build().unwrap());
        for (name, value) in &options.variables {
            container = container.environment(KeyValuePair::builder().name(*name).value(*value).build());
        }
        for part in &options.command {
            container = container.command(part);
        }
        let request = self
            .ecs
            .register_task_definition()
            .family(self.service_name(options.name))
            .container_definitions(container.build())
            .requires_compatibilities(aws_sdk_ecs::types::Compatibility::Fargate)
            .network_mode(aws_sdk_ecs::types::NetworkMode::Awsvpc)
            .cpu("256")
            .memory("512");
        let output = self.runtime.block_on(request.send()).unwrap();
        output.task_definition().unwrap().task_definition_arn().unwrap().to_owned()
    }

    /// A repository with the example's app in it, and a configuration for the services of this test.
    pub fn shop(&self, config: &str) -> Repository {
        let repository = Repository::bare();
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository.write("shipgate.toml", config);
        repository.write("backend/cloudshop", &self.app);
        repository.write("backend/products.json", r#"{"products": []}"#);
        repository.write(
            "backend/Dockerfile",
            "FROM scratch\nCOPY --chmod=755 cloudshop /cloudshop\nCOPY products.json /products.json\n\
             ARG RELEASE=unknown\nENV RELEASE=$RELEASE\nENTRYPOINT [\"/cloudshop\"]\n"
                .replace("--chmod=755 ", ""),
        );
        set_executable(&repository.path().join("backend/cloudshop"));
        repository.commit("The shop");
        repository
    }

    /// The configuration of one component `backend` on environment `stage`; `more` goes into the component.
    pub fn config(&self, more: &str) -> String {
        format!(
            "app = \"shop\"\n\
             [components.backend]\n\
             kind = \"ecs\"\n\
             {}\n\
             build = {{ context = \"backend\", args = {{ RELEASE = \"${{release.sha}}\" }} }}\n\
             container = \"web\"\n\
             repository = \"{}\"\n\
             cluster = \"{}\"\n\
             service = \"{}\"\n\
             {more}\n\
             [environments.stage]\n\
             region = \"us-east-1\"\n\
             account = \"000000000000\"\n\
             {}",
            unsettled(more),
            self.repository(),
            self.cluster(),
            self.service_name("backend"),
            cloud_roles::lines(self, "stage"),
        )
    }

    /// The configuration of another environment, whose `backend` is another service with the same repository.
    pub fn other_environment(&self, environment: &str, service: &str) -> String {
        format!(
            "[environments.{environment}]\nregion = \"us-east-1\"\naccount = \"000000000000\"\n{}\
             [environments.{environment}.components.backend]\nservice = \"{}\"\n",
            cloud_roles::lines(self, environment),
            self.service_name(service),
        )
    }

    /// Both environments of [`Cloud::with_stage_and_production`]; `more` goes into the component.
    pub fn promotion_config(&self, more: &str) -> String {
        format!(
            "{}\
             [environments.production]\n\
             region = \"us-east-1\"\n\
             account = \"000000000000\"\n\
             promotes-from = \"stage\"\n\
             {}\
             [environments.production.gates]\n\
             approval = \"none\"\n\
             overridable = [\"branch\", \"forward\", \"freeze\"]\n\
             [environments.production.components.backend]\n\
             service = \"{}\"\n\
             repository = \"{}\"\n",
            self.config(more),
            cloud_roles::lines(self, "production"),
            self.service_name("live"),
            self.live_repository(),
        )
    }

    /// The same with a second component `worker` on the same image; `more` goes into both components, `worker` into the
    /// second.
    pub fn two_component_config(&self, more: &str, worker: &str) -> String {
        let second = format!(
            "{more}\n\
             [components.worker]\n\
             kind = \"ecs\"\n\
             {}\n\
             image-from = \"backend\"\n\
             container = \"worker\"\n\
             cluster = \"{}\"\n\
             service = \"{}\"\n\
             {more}\n\
             {worker}",
            unsettled(worker),
            self.cluster(),
            self.service_name("worker"),
        );
        let live = self.service_name("live-worker");
        let production = format!("[environments.production.components.worker]\nservice = \"{live}\"\n");
        format!("{}{production}", self.promotion_config(&second))
    }

    /// With both environments, and both components in each.
    pub fn with_two_components() -> Self {
        let cloud = Self::with_stage_and_production();
        cloud.create_service(&ServiceOptions::worker());
        cloud.create_service(&ServiceOptions::live_worker());
        cloud
    }

    /// The environment that the program needs to reach this cloud.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("SHIPGATE_REGISTRY_HOSTS", variable("SHIPGATE_REGISTRY_HOSTS")),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", variable("ACTIONS_ID_TOKEN_REQUEST_URL")),
        ]
    }

    /// The program as the job that a command belongs to: with the roles of the configuration, and no keys.
    pub fn shipgate(&self, repository: &Repository, arguments: &[&str]) -> Shipgate {
        self.shipgate_as(Job::of(arguments), repository, arguments)
    }

    /// The program as a job.
    pub fn shipgate_as(&self, job: Job, repository: &Repository, arguments: &[&str]) -> Shipgate {
        cloud_roles::ensure(self, repository, arguments);
        let shipgate = repository.shipgate(arguments).envs(&self.variables());
        shipgate.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", job.subject_in(self.repository_on_github()))
    }

    /// The test's own repository on GitHub, whose jobs the roles let in from now on.
    pub fn github(&self) -> GitHub {
        let github = GitHub::new();
        self.on_github.set(github.repository.clone()).expect("a test has one repository");
        github
    }

    /// The repository on GitHub whose jobs the roles let in.
    pub fn repository_on_github(&self) -> &str {
        self.on_github.get().map_or(cloud_roles::REPOSITORY, String::as_str)
    }

    /// Waits for what the cloud is asked.
    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// `shipgate deploy stage --output json` with more arguments.
    pub fn deploy(&self, repository: &Repository, more: &[&str]) -> Ran {
        self.shipgate(repository, &[&["deploy", "stage", "--output", "json"], more].concat()).run()
    }

    /// `shipgate promote production --output json` with more arguments.
    pub fn promote(&self, repository: &Repository, more: &[&str]) -> Ran {
        self.shipgate(repository, &[&["promote", "production", "--output", "json"], more].concat()).run()
    }

    /// `shipgate rollback production --output json` with more arguments.
    pub fn rollback(&self, repository: &Repository, more: &[&str]) -> Ran {
        self.shipgate(repository, &[&["rollback", "production", "--output", "json"], more].concat()).run()
    }

    pub fn service(&self, name: &str) -> Service {
        let request = self.ecs.describe_services().cluster(self.cluster()).services(self.service_name(name));
        self.runtime.block_on(request.send()).unwrap().services.unwrap().remove(0)
    }

    /// What serves now.
    pub fn serving(&self, name: &str) -> Serving {
        let service = self.service(name);
        let primary = service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY")).unwrap();
        let mut tasks: Vec<String> =
            self.running_tasks(name).iter().map(|task| task.task_arn().unwrap().to_owned()).collect();
        tasks.sort();
        Serving {
            deployment: primary.id().unwrap().to_owned(),
            task_definition: primary.task_definition().unwrap().to_owned(),
            tasks,
        }
    }

    /// The releases that the shop's running tasks say they are.
    pub fn releases(&self, name: &str) -> Vec<String> {
        let tasks = self.running_tasks(name);
        tasks.iter().map(|task| self.ask(task, "/health")["release"].as_str().unwrap().to_owned()).collect()
    }

    /// The tasks of the cluster that no service started, running and stopped.
    pub fn one_off_tasks(&self) -> Vec<Task> {
        self.runtime.block_on(async {
            let mut arns = Vec::new();
            for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
                let request = self.ecs.list_tasks().cluster(self.cluster()).desired_status(status);
                arns.extend(request.send().await.unwrap().task_arns.unwrap_or_default());
            }
            if arns.is_empty() {
                return Vec::new();
            }
            let request = self.ecs.describe_tasks().cluster(self.cluster()).set_tasks(Some(arns));
            let mut tasks = request.send().await.unwrap().tasks.unwrap_or_default();
            tasks.retain(|task| !task.group().unwrap_or_default().starts_with("service:"));
            tasks
        })
    }

    /// Waits for a one-off task that runs.
    pub fn running_one_off_task(&self) -> Task {
        let running = || self.one_off_tasks().into_iter().find(|task| task.last_status() == Some("RUNNING"));
        crate::harness::eventually("a one-off task runs", || running().is_some());
        running().unwrap()
    }

    /// A request to ECS as raw JSON, with fields that the SDK may not know.
    pub fn ecs_call(&self, operation: &str, body: &Value) -> Value {
        self.json_call("ecs", &format!("AmazonEC2ContainerServiceV20141113.{operation}"), body)
    }

    /// Keeps a secret, and returns its ARN.
    pub fn create_secret(&self, name: &str, value: &Value) -> String {
        let body = json!({ "Name": format!("{}-{name}", self.prefix), "SecretString": value.to_string() });
        let made = self.json_call("secretsmanager", "secretsmanager.CreateSecret", &body);
        made["ARN"].as_str().unwrap().to_owned()
    }

    fn json_call(&self, service: &str, operation: &str, body: &Value) -> Value {
        self.runtime.block_on(async {
            let answer = reqwest::Client::new()
                .post(&self.endpoint)
                .header("x-amz-target", operation)
                .header("content-type", "application/x-amz-json-1.1")
                .header("authorization", authorization(service, self.region))
                .body(body.to_string())
                .send()
                .await
                .unwrap();
            let text = answer.text().await.unwrap();
            let answer: Value = serde_json::from_str(&text).unwrap();
            assert!(answer.get("__type").is_none(), "{operation}: {text}");
            answer
        })
    }

    /// A revision as ECS describes it.
    pub fn definition(&self, arn: &str) -> Value {
        self.ecs_call("DescribeTaskDefinition", &json!({ "taskDefinition": arn }))["taskDefinition"].take()
    }

    /// Registers what a service runs, changed, as somebody would by hand.
    pub fn register_changed(&self, name: &str, change: impl FnOnce(&mut Value)) -> String {
        let mut definition = self.definition(&self.revision(name));
        for field in ["taskDefinitionArn", "revision", "status", "registeredAt", "registeredBy", "compatibilities"] {
            definition.as_object_mut().unwrap().remove(field);
        }
        definition.as_object_mut().unwrap().retain(|_, value| !value.is_null() && value != "");
        change(&mut definition);
        let registered = self.ecs_call("RegisterTaskDefinition", &definition);
        registered["taskDefinition"]["taskDefinitionArn"].as_str().unwrap().to_owned()
    }

    /// Points a service at a revision, as somebody would by hand.
    pub fn move_to(&self, name: &str, revision: &str) {
        let request = self
            .ecs
            .update_service()
            .cluster(self.cluster())
            .service(self.service_name(name))
            .task_definition(revision);
        self.runtime.block_on(request.send()).unwrap();
    }

    /// Changes what a service runs by hand, and waits until it runs.
    pub fn change_by_hand(&self, name: &str, change: impl FnOnce(&mut Value)) -> String {
        let revision = self.register_changed(name, change);
        self.move_to(name, &revision);
        self.settled(name);
        revision
    }

    pub fn set_desired(&self, name: &str, desired: i32) {
        let request =
            self.ecs.update_service().cluster(self.cluster()).service(self.service_name(name)).desired_count(desired);
        self.runtime.block_on(request.send()).unwrap();
        self.settled(name);
    }

    /// Makes a service want a second task that it has no room for.
    pub fn want_more_than_fits(&self, name: &str) {
        let request = self
            .ecs
            .update_service()
            .cluster(self.cluster())
            .service(self.service_name(name))
            .desired_count(2)
            .deployment_configuration(DeploymentConfiguration::builder().maximum_percent(50).build());
        self.runtime.block_on(request.send()).unwrap();
    }

    pub fn delete_service(&self, name: &str) {
        let request = self.ecs.delete_service().cluster(self.cluster()).service(self.service_name(name)).force(true);
        self.runtime.block_on(request.send()).unwrap();
    }

    pub fn delete_log_group(&self, name: &str) {
        self.runtime.block_on(self.logs.delete_log_group().log_group_name(self.log_group(name)).send()).unwrap();
    }

    /// Stops a task as somebody would by hand.
    pub fn stop_task(&self, task: &Task) {
        let request = self.ecs.stop_task().cluster(self.cluster()).task(task.task_arn().unwrap());
        self.runtime.block_on(request.send()).unwrap();
    }

    /// A load balancer with a target group for the shop: the group's ARN, and the address to ask.
    pub fn create_load_balancer(&self) -> (String, String) {
        self.create_load_balancer_named(&self.prefix)
    }

    /// The same with a name.
    pub fn create_load_balancer_named(&self, name: &str) -> (String, String) {
        let network = "Subnets.member.1=subnet-1&Type=application";
        let balancer = self.balancer_call("CreateLoadBalancer", "LoadBalancerArn", &format!("Name={name}&{network}"));
        let port = "Protocol=HTTP&Port=8000&VpcId=vpc-1&TargetType=ip";
        let group = self.balancer_call("CreateTargetGroup", "TargetGroupArn", &format!("Name={name}&{port}"));
        let listener = format!(
            "LoadBalancerArn={balancer}&Protocol=HTTP&Port=80&DefaultActions.member.1.Type=forward\
             &DefaultActions.member.1.TargetGroupArn={group}"
        );
        self.balancer_call("CreateListener", "ListenerArn", &listener);
        (group, format!("{}/_alb/{name}", self.endpoint))
    }

    /// A request of the load balancers' query protocol, and one field of its answer.
    fn balancer_call(&self, action: &str, field: &str, parameters: &str) -> String {
        let text = self.runtime.block_on(async {
            let answer = reqwest::Client::new()
                .post(&self.endpoint)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("authorization", authorization("elasticloadbalancing", self.region))
                .body(format!("Action={action}&Version=2015-12-01&{parameters}"))
                .send()
                .await
                .unwrap();
            answer.text().await.unwrap()
        });
        let value = text.split_once(&format!("<{field}>")).and_then(|(_, rest)| rest.split_once('<'));
        value.unwrap_or_else(|| panic!("{action}: no {field} in {text}")).0.to_owned()
    }

    /// Lets the rollout of a service [without room](ServiceOptions::without_room) go on.
    pub fn make_room(&self, name: &str) {
        let configuration =
            DeploymentConfiguration::builder().maximum_percent(200).minimum_healthy_percent(100).build();
        let request = self
            .ecs
            .update_service()
            .cluster(self.cluster())
            .service(self.service_name(name))
            .deployment_configuration(configuration);
        self.runtime.block_on(request.send()).unwrap();
    }

    /// Waits until a service has one deployment, with all of its tasks.
    pub fn settled(&self, name: &str) {
        crate::harness::eventually("the service has settled", || {
            let service = self.service(name);
            let [deployment] = service.deployments() else { return false };
            deployment.rollout_state() == Some(&DeploymentRolloutState::Completed)
                && deployment.running_count() == service.desired_count()
                && self.running_tasks(name).len() == usize::try_from(service.desired_count()).unwrap()
        });
    }

    /// What shipgate wrote on a revision.
    pub fn ledger(&self, revision: &str) -> BTreeMap<String, String> {
        let request = self.ecs.list_tags_for_resource().resource_arn(revision);
        let tags = self.runtime.block_on(request.send()).unwrap().tags.unwrap_or_default();
        tags.into_iter().map(|tag| (tag.key.unwrap(), tag.value.unwrap_or_default())).collect()
    }

    /// Writes tags on a revision, as somebody could by hand.
    pub fn write_tags(&self, revision: &str, tags: &BTreeMap<String, String>) {
        let tag = |(key, value): (&String, &String)| aws_sdk_ecs::types::Tag::builder().key(key).value(value).build();
        let tags = tags.iter().map(tag).collect();
        let request = self.ecs.tag_resource().resource_arn(revision).set_tags(Some(tags));
        self.runtime.block_on(request.send()).unwrap();
    }

    /// The tags of the test's image repository, and the digest under each.
    pub fn images(&self) -> BTreeMap<String, String> {
        self.images_in(&self.repository())
    }

    /// Production, to be compared with itself: what serves, and what its repository has.
    pub fn production(&self) -> (Serving, BTreeMap<String, String>) {
        (self.serving("live"), self.images_in(&self.live_repository()))
    }

    /// Deletes an image with all its tags, as a lifecycle rule does. The emulator's API takes only the tags off.
    pub fn expire(&self, repository: &str, tag: &str) {
        let digest = self.images_in(repository)[tag].clone();
        let delete = reqwest::Client::new().delete(format!("{}/v2/{repository}/manifests/{digest}", self.endpoint));
        let answer = self.runtime.block_on(delete.send()).unwrap();
        assert_eq!(answer.status(), 202);
    }

    /// The tags of a repository, and the digest under each.
    pub fn images_in(&self, repository: &str) -> BTreeMap<String, String> {
        let request = self.ecr.describe_images().repository_name(repository);
        let images = self.runtime.block_on(request.send()).unwrap().image_details.unwrap_or_default();
        let tags = images.iter().flat_map(|image| {
            let digest = image.image_digest().unwrap().to_owned();
            image.image_tags().iter().map(move |tag| (tag.clone(), digest.clone()))
        });
        tags.collect()
    }

    /// Removes an image as a lifecycle rule does. The emulator's `BatchDeleteImage` leaves the manifest to be pulled by
    /// digest, which ECR does not, so the registry is asked.
    pub fn delete_image(&self, repository: &str, digest: &str) {
        let url = format!("{}/v2/{repository}/manifests/{digest}", self.endpoint);
        self.runtime.block_on(async {
            reqwest::Client::new().delete(url).send().await.unwrap().error_for_status().unwrap();
        });
    }

    pub fn repository_exists(&self) -> bool {
        let request = self.ecr.describe_repositories().repository_names(self.repository());
        match self.runtime.block_on(request.send()) {
            Ok(_) => true,
            Err(error) => {
                let error = error.into_service_error();
                assert!(error.is_repository_not_found_exception(), "{error}");
                false
            }
        }
    }

    /// A manifest or an index as a repository has it.
    pub fn manifest(&self, repository: &str, digest: &str) -> Vec<u8> {
        let get = reqwest::Client::new().get(format!("{}/v2/{repository}/manifests/{digest}", self.endpoint));
        let types = ["docker.distribution.manifest.v2", "oci.image.index.v1", "oci.image.manifest.v1"];
        let get = types.iter().fold(get, |get, kind| get.header("accept", format!("application/vnd.{kind}+json")));
        self.runtime.block_on(async {
            let answer = get.send().await.unwrap().error_for_status().unwrap();
            answer.bytes().await.unwrap().to_vec()
        })
    }

    /// `localhost:PORT/REPOSITORY:TAG`
    pub fn image_reference(&self, tag: &str) -> String {
        format!("{}/{}:{tag}", self.registry, self.repository())
    }

    /// Pushes an index under a tag, with the shop's image for this platform and an attestation beside it, as buildx
    /// does; returns its digest.
    pub fn push_index(&self, shop: &Repository, tag: &str) -> String {
        let child = self.image_reference("child");
        let context = shop.path().join("backend");
        let label = format!("org.opencontainers.image.revision={}", shop.head());
        let argument = format!("RELEASE={}", shop.head());
        let context = context.to_str().unwrap();
        docker(&["build", "--quiet", "--label", &label, "--build-arg", &argument, "--tag", &child, context]);
        docker(&["push", "--quiet", &child]);
        let media_type = "application/vnd.docker.distribution.manifest.v2+json";
        let platform = |digest: &str, size: usize, architecture: &str, system: &str| {
            json!({ "mediaType": media_type, "digest": digest, "size": size,
                "platform": { "architecture": architecture, "os": system } })
        };
        self.runtime.block_on(async {
            let manifests = format!("{}/v2/{}/manifests", self.endpoint, self.repository());
            let http = reqwest::Client::new();
            let found = http.get(format!("{manifests}/child")).header("accept", media_type).send().await.unwrap();
            let digest = found.headers()["docker-content-digest"].to_str().unwrap().to_owned();
            let size = found.text().await.unwrap().len();
            let index_type = "application/vnd.oci.image.index.v1+json";
            let index = json!({ "schemaVersion": 2, "mediaType": index_type, "manifests": [
                platform(&digest, size, "amd64", "linux"), platform(&digest, size, "unknown", "unknown"),
            ] });
            let put = http.put(format!("{manifests}/{tag}")).header("content-type", index_type).body(index.to_string());
            let answer = put.send().await.unwrap().error_for_status().unwrap();
            answer.headers()["docker-content-digest"].to_str().unwrap().to_owned()
        })
    }

    /// Builds an image without shipgate's label and pushes it.
    pub fn push_foreign_image(&self, tag: &str) {
        self.push_foreign_image_to(&self.repository(), tag);
    }

    /// The same in another repository.
    pub fn push_foreign_image_to(&self, repository: &str, tag: &str) {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("who"), &self.prefix).unwrap();
        std::fs::write(directory.path().join("Dockerfile"), "FROM scratch\nCOPY who /who\n").unwrap();
        let reference = format!("{}/{repository}:{tag}", self.registry);
        docker(&["build", "--quiet", "--tag", &reference, directory.path().to_str().unwrap()]);
        docker(&["push", "--quiet", &reference]);
    }

    /// The revision that a service is meant to run.
    pub fn revision(&self, name: &str) -> String {
        self.service(name).task_definition().unwrap().to_owned()
    }

    /// The revision that was registered last.
    pub fn newest_revision(&self, name: &str) -> String {
        let request = self.ecs.list_task_definitions().family_prefix(self.service_name(name)).sort(SortOrder::Desc);
        self.runtime.block_on(request.send()).unwrap().task_definition_arns.unwrap().remove(0)
    }

    /// The number of revisions of a service's family.
    pub fn revisions(&self, name: &str) -> usize {
        let request = self.ecs.list_task_definitions().family_prefix(self.service_name(name));
        self.runtime.block_on(request.send()).unwrap().task_definition_arns().len()
    }

    pub fn running_tasks(&self, name: &str) -> Vec<Task> {
        self.runtime.block_on(async {
            let request = self.ecs.list_tasks().cluster(self.cluster()).service_name(self.service_name(name));
            let arns = request.send().await.unwrap().task_arns.unwrap_or_default();
            if arns.is_empty() {
                return Vec::new();
            }
            let request = self.ecs.describe_tasks().cluster(self.cluster()).set_tasks(Some(arns));
            let tasks = request.send().await.unwrap().tasks.unwrap_or_default();
            tasks.into_iter().filter(|task| task.last_status() == Some("RUNNING")).collect()
        })
    }

    /// What the shop's container answers, asked at the container's own address.
    pub fn ask(&self, task: &Task, path: &str) -> Value {
        let address = task
            .attachments()
            .iter()
            .flat_map(aws_sdk_ecs::types::Attachment::details)
            .find(|detail| detail.name() == Some("privateIPv4Address"))
            .and_then(|detail| detail.value())
            .expect("the task's address")
            .to_owned();
        self.runtime.block_on(async {
            let answer = reqwest::get(format!("http://{address}:8000{path}")).await.unwrap();
            serde_json::from_str(&answer.text().await.unwrap()).unwrap()
        })
    }
}

impl Drop for Cloud {
    /// A crash loop without a breaker would burn the machine for the tests that follow.
    fn drop(&mut self) {
        let cluster = self.cluster();
        self.runtime.block_on(async {
            let Ok(listed) = self.ecs.list_services().cluster(&cluster).send().await else { return };
            for service in listed.service_arns() {
                let _deleted = self.ecs.delete_service().cluster(&cluster).service(service).force(true).send().await;
            }
            let Ok(listed) = self.ecs.list_tasks().cluster(&cluster).send().await else { return };
            for task in listed.task_arns() {
                let _stopped = self.ecs.stop_task().cluster(&cluster).task(task).send().await;
            }
        });
    }
}

/// Ends what a task's container runs, without ECS having asked for it. The shop then exits with code 0.
pub fn end_container(task: &Task) {
    docker(&["stop", &container_of(task)]);
}

/// The engine's id of a task's container.
pub fn container_of(task: &Task) -> String {
    let label = format!("label=com.amazonaws.ecs.task-arn={}", task.task_arn().unwrap());
    let id = docker(&["ps", "--no-trunc", "--quiet", "--filter", &label]);
    assert!(!id.is_empty() && !id.contains(char::is_whitespace), "containers of {label}: {id:?}");
    id
}

/// Runs docker and returns what it printed.
pub fn docker(arguments: &[&str]) -> String {
    let output = crate::harness::command("docker").args(arguments).env("HOME", "/nonexistent").output().unwrap();
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A header as signed requests have it; the emulator reads the account and the service from it.
fn authorization(service: &str, region: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=x"
    )
}

fn set_executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
