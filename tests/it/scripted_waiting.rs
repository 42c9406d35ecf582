//! While it waits: one line for each change, a sign of life, and what a signal does.

use crate::harness::{Ran, Running, eventually};
use crate::scripted::{Shop, text};

fn lines_with(ran: &Ran, text: &str) -> usize {
    ran.stderr.lines().filter(|line| line.contains(text)).count()
}

#[test]
fn a_log_has_one_line_for_each_change() {
    let shop = Shop::new();
    shop.aws.world(|world| world.looks = 5);
    let ran = shop.shipgate(&["deploy", "stage", "-v"]).env("GITHUB_ACTIONS", "true").run().expect_code(0);
    assert_eq!(ran.stdout, "");
    // The last one is also what the step led to.
    assert_eq!((lines_with(&ran, "0 of 2 tasks run"), lines_with(&ran, "2 of 2 tasks run")), (1, 2), "{}", ran.stderr);
    assert!(!ran.stderr.contains(['\u{1b}', '\r']), "{:?}", ran.stderr);
    // Annotations come behind it: here of the image that no run pushed.
    let last = ran.stderr.lines().rfind(|line| !line.starts_with("::")).unwrap();
    assert!(last.starts_with("✓ deployed: stage"), "{last}");
}

/// What is to be warned of, with its hint, comes before it: here the image that no run pushed.
#[test]
fn quiet_says_the_outcome_alone() {
    let shop = Shop::new();
    for warnings in [1, 0] {
        let ran = shop.shipgate(&["deploy", "stage", "-q"]).run().expect_code(0);
        assert_eq!(ran.stdout, "");
        assert_eq!((lines_with(&ran, "pushed by another program"), lines_with(&ran, "hint:")), (warnings, warnings));
        assert_eq!(ran.stderr.lines().count(), 1 + 2 * warnings, "{}", ran.stderr);
    }
}

fn waiting(shop: &Shop) -> Running {
    shop.aws.world(|world| world.looks = 1000);
    let running = shop.shipgate(&["deploy", "stage", "--output", "json"]).start();
    // A poll after the update: its answer has arrived, and nothing but waiting goes on.
    eventually("it waits", || {
        let operations = shop.aws.operations();
        let updated = operations.iter().position(|operation| operation == "ecs:UpdateService");
        updated.is_some_and(|index| operations.len() > index + 1)
    });
    running
}

#[test]
fn a_signal_while_waiting_names_what_goes_on() {
    for signal in ["TERM", "INT"] {
        let shop = Shop::new();
        let running = waiting(&shop);
        running.signal(signal);
        let ran = running.wait();
        let report = ran.outcome("interrupted", 130);
        assert!(report["reason"].as_str().unwrap().contains(signal), "{report:#}");
        let component = &report["components"][0];
        assert_eq!((&component["outcome"], &component["changed"]), (&"interrupted".into(), &true.into()), "{report:#}");
        assert!(text(&report, "causes").contains("wait for backend"), "{report:#}");
        assert!(text(&report, "hints").contains("backend"), "{report:#}");
        let steps = report["steps"].as_array().unwrap();
        assert_eq!(steps.last().unwrap()["result"], "interrupted", "{report:#}");
    }
}

#[test]
fn a_signal_before_the_change_says_that_nothing_was_changed() {
    let shop = Shop::with("pre-deploy = [\"migrate\"]");
    shop.aws.world(|world| world.one_off_looks = 1000);
    let running = shop.shipgate(&["deploy", "stage", "--output", "json"]).start();
    // Only with the answer it knows which task that is.
    eventually("the one-off task is followed", || {
        let operations = shop.aws.operations();
        let started = operations.iter().position(|operation| operation == "ecs:RunTask");
        started.is_some_and(|index| operations[index..].iter().any(|operation| operation == "ecs:DescribeTasks"))
    });
    running.signal("TERM");
    let report = running.wait().outcome("interrupted", 130);
    assert_eq!(report["components"][0]["changed"], false);
    let left = text(&report, "left_behind");
    assert!(left.contains("backend:8") && left.contains("one-off-1"), "{left}");
    assert!(!shop.aws.mutations().contains(&"ecs:UpdateService".to_owned()));
}

/// A run after an interrupted one takes over its rollout instead of making another.
#[test]
fn the_next_run_goes_on_with_an_interrupted_rollout() {
    let shop = Shop::new();
    let running = waiting(&shop);
    running.signal("TERM");
    running.wait().outcome("interrupted", 130);
    shop.aws.forget();
    shop.aws.world(|world| world.services[0].finish());
    let report = shop.deploy().json();
    assert!(["deployed", "unchanged"].contains(&report["outcome"].as_str().unwrap()), "{report:#}");
    let changes = shop.aws.mutations();
    assert!(!changes.iter().any(|change| change.contains("Register") || change.contains("Update")), "{changes:?}");
}
