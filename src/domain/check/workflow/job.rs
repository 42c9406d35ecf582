//! The rules for one run of shipgate in one job.

use github_actions_models::common::expr::LoE;
use github_actions_models::common::{Env, Permissions, Uses};
use github_actions_models::workflow::Job;
use github_actions_models::workflow::job::{DeploymentEnvironment, NormalJob, Step, UsesStep};
use yaml_serde::Value;
use yamlpath::Component;

use super::file::{Path, WorkflowFile};
use super::invocation::{Config, Invocation, Means, Named, Verb, with};
use super::permissions::{Granted, are_written, effective, id_token, written};
use crate::domain::check::outline::{Environment, Outline};
use crate::domain::check::{Findings, Level, Rule};
use crate::domain::nearest::nearest;

/// What gives a job its token.
pub const TOKEN_HINT: &str = "add `id-token: write` to the job's `permissions`; they replace the workflow's entirely, so \
                              `contents: read` has to stand there too";

/// A run of shipgate, with all around it.
#[derive(Debug, Clone, Copy)]
pub struct Workplace<'a> {
    /// The file.
    pub file: &'a WorkflowFile,
    /// The configuration, where it could be read.
    pub outline: Option<&'a Outline>,
    /// The run.
    pub invocation: &'a Invocation<'a>,
}

/// Judges it.
pub fn judge(place: &Workplace<'_>, findings: &mut Findings) {
    place.pinned(findings);
    place.cancelled(findings);
    place.statuses(findings);
    place.checkout(findings);
    match place.outline {
        None => {}
        Some(outline) if concerns(outline, place.invocation) => {
            place.token(findings);
            place.environment(outline, findings);
            place.variables(outline, findings);
        }
        Some(outline) => {
            let what = format!("job `{}` of {}", place.invocation.job, place.file.path);
            let why = format!("it uses another configuration than {}", outline.file);
            findings.left_out(what, why, Some("check that one with `--config`".to_owned()));
        }
    }
}

/// Whether a run reads the configuration that is checked.
fn concerns(outline: &Outline, invocation: &Invocation<'_>) -> bool {
    let plain = |path: &str| path.trim_start_matches("./").trim_matches('/').to_owned();
    let directory = plain(invocation.directory.as_deref().unwrap_or_default());
    let directory = if directory == "." { String::new() } else { directory };
    match &invocation.command.config {
        Config::Given(path) if directory.is_empty() => plain(path) == outline.file,
        Config::Given(path) => format!("{directory}/{}", plain(path)) == outline.file,
        // The nearest from there upwards.
        Config::Default => {
            let own = outline.file.rsplit_once('/').map_or("", |(directory, _)| directory);
            own.is_empty() || directory == own || directory.starts_with(&format!("{own}/"))
        }
    }
}

/// Whether a run needs a token of GitHub. Where the environment is not known, any that has a role counts.
pub fn needs_token(outline: Option<&Outline>, invocation: &Invocation<'_>) -> bool {
    let Some(outline) = outline else { return false };
    let has_role = |environment: &Environment| {
        let source = environment.promotes_from.as_ref().and_then(|source| outline.environment(source));
        environment.has_role || source.is_some_and(|source| source.has_role)
    };
    match &invocation.command.environment {
        Named::Literal(name) => outline.environment(name).is_some_and(has_role),
        Named::Unknown | Named::Absent => outline.environments.iter().any(has_role),
    }
}

/// Whether the permissions are those of whoever calls the workflow.
pub fn is_only_called(file: &WorkflowFile, permissions: &Permissions) -> bool {
    let events = &file.workflow.on.events;
    events.workflow_call.is_present() && events.count() == 1 && !are_written(permissions)
}

