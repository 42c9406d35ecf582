//! What a service ran before, as the ledger on its revisions says, as far as their content confirms that.

use super::evidence::{is_registered, success};
use super::ids::RevisionArn;
use super::service::TaskRevision;
use crate::domain::ecs::ledger::LedgerEntry;
use crate::domain::ecs::names::ContainerName;
use crate::domain::neutral;
use crate::domain::release::ReleaseName;

/// The release that a service runs as shipgate put it there, by the content of the revision. `None`: another program put there
/// what runs, whatever its labels say.
pub fn runs(live: &TaskRevision, container: &ContainerName) -> Option<ReleaseName> {
    live.ledger.as_ref().and_then(|_| live.put_there(container))
}

/// Whether a rollback put there what a service runs, and ended before it knew whether that serves. Only what is proven
/// to have failed is `broken` in the ledger.
pub fn is_cut_off(live: &TaskRevision, past: &[TaskRevision]) -> bool {
    let unknown =
        |entry: &LedgerEntry| matches!(entry.outcome.as_deref(), None | Some("timed-out" | "interrupted" | "unproven"));
    live.ledger.as_ref().is_some_and(|entry| unknown(entry) && restores(live, past).is_some())
}

/// The revisions that a rollback may restore, newest first: they served, are older than what runs, and are another
/// release. `past`: the family's revisions, newest first.
///
/// What a rollback put there counts as old as what it restored, so that a second rollback goes further back, never
/// forward.
pub fn earlier<'a>(live: &TaskRevision, past: &'a [TaskRevision], container: &ContainerName) -> Vec<&'a TaskRevision> {
    let position = age(live, past);
    let runs = runs(live, container);
    let candidates = past.iter().filter(|revision| {
        revision.arn.number() < position
            && success(revision, container).is_some_and(|served| runs.as_ref() != Some(&served.release))
    });
    candidates.collect()
}

/// The newest revision with which a release served.
pub fn of_release<'a>(
    past: &'a [TaskRevision],
    release: &ReleaseName,
    container: &ContainerName,
) -> Option<&'a TaskRevision> {
    let served =
        |revision: &&TaskRevision| success(revision, container).is_some_and(|served| served.release == *release);
    past.iter().find(served)
}

/// What a service ran before its first release of shipgate.
#[derive(Debug, Clone, PartialEq)]
pub enum ServiceBaseline<'a> {
    /// This revision, which it can run again.
    Open(&'a TaskRevision),
    /// The revision of this ARN, and the service runs it, or what a rollback restored of it.
    Runs(&'a RevisionArn),
    /// The revision of this ARN, which is not active any more.
    Gone(&'a RevisionArn),
    /// That is not known: why.
    Unknown(String),
    /// There is no release of shipgate.
    NoRelease,
}

/// What a service ran before its first release of shipgate: the revision that the tag `shipgate:previous` of the oldest one of shipgate
/// revision names. `past`: the family's active revisions, newest first. `is_all`: there are no others.
///
/// A tag can be changed by everybody who may tag. So it counts only where content confirms the rest of the entry, and names
/// an older revision of the same family that is none of shipgate.
pub fn baseline<'a>(
    live: &'a TaskRevision,
    past: &'a [TaskRevision],
    is_all: bool,
    container: &ContainerName,
) -> ServiceBaseline<'a> {
    let ours = past.iter().chain([live]).filter(|revision| is_registered(revision, container));
    let Some(first) = ours.min_by_key(|revision| revision.arn.number()) else { return ServiceBaseline::NoRelease };
    if !is_all {
        let count = past.len();
        return ServiceBaseline::Unknown(format!("only the newest {count} revisions of its family were read"));
    }
    let Some(arn) = first.ledger.as_ref().and_then(|entry| entry.previous.as_ref()) else {
        return ServiceBaseline::NoRelease;
    };
    let family = |arn: &RevisionArn| arn.as_str().rsplit_once(':').map(|(family, _)| family.to_owned());
    if family(arn) != family(&first.arn) || arn.number() >= first.arn.number() {
        let (first, named) = (first.short(), neutral::phrase(arn.as_str(), 300));
        return ServiceBaseline::Unknown(format!(
            "{named}, which {first} says it ran before, is no older revision of its family"
        ));
    }
    let position = age(live, past);
    if position == arn.number() {
        return ServiceBaseline::Runs(arn);
    }
    if position < arn.number() {
        return ServiceBaseline::Unknown(format!("it runs {}, which is older than {}", live.short(), arn.short()));
    }
    // A release whose tags were taken off is none that ran before the first.
    let is_ours = |revision: &TaskRevision| {
        revision.ledger.is_some() || (!revision.of_another && revision.definition.release_label(container).is_some())
    };
    match past.iter().find(|revision| revision.arn == *arn) {
        Some(revision) if is_ours(revision) => {
            let (first, named) = (first.short(), revision.short());
            ServiceBaseline::Unknown(format!(
                "{named}, which {first} says it ran before, looks like a release of shipgate"
            ))
        }
        Some(revision) => ServiceBaseline::Open(revision),
        None => ServiceBaseline::Gone(arn),
    }
}

