//! After a rollback: does the previous revision serve again?

use crate::clients::aws::AwsError;
use crate::clients::ecs::WhichTasks;
use crate::clients::registry::Registry;
use crate::domain::ecs::expectation::Expectation;
use crate::domain::ecs::ids::RevisionArn;
use crate::domain::ecs::names::ContainerName;
use crate::domain::ecs::service::{Task, TaskRevision};
use crate::domain::ecs::target::EcsTarget;
use crate::domain::image::Digest;
use crate::observe::Cloud;

/// What the previous revision is read back by, as the new one is: the service's tasks, and that every one has the digest that
/// it is pinned to.
///
/// # Errors
///
/// The tasks cannot be listed.
pub async fn facts(
    cloud: &Cloud,
    registry: &Registry,
    target: &EcsTarget,
    revision: &TaskRevision,
) -> Result<(Expectation, Vec<Task>), AwsError> {
    let container = &target.container;
    let tasks = cloud.ecs().tasks(&target.cluster, &target.service, WhichTasks::MeantToRun).await?;
    let running = running_digests(&tasks, &revision.arn, container);
    let digests = accepted(registry, revision, container, running).await;
    Ok((Expectation::new(&revision.arn, &revision.definition, container, digests), tasks))
}

/// The digests that may run: where the image is not pinned, whatever its tag leads to; else the pinned one, and where
/// something else runs, those of its platforms, if it is an index.
async fn accepted(
    registry: &Registry,
    revision: &TaskRevision,
    container: &ContainerName,
    running: Vec<Digest>,
) -> Vec<Digest> {
    let Ok(image) = revision.definition.image_of(container) else {
        return Vec::new();
    };
    let Some(pinned) = image.digest else {
        return running;
    };
    if running.iter().all(|digest| *digest == pinned) {
        return vec![pinned];
    }
    let mut digests = registry.platforms(&image.repository, &pinned).await.unwrap_or_default();
    digests.push(pinned);
    digests
}

fn running_digests(tasks: &[Task], revision: &RevisionArn, container: &ContainerName) -> Vec<Digest> {
    let of_revision = tasks.iter().filter(|task| task.revision == *revision);
    of_revision.filter_map(|task| task.container(container.as_str())?.digest.clone()).collect()
}
