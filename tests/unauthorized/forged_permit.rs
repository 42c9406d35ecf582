//! Nobody but an authorized plan gives the permit.
//! error: E0451

use std::marker::PhantomData;

use shipgate::authorization::*;

pub fn forges(ecs: Ecs) -> EcsWriter<'static> {
    EcsWriter::new(ecs, Permit { _authorized: PhantomData })
}
