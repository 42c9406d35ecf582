//! A task of a service as people see it while they wait for its rollout.

use std::time::Duration;

use jiff::Timestamp;

use super::expectation::Expectation;
use super::service::Task;
use super::task_state::{TaskState, judge};
use crate::domain::event::SeenTask;

/// How many are shown.
const SHOWN: usize = 8;

/// The tasks of a service, those of the release first.
pub fn seen_tasks(expected: &Expectation, tasks: &[Task], now: Timestamp) -> Vec<SeenTask> {
    let mut seen: Vec<(bool, SeenTask)> =
        tasks.iter().map(|task| (task.revision != expected.task_definition, seen(expected, task, now))).collect();
    seen.sort_by(|(one_is_old, one), (other_is_old, other)| (one_is_old, &one.id).cmp(&(other_is_old, &other.id)));
    seen.into_iter().map(|(_, task)| task).take(SHOWN).collect()
}

fn seen(expected: &Expectation, task: &Task, now: Timestamp) -> SeenTask {
    let (state, detail) = match judge(expected, task) {
        TaskState::Verified => ("running", String::new()),
        TaskState::Starting(_) => ("starting", task.last_status.to_lowercase()),
        TaskState::NotYet(why) | TaskState::Wrong(why) => ("not ready", why),
        TaskState::OfAnother(_) => ("old", task.last_status.to_lowercase()),
        TaskState::Ending => ("stopping", task.last_status.to_lowercase()),
    };
    let age = task.created.and_then(|created| Duration::try_from(now.duration_since(created)).ok());
    // Ids are long and differ in their first digits.
    let id = task.id().chars().take(8).collect();
    SeenTask { id, state, detail, age }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::read_back::tests::{expectation, task};

    #[test]
    fn those_of_the_release_come_first() {
        let created = Timestamp::from_second(100).ok();
        let now = Timestamp::from_second(148).unwrap();
        let (old, mut starting, ready) =
            (task("backend:7", Some('b')), task("backend:8", None), Task { created, ..task("backend:8", Some('a')) });
        "PENDING".clone_into(&mut starting.last_status);
        let tasks = seen_tasks(&expectation(), &[old, starting, ready], now);
        let shown: Vec<_> = tasks.iter().map(|task| (task.state, task.detail.as_str(), task.age)).collect();
        let age = Some(Duration::from_secs(48));
        let expected = [("starting", "pending", None), ("running", "", age), ("old", "running", None)];
        assert_eq!(shown, expected);
        let many: Vec<Task> = (0..20).map(|_| task("backend:8", Some('a'))).collect();
        assert_eq!(seen_tasks(&expectation(), &many, now).len(), SHOWN);
    }
}
