//! The way back of a release that failed after browsers could see it: what was served before is written again, and proven.

use std::collections::BTreeSet;

use super::lease::Lease;
use super::public::{self, Pages};
use super::publish::{Publish, PublishRequest, Published, superseded};
use super::site_run::SiteRun;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::static_site::plan::was_proven;
use crate::domain::static_site::served::Served;
use crate::domain::static_site::store::{CurrentRelease, KeptRelease, SiteLedgerEntry};
use crate::domain::step::{StepId, StepVerb};

/// What was served by a pointer.
fn wanted(before: &CurrentRelease) -> PublishRequest {
    PublishRequest { kept: before.kept(), config: before.config.clone() }
}

/// What was served before, and can be put back.
#[derive(Debug, Clone)]
pub struct Former {
    wanted: PublishRequest,
    /// Its files.
    pub served: Served,
}

/// Number of entries of the ledger that are read for how a release was configured.
const ENTRIES_READ: usize = 50;

impl SiteRun<'_> {
    /// What is served before this run, or was before an earlier run put this same release there and did not prove it.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub(super) async fn former(&self) -> Result<Option<Former>, Failure> {
        let Some(current) = &self.facts.current else { return Ok(None) };
        let wanted = if self.plan.is_current(self.facts, &self.run.release) {
            let Some(earlier) = self.earlier(current).await? else { return Ok(None) };
            earlier
        } else {
            wanted(current)
        };
        let stored = self.site.store.kept(&wanted.kept).await?;
        let served = Served::new(&stored.manifest, &wanted.kept.exclude, wanted.config.as_ref());
        Ok(Some(Former { wanted, served }))
    }

    /// What was served before the release that the pointer leads to. `None`: that is proven, or was, so nothing goes back
    /// from it.
    async fn earlier(&self, current: &CurrentRelease) -> Result<Option<PublishRequest>, Failure> {
        let Some(kept) = current.recent.get(1).filter(|_| !self.facts.is_proven()) else { return Ok(None) };
        let entries = self.site.store.entries(ENTRIES_READ).await?.readable;
        if was_proven(&entries, current) {
            return Ok(None);
        }
        let is_of_it = |entry: &SiteLedgerEntry| entry.release == kept.release && entry.filled == kept.filled;
        let entry = entries.into_iter().find(|entry| entry.succeeded() && is_of_it(entry));
        Ok(Some(PublishRequest { kept: kept.clone(), config: entry.and_then(|entry| entry.config) }))
    }

    /// Brings back what was served before a release that failed, and says what became of that.
    pub(super) async fn bring_back(&self, failed: Failure, published: &Published, former: Option<&Former>) -> Failure {
        let Some(Former { wanted, .. }) = former else {
            // Without a release before it there is none to name.
            let has_older = self.facts.served_beside(&self.run.release).is_some();
            let is_same = has_older && self.plan.is_current(self.facts, &self.run.release);
            return if is_same { self.same(failed) } else { self.nowhere(failed) };
        };
        let step = self.step(StepVerb::RollBack);
        let back = self.run.events.step(&step, self.go_back(&step, wanted, published)).await;
        self.combined(failed, &wanted.kept, back)
    }

    async fn go_back(&self, step: &StepId, wanted: &PublishRequest, published: &Published) -> Result<(), Failure> {
        let lease = self.lock(&wanted.kept, step, self.site.target.timeout).await?;
        let written = self.write_back(step, &lease, wanted, published).await;
        lease.give_back(written.is_ok()).await;
        let back = written?;
        let invalidation = self.invalidate(step, &back).await?;
        public::wait(self, step, invalidation.as_ref()).await;
        self.serves_again(step, &back, &published.served).await
    }

    async fn write_back(
        &self,
        step: &StepId,
        lease: &Lease<'_>,
        wanted: &PublishRequest,
        published: &Published,
    ) -> Result<Published, Failure> {
        let seen = self.site.store.current().await?;
        if seen.as_ref().is_none_or(|(_, version)| *version != published.version) {
            return Err(superseded(self.site));
        }
        let publish = Publish { run: self.run, site: self.site, step, lease, is_suspect: true, bundle: None };
        publish.execute(wanted, seen, || ()).await.map_err(|unpublished| unpublished.failure)
    }

    /// Proves that what was served before is served again. `left`: what was served in between.
    async fn serves_again(&self, step: &StepId, back: &Published, left: &Served) -> Result<(), Failure> {
        let config = back.current.config.as_ref();
        // It was proven when it was put there, and what it names may be gone since: that is asked for.
        let left_over = BTreeSet::new();
        let pages = Pages { served: &back.served, before: Some(left), config, values: &[], left_over: &left_over };
        public::prove_back(self, step, &pages).await.map_err(|unproven| unproven.failure)?;
        self.run.events.result(step, format!("release {} is served again", back.current.release.short()));
        Ok(())
    }

    /// Puts the files of before back after a release was not written to its end. The lock is held, and the pointer never
    /// moved. `None`: nothing was served before.
    ///
    /// # Errors
    ///
    /// The pointer is not the one that was planned with, or something cannot be read or written.
    pub(super) async fn restore(&self, step: &StepId, lease: &Lease<'_>) -> Result<Option<Published>, Failure> {
        let Some(seen) = self.site.store.current().await? else { return Ok(None) };
        if Some(&seen.0) != self.facts.current.as_ref() {
            return Err(superseded(self.site));
        }
        let before = wanted(&seen.0);
        let publish = Publish { run: self.run, site: self.site, step, lease, is_suspect: true, bundle: None };
        let written = publish.execute(&before, Some(seen), || ()).await;
        written.map(Some).map_err(|unpublished| unpublished.failure)
    }

    /// Proves what [`Self::restore`] has put back, and says what became of the release. `left`: what was not written to its
    /// end.
    pub(super) async fn restored(
        &self,
        step: &StepId,
        left: &PublishRequest,
        failed: Failure,
        back: Result<Option<Published>, Failure>,
    ) -> Failure {
        let failure = match back {
            Ok(None) => self.nowhere(failed),
            Ok(Some(back)) => {
                let proven = self.prove_restored(step, left, &back).await;
                self.combined(failed, &wanted(&back.current).kept, proven)
            }
            Err(why) if why.outcome == Outcome::Superseded => why.cause(failed.brief()),
            Err(why) => self.not_seen(failed, &why),
        };
        if failure.outcome != Outcome::Superseded {
            self.write_entry(left, failure.outcome).await;
        }
        failure
    }

    async fn prove_restored(&self, step: &StepId, left: &PublishRequest, back: &Published) -> Result<(), Failure> {
        let invalidation = self.invalidate(step, back).await?;
        public::wait(self, step, invalidation.as_ref()).await;
        let stored = self.site.store.kept(&left.kept).await?;
        let left = Served::new(&stored.manifest, &left.kept.exclude, left.config.as_ref());
        self.serves_again(step, back, &left).await
    }

    fn combined(&self, failed: Failure, before: &KeptRelease, back: Result<(), Failure>) -> Failure {
        match back {
            Ok(()) => {
                let reason = format!("{}; release {} is served again", failed.reason, before.release.short());
                let hint = if self.plan.restores.is_some() {
                    "what was to be rolled back is served again: name another release with `shipgate rollback --release`"
                } else {
                    "fix the release and deploy the fixed commit"
                };
                Failure { outcome: Outcome::RolledBack, reason, ..failed }.hint(hint)
            }
            Err(why) if why.outcome == Outcome::Superseded => why.cause(failed.brief()),
            Err(why) => self.not_seen(failed, &why),
        }
    }

    /// What failed is what was served before, so there is nothing to put in its place.
    fn same(&self, failed: Failure) -> Failure {
        let reason = format!("{}, and it is what was served before", failed.reason);
        let hint = format!("`shipgate rollback {}` puts an older release there", self.run.environment);
        Failure { outcome: Outcome::Broken, reason, ..failed }.hint(hint)
    }

    /// Nothing of before is known, or it is of no release.
    fn nowhere(&self, failed: Failure) -> Failure {
        let reason = format!("{}, and no release was served before that could be put back", failed.reason);
        let failure = Failure { outcome: Outcome::Broken, reason, ..failed };
        let failure = failure.hint("fix the release and deploy the fixed commit");
        if self.facts.has_foreign {
            failure.hint(format!(
                "or put the files that bucket {} had before back from a copy: shipgate has none",
                self.site.target.bucket
            ))
        } else {
            failure
        }
    }

    fn not_seen(&self, failed: Failure, why: &Failure) -> Failure {
        let reason = format!("{}, and what was served before is not seen to be served again", failed.reason);
        let failure = Failure { outcome: Outcome::Broken, reason, ..failed }.cause(why.brief());
        failure.hint(format!("run the same command again, or `shipgate rollback {}`", self.run.environment))
    }
}
