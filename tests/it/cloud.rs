//! The local cloud, with a cluster, services and a repository for each test alone.

use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::{BehaviorVersion, Region};
use aws_sdk_ecr::types::ImageTagMutability;
use aws_sdk_ecs::types::{
    AwsVpcConfiguration, ContainerDefinition, DeploymentCircuitBreaker, DeploymentConfiguration, KeyValuePair,
    LaunchType, LogConfiguration, LogDriver, NetworkConfiguration, Service, Task,
};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::harness::{Ran, Repository, Shipgate};

/// One test's corner of the local cloud.
pub struct Cloud {
    runtime: Runtime,
    endpoint: String,
    registry: String,
    app: Vec<u8>,
    ecs: aws_sdk_ecs::Client,
    ecr: aws_sdk_ecr::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
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
}

impl ServiceOptions {
    pub fn web() -> Self {
        Self {
            name: "backend",
            container: "web",
            desired: 1,
            command: Vec::new(),
            variables: vec![("LOG_LEVEL", "info")],
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "scripts/test says where the local cloud is")]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test, which starts the local cloud"))
}

impl Cloud {
    /// A cluster and an image repository with names of this test's own.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("t{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let endpoint = variable("AWS_ENDPOINT_URL");
        let registry = endpoint.trim_start_matches("http://").to_owned();
        let app = std::fs::read(variable("SHIPGATE_TEST_APP")).expect("the example's binary");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let config =
            runtime.block_on(aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1")).load());
        let cloud = Self {
            runtime,
            endpoint,
            registry,
            app,
            ecs: aws_sdk_ecs::Client::new(&config),
            ecr: aws_sdk_ecr::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            prefix,
        };
        cloud.runtime.block_on(async {
            cloud.ecs.create_cluster().cluster_name(cloud.cluster()).send().await.unwrap();
            cloud.logs.create_log_group().log_group_name(cloud.log_group()).send().await.unwrap();
        });
        cloud
    }

    pub fn cluster(&self) -> String {
        format!("{}-cluster", self.prefix)
    }

    pub fn repository(&self) -> String {
        format!("{}-app", self.prefix)
    }

    pub fn log_group(&self) -> String {
        format!("/ecs/{}", self.prefix)
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
        let request = self.ecr.create_repository().repository_name(self.repository()).image_tag_mutability(mutability);
        self.runtime.block_on(request.send()).unwrap();
    }

    /// A service that runs the stack's bootstrap image, and is up when this returns.
    pub fn create_service(&self, options: &ServiceOptions) {
        let definition = self.register_bootstrap(options);
        let network = NetworkConfiguration::builder()
            .awsvpc_configuration(AwsVpcConfiguration::builder().subnets("subnet-1").build().unwrap())
            .build();
        let breaker = DeploymentCircuitBreaker::builder().enable(true).rollback(true).build();
        let request = self
            .ecs
            .create_service()
            .cluster(self.cluster())
            .service_name(self.service_name(options.name))
            .task_definition(definition)
            .desired_count(options.desired)
            .launch_type(LaunchType::Fargate)
            .network_configuration(network)
            .deployment_configuration(DeploymentConfiguration::builder().deployment_circuit_breaker(breaker).build());
        self.runtime.block_on(request.send()).unwrap();
        crate::harness::eventually("the service's first tasks run", || {
            self.running_tasks(options.name).len() == usize::try_from(options.desired).unwrap()
        });
    }

    fn register_bootstrap(&self, options: &ServiceOptions) -> String {
        let mut log = LogConfiguration::builder().log_driver(LogDriver::Awslogs);
        for (key, value) in [
            ("awslogs-group", self.log_group().as_str()),
            ("awslogs-region", "us-east-1"),
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
             build = {{ context = \"backend\", args = {{ RELEASE = \"${{release.sha}}\" }} }}\n\
             container = \"web\"\n\
             repository = \"{}\"\n\
             cluster = \"{}\"\n\
             service = \"{}\"\n\
             {more}\n\
             [environments.stage]\n\
             region = \"us-east-1\"\n\
             account = \"000000000000\"\n",
            self.repository(),
            self.cluster(),
            self.service_name("backend"),
        )
    }

    /// The environment that the program needs to reach this cloud.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            (
                "SHIPGATE_REGISTRY_HOSTS",
                format!("000000000000.dkr.ecr.us-east-1.amazonaws.com=http://{}", self.registry),
            ),
        ]
    }

    pub fn shipgate(&self, repository: &Repository, arguments: &[&str]) -> Shipgate {
        repository.shipgate(arguments).envs(&self.variables())
    }

    /// `shipgate deploy stage --output json` with more arguments.
    pub fn deploy(&self, repository: &Repository, more: &[&str]) -> Ran {
        self.shipgate(repository, &[&["deploy", "stage", "--output", "json"], more].concat()).run()
    }

    pub fn service(&self, name: &str) -> Service {
        let request = self.ecs.describe_services().cluster(self.cluster()).services(self.service_name(name));
        self.runtime.block_on(request.send()).unwrap().services.unwrap().remove(0)
    }

    /// The revision that a service is meant to run.
    pub fn revision(&self, name: &str) -> String {
        self.service(name).task_definition().unwrap().to_owned()
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

    /// Runs a request of a test's own against ECS.
    pub fn ecs<T>(&self, work: impl AsyncFnOnce(&aws_sdk_ecs::Client) -> T) -> T {
        self.runtime.block_on(work(&self.ecs))
    }

    /// Runs a request of a test's own against ECR.
    pub fn ecr<T>(&self, work: impl AsyncFnOnce(&aws_sdk_ecr::Client) -> T) -> T {
        self.runtime.block_on(work(&self.ecr))
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
        });
    }
}

fn set_executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
