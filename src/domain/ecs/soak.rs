//! How long a service has run what is to be promoted, by its ledger.

use super::evidence;
use super::ids::RevisionArn;
use super::service::Revision;
use crate::domain::ecs::names::ContainerName;
use crate::domain::image::Digest;
use crate::domain::promotion::UnbrokenRun;

/// What a revision means for a run of a digest.
enum Seen {
    /// It served with that digest.
    Same,
    /// It served, or may have, with something else.
    Other,
    /// It never served to the end: what ran before served on.
    Nothing,
}

/// The newest unbroken run of a digest. `past`: the revisions of the service's family, newest first. `live`: what its
/// primary deployment runs, where that is the digest's run.
///
/// A run is broken by a revision with another digest that succeeded, and by one that somebody else made: when that served,
/// nothing says.
pub fn unbroken(
    past: &[Revision],
    live: Option<&RevisionArn>,
    container: &ContainerName,
    digest: &Digest,
) -> UnbrokenRun {
    let mut run = UnbrokenRun::default();
    let mut ended_by = None;
    let mut is_within = false;
    for revision in past {
        match seen(revision, live, container, digest) {
            Seen::Nothing => {}
            Seen::Other if is_within => break,
            Seen::Other => ended_by = at(revision).or(ended_by),
            Seen::Same => {
                is_within = true;
                // A success without its time is none that anything can be counted from.
                run.since = at(revision).or(run.since);
            }
        }
    }
    run.until = if live.is_some() { None } else { ended_by };
    run
}

/// Whether a run of a digest is known to its beginning: older revisions would not change it.
pub fn is_complete(past: &[Revision], live: Option<&RevisionArn>, container: &ContainerName, digest: &Digest) -> bool {
    let mut each = past.iter().map(|revision| seen(revision, live, container, digest));
    each.by_ref().any(|seen| matches!(seen, Seen::Same)) && each.any(|seen| matches!(seen, Seen::Other))
}

fn seen(revision: &Revision, live: Option<&RevisionArn>, container: &ContainerName, digest: &Digest) -> Seen {
    let is_same = revision.digest(container).as_ref() == Some(digest);
    let is_live = live == Some(&revision.arn);
    if evidence::success(revision, container).is_some() || is_live {
        return if is_same { Seen::Same } else { Seen::Other };
    }
    match &revision.ledger {
        // Its tags call it a success, and its content does not confirm that.
        Some(_) if evidence::doubt(revision, container).is_some() => Seen::Other,
        // Ours, and it did not succeed.
        Some(_) => Seen::Nothing,
        None if revision.of_another || is_same => Seen::Nothing,
        None => Seen::Other,
    }
}

fn at(revision: &Revision) -> Option<jiff::Timestamp> {
    revision.ledger.as_ref().filter(|entry| entry.succeeded())?.at
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::ecs::evidence::tests::{digest, registered};
    use crate::domain::ecs::ledger::LedgerEntry;

    type Given<'a> = (u64, char, Option<(&'a str, i64)>);

    /// Revisions from newest to oldest: number, letter of the digest, outcome and minute of its end. Without an outcome
    /// somebody else made it.
    fn past(all: &[Given]) -> Vec<Revision> {
        let of = |(number, letter, entry): &Given| {
            let mut revision = registered(*number, *letter, entry.map_or("", |(outcome, _)| outcome));
            let minute = entry.map(|(_, minute)| minute);
            let at = minute.and_then(|minute| Timestamp::from_second(minute * 60).ok());
            revision.ledger = revision.ledger.filter(|_| at.is_some()).map(|entry| LedgerEntry { at, ..entry });
            revision
        };
        all.iter().map(of).collect()
    }

    fn minute(time: Option<Timestamp>) -> Option<i64> {
        time.map(|time| time.as_second() / 60)
    }

    #[test]
    fn a_run_begins_with_its_first_success_and_ends_with_the_next_of_another_digest() {
        let done = |minute| Some(("deployed", minute));
        let failed = |minute| Some(("rolled-back", minute));
        let wanted = digest('a');
        for (what, all, runs, since, until) in [
            ("one", &[(1, 'a', done(5))][..], true, Some(5), None),
            ("two of one digest", &[(2, 'a', done(9)), (1, 'a', done(5))], true, Some(5), None),
            ("another before", &[(3, 'a', done(9)), (2, 'b', done(7)), (1, 'a', done(5))], true, Some(9), None),
            ("a failure between", &[(3, 'a', done(9)), (2, 'b', failed(7)), (1, 'a', done(5))], true, Some(5), None),
            ("somebody else's between", &[(3, 'a', done(9)), (2, 'b', None), (1, 'a', done(5))], true, Some(9), None),
            ("theirs with the same digest", &[(3, 'a', None), (2, 'a', done(5))], true, Some(5), None),
            ("it ran", &[(3, 'c', done(20)), (2, 'b', done(12)), (1, 'a', done(5))], false, Some(5), Some(12)),
            ("it never succeeded", &[(2, 'b', done(9)), (1, 'a', failed(5))], false, None, Some(9)),
            ("no time of the live one", &[(2, 'a', None), (1, 'b', done(3))], true, None, None),
        ] {
            let past = past(all);
            let live = past.first().map(|revision| revision.arn.clone()).filter(|_| runs);
            let run = unbroken(&past, live.as_ref(), &"web".parse().unwrap(), &wanted);
            assert_eq!((minute(run.since), minute(run.until)), (since, until), "{what}");
        }
    }

    #[test]
    fn older_revisions_are_asked_for_until_the_run_is_broken() {
        let done = |minute| Some(("deployed", minute));
        let wanted = digest('a');
        let complete = |all: &[_]| {
            let past = past(all);
            let live = past.first().map(|revision| revision.arn.clone());
            is_complete(&past, live.as_ref(), &"web".parse().unwrap(), &wanted)
        };
        assert!(!complete(&[(2, 'a', done(9))]));
        assert!(!complete(&[(2, 'b', done(9)), (1, 'c', done(5))]));
        assert!(complete(&[(2, 'a', done(9)), (1, 'b', done(5))]));
    }
}
