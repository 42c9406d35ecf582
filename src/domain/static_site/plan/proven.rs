//! Whether what a site serves was proven, by its ledger.

use crate::domain::outcome::Outcome;
use crate::domain::static_site::store::{CurrentRelease, SiteLedgerEntry};

/// Whether the ledger says that what is served was proven: a run may have ended between writing and proving it. `newest`:
/// the newest entry. One of before the pointer moved is of another run, also where that had the same release.
pub fn is_proven(newest: Option<&SiteLedgerEntry>, current: Option<&CurrentRelease>) -> bool {
    newest.zip(current).is_some_and(|(entry, current)| {
        let succeeded = entry.release == current.release && entry.succeeded();
        // A run says so when what it put back was proven.
        let put_back = entry.outcome == Outcome::RolledBack && entry.previous.as_ref() == Some(&current.release);
        entry.at >= current.since && (succeeded || put_back)
    })
}

/// Whether the last success of a site is of exactly what it serves. What is wrong with it now came later, and what was
/// served before it would not fix that. `entries`: the ledger, newest first.
pub fn was_proven(entries: &[SiteLedgerEntry], current: &CurrentRelease) -> bool {
    entries.iter().find(|entry| entry.succeeded()).is_some_and(|entry| {
        entry.release == current.release
            && entry.digest == current.digest
            && entry.config == current.config
            && entry.exclude == current.exclude
            && entry.filled == current.filled
    })
}
