//! Steps, of a job and of a composite action: their conditions, variables and files.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Runner;
use super::command::WorkflowCommand;
use super::expression::{Scope, Status, text_of};
use super::process::{Control, Finished, run};

/// What became of a step. That of a composite action has what its steps said, and its own outputs.
#[derive(Debug, Clone)]
pub struct StepRan {
    /// Its `id`, or nothing.
    pub id: String,
    /// Nothing for one that its `if` left out.
    pub result: Option<Status>,
    /// The exit code, or 128 and the signal as shells have it.
    pub code: i32,
    /// Its outputs, by name.
    pub outputs: BTreeMap<String, String>,
    /// Every line of both streams, in their order.
    pub log: String,
    /// The workflow commands that the runner obeyed.
    pub commands: Vec<WorkflowCommand>,
    /// What it wrote into the summary.
    pub summary: String,
}

impl StepRan {
    pub(super) fn skipped(id: String) -> Self {
        let outputs = BTreeMap::new();
        Self { id, result: None, code: 0, outputs, log: String::new(), commands: Vec::new(), summary: String::new() }
    }

    /// Insists on an exit code; shows everything otherwise.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{:?}\n{}", self.log, self.outputs, self.summary);
        self
    }

    /// The texts of one kind of annotation: `error`, `warning`, `notice`.
    pub fn annotations(&self, kind: &str) -> Vec<&str> {
        self.commands.iter().filter(|command| command.name == kind).map(|command| command.data.as_str()).collect()
    }

    fn fail(&mut self, message: String) {
        let command = WorkflowCommand { name: "error".to_owned(), properties: BTreeMap::new(), data: message };
        self.commands.push(command);
        self.result = Some(Status::Failure);
        self.code = self.code.max(1);
    }
}

/// What lasts from step to step.
#[derive(Debug)]
pub struct Session {
    pub(super) runner: Runner,
    control: Arc<Control>,
    /// The job's `env`, and what steps put into `GITHUB_ENV`.
    pub environment: BTreeMap<String, String>,
    /// What steps put into `GITHUB_PATH`.
    path: Vec<String>,
    /// What must not be shown.
    pub masks: Vec<String>,
    count: usize,
}

/// Where steps are: in a job, or in an action.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub(super) in_action: bool,
    /// The `env` of the steps around this one.
    pub(super) overrides: BTreeMap<String, String>,
}

impl Session {
    /// The beginning of a job.
    pub fn new(runner: &Runner, control: Arc<Control>) -> Self {
        let secrets = runner.contexts["secrets"].as_object().unwrap().values().map(text_of);
        let masks = secrets.chain([text_of(&runner.contexts["github"]["token"])]).filter(|mask| !mask.is_empty());
        let masks = masks.collect();
        Self { runner: runner.clone(), control, environment: BTreeMap::new(), path: Vec::new(), masks, count: 0 }
    }

    /// What a job's steps can see at its beginning.
    pub fn scope(&self) -> Scope {
        let mut contexts = self.runner.contexts.clone();
        contexts.insert("steps".to_owned(), json!({}));
        contexts.insert("env".to_owned(), json!(self.environment));
        Scope { contexts, status: Status::Success }
    }

    /// Runs the steps of a job; `scope` has their outputs and the status afterwards.
    pub fn in_job(&mut self, steps: &[Value], scope: &mut Scope) -> Vec<StepRan> {
        self.steps(steps, scope, &Place::default())
    }

    pub(super) fn steps(&mut self, steps: &[Value], scope: &mut Scope, place: &Place) -> Vec<StepRan> {
        let mut all = Vec::new();
        for step in steps {
            insist_on_keys(step, &["id", "name", "if", "uses", "with", "env", "run", "shell", "working-directory"]);
            let ran = self.step(step, scope, place);
            if self.control.cancelled() {
                scope.status = Status::Cancelled;
            } else if ran.result == Some(Status::Failure) {
                scope.status = Status::Failure;
            }
            if !ran.id.is_empty() {
                let result = ran.result.map_or("skipped", Status::name);
                let seen = json!({ "outputs": ran.outputs, "outcome": result, "conclusion": result });
                scope.contexts["steps"][&ran.id] = seen;
            }
            all.push(ran);
        }
        all
    }

    fn step(&mut self, step: &Value, scope: &mut Scope, place: &Place) -> StepRan {
        if self.control.cancelled() {
            scope.status = Status::Cancelled;
        }
        let id = step["id"].as_str().unwrap_or_default().to_owned();
        let mut environment = self.environment.clone();
        environment.extend(place.overrides.clone());
        scope.contexts.insert("env".to_owned(), json!(environment));
        if !scope.allows(step.get("if")) {
            return StepRan::skipped(id);
        }
        let mut inner = place.clone();
        for (name, value) in members(step, "env") {
            inner.overrides.insert(name.clone(), scope.scalar(value));
        }
        environment.extend(inner.overrides.clone());
        let mut scope = scope.clone();
        scope.contexts.insert("env".to_owned(), json!(environment));
        let mut ran = match (step["uses"].as_str(), step["run"].as_str()) {
            (Some(uses), None) => self.uses(uses, step, &scope, inner),
            (None, Some(script)) => self.script(script, step, scope, &environment, place.in_action),
            _ => panic!("a step has either `uses` or `run`: {step}"),
        };
        ran.id = id;
        ran
    }

