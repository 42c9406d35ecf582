//! What is known of a site before it is planned.

use std::time::Duration;

use url::Url;

use super::proven::is_proven;
use crate::domain::hold::Hold;
use crate::domain::image::Digest;
use crate::domain::release::ReleaseName;
use crate::domain::static_site::bundle::SitePath;
use crate::domain::static_site::invalidation::Paths;
use crate::domain::static_site::store::{CurrentRelease, SiteLedgerEntry};
use crate::domain::static_site::sync::Oddity;
use crate::domain::static_site::warning::SiteWarning;

/// What was seen of a site before planning.
#[derive(Debug, Clone, Default)]
pub struct SiteFacts {
    /// What it serves. `None`: nothing that shipgate put there.
    pub current: Option<CurrentRelease>,
    /// The newest entry of its ledger.
    pub newest: Option<SiteLedgerEntry>,
    /// The digest of the release that is wanted, where the store of the environment has it.
    pub stored: Option<Digest>,
    /// The files of the release that somebody changed by hand.
    pub drifted: Vec<(SitePath, Oddity)>,
    /// Whether its bucket has files although it serves nothing that shipgate put there.
    pub has_foreign: bool,
    /// Whether a run began something and did not end it: what it wrote is not known, nor what caches have of it.
    pub has_unfinished: bool,
    /// How browsers find it.
    pub front: Front,
    /// What is odd about the distribution, or the website of the bucket.
    pub cautions: Vec<SiteWarning>,
    /// The holds on it.
    pub holds: Vec<Hold>,
}

/// How browsers find a site.
#[derive(Debug, Clone, Default)]
pub struct Front {
    /// Where. `None`: nothing says so.
    pub address: Option<Url>,
    /// The hosts that the distribution answers for, or the website of the bucket.
    pub hosts: Vec<String>,
    /// Under which paths they find its files.
    pub paths: Paths,
    /// How long an error may stay that is over.
    pub errors_stay: Duration,
}

impl SiteFacts {
    /// What the site serves, and where that is a release already, what it served before: the same before a run that puts it
    /// there and afterwards, so that the same command again means the same. A name is enough: a store has one bundle of it.
    pub fn served_beside(&self, release: &ReleaseName) -> Option<&ReleaseName> {
        let current = self.current.as_ref()?;
        let kept = current.recent.iter().chain(&current.leaving).map(|kept| &kept.release);
        // With `keep = 1` the ledger alone has it.
        let previous = self.newest.as_ref().and_then(|entry| entry.previous.as_ref());
        std::iter::once(&current.release).chain(kept).chain(previous).find(|served| *served != release)
    }

    /// Whether the ledger says that what is served was proven.
    pub fn is_proven(&self) -> bool {
        is_proven(self.newest.as_ref(), self.current.as_ref())
    }
}
