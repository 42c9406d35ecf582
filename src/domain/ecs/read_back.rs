//! Does what runs match what was shipped? The judgement over the running tasks.

use super::service::{Service, Task, short_arn};
use crate::domain::image::Digest;
use crate::domain::names::ContainerName;

/// What must be running for a release to be called deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The revision that the primary deployment must have.
    pub task_definition: String,
    /// The container that has the image.
    pub container: ContainerName,
    /// The digests that a running container may show: the image's own, or for an index those of its platforms.
    pub digests: Vec<Digest>,
}

/// What the running tasks say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadBack {
    /// The primary deployment is ours and every running task has our digest.
    Verified {
        /// How many tasks run.
        running: usize,
    },
    /// The service wants no task, so nothing is proven.
    NothingDesired,
    /// Every running task is ours, but more are wanted: somebody may have scaled the service meanwhile.
    TooFew(String),
    /// Not yet, and it may still come.
    NotYet(String),
    /// It will not come: something else runs in our name.
    Wrong(String),
}

/// Judges the running tasks of a service. `tasks` are those that are meant to run and have not been told to stop.
pub fn read_back(expected: &Expectation, service: &Service, tasks: &[Task]) -> ReadBack {
    let Some(primary) = service.primary() else {
        return ReadBack::NotYet("the service has no primary deployment".to_owned());
    };
    if primary.task_definition != expected.task_definition {
        return ReadBack::Wrong(format!("the primary deployment runs {}", short_arn(&primary.task_definition)));
    }
    if service.desired == 0 {
        return ReadBack::NothingDesired;
    }
    let mut ours = 0;
    for task in tasks {
        if task.revision != expected.task_definition {
            return ReadBack::NotYet(format!("task {} of {} still runs", task.id(), short_arn(&task.revision)));
        }
        if task.last_status != "RUNNING" {
            continue;
        }
        match task.container(expected.container.as_str()).and_then(|container| container.digest.as_ref()) {
            Some(digest) if expected.digests.contains(digest) => ours += 1,
            Some(digest) => {
                return ReadBack::Wrong(format!("task {} runs {digest}, not the digest that was shipped", task.id()));
            }
            None => return ReadBack::NotYet(format!("task {} does not tell what image it runs", task.id())),
        }
    }
    let desired = usize::try_from(service.desired).unwrap_or_default();
    if ours < desired {
        let count = format!("{ours} of {desired} tasks run");
        return if ours == 0 { ReadBack::NotYet(count) } else { ReadBack::TooFew(count) };
    }
    ReadBack::Verified { running: ours }
}

/// Whether all tasks that are meant to run are ours, and some of them are on the way there.
pub fn is_starting(expected: &Expectation, tasks: &[Task]) -> bool {
    const ON_THE_WAY: [&str; 3] = ["PROVISIONING", "PENDING", "ACTIVATING"];
    let is_ours = |task: &Task| task.revision == expected.task_definition;
    tasks.iter().all(is_ours) && tasks.iter().any(|task| ON_THE_WAY.contains(&task.last_status.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::service::{Controller, Deployment, RolloutState, ServiceStatus, TaskContainer};

    fn digest(character: char) -> Digest {
        format!("sha256:{}", character.to_string().repeat(64)).parse().unwrap()
    }

    fn expectation() -> Expectation {
        Expectation {
            task_definition: "backend:8".to_owned(),
            container: "web".parse().unwrap(),
            digests: vec![digest('a'), digest('c')],
        }
    }

    fn service(desired: i32, primary: &str) -> Service {
        Service {
            arn: "arn".to_owned(),
            status: ServiceStatus::Active,
            controller: Controller::Ecs,
            desired,
            running: desired,
            deployments: vec![Deployment {
                id: "ecs-svc/2".to_owned(),
                is_primary: true,
                task_definition: primary.to_owned(),
                rollout_state: Some(RolloutState::Completed),
                reason: None,
                desired,
                running: desired,
                pending: 0,
                failed: 0,
                created: None,
                updated: None,
            }],
            events: Vec::new(),
            holds: Vec::new(),
            tag_keys: Vec::new(),
        }
    }

    fn task(revision: &str, image: Option<char>) -> Task {
        Task {
            arn: "arn:aws:ecs:us-east-1:123456789012:task/stage/1".to_owned(),
            revision: revision.to_owned(),
            last_status: "RUNNING".to_owned(),
            created: None,
            stop_code: None,
            stopped_reason: None,
            containers: vec![TaskContainer {
                name: "web".to_owned(),
                digest: image.map(digest),
                exit_code: None,
                reason: None,
            }],
        }
    }

    #[test]
    fn every_task_must_have_the_digest_or_a_child_of_it() {
        let tasks = [task("backend:8", Some('a')), task("backend:8", Some('c'))];
        assert_eq!(read_back(&expectation(), &service(2, "backend:8"), &tasks), ReadBack::Verified { running: 2 });
        let one_is_wrong = [task("backend:8", Some('a')), task("backend:8", Some('b'))];
        let result = read_back(&expectation(), &service(2, "backend:8"), &one_is_wrong);
        assert!(matches!(result, ReadBack::Wrong(_)), "{result:?}");
    }

    #[test]
    fn unknown_is_never_success() {
        for tasks in [vec![], vec![task("backend:8", None)], vec![task("backend:7", Some('a'))]] {
            let result = read_back(&expectation(), &service(1, "backend:8"), &tasks);
            assert!(matches!(result, ReadBack::NotYet(_)), "{tasks:?}: {result:?}");
        }
    }

    #[test]
    fn a_service_that_grows_is_no_failure() {
        let tasks = [task("backend:8", Some('a'))];
        let result = read_back(&expectation(), &service(3, "backend:8"), &tasks);
        assert_eq!(result, ReadBack::TooFew("1 of 3 tasks run".to_owned()));
    }

    #[test]
    fn tasks_on_the_way_are_told_from_tasks_that_run_or_end() {
        let in_status = |status: &str| Task { last_status: status.to_owned(), ..task("backend:8", None) };
        for (status, starting) in [
            ("PROVISIONING", true),
            ("PENDING", true),
            ("ACTIVATING", true),
            ("RUNNING", false),
            ("DEACTIVATING", false),
            ("SPLENDID", false),
        ] {
            let running = task("backend:8", Some('a'));
            assert_eq!(is_starting(&expectation(), &[running.clone(), in_status(status)]), starting, "{status}");
            let foreign = task("backend:7", Some('a'));
            assert!(!is_starting(&expectation(), &[foreign, in_status(status)]), "{status}");
        }
        assert!(!is_starting(&expectation(), &[]));
    }

    #[test]
    fn another_primary_is_wrong_and_nothing_desired_proves_nothing() {
        let tasks = [task("backend:8", Some('a'))];
        assert!(matches!(read_back(&expectation(), &service(1, "backend:7"), &tasks), ReadBack::Wrong(_)));
        assert_eq!(read_back(&expectation(), &service(0, "backend:8"), &[]), ReadBack::NothingDesired);
    }
}
