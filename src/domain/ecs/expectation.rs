//! What must be running for a release to be called deployed.

use super::ids::RevisionArn;
use super::task_definition::{Supervision, TaskDefinition};
use crate::domain::ecs::names::ContainerName;
use crate::domain::image::Digest;

/// What must be running for a release to be called deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The revision that the primary deployment must have.
    pub task_definition: RevisionArn,
    /// The container that has the image.
    pub container: ContainerName,
    /// What ECS does about that container.
    pub supervision: Supervision,
    /// The digests that a running container may show: the image's own, or for an index those of its platforms.
    pub digests: Vec<Digest>,
    /// Whether any image will do that the revision leads to: it is pinned to none, and shipgate did not register it.
    pub any_image: bool,
}

impl Expectation {
    /// A revision by ARN with its content, the container that has the image, and the digests that it may show.
    pub fn new(
        task_definition: &RevisionArn,
        definition: &TaskDefinition,
        container: &ContainerName,
        digests: Vec<Digest>,
    ) -> Self {
        Self {
            task_definition: task_definition.clone(),
            container: container.clone(),
            supervision: definition.supervision(container),
            digests,
            any_image: false,
        }
    }

    /// Whether a running container may show a digest.
    pub fn accepts(&self, digest: &Digest) -> bool {
        self.any_image || self.digests.contains(digest)
    }
}
