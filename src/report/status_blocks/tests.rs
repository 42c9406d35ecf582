//! Blocks at the widths of terminals.

use super::*;
use crate::domain::behind::Behind;
use crate::domain::failure::Failure;
use crate::domain::hold::Hold;
use crate::domain::proof::Whereabouts;
use crate::domain::release::GitSha;
use crate::domain::view::plan::{PlanChange, Running};
use crate::domain::view::status::{ChangedFile, ComponentHandChange, Remark};
use crate::report::golden::Rendered;
use crate::report::status_table;

fn sha(start: &str) -> GitSha {
    format!("{start:0<40}").parse().unwrap()
}

fn look(width: usize, exact: bool) -> TextStyle {
    TextStyle { width: Some(width), exact, now: at(0) }
}

/// A number of minutes before now.
fn at(minutes: i64) -> Timestamp {
    let now: Timestamp = "2026-11-21T14:17:00Z".parse().unwrap();
    now - jiff::SignedDuration::from_mins(minutes)
}

fn component(name: &str, release: &str, counts: (i32, i32), minutes: i64) -> SeenComponent {
    let seen = ComponentStatus {
        running_release: Running {
            sha: Some(sha(release).to_string()),
            digest: Some(Digest::of(release)),
            baseline: None,
        },
        since: Some(at(minutes)),
        whereabouts: Whereabouts {
            cluster: Some("orders".to_owned()),
            service: Some(format!("orders-{name}")),
            revision: Some(format!("orders-{name}:6")),
            running: Some(counts.0),
            desired: Some(counts.1),
        },
        last: Some(last(release, Some("deployed"), true)),
        holds: Vec::new(),
        drift: None,
        remarks: Vec::new(),
    };
    let subject = Some("Say more in the README, and in the documents that it points to".to_owned());
    SeenComponent { name: name.to_owned(), kind: "ecs", seen: Ok(seen), behind: None, subject }
}

fn last(release: &str, outcome: Option<&str>, is_live: bool) -> LastRelease {
    LastRelease {
        release: ReleaseName::Commit(sha(release)),
        outcome: outcome.map(str::to_owned),
        at: Some(at(1)),
        by: Some("nia".to_owned()),
        run: Some("acme/orders/4711/1".to_owned()),
        url: Some("https://github.com/acme/orders/actions/runs/4711".to_owned()),
        is_live,
    }
}

fn seen(component: &mut SeenComponent) -> &mut ComponentStatus {
    component.seen.as_mut().unwrap()
}

fn held(hold: Hold, passed: Option<bool>) -> SeenHold {
    SeenHold { hold, is_on_service: true, passed }
}

fn environment(name: &str, components: Vec<SeenComponent>) -> EnvironmentStatus {
    EnvironmentStatus { name: name.to_owned(), source: None, components, failure: None }
}

fn plain(environments: &[EnvironmentStatus], look: TextStyle) -> String {
    anstream::adapter::strip_str(&render(environments, look).unwrap()).to_string()
}

/// Those of the mock-up, and a hold by hand.
fn two() -> Vec<EnvironmentStatus> {
    let mut app = component("app", "734f951", (1, 1), 4);
    app.subject = Some("Pin shipgate".to_owned());
    seen(&mut app).last = Some(last("09acb2a", Some("rolled-back"), false));
    let mut production = component("app", "30faf9b", (2, 2), 2880);
    let newest = ["734f951", "12444df", "edc92ba"].map(sha).to_vec();
    production.behind = Some(Behind { of: "stage".parse().unwrap(), distance: Distance::Commits(3), newest });
    let status = seen(&mut production);
    let barred = Hold::of_rollback(&sha("f3a9175"), Some(&sha("30faf9b")), "nia", at(5));
    let before = Hold::of_rollback(&sha("aaaaaaa"), Some(&sha("bbbbbbb")), "nia", at(99));
    let by_hand = Hold::by_hand("carts fail", "acme/orders/99/1", at(121)).unwrap();
    status.holds = vec![held(barred, Some(false)), held(before, Some(true)), held(by_hand, None)];
    let value = |text: &str| Some(text.to_owned());
    let change = |path: &str, from, to| PlanChange { path: path.to_owned(), from, to };
    status.drift = Some(ComponentHandChange {
        last: Some("arn/orders-prod:6".into()),
        text: "changed by hand: runs orders-prod:7, shipgate last deployed orders-prod:6".to_owned(),
        changes: vec![
            change("containerDefinitions[app].environment[HOTFIX]", None, value("(not shown)")),
            change("memory", value("512"), value("1024")),
        ],
        files: Vec::new(),
        is_kept: Some(true),
    });
    vec![environment("stage", vec![app]), environment("production", vec![production])]
}

