//! Task definitions as raw JSON, so that a field newer than this SDK survives a deploy.
//!
//! A described revision becomes something registrable by leaving out a deny-list of read-only fields, never by copying
//! an allow-list of known ones.

use serde_json::{Map, Value};

use crate::domain::contract;
use crate::domain::ecs::names::ContainerName;
use crate::domain::image::ImageReference;
use crate::domain::limits::LISTED;
use crate::domain::names::Region;
use crate::domain::neutral;
use crate::domain::plan::PlanError;
use crate::domain::plan::{MissingVariable, PlanChange};
use crate::domain::release::ReleaseName;

/// What `DescribeTaskDefinition` returns and `RegisterTaskDefinition` refuses
/// ([TaskDefinition](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html)).
const READ_ONLY_FIELDS: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// The docker label that carries the release's name into the running container.
pub const RELEASE_LABEL: &str = "shipgate.sha";

/// The content of a task definition: what would be registered, without tags.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDefinition(Map<String, Value>);

/// Why a JSON document is no usable task definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskDefinitionError {
    /// The document is something else.
    #[error("a task definition is a JSON object with `family` and `containerDefinitions`")]
    NotATaskDefinition,
    /// The configured container is not in it.
    #[error("container `{name}` is not in task definition `{family}`, which has {known}")]
    UnknownContainer {
        /// The name that was looked for.
        name: ContainerName,
        /// The family of the task definition.
        family: String,
        /// The names that are there, quoted and comma-separated.
        known: String,
    },
}

impl From<TaskDefinitionError> for PlanError {
    fn from(error: TaskDefinitionError) -> Self {
        let hint = match error {
            TaskDefinitionError::UnknownContainer { .. } => {
                Some("correct `container` in the component's configuration")
            }
            TaskDefinitionError::NotATaskDefinition => None,
        };
        Self::Unusable { reason: error.to_string(), hint }
    }
}

/// What ECS does about a container of a running task
/// ([ContainerDefinition](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supervision {
    /// Its end is the end of the task.
    pub essential: bool,
    /// Its restart policy is on: it may be started again within the task.
    pub restarts: bool,
    /// It has a health check. One in the image alone is not evaluated by ECS.
    pub health_check: bool,
}

impl Default for Supervision {
    /// What a container definition that says nothing means.
    fn default() -> Self {
        Self { essential: true, restarts: false, health_check: false }
    }
}

/// Where a container's output goes with the `awslogs` driver
/// ([awslogs](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDestination {
    /// The log group.
    pub group: String,
    /// The part of the stream's name before `/CONTAINER/TASK`.
    pub stream_prefix: String,
    /// The container's name.
    pub container: String,
    /// The region of the group. `None`: none is named that could be one, so it is that of the environment.
    pub region: Option<Region>,
}

impl LogDestination {
    /// The stream that a task's container writes to.
    pub fn stream(&self, task_id: &str) -> String {
        format!("{}/{}/{task_id}", self.stream_prefix, self.container)
    }
}

impl TaskDefinition {
    /// Takes a document in the form of `RegisterTaskDefinition`, or of `DescribeTaskDefinition` with its wrapper.
    ///
    /// Read-only fields, `tags`, and top-level fields without content are left out: AWS never returns the latter, and
    /// refuses some of them.
    ///
    /// # Errors
    ///
    /// [`TaskDefinitionError::NotATaskDefinition`]
    pub fn from_json(document: Value) -> Result<Self, TaskDefinitionError> {
        let Value::Object(mut fields) = document else {
            return Err(TaskDefinitionError::NotATaskDefinition);
        };
        if let Some(Value::Object(inner)) = fields.remove("taskDefinition") {
            fields = inner;
        }
        fields.retain(|key, value| {
            let empty = value.is_null() || value.as_str() == Some("");
            !READ_ONLY_FIELDS.contains(&key.as_str()) && key != "tags" && !empty
        });
        let definition = Self(fields);
        let has_containers = definition.containers().all(|container| name_of(container).is_some());
        if definition.family().is_empty() || !has_containers || definition.containers().next().is_none() {
            return Err(TaskDefinitionError::NotATaskDefinition);
        }
        Ok(definition)
    }

