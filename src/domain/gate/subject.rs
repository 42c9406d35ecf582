//! What gates are asked about.

use super::policy::{ChangeCommand, GateOverride, GatePolicy};
use crate::domain::names::EnvironmentName;
use crate::domain::release::ReleaseName;

/// What a change is about, for its gates.
#[derive(Debug, Clone, Copy)]
pub struct GateSubject<'a> {
    /// The command.
    pub command: ChangeCommand,
    /// The environment that is changed.
    pub environment: &'a EnvironmentName,
    /// The release. `None`: the change is about none, as a hold is.
    pub release: Option<&'a ReleaseName>,
    /// What is changed, in words: the environment, or some of its components.
    pub place: &'a str,
    /// The environment's policy.
    pub policy: &'a GatePolicy,
    /// The gates that somebody overrides.
    pub overrides: &'a [GateOverride],
}

/// Something that changes AWS, and is let through by gates.
pub trait Gated {
    /// What it is about.
    fn subject(&self) -> GateSubject<'_>;
}
