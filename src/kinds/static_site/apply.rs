//! Carries out the plan of one site.
//!
//! lock → the pointer is still the plan's → files, wave by wave → read back → pointer → invalidation → proof through the
//! public address → probes → ledger → files that no release needs are deleted. A release whose pages are wrong is left
//! again for the one before it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::clean_up;
use super::cloudfront::InvalidationId;
use super::lease::Lease;
use super::public::{self, Pages, Unproven};
use super::publish::{Publish, PublishRequest, Published, Unpublished, superseded};
use super::roll_back::Former;
use super::site_run::SiteRun;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::plan::PlanError;
use crate::domain::settle::OnFailure;
use crate::domain::static_site::bundle::SitePath;
use crate::domain::static_site::plan::forgets;
use crate::domain::static_site::served::Served;
use crate::domain::static_site::store::{CurrentRelease, KeptRelease, SiteLedgerEntry};
use crate::domain::step::{StepId, StepVerb};
use crate::kinds::{Applied, ApplyRun};
use crate::verify::Prober;

/// Why what is served already is not verified.
struct Unverified {
    failure: Failure,
    /// Whether the public address was asked. Otherwise nothing is known that was not known before.
    is_asked: bool,
}

impl From<Failure> for Unverified {
    fn from(failure: Failure) -> Self {
        Self { failure, is_asked: false }
    }
}

impl AsRef<Failure> for Unverified {
    fn as_ref(&self) -> &Failure {
        &self.failure
    }
}

