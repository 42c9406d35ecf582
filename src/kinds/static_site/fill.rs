//! Puts the values of placeholders into the files of a release that the store has. The store then has the files with values
//! beside those with markers, and a manifest of them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::client_many::{AT_ONCE, each_of};
use super::site::SiteConnection;
use crate::clients::static_site_error::StoreError;
use crate::domain::failure::Failure;
use crate::domain::image::Digest;
use crate::domain::limits::{LISTED, SEARCHED_FILE};
use crate::domain::static_site::bundle::{SiteFile, SitePath, listed};
use crate::domain::static_site::placeholder::{FilledSite, Unfillable, Unfilled, fill};
use crate::domain::static_site::plan::SitePlan;
use crate::domain::static_site::served::Served;
use crate::domain::static_site::store::{FilledBundle, KeptRelease};
use crate::domain::step::StepId;
use crate::kinds::ApplyRun;

/// The files of a release that get values.
pub struct Fill<'a> {
    pub run: &'a ApplyRun<'a>,
    pub site: &'a SiteConnection,
    pub plan: &'a SitePlan,
    pub step: &'a StepId,
}

impl Fill<'_> {
    /// Puts the values of the plan into the files of a bundle, and what comes of that into the store.
    ///
    /// # Errors
    ///
    /// `refused`: a marker is missing or cannot be filled. Or the store cannot be read or written.
    pub async fn execute(&self, digest: &Digest) -> Result<FilledBundle, Failure> {
        let (release, exclude) = (self.run.release.clone(), self.plan.exclude.clone());
        let kept = KeptRelease { release, digest: digest.clone(), exclude, filled: None };
        let stored = self.site.store.kept(&kept).await?;
        let mut files = Served::new(&stored.manifest, &kept.exclude, None).0;
        // What is at its place in the bundle is not served.
        if let Some(config) = &self.plan.config {
            files.remove(&config.path);
        }
        let bytes = self.searched(&files).await?;
        let values = self.plan.values.clone();
        let work = move || fill(&Unfilled { files: &files, bytes: &bytes }, &values);
        let filled = tokio::task::spawn_blocking(work).await;
        let filled = filled.map_err(|error| Failure::failed("values cannot be put in").cause(error.to_string()))??;
        self.say(&filled);
        self.store(filled).await
    }

    /// The bytes of the files that may have markers or names of others.
    async fn searched(&self, files: &BTreeMap<SitePath, SiteFile>) -> Result<BTreeMap<SitePath, Vec<u8>>, Failure> {
        let searched: Vec<_> = files.iter().filter(|(_, file)| Unfilled::is_searched(file)).collect();
        if let Some((path, _)) = searched.iter().find(|(_, file)| file.size > SEARCHED_FILE.amount) {
            return Err(Unfillable::TooLarge { path: (*path).clone() }.into());
        }
        let read = RefCell::new(BTreeMap::new());
        let store = &self.site.store;
        let one = async |(path, file): (&SitePath, &SiteFile)| {
            let bytes = store.blob(&file.digest, file.size).await?;
            read.borrow_mut().insert(path.clone(), bytes.into());
            Ok::<_, StoreError>(())
        };
        each_of(searched, AT_ONCE, one).await?;
        Ok(read.into_inner())
    }

    async fn store(&self, filled: FilledSite) -> Result<FilledBundle, Failure> {
        let (store, permit) = (&self.site.store, self.run.writer.permit());
        let put = async |bytes: Vec<u8>| store.put_bytes(bytes.into(), permit).await.map(drop);
        each_of(filled.bodies.into_values(), AT_ONCE, put).await?;
        let manifest = store.put_bytes(filled.manifest.document().into_bytes().into(), permit).await?;
        Ok(FilledBundle { values: self.plan.values.digest(), manifest })
    }

    fn say(&self, filled: &FilledSite) {
        let events = &self.run.events;
        let files = if filled.changed == 1 { "1 file".to_owned() } else { format!("{} files", filled.changed) };
        events.progress(self.step, &format!("values put into {files}, {} with another name", filled.renamed));
        if filled.left_out.is_empty() {
            return;
        }
        let names = listed(filled.left_out.iter(), LISTED.count());
        let text = format!("compressed forms of files with values are not served: {names}");
        events.warning(text, Some("let the distribution compress (`Compress` of its behavior)".to_owned()));
    }
}
