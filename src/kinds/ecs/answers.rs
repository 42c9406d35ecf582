//! What a watch asks for, read from ECS.

use std::time::Duration;

use tokio::time::timeout;

use super::follow::Follow;
use super::previous;
use crate::clients::aws::AwsError;
use crate::clients::ecs::{EcsError, WhichTasks};
use crate::domain::ecs::ids::{DeploymentId, RevisionArn, ServiceArn, ServiceDeploymentArn};
use crate::domain::ecs::ledger;
use crate::domain::ecs::lifecycle::Lifecycle;
use crate::domain::ecs::rollout::OurDeployment;
use crate::domain::ecs::service::Revision;
use crate::domain::ecs::target::EcsTarget;
use crate::domain::ecs::watch::{NotObserved, Observed, Question};
use crate::explain::{Phase, explain};

/// How long the ledger may take to take a note.
const NOTE: Duration = Duration::from_secs(3);

impl Follow<'_> {
    /// With the previous revision, where that was asked for.
    pub(super) async fn observe(&self, question: Question) -> (Observed, Option<Revision>) {
        match question {
            Question::Service => (self.service().await, None),
            Question::Lifecycle(deployment) => (Observed::Lifecycle(self.lifecycle(&deployment).await), None),
            Question::Stopped => (self.stopped().await, None),
            Question::Tasks => (self.tasks().await, None),
            Question::Note(id) => (self.note(&id).await, None),
            Question::Previous { revision, service } => match self.previous(&revision, &service).await {
                Ok((observed, revision)) => (observed, Some(revision)),
                Err(error) => (not_observed(&error), None),
            },
        }
    }

    async fn service(&self) -> Observed {
        let found = self.cloud.ecs().service(&self.target.cluster, &self.target.service).await;
        found.map_or_else(|error| not_observed(&error), |found| Observed::Service(found.map(|(service, _)| service)))
    }

    /// How far the service deployment is. Not every region has them, and not every role may read them: the service says
    /// enough to judge a rollout without.
    async fn lifecycle(&self, ours: &OurDeployment) -> Option<Lifecycle> {
        let ecs = self.cloud.ecs();
        let arn = match self.service_deployment.get().cloned() {
            Some(arn) => arn?,
            None => self.look_for_service_deployment(ours).await?,
        };
        ecs.lifecycle(&arn).await.ok()?
    }

    async fn look_for_service_deployment(&self, ours: &OurDeployment) -> Option<ServiceDeploymentArn> {
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

    async fn stopped(&self) -> Observed {
        self.stopped
            .look(self.cloud, self.target)
            .await
            .map_or_else(|error| not_observed(&error.into()), Observed::Stopped)
    }

    async fn tasks(&self) -> Observed {
        let found = self.cloud.ecs().tasks(&self.target.cluster, &self.target.service, WhichTasks::MeantToRun).await;
        found.map_or_else(|error| not_observed(&error.into()), Observed::Tasks)
    }

    async fn previous(&self, arn: &RevisionArn, service: &ServiceArn) -> Result<(Observed, Revision), EcsError> {
        let revision = self.cloud.ecs().revision(arn, service).await?;
        let (expected, tasks) = previous::facts(self.cloud, self.registry, self.target, &revision).await?;
        Ok((Observed::Previous { expected, tasks }, revision))
    }

    /// Leaves the deployment's id in the ledger for a later run. The rollout goes on without it, so nothing waits long for
    /// it; where tags are refused, the write of the outcome warns of it.
    async fn note(&self, id: &DeploymentId) -> Observed {
        let tags = [ledger::deployment(id)];
        drop(timeout(NOTE, self.writer.ecs().tag(&self.subject.deployment.task_definition, &tags)).await);
        Observed::Noted
    }
}

fn not_observed(error: &EcsError) -> Observed {
    let brief = explain(error, Phase::Before).brief();
    let failure = Box::new(explain(error, Phase::After));
    Observed::Failed(NotObserved { transient: error.is_transient(), brief, failure })
}