    /// The family.
    pub fn family(&self) -> &str {
        self.0.get("family").and_then(Value::as_str).unwrap_or_default()
    }

    /// The document in the form of `RegisterTaskDefinition`.
    pub fn to_json(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The image of a container.
    ///
    /// # Errors
    ///
    /// [`TaskDefinitionError::UnknownContainer`]
    pub fn image_of(&self, container: &ContainerName) -> Result<ImageReference, TaskDefinitionError> {
        let image = self.container(container)?.get("image").and_then(Value::as_str).unwrap_or_default();
        Ok(ImageReference::parse(image))
    }

    /// The release that a container says it is, by shipgate's label.
    pub fn release_label(&self, container: &ContainerName) -> Option<ReleaseName> {
        self.container(container).ok()?.get("dockerLabels")?.get(RELEASE_LABEL)?.as_str()?.parse().ok()
    }

    /// Where a container logs to, when it uses the `awslogs` driver with a stream prefix.
    pub fn log_destination(&self, container: &ContainerName) -> Option<LogDestination> {
        let configuration = self.container(container).ok()?.get("logConfiguration")?;
        if configuration.get("logDriver")?.as_str()? != "awslogs" {
            return None;
        }
        let option = |key: &str| configuration.get("options")?.get(key)?.as_str().map(str::to_owned);
        Some(LogDestination {
            group: option("awslogs-group")?,
            stream_prefix: option("awslogs-stream-prefix")?,
            container: container.to_string(),
            region: option("awslogs-region").and_then(|region| region.parse().ok()),
        })
    }

    /// Where its containers log to, as far as that can be read.
    pub fn log_destinations(&self) -> impl Iterator<Item = LogDestination> {
        let names = self.containers().filter_map(|fields| name_of(fields)?.parse().ok());
        names.filter_map(|name: ContainerName| self.log_destination(&name))
    }

    /// What all containers of a task may use of memory together, in MiB.
    pub fn memory(&self) -> Option<u64> {
        size_in_units(self.0.get("memory")?, "gb", 1024.0)?.parse().ok()
    }

    /// What ECS does about a container while its task runs.
    pub fn supervision(&self, container: &ContainerName) -> Supervision {
        let Ok(fields) = self.container(container) else { return Supervision::default() };
        let restarts = fields.get("restartPolicy").and_then(|policy| policy.get("enabled")?.as_bool());
        Supervision {
            essential: fields.get("essential").and_then(Value::as_bool).unwrap_or(true),
            restarts: restarts.unwrap_or(false),
            health_check: fields.get("healthCheck").is_some_and(Value::is_object),
        }
    }

    /// The containers with their images, by name.
    pub fn images(&self) -> impl Iterator<Item = (&str, ImageReference)> {
        self.containers().filter_map(|fields| {
            let image = fields.get("image").and_then(Value::as_str)?;
            Some((name_of(fields)?, ImageReference::parse(image)))
        })
    }

    /// Whether ECS asks the health of a task: by a check of an essential container
    /// ([HealthCheck](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html)).
    pub fn has_health_check(&self) -> bool {
        let is_essential =
            |fields: &Map<String, Value>| fields.get("essential").and_then(Value::as_bool) != Some(false);
        self.containers().any(|fields| is_essential(fields) && fields.get("healthCheck").is_some_and(Value::is_object))
    }

    /// The first port that a container listens on.
    pub fn port(&self, container: &ContainerName) -> Option<u64> {
        let ports = self.container(container).ok()?.get("portMappings")?.as_array()?;
        ports.iter().find_map(|port| port.get("containerPort")?.as_u64())
    }

    /// The ARNs of the roles that its tasks run with, and are started with.
    pub fn roles(&self) -> Vec<String> {
        [self.task_role(), self.execution_role()].into_iter().flatten().map(str::to_owned).collect()
    }

    /// The ARN of the role that its programs have.
    pub fn task_role(&self) -> Option<&str> {
        self.0.get("taskRoleArn")?.as_str()
    }

    /// The ARN of the role that ECS starts its tasks with.
    pub fn execution_role(&self) -> Option<&str> {
        self.0.get("executionRoleArn")?.as_str()
    }

    /// The same definition with another image in one container, labelled with the release.
    ///
    /// # Errors
    ///
    /// [`TaskDefinitionError::UnknownContainer`]
    pub fn with_image(
        &self,
        container: &ContainerName,
        image: &str,
        release: &ReleaseName,
    ) -> Result<Self, TaskDefinitionError> {
        self.container(container)?;
        let mut next = self.clone();
        let containers = next.0.get_mut("containerDefinitions").and_then(Value::as_array_mut);
        for fields in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
            if fields.get("name").and_then(Value::as_str) == Some(container.as_str()) {
                fields.insert("image".to_owned(), Value::from(image));
                let labels = fields.entry("dockerLabels").or_insert_with(|| Value::Object(Map::new()));
                if let Some(labels) = labels.as_object_mut() {
                    labels.insert(RELEASE_LABEL.to_owned(), Value::from(release.to_string()));
                }
            }
        }
        Ok(next)
    }

