//! What goes into a watch, as data.

use crate::domain::ecs::expectation::Expectation;
use crate::domain::ecs::lifecycle::Lifecycle;
use crate::domain::ecs::service::{Service, Task};
use crate::domain::failure::Failure;

/// One observation.
#[derive(Debug, Clone)]
pub enum Observation {
    /// The service. `None`: it does not exist.
    Service(Option<Service>),
    /// How far its deployment is. `None`: ECS shows nothing of it, or not to this role.
    Lifecycle(Option<Lifecycle>),
    /// Its tasks that stopped, as far as ECS remembers them.
    Stopped(Vec<Task>),
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
