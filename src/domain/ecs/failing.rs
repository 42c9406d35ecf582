//! Which tasks ended in a way that speaks against their release, and whether that is enough to give it up.
//!
//! The facts are those of [Task](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html) and of
//! [stopped task errors](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html).

use std::fmt;

use jiff::Timestamp;

use super::ids::RevisionArn;
use super::service::{Task, TaskContainer};

/// A way to end that speaks against a release. Tasks that end in the same way are evidence of the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// A container that the task needs ended by itself.
    Exited {
        /// Its name.
        container: String,
        /// Its exit code. `None`: ECS shows none.
        code: Option<i32>,
    },
    /// The task did not start.
    NotStarted {
        /// The class of the error, in the words of ECS: `CannotPullContainerError`.
        error: String,
    },
    /// ECS stopped the task because a health check failed.
    Unhealthy,
}

impl fmt::Display for Ending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { container, code: Some(code) } => {
                write!(formatter, "container {container} exited with code {code}")
            }
            Self::Exited { container, code: None } => write!(formatter, "container {container} ended"),
            Self::NotStarted { error } => write!(formatter, "not started: {error}"),
            Self::Unhealthy => formatter.write_str("stopped: a health check failed"),
        }
    }
}

/// How a stopped task ended, where that speaks against its release. What others did to it does not: people, a service
/// that is scaled or deployed, a machine that was taken away, and a cluster without room.
pub fn ending(task: &Task) -> Option<Ending> {
    let reason = task.stopped_reason.as_deref().unwrap_or_default();
    let lower = reason.to_ascii_lowercase();
    match task.stop_code.as_deref() {
        _ if lower.contains("failed") && lower.contains("health check") => Some(Ending::Unhealthy),
        Some("EssentialContainerExited") => Some(exited(task)),
        None if lower.contains("essential container") => Some(exited(task)),
        Some("TaskFailedToStart") if !is_of_the_cluster(&lower) => {
            Some(Ending::NotStarted { error: class(task, reason) })
        }
        _ => None,
    }
}

/// The container that ended first. ECS stops the others then, with a signal (137, 143), or they end with 0.
fn exited(task: &Task) -> Ending {
    let failed = |container: &&TaskContainer| !matches!(container.exit_code, None | Some(0 | 137 | 143));
    let nonzero = |container: &&TaskContainer| !matches!(container.exit_code, None | Some(0));
    let ended = |container: &&TaskContainer| container.exit_code.is_some();
    let containers = || task.containers.iter();
    let first = containers().find(failed).or_else(|| containers().find(nonzero)).or_else(|| containers().find(ended));
    let first = first.or_else(|| task.containers.first());
    Ending::Exited {
        container: first.map_or_else(|| "?".to_owned(), |container| container.name.clone()),
        code: first.and_then(|container| container.exit_code),
    }
}

/// Whether there was no room, or no address: another attempt may find some.
fn is_of_the_cluster(reason: &str) -> bool {
    ["capacity is unavailable", "timeout waiting for network interface", "resource:", "unable to place"]
        .iter()
        .any(|known| reason.contains(known))
}

/// `CannotPullContainerError: …` is of that class; so is the reason of a container, where the task has none.
fn class(task: &Task, reason: &str) -> String {
    let of_containers = task.containers.iter().filter_map(|container| container.reason.as_deref());
    let classes = [reason].into_iter().chain(of_containers).filter_map(|text| {
        let first = text.split([':', ' ']).next().unwrap_or_default();
        (first.ends_with("Error") || first.ends_with("Exception")).then(|| first.to_owned())
    });
    classes.into_iter().next().unwrap_or_else(|| "TaskFailedToStart".to_owned())
}

/// Tasks of a release that ended in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatedFailure {
    /// How they ended.
    pub ending: Ending,
    /// How many did.
    pub count: usize,
}

/// Which tasks count: those of a revision, created since its deployment was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfDeployment<'a> {
    /// The ARN of the revision.
    pub revision: &'a RevisionArn,
    /// When the deployment was created. `None`: all of them count.
    pub since: Option<Timestamp>,
}

impl OfDeployment<'_> {
    /// Whether a task is one of them.
    pub fn has(&self, task: &Task) -> bool {
        let is_older = self.since.zip(task.created).is_some_and(|(since, created)| created < since);
        task.revision == *self.revision && !is_older
    }
}

/// The way in which most of a deployment's stopped tasks ended that speaks against it. `None`: none did.
pub fn evidence(of: &OfDeployment<'_>, stopped: &[Task]) -> Option<RepeatedFailure> {
    let mut groups: Vec<RepeatedFailure> = Vec::new();
    for ending in stopped.iter().filter(|task| of.has(task)).filter_map(ending) {
        match groups.iter_mut().find(|group| group.ending == ending) {
            Some(group) => group.count += 1,
            None => groups.push(RepeatedFailure { ending, count: 1 }),
        }
    }
    // The first of several that are as large: `max_by_key` takes the last.
    groups.into_iter().rev().max_by_key(|group| group.count)
}

