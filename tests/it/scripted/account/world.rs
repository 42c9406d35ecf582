//! The state of the scripted AWS: one account with one cluster, services, revisions and tasks.
//!
//! A service that is updated rolls out in a number of looks (`DescribeServices`), then its tasks are those of the new
//! revision, with the digest of its image, as an engine that pulls by digest shows it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::amplify::App;
use super::registry::{Registry, digest};
use super::sts::Sts;

pub const ACCOUNT: &str = "123456789012";
pub const REGION: &str = "us-east-1";
pub const CLUSTER: &str = "stage-cluster";
pub const SERVICE: &str = "stage-backend";
/// What the service runs before a test.
pub const OLD_DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000aa";

/// Everything that AWS knows.
#[derive(Debug)]
pub struct World {
    pub services: Vec<Service>,
    pub definitions: Vec<Definition>,
    /// After how many looks a rollout is done.
    pub looks: usize,
    pub one_off: Vec<OneOff>,
    /// After how many looks a one-off task has ended.
    pub one_off_looks: usize,
    /// With what code its container exits. `None`: it has none.
    pub one_off_exit: Option<i32>,
    pub log: Vec<String>,
    /// Stopped tasks that ECS still remembers.
    pub stopped: Vec<Value>,
    pub registry: Registry,
    pub sts: Sts,
    /// The apps of Amplify, by id.
    pub apps: BTreeMap<String, App>,
}

#[derive(Debug)]
pub struct Definition {
    pub arn: String,
    /// As `DescribeTaskDefinition` shows it.
    pub document: Value,
    pub tags: Vec<Value>,
}

#[derive(Debug)]
pub struct Service {
    pub name: String,
    pub desired: i64,
    /// Newest first.
    pub deployments: Vec<Deployment>,
    pub events: Vec<Value>,
    pub tags: Vec<Value>,
    looks_left: usize,
    /// How often all of its tasks were replaced.
    replaced: usize,
}

#[derive(Debug, Clone)]
pub struct Deployment {
    pub id: String,
    pub definition: String,
    pub state: &'static str,
}

/// A task that `RunTask` started.
#[derive(Debug)]
pub struct OneOff {
    pub arn: String,
    definition: String,
    started_by: String,
    looks_left: usize,
}

pub fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{kind}/{name}")
}

/// Seconds since the epoch, as AWS JSON has them.
pub fn time() -> f64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64()
}

impl World {
    pub fn new(user: &str, password: &str) -> Self {
        let live = arn("task-definition", "backend:7");
        let service = Service {
            name: SERVICE.to_owned(),
            desired: 2,
            deployments: vec![Deployment { id: "ecs-svc/1".to_owned(), definition: live.clone(), state: "COMPLETED" }],
            events: Vec::new(),
            tags: Vec::new(),
            looks_left: 0,
            replaced: 0,
        };
        let registry = Registry { user: user.to_owned(), password: password.to_owned(), ..Registry::default() };
        Self {
            services: vec![service],
            definitions: vec![Definition {
                document: described(&live_definition(), &live),
                arn: live,
                tags: vec![
                    json!({"key": "team", "value": "shop"}),
                    json!({"key": "aws:cloudformation:stack-name", "value": "shop"}),
                ],
            }],
            looks: 2,
            one_off: Vec::new(),
            one_off_looks: 1,
            one_off_exit: Some(0),
            log: Vec::new(),
            stopped: Vec::new(),
            registry,
            sts: Sts::new(),
            apps: BTreeMap::new(),
        }
    }

    /// Gives the live revision a field at each level that no SDK knows yet, and no model.
    pub fn invent(&mut self) {
        let insert = |document: &mut Value, before: &str, name: &str, value: Value| {
            let fields = document.as_object_mut().unwrap();
            let place = fields.keys().position(|field| field == before).unwrap();
            fields.shift_insert(place, name.to_owned(), value);
        };
        let document = &mut self.definitions[0].document;
        insert(&mut document["containerDefinitions"][0], "portMappings", "inventedInside", json!({"kept": true}));
        insert(document, "containerDefinitions", "inventedAtTheTop", json!({"kept": [1, null, "x"]}));
    }