    fn script(
        &mut self,
        script: &str,
        step: &Value,
        mut scope: Scope,
        environment: &BTreeMap<String, String>,
        in_action: bool,
    ) -> StepRan {
        // Seen by `env:`, which is evaluated before, but not by a script: actions/runner#2473.
        scope.contexts["github"]["action_repository"] = Value::Null;
        let files = self.make_files(&mut scope);
        let script_file = files.join("script.sh");
        std::fs::write(&script_file, scope.text(script)).unwrap();
        let shell = step["shell"].as_str();
        assert!(shell.is_some() || !in_action, "a step of a composite action needs `shell`");
        let mut command = shell_command(shell, &script_file);
        let directory = step["working-directory"].as_str().map(|directory| scope.text(directory));
        command.current_dir(self.runner.workspace.join(directory.unwrap_or_default()));
        command.env_clear().env("PATH", self.search_path()).envs(&self.runner.variables).envs(environment);
        command.envs(github_variables(&scope.contexts["github"]));
        let finished = run(&mut command, &self.control);
        self.finish(finished, &files)
    }

    /// New and empty for each step.
    fn make_files(&mut self, scope: &mut Scope) -> PathBuf {
        self.count += 1;
        let directory = self.runner.temp().join(format!("_runner_file_commands_{}", self.count));
        // Another job of the same machine may have been here.
        if directory.exists() {
            std::fs::remove_dir_all(&directory).unwrap();
        }
        std::fs::create_dir(&directory).unwrap();
        for name in ["output", "env", "path", "state", "step_summary"] {
            let file = directory.join(name);
            std::fs::write(&file, "").unwrap();
            scope.contexts["github"][name] = json!(file);
        }
        directory
    }

    #[expect(clippy::disallowed_methods, reason = "tests hand on PATH")]
    fn search_path(&self) -> String {
        let own = std::env::var("PATH").unwrap();
        let all = self.path.iter().rev().chain([self.runner.variables.get("PATH").unwrap_or(&own)]);
        all.map(String::as_str).collect::<Vec<_>>().join(":")
    }

    fn finish(&mut self, finished: Finished, files: &Path) -> StepRan {
        let status = finished.status;
        let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap());
        let result = match () {
            () if self.control.cancelled() => Status::Cancelled,
            () if code != 0 => Status::Failure,
            () => Status::Success,
        };
        let (log, commands) = (finished.log, finished.reader.commands);
        let summary = std::fs::read_to_string(files.join("step_summary")).unwrap();
        let mut ran = StepRan { result: Some(result), code, log, commands, summary, ..StepRan::skipped(String::new()) };
        self.obey(&mut ran, files);
        ran
    }

    fn obey(&mut self, ran: &mut StepRan, files: &Path) {
        self.masks.extend(ran.annotations("add-mask").iter().flat_map(|mask| mask.lines()).map(str::to_owned));
        let read = |name| std::fs::read_to_string(files.join(name)).unwrap();
        match (super::files::pairs(&read("output")), super::files::pairs(&read("env"))) {
            (Ok(outputs), Ok(environment)) => {
                ran.outputs = outputs.into_iter().collect();
                self.environment.extend(environment);
            }
            (outputs, environment) => {
                let error = [outputs.err(), environment.err()].into_iter().flatten().collect::<Vec<_>>().join("; ");
                ran.fail(format!("Unable to process file command successfully: {error}"));
            }
        }
        self.path.extend(read("path").lines().map(str::to_owned));
        if ran.summary.len() > 1024 * 1024 {
            ran.summary.clear();
            ran.commands.push(WorkflowCommand {
                name: "error".to_owned(),
                properties: BTreeMap::new(),
                data: "$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k".to_owned(),
            });
        }
    }
}

/// As the runner starts the shells in use.
fn shell_command(shell: Option<&str>, script: &Path) -> Command {
    let arguments: &[&str] = match shell {
        None => &["-e"],
        Some("bash") => &["--noprofile", "--norc", "-e", "-o", "pipefail"],
        Some(other) => panic!("`shell: {other}` is not known here"),
    };
    let mut command = crate::harness::command("bash");
    command.args(arguments).arg(script);
    command
}

/// Those values of the `github` context that steps get as variables.
fn github_variables(github: &Value) -> BTreeMap<String, String> {
    const NOT: [&str; 2] = ["token", "event"];
    let all = github.as_object().unwrap().iter().filter(|(name, _)| !NOT.contains(&name.as_str()));
    all.filter_map(|(name, value)| Some((format!("GITHUB_{}", name.to_uppercase()), value.as_str()?.to_owned())))
        .collect()
}

/// The entries of a mapping, if there is one.
pub fn members<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    match value.get(key) {
        None | Some(Value::Null) => None,
        Some(Value::Object(members)) => Some(members),
        Some(other) => panic!("`{key}` is no mapping: {other}"),
    }
    .into_iter()
    .flatten()
}

/// What this runner does not know must not be ignored.
#[track_caller]
pub fn insist_on_keys(value: &Value, known: &[&str]) {
    for key in value.as_object().unwrap_or_else(|| panic!("no mapping: {value}")).keys() {
        assert!(known.contains(&key.as_str()), "`{key}` is not known to this runner, in {value:#}");
    }
}

/// A file of YAML.
pub fn yaml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