impl RepeatedFailure {
    /// Whether it is enough to give the release up: as many as the configuration says, and at least as many as run or are
    /// on the way. Of a hundred tasks three may fail, and the release is sound.
    pub fn is_enough(&self, fail_fast: u32, running: i32) -> bool {
        let enough = usize::try_from(fail_fast).unwrap_or(usize::MAX);
        fail_fast > 0 && self.count >= enough && self.count >= usize::try_from(running).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::read_back::tests::task;

    fn stopped(code: Option<&str>, reason: &str, exits: &[(&str, Option<i32>)]) -> Task {
        let mut task = Task {
            stop_code: code.map(str::to_owned),
            stopped_reason: Some(reason.to_owned()),
            last_status: "STOPPED".to_owned(),
            ..task("backend:8", Some('a'))
        };
        let container = task.containers.remove(0);
        task.containers = exits
            .iter()
            .map(|(name, exit_code)| TaskContainer {
                name: (*name).to_owned(),
                exit_code: *exit_code,
                ..container.clone()
            })
            .collect();
        task
    }

    #[test]
    fn only_what_a_task_does_itself_speaks_against_its_release() {
        let essential = "Essential container in task exited";
        let exited = |container: &str, code| Some(Ending::Exited { container: container.to_owned(), code });
        let not_started = |error: &str| Some(Ending::NotStarted { error: error.to_owned() });
        for (code, reason, exits, expected) in [
            ("EssentialContainerExited", essential, &[("web", Some(1))][..], exited("web", Some(1))),
            ("EssentialContainerExited", essential, &[("web", Some(0))], exited("web", Some(0))),
            // ECS ends the others.
            (
                "EssentialContainerExited",
                essential,
                &[("web", Some(137)), ("proxy", Some(2))],
                exited("proxy", Some(2)),
            ),
            (
                "EssentialContainerExited",
                essential,
                &[("web", Some(0)), ("proxy", Some(137))],
                exited("proxy", Some(137)),
            ),
            ("EssentialContainerExited", essential, &[("web", None)], exited("web", None)),
            (
                "TaskFailedToStart",
                "CannotPullContainerError: pull image manifest has been retried 5 time(s)",
                &[],
                not_started("CannotPullContainerError"),
            ),
            (
                "TaskFailedToStart",
                "ResourceInitializationError: unable to pull secrets",
                &[],
                not_started("ResourceInitializationError"),
            ),
            ("TaskFailedToStart", "Task failed to start", &[], not_started("TaskFailedToStart")),
            ("TaskFailedToStart", "Capacity is unavailable at this time. Please try again later", &[], None),
            ("TaskFailedToStart", "Timeout waiting for network interface provisioning to complete.", &[], None),
            (
                "ServiceSchedulerInitiated",
                "Task failed ELB health checks in (target-group arn:x)",
                &[],
                Some(Ending::Unhealthy),
            ),
            ("ServiceSchedulerInitiated", "Task failed container health checks", &[], Some(Ending::Unhealthy)),
            (
                "ServiceSchedulerInitiated",
                "Scaling activity initiated by (deployment ecs-svc/1)",
                &[("web", Some(143))],
                None,
            ),
            ("UserInitiated", "Deployment completed", &[("web", Some(137))], None),
            ("UserInitiated", "stopped by hand", &[("web", Some(1))], None),
            ("SpotInterruption", "Your Spot Task was interrupted.", &[], None),
            ("TerminationNotice", "Host EC2 (instance i-1) terminated.", &[], None),
            ("InfrastructureHealth", "ECS is performing maintenance", &[], None),
            ("Splendid", "something new", &[("web", Some(1))], None),
        ] {
            assert_eq!(ending(&stopped(Some(code), reason, exits)), expected, "{code} {reason}");
        }
        assert_eq!(ending(&stopped(None, essential, &[("web", Some(3))])), exited("web", Some(3)));
        assert_eq!(ending(&stopped(None, "", &[("web", Some(3))])), None);
    }

    #[test]
    fn the_same_ending_again_and_again_is_enough() {
        let one = |code| {
            stopped(Some("EssentialContainerExited"), "Essential container in task exited", &[("web", Some(code))])
        };
        let revision = RevisionArn::from("backend:8");
        let of = OfDeployment { revision: &revision, since: None };
        let count = |tasks: &[Task]| evidence(&of, tasks).map(|evidence| evidence.count);
        assert_eq!(count(&[]), None);
        assert_eq!(count(&[one(1), one(2), one(1)]), Some(2));
        let foreign = Task { revision: "backend:7".into(), ..one(1) };
        assert_eq!(count(&[foreign.clone(), foreign, one(1)]), Some(1));
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        let since = OfDeployment { since: at(10), ..of };
        let created = |created| Task { created, ..one(1) };
        assert_eq!(evidence(&since, &[created(at(9)), created(at(10)), created(None)]).unwrap().count, 2);

        let three = RepeatedFailure { ending: Ending::Unhealthy, count: 3 };
        for (fail_fast, running, enough) in [(3, 0, true), (3, 3, true), (3, 4, false), (4, 0, false), (0, 0, false)] {
            assert_eq!(three.is_enough(fail_fast, running), enough, "{fail_fast} {running}");
        }
    }
}
