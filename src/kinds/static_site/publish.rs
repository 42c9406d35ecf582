//! Writes a release to the bucket that serves, wave by wave, and moves the pointer.
//!
//! Each wave begins when the one before it is there and this run still has the lock. Files that change are written only over
//! the object that was seen. They are read back before the pointer moves.

use std::collections::{BTreeMap, BTreeSet};

use super::bundle::Bundle;
use super::cloudfront::InvalidationId;
use super::lease::Lease;
use super::site::SiteConnection;
use super::writes::ReleaseBytes;
use crate::domain::failure::Failure;
use crate::domain::neutral;
use crate::domain::outcome::Outcome;
use crate::domain::size;
use crate::domain::static_site::bundle::{Cache, SitePath, Wave};
use crate::domain::static_site::served::Served;
use crate::domain::static_site::store::{CurrentRelease, FinishedRelease, KeptRelease, WrittenConfig};
use crate::domain::static_site::sync::{Care, Sync, Version, Write};
use crate::domain::step::StepId;
use crate::kinds::ApplyRun;

/// What is to be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishRequest {
    /// The release, and what is not served of it.
    pub kept: KeptRelease,
    /// The file that differs between environments. The store has its bytes.
    pub config: Option<WrittenConfig>,
}

/// What was written.
#[derive(Debug)]
pub struct Published {
    /// What is served now.
    pub served: Served,
    /// The pointer, as this run wrote it.
    pub current: CurrentRelease,
    /// Its version.
    pub version: Version,
    /// The files that were written, and that caches may have in another form.
    pub stale: BTreeSet<SitePath>,
    /// What lets the distribution forget them.
    pub invalidation: Option<InvalidationId>,
}

/// Writes a release in a step that has begun.
pub struct Publish<'a> {
    pub run: &'a ApplyRun<'a>,
    pub site: &'a SiteConnection,
    pub step: &'a StepId,
    pub lease: &'a Lease<'a>,
    /// Whether the last run proved nothing, so that each file is looked at.
    pub is_suspect: bool,
    /// The files, where this run has them on the disk.
    pub bundle: Option<&'a Bundle>,
}

/// Why a release was not published.
#[derive(Debug)]
pub struct Unpublished {
    /// Why.
    pub failure: Failure,
    /// Whether pages of it may be served. Assets alone change nothing that anybody sees.
    pub is_seen: bool,
}

impl<E> From<E> for Unpublished
where
    Failure: From<E>,
{
    fn from(error: E) -> Self {
        Self { failure: error.into(), is_seen: false }
    }
}

