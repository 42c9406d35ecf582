//! Where shipgate runs in a workflow, and what it is asked there.

use github_actions_models::common::expr::LoE;
use github_actions_models::common::{Env, Uses};
use github_actions_models::workflow::Job;
use github_actions_models::workflow::job::{NormalJob, ParallelStep, Step, UsesStep};
use yamlpath::Component;

use super::called::ReusableWorkflow;
use super::command::{CommandVerb, Config, EnvironmentName, StepCommand};
use super::file::{Path, WorkflowFile};
use super::script::{self, CommandLine};

/// How a job comes to shipgate.
#[derive(Debug, Clone, Copy)]
pub enum Means {
    /// A step uses the action.
    Action,
    /// A step runs the program.
    Script,
    /// The job is one of shipgate's reusable workflows.
    Workflow(ReusableWorkflow),
}

/// A run of shipgate in a job.
#[derive(Debug, Clone)]
pub struct ShipgateCall<'f> {
    /// The job.
    pub job: &'f str,
    /// How.
    pub means: Means,
    /// What.
    pub command: StepCommand,
    /// The working directory, where one is named.
    pub directory: Option<String>,
    /// The key that brings shipgate in: `uses` or `run`.
    pub path: Path<'f>,
    /// The key of the environment's name, where an input has it.
    pub environment_path: Path<'f>,
    /// The key of further arguments, where an override stands among them.
    pub override_path: Option<Path<'f>>,
    /// The ref that `uses` names, where it names one.
    pub pin: Option<&'f str>,
    /// The number of the step.
    pub step: usize,
    /// The step's own variables.
    pub env: Option<&'f LoE<Env>>,
}

/// All runs of shipgate in a workflow, local workflows that are called left out.
pub fn invocations<'f>(file: &'f WorkflowFile, line: &CommandLine) -> Vec<ShipgateCall<'f>> {
    let jobs = file.workflow.jobs.iter();
    jobs.flat_map(|(name, job)| match job {
        Job::NormalJob(job) => in_steps(name, job, line),
        Job::ReusableWorkflowCallJob(job) => {
            let Uses::Repository(uses) = &job.uses else { return Vec::new() };
            let Some(workflow) = uses.subpath().and_then(|path| path.strip_prefix(".github/workflows/")) else {
                return Vec::new();
            };
            if !is_named_after_us(uses.repo()) {
                return Vec::new();
            }
            let Some(called) = ReusableWorkflow::of(workflow) else { return Vec::new() };
            let base = vec![Component::from("jobs"), Component::from(name.as_str())];
            let environment = match input(&job.with, "environment") {
                EnvironmentName::Absent => {
                    called.environment.map_or(EnvironmentName::Absent, |name| EnvironmentName::Literal(name.to_owned()))
                }
                named @ (EnvironmentName::Literal(_) | EnvironmentName::Unknown) => named,
            };
            vec![ShipgateCall {
                job: name,
                means: Means::Workflow(called),
                command: StepCommand { verb: called.verb, environment, config: config(&job.with) },
                directory: input_text(&job.with, "working-directory"),
                path: with(&base, &["uses"]),
                environment_path: with(&base, &["with", "environment"]),
                override_path: override_path(&base, &job.with),
                pin: Some(uses.git_ref()),
                step: 0,
                env: None,
            }]
        }
    })
    .collect()
}

/// A copy or a fork may have a longer name.
fn is_named_after_us(repository: &str) -> bool {
    repository.to_ascii_lowercase().contains("shipgate")
}

