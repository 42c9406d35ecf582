//! Does one task run what was shipped? The judgement over its status, its container and what health checks say.
//!
//! The facts are those of [Container](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html) and
//! [HealthCheck](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html). A word that is newer
//! than this program, and a field that is missing, are never success.

use super::expectation::Expectation;
use super::service::{Health, Task, TaskContainer};

/// What a task proves about a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskState {
    /// The configured container runs with a digest of the release, and no health check speaks against it.
    Verified,
    /// It is on the way there: why it is not there yet.
    Starting(String),
    /// It does not prove the release now, and it, or the task that replaces it, still may: why.
    NotYet(String),
    /// It runs another revision: which.
    OfAnother(String),
    /// It is on its way out, and counts for nothing.
    Ending,
    /// It never will: why.
    Wrong(String),
}

/// Judges a task that is meant to run.
pub fn judge(expected: &Expectation, task: &Task) -> TaskState {
    if task.revision != expected.task_definition {
        return TaskState::OfAnother(format!("task {} of {} still runs", task.id(), task.revision.short()));
    }
    match task.last_status.as_str() {
        "RUNNING" => judge_running(expected, task),
        "PROVISIONING" | "PENDING" | "ACTIVATING" => {
            TaskState::Starting(format!("task {} is {}", task.id(), task.last_status))
        }
        _ => TaskState::Ending,
    }
}

fn judge_running(expected: &Expectation, task: &Task) -> TaskState {
    let name = &expected.container;
    let Some(container) = task.container(name.as_str()) else {
        return TaskState::NotYet(format!("task {} does not show its container {name}", task.id()));
    };
    if let Some(digest) = container.digest.as_ref().filter(|digest| !expected.accepts(digest)) {
        return TaskState::Wrong(format!("task {} runs {digest}, not the digest that was shipped", task.id()));
    }
    let which = format!("container {name} of task {}", task.id());
    let status = container.last_status.as_deref();
    if container.exit_code.is_some() || status == Some("STOPPED") {
        return judge_ended(expected, &which, container);
    }
    match status {
        Some("RUNNING") if container.digest.is_none() => {
            TaskState::NotYet(format!("task {} does not show which image it runs", task.id()))
        }
        Some("RUNNING") => judge_health(expected, &which, task, container),
        Some("PENDING") => TaskState::Starting(format!("{which} is PENDING")),
        Some(other) => TaskState::NotYet(format!("{which} is {other}")),
        None => TaskState::NotYet(format!("{which} has no status")),
    }
}

/// A task survives the end of a container that is not essential, and ECS starts that container again only where a
/// restart policy says so. A task whose essential container has ended is stopped, and the service replaces it.
fn judge_ended(expected: &Expectation, which: &str, container: &TaskContainer) -> TaskState {
    let code = container.exit_code.map(|code| format!("exited with code {code}"));
    let reason = container.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let text = format!("{which} {}{reason}", code.as_deref().unwrap_or("stopped without an exit code"));
    let supervision = &expected.supervision;
    if supervision.essential || supervision.restarts { TaskState::NotYet(text) } else { TaskState::Wrong(text) }
}