impl Publish<'_> {
    /// Writes what is wanted, where the pointer is still the one that was seen.
    ///
    /// # Errors
    ///
    /// With how far it came.
    pub async fn execute(
        &self,
        wanted: &PublishRequest,
        seen: Option<(CurrentRelease, Version)>,
        changes: impl FnOnce(),
    ) -> Result<Published, Unpublished> {
        let (current, over) = seen.unzip();
        let stored = self.site.store.kept(&wanted.kept).await?;
        let served = Served::new(&stored.manifest, &wanted.kept.exclude, wanted.config.as_ref());
        let written = self.site.written(current.as_ref(), &self.lease.unfinished(&wanted.kept)).await?;
        let care = Care::Due { is_suspect: self.is_suspect || self.lease.is_after_unfinished(), now: self.run.now() };
        let current_with_care = current.as_ref().map(|current| (current, care));
        let (sync, is_listed) = self.site.sync(&served, written.known(), current_with_care).await?;
        self.say(&sync);
        if !sync.is_empty() {
            changes();
        }
        let mut is_seen = false;
        for (wave, writes) in &sync.waves {
            let seen_now = |failure| Unpublished { failure, is_seen };
            self.lease.renew().await.map_err(seen_now)?;
            is_seen |= *wave > Wave::Asset;
            let written = std::cell::Cell::new(0_usize);
            let done = |_: &Write| {
                written.set(written.get() + 1);
                let text = format!("{} of {} {}", written.get(), writes.len(), named(*wave));
                self.run.events.progress(self.step, &text);
            };
            let ready = async || self.lease.keep().await;
            let source = ReleaseBytes { store: &self.site.store, bundle: self.bundle };
            let wrote =
                self.site.bucket.write((source, writes.as_slice()), ready, &done, self.run.writer.permit()).await;
            wrote.map_err(|failure| Unpublished { failure, is_seen })?;
        }
        let finished = self.finish((wanted, is_listed), &served, current.as_ref(), over.as_ref()).await;
        let (now, version) = finished.map_err(|failure| Unpublished { failure, is_seen })?;
        let stale = self.stale(&served, &sync);
        Ok(Published { served, current: now, version, stale, invalidation: None })
    }

    /// What caches may have in another form. What an unfinished run wrote may be as it is wanted, and never have reached them.
    fn stale(&self, served: &Served, sync: &Sync) -> BTreeSet<SitePath> {
        if self.lease.is_after_unfinished() {
            return served.mutable().cloned().collect();
        }
        sync.stale().cloned().collect()
    }

    /// What is written, and what is odd about it.
    fn say(&self, sync: &Sync) {
        let repaired = if sync.repaired > 0 { format!(", {} for the headers", sync.repaired) } else { String::new() };
        let files = if sync.count() == 1 { "1 file".to_owned() } else { format!("{} files", sync.count()) };
        let size = size::shown(sync.size());
        let text = format!("{files} written ({size}){repaired}, {} there already", sync.unchanged);
        self.run.events.result(self.step, text);
        for (path, oddity) in sync.odd.iter().take(NAMED) {
            let hint = "the file of the release is written over it".to_owned();
            self.run
                .events
                .warning(format!("`{}` {}", neutral::phrase(path.as_str(), 200), oddity.described()), Some(hint));
        }
        if let Some(more) = sync.odd.len().checked_sub(NAMED).filter(|more| *more > 0) {
            self.run.events.note(format!("  and {more} more such files"));
        }
    }

    /// Reads back what changes from release to release, and moves the pointer.
    async fn finish(
        &self,
        (wanted, is_listed): (&PublishRequest, bool),
        served: &Served,
        before: Option<&CurrentRelease>,
        over: Option<&Version>,
    ) -> Result<(CurrentRelease, Version), Failure> {
        self.lease.renew().await?;
        self.read_back(served).await?;
        let finished = FinishedRelease {
            kept: wanted.kept.clone(),
            at: self.run.now(),
            is_listed,
            config: wanted.config.clone(),
            run: self.run.provenance.run.clone(),
        };
        let now = CurrentRelease::after(finished, before, &self.lease.unfinished(&wanted.kept), self.site.target.keep);
        let moved = self.site.store.move_current(&now, over, self.run.writer.permit()).await;
        let version = moved.map_err(|error| if error.is_overtaken() { superseded(self.site) } else { error.into() })?;
        Ok((now, version))
    }

    /// Every file that changes is the release's, as S3 has it now.
    async fn read_back(&self, served: &Served) -> Result<(), Failure> {
        let mutable: BTreeMap<_, _> = served.0.iter().filter(|(_, file)| file.cache != Cache::Immutable).collect();
        let paths: Vec<&SitePath> = mutable.keys().copied().collect();
        let seen = self.site.bucket.look(paths.iter().copied()).await?;
        let is_other =
            |path: &&SitePath| !seen.get(*path).zip(mutable.get(path)).is_some_and(|(seen, file)| seen.is(file));
        match paths.iter().copied().find(is_other) {
            None => Ok(()),
            Some(path) => Err(Failure::new(
                Outcome::Superseded,
                format!("`{}` is not what was written to it", neutral::phrase(path.as_str(), 200)),
            )
            .cause("another program writes to the bucket at the same time, without the lock")
            .hint("find out who: CloudTrail has PutObject where data events are on; then run it again")),
        }
    }
}

/// Maximum number of odd files that are named.
const NAMED: usize = 5;

/// The files of a wave, for people.
fn named(wave: Wave) -> &'static str {
    match wave {
        Wave::Asset => "assets",
        Wave::Other => "other files",
        Wave::Worker => "service workers",
        Wave::Page => "pages",
        Wave::Entry => "the entry page",
    }
}

/// Another run moved the pointer.
pub fn superseded(site: &SiteConnection) -> Failure {
    Failure::new(Outcome::Superseded, format!("another run put a release on site `{}`", site.target.bucket))
        .hint("`shipgate status` shows what is served; run it again if that is not what you want")
}