    pub fn service(&mut self, name: &str) -> Option<&mut Service> {
        // By name or by ARN, as AWS takes it.
        let name = name.rsplit('/').next().unwrap_or(name);
        self.services.iter_mut().find(|service| service.name == name)
    }

    pub fn definition(&self, arn: &str) -> Option<&Definition> {
        self.definitions.iter().find(|definition| definition.arn == arn)
    }

    /// The tags of a revision or a service.
    pub fn tags(&mut self, arn: &str) -> Option<&mut Vec<Value>> {
        match self.definitions.iter().position(|definition| definition.arn == arn) {
            Some(index) => Some(&mut self.definitions[index].tags),
            None => self.service(arn).map(|service| &mut service.tags),
        }
    }

    /// A page of all revisions, newest first; the token is where the next one begins.
    pub fn listed_definitions(&self, token: &str, most: u64) -> Value {
        assert!((1..=100).contains(&most), "AWS refuses {most} a page");
        let begin: usize = token.parse().unwrap_or_default();
        let newest = self.definitions.iter().rev().map(|definition| definition.arn.as_str());
        let page: Vec<&str> = newest.skip(begin).take(usize::try_from(most).unwrap()).collect();
        let next = begin + page.len();
        json!({"taskDefinitionArns": page, "nextToken": (next < self.definitions.len()).then(|| next.to_string())})
    }

    /// Registers what a caller sent, and shows it as AWS does.
    pub fn register(&mut self, mut body: Value) -> Value {
        let tags = body.as_object_mut().unwrap().remove("tags");
        let tags = tags.and_then(|tags| tags.as_array().cloned()).unwrap_or_default();
        let family = body["family"].as_str().unwrap().to_owned();
        let arn = arn("task-definition", &format!("{family}:{}", self.definitions.len() + 7));
        let document = described(&body, &arn);
        self.definitions.push(Definition { arn, document: document.clone(), tags });
        document
    }

    /// Points a service at a revision. With the one it has nothing happens, as on AWS.
    pub fn update(&mut self, name: &str, definition: &str) {
        let looks = self.looks;
        let service = self.service(name).unwrap();
        if service.deployments[0].definition != definition {
            let numbers = service.deployments.iter().filter_map(|it| it.id.rsplit('/').next()?.parse::<u32>().ok());
            let id = format!("ecs-svc/{}", numbers.max().unwrap_or_default() + 1);
            let state = "IN_PROGRESS";
            service.deployments.insert(0, Deployment { id, definition: definition.to_owned(), state });
            service.looks_left = looks;
        }
    }

    /// Registers a revision of the family by hand: the live one with one change.
    pub fn register_by_hand(&mut self, change: impl FnOnce(&mut Value)) -> String {
        let mut document = live_definition();
        change(&mut document);
        self.register(document)["taskDefinitionArn"].as_str().unwrap().to_owned()
    }

    /// Registers a revision with the tags of a release of shipgate.
    pub fn register_ours(&mut self, sha: &str, tags: &[(&str, &str)]) -> String {
        self.register_ours_for(0, sha, tags)
    }

    /// The same for one of several services.
    pub fn register_ours_for(&mut self, index: usize, sha: &str, tags: &[(&str, &str)]) -> String {
        let revision = self.register_by_hand(|document| {
            let web = &mut document["containerDefinitions"][0];
            web["image"] = Value::from(format!("registry.example/shop:{sha}@{OLD_DIGEST}"));
            web["dockerLabels"] = json!({"shipgate.sha": sha});
        });
        let service = arn("service", &format!("{CLUSTER}/{}", self.services[index].name));
        let previous = self.services[index].deployments[0].definition.clone();
        let always = [
            ("sha", sha),
            ("service", service.as_str()),
            ("previous", previous.as_str()),
            ("run", "local"),
            ("digest", OLD_DIGEST),
        ];
        let is_given = |key: &str| tags.iter().any(|(given, _)| *given == key);
        let tags = always.into_iter().filter(|(key, _)| !is_given(key)).chain(tags.iter().copied());
        let tags = tags.map(|(key, value)| json!({"key": format!("shipgate:{key}"), "value": value})).collect();
        self.tags(&revision).unwrap().clone_from(&tags);
        revision
    }

