//! How long a service has run what is to be promoted, by its ledger.

use jiff::Timestamp;

use super::evidence;
use super::ids::RevisionArn;
use super::ledger::LedgerEntry;
use super::service::TaskRevision;
use crate::domain::ecs::names::ContainerName;
use crate::domain::image::Digest;
use crate::domain::outcome::Outcome;
use crate::domain::promotion::{RunEnd, UnbrokenRun};

/// What a revision means for a run of a digest.
enum SoakReading {
    /// It served with that digest.
    Same,
    /// It served, or may have, with something else.
    Other,
    /// It never took the place of what ran before.
    Nothing,
}

/// What a service runs.
#[derive(Debug, Clone, Copy)]
pub struct LiveRevision<'a> {
    /// The revision of its primary deployment.
    pub revision: &'a RevisionArn,
    /// When that deployment began.
    pub since: Option<Timestamp>,
}

/// The newest unbroken run of a digest. `past`: the revisions of the service's family, newest first. `live`: what the service
/// runs, where that is the digest's run.
///
/// A run is broken by whatever served, or may have served, with something else: another success, an end that leaves it
/// open, a revision that somebody else made.
pub fn unbroken(
    past: &[TaskRevision],
    live: Option<LiveRevision<'_>>,
    container: &ContainerName,
    digest: &Digest,
) -> UnbrokenRun {
    let mut since = None;
    // What served after the run, the oldest last.
    let mut after: Vec<&TaskRevision> = Vec::new();
    let mut is_within = false;
    for revision in past {
        match seen(revision, live, container, digest) {
            SoakReading::Nothing => {}
            SoakReading::Other if is_within => break,
            SoakReading::Other => after.push(revision),
            SoakReading::Same => {
                is_within = true;
                // A success without its time is none that anything can be counted from.
                since = at(revision).or(since);
            }
        }
    }
    match live {
        // Something newer may have served before the service was pointed back at this one.
        Some(live) if !after.is_empty() => UnbrokenRun { since: live.since, end: RunEnd::Runs },
        Some(_) => UnbrokenRun { since, end: RunEnd::Runs },
        None => UnbrokenRun { since, end: ended(&after) },
    }
}

/// When the first of some revisions may have taken the place of what ran.
fn ended(after: &[&TaskRevision]) -> RunEnd {
    let began: Option<Vec<Timestamp>> = after.iter().map(|revision| began(revision)).collect();
    began.and_then(|began| began.into_iter().min()).map_or(RunEnd::Unknown, RunEnd::At)
}

/// Whether a run of a digest is known to its beginning: older revisions would not change it.
pub fn is_complete(
    past: &[TaskRevision],
    live: Option<LiveRevision<'_>>,
    container: &ContainerName,
    digest: &Digest,
) -> bool {
    let mut each = past.iter().map(|revision| seen(revision, live, container, digest));
    each.by_ref().any(|seen| matches!(seen, SoakReading::Same)) && each.any(|seen| matches!(seen, SoakReading::Other))
}

fn seen(
    revision: &TaskRevision,
    live: Option<LiveRevision<'_>>,
    container: &ContainerName,
    digest: &Digest,
) -> SoakReading {
    let is_same = revision.digest(container).as_ref() == Some(digest);
    let is_live = live.is_some_and(|live| *live.revision == revision.arn);
    if evidence::success(revision, container).is_some() || is_live {
        return if is_same { SoakReading::Same } else { SoakReading::Other };
    }
    match &revision.ledger {
        Some(entry) if is_undone(entry) => SoakReading::Nothing,
        None if revision.of_another || is_same => SoakReading::Nothing,
        // Somebody else's; or its tags call it a success that its content does not confirm, or its end is not known.
        Some(_) | None => SoakReading::Other,
    }
}

/// Whether what served before a run still served after it.
fn is_undone(entry: &LedgerEntry) -> bool {
    let undone = [Outcome::Failed, Outcome::RolledBack];
    entry.outcome.as_deref().is_some_and(|outcome| undone.iter().any(|undone| undone.as_str() == outcome))
}

/// When a release succeeded.
fn at(revision: &TaskRevision) -> Option<Timestamp> {
    revision.ledger.as_ref().filter(|entry| entry.succeeded())?.at
}

