//! The one-off task before traffic, for example a database migration.
//!
//! It runs where the service's tasks run, with the new revision and another command. One that already runs for the same
//! release is waited for, never started twice. Only the exit code 0 of the configured container is success.

use crate::clients::aws::AwsError;
use crate::clients::ecs::Placement;
use crate::clients::ecs_write::OneOffTask;
use crate::clients::logs::{CloudWatchLogs, Cursor};
use crate::domain::ecs::diagnosis::DiagnosedRevision;
use crate::domain::ecs::ids::{RevisionArn, TaskArn};
use crate::domain::ecs::one_off::{self, OneOff, OneOffEnd, TaskAnswer, TaskQuery, TaskReading};
use crate::domain::ecs::service::Task;
use crate::domain::ecs::target::EcsTarget;
use crate::domain::ecs::task_definition::{LogDestination, TaskDefinition};
use crate::domain::event::RunEvent;
use crate::domain::failure::{CauseKind, Failure};
use crate::domain::image::Digest;
use crate::domain::names::ComponentName;
use crate::domain::poll::PollStep;
use crate::domain::step::StepId;
use crate::domain::template::Template;
use crate::explain::{Phase, explain};
use crate::kinds::ApplyRun;
use crate::poll::{Waiting, poll};

/// A pre-deploy command with all that it needs.
#[derive(Debug)]
pub struct PreDeploy<'a> {
    /// The run.
    pub run: &'a ApplyRun<'a>,
    /// The component.
    pub component: &'a ComponentName,
    /// The service.
    pub target: &'a EcsTarget,
    /// The command.
    pub command: &'a [Template],
    /// The revision to run.
    pub task_definition: &'a RevisionArn,
    /// The content of the revision.
    pub definition: &'a TaskDefinition,
    /// How the service places its tasks.
    pub placement: &'a Placement,
    /// The step.
    pub step: &'a StepId,
}

/// What the task writes.
struct TaskOutput {
    client: CloudWatchLogs,
    destination: LogDestination,
    stream: String,
    cursor: Cursor,
    /// The last lines of it.
    written: Vec<String>,
}