    /// What differs from `self` to `next`, by names. Empty: they mean the same to ECS.
    ///
    /// Values of variables, secrets, commands and options are never shown: only that they differ.
    pub fn changes_to(&self, next: &Self) -> Vec<PlanChange> {
        let mut changes = Vec::new();
        compare("", &normalised(&self.0), &normalised(&next.0), &mut changes);
        changes
    }

    /// The variables and secrets, by name, that another definition has and this one lacks, in containers of the same
    /// name and in the one pair whose names may differ: the rule of the contract that holds without one. What is a variable
    /// there and a secret here is not missing.
    pub fn variables_missing_from(
        &self,
        other: &Self,
        (theirs, ours): (&ContainerName, &ContainerName),
    ) -> Vec<MissingVariable> {
        let mut missing = Vec::new();
        for container in other.containers() {
            let name = name_of(container).unwrap_or_default();
            let name = if name == theirs.as_str() { ours.as_str() } else { name };
            let Some(own) = self.containers().find(|own| name_of(own) == Some(name)) else { continue };
            let names = |fields| variables(fields).map(|(name, _)| name);
            let lacking = contract::missing(names(container), names(own));
            let lacks = variables(container).filter(|(wanted, _)| lacking.contains(wanted));
            missing.extend(lacks.map(|(wanted, is_secret)| MissingVariable {
                container: neutral::phrase(name, LONGEST_SHOWN),
                name: neutral::phrase(wanted, LONGEST_SHOWN),
                is_secret,
            }));
        }
        missing
    }

    fn containers(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.0.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
    }

    /// The fields of a container.
    pub(super) fn container(&self, name: &ContainerName) -> Result<&Map<String, Value>, TaskDefinitionError> {
        self.containers().find(|fields| name_of(fields) == Some(name.as_str())).ok_or_else(|| {
            let mut names = self.containers().filter_map(name_of);
            let first = names.by_ref().take(LISTED.count());
            let mut known: Vec<String> = first.map(|name| format!("`{}`", neutral::phrase(name, 80))).collect();
            let more = names.count();
            if more > 0 {
                known.push(format!("and {more} more"));
            }
            TaskDefinitionError::UnknownContainer {
                name: name.clone(),
                family: neutral::phrase(self.family(), 80),
                known: known.join(", "),
            }
        })
    }
}

/// The names of a container's variables and secrets, and which of the two each is.
fn variables(container: &Map<String, Value>) -> impl Iterator<Item = (&str, bool)> {
    let listed = |key: &str, is_secret: bool| {
        let entries = container.get(key).and_then(Value::as_array).into_iter().flatten();
        entries.filter_map(move |entry| Some((entry.get("name")?.as_str()?, is_secret)))
    };
    listed("environment", false).chain(listed("secrets", true))
}

fn name_of(fields: &Map<String, Value>) -> Option<&str> {
    fields.get("name").and_then(Value::as_str)
}

