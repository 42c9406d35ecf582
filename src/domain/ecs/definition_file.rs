//! A task-definition file of the repository.

use serde_json::Value;
use yamlpath::{Component, Document, Route};

use super::task_definition::{TaskDefinition, TaskDefinitionError};
use crate::domain::check::outline::FileRules;
use crate::domain::check::{CheckFinding, CheckSubject, LinePlace, Rule};
use crate::domain::ecs::names::ContainerName;

/// What is checked of such a file.
pub static RULES: FileRules = FileRules {
    what: "task-definition file",
    key: "task-definition",
    subject: CheckSubject::TaskDefinition,
    missing: Rule::TaskDefinitionMissing,
    judge,
};

/// Judges a file. `container`: the one that gets the image, where it is known.
fn judge(file: &str, text: &str, container: Option<&str>) -> Vec<CheckFinding> {
    let container: Option<ContainerName> = container.and_then(|container| container.parse().ok());
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document: Value = match serde_json::from_str(text) {
        Ok(document) => document,
        Err(error) => {
            let message = format!("the task definition is not JSON: {}", without_place(&error));
            let hint = "correct it: `python3 -m json.tool FILE` shows the place too";
            let place = LinePlace::at(error.line(), column(text, error.line(), error.column()));
            return vec![CheckFinding::new(Rule::TaskDefinitionSyntax, message, hint).in_file(file, Some(place))];
        }
    };
    // JSON is YAML, and so a parser of YAML knows where its parts stand.
    let places = DefinitionPlaces { text, prefix: prefix(&document), document: Document::new(text).ok() };
    let definition = match TaskDefinition::from_json(document) {
        Ok(definition) => definition,
        Err(error) => {
            let hint = "write what `aws ecs register-task-definition --cli-input-json` takes: `family`, and \
                        `containerDefinitions` with a `name` each";
            let finding = CheckFinding::new(Rule::TaskDefinitionShape, error.to_string(), hint);
            return vec![finding.in_file(file, Some(LinePlace::at(1, 1)))];
        }
    };
    let mut findings = Vec::new();
    if let Some(error) = container.and_then(|container| definition.image_of(&container).err()) {
        let place = places.of("containerDefinitions");
        findings.push(unknown_container(&error).in_file(file, Some(place)));
    }
    let fields = definition.to_json();
    findings.extend(sizes(&fields).map(|finding| finding.in_file(file, Some(places.of("requiresCompatibilities")))));
    findings.extend(execution_role(&fields).map(|finding| finding.in_file(file, Some(places.of("family")))));
    findings
}

fn unknown_container(error: &TaskDefinitionError) -> CheckFinding {
    let hint = "correct `container` in the component's configuration, or the name in the file";
    CheckFinding::new(Rule::TaskDefinitionContainer, error.to_string(), hint)
}

/// Fargate takes no task definition without sizes
/// ([RegisterTaskDefinition](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html)).
fn sizes(fields: &Value) -> Option<CheckFinding> {
    let missing: Vec<&str> = ["cpu", "memory"].into_iter().filter(|key| fields.get(key).is_none()).collect();
    let [first, ..] = missing.as_slice() else { return None };
    is_fargate(fields).then(|| {
        let message = format!("`{}` is missing, which Fargate needs for the whole task", missing.join("` and `"));
        CheckFinding::new(Rule::TaskDefinitionSize, message, format!("add `\"{first}\"` beside `family`"))
    })
}

/// Without an execution role ECS cannot read the secrets, and on Fargate it cannot pull from ECR.
fn execution_role(fields: &Value) -> Option<CheckFinding> {
    if fields.get("executionRoleArn").is_some() {
        return None;
    }
    let containers = fields.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten();
    let has_secrets = |container: &Value| {
        container.get("secrets").and_then(Value::as_array).is_some_and(|secrets| !secrets.is_empty())
    };
    let message = if containers.into_iter().any(has_secrets) {
        "`executionRoleArn` is missing, and with it the right to read the containers' `secrets`"
    } else if is_fargate(fields) {
        "`executionRoleArn` is missing, and with it the right of Fargate to pull the image from ECR"
    } else {
        return None;
    };
    let hint = "add `\"executionRoleArn\"` with the role that the service's tasks are started with";
    Some(CheckFinding::new(Rule::TaskDefinitionExecutionRole, message, hint))
}