/// The number of the revision that first had this content.
fn age(live: &TaskRevision, past: &[TaskRevision]) -> Option<u64> {
    let mut next = restores(live, past);
    let mut position = live.arn.number();
    // Each step leads to a smaller number, so this ends.
    while let Some(arn) = next.take().filter(|arn| arn.number() < position) {
        position = arn.number();
        let original = past.iter().find(|revision| revision.arn == *arn);
        next = original.and_then(|revision| restores(revision, past));
    }
    position
}

/// The revision that another one restores, by its tag. Where that is at hand and has other content, the tag is wrong.
fn restores<'a>(revision: &'a TaskRevision, past: &[TaskRevision]) -> Option<&'a RevisionArn> {
    let arn = revision.ledger.as_ref()?.restores.as_ref()?;
    let differs = |original: &TaskRevision| !original.definition.changes_to(&revision.definition).is_empty();
    let is_wrong = past.iter().any(|original| original.arn == *arn && differs(original));
    (!is_wrong).then_some(arn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::evidence::tests::{registered, release};
    use crate::domain::ecs::plan::tests::revision;

    fn web() -> ContainerName {
        "web".parse().unwrap()
    }

    /// `7:c=3 ok` in words: revision 7 of release `c`, which restores revision 3.
    fn past(number: u64, letter: char, outcome: &str, restores: Option<u64>) -> TaskRevision {
        let arn = |number: u64| format!("arn:aws:ecs:us-east-1:123456789012:task-definition/backend:{number}").into();
        let mut revision = registered(number, letter, outcome);
        revision.ledger.as_mut().unwrap().restores = restores.map(arn);
        revision
    }

    fn numbers(live: &TaskRevision, all: &[TaskRevision]) -> Vec<u64> {
        earlier(live, all, &web()).iter().filter_map(|revision| revision.arn.number()).collect()
    }

    #[test]
    fn only_what_served_before_and_is_another_release() {
        let all = [
            past(6, 'd', "deployed", None),
            past(5, 'd', "deployed", None),
            past(4, 'c', "rolled-back", None),
            past(3, 'b', "deployed", None),
            past(2, 'b', "broken", None),
            past(1, 'a', "deployed", None),
        ];
        assert_eq!(numbers(&all[0], &all), [3, 1]);
        assert_eq!(numbers(&all[3], &all), [1]);
        assert_eq!(numbers(&all[5], &all), [0; 0]);
    }

    #[test]
    fn a_second_rollback_goes_further_back_and_never_forth() {
        let mut all = vec![
            past(4, 'b', "deployed", Some(2)),
            past(3, 'c', "deployed", None),
            past(2, 'b', "deployed", None),
            past(1, 'a', "deployed", None),
        ];
        assert_eq!(numbers(&all[0].clone(), &all), [1]);
        all.insert(0, past(5, 'd', "deployed", None));
        assert_eq!(numbers(&all[0].clone(), &all), [4, 3, 2, 1]);
        all.insert(0, past(6, 'b', "deployed", Some(4)));
        assert_eq!(numbers(&all[0].clone(), &all), [1]);
    }

    #[test]
    fn a_rollback_is_cut_off_until_its_end_is_known() {
        for (outcome, restores, cut_off) in [
            ("timed-out", Some(1), true),
            ("interrupted", Some(1), true),
            ("unproven", Some(1), true),
            ("deployed", Some(1), false),
            ("broken", Some(1), false),
            ("timed-out", None, false),
        ] {
            assert_eq!(is_cut_off(&past(3, 'b', outcome, restores), &[]), cut_off, "{outcome}");
        }
        let mut unwritten = past(3, 'b', "", Some(1));
        unwritten.ledger.as_mut().unwrap().outcome = None;
        assert!(is_cut_off(&unwritten, &[]));
    }

    #[test]
    fn a_hand_made_revision_goes_back_to_the_last_of_ours() {
        let all = [past(2, 'b', "deployed", None), past(1, 'a', "deployed", None)];
        for image in ["repo:latest".to_owned(), format!("repo:{}", release('b'))] {
            let by_hand = revision(3, &image, "x", None);
            assert_eq!(numbers(&by_hand, &all), [2, 1], "{image}");
        }
    }

    /// What somebody else put there as revision 1, and releases of shipgate after it, the first with that as `previous`.
    fn over_a_baseline(ours: Vec<TaskRevision>) -> Vec<TaskRevision> {
        ours.into_iter().rev().chain([revision(1, "repo:bootstrap", "x", None)]).collect()
    }

    #[test]
    fn the_baseline_is_what_ran_before_the_oldest_of_ours() {
        let all = over_a_baseline(vec![past(2, 'a', "broken", None), past(3, 'b', "deployed", None)]);
        let of = |live: &TaskRevision, all: &[TaskRevision], is_all: bool| match baseline(live, all, is_all, &web()) {
            ServiceBaseline::Open(revision) => format!("open {}", revision.short()),
            ServiceBaseline::Runs(arn) => format!("runs {}", arn.short()),
            ServiceBaseline::Gone(arn) => format!("gone {}", arn.short()),
            ServiceBaseline::Unknown(reason) => format!("unknown: {reason}"),
            ServiceBaseline::NoRelease => "no release".to_owned(),
        };
        for live in &all[..2] {
            assert_eq!(of(live, &all, true), "open backend:1");
        }
        assert_eq!(of(&all[2], &all, true), "runs backend:1");
        assert_eq!(of(&all[0], &all[..2], true), "gone backend:1");
        assert_eq!(of(&all[2], &all[2..], true), "no release");
        assert!(of(&all[0], &all, false).contains("only the newest 3 revisions"));

        let mut restored = all[2].clone();
        restored.arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/backend:4".into();
        restored.ledger = Some(LedgerEntry {
            restores: Some(all[2].arn.clone()),
            outcome: Some("deployed".to_owned()),
            ..LedgerEntry::new(ReleaseName::Baseline, &"arn".into())
        });
        let again: Vec<TaskRevision> = std::iter::once(restored.clone()).chain(all.iter().cloned()).collect();
        assert_eq!(of(&restored, &again, true), "runs backend:1");
        assert_eq!((runs(&restored, &web()), numbers(&restored, &again)), (Some(ReleaseName::Baseline), vec![]));
        // What came after that has the release before in its history, and the baseline below.
        let after: Vec<TaskRevision> = std::iter::once(past(5, 'c', "deployed", None)).chain(again).collect();
        assert_eq!((numbers(&after[0], &after), of(&after[0], &after, true)), (vec![3], "open backend:1".to_owned()));
    }

    #[test]
    fn a_tag_makes_up_no_baseline() {
        type Forge = fn(&mut Vec<TaskRevision>);
        let name = |all: &mut Vec<TaskRevision>, arn: &str| all[0].ledger.as_mut().unwrap().previous = Some(arn.into());
        let cases: [(Forge, &str); 4] = [
            (|all| all[1].ledger = None, "looks like a release of shipgate"),
            (|all| all[1].ledger.as_mut().unwrap().digest = None, "looks like a release of shipgate"),
            (|_| (), "is no older revision of its family"),
            (|_| (), "is no older revision of its family"),
        ];
        let prefix = "arn:aws:ecs:us-east-1:123456789012:task-definition/";
        let named = ["backend:2", "backend:2", "other:1", "backend:9"];
        for ((forge, reason), named) in cases.into_iter().zip(named) {
            let mut all = over_a_baseline(vec![past(2, 'a', "deployed", None), past(3, 'b', "deployed", None)]);
            forge(&mut all);
            if named != "backend:2" {
                all.remove(1);
            }
            name(&mut all, &format!("{prefix}{named}"));
            let found = baseline(&all[0], &all, true, &web());
            assert!(matches!(&found, ServiceBaseline::Unknown(found) if found.contains(reason)), "{reason}: {found:?}");
        }
    }

    #[test]
    fn a_named_release_is_its_newest_success() {
        let all = [past(3, 'b', "broken", None), past(2, 'b', "deployed", None), past(1, 'b', "deployed", None)];
        assert_eq!(of_release(&all, &release('b'), &web()).unwrap().arn.number(), Some(2));
        assert_eq!(of_release(&all, &release('a'), &web()), None);
    }

    #[test]
    fn a_forged_tag_changes_nothing_of_what_runs_and_what_is_restored() {
        let mut live = past(4, 'c', "deployed", None);
        live.ledger.as_mut().unwrap().release = release('b');
        assert_eq!(runs(&live, &web()), Some(release('c')));
        let all = [live.clone(), past(3, 'c', "deployed", None), past(2, 'b', "deployed", None)];
        assert_eq!(numbers(&live, &all), [2]);
        // It says that it restores what it does not have.
        live.ledger.as_mut().unwrap().restores = Some(all[2].arn.clone());
        live.ledger.as_mut().unwrap().outcome = None;
        assert_eq!((numbers(&live, &all), is_cut_off(&live, &all)), (vec![2], false));
    }

    #[test]
    fn a_planted_revision_is_no_target() {
        let live = past(4, 'c', "deployed", None);
        let mut planted = past(3, 'b', "deployed", None);
        planted.ledger.as_mut().unwrap().provenance.run = None;
        let all = [live.clone(), planted, past(2, 'b', "deployed", None), past(1, 'a', "deployed", None)];
        assert_eq!(numbers(&live, &all), [2, 1]);
        assert_eq!(of_release(&all, &release('b'), &web()).unwrap().arn.number(), Some(2));
    }
}
