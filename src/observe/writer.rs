//! Sessions that may change an environment, and what opens them: a change that gates have let through.

use std::ops::Deref;

use super::{Cloud, Identities, cloud};
use crate::clients::aws::AwsError;
use crate::domain::failure::Failure;
use crate::domain::gate::Permit;
use crate::domain::names::RepositoryName;
use crate::domain::role::RolePurpose;
use crate::domain::target::EnvironmentTarget;

/// One environment's AWS in the session of the role that changes it. By itself it only reads.
#[derive(Debug)]
pub struct Writable {
    cloud: Cloud,
}

/// The session of a command that changes an environment, or only plans to.
#[derive(Debug)]
pub enum WriterSession {
    /// It plans, with the role that reads.
    Reads(Cloud),
    /// It may change something once that is authorized.
    Changes(Writable),
}

/// One environment's AWS for an authorized change.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    cloud: &'a Cloud,
    permit: Permit<'a>,
}

impl Writable {
    /// Assumes the role that changes an environment.
    ///
    /// # Errors
    ///
    /// As `observe::cloud`.
    pub async fn enter(identities: &Identities<'_>, target: &EnvironmentTarget) -> Result<Self, Failure> {
        Ok(Self { cloud: cloud(identities, target, RolePurpose::Change).await? })
    }

    /// What changes the environment, for as long as the authorized change is at hand.
    pub fn open<'a>(&'a self, permit: Permit<'a>) -> Writer<'a> {
        Writer { cloud: &self.cloud, permit }
    }
}

impl WriterSession {
    /// Assumes the role that a command needs from start to end.
    ///
    /// # Errors
    ///
    /// As `observe::cloud`.
    pub async fn enter(
        identities: &Identities<'_>,
        target: &EnvironmentTarget,
        access: RolePurpose,
    ) -> Result<Self, Failure> {
        Ok(match access {
            RolePurpose::Read => Self::Reads(cloud(identities, target, access).await?),
            RolePurpose::Change => Self::Changes(Writable::enter(identities, target).await?),
        })
    }
}

impl<'a> Writer<'a> {
    /// The proof that the change is authorized.
    pub fn permit(self) -> Permit<'a> {
        self.permit
    }

    /// What reads the same environment.
    pub fn cloud(self) -> &'a Cloud {
        self.cloud
    }

    /// Creates a repository of images. That somebody was faster is fine.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn create_repository(self, name: &RepositoryName) -> Result<(), AwsError> {
        self.cloud.ecr.create_repository(name, self.permit).await
    }
}

impl Deref for Writable {
    type Target = Cloud;

    fn deref(&self) -> &Cloud {
        &self.cloud
    }
}

impl Deref for WriterSession {
    type Target = Cloud;

    fn deref(&self) -> &Cloud {
        match self {
            Self::Reads(cloud) => cloud,
            Self::Changes(writable) => writable,
        }
    }
}

#[cfg(test)]
impl From<Cloud> for Writable {
    fn from(cloud: Cloud) -> Self {
        Self { cloud }
    }
}
