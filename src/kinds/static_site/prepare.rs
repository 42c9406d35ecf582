//! Makes the files of a release ready: builds them, or takes them from a bundle or from another environment, and puts them
//! into the store of the environment. Nothing that serves is changed.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::build::{build, off_thread};
use super::bundle::Bundle;
use super::fill::Fill;
use super::site::SiteConnection;
use super::source::PromotedSite;
use super::store::PutRelease;
use super::store_blobs::Filled;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::given_bundle::GivenBundle;
use crate::domain::image::Digest;
use crate::domain::plan::PlanError;
use crate::domain::static_site::bundle::BundleManifest;
use crate::domain::static_site::plan::{FilesOrigin, OTHER_BUILD, SitePlan};
use crate::domain::static_site::store::{CurrentRelease, FilledBundle};
use crate::domain::step::{StepId, StepVerb};
use crate::kinds::{ApplyRun, Building};

/// The files of a release in the course of a run.
pub struct Prepare<'a> {
    pub run: &'a ApplyRun<'a>,
    pub site: &'a SiteConnection,
    pub plan: &'a SitePlan,
    pub promoted: Option<&'a PromotedSite>,
    /// What is served.
    pub current: Option<&'a CurrentRelease>,
}

/// The files of a release, ready to be written.
pub struct PreparedFiles {
    /// The digest of the bundle that the store has of the release.
    pub digest: Digest,
    /// What its files are with values.
    pub filled: Option<FilledBundle>,
    /// The bundle that this run put into the store.
    pub bundle: Option<Bundle>,
}

impl Prepare<'_> {
    /// Makes them ready.
    ///
    /// # Errors
    ///
    /// They cannot be built, are not those that are meant, or cannot be stored.
    pub async fn execute(&self) -> Result<PreparedFiles, Failure> {
        let store = self.step(StepVerb::Store);
        match &self.plan.origin {
            FilesOrigin::Stored => {
                let digest = self.plan.digest.now().map_err(PlanError::from)?.clone();
                self.run.take(&store, self.filled(&store, digest, None)).await
            }
            FilesOrigin::Given(given) => {
                let put = async { self.put(&store, self.open(given).await?).await };
                self.run.take(&store, put).await
            }
            FilesOrigin::Promoted => {
                let copy = async { self.filled(&store, Box::pin(self.copy(&store)).await?, None).await };
                self.run.take(&store, copy).await
            }
            FilesOrigin::Built => {
                let step = self.step(StepVerb::Bundle);
                let bundle = self.run.take(&step, self.build(&step)).await?;
                self.run.take(&store, self.put(&store, bundle)).await
            }
        }
    }

    fn step(&self, verb: StepVerb) -> StepId {
        StepId::new(verb, &self.site.target.name)
    }

    /// The files of a bundle that the store has, with the values of placeholders.
    async fn filled(&self, step: &StepId, digest: Digest, bundle: Option<Bundle>) -> Result<PreparedFiles, Failure> {
        if !self.plan.is_unfilled() {
            return Ok(PreparedFiles { digest, filled: self.plan.filled.clone(), bundle });
        }
        let fill = Fill { run: self.run, site: self.site, plan: self.plan, step };
        let filled = Box::pin(fill.execute(&digest)).await?;
        Ok(PreparedFiles { digest, filled: Some(filled), bundle })
    }

    async fn build(&self, step: &StepId) -> Result<Bundle, Failure> {
        let name = &self.site.target.name;
        let described = self.site.target.build.as_ref();
        let described = described.ok_or_else(|| Failure::failed(format!("nothing says how to build `{name}`")))?;
        let building = Building {
            component: name,
            release: &self.run.release,
            directory: &self.run.cloud.directory,
            context: self.run.context,
            events: &self.run.events,
        };
        let bundle = build(described, building).await?;
        self.run.events.result(step, described_bundle(&bundle));
        Ok(bundle)
    }

    /// The bundle that another job built.
    async fn open(&self, given: &GivenBundle) -> Result<Bundle, Failure> {
        let (file, digest) = (self.run.context.directory.join(&given.file), given.digest.clone());
        off_thread(move || Bundle::of_file(&file, Some(&digest))).await
    }

    /// Puts the bytes of a bundle into the store, and then its manifest.
    async fn put(&self, step: &StepId, bundle: Bundle) -> Result<PreparedFiles, Failure> {
        let known = self.known().await;
        let body = |digest: &Digest| bundle.body(digest);
        let filled = self.site.store.fill(&bundle.manifest, &known, &body, self.run.writer.permit()).await?;
        let digest = self.keep(step, &bundle.manifest, filled).await?;
        self.filled(step, digest, Some(bundle)).await
    }

    /// Copies what the store lacks from that of the environment promoted from. Every byte is hashed on the way.
    async fn copy(&self, step: &StepId) -> Result<Digest, Failure> {
        let name = &self.site.target.name;
        let promoted = self.promoted.ok_or_else(|| Failure::failed(format!("nothing is promoted of `{name}`")))?;
        let (store, permit) = (&self.site.store, self.run.writer.permit());
        let known = self.known().await;
        let filled = store.fill_from(&promoted.store, &promoted.manifest, &known, permit).await?;
        self.keep(step, &promoted.manifest, filled).await
    }

    /// What the store has for sure: the files of the releases that are served, or were lately.
    async fn known(&self) -> BTreeSet<Digest> {
        let recent = self.current.map_or(&[][..], |current| &current.recent);
        let read = join_all(recent.iter().map(|kept| self.site.store.kept(kept))).await;
        let files = read.iter().flatten().flat_map(|stored| stored.manifest.files.values());
        files.map(|file| file.digest.clone()).collect()
    }

    /// Puts the manifest into the store, when all bytes are there. One that is there already wins.
    async fn keep(&self, step: &StepId, manifest: &BundleManifest, filled: Filled) -> Result<Digest, Failure> {
        let digest = manifest.digest();
        let release = &self.run.release;
        let put = self.site.store.put_release(release, manifest, self.run.writer.permit()).await?;
        let kept = match put {
            PutRelease::There => digest.clone(),
            PutRelease::Differs(stored) => stored,
        };
        if kept != digest {
            if self.promoted.is_some() {
                return Err(Failure::failed(format!("the store has other files of release {}", release.short()))
                    .cause(format!("it has {}, and what is promoted is {}", kept.short(), digest.short()))
                    .hint("find out who wrote them: a promotion moves the same bytes or none"));
            }
            let text = format!(
                "another run stored other files of this commit for {} meanwhile: {} is taken, and {} was built",
                self.site.target.name,
                kept.short(),
                digest.short()
            );
            self.run.events.warning(text, Some(OTHER_BUILD.to_owned()));
        }
        self.run
            .events
            .result(step, format!("{} files, {} of them new: {}", manifest.files.len(), filled.files, kept.short()));
        let component = self.site.target.name.clone();
        self.run.events.emit(RunEvent::ImageKnown { component, digest: kept.clone() });
        Ok(kept)
    }
}

/// A bundle, for people.
fn described_bundle(bundle: &Bundle) -> String {
    format!("{} files, {}", bundle.manifest.files.len(), bundle.digest.short())
}
