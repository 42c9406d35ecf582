use jiff::Timestamp;

use super::*;
use crate::domain::contract::DeclaredContract;
use crate::domain::kind::Kind;
use crate::domain::outcome::Outcome;
use crate::domain::provenance::Provenance;
use crate::domain::static_site::bundle::SitePath;
use crate::domain::static_site::store::{FilledBundle, FinishedRelease, KeptRelease};
use crate::domain::static_site::sync::Oddity;
use crate::domain::static_site::{SiteBuild, Target};

fn release(letter: char) -> ReleaseName {
    letter.to_string().repeat(40).parse().unwrap()
}

fn component() -> Component {
    Component {
        name: "frontend".parse().unwrap(),
        depends_on: Vec::new(),
        follows: Vec::new(),
        contract: DeclaredContract::default(),
        kind: Kind::from(Target::sample()),
    }
}

fn buildable() -> Target {
    let build = SiteBuild {
        run: crate::domain::template::Template::literal("make"),
        directory: ".".into(),
        output: "dist".into(),
        node: None,
        env: indexmap::IndexMap::default(),
        placeholders: Vec::new(),
        is_per_environment: false,
    };
    Target { build: Some(Box::new(build)), ..Target::sample() }
}

fn current(letters: &str) -> Option<CurrentRelease> {
    let mut current: Option<CurrentRelease> = None;
    for letter in letters.chars() {
        let digest = Digest::of(letter.to_string());
        let kept = KeptRelease { release: release(letter), digest, exclude: Vec::new(), filled: None };
        let finished = FinishedRelease { kept, at: Timestamp::UNIX_EPOCH, is_listed: true, config: None, run: None };
        current = Some(CurrentRelease::after(finished, current.as_ref(), &[], 5));
    }
    current
}

fn entry(letter: char, outcome: Outcome) -> SiteLedgerEntry {
    SiteLedgerEntry {
        release: release(letter),
        digest: Digest::of(letter.to_string()),
        outcome,
        at: Timestamp::UNIX_EPOCH,
        provenance: Provenance::default(),
        restores: None,
        previous: None,
        config: None,
        exclude: Vec::new(),
        filled: None,
        url: None,
    }
}

/// A site that serves the last of some releases, proven or not, and whose store has the wanted one or not.
fn facts(served: &str, outcome: Outcome, stored: Option<char>) -> SiteFacts {
    SiteFacts {
        current: current(served),
        newest: served.chars().last().map(|letter| entry(letter, outcome)),
        stored: stored.map(|letter| Digest::of(letter.to_string())),
        ..SiteFacts::default()
    }
}

fn steps(plan: &ComponentPlan) -> String {
    let all = plan.preparation.iter().chain(&plan.steps);
    all.map(|step| step.id.verb.to_string()).collect::<Vec<_>>().join(", ")
}

fn planned(facts: &SiteFacts, wanted: char) -> ComponentPlan {
    let (component, target) = (component(), buildable());
    let site = SitePlan::of_release(&component, &target, facts, None, None).unwrap();
    site.neutral(&component, &target, facts, &release(wanted))
}

/// A site with one value, and a pointer that says with which values its release is served.
fn with_value(facts: &SiteFacts, value: &str, served: Option<&str>) -> (ComponentPlan, SitePlan) {
    let values = |value: &str| PlaceholderValues::sample(&[("API_URL", value)]);
    let target = Target { placeholders: values(value), ..buildable() };
    let filled = served.map(|value| FilledBundle { values: values(value).digest(), manifest: Digest::of(value) });
    let current = facts.current.clone().map(|current| CurrentRelease { filled, ..current });
    let facts = SiteFacts { current, ..facts.clone() };
    let site = SitePlan::of_release(&component(), &target, &facts, None, None).unwrap();
    (site.neutral(&component(), &target, &facts, &release('a')), site)
}

#[test]
fn values_are_put_in_where_they_are_others_than_those_that_are_served() {
    let stored = facts("a", Outcome::Deployed, Some('a'));
    let (plan, _) = with_value(&stored, "/one", Some("/one"));
    assert_eq!(steps(&plan), "verify");
    let (plan, site) = with_value(&stored, "/two", Some("/one"));
    assert_eq!(steps(&plan), "store, publish, prove");
    let text = &plan.preparation[0].summary;
    assert!(text.contains("API_URL=/two") && text.contains("the digest of the release is that of"), "{text}");
    assert_eq!(plan.released.digest, Some(Digest::of("a")), "the release is that of the files with markers");
    assert!(site.is_unfilled() && plan.canonical["values"] == json!({"API_URL": "/two"}));
    // Of before there were placeholders.
    assert_eq!(steps(&with_value(&stored, "/one", None).0), "store, publish, prove");
    let filled = FilledBundle { values: Digest::of("v"), manifest: Digest::of("m") };
    assert!(!site.stored(Digest::of("a"), Some(filled)).is_unfilled());
}

