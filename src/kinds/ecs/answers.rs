//! What a watch asks for, read from ECS.

use std::time::Duration;

use tokio::time::timeout;

use super::follow::Follow;
use super::previous;
use crate::clients::ecs::{EcsError, WhichTasks};
use crate::domain::ecs::ids::{DeploymentId, RevisionArn, ServiceArn};
use crate::domain::ecs::ledger;
use crate::domain::ecs::service::Revision;
use crate::domain::ecs::watch::{NotObserved, Observed, Question};
use crate::explain::{Phase, explain};

/// How long the ledger may take to take a note.
const NOTE: Duration = Duration::from_secs(3);

impl Follow<'_> {
    /// With the previous revision, where that was asked for.
    pub(super) async fn observe(&self, question: Question) -> (Observed, Option<Revision>) {
        match question {
            Question::Service => (self.service().await, None),
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
