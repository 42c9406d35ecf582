//! Task definitions: files, and what AWS says that runs.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{assert_bounded, damaged, soon};
use crate::domain::check::Findings;
use crate::domain::ecs::definition_file;
use crate::domain::ecs::names::ContainerName;
use crate::domain::ecs::task_definition::TaskDefinition;

const GOOD: [&str; 2] = [
    r#"{"family": "a", "cpu": "256", "memory": "512", "requiresCompatibilities": ["FARGATE"], "executionRoleArn": "x",
 "containerDefinitions": [{"name": "web", "image": "a/b:c@sha256:0", "essential": true, "cpu": 0,
  "environment": [{"name": "A", "value": "b"}], "secrets": [{"name": "B", "valueFrom": "arn:x"}],
  "portMappings": [{"containerPort": 80, "protocol": "tcp"}], "dockerLabels": {"a": "b"},
  "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-stream-prefix": "p"}}}]}"#,
    r#"{"taskDefinition": {"family": "a", "revision": 7, "status": "ACTIVE", "networkMode": "awsvpc", "volumes": [],
 "containerDefinitions": [{"name": "web", "image": "x", "memory": 1.5e3}, {"name": "log", "image": "y"}]}, "tags": []}"#,
];

const DEEP: [&str; 6] = ["[", "{\"a\":", "{\"name\":\"web\"},", "\"\\ud800\"", "1", "{\"containerDefinitions\":["];

fn read(text: &str) {
    let web: ContainerName = "web".parse().unwrap();
    let mut findings = Findings::default();
    findings.all.extend((definition_file::RULES.judge)("task.json", text, Some(web.as_str())));
    assert_bounded(findings);
    let Ok(document) = serde_json::from_str::<Value>(text) else { return };
    let definition = match TaskDefinition::from_json(document) {
        Ok(definition) => definition,
        Err(error) => return assert!(error.to_string().len() < 4000),
    };
    let good = TaskDefinition::from_json(serde_json::from_str(GOOD[0]).unwrap()).unwrap();
    let image = definition.image_of(&web);
    assert!(image.is_ok_and(|image| image.to_string().len() <= text.len()) || definition.release_label(&web).is_none());
    drop((
        definition.log_destination(&web),
        definition.roles(),
        definition.variables_missing_from(&good, (&web, &web)),
    ));
    for changes in [good.changes_to(&definition), definition.changes_to(&good)] {
        let length = format!("{changes:?}").len();
        assert!(length <= 200 * (text.len() + GOOD[0].len()), "{length} bytes of changes");
    }
    assert_eq!(definition.changes_to(&definition), []);
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn fuzz_task_definition(text in damaged(&GOOD, &DEEP)) {
        soon(|| read(&text));
    }
}

#[test]
fn an_error_does_not_list_every_container() {
    let containers: Vec<Value> =
        (0..5000).map(|number| json!({"name": format!("web{number}"), "image": "x"})).collect();
    let definition = TaskDefinition::from_json(json!({"family": "a", "containerDefinitions": containers})).unwrap();
    let error = definition.image_of(&"web".parse().unwrap()).unwrap_err().to_string();
    assert!(error.contains("`web9`, and 4990 more") && error.len() < 500, "{error:.500}");
}
