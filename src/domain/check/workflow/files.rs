//! The rules over all workflow files of a repository.

use github_actions_models::common::Uses;
use github_actions_models::workflow::Job;
use yamlpath::Component;

use super::called::{APPROVE, PROMOTE};
use super::command::EnvironmentName;
use super::file::WorkflowFile;
use super::invocation::{Means, ShipgateCall, invocations, with};
use super::job::{self, Workplace};
use super::permissions::{Granted, effective, id_token};
use super::script::CommandLine;
use super::trusted;
use crate::domain::check::outline::Outline;
use crate::domain::check::{Findings, Rule};

/// Judges all files. `outline`: the configuration, where it could be read. `line`: the command line of this version.
pub fn judge(files: &[WorkflowFile], outline: Option<&Outline>, line: &CommandLine, findings: &mut Findings) {
    for file in files {
        let own = invocations(file, line);
        for invocation in &own {
            job::judge(&Workplace { file, outline, invocation }, findings);
        }
        let calls = calls(file, files, line);
        for (name, called) in &calls {
            may_have_token(file, outline, name, called, findings);
        }
        if !own.is_empty() || !calls.is_empty() {
            for_strangers(file, findings);
        }
    }
    if let Some(outline) = outline {
        trusted::judge(files, outline, line, findings);
        nobody_approves(files, outline, line, findings);
    }
}

/// Where a second person approves, a promotion ends with its plan: without a caller of approve.yml nothing carries it out.
fn nobody_approves(files: &[WorkflowFile], outline: &Outline, line: &CommandLine, findings: &mut Findings) {
    let all: Vec<_> =
        files.iter().flat_map(|file| invocations(file, line).into_iter().map(move |it| (file, it))).collect();
    let calls = |invocation: &ShipgateCall<'_>, name| matches!(invocation.means, Means::Workflow(called) if called.name == name);
    if all.iter().any(|(_, invocation)| calls(invocation, APPROVE)) {
        return;
    }
    for (file, invocation) in all.iter().filter(|(_, invocation)| calls(invocation, PROMOTE)) {
        let EnvironmentName::Literal(name) = &invocation.command.environment else { continue };
        if outline.environment(name).is_some_and(|environment| environment.asks_second_person) {
            let message = format!(
                "`{name}` asks a second person, and no workflow calls approve.yml: what is planned here is never carried out"
            );
            let hint = "add `.github/workflows/approve.yml`, as in the examples";
            findings.found(file.finding(Rule::ApprovalCaller, &invocation.path, message, hint));
        }
    }
}

/// The jobs that call a workflow of the same repository in which shipgate runs, with the runs there.
fn calls<'f>(
    file: &'f WorkflowFile,
    files: &'f [WorkflowFile],
    line: &CommandLine,
) -> Vec<(&'f str, Vec<ShipgateCall<'f>>)> {
    let jobs = file.workflow.jobs.iter().filter_map(|(name, job)| {
        let Job::ReusableWorkflowCallJob(call) = job else { return None };
        let Uses::Local(uses) = &call.uses else { return None };
        let path = uses.raw().strip_prefix("./").or_else(|| uses.raw().strip_prefix("$/"))?;
        let called = files.iter().find(|file| file.path == path)?;
        Some((name.as_str(), invocations(called, line)))
    });
    jobs.filter(|(_, called)| !called.is_empty()).collect()
}

/// A called workflow has no more rights than the job that calls it.
fn may_have_token(
    file: &WorkflowFile,
    outline: Option<&Outline>,
    name: &str,
    called: &[ShipgateCall<'_>],
    findings: &mut Findings,
) {
    let Some(job) = file.workflow.jobs.get(name) else { return };
    let own = match job {
        Job::NormalJob(job) => &job.permissions,
        Job::ReusableWorkflowCallJob(job) => &job.permissions,
    };
    let permissions = effective(&file.workflow.permissions, own);
    let needs =
        called.iter().any(|invocation| invocation.command.verb.changes() && job::needs_token(outline, invocation));
    if needs && id_token(permissions) == Granted::No && !job::is_only_called(file, permissions) {
        let path = [Component::from("jobs"), Component::from(name), Component::from("uses")];
        let message = format!("job `{name}` calls a workflow that assumes a role, and may ask for no token");
        findings.found(file.finding(Rule::IdToken, &path, message, job::TOKEN_HINT));
    }
}

/// `pull_request_target` runs with the rights of the repository, on commits of strangers.
fn for_strangers(file: &WorkflowFile, findings: &mut Findings) {
    if file.workflow.on.events.pull_request_target.is_present() {
        let path = [Component::from("on"), Component::from("pull_request_target")];
        let message = "shipgate runs on `pull_request_target`: with this repository's roles, on a stranger's commit";
        let hint = "use `pull_request`: a fork then gets the part of the check that needs no credentials";
        findings.found(file.finding(Rule::PullRequestTarget, &with(&path, &[]), message.to_owned(), hint));
    }
}
