//! What a watch asks for, read from ECS.

use std::time::Duration;

use futures_util::future::join;
use tokio::time::timeout;

use super::follow::Follow;
use super::previous;
use crate::clients::aws::AwsError;
use crate::clients::ecs::{EcsError, WhichTasks};
use crate::domain::ecs::diagnosis::{self, DeploymentEvidence};
use crate::domain::ecs::failing;
use crate::domain::ecs::ids::{DeploymentId, RevisionArn, ServiceArn, ServiceDeploymentArn, TaskArn};
use crate::domain::ecs::ledger;
use crate::domain::ecs::lifecycle::Lifecycle;
use crate::domain::ecs::rollout::OwnDeployment;
use crate::domain::ecs::seen_task::seen_tasks;
use crate::domain::ecs::service::{Task, TaskRevision};
use crate::domain::ecs::target::EcsTarget;
use crate::domain::ecs::watch::{NotObserved, Observation, WatchQuery};
use crate::domain::event::RunEvent;
use crate::explain::{Phase, explain};

/// How long the last line of a task may take to be read.
const LAST_LINE: Duration = Duration::from_secs(2);
/// How long the ledger may take to take a note.
const NOTE: Duration = Duration::from_secs(3);

impl Follow<'_> {
    /// With the previous revision, where that was asked for.
    pub(super) async fn observe(&self, question: WatchQuery) -> (Observation, Option<TaskRevision>) {
        match question {
            WatchQuery::Service => {
                // Boxed: what is only shown is no reason for large futures.
                let (service, ()) = join(self.service(), Box::pin(self.show_tasks())).await;
                (service, None)
            }
            WatchQuery::Lifecycle(deployment) => (Observation::Lifecycle(self.lifecycle(&deployment).await), None),
            WatchQuery::Stopped => (self.stopped().await, None),
            WatchQuery::Tasks => (self.tasks().await, None),
            WatchQuery::Note(id) => (self.note(&id).await, None),
            WatchQuery::Previous { revision, service } => match self.previous(&revision, &service).await {
                Ok((observed, revision)) => (observed, Some(revision)),
                Err(error) => (not_observed(&error), None),
            },
        }
    }

    async fn service(&self) -> Observation {
        let found = self.cloud.ecs().service(&self.target.cluster, &self.target.service).await;
        found.map_or_else(|error| not_observed(&error), |found| Observation::Service(found.map(|(service, _)| service)))
    }

    /// Shows the tasks on the terminal. What cannot be read is not shown.
    async fn show_tasks(&self) {
        if !self.settings.watched {
            return;
        }
        let EcsTarget { cluster, service, .. } = self.target;
        if let Ok(tasks) = self.cloud.ecs().tasks(cluster, service, WhichTasks::MeantToRun).await {
            let tasks = seen_tasks(&self.subject.expected, &tasks, (self.clock)());
            self.events.emit(RunEvent::Tasks { step: self.step.clone(), tasks });
        }
    }

    /// How far the service deployment is. Not every region has them, and not every role may read them: the service says
    /// enough to judge a rollout without.
    async fn lifecycle(&self, ours: &OwnDeployment) -> Option<Lifecycle> {
        let ecs = self.cloud.ecs();
        let arn = match self.service_deployment.get().cloned() {
            Some(arn) => arn?,
            None => self.look_for_service_deployment(ours).await?,
        };
        ecs.lifecycle(&arn).await.ok()?
    }

    async fn look_for_service_deployment(&self, ours: &OwnDeployment) -> Option<ServiceDeploymentArn> {
        let EcsTarget { cluster, service, .. } = self.target;
        let found = self.cloud.ecs().service_deployment(cluster, service, &ours.task_definition, ours.created).await;
        // It may be listed a moment later.
        if !matches!(found, Ok(None)) {
            self.note_missing(found.as_ref().err());
            drop(self.service_deployment.set(found.as_ref().ok().cloned().flatten()));
        }
        found.ok()?
    }

    fn note_missing(&self, error: Option<&AwsError>) {
        if let Some(error) = error {
            let failure = explain(error, Phase::Before);
            let hint = failure.hints.first().cloned();
            self.events.warning(format!("the stages of the deployment cannot be shown: {}", failure.brief()), hint);
        }
    }

    async fn stopped(&self) -> Observation {
        match self.stopped.look(self.cloud, self.target).await {
            Ok(tasks) => {
                Box::pin(self.read_last_lines(&tasks)).await;
                Observation::Stopped(tasks)
            }
            Err(error) => not_observed(&error.into()),
        }
    }

    /// Whether the last line of a task was not read yet, nor that of enough others.
    fn is_last_line_wanted(&self, task: &TaskArn) -> bool {
        const MOST: usize = 3;
        let known = self.last_lines.borrow();
        known.len() < MOST && !known.contains_key(task)
    }

    /// Reads the last line of each task that failed, of a few: they are shown as they fail. The diagnosis reads more.
    async fn read_last_lines(&self, tasks: &[Task]) {
        let is_of_ours = |task: &&Task| task.revision == self.subject.expected.task_definition;
        for task in tasks.iter().filter(is_of_ours).filter(|task| failing::ending(task).is_some()) {
            if self.is_last_line_wanted(&task.arn) {
                let line = timeout(LAST_LINE, self.last_line(task)).await.ok().flatten();
                self.last_lines.borrow_mut().insert(task.arn.clone(), line);
            }
        }
    }

    /// The last line of the container that ended a task.
    async fn last_line(&self, task: &Task) -> Option<String> {
        let mut seen = DeploymentEvidence::default();
        seen.add_stopped([task.clone()]);
        let subject =
            diagnosis::DiagnosedRevision { definition: Some(self.definition), container: &self.target.container };
        let of = diagnosis::logs(&seen, subject).into_iter().next()?;
        let destination = self.definition.log_destination(&of.container)?;
        let logs = self.cloud.logs_in(destination.region.as_ref());
        logs.last(&destination.group, &destination.stream(task.id()), 1).await.ok()?.into_iter().next_back()
    }

    async fn tasks(&self) -> Observation {
        let found = self.cloud.ecs().tasks(&self.target.cluster, &self.target.service, WhichTasks::MeantToRun).await;
        found.map_or_else(|error| not_observed(&error.into()), Observation::Tasks)
    }

    async fn previous(&self, arn: &RevisionArn, service: &ServiceArn) -> Result<(Observation, TaskRevision), EcsError> {
        let revision = self.cloud.ecs().revision(arn, service).await?;
        let (expected, tasks) = previous::facts(self.cloud, self.registry, self.target, &revision).await?;
        Ok((Observation::Previous { expected, tasks }, revision))
    }

    /// Leaves the deployment's id in the ledger for a later run. The rollout goes on without it, so nothing waits long for
    /// it; where tags are refused, the write of the outcome warns of it.
    async fn note(&self, id: &DeploymentId) -> Observation {
        let tags = [ledger::deployment(id)];
        drop(timeout(NOTE, self.writer.ecs().tag(&self.subject.deployment.task_definition, &tags)).await);
        Observation::Noted
    }
}

fn not_observed(error: &EcsError) -> Observation {
    let brief = explain(error, Phase::Before).brief();
    let failure = Box::new(explain(error, Phase::After));
    Observation::Failed(NotObserved { transient: error.is_transient(), brief, failure })
}
