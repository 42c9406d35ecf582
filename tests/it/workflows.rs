//! The workflow files of this repository and of its examples, as YAML.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A workflow file.
pub struct Workflow {
    /// Its path in this repository.
    pub path: String,
    pub text: String,
    pub yaml: Value,
}

impl Workflow {
    pub fn read(path: &str) -> Self {
        let text = std::fs::read_to_string(own(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let yaml = yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), text, yaml }
    }

    /// The workflows in a directory of this repository, by name.
    pub fn all_in(directory: &str) -> Vec<Self> {
        let found = std::fs::read_dir(own(directory)).unwrap_or_else(|error| panic!("{directory}: {error}"));
        let mut names: Vec<_> = found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert!(!names.is_empty(), "{directory}");
        names.iter().map(|name| Self::read(&format!("{directory}/{name}"))).collect()
    }

    /// Those of this repository.
    pub fn ours() -> Vec<Self> {
        Self::all_in(".github/workflows")
    }

    /// Those that others call.
    pub fn called() -> Vec<Self> {
        Self::ours().into_iter().filter(|workflow| workflow.yaml["on"]["workflow_call"].is_object()).collect()
    }

    /// Those of the examples.
    pub fn examples() -> Vec<Self> {
        EXAMPLES.iter().flat_map(|example| Self::all_in(&format!("{example}/.github/workflows"))).collect()
    }

    pub fn jobs(&self) -> Vec<(&str, &Value)> {
        entries(&self.yaml["jobs"])
    }

    pub fn steps(&self) -> Vec<&Value> {
        self.jobs().into_iter().filter_map(|(_, job)| job["steps"].as_array()).flatten().collect()
    }

    /// Each `uses`, of jobs and of steps.
    pub fn uses(&self) -> Vec<&str> {
        let jobs = self.jobs().into_iter().map(|(_, job)| job);
        jobs.chain(self.steps()).filter_map(|user| user["uses"].as_str()).collect()
    }

    /// The inputs for those who call it.
    pub fn inputs(&self) -> Vec<(&str, &Value)> {
        entries(&self.yaml["on"]["workflow_call"]["inputs"])
    }
}

/// The complete repositories in this one.
pub const EXAMPLES: [&str; 2] = ["examples/cloudshop", "examples/ecs-service"];

/// A path in this repository.
pub fn own(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The keys and values of an object, in their order.
pub fn entries(object: &Value) -> Vec<(&str, &Value)> {
    let object = object.as_object().unwrap_or_else(|| panic!("not an object: {object}"));
    object.iter().map(|(key, value)| (key.as_str(), value)).collect()
}
