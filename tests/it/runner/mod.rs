//! A runner of GitHub Actions, as small as it can be: it runs a composite action, or a job of a workflow file, the way
//! the real one does, and panics at everything that it does not know.
//!
//! ```ignore
//! let runner = Runner::new(repository.path()).github("sha", sha).vars(json!({ "REGION": "us-east-1" }));
//! let ran = runner.action("$/").input("command", "deploy").input("environment", "stage").run();
//! assert_eq!(ran.outputs["outcome"], "deployed");
//!
//! let plan = runner.job(".github/workflows/promote.yml", "plan").inputs(json!({ "release": "" })).run();
//! let promote = runner.job(".github/workflows/promote.yml", "promote").needs("plan", &plan).run();
//! ```
//!
//! What is like the real one: a clean environment, GITHUB_* files for each step and how they are read, one child per
//! step started as `bash --noprofile --norc -e -o pipefail FILE` in the workspace, signals to this child alone, workflow
//! commands in both streams, masks that empty job outputs, contexts and which of them a composite action sees.
//! What is not: containers, services, matrices, defaults, `continue-on-error`, time limits, other people's actions.

mod action;
pub mod command;
pub mod expression;
pub mod files;
pub mod job;
pub mod process;
pub mod steps;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use self::job::Job;
use self::process::Control;
use self::steps::{Session, StepRan};

/// A machine with a workspace. Clones share its directories.
#[derive(Debug, Clone)]
pub struct Runner {
    directory: Arc<TempDir>,
    workspace: PathBuf,
    contexts: Map<String, Value>,
    variables: BTreeMap<String, String>,
    repositories: BTreeMap<String, PathBuf>,
    own: (String, PathBuf),
    without_effect: Vec<String>,
    program: Option<PathBuf>,
}

impl Runner {
    /// A machine whose workspace is a checkout that is there already: `actions/checkout` does nothing.
    pub fn new(workspace: &Path) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in ["_temp", "_tool", "home"] {
            std::fs::create_dir(directory.path().join(name)).unwrap();
        }
        let own = ("shipgate-owner/shipgate".to_owned(), PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        let runner = Self {
            directory: Arc::new(directory),
            workspace: workspace.to_owned(),
            contexts: Map::new(),
            variables: BTreeMap::new(),
            repositories: BTreeMap::new(),
            own,
            without_effect: vec!["actions/checkout".to_owned()],
            program: None,
        };
        runner.with_usual_contexts().with_usual_variables().event(br#"{"ref": "refs/heads/main"}"#)
    }

    fn with_usual_contexts(mut self) -> Self {
        let contexts = json!({
            "github": {
                "actor": "someone", "api_url": "https://api.github.com", "event_name": "push", "job": "deploy",
                "ref": "refs/heads/main", "ref_name": "main", "ref_type": "branch", "repository": "shop/cloudshop",
                "repository_owner": "shop", "run_attempt": "1", "run_id": "4711", "run_number": "12",
                "server_url": "https://github.com", "token": "ghs_token_of_this_job", "triggering_actor": "someone",
                "workflow": "deploy", "workspace": self.workspace.to_str().unwrap(),
            },
            "runner": { "os": "Linux", "temp": self.temp(), "tool_cache": self.tool_cache() },
            "vars": {}, "secrets": {}, "inputs": {},
        });
        let Value::Object(contexts) = contexts else { unreachable!() };
        self.contexts = contexts;
        self
    }

    fn with_usual_variables(self) -> Self {
        let text = |path: PathBuf| path.into_os_string().into_string().unwrap();
        let architecture = if cfg!(target_arch = "aarch64") { "ARM64" } else { "X64" };
        let (temp, tools, home) = (self.temp(), self.tool_cache(), self.directory.path().join("home"));
        self.variable("CI", "true")
            .variable("GITHUB_ACTIONS", "true")
            .variable("HOME", &text(home))
            .variable("LANG", "C.UTF-8")
            .variable("RUNNER_OS", "Linux")
            .variable("RUNNER_ARCH", architecture)
            .variable("RUNNER_TEMP", &text(temp))
            .variable("RUNNER_TOOL_CACHE", &text(tools))
    }

    /// A value of the `github` context, and of the `GITHUB_*` variable that belongs to it.
    pub fn github(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.contexts["github"][key] = value.into();
        self
    }

    /// The event's file, byte for byte, and `github.event` where it is JSON.
    pub fn event(self, content: &[u8]) -> Self {
        let path = self.temp().join("event.json");
        std::fs::write(&path, content).unwrap();
        let event: Value = serde_json::from_slice(content).unwrap_or_default();
        self.github("event", event).github("event_path", path.to_str().unwrap())
    }

    /// Another context, or one of `vars` and `secrets`. The values of `secrets` are masked.
    pub fn context(mut self, name: &str, value: Value) -> Self {
        self.contexts.insert(name.to_owned(), value);
        self
    }

    /// A variable of the machine, for each step: an endpoint, `PATH`, another `RUNNER_OS`.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Where the actions of a repository are: `uses: OWNER/NAME@…` and `uses: OWNER/NAME/path@…`.
    pub fn repository(mut self, name: &str, path: &Path) -> Self {
        self.repositories.insert(name.to_owned(), path.to_owned());
        self
    }

    /// The repository that the workflow's file is from: `uses: $/`. Default: this one.
    pub fn workflow_repository(mut self, name: &str, path: &Path) -> Self {
        self.own = (name.to_owned(), path.to_owned());
        self
    }

    /// An action that does nothing here, as the test sees to its effect: `OWNER/NAME`.
    pub fn without_effect(mut self, action: &str) -> Self {
        self.without_effect.push(action.to_owned());
        self
    }

    /// The program that shipgate's action runs in jobs, `uses: $/action`: nothing is installed, and whether the job's workflow has
    /// an input for it does not matter.
    pub fn program(mut self, path: &Path) -> Self {
        self.program = Some(path.to_owned());
        self
    }

    /// What steps know as `RUNNER_TEMP`.
    pub fn temp(&self) -> PathBuf {
        self.directory.path().join("_temp")
    }

    /// What steps know as `RUNNER_TOOL_CACHE`.
    pub fn tool_cache(&self) -> PathBuf {
        self.directory.path().join("_tool")
    }

    /// One step with `uses:`, on its own.
    pub fn action(&self, uses: &str) -> Use {
        Use { runner: self.clone(), uses: uses.to_owned(), inputs: Map::new(), environment: Map::new() }
    }

    /// Several steps with `uses:` of one job, in their order.
    pub fn in_one_job(&self, steps: Vec<Use>) -> Vec<StepRan> {
        let mut session = Session::new(self, Arc::new(Control::default()));
        let steps: Vec<Value> = steps.into_iter().map(Use::step).collect();
        session.in_job(&steps, &mut session.scope())
    }

    /// A job of a workflow's file; the path is relative to the workflow's repository.
    pub fn job(&self, workflow: &str, job: &str) -> Job {
        Job::new(self.clone(), &self.own.1.join(workflow), job)
    }
}

/// A step with `uses:`, about to run.
#[derive(Debug)]
pub struct Use {
    runner: Runner,
    uses: String,
    inputs: Map<String, Value>,
    environment: Map<String, Value>,
}

impl Use {
    /// A value under `with:`, as it is, without expressions.
    pub fn input(mut self, name: &str, value: &str) -> Self {
        self.inputs.insert(name.to_owned(), literally(value));
        self
    }

