//! Does what runs match what was shipped? The judgement over the running tasks.

use super::expectation::Expectation;
use super::ids::TaskArn;
use super::service::{Deployment, Service, Task};
use super::task_state::{TaskState, judge};

/// What the running tasks say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadBack {
    /// The primary deployment is the one of this run, and the container of every running task runs with the planned digest.
    Verified {
        /// The ARNs of those tasks.
        tasks: Vec<TaskArn>,
    },
    /// The service wants no task, so nothing is proven.
    NothingDesired,
    /// Every running task is of this run, but more are wanted: the service may have been scaled meanwhile.
    TooFew {
        /// The ARNs of those that run.
        tasks: Vec<TaskArn>,
        /// How many are missing, in words.
        missing: String,
    },
    /// Nothing is missing but that tasks of the deployment before end, which ECS still lists: in words.
    Draining(String),
    /// Not yet, and it may still come.
    NotYet(String),
    /// It will not come: something else runs in its place, or nothing.
    Wrong(String),
}

/// Judges the running tasks of a service. `tasks` are those that are meant to run and have not been asked to stop.
pub fn read_back(expected: &Expectation, service: &Service, tasks: &[Task]) -> ReadBack {
    let Some(primary) = service.primary() else {
        return ReadBack::NotYet("the service has no primary deployment".to_owned());
    };
    if primary.task_definition != expected.task_definition {
        return ReadBack::Wrong(format!("the primary deployment runs {}", primary.task_definition.short()));
    }
    if service.desired == 0 {
        return ReadBack::NothingDesired;
    }
    let (mut verified, mut starting, mut not_yet) = (Vec::new(), None, None);
    let (mut draining, mut of_another) = (None, None);
    for task in tasks {
        match judge(expected, task) {
            TaskState::Verified => verified.push(task.arn.clone()),
            TaskState::Starting(reason) => starting = starting.or(Some(reason)),
            TaskState::NotYet(reason) => not_yet = not_yet.or(Some(reason)),
            TaskState::OfAnother(reason) if drains(service, task) => draining = draining.or(Some(reason)),
            TaskState::OfAnother(reason) => of_another = of_another.or(Some(reason)),
            TaskState::Ending => {}
            TaskState::Wrong(reason) => return ReadBack::Wrong(reason),
        }
    }
    if let Some(reason) = of_another.or(not_yet) {
        return ReadBack::NotYet(reason);
    }
    if let Some(reason) = draining {
        return ReadBack::Draining(reason);
    }
    let desired = usize::try_from(service.desired).unwrap_or_default();
    if verified.len() < desired {
        let count = format!("{} of {desired} tasks run", verified.len());
        let missing = starting.map_or(count.clone(), |reason| format!("{count}: {reason}"));
        return if verified.is_empty() {
            ReadBack::NotYet(missing)
        } else {
            ReadBack::TooFew { tasks: verified, missing }
        };
    }
    ReadBack::Verified { tasks: verified }
}

/// Whether a task of another revision belongs to a deployment that ECS is still taking away. Where it cleans up later, it
/// calls the new deployment done before that (`earlySuccessCriteria`).
fn drains(service: &Service, task: &Task) -> bool {
    let is_its = |deployment: &Deployment| !deployment.is_primary && deployment.task_definition == task.revision;
    service.settings.cleans_up_later || service.deployments.iter().any(is_its)
}

/// Whether what runs now is what was verified before: the same tasks, by their ARNs, where the service may have been
/// scaled out (all of them still run) or in (some of them, and none but them). A task in the place of another is not:
/// what was asked of the service meanwhile may have been answered by the one that ended, or by nothing that ran.
pub fn same_tasks(before: &[TaskArn], now: &ReadBack) -> bool {
    let all = |some: &[TaskArn], of: &[TaskArn]| some.iter().all(|task| of.contains(task));
    match now {
        ReadBack::Verified { tasks } => all(before, tasks) || (!tasks.is_empty() && all(tasks, before)),
        ReadBack::TooFew { tasks, .. } => all(before, tasks),
        ReadBack::NothingDesired | ReadBack::Draining(_) | ReadBack::NotYet(_) | ReadBack::Wrong(_) => false,
    }
}

