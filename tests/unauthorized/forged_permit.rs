//! Only an authorized plan gives the permit.
//! error: E0451

use std::marker::PhantomData;

use shipgate::authorization::*;

pub fn forges(session: &Writable) {
    let _writer = session.open(Permit { _authorized: PhantomData });
}
