//! What runs where.

use jiff::Timestamp;

use super::plan::Running;
use crate::domain::behind::Behind;
use crate::domain::failure::Failure;
use crate::domain::hold::Hold;
use crate::domain::ids::RecordId;
use crate::domain::names::EnvironmentName;
use crate::domain::outcome::Outcome;
use crate::domain::release::GitSha;

/// What is said of an environment.
#[derive(Debug)]
pub struct EnvironmentStatus {
    /// The environment.
    pub name: String,
    /// The environment that its releases come from.
    pub source: Option<EnvironmentName>,
    /// Its components, in the order they are changed.
    pub components: Vec<SeenComponent>,
    /// Why nothing could be looked at.
    pub failure: Option<Failure>,
}

/// What is said of a component.
#[derive(Debug)]
pub struct SeenComponent {
    /// The component.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// What was seen, or why nothing was.
    pub seen: Result<ComponentStatus, Failure>,
    /// How far it is behind the environment that its releases come from.
    pub behind: Option<Behind>,
}

impl EnvironmentStatus {
    /// The outcome of the worst thing that could not be looked at.
    pub fn failure_outcome(&self) -> Option<Outcome> {
        Outcome::worst(self.failures().map(|failure| failure.outcome))
    }

    /// Everything that could not be looked at.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.failure.iter().chain(self.components.iter().filter_map(|component| component.seen.as_ref().err()))
    }

    /// The commit that a component is known to run.
    pub fn commit_of(&self, component: &str) -> Option<GitSha> {
        let component = self.components.iter().find(|seen| seen.name == component)?;
        component.commit()
    }
}

impl SeenComponent {
    /// The commit that it runs. A build of a changed tree is none.
    pub fn commit(&self) -> Option<GitSha> {
        self.seen.as_ref().ok()?.running_release.sha.as_ref()?.parse().ok()
    }
}

/// What `status` says of a component.
#[derive(Debug, Clone)]
pub struct ComponentStatus {
    /// What it runs.
    pub running_release: Running,
    /// Since when.
    pub since: Option<Timestamp>,
    /// How many tasks it should run. `None`: there is no such thing.
    pub desired: Option<i32>,
    /// How many it runs.
    pub running: Option<i32>,
    /// How the last release of ours ended, whether it runs or not, as the ledger has it.
    pub last_outcome: Option<String>,
    /// The holds on it.
    pub holds: Vec<Hold>,
    /// It does not run what we deployed last.
    pub drift: Option<HandChange>,
    /// What is odd about it, in words.
    pub remarks: Vec<String>,
}

/// Somebody changed a component by hand since our last release, or that cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandChange {
    /// What we deployed last: the ARN of the revision. `None`: that cannot be looked at.
    pub last: Option<RecordId>,
}
