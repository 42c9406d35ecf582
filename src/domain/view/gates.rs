//! What the gates say on the way to an environment.

use crate::domain::failure::Failure;
use crate::domain::gate::{Gate, GatePolicy};
use crate::domain::names::EnvironmentName;
use crate::domain::outcome::Outcome;
use crate::domain::release::ReleaseName;

/// The gates of one environment.
#[derive(Debug)]
pub struct AskedGates {
    /// The environment.
    pub environment: EnvironmentName,
    /// The one that it promotes from. `None`: it is deployed to directly.
    pub source: Option<EnvironmentName>,
    /// The release that would be put there. `None`: there is none.
    pub release: Option<ReleaseName>,
    /// The verdicts, in order.
    pub gates: Vec<Gate>,
    /// The gate policy. `None`: there is nothing to ask for.
    pub policy: Option<GatePolicy>,
    /// Why they could not be asked.
    pub failure: Option<Failure>,
}

impl AskedGates {
    /// Whether a release would be let through.
    pub fn outcome(&self) -> Outcome {
        match &self.failure {
            Some(failure) => failure.outcome,
            None if self.gates.iter().any(Gate::refuses_already) => Outcome::Refused,
            None => Outcome::Planned,
        }
    }
}
