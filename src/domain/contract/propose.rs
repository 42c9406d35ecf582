//! Writes a contract from what the environments have today: names and flags, never what comes from a value.

use super::values::Values;
use crate::domain::names::{ComponentName, EnvironmentName};

/// What a contract is proposed from.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    /// The component.
    pub component: &'a ComponentName,
    /// The environments that were read, in the order of the file.
    pub environments: &'a [(EnvironmentName, Values)],
    /// The environments that are promoted to, each with the one that its releases come from.
    pub promotes: &'a [(EnvironmentName, EnvironmentName)],
    /// Whether all environments were read. Otherwise nothing is said of all.
    pub is_all: bool,
    /// Whether such a component takes its secrets as references.
    pub has_references: bool,
}

/// A table `[contract.NAME]` as text for the configuration file.
pub fn propose(observed: &Observed<'_>) -> String {
    format!("[contract.{}]\n", observed.component)
}
