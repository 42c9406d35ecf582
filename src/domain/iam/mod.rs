//! IAM documents: who may assume a role, and what a role may do.

pub mod condition;
pub mod diagnosis;
#[cfg(test)]
mod documented;
pub mod guard;
pub mod jobs;
pub mod keys;
pub mod policy;
pub mod rights;
pub mod standing;
pub mod trust;
pub mod workflow_ref;
