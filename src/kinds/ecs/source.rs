//! Looks at an ECS service of the environment that is promoted from.

use super::observe::{live_revision, service};
use super::past;
use crate::clients::ecs::WhichTasks;
use crate::clients::registry::Registry;
use crate::domain::ecs::service::{Task, TaskRevision};
use crate::domain::ecs::soak::{self, LiveRevision};
use crate::domain::ecs::source::{self, SourceFacts};
use crate::domain::ecs::target::EcsTarget;
use crate::domain::failure::Failure;
use crate::domain::image::Digest;
use crate::domain::promotion::{LedgerSearch, UnbrokenRun};
use crate::domain::release::GitSha;
use crate::observe::Cloud;

/// The service with its tasks.
///
/// # Errors
///
/// It is missing or cannot be looked at.
pub async fn facts(cloud: &Cloud, registry: &Registry, target: &EcsTarget) -> Result<SourceFacts, Failure> {
    let service = service(cloud, target).await?;
    let live = live_revision(cloud, target, &service).await?;
    let tasks = cloud.ecs().tasks(&target.cluster, &target.service, WhichTasks::MeantToRun).await?;
    let platforms = platforms(registry, &live, target, &tasks).await?;
    Ok(SourceFacts { service, live, tasks, platforms })
}

/// The same service once more, read as running what it was seen to run before.
///
/// # Errors
///
/// It is missing or cannot be looked at.
pub async fn facts_again(
    cloud: &Cloud,
    registry: &Registry,
    target: &EcsTarget,
    before: &SourceFacts,
) -> Result<SourceFacts, Failure> {
    let service = service(cloud, target).await?;
    let live = before.live.clone();
    let tasks = cloud.ecs().tasks(&target.cluster, &target.service, WhichTasks::MeantToRun).await?;
    let of_live: Vec<Task> = tasks.iter().filter(|task| task.revision == live.arn).cloned().collect();
    let platforms = platforms(registry, &live, target, &of_live).await?;
    Ok(SourceFacts { service, live, tasks, platforms })
}

/// What the ledger says of a release.
///
/// # Errors
///
/// The ledger cannot be read.
pub async fn recorded(
    cloud: &Cloud,
    facts: &SourceFacts,
    target: &EcsTarget,
    release: &GitSha,
) -> Result<LedgerSearch, Failure> {
    let find = |past: &[TaskRevision]| source::recorded(past, &target.container, release);
    let is_enough = |past: &[TaskRevision]| find(past).recorded.is_some();
    let past = past::revisions(cloud, &facts.service, facts.live.definition.family(), is_enough).await?;
    Ok(find(&past))
}

/// Since when the service runs a digest without a break.
///
/// # Errors
///
/// The ledger cannot be read.
pub async fn ran(
    cloud: &Cloud,
    facts: &SourceFacts,
    target: &EcsTarget,
    digest: &Digest,
    runs: bool,
) -> Result<UnbrokenRun, Failure> {
    let since = facts.service.primary().and_then(|primary| primary.created);
    let live = Some(LiveRevision { revision: &facts.live.arn, since }).filter(|_| runs);
    let is_enough = |past: &[TaskRevision]| soak::is_complete(past, live, &target.container, digest);
    let past = past::revisions(cloud, &facts.service, facts.live.definition.family(), is_enough).await?;
    Ok(soak::unbroken(&past, live, &target.container, digest))
}

/// The platforms of the pinned index, asked only where a task shows something else than what is pinned.
async fn platforms(
    registry: &Registry,
    live: &TaskRevision,
    target: &EcsTarget,
    tasks: &[Task],
) -> Result<Vec<Digest>, Failure> {
    let Some(image) = live.definition.image_of(&target.container).ok() else { return Ok(Vec::new()) };
    let Some(pinned) = image.digest else { return Ok(Vec::new()) };
    let shown = |task: &Task| task.container(target.container.as_str())?.digest.clone();
    if tasks.iter().filter_map(shown).all(|digest| digest == pinned) {
        return Ok(Vec::new());
    }
    Ok(registry.platforms(&image.repository, &pinned).await?)
}
