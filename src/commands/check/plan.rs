//! What merging would change, where credentials allow to look.

use std::num::NonZeroUsize;

use crate::cli;
use crate::clients::git::Git;
use crate::commands::change::{ChangeRun, show};
use crate::commands::deploy;
use crate::domain::check::outline::{Outline, OutlinedEnvironment};
use crate::domain::check::{CheckFinding, CheckSubject, Findings, Rule, Severity};
use crate::domain::failure::Failure;
use crate::domain::gate::{ChangeCommand, Gate, GateVerdict, evaluate};
use crate::domain::kind::NOT_BUILT;
use crate::domain::role::RolePurpose;
use crate::domain::target::EnvironmentTarget;
use crate::domain::view::CommandRequest;
use crate::kinds::driver;
use crate::observe::Configuration;
use crate::session::Session;

/// What planning needs.
pub struct Planner<'a> {
    /// The invocation.
    pub session: &'a Session<'a>,
    /// The configuration.
    pub configuration: &'a Configuration,
    /// Its outline.
    pub outline: &'a Outline,
    /// The clone.
    pub git: &'a Git,
}

impl Planner<'_> {
    /// Plans the deploy of what is checked out. Environments that promote are not even read: a pull request may
    /// assume no role there.
    pub async fn plan(
        &self,
        environment: &OutlinedEnvironment,
        target: Option<EnvironmentTarget>,
        findings: &mut Findings,
    ) -> Result<bool, Failure> {
        if environment.promotes_from.is_some() {
            return Ok(false);
        }
        let what = format!("what merging would change on {}", environment.name);
        let Some(target) = target else {
            findings.left_out(what, "its configuration has variables without a value here", None);
            return Ok(false);
        };
        let Some(components) = plannable(environment, &target, findings) else { return Ok(false) };
        if let Some(failure) = self.why_unavailable(&target).await {
            self.leave_out(what, &failure, findings);
            return Ok(false);
        }
        let events = self.session.events.within(&environment.name);
        let request = CommandRequest {
            command: "plan deploy".to_owned(),
            environment: Some(environment.name.clone()),
            plans: true,
            ..CommandRequest::default()
        };
        let invocation = ChangeRun::new(&self.session.with_events(&events), &request, NonZeroUsize::MIN)?;
        // By hand there may be changes: they are planned as they are.
        let arguments = cli::Deploy {
            environment: environment.name.clone(),
            components,
            bundles: Vec::new(),
            allow_dirty: true,
            overrides: Vec::new(),
            parallel: NonZeroUsize::MIN,
        };
        findings.looked_at(CheckSubject::Environment, &environment.name);
        match Box::pin(deploy_plan(&invocation, &arguments)).await {
            Ok(gates) => {
                self.gates(environment, &gates, findings);
                Ok(true)
            }
            Err(failure) => {
                self.failed(environment, &failure, findings);
                Ok(false)
            }
        }
    }

    /// Names what this job may not look at. The author of a pull request from a fork can do nothing about it, and nothing is
    /// wrong.
    pub fn leave_out(&self, what: String, failure: &Failure, findings: &mut Findings) {
        let hint = failure.hints.first().filter(|_| !self.session.context.job().from_fork).cloned();
        findings.left_out(what, failure.brief(), hint);
    }

    /// Why there is no plan.
    async fn why_unavailable(&self, target: &EnvironmentTarget) -> Option<Failure> {
        if let Some(failure) = self.refused(target) {
            return Some(failure);
        }
        if let Err(failure) = self.git.head().await {
            return Some(failure.into());
        }
        self.unidentified(target).await
    }

    /// Why it cannot be read.
    pub async fn unread(&self, target: &EnvironmentTarget) -> Option<Failure> {
        match self.refused(target) {
            Some(failure) => Some(failure),
            None => self.unidentified(target).await,
        }
    }

    async fn unidentified(&self, target: &EnvironmentTarget) -> Option<Failure> {
        self.session.identities(self.configuration).why_unavailable(target, RolePurpose::Read).await
    }

    /// Why this job is not to look.
    fn refused(&self, target: &EnvironmentTarget) -> Option<Failure> {
        let job = self.session.context.job();
        let event = job.event.as_deref().unwrap_or_default();
        if event == "pull_request_target" {
            return Some(
                Failure::invalid("`pull_request_target` runs a stranger's commit with this repository's rights")
                    .hint("use `pull_request`"),
            );
        }
        if event == "merge_group" {
            let why =
                "a run of a merge queue is checked offline: its token names the queue's branch, which no role lets in";
            return Some(Failure::invalid(why).hint("see the check of the pull request, which has its plan"));
        }
        let (role, read_role) = (&target.roles.role, &target.roles.read_role);
        if let (true, Some(role), None) = (event == "pull_request", role, read_role) {
            return Some(
                Failure::invalid(format!("{role} changes the environment, and lets no pull request in"))
                    .hint("add a `read-role`: `shipgate iam trust --read-role` prints who may assume it"),
            );
        }
        None
    }

    fn failed(&self, environment: &OutlinedEnvironment, failure: &Failure, findings: &mut Findings) {
        let causes = failure.causes.iter().map(|cause| cause.text.as_str());
        let reasons: Vec<&str> = std::iter::once(failure.reason.as_str()).chain(causes).collect();
        let message = format!("a deploy to {} would fail: {}", environment.name, reasons.join("; "));
        let finding = self.at(environment, Rule::Plan, &message, &failure.hints.join("; "));
        findings.found(if failure.is_transient { finding.at_level(Severity::Warning) } else { finding });
    }

    fn gates(&self, environment: &OutlinedEnvironment, gates: &[Gate], findings: &mut Findings) {
        for gate in gates.iter().filter(|gate| gate.verdict == GateVerdict::Unsatisfied) {
            let message = format!("gate {} would refuse a deploy to {}: {}", gate.name, environment.name, gate.reason);
            let hint = gate.hint.as_deref().unwrap_or("resolve the gate before merging");
            findings.found(self.at(environment, Rule::Gate, &message, hint));
        }
    }

    fn at(&self, environment: &OutlinedEnvironment, rule: Rule, message: &str, hint: &str) -> CheckFinding {
        CheckFinding::new(rule, message, hint).in_file(&self.outline.file, environment.place)
    }
}

/// The components to plan, none named where that is all of them. Those of a kind for which that is not built yet are left
/// out by name. `None`: there is no other.
fn plannable(
    environment: &OutlinedEnvironment,
    target: &EnvironmentTarget,
    findings: &mut Findings,
) -> Option<Vec<String>> {
    let (planned, left_out): (Vec<_>, Vec<_>) =
        target.components.iter().partition(|component| driver(component).can_be_planned());
    for component in &left_out {
        let what = format!("what merging would change of `{}` on {}", component.name, environment.name);
        findings.left_out(what, format!("it {NOT_BUILT} for `kind = \"{}\"`", component.kind.word()), None);
    }
    if left_out.is_empty() {
        return Some(Vec::new());
    }
    (!planned.is_empty()).then(|| planned.iter().map(|component| component.name.to_string()).collect())
}

/// Plans a deploy and shows the plan. Returns its gates.
async fn deploy_plan(invocation: &ChangeRun<'_>, arguments: &cli::Deploy) -> Result<Vec<Gate>, Failure> {
    let prepared = deploy::plan(invocation, arguments, ChangeCommand::Check).await?;
    let _asks_no_probe = show(invocation, &prepared).await?;
    Ok(evaluate(&prepared.plan, &prepared.evidence))
}
