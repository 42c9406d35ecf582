//! Workflows of GitHub, as far as they deploy a backend or start themselves.

use std::rc::Rc;

use yaml_serde::Value;
use yamlpath::Component;

use super::ampx::{Ampx, ampx, literal, option};
use super::locate::{File, ShellScript, Within};
use super::shell::BranchSet;
use super::walk::{ReachedCommand, Walker, joined};
use crate::domain::check::{CheckFinding, Findings, Path, RepositoryFiles, Rule, too_deep};

const DIRECTORY: &str = ".github/workflows";
/// Actions that commit and push what a job has changed.
const PUSHING: [&str; 4] =
    ["stefanzweifel/git-auto-commit-action", "ad-m/github-push-action", "EndBug/add-and-commit", "actions-js/push"];
/// Words in a message of a commit that let GitHub start nothing
/// ([docs](https://docs.github.com/actions/how-tos/manage-workflow-runs/skip-workflow-runs)).
const SKIPPING: [&str; 5] = ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"];

/// A workflow.
#[derive(Debug)]
pub struct AmplifyWorkflow {
    raw: Value,
    file: Rc<File>,
    /// Every command that its steps reach.
    pub runs: Vec<ReachedCommand>,
}

/// A command that deploys a backend.
#[derive(Debug, Clone)]
pub struct Deployer<'r> {
    /// The branches whose backend it deploys.
    pub branches: BranchSet,
    /// The app, where it is written down.
    pub app_id: Option<String>,
    /// The command.
    pub run: &'r ReachedCommand,
}

/// The workflows of a repository that are YAML.
pub fn workflows(repository: &RepositoryFiles<'_>, walker: &mut Walker<'_>) -> Vec<AmplifyWorkflow> {
    let is_workflow = |name: &&str| {
        let file = name.strip_prefix(DIRECTORY).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
        !file.contains('/') && [".yml", ".yaml"].iter().any(|extension| file.ends_with(extension))
    };
    let names: Vec<&str> = repository.below(DIRECTORY).filter(is_workflow).collect();
    names.into_iter().filter_map(|name| AmplifyWorkflow::read(name, &repository.text(name)?.ok()?, walker)).collect()
}

impl AmplifyWorkflow {
    fn read(name: &str, text: &str, walker: &mut Walker<'_>) -> Option<Self> {
        let text = text.trim_start_matches('\u{feff}');
        if too_deep(text).is_some() {
            return None;
        }
        let raw: Value = yaml_serde::from_str(text).ok()?;
        let file = Rc::new(File::yaml(name, text));
        let mut workflow = Self { raw, file, runs: Vec::new() };
        let mut runs = Vec::new();
        for (path, step) in workflow.steps() {
            let Some(script) = step.get("run").and_then(Value::as_str) else { continue };
            let path = [path, vec![Component::from("run")]].concat();
            let script = ShellScript::new(&workflow.file, Within::Value(path), script);
            let directory = step.get("working-directory").and_then(Value::as_str).unwrap_or_default();
            runs.extend(walker.walk(&script, &mut joined("", directory)));
        }
        workflow.runs = runs;
        Some(workflow)
    }

