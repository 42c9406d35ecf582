//! The holds of an environment after `hold` or `unhold`.

use crate::domain::failure::Failure;
use crate::domain::gate::Gate;
use crate::domain::hold::Hold;
use crate::domain::plan::UnholdPlan;

/// What is done with the holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldChange {
    /// One is put there.
    Put,
    /// All are taken off.
    Lift,
}

impl HoldChange {
    /// The command.
    pub fn command(self) -> &'static str {
        match self {
            Self::Put => "hold",
            Self::Lift => "unhold",
        }
    }

    /// The state that is wanted, as far as it was reached.
    pub fn state(self, reached: bool) -> &'static str {
        match (self, reached) {
            (Self::Put, true) => "has the hold",
            (Self::Put, false) => "does not have the hold",
            (Self::Lift, true) => "has no hold",
            (Self::Lift, false) => "still has a hold",
        }
    }
}

/// What `unhold` would take off, with the verdicts of its gates.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedUnhold {
    /// The plan.
    pub plan: UnholdPlan,
    /// The gates with their verdicts.
    pub gates: Vec<Gate>,
}

/// How the command ended.
#[derive(Debug)]
pub struct ChangedHolds {
    /// What was to be done.
    pub change: HoldChange,
    /// The components that could be looked at afterwards, in the order of the file.
    pub components: Vec<ComponentHolds>,
    /// Why not all of them are as they should be.
    pub failure: Option<Failure>,
}

/// The holds on a component.
#[derive(Debug)]
pub struct ComponentHolds {
    /// The component.
    pub name: String,
    /// What was taken off.
    pub lifted: Vec<Hold>,
    /// What is there afterwards.
    pub holds: Vec<Hold>,
}
