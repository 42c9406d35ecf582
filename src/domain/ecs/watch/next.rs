//! What comes out of a watch, as data.

use super::verdict::{DeploymentUnproven, RolloutEnd};
use crate::domain::ecs::ids::{DeploymentId, RevisionArn, ServiceArn, TaskArn};
use crate::domain::ecs::rollout::OwnDeployment;
use crate::domain::poll::PollStep;

/// What follows from an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchStep {
    /// What to show, in order.
    pub reports: Vec<Report>,
    /// What to observe then, or the verdict.
    pub step: PollStep<Result<RolloutEnd, DeploymentUnproven>, WatchQuery>,
}

/// What to observe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchQuery {
    /// The service.
    Service,
    /// How far a deployment of it is that shifts traffic.
    Lifecycle(OwnDeployment),
    /// Its tasks that stopped.
    Stopped,
    /// Its tasks.
    Tasks,
    /// Its tasks, and a revision that ECS went back to.
    Previous {
        /// The ARN of the revision.
        revision: RevisionArn,
        /// The ARN of the service.
        service: ServiceArn,
    },
    /// Nothing: note the deployment for a later run.
    Note(DeploymentId),
}

/// Something to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// An event of the service, in the words of ECS: foreign text.
    Event(String),
    /// A task failed: its ARN, and how it ended.
    TaskFailed(TaskArn, String),
    /// Which deployment is followed from now on.
    Deployment(DeploymentId),
    /// How far the rollout is.
    Progress(String),
    /// Something to know.
    Note(String),
    /// What stops nothing.
    Warning(String),
}