/// Removes what ECS fills in by itself, and the order where order means nothing, so that a file and the revision made
/// from it compare as equal. Lists of named things become objects by name.
fn normalised(fields: &Map<String, Value>) -> Value {
    let mut fields = fields.clone();
    // `bridge` is the default of the EC2 launch type, `awsvpc` the only mode of Fargate.
    let fargate = fields.get("requiresCompatibilities").is_some_and(|value| value.to_string().contains("FARGATE"));
    let default_mode = if fargate { "awsvpc" } else { "bridge" };
    if fields.get("networkMode").and_then(Value::as_str) == Some(default_mode) {
        fields.remove("networkMode");
    }
    for (key, unit, factor) in [("cpu", "vcpu", 1024.0), ("memory", "gb", 1024.0)] {
        if let Some(text) = fields.get(key).and_then(|value| size_in_units(value, unit, factor)) {
            fields.insert(key.to_owned(), Value::from(text));
        }
    }
    if let Some(containers) = fields.get_mut("containerDefinitions").and_then(Value::as_array_mut) {
        for container in containers.iter_mut().filter_map(Value::as_object_mut) {
            normalise_container(container);
        }
    }
    without_empty(&Value::Object(fields))
}

fn normalise_container(container: &mut Map<String, Value>) {
    container.entry("essential").or_insert(Value::Bool(true));
    if container.get("cpu").and_then(Value::as_i64) == Some(0) {
        container.remove("cpu");
    }
    let ports = container.get_mut("portMappings").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
        if port.get("protocol").and_then(Value::as_str) == Some("tcp") {
            port.remove("protocol");
        }
        if port.get("hostPort") == port.get("containerPort") || port.get("hostPort").and_then(Value::as_i64) == Some(0)
        {
            port.remove("hostPort");
        }
    }
}

/// `1 vCPU` and `1024` are the same to ECS, and so are `2 GB` and `2048`.
fn size_in_units(value: &Value, unit: &str, factor: f64) -> Option<String> {
    let text = match value.as_str() {
        Some(text) => text.trim().to_ascii_lowercase(),
        None => value.as_number()?.to_string(),
    };
    match text.strip_suffix(unit) {
        Some(number) => number.trim().parse::<f64>().ok().map(|number| format!("{:.0}", number * factor)),
        None => Some(text),
    }
}

/// Drops empty lists, objects and nulls at any depth. An empty string stays: as a variable's value it means something.
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, value)| (key.clone(), without_empty(value)))
                .filter(|(_, value)| !is_empty(value))
                .collect(),
        ),
        Value::Array(items) => keyed(items).unwrap_or_else(|| Value::Array(items.iter().map(without_empty).collect())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A list of things with different names, as an object by name; anything else is `None`.
fn keyed(items: &[Value]) -> Option<Value> {
    let mut fields = Map::new();
    for item in items {
        let item_fields = item.as_object()?;
        let key = ["name", "containerPort", "sourceVolume", "containerName"]
            .iter()
            .find_map(|key| item_fields.get(*key))
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))?;
        if fields.insert(key, without_empty(item)).is_some() {
            return None;
        }
    }
    (!fields.is_empty()).then_some(Value::Object(fields))
}

fn compare(path: &str, from: &Value, to: &Value, changes: &mut Vec<PlanChange>) {
    if from == to {
        return;
    }
    // A list of names that was not there is an empty one: so its names are listed.
    let nothing = Value::Object(Map::new());
    let of_names = NAMED.contains(&last_field(path));
    let from = if of_names && from.is_null() { &nothing } else { from };
    let to = if of_names && to.is_null() { &nothing } else { to };
    if let (Value::Object(before), Value::Object(after)) = (from, to) {
        let added = after.keys().filter(|key| !before.contains_key(*key));
        for key in before.keys().chain(added) {
            let absent = Value::Null;
            let (before, after) = (before.get(key).unwrap_or(&absent), after.get(key).unwrap_or(&absent));
            compare(&child_path(path, key), before, after, changes);
        }
        return;
    }
    changes.push(PlanChange { path: path.to_owned(), from: shown(path, from), to: shown(path, to) });
}