fn in_steps<'f>(name: &'f str, job: &'f NormalJob, line: &CommandLine) -> Vec<ShipgateCall<'f>> {
    let mut found = Vec::new();
    let base = vec![Component::from("jobs"), Component::from(name), Component::from("steps")];
    let directory = job.defaults.as_ref().and_then(|defaults| defaults.run.as_ref()?.working_directory.clone());
    let one = |path: Path<'f>, number: usize, step: AnyStep<'f>| match step {
        AnyStep::Uses(step) => Vec::from_iter(in_action(name, &path, number, step)),
        AnyStep::Run(step) => {
            let directory = step.working_directory.clone().or_else(|| directory.clone());
            let commands = script::commands(&step.run, line).into_iter();
            let invocation = |command| ShipgateCall {
                job: name,
                means: Means::Script,
                command,
                directory: directory.clone(),
                path: with(&path, &["run"]),
                environment_path: with(&path, &["run"]),
                override_path: None,
                pin: None,
                step: number,
                env: Some(&step.shared.env),
            };
            commands.map(invocation).collect()
        }
    };
    for (number, step) in job.steps.iter().enumerate() {
        let path: Path<'f> = [base.clone(), vec![Component::from(number)]].concat();
        match step {
            Step::Uses(step) => found.extend(one(path, number, AnyStep::Uses(step))),
            Step::Run(step) => found.extend(one(path, number, AnyStep::Run(step))),
            Step::Parallel { parallel } => {
                for (inner, step) in parallel.iter().enumerate() {
                    let path = [path.clone(), vec![Component::from("parallel"), Component::from(inner)]].concat();
                    found.extend(one(path, number, AnyStep::from(step)));
                }
            }
            Step::Wait { .. } | Step::WaitAll { .. } | Step::Cancel { .. } => {}
        }
    }
    found
}

#[derive(Clone, Copy)]
enum AnyStep<'f> {
    Uses(&'f UsesStep),
    Run(&'f github_actions_models::workflow::job::RunStep),
}

impl<'f> From<&'f ParallelStep> for AnyStep<'f> {
    fn from(step: &'f ParallelStep) -> Self {
        match step {
            ParallelStep::Uses(step) => Self::Uses(step),
            ParallelStep::Run(step) => Self::Run(step),
        }
    }
}

fn in_action<'f>(job: &'f str, path: &Path<'f>, number: usize, step: &'f UsesStep) -> Option<ShipgateCall<'f>> {
    let pin = match &step.uses {
        // The same action is in both places.
        Uses::Repository(uses) if is_named_after_us(uses.repo()) && matches!(uses.subpath(), None | Some("action")) => {
            Some(uses.git_ref())
        }
        // The action of the repository itself: shipgate's, where it is asked for a command of shipgate.
        Uses::Local(uses) if ["./", "$/", "$/action"].contains(&uses.raw()) => None,
        Uses::Local(_) | Uses::Repository(_) | Uses::Docker(_) => return None,
    };
    let written = input_text(&step.with, "command")?;
    let words: Vec<&str> = written.split_whitespace().collect();
    let (verb, _) = CommandVerb::of_words(&words)?;
    Some(ShipgateCall {
        job,
        means: Means::Action,
        command: StepCommand { verb, environment: input(&step.with, "environment"), config: config(&step.with) },
        directory: input_text(&step.with, "working-directory"),
        environment_path: with(path, &["with", "environment"]),
        override_path: override_path(path, &step.with),
        path: with(path, &["uses"]),
        pin,
        step: number,
        env: Some(&step.shared.env),
    })
}

fn override_path<'f>(path: &[Component<'f>], inputs: &LoE<Env>) -> Option<Path<'f>> {
    let arguments = input_text(inputs, "extra-args")?;
    let mut options = arguments.lines().filter_map(|line| line.trim().split('=').next());
    options.any(|option| option == "--override").then(|| with(path, &["with", "extra-args"]))
}

/// A path with more keys.
pub fn with<'f>(path: &[Component<'f>], keys: &[&'f str]) -> Path<'f> {
    path.iter().cloned().chain(keys.iter().map(|key| Component::from(*key))).collect()
}

/// The value of an input, where it has one.
pub fn input_text(inputs: &LoE<Env>, name: &str) -> Option<String> {
    let LoE::Literal(inputs) = inputs else { return None };
    inputs.get(name).map(ToString::to_string).filter(|text| !text.trim().is_empty())
}

fn input(inputs: &LoE<Env>, name: &str) -> EnvironmentName {
    match inputs {
        LoE::Expr(_) => EnvironmentName::Unknown,
        LoE::Literal(_) => input_text(inputs, name).map_or(EnvironmentName::Absent, |text| EnvironmentName::of(&text)),
    }
}

fn config(inputs: &LoE<Env>) -> Config {
    input_text(inputs, "config").map_or(Config::Default, Config::Given)
}