/// How many lines of the output are kept to find out why it failed.
const LINES_KEPT: usize = 100;

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
        self.run.events.emit(RunEvent::Continues { step: self.step.clone(), hint });
        let (task, written) = self.wait(task).await?;
        self.judge(&task, &written)
    }

    /// What the task is found by: the component and the release, within the 128 characters that ECS takes.
    fn started_by(&self) -> String {
        let component: String = self.component.as_str().chars().map(|c| if c == '.' { '_' } else { c }).collect();
        let commit = self.run.release.sha().map(ToString::to_string).unwrap_or_default();
        format!("shipgate/{component}/{commit}").chars().take(128).collect()
    }

    async fn already_running(&self, started_by: &str) -> Result<Option<Task>, Failure> {
        let tasks = self.run.cloud.ecs().tasks_started_by(&self.target.cluster, started_by).await?;
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
        let _slot = self.run.slot(self.step).await?;
        Ok(self.run.writer.ecs().run_task(&task).await?)
    }

    /// The task as it ended, and what it wrote last.
    async fn wait(&self, task: Task) -> Result<(Task, Vec<String>), Failure> {
        let arns = [task.arn.clone()];
        let mut log = self.definition.log_destination(&self.target.container).map(|destination| TaskOutput {
            client: self.run.cloud.logs_in(destination.region.as_ref()),
            stream: destination.stream(task.id()),
            destination,
            cursor: Cursor::default(),
            written: Vec::new(),
        });
        let mut one_off = OneOff::new(task, self.target.timeout, log.is_some());
        let ask = async |question| {
            let log = log.as_mut().filter(|_| question != TaskQuery::Nothing);
            let logged = match log {
                Some(log) => self.show(log).await,
                None => false,
            };
            let task = if question == TaskQuery::Task { self.read(&arns).await } else { TaskReading::Nothing };
            TaskAnswer { logged, task }
        };
        let waited = poll(Waiting::In(&self.run.events, self.step), TaskQuery::Nothing, ask, |elapsed, answer| {
            let step = one_off.see(elapsed, answer);
            if let Some(error) = one_off.warning.take() {
                let error = explain(&error, Phase::Before).brief();
                let text = format!("the pre-deploy task cannot be read: {error}");
                self.run.events.warning(text, None);
            }
            if let PollStep::Ask { question: TaskQuery::Task, .. } = step {
                let text = format!("task {} is {}", one_off.task.id(), one_off.task.last_status);
                self.run.events.progress(self.step, &text);
            }
            step
        })
        .await;
        match waited {
            OneOffEnd::Stopped => Ok((one_off.task, log.map(|log| log.written).unwrap_or_default())),
            OneOffEnd::TimedOut => Err(self.stop(&one_off.task).await),
            OneOffEnd::Lost(error) => Err(error.into()),
            OneOffEnd::Unseen => Err(self.unseen(&one_off.task)),
        }
    }

    async fn read(&self, arns: &[TaskArn]) -> TaskReading<AwsError> {
        match self.run.cloud.ecs().describe_tasks(&self.target.cluster, arns).await {
            // A task that was started a moment ago may not be known everywhere yet.
            Ok(tasks) => {
                tasks.into_iter().next().map_or(TaskReading::Nothing, |task| TaskReading::Task(Box::new(task)))
            }
            Err(error) if error.is_transient() => TaskReading::Transient(error),
            Err(error) => TaskReading::Permanent(error),
        }
    }

    /// Shows what is new in the log. A log that cannot be read is no reason to stop a migration.
    async fn show(&self, log: &mut TaskOutput) -> bool {
        let lines = log.client.read(&log.destination.group, &log.stream, &mut log.cursor).await.unwrap_or_default();
        for line in &lines {
            self.run.events.output(self.step, line);
        }
        let has_lines = !lines.is_empty();
        log.written.extend(lines);
        let more = log.written.len().saturating_sub(LINES_KEPT);
        log.written.drain(..more);
        has_lines
    }

    /// It may have ended long ago, and is not stopped unseen.
    fn unseen(&self, task: &Task) -> Failure {
        let seconds = self.target.timeout.as_secs();
        Failure::failed(format!("whether the pre-deploy task has ended is unknown after {seconds} s"))
            .of(CauseKind::Dependency)
            .cause(format!("task {} could not be read; the service was not changed", task.id()))
            .hint("run this again when AWS answers: a task that still runs is waited for")
    }

    async fn stop(&self, task: &Task) -> Failure {
        let failure =
            Failure::failed(format!("the pre-deploy task still runs after {} s", self.target.timeout.as_secs()))
                .hint("make the command faster, or raise `timeout` of the component");
        let stopped = self.run.writer.ecs().stop_task(&self.target.cluster, &task.arn, "shipgate: out of time").await;
        match stopped {
            Ok(()) => failure.cause(format!("task {} was stopped", task.id())),
            Err(error) => {
                let error = explain(&error, Phase::Before);
                let failure = failure.cause(format!("task {} could not be stopped: {}", task.id(), error.brief()));
                error.hints.into_iter().fold(failure, Failure::hint)
            }
        }
    }

    fn judge(&self, task: &Task, written: &[String]) -> Result<(), Failure> {
        let subject = DiagnosedRevision { definition: Some(self.definition), container: &self.target.container };
        let judged = one_off::judge(task, subject, written);
        if judged.is_ok() {
            self.run.events.result(self.step, format!("task {} exited with code 0", task.id()));
        }
        judged.map_err(|(ended, why)| {
            let mut failure = Failure::failed(format!("the pre-deploy command {ended}; the service was not changed"))
                .of(CauseKind::Application)
                .hint(format!("read its output above, or the log of task {}", task.id()));
            failure.diagnosed(vec![why], Vec::new());
            failure
        })
    }
}
