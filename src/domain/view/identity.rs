//! Whom AWS takes shipgate for.

use crate::domain::failure::Failure;
use crate::domain::role::{Access, Caller, RoleArn};
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
    /// Who changes it, and who looks at it where that is somebody else.
    pub identities: Vec<SeenIdentity>,
    /// Why nothing can be said.
    pub failure: Option<Failure>,
}

/// Who we are for one purpose.
#[derive(Debug)]
pub struct SeenIdentity {
    /// The purpose.
    pub access: Access,
    /// The role. `None`: the ambient credentials.
    pub role: Option<RoleArn>,
    /// Whom AWS takes us for, or why nobody.
    pub caller: Result<Caller, Failure>,
}

impl SeenIdentities {
    /// Everything that is wrong, with the environment.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &Failure)> {
        self.environments.iter().flat_map(|environment| {
            let identities = environment.identities.iter().filter_map(|identity| identity.caller.as_ref().err());
            environment.failure.iter().chain(identities).map(|failure| (environment.name.as_str(), failure))
        })
    }
}
