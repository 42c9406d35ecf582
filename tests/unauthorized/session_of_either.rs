//! Nor does a session of which is not known whether it is the one that changes.
//! error: E0599

use shipgate::authorization::*;

pub fn opens<'a>(session: &'a WriterSession, authorized: &'a Authorized<WholePlan>) {
    let _writer = session.open(authorized.permit());
}
