//! The way back of a release that failed after browsers could see it: what was served before is written again, and proven.

use super::apply::Apply;
use super::lease::Lease;
use super::public::{self, Pages};
use super::publish::{Publish, Published, Wanted, superseded};
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::static_site::served::Served;
use crate::domain::static_site::store::{Current, Kept};
use crate::domain::step::{StepId, Verb};

/// What was served by a pointer.
fn wanted(before: &Current) -> Wanted {
    let Current { release, digest, exclude, config, .. } = before.clone();
    Wanted { kept: Kept { release, digest, exclude }, config }
}

impl Apply<'_> {
    /// Brings back what was served before a release that failed, and says what became of that.
    pub(super) async fn bring_back(&self, failed: Failure, published: &Published) -> Failure {
        let Some((before, _)) = &published.before else { return nowhere(failed) };
        if wanted(before) == wanted(&published.current) {
            let reason = format!("{}, and it is what was served before", failed.reason);
            let hint = format!("`shipgate rollback {}` puts an older release there", self.run.environment);
            return Failure { outcome: Outcome::Broken, reason, ..failed }.hint(hint);
        }
        let step = self.step(Verb::RollBack);
        let back = self.run.events.step(&step, self.go_back(&step, before, published)).await;
        self.combined(failed, before, back)
    }

    async fn go_back(&self, step: &StepId, before: &Current, published: &Published) -> Result<(), Failure> {
        let wanted = wanted(before);
        let lease = Lease::take(self.run, self.site, &wanted.kept, step).await?;
        let written = self.write_back(step, &lease, &wanted, published).await;
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
        wanted: &Wanted,
        published: &Published,
    ) -> Result<Published, Failure> {
        let seen = self.site.store.current().await?;
        if seen.as_ref().is_none_or(|(_, version)| *version != published.version) {
            return Err(superseded(self.site));
        }
        let publish = Publish { run: self.run, site: self.site, step, lease };
        publish.execute(wanted, seen, || ()).await.map_err(|unpublished| unpublished.failure)
    }

    /// Proves that what was served before is served again. `left`: what was served in between.
    async fn serves_again(&self, step: &StepId, back: &Published, left: &Served) -> Result<(), Failure> {
        let config = back.current.config.as_ref();
        let pages = Pages { served: &back.served, before: Some(left), config, values: &[] };
        public::prove_back(self, step, &pages).await.map_err(|unproven| unproven.failure)?;
        self.run.events.result(step, format!("release {} is served again", back.current.release.short()));
        Ok(())
    }

    /// Puts the files of before back after a release was not written to its end. The lock is held, and the pointer never
    /// moved.
    pub(super) async fn restore_interrupted(&self, step: &StepId, lease: &Lease<'_>, failed: Failure) -> Failure {
        let seen = match self.site.store.current().await {
            Ok(Some(seen)) if Some(&seen.0) == self.facts.current.as_ref() => seen,
            Ok(None) => return nowhere(failed),
            Ok(Some(_)) => return superseded(self.site).cause(failed.brief()),
            Err(error) => return self.not_seen(failed, &Failure::from(error)),
        };
        let before = seen.0.clone();
        let publish = Publish { run: self.run, site: self.site, step, lease };
        let written = publish.execute(&wanted(&before), Some(seen), || ()).await;
        let back = match written {
            Ok(back) => self.invalidate(step, &back).await.map(drop),
            Err(unpublished) => Err(unpublished.failure),
        };
        self.combined(failed, &before, back)
    }

    fn combined(&self, failed: Failure, before: &Current, back: Result<(), Failure>) -> Failure {
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

    fn not_seen(&self, failed: Failure, why: &Failure) -> Failure {
        let reason = format!("{}, and what was served before is not seen to be served again", failed.reason);
        let failure = Failure { outcome: Outcome::Broken, reason, ..failed }.cause(why.brief());
        failure.hint(format!("run the same command again, or `shipgate rollback {}`", self.run.environment))
    }
}

/// Nothing of before is known.
fn nowhere(failed: Failure) -> Failure {
    let reason = format!("{}, and no release was served before that could be put back", failed.reason);
    Failure { outcome: Outcome::Broken, reason, ..failed }.hint("fix the release and deploy the fixed commit")
}
