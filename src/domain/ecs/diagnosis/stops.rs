//! From tasks to the reasons why they stopped.

use super::events::{self, UnhealthyTarget};
use super::exit::is_stop;
use super::finding::{DiagnosedCause, What};
use super::seen::{DeploymentEvidence, DiagnosedRevision, LogOf};
use crate::domain::ecs::names::ContainerName;
use crate::domain::ecs::service::{Health, Task, TaskContainer};

/// The distinct reasons of the tasks, the newest first.
pub fn findings(seen: &DeploymentEvidence, subject: DiagnosedRevision<'_>) -> Vec<DiagnosedCause> {
    let mut findings = Vec::new();
    for task in newest_first(&seen.stopped).into_iter().filter(|task| !is_drained(task)) {
        stop(task, subject).count(&mut findings);
    }
    let has_stopped = |task: &Task| seen.stopped.iter().any(|stopped| stopped.arn == task.arn);
    for task in newest_first(&seen.running).into_iter().filter(|task| !has_stopped(task)) {
        for finding in running(task, subject) {
            finding.count(&mut findings);
        }
    }
    findings
}

fn newest_first(tasks: &[Task]) -> Vec<&Task> {
    let mut tasks: Vec<&Task> = tasks.iter().collect();
    tasks.sort_by_key(|task| task.created);
    tasks.reverse();
    tasks
}

/// Whether a task stopped because it was not wanted any more. ECS says so with the first of these, the local cloud with
/// the others.
fn is_drained(task: &Task) -> bool {
    let reason = task.stopped_reason.as_deref().unwrap_or_default();
    match task.stop_code.as_deref() {
        Some("ServiceSchedulerInitiated") => reason.starts_with("Scaling activity initiated by"),
        Some("UserInitiated") => matches!(reason, "Deployment completed" | "Service scaling down" | "Service deleted"),
        _ => false,
    }
}

/// Why one task stopped.
pub fn stop(task: &Task, subject: DiagnosedRevision<'_>) -> DiagnosedCause {
    let said = task.stopped_reason.clone();
    let reason = said.as_deref().unwrap_or_default();
    let finding = DiagnosedCause {
        tasks: 1,
        code: task.stop_code.clone(),
        said: said.clone(),
        ..DiagnosedCause::new(What::Stopped)
    };
    if let Some(target) = events::target(reason) {
        let log = task.container(subject.container.as_str()).and_then(|container| log_of(task, container));
        let UnhealthyTarget { group, port, reason } = target;
        return DiagnosedCause { what: What::Target, target_group: Some(group), port, reason, log, ..finding };
    }
    let by_check = reason.contains("failed container health checks");
    let container = if by_check { unhealthy(task, subject) } else { culprit(task, subject) };
    let Some(container) = container else { return finding };
    DiagnosedCause {
        what: if by_check { What::HealthCheck } else { What::Stopped },
        container: Some(container.name.clone()),
        exit: container.exit_code.filter(|_| !by_check),
        reason: container.reason.clone().filter(|text| !text.is_empty()),
        log: log_of(task, container),
        ..finding
    }
}

/// A container that has ended has written what it wrote.
fn log_of(task: &Task, container: &TaskContainer) -> Option<LogOf> {
    container.exit_code.and_then(|_| log(task, container))
}

fn log(task: &Task, container: &TaskContainer) -> Option<LogOf> {
    Some(LogOf { container: container.name.parse::<ContainerName>().ok()?, task: task.arn.clone() })
}

fn unhealthy<'t>(task: &'t Task, subject: DiagnosedRevision<'_>) -> Option<&'t TaskContainer> {
    let unhealthy = task.containers.iter().find(|container| container.health == Health::Unhealthy);
    unhealthy.or_else(|| task.container(subject.container.as_str()))
}

/// The container that a task stopped for. The end of an essential one ends the others, by SIGTERM and later SIGKILL: what
/// ended so ended afterwards. The release's container goes first among equals.
fn culprit<'t>(task: &'t Task, subject: DiagnosedRevision<'_>) -> Option<&'t TaskContainer> {
    let did_not_start = task.stop_code.as_deref() == Some("TaskFailedToStart");
    let rank = |container: &TaskContainer| {
        let essential = did_not_start || is_essential(&container.name, subject);
        let has_reason = container.reason.as_deref().is_some_and(|reason| !reason.is_empty());
        let telling = match container.exit_code {
            _ if has_reason => 0,
            Some(0) => 2,
            Some(code) if is_stop(code) => 3,
            Some(_) => 1,
            None => 4,
        };
        let is_ours = container.name == subject.container.as_str();
        (if essential { telling } else { telling + 10 }, !is_ours)
    };
    task.containers.iter().min_by_key(|container| rank(container))
}

fn is_essential(name: &str, subject: DiagnosedRevision<'_>) -> bool {
    let supervision = subject.definition.zip(name.parse().ok());
    supervision.is_none_or(|(definition, name)| definition.supervision(&name).essential)
}

/// What is wrong with a task that runs. A container beside the release's may well be done.
fn running<'t>(task: &'t Task, subject: DiagnosedRevision<'t>) -> impl Iterator<Item = DiagnosedCause> + 't {
    task.containers.iter().filter_map(move |container| {
        let what = match (container.exit_code, &container.health) {
            (Some(0), _) if container.name != subject.container.as_str() => return None,
            (Some(_), _) => What::RunsOn,
            (None, Health::Unhealthy) => What::HealthCheck,
            _ => return None,
        };
        Some(DiagnosedCause {
            tasks: 1,
            container: Some(container.name.clone()),
            exit: container.exit_code,
            reason: container.reason.clone().filter(|text| !text.is_empty()),
            log: log(task, container),
            ..DiagnosedCause::new(what)
        })
    })
}