    /// Registers a revision with which a release served: its image is in the registry, its success in the ledger.
    pub fn register_served(&mut self, index: usize, sha: &str) -> String {
        let digest = self.registry.put_image(sha, Some(sha));
        let revision = self.register_ours_for(index, sha, &[("digest", &digest), ("outcome", "deployed")]);
        let image = format!("127.0.0.1:{}/stage-shop:{sha}@{digest}", self.registry.port);
        let definition = self.definitions.iter_mut().find(|definition| definition.arn == revision).unwrap();
        let container = &mut definition.document["containerDefinitions"][0];
        container["image"] = Value::from(image);
        container["dockerLabels"] = json!({"shipgate.sha": sha});
        revision
    }

    /// Makes a service run a revision, as if it had always been so.
    pub fn run_only(&mut self, index: usize, revision: &str) {
        let service = &mut self.services[index];
        service.deployments.truncate(1);
        revision.clone_into(&mut service.deployments[0].definition);
    }

    /// The same for one release after the other.
    pub fn serve(&mut self, index: usize, releases: &[String]) {
        for release in releases {
            let revision = self.register_served(index, release);
            self.run_only(index, &revision);
        }
    }

    /// Makes the service roll out what a test says, newest first.
    pub fn roll_out(&mut self, deployments: &[(&str, &str, &'static str)]) {
        let deployment = |(id, revision, state): &(&str, &str, &'static str)| Deployment {
            id: format!("ecs-svc/{id}"),
            definition: arn("task-definition", revision),
            state,
        };
        self.services[0].deployments = deployments.iter().map(deployment).collect();
        self.services[0].looks_left = self.looks;
    }

    /// A second service that runs the same revision.
    pub fn add_service(&mut self, name: &str) {
        let deployments = self.services[0].deployments.clone();
        self.services.push(Service {
            name: name.to_owned(),
            desired: 1,
            deployments,
            events: Vec::new(),
            tags: Vec::new(),
            looks_left: 0,
            replaced: 0,
        });
    }

    /// A stopped task of a revision, with what ECS says of it.
    pub fn remember_stopped(&mut self, revision: &str, stop_code: &str, reason: &str, container: &Value) {
        let mut container = container.clone();
        container["name"] = json!("web");
        self.stopped.push(json!({
            "taskArn": arn("task", &format!("{CLUSTER}/stopped-{}", self.stopped.len())),
            "taskDefinitionArn": arn("task-definition", revision), "lastStatus": "STOPPED", "desiredStatus": "STOPPED",
            "createdAt": time(), "stopCode": stop_code, "stoppedReason": reason, "containers": [container],
        }));
    }

    /// A service as `DescribeServices` and `UpdateService` show it.
    pub fn shown(&mut self, name: &str) -> Option<Value> {
        let service = self.service(name)?;
        let desired = service.desired;
        let serving = service.serving();
        let deployments: Vec<Value> = service
            .deployments
            .iter()
            .enumerate()
            .map(|(index, deployment)| {
                json!({
                    "id": deployment.id,
                    "status": if index == 0 { "PRIMARY" } else { "ACTIVE" },
                    "taskDefinition": deployment.definition,
                    "desiredCount": desired, "pendingCount": 0,
                    "runningCount": if index == serving { desired } else { 0 },
                    "failedTasks": 0, "createdAt": time() - 2.0, "updatedAt": time(),
                    "launchType": "FARGATE", "platformVersion": "1.4.0",
                    "rolloutState": deployment.state,
                    "rolloutStateReason": format!("ECS deployment {} in progress.", deployment.id),
                })
            })
            .collect();
        Some(json!({
            "serviceArn": arn("service", &format!("{CLUSTER}/{}", service.name)),
            "serviceName": service.name,
            "clusterArn": arn("cluster", CLUSTER),
            "status": "ACTIVE", "desiredCount": desired, "runningCount": desired, "pendingCount": 0,
            "launchType": "FARGATE", "platformVersion": "LATEST",
            "taskDefinition": service.deployments[0].definition,
            "deploymentConfiguration": {
                "deploymentCircuitBreaker": {"enable": true, "rollback": true},
                "maximumPercent": 200, "minimumHealthyPercent": 100,
            },
            "deployments": deployments,
            "events": service.events,
            "networkConfiguration": {"awsvpcConfiguration": {
                "subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}},
            "createdAt": time() - 86400.0, "schedulingStrategy": "REPLICA", "propagateTags": "NONE",
        }))
    }

    /// One poll of a service, as `DescribeServices` answers.
    pub fn looked_at(&mut self, names: &[String], with_tags: bool) -> Value {
        let (mut services, mut failures) = (Vec::new(), Vec::new());
        for name in names {
            let tags = self.service(name).map(|service| {
                service.look();
                service.tags.clone()
            });
            match self.shown(name) {
                Some(mut service) => {
                    if with_tags {
                        service["tags"] = Value::from(tags.unwrap_or_default());
                    }
                    services.push(service);
                }
                None => failures.push(json!({"arn": arn("service", name), "reason": "MISSING"})),
            }
        }
        json!({"services": services, "failures": failures})
    }

    /// The ARNs of the tasks that a service runs.
    pub fn task_arns(&mut self, name: &str) -> Vec<String> {
        let Some(service) = self.service(name) else { return Vec::new() };
        let definition = &service.deployments[service.serving()].definition;
        let revision = definition.rsplit(':').next().unwrap();
        let generation = if service.replaced > 0 { format!(".{}", service.replaced) } else { String::new() };
        let tasks = 1..=service.desired;
        tasks.map(|task| arn("task", &format!("{CLUSTER}/{}-{revision}{generation}-{task}", service.name))).collect()
    }

    /// A task as `DescribeTasks` shows it. `None`: there is none of that ARN.
    pub fn task(&mut self, task_arn: &str) -> Option<Value> {
        if let Some(stopped) = self.stopped.iter().find(|task| task["taskArn"] == task_arn) {
            return Some(stopped.clone());
        }
        if let Some(one_off) = self.one_off.iter_mut().find(|task| task.arn == task_arn) {
            let running = one_off.looks_left > 0;
            one_off.looks_left = one_off.looks_left.saturating_sub(1);
            let mut task = self.shown_one_off(task_arn, if running { "RUNNING" } else { "STOPPED" });
            if !running {
                task["stopCode"] = json!("EssentialContainerExited");
                task["stoppedReason"] = json!("Essential container in task exited");
                task["containers"][0]["exitCode"] = json!(self.one_off_exit);
            }
            return Some(task);
        }
        let services: Vec<String> = self.services.iter().map(|service| service.name.clone()).collect();
        let service = services.into_iter().find(|name| self.task_arns(name).iter().any(|arn| arn == task_arn))?;
        let service = self.service(&service)?;
        let definition = service.deployments[service.serving()].definition.clone();
        let document = &self.definition(&definition)?.document;
        let containers: Vec<Value> = document["containerDefinitions"]
            .as_array()?
            .iter()
            .map(|container| {
                let image = container["image"].as_str().unwrap_or_default();
                // ECS shows what a tag led to.
                let digest = image.split_once('@').map_or_else(|| digest(image.as_bytes()), |(_, it)| it.to_owned());
                json!({"name": container["name"], "image": image, "imageDigest": digest, "lastStatus": "RUNNING",
                       "healthStatus": health(container)})
            })
            .collect();
        Some(json!({
            "taskArn": task_arn, "taskDefinitionArn": definition, "clusterArn": arn("cluster", CLUSTER),
            "lastStatus": "RUNNING", "desiredStatus": "RUNNING",
            "healthStatus": health(&document["containerDefinitions"][0]), "createdAt": time() - 1.0, "startedAt": time(), "containers": containers,
        }))
    }

    /// Starts a one-off task.
    pub fn run_task(&mut self, body: &Value) -> Value {
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        let task_arn = arn("task", &format!("{CLUSTER}/one-off-{}", self.one_off.len() + 1));
        self.one_off.push(OneOff {
            arn: task_arn.clone(),
            definition: text("taskDefinition"),
            started_by: text("startedBy"),
            looks_left: self.one_off_looks,
        });
        self.shown_one_off(&task_arn, "PROVISIONING")
    }

    /// Lets the one-off tasks that run end after one more look.
    pub fn one_off_ends(&mut self) {
        self.one_off.iter_mut().for_each(|task| task.looks_left = 1);
    }

    fn shown_one_off(&self, task_arn: &str, status: &str) -> Value {
        let task = self.one_off.iter().find(|task| task.arn == task_arn).unwrap();
        json!({
            "taskArn": task.arn, "taskDefinitionArn": task.definition, "startedBy": task.started_by,
            "lastStatus": status, "desiredStatus": "RUNNING", "createdAt": time(),
            "containers": [{"name": "web", "lastStatus": status}],
        })
    }

    /// The ARNs of one-off tasks that run and were started by a name.
    pub fn started_by(&self, name: &str) -> Vec<String> {
        let running = self.one_off.iter().filter(|task| task.started_by == name && task.looks_left > 0);
        running.map(|task| task.arn.clone()).collect()
    }
}

impl Service {
    /// One poll: a rollout that has been polled often enough is done.
    pub fn look(&mut self) {
        if self.looks_left > 0 {
            self.looks_left -= 1;
        } else if self.deployments[0].state == "IN_PROGRESS" {
            self.deployments[0].state = "COMPLETED";
            self.deployments.truncate(1);
        }
    }

    /// Lets the rollout be done after two more looks.
    pub fn finish(&mut self) {
        self.looks_left = 2;
    }

    /// Other tasks of the same deployment run in the place of those that do.
    pub fn replace_tasks(&mut self) {
        self.replaced += 1;
    }

    /// The deployment whose tasks run.
    fn serving(&self) -> usize {
        self.deployments.iter().position(|deployment| deployment.state == "COMPLETED").unwrap_or_default()
    }
}

/// What the health check of a container says, where it has one.
fn health(container: &Value) -> &'static str {
    if container["healthCheck"].is_object() { "HEALTHY" } else { "UNKNOWN" }
}

/// What was registered, as it is described.
fn described(registered: &Value, arn: &str) -> Value {
    let mut document = registered.clone();
    document["taskDefinitionArn"] = json!(arn);
    document["revision"] = json!(arn.rsplit(':').next().unwrap().parse::<u64>().unwrap());
    document["status"] = json!("ACTIVE");
    document["requiresAttributes"] = json!([{"name": "com.amazonaws.ecs.capability.ecr-auth"}]);
    document["compatibilities"] = json!(["EC2", "FARGATE"]);
    document["registeredAt"] = json!(time());
    document["registeredBy"] = json!(format!("arn:aws:iam::{ACCOUNT}:root"));
    document
}

/// The revision that runs before a test.
fn live_definition() -> Value {
    json!({
        "family": "backend",
        "taskRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/task"),
        "executionRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/execution"),
        "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "volumes": [], "placementConstraints": [],
        "containerDefinitions": [
            {
                "name": "web", "image": format!("registry.example/shop:old@{OLD_DIGEST}"), "cpu": 0, "essential": true,
                "portMappings": [{"containerPort": 8000, "hostPort": 8000, "protocol": "tcp"}],
                "healthCheck": {"command": ["CMD-SHELL", "curl -f http://localhost:8000/health"]},
                "environment": [{"name": "DATABASE_URL", "value": "canary-live-variable"}, {"name": "EMPTY", "value": ""}],
                "secrets": [{"name": "API_KEY", "valueFrom": "canary-live-secret"}],
                "mountPoints": [], "volumesFrom": [], "systemControls": [],
                "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": "/ecs/stage", "awslogs-region": REGION, "awslogs-stream-prefix": "backend"}},
            },
            {"name": "proxy", "image": "proxy:1.25.3", "cpu": 0, "essential": false, "environment": [], "mountPoints": []},
        ],
    })
}