impl SiteRun<'_> {
    /// Carries out the plan and verifies what is served then.
    pub async fn apply(self) -> Applied {
        let result = Box::pin(self.execute()).await;
        Applied { changed: self.changed.get(), result }
    }

    /// Takes the lock, and waits so long for it. `release`: what is to be put there.
    pub(super) async fn lock(
        &self,
        release: &KeptRelease,
        step: &StepId,
        longest: Duration,
    ) -> Result<Lease<'_>, Failure> {
        Lease::take((self.run, self.site), (&self.owner, release), step, longest).await
    }

    fn kept(&self) -> Result<KeptRelease, Failure> {
        let digest = self.plan.digest.now().map_err(PlanError::from)?.clone();
        let (exclude, filled) = (self.plan.exclude.clone(), self.plan.filled.clone());
        Ok(KeptRelease { release: self.run.release.clone(), digest, exclude, filled })
    }

    async fn execute(&self) -> Result<Outcome, Failure> {
        if self.plan.is_served(self.facts, &self.run.release) {
            return self.verify().await;
        }
        let wanted = PublishRequest { kept: self.kept()?, config: self.plan.config.clone() };
        let former = self.former().await?;
        let step = self.step(StepVerb::Publish);
        let published = self.run.take(&step, self.publish(&step, &wanted)).await?;
        let result = match self.prove(&published, former.as_ref()).await {
            Ok(()) => Ok(Outcome::Deployed),
            Err(unproven) => Err(self.aftermath(unproven, &published, former.as_ref()).await),
        };
        self.write_entry(&wanted, result.as_ref().map_or_else(|failure| failure.outcome, |outcome| *outcome)).await;
        if result.is_ok() && forgets(&self.site.target, self.facts, &self.run.release) {
            clean_up::take(self, &published).await;
        }
        result
    }

    /// Writes the release. What fails after pages were written is brought back at once. Whatever happens, the lock is given
    /// back.
    async fn publish(&self, step: &StepId, wanted: &PublishRequest) -> Result<Published, Failure> {
        let lease = self.lock(&wanted.kept, step, self.site.target.timeout).await?;
        match self.write(step, &lease, wanted).await {
            Ok(published) => {
                lease.give_back(true).await;
                let invalidation = self.invalidate(step, &published).await?;
                Ok(Published { invalidation, ..published })
            }
            Err(Unpublished { failure, is_seen: true }) => {
                let back = self.restore(step, &lease).await;
                lease.give_back(matches!(back, Ok(Some(_)))).await;
                Err(self.restored(step, wanted, failure, back).await)
            }
            // What it has begun is known to the next run, as is what runs before it did not end.
            Err(Unpublished { failure, is_seen: false }) => {
                lease.give_back(false).await;
                self.change_refused();
                Err(failure)
            }
        }
    }

    async fn write(&self, step: &StepId, lease: &Lease<'_>, wanted: &PublishRequest) -> Result<Published, Unpublished> {
        let seen = self.site.store.current().await?;
        if seen.as_ref().map(|(current, _)| current) != self.facts.current.as_ref() {
            let reason = format!("site `{}` was changed since the plan", self.site.target.bucket);
            let failure = Failure::new(Outcome::Stale, reason);
            return Err(failure.hint("run it again: it plans from what is served now").into());
        }
        if let Some(bytes) = self.config {
            self.site.store.put_bytes(bytes.to_vec().into(), self.run.writer.permit()).await?;
        }
        let is_suspect = !self.facts.is_proven();
        let Self { run, site, bundle, .. } = *self;
        let publish = Publish { run, site, step, lease, is_suspect, bundle };
        publish.execute(wanted, seen, || self.change_started()).await
    }

    fn change_started(&self) {
        self.changed.set(true);
        let component = self.site.target.name.clone();
        let continues = format!("{component} may have files of both releases: the same command goes on");
        self.run.events.emit(RunEvent::ChangeStarted { component, continues });
    }

    fn change_refused(&self) {
        if self.changed.replace(false) {
            self.run.events.emit(RunEvent::ChangeRefused { component: self.site.target.name.clone() });
        }
    }

    /// Lets the distribution forget what it may have of before. A run that ended between the pointer and this left that to
    /// the next one, so all that changes from release to release counts then.
    pub(super) async fn invalidate(
        &self,
        step: &StepId,
        published: &Published,
    ) -> Result<Option<InvalidationId>, Failure> {
        let mut stale: BTreeSet<SitePath> = published.stale.clone();
        if !self.facts.is_proven() {
            stale.extend(published.served.mutable().cloned());
        }
        public::invalidate(self, step, &stale, &published.current).await
    }

    /// What is served is this release, as browsers get it.
    async fn prove(&self, published: &Published, former: Option<&Former>) -> Result<(), Unproven> {
        let before = former.map(|former| &former.served);
        let step = self.step(StepVerb::Prove);
        let left_over = self.left_over(published).await;
        let pages = self.pages(&published.served, before, &left_over);
        let prove = async {
            public::wait(self, &step, published.invalidation.as_ref()).await;
            public::prove(self, &step, &pages).await
        };
        self.run.take(&step, prove).await?;
        self.ask_probes().await.map_err(|failure| Unproven { failure, is_of_the_release: true })
    }

    /// The files that earlier releases have in the bucket, and this one lacks.
    async fn left_over(&self, published: &Published) -> BTreeSet<SitePath> {
        let CurrentRelease { recent, leaving, .. } = &published.current;
        let earlier: Vec<KeptRelease> = recent.iter().skip(1).chain(leaving).cloned().collect();
        let earlier = self.site.of_kept(&earlier).await;
        let paths = earlier.iter().flat_map(|served| served.0.keys());
        paths.filter(|path| !published.served.0.contains_key(*path)).cloned().collect()
    }

    fn pages<'p>(
        &'p self,
        served: &'p Served,
        before: Option<&'p Served>,
        left_over: &'p BTreeSet<SitePath>,
    ) -> Pages<'p> {
        Pages { served, before, config: self.plan.config.as_ref(), values: self.values, left_over }
    }

    async fn ask_probes(&self) -> Result<(), Failure> {
        let probes = &self.site.target.probes;
        if probes.is_empty() {
            return Ok(());
        }
        let ApplyRun { http, browser, events, release, .. } = self.run;
        let step = self.step(StepVerb::Probe);
        let asker = Prober { http, browser, events, release };
        self.run.take(&step, async { Ok::<_, Failure>(asker.ask_each(probes, &step).await?) }).await
    }

    /// What is served already is proven as strictly as what this run put there. That it is not is written down: it was proven
    /// before, and the next run has to know. That it still is says nothing new.
    async fn verify(&self) -> Result<Outcome, Failure> {
        let step = self.step(StepVerb::Verify);
        // When it was put there, it named no file of an earlier release alone.
        let left_over = BTreeSet::new();
        let verify = async {
            let served = self.still_served().await?;
            let pages = self.pages(&served, None, &left_over);
            let proven = public::prove(self, &step, &pages).await;
            proven.map_err(|Unproven { failure, .. }| Unverified { failure, is_asked: true })
        };
        let verified = match self.run.take(&step, verify).await {
            Ok(()) => self.ask_probes().await.map_err(|failure| Unverified { failure, is_asked: true }),
            unverified => unverified,
        };
        match verified {
            Ok(()) => Ok(Outcome::Unchanged),
            Err(Unverified { failure, is_asked }) => {
                if is_asked {
                    self.write_unverified(failure.outcome).await;
                }
                Err(failure)
            }
        }
    }

    /// The files that are served, if no other release was put there since the plan.
    async fn still_served(&self) -> Result<Served, Failure> {
        let seen = self.site.store.current().await?;
        let current = seen.map(|(current, _)| current).filter(|current| Some(current) == self.facts.current.as_ref());
        let Some(current) = current else { return Err(superseded(self.site)) };
        self.site.served(&current).await
    }

    /// Writes down that what was proven before is not any more. What it served before it is as it was.
    async fn write_unverified(&self, outcome: Outcome) {
        let Ok(kept) = self.kept() else { return };
        let wanted = PublishRequest { kept, config: self.plan.config.clone() };
        let previous = self.facts.served_beside(&self.run.release).cloned();
        self.append(&SiteLedgerEntry { previous, ..self.entry(&wanted, outcome) }).await;
    }

    /// What a release that is not proven leads to.
    async fn aftermath(&self, unproven: Unproven, published: &Published, former: Option<&Former>) -> Failure {
        let Unproven { failure, is_of_the_release } = unproven;
        let current = self.site.store.current().await;
        let is_ours = current.as_ref().is_ok_and(|seen| {
            seen.as_ref()
                .is_some_and(|(current, version)| *version == published.version && *current == published.current)
        });
        if current.is_ok() && !is_ours {
            return superseded(self.site).cause(failure.brief());
        }
        if !is_of_the_release || self.run.on_failure == OnFailure::Leave {
            return failure;
        }
        self.bring_back(failure, published, former).await
    }

    /// Writes down how it ended. The release is served as it is served, written or not.
    pub(super) async fn write_entry(&self, wanted: &PublishRequest, outcome: Outcome) {
        self.append(&self.entry(wanted, outcome)).await;
    }

    fn entry(&self, wanted: &PublishRequest, outcome: Outcome) -> SiteLedgerEntry {
        let PublishRequest { kept: KeptRelease { release, digest, exclude, filled }, config } = wanted;
        SiteLedgerEntry {
            release: release.clone(),
            digest: digest.clone(),
            outcome,
            at: self.run.now(),
            provenance: self.run.provenance.clone(),
            restores: self.plan.restores.clone(),
            previous: self.facts.current.as_ref().map(|current| current.release.clone()),
            config: config.clone(),
            exclude: exclude.clone(),
            filled: filled.clone(),
            url: self.run.context.run_url(),
        }
    }

    async fn append(&self, entry: &SiteLedgerEntry) {
        if let Err(error) = self.site.store.append(entry, self.run.writer.permit()).await {
            let text =
                format!("the outcome could not be written into the ledger of {}: {error}", self.site.target.name);
            self.run.events.warning(text, Some("run it again: it proves the release and writes it down".to_owned()));
        }
    }
}