/// Whether all tasks that are meant to run are of this run, and some of them are on the way there.
pub fn is_starting(expected: &Expectation, tasks: &[Task]) -> bool {
    let is_ours = |task: &Task| task.revision == expected.task_definition;
    let starts = |task: &Task| matches!(judge(expected, task), TaskState::Starting(_));
    tasks.iter().all(is_ours) && tasks.iter().any(starts)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::ecs::service::{Controller, Health, RolloutState, ServiceStatus, TaskContainer};
    use crate::domain::ecs::task_definition::Supervision;
    use crate::domain::image::Digest;

    pub(crate) fn digest(character: char) -> Digest {
        format!("sha256:{}", character.to_string().repeat(64)).parse().unwrap()
    }

    pub(crate) fn expectation() -> Expectation {
        Expectation {
            task_definition: "backend:8".into(),
            container: "web".parse().unwrap(),
            supervision: Supervision::default(),
            digests: vec![digest('a'), digest('c')],
            any_image: false,
        }
    }

    fn service(desired: i32, primary: &str) -> Service {
        Service {
            arn: "arn".into(),
            status: ServiceStatus::Active,
            controller: Controller::Ecs,
            desired,
            running: desired,
            deployments: vec![Deployment {
                id: "ecs-svc/2".into(),
                is_primary: true,
                task_definition: primary.into(),
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
            settings: Box::default(),
            announced: None,
        }
    }

    /// A task that runs an image, with the health that ECS shows where there is no health check.
    pub(crate) fn task(revision: &str, image: Option<char>) -> Task {
        Task {
            arn: "arn:aws:ecs:us-east-1:123456789012:task/stage/1".into(),
            revision: revision.into(),
            last_status: "RUNNING".to_owned(),
            health: Health::Unknown,
            created: None,
            stop_code: None,
            stopped_reason: None,
            containers: vec![TaskContainer {
                name: "web".to_owned(),
                last_status: Some("RUNNING".to_owned()),
                health: Health::Unknown,
                digest: image.map(digest),
                exit_code: None,
                reason: None,
            }],
        }
    }

    #[test]
    fn every_task_must_have_the_digest_or_a_child_of_it() {
        let tasks = [task("backend:8", Some('a')), task("backend:8", Some('c'))];
        let running = tasks.iter().map(|task| task.arn.clone()).collect();
        assert_eq!(read_back(&expectation(), &service(2, "backend:8"), &tasks), ReadBack::Verified { tasks: running });
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
        let running = vec![tasks[0].arn.clone()];
        assert_eq!(result, ReadBack::TooFew { tasks: running, missing: "1 of 3 tasks run".to_owned() });
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

    /// A container that has not come up in a task that runs is on the way; what is wrong outweighs what may still come.
    #[test]
    fn a_running_task_without_its_container_proves_nothing() {
        let with_container = |change: &dyn Fn(&mut TaskContainer)| {
            let mut task = task("backend:8", Some('a'));
            change(&mut task.containers[0]);
            task
        };
        let good = task("backend:8", Some('a'));
        let ended = with_container(&|container| container.exit_code = Some(7));
        let unknown = with_container(&|container| container.last_status = None);
        let pending = with_container(&|container| container.last_status = Some("PENDING".to_owned()));
        let of = |tasks: &[Task]| read_back(&expectation(), &service(2, "backend:8"), tasks);
        assert!(matches!(of(&[good.clone(), ended.clone()]), ReadBack::NotYet(_)));
        assert!(matches!(of(&[good.clone(), unknown.clone()]), ReadBack::NotYet(_)));
        let missing = "1 of 2 tasks run: container web of task 1 is PENDING".to_owned();
        assert_eq!(of(&[good.clone(), pending]), ReadBack::TooFew { tasks: vec![good.arn.clone()], missing });
        let sidecar =
            Expectation { supervision: Supervision { essential: false, ..Supervision::default() }, ..expectation() };
        let result = read_back(&sidecar, &service(2, "backend:8"), &[unknown, ended, good]);
        assert_eq!(result, ReadBack::Wrong("container web of task 1 exited with code 7".to_owned()));
    }

    #[test]
    fn the_same_tasks_may_be_more_or_fewer_but_none_in_the_place_of_another() {
        let arns = |names: &str| names.chars().map(|name| TaskArn::from(name.to_string())).collect::<Vec<_>>();
        let verified = |names: &str| ReadBack::Verified { tasks: arns(names) };
        let too_few = |names: &str| ReadBack::TooFew { tasks: arns(names), missing: String::new() };
        for (before, now, same) in [
            ("ab", verified("ab"), true),
            ("ab", verified("bac"), true),
            ("ab", verified("b"), true),
            ("ab", verified("bc"), false),
            ("ab", verified("c"), false),
            ("a", verified("b"), false),
            ("ab", verified(""), false),
            ("ab", too_few("ab"), true),
            ("ab", too_few("abc"), true),
            ("ab", too_few("a"), false),
            ("ab", too_few("c"), false),
            ("ab", ReadBack::NothingDesired, false),
            ("ab", ReadBack::NotYet(String::new()), false),
            ("ab", ReadBack::Wrong(String::new()), false),
        ] {
            assert_eq!(same_tasks(&arns(before), &now), same, "{before} {now:?}");
        }
    }

    #[test]
    fn another_primary_is_wrong_and_nothing_desired_proves_nothing() {
        let tasks = [task("backend:8", Some('a'))];
        assert!(matches!(read_back(&expectation(), &service(1, "backend:7"), &tasks), ReadBack::Wrong(_)));
        assert_eq!(read_back(&expectation(), &service(0, "backend:8"), &[]), ReadBack::NothingDesired);
    }
}