    /// The steps of all jobs, with their paths.
    fn steps(&self) -> Vec<(Path<'static>, &Value)> {
        let jobs = self.raw.get("jobs").and_then(Value::as_mapping).into_iter().flatten();
        let of_job = |(name, job): (&Value, &'_ Value)| {
            let name = name.as_str().unwrap_or_default().to_owned();
            let count = job.get("steps").and_then(Value::as_sequence).map_or(0, Vec::len);
            (0..count).map(move |index| {
                let keys = [Component::from("jobs"), Component::from(name.clone()), Component::from("steps")];
                (keys.into_iter().chain([Component::from(index)]).collect::<Path<'static>>(), index, name.clone())
            })
        };
        let all = jobs.flat_map(of_job);
        all.filter_map(|(path, index, name)| {
            Some((path, self.raw.get("jobs")?.get(name.as_str())?.get("steps")?.get(index)?))
        })
        .collect()
    }

    fn finding(&self, path: &[Component<'_>], message: String, hint: &str) -> CheckFinding {
        CheckFinding::new(Rule::BuildSpecWorkflowLoop, message, hint)
            .in_file(&self.file.name, Some(self.file.key(&path.to_vec())))
    }

    /// The branches whose push starts it. `None`: none does.
    fn pushed(&self) -> Option<BranchSet> {
        let on = self.raw.get("on")?;
        let is_named = on.as_str() == Some("push")
            || on.as_sequence().is_some_and(|all| all.iter().any(|event| event.as_str() == Some("push")));
        let push = on.get("push");
        if !is_named && push.is_none() {
            return None;
        }
        let Some(push) = push.filter(|push| push.as_mapping().is_some()) else { return Some(BranchSet::any()) };
        let Some(names) = push.get("branches").and_then(Value::as_sequence) else {
            let is_of_tags = push.get("tags").is_some() && push.get("branches-ignore").is_none();
            return (!is_of_tags).then(BranchSet::unknown);
        };
        let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
        let are_plain = names.iter().all(|name| !name.contains(['*', '?', '[', '!', '+']));
        Some(if are_plain { BranchSet::only(names.into_iter().map(str::to_owned)) } else { BranchSet::unknown() })
    }

    /// The commands that deploy a backend.
    pub fn deployers(&self) -> Vec<Deployer<'_>> {
        let deploys = self.runs.iter().filter_map(|run| {
            let (command, arguments) = ampx(run)?;
            (command == Ampx::Deploy { is_misspelled: false }).then_some((run, arguments))
        });
        let deployer = |(run, arguments): (_, Vec<&str>)| {
            let branch = option(&arguments, "--branch");
            let branches = match branch.as_deref().and_then(literal) {
                Some(name) => BranchSet::only([name.to_owned()]),
                None => self.pushed().unwrap_or_else(BranchSet::unknown),
            };
            let app_id = option(&arguments, "--app-id").as_deref().and_then(literal).map(str::to_owned);
            Deployer { branches, app_id, run }
        };
        deploys.map(deployer).collect()
    }
}

/// C9: a workflow that starts itself.
pub fn judge(all: &[AmplifyWorkflow], findings: &mut Findings) {
    for workflow in all {
        after_itself(workflow, findings);
        if workflow.pushed().is_some() {
            pushes(workflow, findings);
        }
    }
}

fn after_itself(workflow: &AmplifyWorkflow, findings: &mut Findings) {
    let Some(name) = workflow.raw.get("name").and_then(Value::as_str) else { return };
    let after = workflow.raw.get("on").and_then(|on| on.get("workflow_run")?.get("workflows"));
    let is_own = |value: &Value| value.as_str() == Some(name);
    if after.is_some_and(|after| is_own(after) || after.as_sequence().is_some_and(|all| all.iter().any(is_own))) {
        let path = ["on", "workflow_run", "workflows"].map(Component::from);
        let message = format!("the workflow `{name}` runs after itself");
        let hint = "name the workflow that it has to wait for under `on.workflow_run.workflows`";
        findings.found(workflow.finding(&path, message, hint));
    }
}

/// What is pushed with a token of somebody's own starts workflows; with the token of the job it starts none
/// ([docs](https://docs.github.com/actions/concepts/security/github_token)).
fn pushes(workflow: &AmplifyWorkflow, findings: &mut Findings) {
    let mut token_of_job = None;
    for (path, step) in workflow.steps() {
        let uses = step.get("uses").and_then(Value::as_str).unwrap_or_default();
        let action = uses.split('@').next().unwrap_or_default();
        let with = |key: &str| step.get("with").and_then(|with| with.get(key)?.as_str());
        let own = |text: &str| text.contains("secrets.") && !text.contains("secrets.GITHUB_TOKEN");
        let job = path.get(1).cloned();
        if action == "actions/checkout" {
            let has_own = with("token").is_some_and(own) || with("ssh-key").is_some();
            token_of_job = has_own.then(|| job.clone()).flatten();
        }
        let is_checked_out_so = token_of_job.is_some() && token_of_job == job;
        let script = step.get("run").and_then(Value::as_str).unwrap_or_default();
        // GitHub takes no longer one, by far.
        let script = if script.len() > super::shell::LONGEST { "" } else { script };
        let is_push = super::shell::commands(script).iter().any(|simple| {
            let words = super::shell::invocation(&simple.words).words;
            words.first().is_some_and(|word| word == "git") && words.iter().any(|word| word == "push")
        });
        let is_own =
            is_checked_out_so || own(script) && script.contains("://") || with("github_token").is_some_and(own);
        if !(PUSHING.contains(&action) || is_push) || !is_own {
            continue;
        }
        let text = format!("{script}{}", with("commit_message").or(with("message")).unwrap_or_default());
        let is_guarded = SKIPPING.iter().any(|word| text.contains(word)) || is_conditional(workflow, &path, step);
        if !is_guarded {
            let key = Component::from(if is_push { "run" } else { "uses" });
            let message = "the workflow pushes with a token of its own, and each push starts it again".to_owned();
            let hint = "push with the token of the job (`secrets.GITHUB_TOKEN`), which starts nothing, or write \
                        `[skip ci]` into the message of the commit";
            findings.found(workflow.finding(&[path, vec![key]].concat(), message, hint));
        }
    }
}

/// Whether something keeps the step or its job from running each time.
fn is_conditional(workflow: &AmplifyWorkflow, path: &[Component<'_>], step: &Value) -> bool {
    let job = match path.get(1) {
        Some(Component::Key(name)) => workflow.raw.get("jobs").and_then(|jobs| jobs.get(name.as_ref())),
        _ => None,
    };
    step.get("if").is_some() || job.is_some_and(|job| job.get("if").is_some())
}
