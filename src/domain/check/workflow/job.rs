//! The rules for one run of shipgate in one job.

use github_actions_models::common::Permissions;
use github_actions_models::workflow::Job;
use github_actions_models::workflow::job::NormalJob;
use yaml_serde::Value;
use yamlpath::Component;

use super::command::{CommandVerb, Config, EnvironmentName};
use super::file::{Path, WorkflowFile};
use super::invocation::{ShipgateCall, with};
use super::permissions::{are_written, effective};
use crate::domain::check::outline::{Outline, OutlinedEnvironment};
use crate::domain::check::{Findings, Rule};

/// What gives a job its token.
pub const TOKEN_HINT: &str = "add `id-token: write` to the job's `permissions`; they replace the workflow's entirely, so \
                              `contents: read` has to be there too";

/// A run of shipgate, with all around it.
#[derive(Debug, Clone, Copy)]
pub struct Workplace<'a> {
    /// The file.
    pub file: &'a WorkflowFile,
    /// The configuration, where it could be read.
    pub outline: Option<&'a Outline>,
    /// The run.
    pub invocation: &'a ShipgateCall<'a>,
}

/// Judges it.
pub fn judge(place: &Workplace<'_>, findings: &mut Findings) {
    place.pinned(findings);
    place.cancelled(findings);
    place.overridden(findings);
    place.grants(findings);
    place.approves(findings);
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
pub fn concerns(outline: &Outline, invocation: &ShipgateCall<'_>) -> bool {
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
pub fn needs_token(outline: Option<&Outline>, invocation: &ShipgateCall<'_>) -> bool {
    let Some(outline) = outline.filter(|_| invocation.command.verb != CommandVerb::Approve) else { return false };
    let has_role = |environment: &OutlinedEnvironment| {
        let source = environment.promotes_from.as_ref().and_then(|source| outline.environment(source));
        environment.has_role || source.is_some_and(|source| source.has_role)
    };
    match &invocation.command.environment {
        EnvironmentName::Literal(name) => outline.environment(name).is_some_and(has_role),
        EnvironmentName::Unknown | EnvironmentName::Absent => outline.environments.iter().any(has_role),
    }
}

/// Whether the permissions are those of the workflow's caller.
pub fn is_only_called(file: &WorkflowFile, permissions: &Permissions) -> bool {
    let events = &file.workflow.on.events;
    events.workflow_call.is_present() && events.count() == 1 && !are_written(permissions)
}

impl Workplace<'_> {
    pub(super) fn job(&self) -> Option<&Job> {
        self.file.workflow.jobs.get(self.invocation.job)
    }

    pub(super) fn normal_job(&self) -> Option<&NormalJob> {
        match self.job()? {
            Job::NormalJob(job) => Some(job),
            Job::ReusableWorkflowCallJob(_) => None,
        }
    }

    pub(super) fn path(&self, keys: &[&'static str]) -> Path<'_> {
        with(&[Component::from("jobs"), Component::from(self.invocation.job)], keys)
    }

    pub(super) fn permissions(&self) -> Option<&Permissions> {
        let own = match self.job()? {
            Job::NormalJob(job) => &job.permissions,
            Job::ReusableWorkflowCallJob(job) => &job.permissions,
        };
        Some(effective(&self.file.workflow.permissions, own))
    }

    /// Where the permissions that count stand, or the job where none do.
    pub(super) fn permissions_path(&self) -> Path<'_> {
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

    pub(super) fn found(
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

    fn overridden(&self, findings: &mut Findings) {
        let Some(path) = &self.invocation.override_path else { return };
        let message = "`--override` is in `extra-args`, where it is one argument among others".to_owned();
        let hint = "write `GATE=REASON` into the input `override`, and take the argument out";
        self.found(findings, Rule::Override, path, message, hint);
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
}