/// How much is shown of a name or a value: an image reference is the longest.
const LONGEST_SHOWN: usize = 512;

/// Fields whose children have names that people chose.
const NAMED: [&str; 9] = [
    "containerDefinitions",
    "environment",
    "secrets",
    "dockerLabels",
    "portMappings",
    "mountPoints",
    "volumes",
    "options",
    "dependsOn",
];

fn last_field(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

/// Fields of ECS are written with a dot, names that people chose in brackets.
fn child_path(path: &str, key: &str) -> String {
    let key = neutral::phrase(key, LONGEST_SHOWN);
    match path {
        "" => key,
        _ if NAMED.contains(&last_field(path)) => format!("{path}[{key}]"),
        _ => format!("{path}.{key}"),
    }
}

/// A value for people: scalars of fields that cannot hold a secret as they are, anything else only as present.
fn shown(path: &str, value: &Value) -> Option<String> {
    const PUBLIC: [&str; 9] =
        ["image", "cpu", "memory", "memoryReservation", "family", "networkMode", "essential", "name", "protocol"];
    let public = PUBLIC.contains(&last_field(path)) || path.ends_with(&format!("[{RELEASE_LABEL}]"));
    match value {
        Value::Null => None,
        Value::String(text) if public => Some(neutral::phrase(text, LONGEST_SHOWN)),
        Value::Number(_) | Value::Bool(_) if public => Some(value.to_string()),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Some("(not shown)".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn live() -> TaskDefinition {
        TaskDefinition::from_json(json!({
            "taskDefinition": {
                "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/backend:7",
                "revision": 7, "status": "ACTIVE", "deleteRequestedAt": 1, "registeredAt": 1.0, "pidMode": "",
                "family": "backend", "inventedField": {"kept": [1, null]},
                "containerDefinitions": [
                    {"name": "web", "image": "repo:old", "cpu": 0, "essential": true, "inventedToo": "kept",
                     "environment": [{"name": "B", "value": "secret-b"}, {"name": "A", "value": ""}],
                     "portMappings": [{"containerPort": 8000, "hostPort": 8000, "protocol": "tcp"}]},
                    {"name": "sidecar", "image": "proxy:1"},
                ],
            },
            "tags": [{"key": "team", "value": "shop"}],
        }))
        .unwrap()
    }

    fn release() -> ReleaseName {
        SHA.parse().unwrap()
    }

    fn container(name: &str) -> ContainerName {
        name.parse().unwrap()
    }

    #[test]
    fn read_only_fields_go_and_invented_ones_stay() {
        let document = live().to_json();
        for field in READ_ONLY_FIELDS {
            assert!(document.get(field).is_none(), "{field}");
        }
        assert_eq!(document["inventedField"], json!({"kept": [1, null]}));
        assert_eq!(document["containerDefinitions"][0]["inventedToo"], "kept");
        assert!(document.get("pidMode").is_none() && document.get("tags").is_none());
    }

    #[test]
    fn an_image_changes_one_container_only() {
        let next = live().with_image(&container("web"), "repo:new@sha256:1", &release()).unwrap();
        let paths: Vec<String> = live().changes_to(&next).into_iter().map(|change| change.path).collect();
        assert_eq!(paths, ["containerDefinitions[web].image", "containerDefinitions[web].dockerLabels[shipgate.sha]"]);
        assert_eq!(next.release_label(&container("web")), Some(release()));
    }

    #[test]
    fn an_unknown_container_is_named_with_the_known_ones() {
        let error = live().with_image(&container("api"), "x", &release()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "container `api` is not in task definition `backend`, which has `web`, `sidecar`"
        );
    }

    #[test]
    fn what_ecs_fills_in_is_no_difference() {
        let file = TaskDefinition::from_json(json!({
            "family": "backend", "inventedField": {"kept": [1, null]}, "volumes": [],
            "containerDefinitions": [
                {"name": "sidecar", "image": "proxy:1"},
                {"name": "web", "image": "repo:old", "inventedToo": "kept", "mountPoints": [],
                 "environment": [{"name": "A", "value": ""}, {"name": "B", "value": "secret-b"}],
                 "portMappings": [{"containerPort": 8000}]},
            ],
        }))
        .unwrap();
        assert_eq!(file.changes_to(&live()), []);
        assert_eq!(live().changes_to(&file), []);
    }

    #[test]
    fn sizes_compare_by_meaning() {
        let with_sizes = |cpu: &str, memory: &str| {
            TaskDefinition::from_json(json!({
                "family": "backend", "cpu": cpu, "memory": memory, "containerDefinitions": [{"name": "web"}],
            }))
            .unwrap()
        };
        assert_eq!(with_sizes("1 vCPU", "2 GB").changes_to(&with_sizes("1024", "2048")), []);
        assert_eq!(with_sizes(".25 vcpu", "0.5GB").changes_to(&with_sizes("256", "512")), []);
        assert_eq!(with_sizes("256", "512").changes_to(&with_sizes("512", "512")).len(), 1);
    }

    #[test]
    fn changed_variables_are_named_and_never_shown() {
        let mut document = live().to_json();
        document["containerDefinitions"][0]["environment"] =
            json!([{"name": "A", "value": ""}, {"name": "B", "value": "hunter2"}, {"name": "C", "value": "x"}]);
        let changes = live().changes_to(&TaskDefinition::from_json(document).unwrap());
        let text = format!("{changes:?}");
        assert!(!text.contains("hunter2") && !text.contains("secret-b"), "{text}");
        let paths: Vec<&str> = changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(
            paths,
            ["containerDefinitions[web].environment[B].value", "containerDefinitions[web].environment[C]"]
        );
    }

    #[test]
    fn foreign_names_and_values_are_neutral_in_changes() {
        let mut document = live().to_json();
        document["containerDefinitions"][0]["image"] = json!("x\n::error::forged");
        document["containerDefinitions"][0]["environment"] =
            json!([{"name": "A\n::add-mask::\u{1b}[31m##[group]", "value": ""}]);
        let text = format!("{:?}", live().changes_to(&TaskDefinition::from_json(document).unwrap()));
        assert!(!text.contains("\\n") && !text.contains("##[") && !text.contains("\\u{1b}"), "{text}");
    }

    #[test]
    fn something_else_is_no_task_definition() {
        for document in
            [json!([]), json!({}), json!({"family": "x"}), json!({"family": "x", "containerDefinitions": []})]
        {
            assert_eq!(
                TaskDefinition::from_json(document.clone()),
                Err(TaskDefinitionError::NotATaskDefinition),
                "{document}"
            );
        }
    }

    #[test]
    fn a_log_stream_has_prefix_container_and_task() {
        let definition = TaskDefinition::from_json(json!({
            "family": "backend",
            "containerDefinitions": [{"name": "web", "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": "/ecs/backend", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "backend"}}}],
        }))
        .unwrap();
        let destination = definition.log_destination(&container("web")).unwrap();
        assert_eq!((destination.group.as_str(), destination.stream("abc")), ("/ecs/backend", "backend/web/abc".into()));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-z]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                proptest::collection::btree_map("[a-zA-Z]{1,8}", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_field_survives_an_image_change(extra in any_json(), key in "x[a-zA-Z]{1,9}") {
            let definition = TaskDefinition::from_json(json!({
                "family": "f", key.clone(): {"v": extra.clone()},
                "containerDefinitions": [{"name": "web", "image": "a", key.clone(): extra.clone()}],
            })).unwrap();
            let next = definition.with_image(&container("web"), "b", &release()).unwrap().to_json();
            prop_assert_eq!(&next[&key]["v"], &extra);
            prop_assert_eq!(&next["containerDefinitions"][0][&key], &extra);
        }

        #[test]
        fn a_definition_does_not_differ_from_itself(extra in any_json()) {
            let definition = TaskDefinition::from_json(json!({
                "family": "f", "x": extra, "containerDefinitions": [{"name": "web", "image": "a"}],
            })).unwrap();
            prop_assert_eq!(definition.changes_to(&definition), []);
        }
    }
}
