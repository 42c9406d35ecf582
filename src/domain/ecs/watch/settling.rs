//! What is remembered since ECS called a rollout, or a rollback, done.

use std::time::Duration;

use crate::domain::ecs::expectation::Expectation;
use crate::domain::ecs::ids::TaskArn;
use crate::domain::ecs::read_back::is_starting;
use crate::domain::ecs::service::Task;

/// The tasks of a revision since ECS called its rollout done.
#[derive(Debug)]
pub(super) struct SettlingTasks {
    since: Duration,
    last_starting: Duration,
    /// The ARNs of the expected revision's tasks at the last read.
    tasks: Vec<TaskArn>,
    /// Whether one of them has gone.
    lost: bool,
    /// What is still missing.
    pub(super) missing: Option<String>,
}

impl SettlingTasks {
    pub(super) fn new(now: Duration) -> Self {
        Self { since: now, last_starting: now, tasks: Vec::new(), lost: false, missing: None }
    }

    /// Since ECS called it done.
    pub(super) fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.since)
    }

    /// How long there has been no progress. Tasks that start are progress, unless tasks also end.
    pub(super) fn stalled(&mut self, now: Duration, expected: &Expectation, tasks: &[Task]) -> Duration {
        self.lost |= self.tasks.iter().any(|arn| tasks.iter().all(|task| task.arn != *arn));
        let ours = tasks.iter().filter(|task| task.revision == expected.task_definition);
        self.tasks = ours.map(|task| task.arn.clone()).collect();
        if is_starting(expected, tasks) {
            self.last_starting = now;
        }
        now.saturating_sub(if self.lost { self.since } else { self.last_starting })
    }
}