fn is_fargate(fields: &Value) -> bool {
    let compatibilities = fields.get("requiresCompatibilities").and_then(Value::as_array);
    compatibilities.into_iter().flatten().any(|one| one.as_str() == Some("FARGATE"))
}

/// The message without the place, which is shown beside it.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// The column in characters of a column in bytes.
fn column(text: &str, line: usize, bytes: usize) -> usize {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let end = line.floor_char_boundary(bytes);
    line[..end].chars().count().max(1)
}

/// What `aws ecs describe-task-definition` prints has everything one level deeper.
fn prefix(document: &Value) -> Vec<Component<'static>> {
    if document.get("taskDefinition").is_some_and(Value::is_object) {
        vec![Component::from("taskDefinition")]
    } else {
        Vec::new()
    }
}

struct DefinitionPlaces<'a> {
    text: &'a str,
    prefix: Vec<Component<'static>>,
    document: Option<Document>,
}

impl DefinitionPlaces<'_> {
    fn of(&self, key: &'static str) -> LinePlace {
        let route = Route::from([self.prefix.clone(), vec![Component::from(key)]].concat());
        let feature = self.document.as_ref().and_then(|document| document.query_key_only(&route).ok());
        let span = feature.map(|feature| feature.location.byte_span);
        span.map_or(LinePlace::at(1, 1), |(start, end)| LinePlace::of(self.text, &(start..end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{
  "family": "backend",
  "requiresCompatibilities": ["FARGATE"],
  "cpu": "256",
  "memory": "512",
  "executionRoleArn": "arn:x",
  "containerDefinitions": [
    {"name": "web", "image": "PLACEHOLDER", "secrets": [{"name": "A", "valueFrom": "b"}]}
  ]
}"#;

    fn found(text: &str) -> Vec<String> {
        let findings = judge("task.json", text, Some("web"));
        let shown = |finding: &CheckFinding| {
            let place = finding.place.unwrap();
            format!("{} {}:{}", finding.rule, place.line, place.column)
        };
        findings.iter().map(shown).collect()
    }

    #[test]
    fn a_good_file_is_clean() {
        assert_eq!(found(GOOD), [""; 0]);
        assert_eq!(found(&format!("{{\"taskDefinition\": {GOOD}}}")), [""; 0]);
        let on_instances = r#"{"family": "a", "containerDefinitions": [{"name": "web"}]}"#;
        assert_eq!(found(on_instances), [""; 0]);
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place() {
        for (text, reported) in [
            (GOOD.replace("\"cpu\": \"256\",", "\"cpu\": \"256\""), "task-definition-syntax 5:3"),
            (String::new(), "task-definition-syntax 1:1"),
            ("[]".to_owned(), "task-definition-shape 1:1"),
            (GOOD.replace("\"family\": \"backend\",", ""), "task-definition-shape 1:1"),
            (GOOD.replace("\"web\"", "\"app\""), "task-definition-container 7:3"),
            (GOOD.replace("\"memory\": \"512\",", ""), "task-definition-size 3:3"),
            (GOOD.replace("\"executionRoleArn\": \"arn:x\",", ""), "task-definition-execution-role 2:3"),
            (
                GOOD.replace("\"executionRoleArn\": \"arn:x\",", "").replace("FARGATE", "EC2"),
                "task-definition-execution-role 2:3",
            ),
        ] {
            assert_eq!(found(&text), [reported], "{text}");
        }
    }

    #[test]
    fn no_value_is_shown() {
        let text = GOOD.replace("\"web\"", "\"app\", \"environment\": [{\"name\": \"A\", \"value\": \"canary\"}]");
        let findings = judge("task.json", &text, Some("web"));
        assert!(!findings.is_empty());
        assert!(!format!("{findings:?}").contains("canary"));
    }
}
