//! A job of a workflow's file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::expression::{Scope, Status};
use super::process::Control;
use super::steps::{Session, StepRan, insist_on_keys, members, yaml};
use super::{Runner, Running};

/// A job, about to run.
#[derive(Debug)]
pub struct Job {
    runner: Runner,
    workflow: Value,
    name: String,
    needs: Map<String, Value>,
    status: Status,
}

/// What became of a job.
#[derive(Debug)]
pub struct JobRan {
    /// Its name, evaluated.
    pub name: String,
    /// Nothing for one that its `if` left out.
    pub result: Option<Status>,
    /// Its outputs, without those that would show a secret.
    pub outputs: BTreeMap<String, String>,
    /// The names of outputs that were dropped because they have something masked in them.
    pub dropped: Vec<String>,
    /// Its steps, in order.
    pub steps: Vec<StepRan>,
}

impl JobRan {
    /// The step with an `id`.
    #[track_caller]
    pub fn step(&self, id: &str) -> &StepRan {
        self.steps.iter().find(|step| step.id == id).unwrap_or_else(|| panic!("no step `{id}`"))
    }

    /// Everything that was printed.
    pub fn log(&self) -> String {
        self.steps.iter().map(|step| step.log.as_str()).collect()
    }

    /// Insists on success; shows everything otherwise.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        assert_eq!(self.result, Some(Status::Success), "{}", self.log());
        self
    }
}

impl Job {
    pub(super) fn new(runner: Runner, workflow: &Path, name: &str) -> Self {
        let workflow = yaml(workflow);
        assert!(workflow["jobs"][name].is_object(), "no job `{name}`");
        Self { runner, workflow, name: name.to_owned(), needs: Map::new(), status: Status::Success }
    }

    /// The inputs of `workflow_dispatch` or `workflow_call`. One that is not given has its default, as the file has it.
    pub fn inputs(mut self, given: Value) -> Self {
        self.runner = self.runner.context("inputs", given);
        self
    }

    /// A job that ran before, for `needs`.
    pub fn needs(mut self, name: &str, ran: &JobRan) -> Self {
        let result = ran.result.map_or("skipped", Status::name);
        self.needs.insert(name.to_owned(), json!({ "outputs": ran.outputs, "result": result }));
        if ran.result != Some(Status::Success) {
            self.status = Status::Failure;
        }
        self
    }

    /// A job that somebody says ran well before, for `needs`.
    pub fn needs_outputs(mut self, name: &str, outputs: &Value) -> Self {
        self.needs.insert(name.to_owned(), json!({ "outputs": outputs, "result": "success" }));
        self
    }

    /// Runs to the end.
    pub fn run(self) -> JobRan {
        self.start().wait()
    }

    /// Starts, for a test that acts meanwhile.
    pub fn start(self) -> Running<JobRan> {
        Running::start(move |control| self.run_under(control))
    }

    fn run_under(self, control: Arc<Control>) -> JobRan {
        let definition = &self.workflow["jobs"][&self.name];
        insist_on_keys(
            definition,
            &[
                "name",
                "needs",
                "if",
                "runs-on",
                "permissions",
                "environment",
                "concurrency",
                "outputs",
                "env",
                "steps",
                "timeout-minutes",
            ],
        );
        self.insist_on_needs(definition);
        let runner = self.runner.clone().github("job", self.name.clone()).context("needs", json!(self.needs));
        let runner = runner.context("inputs", self.all_inputs());
        let mut session = Session::new(&runner, control);
        let mut scope = session.scope();
        scope.status = self.status;
        if !scope.allows(definition.get("if")) {
            let (name, outputs) = (self.name.clone(), BTreeMap::new());
            return JobRan { name, result: None, outputs, dropped: Vec::new(), steps: Vec::new() };
        }
        scope.status = Status::Success;
        let name = definition.get("name").map_or(self.name.clone(), |name| scope.scalar(name));
        for (name, value) in members(&self.workflow, "env").chain(members(definition, "env")) {
            let value = scope.scalar(value);
            session.environment.insert(name.clone(), value);
        }
        let steps = session.in_job(definition["steps"].as_array().unwrap(), &mut scope);
        finish(name, definition, &session, &scope, steps)
    }

    fn insist_on_needs(&self, definition: &Value) {
        let needs = &definition["needs"];
        let several = needs.as_array().into_iter().flatten().map(|name| name.as_str().unwrap());
        for name in needs.as_str().into_iter().chain(several) {
            assert!(self.needs.contains_key(name), "the job needs `{name}`, which the test did not give");
        }
    }

    /// What was given, and the defaults of all inputs in the file.
    fn all_inputs(&self) -> Value {
        let mut inputs = Map::new();
        for trigger in ["workflow_dispatch", "workflow_call"] {
            if let Some(trigger) = self.workflow["on"].get(trigger) {
                for (name, input) in members(trigger, "inputs") {
                    let nothing = if input["type"] == "boolean" { json!(false) } else { json!("") };
                    inputs.insert(name.clone(), input.get("default").cloned().unwrap_or(nothing));
                }
            }
        }
        for (name, value) in self.runner.contexts["inputs"].as_object().unwrap() {
            assert!(inputs.contains_key(name), "the workflow has no input `{name}`");
            inputs.insert(name.clone(), value.clone());
        }
        Value::Object(inputs)
    }
}

fn finish(name: String, definition: &Value, session: &Session, scope: &Scope, steps: Vec<StepRan>) -> JobRan {
    let (mut outputs, mut dropped) = (BTreeMap::new(), Vec::new());
    for (name, value) in members(definition, "outputs") {
        let value = scope.scalar(value);
        if session.masks.iter().any(|mask| value.contains(mask)) {
            dropped.push(name.clone());
        } else {
            outputs.insert(name.clone(), value);
        }
    }
    JobRan { name, result: Some(scope.status), outputs, dropped, steps }
}
