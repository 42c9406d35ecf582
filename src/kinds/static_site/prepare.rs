//! Makes the files of a release ready: builds them, or takes them from a bundle or from another environment, and puts them
//! into the store of the environment. Nothing that serves is changed.

use super::build::{Building, build, off_thread};
use super::bundle::Bundle;
use super::site::Site;
use super::source::PromotedSite;
use super::store::{Put, each_of};
use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::given_bundle::GivenBundle;
use crate::domain::image::Digest;
use crate::domain::static_site::plan::{Origin, SitePlan};
use crate::domain::step::{StepId, Verb};
use crate::kinds::Run;

/// The files of a release in the course of a run.
pub struct Prepare<'a> {
    pub run: &'a Run<'a>,
    pub site: &'a Site,
    pub plan: &'a SitePlan,
    pub promoted: Option<&'a PromotedSite>,
}

impl Prepare<'_> {
    /// Makes them ready. Returns the digest of the bundle that the store has of the release.
    ///
    /// # Errors
    ///
    /// They cannot be built, are not those that are meant, or cannot be stored.
    pub async fn execute(&self) -> Result<Digest, Failure> {
        let store = self.step(Verb::Store);
        match &self.plan.origin {
            Origin::Stored => Ok(self.plan.digest.now().map_err(crate::domain::plan::PlanError::from)?.clone()),
            Origin::Given(given) => {
                let put = async { self.put(&store, &self.open(given).await?).await };
                self.run.take(&store, put).await
            }
            Origin::Promoted => self.run.take(&store, self.copy(&store)).await,
            Origin::Built => {
                let step = self.step(Verb::Bundle);
                let bundle = self.run.take(&step, self.build(&step)).await?;
                self.run.take(&store, self.put(&store, &bundle)).await
            }
        }
    }

    fn step(&self, verb: Verb) -> StepId {
        StepId::new(verb, &self.site.target.name)
    }

    async fn build(&self, step: &StepId) -> Result<Bundle, Failure> {
        let name = &self.site.target.name;
        let described = self.site.target.build.as_ref();
        let described = described.ok_or_else(|| Failure::failed(format!("nothing says how to build `{name}`")))?;
        let building = Building {
            component: name,
            build: described,
            release: &self.run.release,
            directory: &self.run.cloud.directory,
            context: self.run.context,
        };
        let bundle = build(building, |line| self.run.events.output(step, line)).await?;
        self.run.events.result(step, described_bundle(&bundle));
        Ok(bundle)
    }

    /// The bundle that another job built.
    async fn open(&self, given: &GivenBundle) -> Result<Bundle, Failure> {
        let (file, digest) = (self.run.context.directory.join(&given.file), given.digest.clone());
        off_thread(move || Bundle::of_file(&file, Some(&digest))).await
    }

    /// Puts the bytes of a bundle into the store, and then its manifest.
    async fn put(&self, step: &StepId, bundle: &Bundle) -> Result<Digest, Failure> {
        let (store, permit) = (&self.site.store, self.run.writer.permit());
        let known = store.known_blobs(self.plan.known.iter()).await;
        let bodies: Vec<_> = bundle.bodies().into_iter().filter(|(digest, _)| !known.contains(*digest)).collect();
        let total = bodies.len();
        let done = std::cell::Cell::new(0_usize);
        let put = each_of(&bodies, async |(digest, body)| {
            let put = store.put_body(digest, body, permit).await;
            done.set(done.get() + 1);
            self.run.events.progress(step, &format!("{} of {total} files", done.get()));
            put
        });
        let put = put.await?;
        let new = put.iter().filter(|put| **put == Put::Written).count();
        self.keep(step, &bundle.document, new, bundle.manifest.files.len()).await
    }

    /// Copies what the store lacks from that of the environment promoted from. Every byte is hashed on the way.
    async fn copy(&self, step: &StepId) -> Result<Digest, Failure> {
        let name = &self.site.target.name;
        let promoted = self.promoted.ok_or_else(|| Failure::failed(format!("nothing is promoted of `{name}`")))?;
        let (store, permit) = (&self.site.store, self.run.writer.permit());
        let mut files: Vec<_> = promoted.manifest.files.values().map(|file| (&file.digest, file.size)).collect();
        files.sort();
        files.dedup();
        let put = each_of(&files, async |(digest, size)| store.copy_from(&promoted.store, digest, *size, permit).await);
        let new = put.await?.iter().filter(|put| **put == Put::Written).count();
        self.keep(step, &promoted.manifest.document(), new, promoted.manifest.files.len()).await
    }

    /// Puts the manifest into the store, when all bytes are there. One that is there already wins.
    async fn keep(&self, step: &StepId, document: &str, new: usize, files: usize) -> Result<Digest, Failure> {
        let digest = Digest::of(document);
        let release = &self.run.release;
        let kept = self.site.store.put_release(release, document, self.run.writer.permit()).await?;
        if kept != digest {
            if self.promoted.is_some() {
                return Err(Failure::failed(format!("the store has other files of release {}", release.short()))
                    .cause(format!("it has {}, and what is promoted is {}", kept.short(), digest.short()))
                    .hint("find out who wrote them: a promotion moves the same bytes or none"));
            }
            let text = format!(
                "another run stored files of this commit at the same time: {} is taken, and {} was built",
                kept.short(),
                digest.short()
            );
            let hint = "a build that gives other bytes each time cannot be checked: pin what it uses".to_owned();
            self.run.events.warning(text, Some(hint));
        }
        self.run.events.result(step, format!("{files} files, {new} of them new: {}", kept.short()));
        let component = self.site.target.name.clone();
        self.run.events.emit(Event::ImageKnown { component, digest: kept.clone() });
        Ok(kept)
    }
}

/// A bundle, for people.
fn described_bundle(bundle: &Bundle) -> String {
    format!("{} files, {}", bundle.manifest.files.len(), bundle.digest.short())
}
