//! What goes into a watch and what comes out, as data.

use std::time::Duration;

use super::{Ended, NotProven};
use crate::domain::ecs::ids::{RevisionArn, ServiceArn};
use crate::domain::ecs::read_back::Expectation;
use crate::domain::ecs::service::{Service, Task};
use crate::domain::failure::Cause;

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
    /// The call failed.
    Failed(NotObserved),
}

/// Why there is no observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotObserved {
    /// Whether the next attempt may succeed.
    pub transient: bool,
    /// What failed.
    pub reason: String,
    /// Why.
    pub causes: Vec<Cause>,
    /// What to do.
    pub hints: Vec<String>,
}

impl NotObserved {
    /// The reason with its first cause.
    pub(super) fn brief(&self) -> String {
        match self.causes.first() {
            Some(cause) => format!("{}: {cause}", self.reason),
            None => self.reason.clone(),
        }
    }
}

/// What follows from an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// What to show, in order.
    pub reports: Vec<Report>,
    /// What to do then.
    pub action: Action,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Read the service again after a pause.
    Poll {
        /// The pause.
        after: Duration,
    },
    /// Read the tasks of the service now.
    ReadTasks,
    /// Read the tasks now, and a revision that ECS went back to.
    ReadPrevious {
        /// The ARN of the revision.
        revision: RevisionArn,
        /// The ARN of the service.
        service: ServiceArn,
    },
    /// Nothing: the verdict.
    End(Result<Ended, NotProven>),
}

/// Something to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// An event of the service, in the words of ECS: foreign text.
    Event(String),
    /// How far the rollout is.
    Progress(String),
    /// What stops nothing.
    Warning(String),
}
