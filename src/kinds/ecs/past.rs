//! The revisions of a service's family, newest first, as far back as somebody has to look.

use crate::domain::ecs::history;
use crate::domain::ecs::plan::EcsFacts;
use crate::domain::ecs::service::{Service, TaskRevision};
use crate::domain::ecs::target::EcsTarget;
use crate::domain::failure::Failure;
use crate::domain::limits::REVISIONS;
use crate::domain::release::ReleaseName;
use crate::observe::Cloud;

/// Number of revisions that are described before asking whether that is enough.
const AT_A_TIME: usize = 20;

/// Maximum number of releases that a rollback goes back by itself.
const RELEASES_BACK: usize = 10;

/// Revisions of a service's family.
#[derive(Debug)]
pub struct RevisionPages {
    /// The newest, newest first.
    pub revisions: Vec<TaskRevision>,
    /// Whether there are no others.
    pub is_all: bool,
}

/// The revisions that a rollback chooses from: to the baseline all of them.
///
/// # Errors
///
/// A call failed.
pub async fn for_rollback(
    cloud: &Cloud,
    facts: &EcsFacts,
    target: &EcsTarget,
    release: Option<&ReleaseName>,
) -> Result<RevisionPages, Failure> {
    let (live, container) = (&facts.live, &target.container);
    let is_enough = |past: &[TaskRevision]| match release {
        Some(ReleaseName::Baseline) => false,
        Some(release) => history::of_release(past, release, container).is_some(),
        None => history::earlier(live, past, container).len() >= RELEASES_BACK,
    };
    read(cloud, &facts.service, live.definition.family(), is_enough).await
}

/// Looks at ever older revisions until it is enough, or there is no more.
///
/// # Errors
///
/// A call failed.
pub async fn revisions(
    cloud: &Cloud,
    service: &Service,
    family: &str,
    is_enough: impl Fn(&[TaskRevision]) -> bool,
) -> Result<Vec<TaskRevision>, Failure> {
    Ok(read(cloud, service, family, is_enough).await?.revisions)
}

async fn read(
    cloud: &Cloud,
    service: &Service,
    family: &str,
    is_enough: impl Fn(&[TaskRevision]) -> bool,
) -> Result<RevisionPages, Failure> {
    let arns = cloud.ecs().newest_revisions(family, REVISIONS.count()).await?;
    let mut past = Vec::new();
    for some in arns.chunks(AT_A_TIME) {
        past.extend(cloud.ecs().revisions(some.to_vec(), &service.arn).await?);
        if is_enough(&past) {
            break;
        }
    }
    let is_all = past.len() == arns.len() && arns.len() < REVISIONS.count();
    Ok(RevisionPages { revisions: past, is_all })
}
