//! What a site served before.

use super::component::ObservedSite;
use crate::domain::failure::Failure;
use crate::domain::plan::KnownImage;
use crate::domain::release::ReleaseName;
use crate::domain::rollback::Past;
use crate::domain::static_site::plan::SitePlan;
use crate::domain::static_site::store::{Entry, History, past};
use crate::kinds::{Observed, PastReleases, Planned, Restorable};

/// So many entries are read to find where to go back to.
const LOOKED_AT: usize = 50;
/// So many where a release is named.
const LOOKED_FOR: usize = 1000;

/// A site with the entries of its ledger, newest first.
#[derive(Debug)]
pub struct SitePast {
    observed: ObservedSite,
    entries: Vec<Entry>,
}

impl SitePast {
    /// Reads what it served before. `release`: the one that is looked for.
    ///
    /// # Errors
    ///
    /// The ledger cannot be read.
    pub async fn look(observed: ObservedSite, release: Option<&ReleaseName>) -> Result<Self, Failure> {
        let most = if release.is_some() { LOOKED_FOR } else { LOOKED_AT };
        let entries = observed.site.store.entries(most).await?.readable;
        Ok(Self { observed, entries })
    }

    fn history(&self) -> History<'_> {
        History { entries: &self.entries, current: self.observed.facts.current.as_ref() }
    }
}

impl PastReleases for SitePast {
    fn observed(&self) -> &dyn Observed {
        &self.observed
    }

    fn past(&self) -> Past {
        past(&self.observed.component.name, self.history())
    }

    fn restorable(&self, release: &ReleaseName) -> Option<Result<Restorable, Failure>> {
        self.history().of_release(release).map(|_| Ok(Restorable::Kept))
    }

    fn plan(self: Box<Self>, release: &ReleaseName, _image: Option<&KnownImage>) -> Option<Box<dyn Planned>> {
        let site = {
            let entry = self.history().of_release(release)?;
            SitePlan::of_rollback(&self.observed.site.target, &self.observed.facts, entry)
        };
        Some(self.observed.planned(site, release, None))
    }
}
