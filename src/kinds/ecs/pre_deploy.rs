//! The one-off task before traffic, for example a database migration.
//!
//! It runs where the service's tasks run, with the new revision and another command. One that already runs for the same
//! release is waited for, never started twice. Only the exit code 0 of the configured container is success.

use std::time::Duration;

use tokio::time::Instant;

use super::diagnose::why_stopped;
use crate::apply::Run;
use crate::clients::ecs::{OneOffTask, Placement};
use crate::clients::logs::Cursor;
use crate::domain::ecs::ids::RevisionArn;
use crate::domain::ecs::service::Task;
use crate::domain::ecs::task_definition::LogDestination;
use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::image::Digest;
use crate::domain::names::ComponentName;
use crate::domain::step::StepId;
use crate::domain::target::EcsTarget;
use crate::domain::template::Template;

const INTERVAL: Duration = Duration::from_millis(700);
/// A log arrives late: it is read until nothing has come for so long after the task stopped.
const QUIET: Duration = Duration::from_millis(1500);

/// A pre-deploy command with all that it needs.
#[derive(Debug)]
pub struct PreDeploy<'a> {
    /// The run.
    pub run: &'a Run<'a>,
    /// The component.
    pub component: &'a ComponentName,
    /// The service.
    pub target: &'a EcsTarget,
    /// The command.
    pub command: &'a [Template],
    /// The revision to run.
    pub task_definition: &'a RevisionArn,
    /// Where its output goes, where that can be read.
    pub log: Option<LogDestination>,
    /// How the service places its tasks.
    pub placement: &'a Placement,
    /// The step.
    pub step: &'a StepId,
}

impl PreDeploy<'_> {
    /// Runs the command to its end.
    ///
    /// # Errors
    ///
    /// `failed` when the task cannot be started, exits with another code than 0, or takes too long; nothing that serves
    /// is changed.
    pub async fn execute(&self) -> Result<(), Failure> {
        let started_by = self.started_by();
        let task = match self.already_running(&started_by).await? {
            Some(task) => {
                self.run.events.note(format!("task {} already runs the pre-deploy command: waiting for it", task.id()));
                task
            }
            None => self.start(&started_by).await?,
        };
        let made = format!("one-off task {}", task.arn);
        let hint = format!("{made} goes on: run this again to wait for it");
        self.run.events.made(made, vec![self.component.clone()]);
        self.run.events.emit(Event::Continues { step: self.step.clone(), hint });
        let task = self.wait(task).await?;
        self.judge(&task)
    }

    /// What the task is found by: the component and the release, within the 128 characters that ECS takes.
    fn started_by(&self) -> String {
        let component: String = self.component.as_str().chars().map(|c| if c == '.' { '_' } else { c }).collect();
        format!("shipgate/{component}/{}", self.run.release.sha()).chars().take(128).collect()
    }

    async fn already_running(&self, started_by: &str) -> Result<Option<Task>, Failure> {
        let tasks = self.run.cloud.ecs.tasks_started_by(&self.target.cluster, started_by).await?;
        Ok(tasks.into_iter().find(|task| task.revision == *self.task_definition && task.last_status != "STOPPED"))
    }

    async fn start(&self, started_by: &str) -> Result<Task, Failure> {
        // The revision is part of the token: a failed command is run again with the revision of the next attempt.
        let token = Digest::of(format!("{started_by} {}", self.task_definition));
        let task = OneOffTask {
            cluster: &self.target.cluster,
            task_definition: self.task_definition,
            container: &self.target.container,
            command: self.command.iter().map(|part| part.render(&self.run.release)).collect(),
            placement: self.placement,
            started_by,
            client_token: token.hex(),
        };
        self.run.cloud.ecs.run_task(&task).await
    }

    async fn wait(&self, mut task: Task) -> Result<Task, Failure> {
        let began = Instant::now();
        let mut cursor = Cursor::default();
        while task.last_status != "STOPPED" {
            if began.elapsed() >= self.target.timeout {
                return Err(self.stop(&task).await);
            }
            self.run.events.progress(self.step, &format!("task {} is {}", task.id(), task.last_status));
            self.run.events.pause(self.step, began.elapsed(), INTERVAL).await;
            self.show_log(&task, &mut cursor).await;
            let arns = [task.arn.clone()];
            // A task that was started a moment ago may not be known everywhere yet.
            if let Some(seen) = self.run.cloud.ecs.describe_tasks(&self.target.cluster, &arns).await?.into_iter().next()
            {
                task = seen;
            }
        }
        let mut quiet_since = Instant::now();
        while quiet_since.elapsed() < QUIET && self.log.is_some() {
            if self.show_log(&task, &mut cursor).await {
                quiet_since = Instant::now();
            }
            tokio::time::sleep(QUIET / 5).await;
        }
        Ok(task)
    }

    /// Shows what is new in the log. A log that cannot be read is no reason to stop a migration.
    async fn show_log(&self, task: &Task, cursor: &mut Cursor) -> bool {
        let Some(destination) = &self.log else {
            return false;
        };
        let lines = self.run.cloud.logs.read(destination, task.id(), cursor).await.unwrap_or_default();
        for line in &lines {
            self.run.events.output(self.step, line);
        }
        !lines.is_empty()
    }

    async fn stop(&self, task: &Task) -> Failure {
        let failure =
            Failure::failed(format!("the pre-deploy task still runs after {} s", self.target.timeout.as_secs()))
                .hint("make the command faster, or raise `timeout` of the component");
        let stopped = self.run.cloud.ecs.stop_task(&self.target.cluster, &task.arn, "shipgate: out of time").await;
        match stopped {
            Ok(()) => failure.cause(format!("task {} was stopped", task.id())),
            Err(error) => {
                let failure = failure.cause(format!("task {} could not be stopped: {}", task.id(), error.brief()));
                error.hints.into_iter().fold(failure, Failure::hint)
            }
        }
    }

    fn judge(&self, task: &Task) -> Result<(), Failure> {
        let container = task.container(self.target.container.as_str());
        let code = container.and_then(|container| container.exit_code);
        // Stopped from outside a command may well exit with 0, and has not done its work.
        let by_itself = task.stop_code.as_deref() == Some("EssentialContainerExited");
        if code == Some(0) && by_itself {
            return Ok(());
        }
        let ended = match code {
            Some(0) => "was stopped before its end".to_owned(),
            Some(code) => format!("exited with code {code}"),
            None => "did not run".to_owned(),
        };
        Err(Failure::failed(format!("the pre-deploy command {ended}; the service was not changed"))
            .cause(why_stopped(task))
            .hint(format!("read its output above, or the log of task {}", task.id())))
    }
}
