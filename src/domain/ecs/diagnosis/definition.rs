//! What a task definition says about a container that failed.

use serde_json::Value;

use crate::domain::ecs::names::ContainerName;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::neutral;

/// A limit on memory
/// ([task size](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryLimit {
    /// How much, in MiB.
    pub mebibytes: u64,
    /// Whether all containers of the task have it together.
    pub of_task: bool,
}

/// The limit that a container is killed at: its own, or else that of its task.
pub fn memory_limit(definition: &TaskDefinition, container: &ContainerName) -> Option<MemoryLimit> {
    let own = definition.container(container).ok().and_then(|fields| fields.get("memory")?.as_u64());
    let own = own.map(|mebibytes| MemoryLimit { mebibytes, of_task: false });
    own.or_else(|| definition.memory().map(|mebibytes| MemoryLimit { mebibytes, of_task: true }))
}

/// The command of a container's health check, as people write it.
pub fn health_check(definition: &TaskDefinition, container: &ContainerName) -> Option<String> {
    let words = definition.container(container).ok()?.get("healthCheck")?.get("command")?.as_array()?;
    let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    (!words.is_empty()).then(|| neutral::phrase(&words.join(" "), 200))
}

/// The first port of a container that is mapped.
pub fn port(definition: &TaskDefinition, container: &ContainerName) -> Option<u64> {
    let mappings = definition.container(container).ok()?.get("portMappings")?.as_array()?;
    mappings.first()?.get("containerPort")?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn limits_checks_and_ports_are_read() {
        let limit = |task: Value, own: Value| {
            let document = json!({"family": "f", "memory": task, "containerDefinitions": [{"name": "web", "memory": own,
                "healthCheck": {"command": ["CMD-SHELL", "curl -f localhost || exit 1"]},
                "portMappings": [{"containerPort": 8000}, {"containerPort": 9000}]}]});
            let definition = TaskDefinition::from_json(document).unwrap();
            let web = "web".parse().unwrap();
            assert_eq!(health_check(&definition, &web).as_deref(), Some("CMD-SHELL curl -f localhost || exit 1"));
            assert_eq!(port(&definition, &web), Some(8000));
            assert_eq!(port(&definition, &"other".parse().unwrap()), None);
            memory_limit(&definition, &web).map(|limit| (limit.mebibytes, limit.of_task))
        };
        assert_eq!(limit(json!("1024"), json!(512)), Some((512, false)));
        assert_eq!(limit(json!("1 GB"), Value::Null), Some((1024, true)));
        assert_eq!(limit(Value::Null, Value::Null), None);
        assert_eq!(limit(json!("much"), Value::Null), None);
    }
}
