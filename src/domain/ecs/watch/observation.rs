//! What goes into a watch and what comes out, as data.

use super::{Ended, NotProven};
use crate::domain::ecs::expectation::Expectation;
use crate::domain::ecs::ids::{DeploymentId, RevisionArn, ServiceArn};
use crate::domain::ecs::service::{Service, Task};
use crate::domain::failure::Failure;
use crate::domain::poll::Step;

/// One observation.
#[derive(Debug, Clone)]
pub enum Observed {
    /// The service. `None`: it does not exist.
    Service(Option<Service>),
    /// Its tasks that are meant to run.
    Tasks(Vec<Task>),
    /// The same, with what the previous revision is read back by.
    Previous {
        /// What must run for that revision to serve.
        expected: Expectation,
        /// The tasks.
        tasks: Vec<Task>,
    },
    /// The deployment was noted, or could not be.
    Noted,
    /// The call failed.
    Failed(NotObserved),
}

/// Why there is no observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotObserved {
    /// Whether the next attempt may succeed.
    pub transient: bool,
    /// The error in a sentence.
    pub brief: String,
    /// What it means for the rollout where no further attempt is made.
    pub failure: Box<Failure>,
}

/// What follows from an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// What to show, in order.
    pub reports: Vec<Report>,
    /// What to observe then, or the verdict.
    pub step: Step<Result<Ended, NotProven>, Question>,
}

/// What to observe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The service.
    Service,
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
    /// Which deployment is followed from now on.
    Deployment(DeploymentId),
    /// How far the rollout is.
    Progress(String),
    /// What stops nothing.
    Warning(String),
}
