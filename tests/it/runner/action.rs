//! Composite actions: where they are, what their steps can see, and what becomes of their outputs.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::expression::{Scope, Status};
use super::steps::{Place, Session, StepRan, insist_on_keys, members, yaml};

impl Session {
    /// Runs an action, one of the workspace or of a repository that the test named.
    pub(super) fn uses(&mut self, uses: &str, step: &Value, scope: &Scope, mut place: Place) -> StepRan {
        let Some((path, repository)) = self.resolve(uses) else {
            return StepRan { result: Some(Status::Success), ..StepRan::skipped(String::new()) };
        };
        let action = yaml(&path.join("action.yml"));
        assert_eq!(action["runs"]["using"], "composite", "{uses}");
        let mut github = scope.contexts["github"].clone();
        github["action_path"] = json!(path);
        github["action_repository"] = json!(repository);
        let mut inside = Map::new();
        let mut given = inputs(&action, step, scope);
        if let Some(program) = self.runner.program.as_ref().filter(|_| uses == "$/action") {
            given["binary-path"] = json!(program);
        }
        inside.insert("inputs".to_owned(), given);
        inside.insert("github".to_owned(), github);
        inside.insert("runner".to_owned(), scope.contexts["runner"].clone());
        inside.insert("steps".to_owned(), json!({}));
        let mut inside = Scope { contexts: inside, status: Status::Success };
        place.in_action = true;
        let ran = self.steps(action["runs"]["steps"].as_array().unwrap(), &mut inside, &place);
        together(ran, &action, &inside)
    }

    /// The directory of an action and the repository that it is from, where it is not the workspace.
    fn resolve(&self, uses: &str) -> Option<(PathBuf, Option<String>)> {
        if let Some(path) = uses.strip_prefix("./") {
            return Some((self.runner.workspace.join(path), None));
        }
        if let Some(path) = uses.strip_prefix("$/") {
            let (name, directory) = &self.runner.own;
            return Some((directory.join(path), Some(name.clone())));
        }
        let (name, _) = uses.split_once('@').unwrap_or_else(|| panic!("`uses: {uses}` has no version"));
        if self.runner.without_effect.iter().any(|action| action == name) {
            return None;
        }
        let within = |repository: &str| {
            let path = name.strip_prefix(repository)?;
            (path.is_empty() || path.starts_with('/')).then(|| path.trim_start_matches('/'))
        };
        let found = self.runner.repositories.iter().find_map(|(name, path)| Some((name, path, within(name)?)));
        let (repository, directory, path) = found.unwrap_or_else(|| panic!("`uses: {uses}` is not known here"));
        Some((directory.join(path), Some(repository.clone())))
    }
}

/// A step's inputs with their defaults. One that the action does not know is an error here.
fn inputs(action: &Value, step: &Value, scope: &Scope) -> Value {
    let mut inputs = Map::new();
    for (name, definition) in members(action, "inputs") {
        insist_on_keys(definition, &["description", "required", "default"]);
        inputs.insert(name.clone(), Value::String(scope.scalar(&definition["default"])));
    }
    for (name, value) in members(step, "with") {
        assert!(inputs.contains_key(name), "the action has no input `{name}`");
        inputs.insert(name.clone(), Value::String(scope.scalar(value)));
    }
    Value::Object(inputs)
}

/// One step of several: that of the workflow with `uses`.
fn together(ran: Vec<StepRan>, action: &Value, scope: &Scope) -> StepRan {
    let mut whole = StepRan { result: Some(Status::Success), ..StepRan::skipped(String::new()) };
    for step in ran {
        whole.log.push_str(&step.log);
        whole.summary.push_str(&step.summary);
        whole.commands.extend(step.commands);
        if whole.result == Some(Status::Success) && step.result.is_some() {
            (whole.result, whole.code) = (step.result, step.code);
        }
    }
    for (name, definition) in members(action, "outputs") {
        whole.outputs.insert(name.clone(), scope.scalar(&definition["value"]));
    }
    whole
}
