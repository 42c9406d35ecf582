//! What a site served before, as its ledger says.

use super::current::CurrentRelease;
use super::ledger::SiteLedgerEntry;
use crate::domain::ids::RecordId;
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::release::ReleaseName;
use crate::domain::rollback::{ComponentBaseline, RollbackCandidates};
use crate::domain::view::history::{Availability, PastRelease, mark_left};

/// The newest entries of a site's ledger, and which release it serves.
#[derive(Debug, Clone, Copy)]
pub struct SiteHistory<'a> {
    /// The entries, newest first.
    pub entries: &'a [SiteLedgerEntry],
    /// What the pointer says. `None`: the site serves no release.
    pub current: Option<&'a CurrentRelease>,
}

/// What a site can go back to.
pub fn past(component: &ComponentName, history: SiteHistory<'_>) -> RollbackCandidates {
    let runs = history.current.map(|current| current.release.clone());
    let succeeded = each_once(history.entries.iter(), None);
    let baseline = if succeeded.is_empty() { ComponentBaseline::NoRelease } else { ComponentBaseline::NotKept };
    let older = history.entries.iter().skip(history.position());
    RollbackCandidates {
        component: component.clone(),
        cut_off: history.is_cut_off(),
        earlier: each_once(older, runs.as_ref()),
        succeeded,
        runs,
        baseline,
    }
}

/// The releases that served, each once, but for one.
fn each_once<'a>(entries: impl Iterator<Item = &'a SiteLedgerEntry>, but: Option<&ReleaseName>) -> Vec<ReleaseName> {
    let mut releases: Vec<ReleaseName> = Vec::new();
    for entry in entries.filter(|entry| entry.succeeded() && Some(&entry.release) != but) {
        if !releases.contains(&entry.release) {
            releases.push(entry.release.clone());
        }
    }
    releases
}

impl<'a> SiteHistory<'a> {
    /// The newest entry with which a release served: what a rollback to it restores.
    pub fn of_release(self, release: &ReleaseName) -> Option<&'a SiteLedgerEntry> {
        self.entries.iter().find(|entry| entry.succeeded() && entry.release == *release)
    }

    /// The newest entry that says whether a release serves as it should. A run that was cut off, or replaced by another,
    /// does not say.
    pub fn judged(self, release: &ReleaseName) -> Option<&'a SiteLedgerEntry> {
        let is_judged = |entry: &&SiteLedgerEntry| {
            matches!(entry.outcome, Outcome::Deployed | Outcome::RolledBack | Outcome::Broken)
        };
        self.entries.iter().filter(is_judged).find(|entry| entry.release == *release)
    }

    /// The releases as `history` shows them, newest first.
    pub fn releases(self) -> Vec<PastRelease> {
        let mut releases: Vec<PastRelease> =
            self.entries.iter().enumerate().map(|(index, entry)| self.release(index, entry)).collect();
        mark_left(&mut releases);
        releases
    }

    fn release(self, index: usize, entry: &SiteLedgerEntry) -> PastRelease {
        let before = self.entries.iter().skip(index + 1);
        let is_previous =
            |there: &&SiteLedgerEntry| there.succeeded() && Some(&there.release) == entry.previous.as_ref();
        let is_current = self.newest_of_current().is_some_and(|current| current.id() == entry.id());
        PastRelease {
            release: entry.release.clone(),
            digest: Some(entry.digest.clone()),
            outcome: Some(entry.outcome.to_string()),
            at: Some(entry.at),
            provenance: entry.provenance.clone(),
            place: entry.id(),
            restores: entry.restores.clone(),
            previous: before.into_iter().find(is_previous).map(SiteLedgerEntry::id),
            was_left: false,
            cluster: None,
            service: None,
            url: entry.url.clone(),
            deployment: None,
            contradiction: None,
            standing: if is_current { Availability::Current } else { Availability::Past },
        }
    }

    /// The entry of the run that put there what is served. `None`: it wrote none.
    fn of_current(self) -> Option<&'a SiteLedgerEntry> {
        let current = self.current?;
        // A run writes its entry after it moved the pointer: the oldest since then is its own, and later ones of the release
        // only asked its public address again.
        let later = self.entries.iter().take_while(|entry| entry.at >= current.since).count();
        let later = self.entries.get(..later)?;
        // What failed put the release before back itself, and wrote an entry of its own release.
        let put_back = |entry: &SiteLedgerEntry| {
            entry.outcome == Outcome::RolledBack && entry.previous.as_ref() == Some(&current.release)
        };
        let own = later.iter().rposition(put_back).map_or(Some(later), |failed| later.get(failed + 1..))?;
        own.iter().rfind(|entry| entry.release == current.release)
    }

    /// The newest entry of the release that is served: of the run that put it there, or else of one before it.
    fn newest_of_current(self) -> Option<&'a SiteLedgerEntry> {
        self.of_current().or_else(|| self.of_release(&self.current?.release))
    }

    /// Number of entries that are not older than what is served. What a rollback put there is as old as what it restored, so that
    /// a second rollback goes further back, never forward.
    fn position(self) -> usize {
        let Some(entry) = self.newest_of_current() else { return 0 };
        let index = |id: &RecordId| self.entries.iter().position(|entry| entry.id() == *id);
        let mut position = index(&entry.id()).unwrap_or_default();
        // Each step leads to an older entry, so this ends.
        while let Some(older) = self.entries.get(position).and_then(|entry| entry.restores.as_ref()).and_then(index) {
            if older <= position {
                break;
            }
            position = older;
        }
        position + 1
    }

    /// Whether a rollback put there what is served, and how it ended is not known: it says so itself, or it wrote nothing
    /// and the release served before.
    fn is_cut_off(self) -> bool {
        let Some(current) = self.current else { return false };
        let is_unknown = |entry: &SiteLedgerEntry| {
            matches!(entry.outcome, Outcome::TimedOut | Outcome::Interrupted | Outcome::Unproven)
        };
        if let Some(entry) = self.of_current() {
            return entry.restores.is_some() && is_unknown(entry);
        }
        let newest = self.entries.iter().find(|entry| entry.succeeded());
        self.of_release(&current.release).is_some() && newest.is_some_and(|it| it.release != current.release)
    }
}

#[cfg(test)]
mod tests;
