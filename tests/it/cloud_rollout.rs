//! Rollouts that fail, and what is said of them.

use serde_json::{Value, json};

use crate::cloud::{Breaker, Cloud, ServiceOptions};
use crate::harness::{Repository, assert_reported, texts};

/// The shop does not start with such a list, and says so.
fn break_products(shop: &Repository) -> String {
    shop.write("backend/products.json", "no json at all");
    shop.commit("Break the list of products")
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_release_that_does_not_start_is_rolled_back() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let (good, good_revision) = (shop.head(), cloud.revision("backend"));
    let bad = break_products(&shop);

    let report = cloud.deploy(&shop, &[]).outcome("rolled-back", 5);

    assert_reported(&report["causes"], &["web", "exited with code 1"]);
    assert_reported(&report["causes"], &["/products.json is not JSON"]);
    assert_reported(&report["causes"], &["circuit breaker"]);
    assert!(!texts(&report["hints"]).is_empty());
    let component = &report["components"][0];
    assert_eq!(component["outcome"], "rolled-back");
    assert_eq!(component["current"], component["previous"]);
    assert_eq!(component["current"]["sha"], *good);
    assert_eq!(cloud.revision("backend"), good_revision);
    assert_eq!(cloud.releases("backend"), std::slice::from_ref(&good));
    let failed = cloud.newest_revision("backend");
    assert_ne!(failed, good_revision);
    assert_reported(&report["left_behind"], &[failed.rsplit('/').next().unwrap()]);
    let ledger = cloud.ledger(&failed);
    assert_eq!((&*ledger["shipgate:sha"], &*ledger["shipgate:outcome"]), (&*bad, "rolled-back"));
    assert_eq!(cloud.ledger(&good_revision)["shipgate:outcome"], "deployed");

    // A revision that failed is never used again.
    cloud.deploy(&shop, &[]).outcome("rolled-back", 5);
    let failed_again = cloud.newest_revision("backend");
    assert_ne!(failed_again, failed);
    assert_eq!(cloud.ledger(&failed_again)["shipgate:outcome"], "rolled-back");
    assert_eq!(cloud.releases("backend"), [good]);
}

/// The circuit breaker stops it, or nothing does.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_release_that_ecs_does_not_roll_back_is_rolled_back_all_the_same() {
    for breaker in [Breaker::OnlyStops, Breaker::Off] {
        let cloud = Cloud::with(&ServiceOptions { breaker, ..ServiceOptions::web() });
        let shop = cloud.shop(&cloud.config(""));
        let before = cloud.revision("backend");
        break_products(&shop);

        let report = cloud.deploy(&shop, &[]).outcome("rolled-back", 5);

        assert_reported(&report["causes"], &["web", "exited with code 1"]);
        assert!(!texts(&report["hints"]).is_empty());
        let component = &report["components"][0];
        assert_eq!((&component["outcome"], &component["changed"]), (&json!("rolled-back"), &json!(true)));
        assert_eq!(component["current"], component["previous"]);
        assert_eq!(cloud.revision("backend"), before, "what ran before the first release, whoever put it there");
        assert_eq!(cloud.releases("backend"), ["bootstrap"]);
        assert_eq!(cloud.ledger(&cloud.newest_revision("backend"))["shipgate:outcome"], "rolled-back");
    }
}

/// Nothing is brought back where that is not wanted.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_release_that_is_left_alone_is_broken() {
    let cloud = Cloud::with(&ServiceOptions { breaker: Breaker::OnlyStops, ..ServiceOptions::web() });
    let config = cloud.config("").replace("[environments.stage]\n", "[environments.stage]\non-failure = \"leave\"\n");
    let shop = cloud.shop(&config);
    break_products(&shop);

    let report = cloud.deploy(&shop, &[]).outcome("broken", 6);

    assert_reported(&report["hints"], &["`on-failure`"]);
    assert_eq!(report["components"][0]["current"], Value::Null);
    assert_eq!(cloud.ledger(&cloud.newest_revision("backend"))["shipgate:outcome"], "broken");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn patience_ends_when_it_was_configured_to() {
    let cloud = Cloud::with(&ServiceOptions::without_room());
    let shop = cloud.shop(&cloud.config("timeout = \"3s\""));

    let report = cloud.deploy(&shop, &[]).outcome("timed-out", 8);

    let wait = report["steps"].as_array().unwrap().iter().find(|step| step["name"] == "wait for backend").unwrap();
    let seconds = wait["seconds"].as_f64().unwrap();
    assert!((3.0..7.0).contains(&seconds), "waited {seconds} s");
    assert_eq!(wait["result"], "failed");
    // ECS goes on; the next run finds out how it ended, and writes that down.
    cloud.make_room("backend");
    cloud.settled("backend");
    let revision = cloud.revision("backend");
    let report = cloud.deploy(&shop, &[]);
    assert_eq!(report.code, 0, "{}", report.stderr);
    assert_eq!(cloud.revision("backend"), revision);
    assert_eq!(cloud.ledger(&revision)["shipgate:outcome"], "deployed");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_missing_secret_is_named() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config("task-definition = \"task.json\""));
    let mut definition = cloud.definition(&cloud.revision("backend"));
    definition["containerDefinitions"][0]["secrets"] = json!([
        { "name": "DATABASE_URL", "valueFrom": "arn:aws:secretsmanager:us-east-1:000000000000:secret:no-such-secret" }
    ]);
    shop.write("task.json", definition.to_string());
    shop.commit("A secret that does not exist");
    let serving = cloud.serving("backend");

    let report = cloud.deploy(&shop, &[]).outcome("rolled-back", 5);

    assert_reported(&report["causes"], &["ResourceInitializationError", "no-such-secret"]);
    assert_eq!(cloud.serving("backend").tasks, serving.tasks);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_never_ran_cannot_be_rolled_back_to() {
    let cloud = Cloud::new();
    cloud.create_repository(aws_sdk_ecr::types::ImageTagMutability::Mutable);
    cloud.create_service_and_go_on(&ServiceOptions {
        command: vec!["no-such-command".to_owned()],
        ..ServiceOptions::web()
    });
    let shop = cloud.shop(&cloud.config("timeout = \"15s\""));
    break_products(&shop);

    let report = cloud.deploy(&shop, &[]).outcome("broken", 6);

    // The rollout has failed; that ECS still tries to bring back what does not run either is no hope.
    assert_reported(&report["causes"], &["circuit breaker"]);
    assert_reported(&report["causes"], &["exited with code 1"]);
}
