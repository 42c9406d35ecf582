//! What carrying out the plan of a component needs and comes to.

use jiff::Timestamp;

use crate::clients::http::Http;
use crate::clients::process::Processes;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::names::EnvironmentName;
use crate::domain::outcome::Outcome;
use crate::domain::release::ReleaseName;
use crate::events::Events;
use crate::observe::{Cloud, RegistryAccess};

/// What every part of carrying out a plan needs.
#[derive(Debug)]
pub struct Run<'a> {
    /// The facts of the invocation.
    pub context: &'a Context,
    /// AWS.
    pub cloud: &'a Cloud,
    /// The registry.
    pub access: &'a RegistryAccess,
    /// The registry that images are copied from, where any are.
    pub source: Option<&'a RegistryAccess>,
    /// Child processes.
    pub processes: &'a Processes,
    /// HTTP for probes.
    pub http: &'a Http,
    /// Where what happens is emitted.
    pub events: &'a Events,
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// The release.
    pub release: ReleaseName,
    /// What names this run in the ledger.
    pub name: String,
    /// Reads the wall clock.
    pub clock: fn() -> Timestamp,
}

impl Run<'_> {
    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// How a component ended.
#[derive(Debug)]
pub struct Applied {
    /// Whether anything that serves was changed, or may have been.
    pub changed: bool,
    /// Its outcome.
    pub result: Result<Outcome, Failure>,
}