/// `UNKNOWN` is what a container without a health check reports, and one whose check has not come to a result.
///
/// The status of the task is that of its essential containers together: `UNHEALTHY` means that ECS is going to replace
/// it, whichever container it is. Its `UNKNOWN` says nothing: one essential container without a check is enough for it.
fn judge_health(expected: &Expectation, which: &str, task: &Task, container: &TaskContainer) -> TaskState {
    match &container.health {
        Health::Unhealthy => return TaskState::NotYet(format!("{which} is UNHEALTHY")),
        Health::Unknown if expected.supervision.health_check => {
            return TaskState::Starting(format!("the health check of {which} has no result yet"));
        }
        Health::Other(other) => return TaskState::NotYet(format!("the health of {which} is {other}")),
        Health::Healthy | Health::Unknown => {}
    }
    match &task.health {
        Health::Unhealthy => TaskState::NotYet(format!("task {} is UNHEALTHY", task.id())),
        Health::Other(other) => TaskState::NotYet(format!("the health of task {} is {other}", task.id())),
        Health::Healthy | Health::Unknown => TaskState::Verified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::read_back::tests::{digest, expectation, task};
    use crate::domain::ecs::task_definition::Supervision;

    /// A task whose container `web` is changed, judged where ECS treats that container so.
    fn judged(supervision: Supervision, change: impl FnOnce(&mut TaskContainer)) -> TaskState {
        let mut task = task("backend:8", Some('a'));
        change(&mut task.containers[0]);
        judge(&Expectation { supervision, ..expectation() }, &task)
    }

    fn with(essential: bool, restarts: bool, health_check: bool) -> Supervision {
        Supervision { essential, restarts, health_check }
    }

    fn not_yet(text: &str) -> TaskState {
        TaskState::NotYet(text.to_owned())
    }

    #[test]
    fn only_a_container_that_runs_is_verified() {
        for (status, expected) in [
            (Some("RUNNING"), TaskState::Verified),
            (Some("PENDING"), TaskState::Starting("container web of task 1 is PENDING".to_owned())),
            (Some("SPLENDID"), not_yet("container web of task 1 is SPLENDID")),
            (Some(""), not_yet("container web of task 1 is ")),
            (None, not_yet("container web of task 1 has no status")),
        ] {
            let state = judged(Supervision::default(), |container| container.last_status = status.map(str::to_owned));
            assert_eq!(state, expected, "{status:?}");
        }
    }

    /// The task keeps running without it, so nothing brings it back.
    #[test]
    fn a_container_that_has_ended_is_wrong_where_nothing_starts_it_again() {
        let ended = |supervision, status: &str, code| {
            judged(supervision, |container| {
                container.last_status = Some(status.to_owned());
                container.exit_code = code;
                container.reason = Some("OutOfMemoryError".to_owned());
            })
        };
        let text = "container web of task 1 exited with code 7: OutOfMemoryError";
        assert_eq!(ended(with(false, false, false), "STOPPED", Some(7)), TaskState::Wrong(text.to_owned()));
        assert_eq!(ended(with(true, false, false), "STOPPED", Some(7)), not_yet(text));
        assert_eq!(ended(with(false, true, false), "STOPPED", Some(7)), not_yet(text));
        let success = text.replace("code 7", "code 0");
        assert_eq!(ended(with(false, false, false), "RUNNING", Some(0)), TaskState::Wrong(success));
        let without = "container web of task 1 stopped without an exit code: OutOfMemoryError";
        assert_eq!(ended(with(false, false, false), "STOPPED", None), TaskState::Wrong(without.to_owned()));
    }

    #[test]
    fn health_counts_where_there_is_a_check_of_it() {
        let other = || Health::Other("SPLENDID".to_owned());
        let starting = TaskState::Starting("the health check of container web of task 1 has no result yet".to_owned());
        for (health, checked, expected) in [
            (Health::Unknown, false, TaskState::Verified),
            (Health::Unknown, true, starting),
            (Health::Healthy, true, TaskState::Verified),
            (Health::Unhealthy, true, not_yet("container web of task 1 is UNHEALTHY")),
            (Health::Unhealthy, false, not_yet("container web of task 1 is UNHEALTHY")),
            (other(), false, not_yet("the health of container web of task 1 is SPLENDID")),
        ] {
            let state = judged(with(true, false, checked), |container| container.health = health.clone());
            assert_eq!(state, expected, "{health:?} {checked}");
        }
        for (health, expected) in [
            (Health::Unknown, TaskState::Verified),
            (Health::Healthy, TaskState::Verified),
            (Health::Unhealthy, not_yet("task 1 is UNHEALTHY")),
            (other(), not_yet("the health of task 1 is SPLENDID")),
        ] {
            let state = judge(&expectation(), &Task { health: health.clone(), ..task("backend:8", Some('a')) });
            assert_eq!(state, expected, "{health:?}");
        }
    }

    #[test]
    fn another_digest_is_wrong_however_its_container_is() {
        let state = judged(Supervision::default(), |container| {
            container.digest = Some(digest('b'));
            container.last_status = None;
        });
        assert!(matches!(state, TaskState::Wrong(_)), "{state:?}");
    }
}