impl Workplace<'_> {
    fn job(&self) -> Option<&Job> {
        self.file.workflow.jobs.get(self.invocation.job)
    }

    fn normal_job(&self) -> Option<&NormalJob> {
        match self.job()? {
            Job::NormalJob(job) => Some(job),
            Job::ReusableWorkflowCallJob(_) => None,
        }
    }

    fn path(&self, keys: &[&'static str]) -> Path<'_> {
        with(&[Component::from("jobs"), Component::from(self.invocation.job)], keys)
    }

    fn permissions(&self) -> Option<&Permissions> {
        let own = match self.job()? {
            Job::NormalJob(job) => &job.permissions,
            Job::ReusableWorkflowCallJob(job) => &job.permissions,
        };
        Some(effective(&self.file.workflow.permissions, own))
    }

    /// Where the permissions that count stand, or the job where none do.
    fn permissions_path(&self) -> Path<'_> {
        let own = self.path(&["permissions"]);
        let is_own = self.raw(&own).is_some();
        match (is_own, are_written(&self.file.workflow.permissions)) {
            (true, _) => own,
            (false, true) => vec![Component::from("permissions")],
            (false, false) => self.path(&[]),
        }
    }

    fn raw(&self, path: &[Component<'_>]) -> Option<&Value> {
        path.iter().try_fold(&self.file.raw, |value, component| match component {
            Component::Key(key) => value.get(key.as_ref()),
            Component::Index(index) => value.get(*index),
        })
    }

    fn found(
        &self,
        findings: &mut Findings,
        rule: Rule,
        path: &[Component<'_>],
        message: String,
        hint: impl AsRef<str>,
    ) {
        findings.found(self.file.finding(rule, path, message, hint));
    }

    fn pinned(&self, findings: &mut Findings) {
        let Some(pin) = self.invocation.pin else { return };
        if pin.len() == 40 && pin.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return;
        }
        let message = format!("shipgate is used at `{pin}`, which may be something else tomorrow");
        let hint = "pin the commit: `@` with its 40 digits, and the version in a comment behind it";
        self.found(findings, Rule::Unpinned, &self.invocation.path, message, hint);
    }

    fn cancelled(&self, findings: &mut Findings) {
        if !self.invocation.command.verb.rolls_out() {
            return;
        }
        for base in [self.path(&["concurrency"]), vec![Component::from("concurrency")]] {
            let path = with(&base, &["cancel-in-progress"]);
            if self.raw(&path).and_then(Value::as_bool) == Some(true) {
                let verb = self.invocation.command.verb.name();
                let message = format!("a newer run cancels `{verb}` while it waits for ECS");
                let hint = "write `cancel-in-progress: false`, and `queue: max` so that no run is dropped";
                self.found(findings, Rule::CancelInProgress, &path, message, hint);
            }
        }
    }

    fn token(&self, findings: &mut Findings) {
        let Some(permissions) = self.permissions() else { return };
        if id_token(permissions) != Granted::No
            || !needs_token(self.outline, self.invocation)
            || is_only_called(self.file, permissions)
        {
            return;
        }
        let verb = self.invocation.command.verb;
        let message = format!(
            "job `{}` runs `{}`, which assumes a role, and may ask for no token",
            self.invocation.job,
            verb.name()
        );
        let finding = self.file.finding(Rule::IdToken, &self.permissions_path(), message, TOKEN_HINT);
        // Without a token the check goes on with what needs none.
        let level = if verb == Verb::Check { Level::Warning } else { Level::Error };
        findings.found(finding.as_level(level));
    }

    fn statuses(&self, findings: &mut Findings) {
        let verb = self.invocation.command.verb;
        let reports = verb.rolls_out() || verb == Verb::Check;
        let Some(permissions) = self.permissions().filter(|_| reports && self.invocation.means != Means::Script) else {
            return;
        };
        if written(permissions, "statuses", true) == Granted::No {
            let job = self.invocation.job;
            let message = format!("job `{job}` cannot write the commit status of `{}`", verb.name());
            let hint = "add `statuses: write` to the permissions that count for the job";
            self.found(findings, Rule::StatusesWrite, &self.permissions_path(), message, hint);
        }
    }

    /// What the checkout before the run needs, and brings.
    fn checkout(&self, findings: &mut Findings) {
        let Some(permissions) = self.permissions() else { return };
        if self.invocation.means == Means::Workflow {
            if written(permissions, "contents", false) == Granted::No {
                let message = format!(
                    "job `{}` may not read the repository, which the called workflow checks out",
                    self.invocation.job
                );
                let finding = self.file.finding(Rule::ContentsRead, &self.permissions_path(), message, CONTENTS_HINT);
                // GitHub does not even start a workflow that asks for more than its caller has.
                findings.found(finding.as_level(Level::Error));
            }
            return;
        }
        let checkouts = self.checkouts();
        if !checkouts.is_empty() && written(permissions, "contents", false) == Granted::No {
            let message = format!("job `{}` checks out the repository, and may not read it", self.invocation.job);
            self.found(findings, Rule::ContentsRead, &self.permissions_path(), message, CONTENTS_HINT);
        }
        let Some((number, _)) = checkouts.last().filter(|_| self.invocation.command.verb.needs_history()) else {
            return;
        };
        if !checkouts.iter().any(|(_, step)| fetches_everything(step)) {
            let verb = self.invocation.command.verb.name();
            let message = format!("the checkout has the last commit alone, and `{verb}` compares it with what runs");
            let hint = "add `with: { fetch-depth: 0 }` to the checkout; without the history a hold of a rollback \
                        cannot be judged, and is then taken to stop the release";
            let path = [self.path(&["steps"]), vec![Component::from(*number), Component::from("uses")]].concat();
            self.found(findings, Rule::FetchDepth, &path, message, hint);
        }
    }

    /// The steps before the run that check out this repository.
    fn checkouts(&self) -> Vec<(usize, &UsesStep)> {
        let steps = self.normal_job().map(|job| job.steps.as_slice()).unwrap_or_default();
        let before = steps.iter().enumerate().take(self.invocation.step);
        before
            .filter_map(|(number, step)| {
                let Step::Uses(step) = step else { return None };
                let Uses::Repository(uses) = &step.uses else { return None };
                let is_other = matches!(&step.with, LoE::Literal(inputs) if inputs.contains_key("repository"));
                (uses.slug() == "actions/checkout" && !is_other).then_some((number, step))
            })
            .collect()
    }

    fn environment(&self, outline: &Outline, findings: &mut Findings) {
        let Named::Literal(name) = &self.invocation.command.environment else { return };
        let verb = self.invocation.command.verb;
        let Some(environment) = outline.environment(name) else {
            let message = format!("`{}` names environment `{name}`, which {} does not have", verb.name(), outline.file);
            let names: Vec<&str> = outline.environments.iter().map(|environment| environment.name.as_str()).collect();
            let hint = match nearest(name, names.iter().copied()) {
                Some(meant) => format!("write `{meant}`"),
                None => format!("write one of `{}`", names.join("`, `")),
            };
            self.found(findings, Rule::EnvironmentUnknown, &self.invocation.environment_path, message, hint);
            return;
        };
        self.command(environment, findings);
        if verb.changes() && environment.has_role {
            self.github_environment(environment, findings);
        }
    }

    fn command(&self, environment: &Environment, findings: &mut Findings) {
        let name = &environment.name;
        let (message, hint) = match (self.invocation.command.verb, &environment.promotes_from) {
            (Verb::Deploy(_), Some(source)) => (
                format!("`{name}` takes its releases from `{source}`, and cannot be deployed to"),
                format!("deploy to `{source}`, and promote to `{name}`"),
            ),
            (Verb::Promote(_), None) => (
                format!("`{name}` has no `promotes-from`, so there is nothing to promote to it"),
                format!("deploy to `{name}`, or write `promotes-from` in `[environments.{name}]`"),
            ),
            _ => return,
        };
        self.found(findings, Rule::WrongCommand, &self.invocation.environment_path, message, hint);
    }

    /// The role of an environment that promotes lets jobs of GitHub's environment in, the other those of a branch: an
    /// environment of GitHub replaces the branch in the token's `sub`.
    fn github_environment(&self, environment: &Environment, findings: &mut Findings) {
        let Some(job) = self.normal_job() else { return };
        let name = &environment.name;
        let written = match &job.environment {
            None => Named::Absent,
            Some(DeploymentEnvironment::Name(written) | DeploymentEnvironment::NameURL { name: written, .. }) => {
                Named::of(written)
            }
        };
        let path = self.path(&["environment"]);
        let own = self.invocation.job;
        match (&environment.promotes_from, written) {
            (Some(_), Named::Absent) => {
                let message = format!(
                    "job `{own}` changes `{name}` in no environment of GitHub: its token names the branch, which the \
                     role does not let in"
                );
                let hint = format!("add `environment: {{ name: {name}, deployment: false }}` to the job");
                self.found(findings, Rule::GithubEnvironmentMissing, &self.path(&[]), message, hint);
            }
            (Some(_), Named::Literal(written)) if written != *name => {
                let message = format!("job `{own}` runs in GitHub's environment `{written}`, and changes `{name}`");
                let hint = format!("write `{name}`: the role compares it letter by letter, capitals too");
                self.found(findings, Rule::GithubEnvironmentMismatch, &path, message, hint);
            }
            (None, Named::Literal(written)) => {
                let message = format!(
                    "job `{own}` runs in GitHub's environment `{written}`: its token names that and not the branch, \
                     which the role of `{name}` lets in"
                );
                let hint = format!(
                    "remove `environment`, or let it in: add `repo:OWNER/NAME:environment:{written}` to the role's \
                     trust policy"
                );
                self.found(findings, Rule::GithubEnvironmentUnneeded, &path, message, hint);
            }
            _ => {}
        }
    }

    fn variables(&self, outline: &Outline, findings: &mut Findings) {
        let Some(job) = self.normal_job() else { return };
        let verb = self.invocation.command.verb;
        if matches!(verb, Verb::Look(_) | Verb::Hold) {
            return;
        }
        let needed = needed_variables(outline, self.invocation);
        let handed = [Some(&self.file.workflow.env), Some(&job.env), self.invocation.env];
        if needed.is_empty() || handed.into_iter().flatten().any(has_variables) {
            return;
        }
        let listed: Vec<String> = needed.iter().take(3).map(|name| format!("`${{vars.{name}}}`")).collect();
        let more = if needed.len() > 3 { ", …" } else { "" };
        let message = format!(
            "job `{}` does not hand over the variables that {} uses: {}{more}",
            self.invocation.job,
            outline.file,
            listed.join(", ")
        );
        let hint = "add `env: { SHIPGATE_VARS: \"${{ toJSON(vars) }}\" }` to the step";
        let finding = self.file.finding(Rule::ShipgateVars, &self.invocation.path, message, hint);
        // The check goes on without, and which environment an expression names is not known.
        let is_sure = verb != Verb::Check && matches!(self.invocation.command.environment, Named::Literal(_));
        findings.found(finding.as_level(if is_sure { Level::Error } else { Level::Warning }));
    }
}

const CONTENTS_HINT: &str = "add `contents: read` to the permissions that count for the job";

/// The variables of the environment, and of the one that its releases come from.
fn needed_variables<'o>(outline: &'o Outline, invocation: &Invocation<'_>) -> Vec<&'o str> {
    let of = |environment: &'o Environment| environment.variables.iter().map(String::as_str);
    let Named::Literal(name) = &invocation.command.environment else {
        let mut all: Vec<&str> = outline.environments.iter().flat_map(of).collect();
        all.sort_unstable();
        all.dedup();
        return all;
    };
    let Some(environment) = outline.environment(name) else { return Vec::new() };
    let source = environment.promotes_from.as_ref().and_then(|source| outline.environment(source));
    of(environment).chain(source.into_iter().flat_map(of)).collect()
}

fn has_variables(env: &LoE<Env>) -> bool {
    match env {
        LoE::Expr(_) => true,
        LoE::Literal(env) => env.contains_key("SHIPGATE_VARS"),
    }
}

fn fetches_everything(step: &UsesStep) -> bool {
    match &step.with {
        LoE::Expr(_) => true,
        LoE::Literal(inputs) => inputs.get("fetch-depth").is_some_and(|depth| {
            let depth = depth.to_string();
            depth.trim() == "0" || depth.contains('$')
        }),
    }
}