#[test]
fn a_rollback_goes_back_to_the_values_of_then() {
    let filled = |text: &str| Some(FilledBundle { values: Digest::of(text), manifest: Digest::of(text) });
    let target = Target { placeholders: PlaceholderValues::sample(&[("API_URL", "/now")]), ..buildable() };
    let facts = facts("ab", Outcome::Deployed, Some('a'));
    let site = SitePlan::of_rollback(
        &target,
        &facts,
        &SiteLedgerEntry { filled: filled("then"), ..entry('a', Outcome::Deployed) },
    );
    assert_eq!((site.filled.clone(), site.is_unfilled()), (filled("then"), false));
    let plan = site.neutral(&component(), &target, &facts, &release('a'));
    assert_eq!(plan.back.brought_back, ["the values of its placeholders of then"]);
    assert_eq!(plan.canonical["filled"], json!(Digest::of("then")));
}

#[test]
fn what_is_served_is_proven_by_the_entry_of_its_own_run() {
    let second = |second| Timestamp::from_second(second).unwrap();
    let current = CurrentRelease { since: second(10), ..current("a").unwrap() };
    let is_proven = |at, entry| is_proven(Some(&SiteLedgerEntry { at: second(at), ..entry }), Some(&current));
    let put_back = |of| SiteLedgerEntry { previous: Some(release(of)), ..entry('b', Outcome::RolledBack) };
    for (at, entry, expected) in [
        (10, entry('a', Outcome::Deployed), true),
        (11, entry('a', Outcome::Deployed), true),
        // The pointer moved again: with another runtime configuration, say.
        (9, entry('a', Outcome::Deployed), false),
        (11, entry('a', Outcome::TimedOut), false),
        (11, entry('b', Outcome::Deployed), false),
        // The release that failed was left for this one, which was proven then.
        (11, put_back('a'), true),
        (9, put_back('a'), false),
        (11, put_back('c'), false),
        (11, SiteLedgerEntry { outcome: Outcome::Broken, ..put_back('a') }, false),
    ] {
        assert_eq!(is_proven(at, entry.clone()), expected, "{at} {entry:?}");
    }
}

#[test]
fn what_was_proven_last_is_not_gone_back_from() {
    let config = || {
        let content_type = "text/javascript".to_owned();
        Some(WrittenConfig { path: "config.js".parse().unwrap(), digest: Digest::of("x"), size: 4, content_type })
    };
    let now = current("ab").unwrap();
    let ok = |letter| entry(letter, Outcome::Deployed);
    for (entries, expected) in [
        (vec![], false),
        (vec![ok('b')], true),
        // It was verified, and once more: both failed.
        (vec![entry('b', Outcome::Broken), entry('b', Outcome::TimedOut), ok('b'), ok('a')], true),
        (vec![entry('b', Outcome::Broken), ok('a'), ok('b')], false),
        (vec![SiteLedgerEntry { config: config(), ..ok('b') }], false),
        (vec![SiteLedgerEntry { exclude: vec!["*.map".parse().unwrap()], ..ok('b') }], false),
        (vec![SiteLedgerEntry { digest: Digest::of("x"), ..ok('b') }], false),
    ] {
        assert_eq!(was_proven(&entries, &now), expected, "{entries:?}");
    }
}

#[test]
fn what_is_done_depends_on_what_is_stored_served_and_proven() {
    for (served, outcome, stored, wanted, expected) in [
        ("", Outcome::Deployed, None, 'a', "bundle, store, publish, prove"),
        ("", Outcome::Deployed, Some('a'), 'a', "publish, prove"),
        ("a", Outcome::Deployed, Some('a'), 'a', "verify"),
        // The run that put it there ended before it was proven.
        ("a", Outcome::TimedOut, Some('a'), 'a', "publish, prove"),
        ("a", Outcome::Deployed, None, 'b', "bundle, store, publish, prove"),
        ("abcd", Outcome::Deployed, Some('e'), 'e', "publish, prove"),
        ("abcde", Outcome::Deployed, Some('f'), 'f', "publish, prove, clean up"),
        ("abcde", Outcome::Deployed, Some('d'), 'd', "publish, prove"),
    ] {
        let plan = planned(&facts(served, outcome, stored), wanted);
        assert_eq!(steps(&plan), expected, "{served} {outcome} {stored:?} {wanted}");
        assert_eq!(plan.is_empty(), expected == "verify");
        assert_eq!(plan.image, None, "it ships no image");
    }
    // Another run died in the middle: caches may have anything of it.
    let facts = SiteFacts { has_unfinished: true, ..facts("a", Outcome::Deployed, Some('a')) };
    assert_eq!(steps(&planned(&facts, 'a')), "publish, prove");
}

