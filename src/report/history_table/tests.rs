//! `history` on a terminal and elsewhere.

use jiff::Timestamp;

use super::*;
use crate::domain::image::Digest;
use crate::domain::provenance::OverriddenGate;
use crate::report::golden::{Rendered, now};

fn release(outcome: Option<&str>, restores: Option<&str>, standing: Availability) -> PastRelease {
    PastRelease {
        outcome: outcome.map(str::to_owned),
        provenance: Provenance::local(Some("ana")),
        restores: restores.map(Into::into),
        standing,
        ..PastRelease::sample("arn:aws:ecs:us-east-1:123456789012:task-definition/backend:9")
    }
}

const PIPE: TextStyle = TextStyle { width: None, exact: false, now: Timestamp::UNIX_EPOCH };

/// A release of a number of minutes before, under a revision of its number.
fn past(number: usize, sha: &str, outcome: Option<&str>, minutes: i64, by: Option<&str>) -> PastRelease {
    let at = now() - jiff::SignedDuration::from_mins(minutes);
    PastRelease {
        release: format!("{sha:0<40}").parse().unwrap(),
        digest: Some(Digest::of(sha)),
        outcome: outcome.map(str::to_owned),
        at: Some(at),
        provenance: Provenance {
            by: by.map(str::to_owned),
            trigger: Some("workflow_dispatch".to_owned()),
            run: Some(format!("acme/orders/471{number}/1")),
            began: Some(at - jiff::SignedDuration::from_secs(72)),
            ..Provenance::default()
        },
        ..PastRelease::sample(&format!("arn:x/orders-prod:{number}"))
    }
}

fn week() -> Vec<PastRelease> {
    let back = PastRelease {
        restores: Some("arn:x/orders-prod:3".into()),
        standing: Availability::Current,
        ..past(6, "dcf0833", Some("deployed"), 2, Some("nia"))
    };
    let left = PastRelease { was_left: true, ..past(5, "30faf9b", Some("deployed"), 61, None) };
    let mut decided = past(4, "09acb2a", Some("rolled-back"), 1500, Some("a-person-with-a-long-name[bot]"));
    decided.provenance.approvers = vec!["ben".to_owned(), "eva".to_owned()];
    let reason = "carts fail, and no one who could explain it is there before Monday, see issue 12".to_owned();
    decided.provenance.overrides = vec![OverriddenGate { gate: "freeze".to_owned(), reason }];
    let unknown = PastRelease { at: None, ..past(2, "aaaaaaa", None, 0, None) };
    vec![
        back,
        left,
        decided,
        past(3, "dcf0833", Some("deployed"), 4000, Some("nia")),
        PastRelease { restores: Some("arn:x/orders-prod:1".into()), ..past(2, "bbbbbbb", Some("broken"), 9999, None) },
        past(2, "ccccccc", Some("timed-out"), 10_999, None),
        unknown,
    ]
}

/// What is kept of `history`.
pub fn cases() -> Vec<Rendered> {
    let of =
        |name, releases: Vec<(String, PastRelease)>| Rendered::new(name, move |look| render(&releases, look).unwrap());
    let all = |component: &str| week().into_iter().map(|release| (component.to_owned(), release)).collect::<Vec<_>>();
    let mut several = all("backend");
    several.splice(1..1, all("payments-worker").into_iter().take(3));
    vec![of("history", all("app")), of("history-components", several)]
}

#[test]
fn what_is_unknown_is_called_so() {
    let releases = [
        ("backend".to_owned(), release(None, None, Availability::RollingOut)),
        ("backend".to_owned(), release(Some("deployed"), Some("arn:x/backend:7"), Availability::Current)),
        ("backend".to_owned(), release(Some("rolled-back"), None, Availability::Past)),
    ];
    let table = render(&releases, PIPE).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], HEADINGS);
    let unknown = ["-", "backend", "4b825dc", "unknown", "(rolling", "out)", "-", "backend:9", "-", "ana", "local"];
    assert_eq!(rows[1], unknown);
    let restored = ["-", "backend", "4b825dc", "deployed", "(current)", "-", "backend:9,", "restores", "backend:7"];
    assert_eq!(rows[2][..9], restored);
    assert_eq!(rows[3][3..6], ["rolled-back", "-", "backend:9"]);
    assert_eq!(render(&[], PIPE), None);
}

#[test]
fn who_decided_stands_below_the_row() {
    let provenance = Provenance {
        trigger: Some("workflow_dispatch".to_owned()),
        run: Some("acme/shop/7/1".to_owned()),
        approvers: vec!["ben".to_owned(), "eva".to_owned()],
        overrides: vec![OverriddenGate { gate: "freeze".to_owned(), reason: "carts fail".to_owned() }],
        ..Provenance::local(Some("ana"))
    };
    let decided = PastRelease { provenance, ..release(Some("deployed"), None, Availability::Current) };
    let releases = [("backend".to_owned(), decided), ("worker".to_owned(), release(None, None, Availability::Past))];
    let table = render(&releases, PIPE).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[1].ends_with("ana (workflow_dispatch)  acme/shop/7/1"), "{table}");
    assert_eq!(lines[2..4], ["  approved by ben, eva", "  gate freeze overridden: carts fail"]);
    assert_eq!(lines.len(), 5);
}

#[test]
fn it_took_from_the_begin_to_the_outcome() {
    for (outcome, began, ended, seconds, shown) in [
        (Some("deployed"), Some(10), Some(69), Some(59), "59s"),
        (Some("broken"), Some(10), Some(135), Some(125), "2m 5s"),
        (Some("deployed"), Some(10), Some(3_970), Some(3_960), "1h 6m"),
        (Some("deployed"), Some(10), Some(9), None, "-"),
        (None, Some(10), Some(69), None, "-"),
        (Some("deployed"), None, Some(69), None, "-"),
        (Some("deployed"), Some(10), None, None, "-"),
    ] {
        let at = |second: Option<i64>| second.map(|second| Timestamp::from_second(second).unwrap());
        let mut release = release(outcome, None, Availability::Past);
        (release.provenance.began, release.at) = (at(began), at(ended));
        assert_eq!((release.seconds(), &*row("backend", &release, PIPE)[4]), (seconds, shown), "{began:?} {ended:?}");
    }
}

#[test]
fn what_a_rollback_put_there_and_what_it_left_say_so() {
    let plain = |release: &PastRelease| {
        let look = TextStyle { width: Some(80), exact: false, now: now() };
        anstream::adapter::strip_str(&outcome(release, look)).to_string()
    };
    let releases = week();
    let said: Vec<String> = releases.iter().map(plain).collect();
    assert_eq!(
        said,
        [
            "✓ rolled back to dcf0833 (now)",
            "! deployed, then rolled back",
            "✗ rolled back",
            "✓ deployed",
            "✗ rollback broken",
            "! timed out",
            "– unknown"
        ]
    );
    let twice = PastRelease { was_left: true, standing: Availability::Past, ..releases[0].clone() };
    assert_eq!(plain(&twice), "! rolled back to dcf0833, then rolled back");
}