/// Components that run the same and that do not, and what cannot be read.
fn several() -> Vec<EnvironmentStatus> {
    let mut worker = component("worker", "30faf9b", (1, 2), 3);
    seen(&mut worker).remarks = vec![Remark::plain("a rollout is in progress")];
    let same = vec![component("backend", "30faf9b", (2, 2), 9), worker];
    let mut other = component("worker", "734f951", (1, 1), 3);
    other.subject = None;
    let mut differ = vec![component("backend", "30faf9b", (2, 2), 9), other];
    differ.push(SeenComponent { seen: Err(Failure::failed("denied")), ..component("site", "1", (0, 0), 0) });
    let failed =
        EnvironmentStatus { failure: Some(Failure::failed("no credentials")), ..environment("live", Vec::new()) };
    vec![environment("stage", same), environment("production", differ), failed]
}

/// A site of which somebody changed files by hand.
fn changed_by_hand() -> Vec<EnvironmentStatus> {
    let mut site = component("frontend", "30faf9b", (0, 0), 9);
    let status = seen(&mut site);
    status.whereabouts = Whereabouts::default();
    let names = ["index.html", "about.html", "assets/index-Bx1aZ9.js", "config.js", "sw.js", "404.html", "robots.txt"];
    let whats = ["changed", "headers", "deleted"].into_iter().cycle();
    let files = names.into_iter().zip(whats).map(|(path, what)| ChangedFile { path: path.to_owned(), what });
    let files: Vec<ChangedFile> = files.collect();
    let text = format!("changed by hand: 7 files are not those of release 30faf9b: {}", ChangedFile::described(&files));
    status.drift = Some(ComponentHandChange { last: None, text, changes: Vec::new(), files, is_kept: Some(false) });
    vec![environment("stage", vec![site])]
}

/// What is kept of `status`.
pub fn cases() -> Vec<Rendered> {
    let of = |name, environments: Vec<EnvironmentStatus>| {
        Rendered::new(name, move |look| status_table::render(&environments, look).unwrap())
    };
    vec![of("status", two()), of("status-components", several()), of("status-files", changed_by_hand())]
}

#[test]
fn how_the_last_deploy_ended_is_tied_to_its_release() {
    for (outcome, is_live, expected) in [
        (Some("deployed"), true, None),
        // Somebody changed it by hand since, which is said elsewhere.
        (Some("deployed"), false, None),
        // Its rollout is in progress.
        (None, true, None),
        (None, false, Some("! last deploy: 09acb2a began 1 min ago, and how it ended is not recorded")),
        (Some("broken"), true, Some("✗ last deploy: 09acb2a broken 1 min ago")),
        (Some("timed-out"), true, Some("! last deploy: 09acb2a timed out 1 min ago")),
        (Some("rolled-back"), false, Some("✗ last deploy: 09acb2a rolled back 1 min ago")),
    ] {
        let mut app = component("app", "09acb2a", (1, 1), 4);
        seen(&mut app).last = Some(LastRelease { url: None, ..last("09acb2a", outcome, is_live) });
        let text = plain(&[environment("stage", vec![app])], look(80, false));
        let line = text.lines().find(|line| line.contains("last deploy")).map(str::trim);
        assert_eq!((line, text.contains("1 needs attention")), (expected, expected.is_some()), "{text}");
    }
}

#[test]
fn a_hold_is_red_and_a_bar_is_not() {
    let text = render(&two(), look(80, false)).unwrap();
    assert!(text.contains(&Mark::Bad.shown()) && text.contains(&format!("{BAD}held:")), "{text}");
    let barred = text.lines().find(|line| line.contains("f3a9175")).unwrap();
    assert!(barred.contains(&Mark::Careful.shown()), "{barred}");
    let mut app = component("app", "30faf9b", (1, 1), 4);
    let bar = Hold::of_rollback(&sha("f3a9175"), None, "nia", at(5));
    seen(&mut app).holds = vec![held(bar, None)];
    let text = plain(&[environment("stage", vec![app])], look(80, false));
    assert!(text.contains("f3a9175 is barred") && text.contains("nothing needs attention"), "{text}");
}

#[test]
fn nothing_is_nothing() {
    assert_eq!(render(&[], look(80, false)), None);
}
