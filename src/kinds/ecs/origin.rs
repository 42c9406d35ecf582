//! What is written of an image that a deploy finds in its repository: in the ledger of a service, and on the service.

use super::observe::{self, REVISIONS_READ};
use crate::domain::ecs::evidence::recorded_by;
use crate::domain::ecs::ids::{RevisionArn, ServiceArn};
use crate::domain::ecs::plan::EcsFacts;
use crate::domain::ecs::target::EcsTarget;
use crate::domain::failure::Failure;
use crate::domain::image::Digest;
use crate::domain::origin::{ANNOUNCED, Announcement, ImageRecords};
use crate::domain::release::ReleaseName;
use crate::observe::{Cloud, Writer};

/// Number of revisions that are described before asking whether one of them is it.
const AT_A_TIME: usize = 5;

/// What a service and the newest `most` revisions of its family say of an image, beside those that were seen already.
/// Nothing: the service does not exist.
///
/// # Errors
///
/// They cannot be read.
pub async fn records(
    cloud: &Cloud,
    target: &EcsTarget,
    seen: Option<&EcsFacts>,
    (release, digest): (&ReleaseName, &Digest),
    most: usize,
) -> Result<ImageRecords, Failure> {
    let (service, live, listed) = if let Some(facts) = seen {
        (facts.service.clone(), facts.live.clone(), facts.listed.clone())
    } else {
        let found = cloud.ecs().service_if_any(&target.cluster, &target.service).await?;
        let Some((service, _)) = found.filter(|(service, _)| service.primary().is_some()) else {
            return Ok(ImageRecords::default());
        };
        let live = observe::live_revision(cloud, target, &service).await?;
        (service, live, Vec::new())
    };
    let announced = service.announced.clone();
    let live_records = recorded_by([&live], &target.container, release, digest);
    if live_records.is_some() {
        return Ok(ImageRecords { recorded: live_records, announced });
    }
    let mut arns = match seen {
        Some(_) if most <= REVISIONS_READ => listed,
        _ => cloud.ecs().newest_revisions(live.definition.family(), most).await?,
    };
    let is_seen = |arn: &RevisionArn| seen.is_some_and(|facts| facts.others.iter().any(|other| other.arn == *arn));
    arns.retain(|arn| *arn != live.arn && !is_seen(arn));
    arns.truncate(most);
    let mut recorded = None;
    for some in arns.chunks(AT_A_TIME) {
        let revisions = cloud.ecs().revisions(some.to_vec(), &service.arn).await?;
        recorded = recorded_by(&revisions, &target.container, release, digest);
        if recorded.is_some() {
            break;
        }
    }
    Ok(ImageRecords { recorded, announced })
}

/// Writes on a service that an image is about to be pushed, in the place of what an earlier run wrote.
///
/// # Errors
///
/// The call failed.
pub async fn announce(
    writer: Writer<'_>,
    service_arn: &ServiceArn,
    announcement: &Announcement,
) -> Result<(), Failure> {
    Ok(writer.ecs().tag(service_arn, &[announcement.tag()]).await?)
}

/// Takes that off again.
///
/// # Errors
///
/// The call failed.
pub async fn retire(writer: Writer<'_>, service_arn: &ServiceArn) -> Result<(), Failure> {
    Ok(writer.ecs().untag(service_arn, &[ANNOUNCED.to_owned()]).await?)
}
