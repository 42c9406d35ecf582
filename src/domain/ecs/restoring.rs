//! What a rollback brings back beside the image: the whole task definition, of which these parts run something.

use crate::domain::ecs::names::ContainerName;
use crate::domain::plan::PlanChange;

/// The parts that a rollback changes in what a service runs, in words and without values: commands and entry points,
/// containers that come, go or get another image, and the names of variables and secrets. `container`: the one whose
/// image is the release.
pub fn brought_back(changes: &[PlanChange], container: &ContainerName) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in changes.iter().filter_map(|change| part(change, container)) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
}

fn part(change: &PlanChange, container: &ContainerName) -> Option<String> {
    let path = change.path.as_str();
    if path == "containerDefinitions" {
        return Some("the containers".to_owned());
    }
    // A container's name has no bracket; a variable's may.
    let (name, field) = path.strip_prefix("containerDefinitions[")?.split_once(']')?;
    let how = match (&change.from, &change.to) {
        (None, Some(_)) => "added",
        (Some(_), None) => "removed",
        _ => "changed",
    };
    match field {
        "" => Some(format!("container {name} {how}")),
        ".command" => Some(format!("command of {name} {how}")),
        ".entryPoint" => Some(format!("entry point of {name} {how}")),
        ".environmentFiles" => Some(format!("environment files of {name} {how}")),
        ".image" if name != container.as_str() => Some(match &change.to {
            Some(image) => format!("image of {name}: {image}"),
            None => format!("image of {name} {how}"),
        }),
        _ => variable(name, field, how),
    }
}

fn variable(container: &str, field: &str, how: &str) -> Option<String> {
    let (kind, rest) = [("variable", ".environment"), ("secret", ".secrets")]
        .into_iter()
        .find_map(|(kind, prefix)| Some((kind, field.strip_prefix(prefix)?)))?;
    if rest.is_empty() {
        return Some(format!("{kind}s of {container} {how}"));
    }
    let (name, inner) = rest.strip_prefix('[')?.rsplit_once(']')?;
    let how = if inner.is_empty() { how } else { "changed" };
    Some(format!("{kind} {name} of {container} {how}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::ecs::task_definition::TaskDefinition;

    fn definition(containers: &Value) -> TaskDefinition {
        TaskDefinition::from_json(json!({"family": "backend", "containerDefinitions": containers})).unwrap()
    }

    #[test]
    fn commands_containers_and_names_are_shown_and_no_values() {
        let live = definition(&json!([
            {"name": "web", "image": "repo:new", "command": ["serve"],
             "environment": [{"name": "KEPT", "value": "1"}, {"name": "OTHER", "value": "hunter2"}],
             "secrets": [{"name": "KEY", "valueFrom": "arn:new"}]},
            {"name": "proxy", "image": "proxy:2"},
            {"name": "agent", "image": "agent:1"},
        ]));
        let restored = definition(&json!([
            {"name": "web", "image": "repo:old", "command": ["hunter3"], "entryPoint": ["sh"],
             "environment": [{"name": "KEPT", "value": "1"}, {"name": "OTHER", "value": "x"}, {"name": "A]b", "value": ""}]},
            {"name": "proxy", "image": "proxy:1"},
            {"name": "miner", "image": "miner:1"},
        ]));
        let parts = brought_back(&live.changes_to(&restored), &"web".parse().unwrap());
        assert_eq!(
            parts,
            [
                "command of web changed",
                "variable OTHER of web changed",
                "variable A]b of web added",
                "secret KEY of web removed",
                "entry point of web added",
                "image of proxy: proxy:1",
                "container agent removed",
                "container miner added",
            ]
        );
        assert!(!parts.join(" ").contains("hunter"), "{parts:?}");
    }

    #[test]
    fn another_release_alone_is_nothing_of_that() {
        let image = |image: &str| definition(&json!([{"name": "web", "image": image, "cpu": image.len()}]));
        assert_eq!(brought_back(&image("repo:a").changes_to(&image("repo:bc")), &"web".parse().unwrap()), [""; 0]);
    }
}
