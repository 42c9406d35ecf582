//! The session of the role that reads opens nothing that writes, not even for an authorized plan.
//! error: E0599

use shipgate::authorization::*;

pub fn opens<'a>(session: &'a Cloud, authorized: &'a Authorized<WholePlan>) {
    let _writer = session.open(authorized.permit());
}
