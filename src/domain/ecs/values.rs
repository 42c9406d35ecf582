//! The variables that a container of a task definition is started with.

use secrecy::SecretString;
use serde_json::Value as Json;

use super::plan::{EcsFacts, EcsPlan, NextRevision};
use super::service::TaskRevision;
use super::target::{EcsTarget, TaskDefinitionSource};
use super::task_definition::{TaskDefinition, TaskDefinitionError};
use crate::domain::contract::{Content, ReadValues, Values, VariableValue};
use crate::domain::ecs::names::ContainerName;
use crate::domain::neutral;

/// The variables of a container, and its references to secrets and parameters
/// ([ContainerDefinition](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html)). `from`:
/// where the definition is, for people.
///
/// # Errors
///
/// [`TaskDefinitionError::UnknownContainer`]
pub fn values(
    definition: &TaskDefinition,
    container: &ContainerName,
    from: &str,
) -> Result<ReadValues, TaskDefinitionError> {
    let fields = definition.container(container)?;
    let from = neutral::phrase(from, 300);
    let listed = |key: &str, value: &'static str, content: fn(SecretString) -> Content| {
        let entries = fields.get(key).and_then(Json::as_array).into_iter().flatten();
        let from = from.clone();
        entries.filter_map(move |entry| {
            let name = entry.get("name")?.as_str()?.to_owned();
            let text = entry.get(value).and_then(Json::as_str).unwrap_or_default();
            Some((name, VariableValue { content: content(SecretString::from(text)), from: from.clone() }))
        })
    };
    let plain = listed("environment", "value", Content::Plain);
    let references = listed("secrets", "valueFrom", Content::Reference);
    let files = fields.get("environmentFiles").and_then(Json::as_array).map_or(0, Vec::len);
    let unread = (files > 0).then(|| {
        let why = "they are objects in S3, which are not read".to_owned();
        (format!("environment files of container {container}"), why)
    });
    // AWS takes no name twice. A file may have one: what is readable in it is what counts.
    Ok(ReadValues { values: Values(references.chain(plain).collect()), unread: unread.into_iter().collect() })
}

/// The values that a task-definition file has. `None`: it is none, or has no such container.
pub fn of_file(text: &str, container: &ContainerName, name: &str) -> Option<ReadValues> {
    let definition = TaskDefinition::from_json(serde_json::from_str(text).ok()?).ok()?;
    values(&definition, container, &format!("task definition {name}")).ok()
}

/// The values of a revision.
///
/// # Errors
///
/// [`TaskDefinitionError::UnknownContainer`]
pub fn of_revision(revision: &TaskRevision, container: &ContainerName) -> Result<ReadValues, TaskDefinitionError> {
    values(&revision.definition, container, &format!("task definition {}", revision.short()))
}

/// The values that a service has once its plan is carried out. What an image that is not built yet changes is no variable.
///
/// # Errors
///
/// [`TaskDefinitionError::UnknownContainer`]
pub fn planned(target: &EcsTarget, facts: &EcsFacts, plan: &EcsPlan) -> Result<ReadValues, TaskDefinitionError> {
    let container = &target.container;
    let of_file = |file: &TaskDefinition| {
        let from = match &target.task_definition {
            TaskDefinitionSource::File(path) => path.to_string(),
            TaskDefinitionSource::Live => format!("task definition {}", file.family()),
        };
        values(file, container, &from)
    };
    match (&plan.next, &facts.file) {
        (NextRevision::Live, _) => of_revision(&plan.live, container),
        (NextRevision::Registered(revision), _) => of_revision(revision, container),
        (NextRevision::New(_), Some(file)) if plan.restores.is_none() => of_file(file),
        (NextRevision::New(definition), _) => {
            let definition = definition.known().unwrap_or(&plan.live.definition);
            values(definition, container, &format!("task definition {}", plan.live.short()))
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;

    fn definition() -> TaskDefinition {
        TaskDefinition::from_json(json!({"family": "backend", "containerDefinitions": [
            {"name": "proxy", "environment": [{"name": "OTHER", "value": "x"}]},
            {"name": "web",
             "environment": [{"name": "URL", "value": "https://a"}, {"name": "EMPTY"}, {"value": "without a name"}],
             "secrets": [{"name": "TOKEN", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/token"},
                         {"name": "URL", "valueFrom": "/shop/url"}],
             "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::b/x.env"}]},
        ]}))
        .unwrap()
    }

    #[test]
    fn variables_and_references_of_the_one_container_are_read() {
        let read = values(&definition(), &"web".parse().unwrap(), "task definition backend:7").unwrap();
        let seen: Vec<String> = read
            .values
            .0
            .iter()
            .map(|(name, value)| match &value.content {
                Content::Plain(text) => format!("{name}={}", text.expose_secret()),
                Content::Reference(text) => format!("{name} → {}", text.expose_secret()),
            })
            .collect();
        let token = "TOKEN → arn:aws:ssm:us-east-1:123456789012:parameter/token";
        assert_eq!(seen, ["EMPTY=", token, "URL=https://a"]);
        assert!(read.values.0.values().all(|value| value.from == "task definition backend:7"));
        let unread: Vec<&str> = read.unread.iter().map(|(what, _)| what.as_str()).collect();
        assert_eq!(unread, ["environment files of container web"]);
        assert!(!format!("{read:?}").contains("https://a"), "{read:?}");
    }

    #[test]
    fn a_container_that_is_not_there_has_no_values_at_all() {
        assert!(values(&definition(), &"api".parse().unwrap(), "x").is_err());
        let proxy = values(&definition(), &"proxy".parse().unwrap(), "x").unwrap();
        assert_eq!((proxy.values.0.len(), proxy.unread.len()), (1, 0));
    }
}
