//! What a change says on its commit when something is wrong with GitHub, with the token, or with the run: the outcome is
//! always that of the change.

use std::time::Duration;

use serde_json::json;

use crate::github::{GitHub, token};
use crate::harness::{Ran, eventually};
use crate::scripted::{Shop, all_at_once, timed};

const DEPLOY: [&str; 4] = ["deploy", "stage", "--output", "json"];
const CANARY: &str = "canary-token-of-github";

fn deploy(shop: &Shop, github: &GitHub) -> Ran {
    shop.shipgate(&DEPLOY).envs(&github.job()).run()
}

/// The warnings of a report that are about a status.
fn warnings(ran: &Ran) -> Vec<String> {
    let report = ran.json();
    let warnings = report["warnings"].as_array().unwrap().iter().map(|warning| warning.as_str().unwrap().to_owned());
    warnings.filter(|warning| warning.contains("commit status")).collect()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_permission_that_is_missing_is_named_once_and_stops_nothing() {
    let (shop, github) = (Shop::new(), GitHub::new());
    let read = token("contents=read,statuses=read");
    let ran = shop.shipgate(&DEPLOY).envs(&github.without_token()).env("GITHUB_TOKEN", read).run();
    ran.outcome("deployed", 0);
    let warnings = warnings(&ran);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("shipgate/stage") && warnings[0].contains("is not recorded"), "{warnings:?}");
    // The annotation has it once more.
    let log = ran.stderr.lines().filter(|line| !line.starts_with("::") && line.contains("statuses: write"));
    assert_eq!(log.count(), 1, "{}", ran.stderr);
    assert_eq!(github.changes(), 1, "what was refused is not asked for again");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn github_that_fails_in_any_way_stops_nothing() {
    let refused = |status: u16| json!({"status": status});
    all_at_once(
        [
            refused(401),
            refused(403),
            json!({"status": 403, "headers": {"X-RateLimit-Remaining": "0"}}),
            refused(404),
            refused(409),
            refused(422),
            json!({"status": 429, "headers": {"Retry-After": "3600"}}),
            refused(500),
            json!({"status": 200, "body": ""}),
            json!({"status": 201, "body": "{\"state\": "}),
            json!({"status": 201, "how": "cut-off"}),
            json!({"status": 307, "headers": {"Location": "http://127.0.0.1:1/"}}),
            json!({"how": "hang-up"}),
        ],
        |fault| {
            let (shop, github) = (Shop::new(), GitHub::new());
            github.fault(&fault);
            let ran = deploy(&shop, &github);
            ran.outcome("deployed", 0);
            let warnings = warnings(&ran);
            assert_eq!(warnings.len(), 1, "{fault}: {warnings:?}");
            assert!(ran.stderr.contains("hint: "), "{fault}: {}", ran.stderr);
            assert_eq!(github.states(&shop.repository.head()), Vec::<String>::new(), "{fault}");
        },
    );
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn nobody_there_stops_nothing() {
    let (shop, github) = (Shop::new(), GitHub::new());
    let ran = shop.shipgate(&DEPLOY).envs(&github.job()).env("GITHUB_API_URL", "http://127.0.0.1:1").run();
    ran.outcome("deployed", 0);
    assert!(warnings(&ran)[0].contains("refused"), "{:?}", warnings(&ran));
}

/// The end is reported after what was said before, and where only the end is lost, it is said what stays.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_end_that_cannot_be_told_leaves_it_pending_and_says_so() {
    let (shop, github) = (Shop::new(), GitHub::new());
    // Long enough for what is said at the beginning.
    shop.aws.world(|world| world.looks = 6);
    let running = shop.shipgate(&DEPLOY).envs(&github.job()).start();
    eventually("it is said to be in progress", || !github.states(&shop.repository.head()).is_empty());
    github.fault(&json!({"status": 422}));
    let ran = running.wait();
    ran.outcome("deployed", 0);
    assert_eq!(github.states(&shop.repository.head()), ["shipgate/stage pending"]);
    let warnings = warnings(&ran);
    assert!(warnings.len() == 1 && warnings[0].contains("stays `pending`"), "{warnings:?}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn without_a_token_there_is_a_note() {
    let (shop, github) = (Shop::new(), GitHub::new());
    let ran = shop.shipgate(&DEPLOY).envs(&github.without_token()).run();
    ran.outcome("deployed", 0);
    assert_eq!(ran.stderr.matches("GITHUB_TOKEN is not set").count(), 1, "{}", ran.stderr);
    assert_eq!((warnings(&ran).len(), github.changes()), (0, 0));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn outside_of_actions_nothing_is_said() {
    let (shop, github) = (Shop::new(), GitHub::new());
    let ran = shop.shipgate(&DEPLOY).envs(&github.job()).env("GITHUB_ACTIONS", "").run();
    ran.outcome("deployed", 0);
    assert!(!ran.stderr.contains("commit status"), "{}", ran.stderr);
    assert_eq!(github.changes(), 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn plans_and_changed_trees_say_nothing() {
    let (shop, github) = (Shop::new(), GitHub::new());
    let plan = ["plan", "deploy", "stage", "--output", "json"];
    shop.shipgate(&plan).envs(&github.job()).run().outcome("planned", 0);
    shop.repository.write("new", "");
    shop.shipgate(&["deploy", "stage", "--allow-dirty", "--output", "json"]).envs(&github.job()).run();
    // Not of the tree's commit, but of nothing that runs.
    deploy(&shop, &github).outcome("invalid", 2);
    assert_eq!(github.changes(), 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_ends_without_success_is_a_failure_or_open() {
    let github = || (Shop::new(), GitHub::new());

    let (shop, hub) = github();
    shop.aws.refuse("ecs:RegisterTaskDefinition", 400, "ClientException", "Too many containers");
    deploy(&shop, &hub).outcome("failed", 1);
    let statuses = hub.statuses(&shop.repository.head());
    assert_eq!(hub.states(&shop.repository.head()), ["shipgate/stage pending", "shipgate/stage failure"]);
    assert!(statuses[1].description.starts_with("failed: "), "{statuses:?}");

    let (shop, hub) = github();
    shop.aws.world(|world| world.services[0].desired = 0);
    deploy(&shop, &hub).outcome("unproven", 9);
    assert_eq!(hub.states(&shop.repository.head()), ["shipgate/stage pending", "shipgate/stage error"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_a_gate_refuses_is_a_failure_that_was_never_in_progress() {
    let (shop, github) = (Shop::new(), GitHub::new());
    let hold = json!({"key": "shipgate:hold", "value": "2026-11-20T10:00:00Z local carts fail"});
    shop.aws.world(|world| world.services[0].tags.push(hold));
    deploy(&shop, &github).outcome("refused", 3);
    assert_eq!(github.states(&shop.repository.head()), ["shipgate/stage failure"]);
    let statuses = github.statuses(&shop.repository.head());
    assert!(statuses[0].description.contains("carts fail"), "{statuses:?}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_signal_is_told_within_three_seconds_also_where_github_says_nothing() {
    all_at_once([None, Some(json!({"how": "stall", "seconds": 60}))], |fault| {
        let (shop, github) = (Shop::new(), GitHub::new());
        shop.aws.world(|world| world.looks = 1000);
        let running = shop.shipgate(&DEPLOY).envs(&github.job()).start();
        eventually("it is said to be in progress", || !github.states(&shop.repository.head()).is_empty());
        eventually("it waits", || shop.aws.operations().iter().any(|operation| operation == "ecs:UpdateService"));
        if let Some(fault) = &fault {
            github.fault(fault);
        }
        running.signal("INT");
        let (ran, took) = timed(|| running.wait());
        ran.outcome("interrupted", 130);
        assert!(took < Duration::from_millis(4500), "{took:?}");
        let expected: &[&str] = match fault {
            None => &["shipgate/stage pending", "shipgate/stage error"],
            Some(_) => &["shipgate/stage pending"],
        };
        assert_eq!(github.states(&shop.repository.head()), expected);
        assert_eq!(warnings(&ran).len(), 2 - expected.len(), "{}", ran.stderr);
    });
}

/// Neither what is shown nor a command line has the token, whatever GitHub answers.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_token_is_shown_nowhere() {
    let faults = [json!({"status": 401, "body": CANARY}), json!({"status": 422}), json!({"how": "hang-up"})];
    all_at_once(faults, |fault| {
        let (shop, github) = (Shop::new(), GitHub::new());
        github.fault(&fault);
        for arguments in [&["deploy", "stage", "-vvv"][..], &["deploy", "stage", "-vvv", "--output", "json"]] {
            let run = shop.shipgate(arguments).envs(&github.without_token()).env("GITHUB_TOKEN", CANARY);
            let ran = run.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1").run();
            assert!(ran.code == 0, "{}", ran.stderr);
            assert!(!ran.stderr.contains(CANARY) && !ran.stdout.contains(CANARY), "{}", ran.stderr);
        }
    });
}