#[test]
fn what_a_failed_release_gave_way_to_is_proven() {
    for (outcome, previous, expected) in [
        (Outcome::RolledBack, Some('a'), true),
        (Outcome::RolledBack, Some('c'), false),
        (Outcome::RolledBack, None, false),
        (Outcome::Broken, Some('a'), false),
        (Outcome::TimedOut, Some('a'), false),
    ] {
        let failed = SiteLedgerEntry { previous: previous.map(release), ..entry('b', outcome) };
        assert_eq!(is_proven(Some(&failed), current("a").as_ref()), expected, "{outcome} {previous:?}");
    }
}

#[test]
fn a_first_release_over_files_of_others_says_that_nothing_is_put_back() {
    let reported = |has_foreign| {
        let facts = SiteFacts { has_foreign, ..facts("", Outcome::Deployed, Some('a')) };
        let warnings = planned(&facts, 'a').warnings;
        warnings.into_iter().find(|warning| warning.text.contains("nothing is put back"))
    };
    assert_eq!(reported(false), None);
    let warning = reported(true).unwrap();
    assert!(warning.text.contains("serves no release of shipgate yet"), "{warning:?}");
    assert!(warning.hint.unwrap().contains("aws s3 sync s3://"));
}

#[test]
fn a_build_for_this_environment_is_planned_and_not_carried_out_without_its_bundle() {
    let (component, target) = (component(), buildable());
    let given: GivenBundle = format!("frontend=x.tar@{}", Digest::of("a")).parse().unwrap();
    for (stored, given, expected) in [
        (None, None, "bundle, store, publish, prove"),
        (None, Some(&given), "store, publish, prove"),
        (Some('a'), None, "publish, prove"),
    ] {
        let facts = facts("", Outcome::Deployed, stored);
        let site = SitePlan::of_own_build(&component, &target, &facts, given, None).unwrap();
        let plan = site.neutral(&component, &target, &facts, &release('a'));
        assert_eq!(steps(&plan), expected);
        let lacks = site.lacks_own_build(&target);
        assert_eq!(lacks.is_some(), stored.is_none() && given.is_none(), "{lacks:?}");
        let reported = plan.warnings.iter().filter(|warning| warning.text.contains("none is handed over")).count();
        assert_eq!(reported, usize::from(lacks.is_some()));
        assert!(lacks.is_none_or(|(_, hint)| hint.contains("--environment") && hint.contains("--bundle")));
    }
    // A deploy builds itself.
    let facts = facts("", Outcome::Deployed, None);
    let site = SitePlan::of_release(&component, &target, &facts, None, None).unwrap();
    assert_eq!(site.lacks_own_build(&target), None);
}

#[test]
fn what_somebody_changed_by_hand_is_written_again() {
    let path: SitePath = "index.html".parse().unwrap();
    let drifted = vec![(path, Oddity::Changed)];
    let plan = planned(&SiteFacts { drifted, ..facts("a", Outcome::Deployed, Some('a')) }, 'a');
    assert_eq!(steps(&plan), "publish, prove");
    assert_eq!(plan.drift.unwrap().changes[0].path, "index.html");
    assert!(plan.warnings[0].text.contains("index.html"));
}

/// The same command again, with the digest of the plan that was approved.
#[test]
fn a_plan_that_was_carried_out_keeps_its_digest() {
    let canonical = |facts: &SiteFacts| {
        let site = SitePlan::of_promotion(&Target::sample(), facts, &Digest::of("b"), None);
        site.neutral(&component(), &Target::sample(), facts, &release('b')).canonical
    };
    for (before, after) in [("a", "ab"), ("", "b"), ("ba", "bab"), ("cab", "cabb")] {
        let [before_it, afterwards] = [before, after].map(|served| facts(served, Outcome::Deployed, None));
        assert_eq!(canonical(&before_it), canonical(&afterwards), "{before} {after}");
    }
    assert_ne!(canonical(&facts("a", Outcome::Deployed, None)), canonical(&facts("ac", Outcome::Deployed, None)));
    let mut alone = facts("b", Outcome::Deployed, None);
    alone.newest = Some(SiteLedgerEntry { previous: Some(release('a')), ..entry('b', Outcome::Deployed) });
    assert_eq!(canonical(&facts("a", Outcome::Deployed, None)), canonical(&alone));
}