    /// A value under `env:`, as it is, without expressions.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), literally(value));
        self
    }

    /// Runs to the end.
    pub fn run(self) -> StepRan {
        self.start().wait()
    }

    /// Starts, for a test that acts meanwhile.
    pub fn start(self) -> Running<StepRan> {
        Running::start(move |control| {
            let mut session = Session::new(&self.runner, control);
            session.in_job(&[self.step()], &mut session.scope()).remove(0)
        })
    }

    fn step(self) -> Value {
        json!({ "uses": self.uses, "with": self.inputs, "env": self.environment })
    }
}

/// A value for YAML that stays what it is, even with `${{` in it.
fn literally(value: &str) -> Value {
    if value.contains("${{") {
        return Value::String(format!("${{{{ '{}' }}}}", value.replace('\'', "''")));
    }
    Value::String(value.to_owned())
}

/// A step or a job while it runs.
pub struct Running<T> {
    control: Arc<Control>,
    thread: JoinHandle<T>,
}

impl<T: Send + 'static> Running<T> {
    fn start(run: impl FnOnce(Arc<Control>) -> T + Send + 'static) -> Self {
        let control = Arc::new(Control::default());
        let theirs = Arc::clone(&control);
        Self { control, thread: std::thread::spawn(move || run(theirs)) }
    }

    /// Waits until a text was printed.
    #[track_caller]
    pub fn until_log(&self, text: &str) {
        crate::harness::eventually(&format!("the log has {text:?}"), || self.control.log().contains(text));
    }

    /// Sends a signal to the child of the step that runs, and to no other process.
    pub fn signal(&self, name: &str) {
        self.control.signal(name);
    }

    /// Cancels the run: SIGINT to the child, 7.5 seconds later SIGTERM, 2.5 seconds later the end. Later steps run only
    /// with `always()` and its like.
    pub fn cancel(&self) {
        self.control.cancel();
    }

    /// Waits for the end.
    pub fn wait(self) -> T {
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
