//! No caller chooses which gates are asked: verdicts authorize nothing.
//! error: E0308

use shipgate::authorization::*;

pub fn authorizes(plan: WholePlan, gates: &[Gate]) {
    let _authorized = authorize(plan, gates);
}
