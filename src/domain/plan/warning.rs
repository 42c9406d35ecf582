//! What is odd about a plan, and stops nothing.

use super::difference::PlanChange;

/// Something about a plan to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanWarning {
    /// What.
    pub text: String,
    /// The differences that it is about.
    pub changes: Vec<PlanChange>,
    /// What to do.
    pub hint: Option<String>,
}
