//! Only the gates make an authorized plan.
//! error: E0451

use shipgate::authorization::*;

pub fn forges(plan: WholePlan) -> Authorized<WholePlan> {
    Authorized { change: plan, gates: Vec::new(), approvers: Vec::new() }
}