#[test]
fn without_files_and_without_a_build_there_is_no_plan() {
    let plan = |facts: &SiteFacts| SitePlan::of_release(&component(), &Target::sample(), facts, None, None);
    assert!(matches!(plan(&facts("", Outcome::Deployed, None)), Err(PlanError::Unusable { .. })));
    assert!(plan(&facts("", Outcome::Deployed, Some('a'))).is_ok());
}

#[test]
fn a_bundle_of_another_job_is_taken_unless_the_store_has_the_release() {
    let text = format!("frontend=x.tar@{}", Digest::of("a"));
    let given: GivenBundle = text.parse().unwrap();
    let origin = |stored| {
        let facts = facts("", Outcome::Deployed, stored);
        SitePlan::of_release(&component(), &buildable(), &facts, Some(&given), None).unwrap().origin
    };
    assert_eq!(origin(None), FilesOrigin::Given(given.clone()));
    assert_eq!(origin(Some('b')), FilesOrigin::Stored);
}

#[test]
fn a_bundle_that_is_not_taken_is_reported_with_both_digests() {
    let (component, target) = (component(), buildable());
    let given = |letter: char| -> Option<GivenBundle> {
        Some(format!("frontend=x.tar@{}", Digest::of(letter.to_string())).parse().unwrap())
    };
    for (stored, given, expected) in [
        (None, None, None),
        (None, given('b'), None),
        (Some('a'), None, None),
        (Some('a'), given('a'), None),
        (Some('a'), given('b'), Some(["a", "b"])),
    ] {
        let facts = facts("", Outcome::Deployed, stored);
        let site = SitePlan::of_release(&component, &target, &facts, given.as_ref(), None).unwrap();
        let warnings = site.neutral(&component, &target, &facts, &release('a')).warnings;
        let expected = expected.map(|both| both.map(|text| Digest::of(text).short().to_owned()));
        let expected = expected.map(|[stored, given]| format!("{stored} is taken, and {given} was handed over"));
        let reported = warnings.iter().find(|warning| warning.text.contains("other files of this commit"));
        assert_eq!(reported.is_some(), expected.is_some(), "{stored:?} {given:?} {warnings:?}");
        assert!(expected.is_none_or(|text| reported.unwrap().text.ends_with(&text)), "{reported:?}");
        // What was seen to be put there by this very run is said once, by its plan.
        assert_eq!(site.stored(Digest::of("a"), None).passed_over, site.passed_over);
    }
}

#[test]
fn a_promotion_takes_the_same_files_whatever_the_store_has() {
    let target = Target::sample();
    for (stored, expected) in
        [(None, "store, publish, prove"), (Some('a'), "publish, prove"), (Some('b'), "store, publish, prove")]
    {
        let facts = facts("", Outcome::Deployed, stored);
        let site = SitePlan::of_promotion(&target, &facts, &Digest::of("a"), None);
        let plan = site.neutral(&component(), &target, &facts, &release('a'));
        assert_eq!(steps(&plan), expected, "{stored:?}");
        assert_eq!(plan.canonical["digest"], Digest::of("a").to_string());
    }
}

#[test]
fn a_rollback_brings_back_what_was_written_then() {
    let config = WrittenConfig {
        path: "config.js".parse().unwrap(),
        digest: Digest::of("then"),
        size: 4,
        content_type: "text/javascript".to_owned(),
    };
    let then = SiteLedgerEntry { config: Some(config.clone()), ..entry('a', Outcome::Deployed) };
    let facts = facts("ab", Outcome::Deployed, None);
    let site = SitePlan::of_rollback(&Target::sample(), &facts, &then);
    let plan = site.neutral(&component(), &Target::sample(), &facts, &release('a'));
    assert_eq!((steps(&plan).as_str(), site.config), ("publish, prove", Some(config)));
    assert_eq!(plan.back.leaves.unwrap().left.to_string(), "b".repeat(40));
    assert_eq!(plan.back.brought_back.len(), 1);
}

/// Whether it is built, stored or half-way there says nothing of what is meant.
#[test]
fn a_deploy_keeps_its_digest_from_plan_to_end() {
    let of = |stored| planned(&facts("a", Outcome::Deployed, stored), 'b').canonical;
    assert_eq!(of(None), of(Some('b')));
    assert_ne!(of(None), planned(&facts("", Outcome::Deployed, None), 'b').canonical, "the target moved");
}
