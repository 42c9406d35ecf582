//! After a rollback: does the previous revision serve again?

use crate::clients::ecs::WhichTasks;
use crate::clients::registry::Registry;
use crate::domain::ecs::read_back::{Expectation, ReadBack, read_back};
use crate::domain::ecs::service::{Revision, Service, Task};
use crate::domain::image::Digest;
use crate::domain::names::ContainerName;
use crate::domain::target::EcsTarget;
use crate::observe::Cloud;

/// Reads the previous revision back as ours would be: every task, with the digest that it is pinned to. What cannot be
/// looked at now is [`ReadBack::NotYet`].
pub async fn serves(
    cloud: &Cloud,
    registry: &Registry,
    target: &EcsTarget,
    revision: &Revision,
    service: &Service,
) -> ReadBack {
    let tasks = match cloud.ecs.tasks(&target.cluster, &target.service, WhichTasks::MeantToRun).await {
        Ok(tasks) => tasks,
        Err(failure) => return ReadBack::NotYet(failure.brief()),
    };
    let running = running_digests(&tasks, &revision.arn, &target.container);
    let expected = Expectation {
        task_definition: revision.arn.clone(),
        container: target.container.clone(),
        digests: accepted(registry, revision, &target.container, running).await,
    };
    read_back(&expected, service, &tasks)
}

/// The digests that may run: where the image is not pinned, whatever its tag leads to; else the pinned one, and where
/// something else runs, those of its platforms, if it is an index.
async fn accepted(
    registry: &Registry,
    revision: &Revision,
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

fn running_digests(tasks: &[Task], revision: &str, container: &ContainerName) -> Vec<Digest> {
    let of_revision = tasks.iter().filter(|task| task.revision == revision);
    of_revision.filter_map(|task| task.container(container.as_str())?.digest.clone()).collect()
}