/// The earliest time at which a revision may have served.
fn began(revision: &TaskRevision) -> Option<Timestamp> {
    let entry = revision.ledger.as_ref()?;
    [entry.provenance.began, entry.at].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::evidence::tests::{digest, registered};

    type SoakCase<'a> = (u64, char, Option<(&'a str, i64)>);

    /// Revisions from newest to oldest: number, letter of the digest, outcome and minute of its end. Without an outcome
    /// somebody else made it.
    fn past(all: &[SoakCase<'_>]) -> Vec<TaskRevision> {
        let of = |(number, letter, entry): &SoakCase<'_>| {
            let mut revision = registered(*number, *letter, entry.map_or("", |(outcome, _)| outcome));
            let minute = entry.map(|(_, minute)| minute);
            let at = minute.and_then(|minute| Timestamp::from_second(minute * 60).ok());
            revision.ledger = revision.ledger.filter(|_| at.is_some()).map(|entry| LedgerEntry { at, ..entry });
            revision
        };
        all.iter().map(of).collect()
    }

    fn minute(time: Timestamp) -> i64 {
        time.as_second() / 60
    }

    /// The minutes of its begin and end; `-1`: it runs, `-2`: its end is not known.
    fn of(past: &[TaskRevision], live: Option<&TaskRevision>) -> (Option<i64>, i64) {
        let since = Timestamp::from_second(30 * 60).ok();
        let live = live.map(|revision| LiveRevision { revision: &revision.arn, since });
        let run = unbroken(past, live, &"web".parse().unwrap(), &digest('a'));
        let end = match run.end {
            RunEnd::Runs => -1,
            RunEnd::Unknown => -2,
            RunEnd::At(time) => minute(time),
        };
        (run.since.map(minute), end)
    }

    const DONE: &str = "deployed";

    #[test]
    fn what_runs_counts_from_its_first_success_since_something_else_may_have_served() {
        for (what, all, since) in [
            ("one", &[(1, 'a', Some((DONE, 5)))][..], Some(5)),
            ("two of one digest", &[(2, 'a', Some((DONE, 9))), (1, 'a', Some((DONE, 5)))], Some(5)),
            (
                "another before",
                &[(3, 'a', Some((DONE, 9))), (2, 'b', Some((DONE, 7))), (1, 'a', Some((DONE, 5)))],
                Some(9),
            ),
            (
                "undone between",
                &[(3, 'a', Some((DONE, 9))), (2, 'b', Some(("rolled-back", 7))), (1, 'a', Some((DONE, 5)))],
                Some(5),
            ),
            (
                "failed between",
                &[(3, 'a', Some((DONE, 9))), (2, 'b', Some(("failed", 7))), (1, 'a', Some((DONE, 5)))],
                Some(5),
            ),
            (
                "an open end between",
                &[(3, 'a', Some((DONE, 9))), (2, 'b', Some(("timed-out", 7))), (1, 'a', Some((DONE, 5)))],
                Some(9),
            ),
            (
                "no end between",
                &[(3, 'a', Some((DONE, 9))), (2, 'b', Some(("", 7))), (1, 'a', Some((DONE, 5)))],
                Some(9),
            ),
            (
                "somebody else's between",
                &[(3, 'a', Some((DONE, 9))), (2, 'b', None), (1, 'a', Some((DONE, 5)))],
                Some(9),
            ),
            ("theirs with the same digest", &[(3, 'a', None), (2, 'a', Some((DONE, 5)))], Some(5)),
            ("no time of the live one", &[(2, 'a', None), (1, 'b', Some((DONE, 3)))], None),
        ] {
            let past = past(all);
            assert_eq!(of(&past, past.first()), (since, -1), "{what}");
        }
    }

    #[test]
    fn a_service_that_was_pointed_back_counts_from_then() {
        for newer in [(2, 'b', Some((DONE, 7))), (2, 'b', None), (2, 'b', Some(("timed-out", 7)))] {
            let past = past(&[newer, (1, 'a', Some((DONE, 5)))]);
            assert_eq!(of(&past, past.last()), (Some(30), -1), "{newer:?}");
        }
        let past = past(&[(2, 'b', Some(("failed", 7))), (1, 'a', Some((DONE, 5)))]);
        assert_eq!(of(&past, past.last()), (Some(5), -1), "it never took its place");
    }

    #[test]
    fn what_ran_ended_when_something_else_may_have_begun() {
        for (what, all, expected) in [
            (
                "another success",
                &[(3, 'c', Some((DONE, 20))), (2, 'b', Some((DONE, 12))), (1, 'a', Some((DONE, 5)))][..],
                (Some(5), 12),
            ),
            ("an open end", &[(2, 'b', Some(("timed-out", 12))), (1, 'a', Some((DONE, 5)))], (Some(5), 12)),
            (
                "another program's",
                &[(3, 'c', Some((DONE, 20))), (2, 'b', None), (1, 'a', Some((DONE, 5)))],
                (Some(5), -2),
            ),
            ("nothing", &[(1, 'a', Some((DONE, 5)))], (Some(5), -2)),
            ("it never succeeded", &[(2, 'b', Some((DONE, 9))), (1, 'a', Some(("failed", 5)))], (None, 9)),
        ] {
            assert_eq!(of(&past(all), None), expected, "{what}");
        }
    }

    #[test]
    fn older_revisions_are_asked_for_until_the_run_is_broken() {
        let complete = |all: &[SoakCase<'_>]| {
            let past = past(all);
            let live = past.first().map(|revision| LiveRevision { revision: &revision.arn, since: None });
            is_complete(&past, live, &"web".parse().unwrap(), &digest('a'))
        };
        assert!(!complete(&[(2, 'a', Some((DONE, 9)))]));
        assert!(!complete(&[(2, 'b', Some((DONE, 9))), (1, 'c', Some((DONE, 5)))]));
        assert!(complete(&[(2, 'a', Some((DONE, 9))), (1, 'b', Some((DONE, 5)))]));
    }
}
