//! Deletes the files that no release needs any more, once the new one is proven.

use std::time::Duration;

use super::lease::Lease;
use super::public;
use super::publish::{Published, superseded};
use super::site_run::SiteRun;
use crate::domain::failure::Failure;
use crate::domain::static_site::bundle::listed;
use crate::domain::static_site::served::Served;
use crate::domain::static_site::store::KeptRelease;
use crate::domain::static_site::sync::{deletes, of_releases};
use crate::domain::step::{StepId, StepVerb};

/// Maximum number of files that a warning names.
const NAMED: usize = 5;

/// Deletes what no kept release has. The release is served, deleted or not: what goes wrong is a warning.
pub async fn take(apply: &SiteRun<'_>, published: &Published) {
    let step = apply.step(StepVerb::CleanUp);
    let cleaned = apply.run.take(&step, clean_up(apply, &step, published)).await;
    if let Err(failure) = cleaned {
        let text = format!("files of former releases stay in bucket {}: {}", apply.site.target.bucket, failure.brief());
        apply
            .run
            .events
            .warning(text, failure.hints.first().cloned().or(Some("the next deploy tries again".to_owned())));
    }
}

async fn clean_up(apply: &SiteRun<'_>, step: &StepId, published: &Published) -> Result<(), Failure> {
    // Another run that has the lock deletes them, or the next one does: this run does not wait for it.
    let lease = apply.lock(&published.current.kept(), step, Duration::ZERO).await?;
    let cleaned = delete(apply, step, &lease, published).await;
    // What another run began meanwhile, and did not end, stays known.
    let is_finished = cleaned.is_ok() && !lease.is_after_unfinished();
    lease.give_back(is_finished).await;
    cleaned
}

async fn delete(apply: &SiteRun<'_>, step: &StepId, lease: &Lease<'_>, published: &Published) -> Result<(), Failure> {
    let (site, permit) = (apply.site, apply.run.writer.permit());
    let seen = site.store.current().await?;
    let Some((current, version)) = seen.filter(|(_, version)| *version == published.version) else {
        return Err(superseded(site));
    };
    let kept = all_of(apply, current.recent.get(1..).unwrap_or_default()).await?;
    let leaving = all_of(apply, &current.leaving).await?;
    let found = deletes(&published.served, &kept, &leaving);
    lease.renew().await?;
    let seen = site.bucket.look(&found.paths).await?;
    let (own, foreign) = of_releases(found.paths, &leaving, &seen);
    site.bucket.delete(&own, permit).await?;
    let current = current.without_leaving(found.gone);
    site.store.move_current(&current, Some(&version), permit).await?;
    apply.run.events.result(step, format!("{} files deleted", own.len()));
    if !foreign.is_empty() {
        let text =
            format!("files that no release needs were changed by hand, and stay: {}", listed(foreign.iter(), NAMED));
        apply.run.events.warning(text, Some("delete them by hand if they are not needed".to_owned()));
    }
    if let Some(refused) = &found.refused {
        apply.run.events.warning(refused.to_string(), Some("delete them by hand if they are not needed".to_owned()));
    }
    let gone = own.into_iter().collect();
    public::invalidate(apply, step, &gone, &current).await.map(drop)
}

/// What releases have in the bucket, of which each has to be known.
async fn all_of(apply: &SiteRun<'_>, kept: &[KeptRelease]) -> Result<Vec<Served>, Failure> {
    let read = kept.iter().map(async |one| Ok(Served::then(&apply.site.store.kept(one).await?.manifest, one)));
    futures_util::future::join_all(read).await.into_iter().collect()
}
