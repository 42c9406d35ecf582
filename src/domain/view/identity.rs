//! Whom AWS takes shipgate for.

use crate::domain::failure::Failure;
use crate::domain::role::{Caller, RoleArn, RolePurpose};
use crate::domain::token::Claims;

/// What is said of all environments.
#[derive(Debug)]
pub struct SeenIdentities {
    /// What the job's token says of it. `None`: it has none.
    pub claims: Option<Claims>,
    /// The environments asked for.
    pub environments: Vec<EnvironmentIdentities>,
}

/// What is said of an environment.
#[derive(Debug)]
pub struct EnvironmentIdentities {
    /// Its name.
    pub name: String,
    /// Who changes it, and who reads it where that is somebody else.
    pub identities: Vec<SeenIdentity>,
    /// Why nothing can be said.
    pub failure: Option<Failure>,
}

/// An identity for one purpose.
#[derive(Debug)]
pub struct SeenIdentity {
    /// The purpose.
    pub access: RolePurpose,
    /// The role. `None`: the ambient credentials.
    pub role: Option<RoleArn>,
    /// Whether it can be had here.
    pub entry: IdentityEntry,
}

/// Whether an identity can be had.
#[derive(Debug)]
pub enum IdentityEntry {
    /// AWS takes shipgate for this caller.
    Is(Caller),
    /// The configuration keeps this job out. The jobs that the role is for, in words: `jobs with environment: production`.
    ByDesign(String),
    /// It cannot.
    Refused(Failure),
}

impl SeenIdentity {
    /// Whom AWS takes shipgate for.
    pub fn caller(&self) -> Option<&Caller> {
        match &self.entry {
            IdentityEntry::Is(caller) => Some(caller),
            IdentityEntry::ByDesign(_) | IdentityEntry::Refused(_) => None,
        }
    }
}

impl SeenIdentities {
    /// Everything that is wrong, with the environment.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &Failure)> {
        self.environments.iter().flat_map(|environment| {
            let refused = environment.identities.iter().filter_map(|identity| match &identity.entry {
                IdentityEntry::Refused(failure) => Some(failure),
                IdentityEntry::Is(_) | IdentityEntry::ByDesign(_) => None,
            });
            environment.failure.iter().chain(refused).map(|failure| (environment.name.as_str(), failure))
        })
    }
}
