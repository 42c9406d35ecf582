//! Since when a site serves the same files without a break, by its ledger.

use super::store::SiteLedgerEntry;
use crate::domain::image::Digest;
use crate::domain::outcome::Outcome;
use crate::domain::promotion::{RunEnd, UnbrokenRun};

/// The newest time in which a site served a bundle without a break. `entries`: its ledger, newest first. `runs`: it serves
/// it now.
pub fn unbroken(entries: &[SiteLedgerEntry], digest: &Digest, runs: bool) -> UnbrokenRun {
    let is_other = |entry: &&SiteLedgerEntry| entry.digest != *digest && may_have_served(entry);
    let (after, of_it) = if runs {
        (None, entries)
    } else {
        let newest = entries.iter().position(|entry| entry.digest == *digest && entry.succeeded());
        let Some(newest) = newest else { return UnbrokenRun::default() };
        let (after, of_it) = entries.split_at(newest);
        (after.iter().rev().find(is_other), of_it)
    };
    let mut since = None;
    for (index, entry) in of_it.iter().enumerate() {
        if entry.digest == *digest && entry.succeeded() {
            since = Some(entry.at);
        } else if is_other(&entry) {
            let older = of_it.get(index + 1..).unwrap_or_default();
            since = brought_back(entry, older).filter(|back| *back == digest).map_or(since, |_| Some(entry.at));
            break;
        }
    }
    let end = match (runs, after) {
        (true, _) => RunEnd::Runs,
        (false, Some(after)) => after.provenance.began.map_or(RunEnd::Unknown, RunEnd::At),
        (false, None) => RunEnd::Unknown,
    };
    UnbrokenRun { since, end }
}

/// The bundle that a run proved in the place of its own release, which failed. `older`: the entries before it.
fn brought_back<'a>(entry: &SiteLedgerEntry, older: &'a [SiteLedgerEntry]) -> Option<&'a Digest> {
    let previous = entry.previous.as_ref().filter(|_| entry.outcome == Outcome::RolledBack)?;
    older.iter().find(|older| older.succeeded() && older.release == *previous).map(|older| &older.digest)
}

/// Whether an entry says that the site served its release, or may have.
fn may_have_served(entry: &SiteLedgerEntry) -> bool {
    !matches!(entry.outcome, Outcome::Failed | Outcome::Refused | Outcome::Stale | Outcome::Invalid)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::provenance::Provenance;

    /// `a`: a success of it; `a!`: it was rolled back to what is next to it; `a-`: it failed before it served. The newest first, ten seconds apart.
    fn ledger(text: &str) -> Vec<SiteLedgerEntry> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let entry = |(index, word): (usize, &&str)| {
            let second = i64::try_from(10 * (words.len() - index)).unwrap();
            let at = Timestamp::from_second(second).unwrap();
            SiteLedgerEntry {
                outcome: match &word[1..] {
                    "!" => Outcome::RolledBack,
                    "-" => Outcome::Failed,
                    _ => Outcome::Deployed,
                },
                provenance: Provenance { began: Timestamp::from_second(second - 5).ok(), ..Provenance::default() },
                release: word[..1].repeat(40).parse().unwrap(),
                digest: Digest::of(&word[..1]),
                at,
                restores: None,
                previous: words.get(index + 1).map(|older| older[..1].repeat(40).parse().unwrap()),
                config: None,
                exclude: Vec::new(),
                filled: None,
                url: None,
            }
        };
        words.iter().enumerate().map(entry).collect()
    }

    #[test]
    fn a_run_is_broken_by_whatever_else_may_have_served() {
        for (text, runs, since, end) in [
            ("a", true, Some(10), RunEnd::Runs),
            ("a a a", true, Some(10), RunEnd::Runs),
            ("a b a", true, Some(30), RunEnd::Runs),
            ("a b! a", true, Some(20), RunEnd::Runs),
            ("a b! c", true, Some(30), RunEnd::Runs),
            // A run that brought it back has proven it.
            ("b! a", true, Some(20), RunEnd::Runs),
            ("b!", true, None, RunEnd::Runs),
            ("a b- a", true, Some(10), RunEnd::Runs),
            ("", true, None, RunEnd::Runs),
            ("b a", false, Some(10), RunEnd::At(Timestamp::from_second(15).unwrap())),
            ("c b a b a", false, Some(30), RunEnd::At(Timestamp::from_second(35).unwrap())),
            ("b", false, None, RunEnd::Unknown),
        ] {
            let run = unbroken(&ledger(text), &Digest::of("a"), runs);
            let expected = since.map(|second| Timestamp::from_second(second).unwrap());
            assert_eq!((run.since, run.end), (expected, end), "{text}");
        }
    }
}
