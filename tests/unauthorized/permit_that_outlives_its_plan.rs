//! The permit ends with the plan that it is for.
//! error: E0515

use shipgate::authorization::*;

pub fn keeps(plan: Authorized<WholePlan>) -> Permit<'static> {
    plan.permit()
}
