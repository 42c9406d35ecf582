//! IAM documents: who may become a role, and what a role may do.

pub mod condition;
pub mod diagnosis;
pub mod guard;
pub mod policy;
pub mod rights;
pub mod trust;
