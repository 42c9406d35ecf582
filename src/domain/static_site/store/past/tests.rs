use jiff::Timestamp;

use super::super::current::{FinishedRelease, KeptRelease};
use super::super::ledger::tests::entry;
use super::*;
use crate::domain::image::Digest;

/// The pointer of a run that moved it in some second.
fn current(second: i64, letter: char) -> CurrentRelease {
    let kept = KeptRelease {
        release: letter.to_string().repeat(40).parse().unwrap(),
        digest: Digest::of(letter.to_string()),
        exclude: Vec::new(),
        filled: None,
    };
    let at = Timestamp::from_second(second).unwrap();
    CurrentRelease::after(FinishedRelease { kept, at, is_listed: true, config: None, run: None }, None, &[], 5)
}

/// `a`: a deploy; `b!`: one that failed; `c?`: one that timed out; `a<1`: a rollback to the entry of second 1. One in
/// each second, the oldest first.
fn ledger(text: &str) -> Vec<SiteLedgerEntry> {
    let mut entries: Vec<SiteLedgerEntry> = Vec::new();
    for (index, word) in text.split_whitespace().enumerate() {
        let outcome = match word.get(word.len() - 1..) {
            Some("!") => Outcome::RolledBack,
            Some("?") => Outcome::TimedOut,
            _ => Outcome::Deployed,
        };
        let mut one = entry(i64::try_from(index).unwrap() + 1, word.chars().next().unwrap(), outcome);
        let restored = word.split_once('<').map(|(_, number)| number.trim_end_matches(['!', '?']).parse::<usize>());
        one.restores = restored.map(|number| entries[number.unwrap() - 1].id());
        one.previous = entries.iter().rev().find(|entry| entry.succeeded()).map(|entry| entry.release.clone());
        entries.push(one);
    }
    entries.reverse();
    entries
}

fn letters(releases: &[ReleaseName]) -> String {
    releases.iter().map(|release| release.to_string().remove(0)).collect()
}

#[test]
fn a_rollback_goes_back_and_a_second_one_further_back() {
    for (text, second, runs, earlier, cut_off) in [
        ("", 0, ' ', "", false),
        ("a", 1, 'a', "", false),
        ("a b c", 3, 'c', "ba", false),
        ("a a b", 3, 'b', "a", false),
        ("a b! c", 3, 'c', "a", false),
        ("a b c!", 2, 'b', "a", false),
        ("a b c b<2", 4, 'b', "a", false),
        ("a b c b<2 a<1", 5, 'a', "", false),
        ("a b c b<2 d", 5, 'd', "bca", false),
        ("a b c b<2 d b<4", 6, 'b', "a", false),
        ("a b c b<2?", 4, 'b', "a", true),
        // It was verified later, and that failed: no other release was put there.
        ("a b c b<2 b?", 4, 'b', "a", false),
        ("a b c b<2 b? b?", 4, 'b', "a", false),
        ("a b c b<2 d! b?", 5, 'b', "a", false),
        ("a b c b<2 d! b?", 4, 'b', "a", false),
        // The run died between the pointer and the ledger.
        ("a b", 9, 'c', "ba", false),
        ("a b c", 9, 'b', "a", true),
        ("a b c", 9, 'c', "ba", false),
    ] {
        let entries = ledger(text);
        let current = (runs != ' ').then(|| current(second, runs));
        let past = past(&"frontend".parse().unwrap(), SiteHistory { entries: &entries, current: current.as_ref() });
        assert_eq!((letters(&past.earlier), past.cut_off), (earlier.to_owned(), cut_off), "{text} {runs}");
    }
}

#[test]
fn the_newest_entry_that_says_how_a_release_serves_counts() {
    for (text, expected) in [
        ("b", None),
        ("a", Some(Outcome::Deployed)),
        ("a a!", Some(Outcome::RolledBack)),
        ("a a! a", Some(Outcome::Deployed)),
        ("a a?", Some(Outcome::Deployed)),
        ("a? b", None),
        ("a a! b", Some(Outcome::RolledBack)),
    ] {
        let entries = ledger(text);
        let judged = SiteHistory { entries: &entries, current: None }.judged(&"a".repeat(40).parse().unwrap());
        assert_eq!(judged.map(|entry| entry.outcome), expected, "{text}");
    }
}

#[test]
fn without_a_release_there_is_no_baseline_and_with_one_it_is_unknown() {
    let name: ComponentName = "frontend".parse().unwrap();
    let of = |text: &str| past(&name, SiteHistory { entries: &ledger(text), current: None });
    assert_eq!((of("a!").baseline, of("a!").runs), (ComponentBaseline::NoRelease, None));
    assert!(matches!(of("a b a").baseline, ComponentBaseline::NotKept));
    assert_eq!(letters(&of("a b a").succeeded), "ab");
}

#[test]
fn a_history_marks_what_is_served_and_what_was_left() {
    let (entries, current) = (ledger("a b a<1"), current(3, 'a'));
    let history = SiteHistory { entries: &entries, current: Some(&current) };
    let shown: Vec<_> = history.releases().iter().map(|it| (it.standing, it.was_left)).collect();
    assert_eq!(shown, [(Availability::Current, false), (Availability::Past, true), (Availability::Past, false)]);
    assert_eq!(history.of_release(&entries[0].release).unwrap().id(), entries[0].id());

    // A run that failed moved the pointer back, and its entry is of its own release.
    let (entries, current) = (ledger("a b!"), self::current(2, 'a'));
    let history = SiteHistory { entries: &entries, current: Some(&current) };
    let standings: Vec<_> = history.releases().iter().map(|it| it.standing).collect();
    assert_eq!(standings, [Availability::Past, Availability::Current]);
}
