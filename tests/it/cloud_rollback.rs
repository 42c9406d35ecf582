//! Back to what really worked, and what is left stays out.

use serde_json::json;

use crate::cloud::Cloud;
use crate::harness::{Ran, Repository, assert_reported};

/// A shop whose production ran a number of releases; returns their commits, oldest first.
fn promoted(cloud: &Cloud, count: usize) -> (Repository, Vec<String>) {
    let shop = cloud.shop(&cloud.promotion_config(""));
    let mut releases = Vec::new();
    for number in 0..count {
        if number > 0 {
            shop.commit(&format!("Release {number}"));
        }
        cloud.deploy(&shop, &[]).outcome("deployed", 0);
        cloud.promote(&shop, &[]).outcome("deployed", 0);
        releases.push(shop.head());
    }
    (shop, releases)
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn each_rollback_goes_further_back_to_the_baseline_and_the_next_finds_nothing() {
    let cloud = Cloud::with_stage_and_production();
    let (shop, releases) = promoted(&cloud, 3);

    let first = cloud.rollback(&shop, &[]).outcome("deployed", 0);
    assert_eq!(first["release"]["sha"], releases[1]);
    assert_eq!(cloud.releases("live"), [releases[1].clone()]);
    cloud.rollback(&shop, &[]).outcome("deployed", 0);
    assert_eq!(cloud.releases("live"), [releases[0].clone()]);
    let third = cloud.rollback(&shop, &[]).outcome("deployed", 0);
    assert_eq!((&third["release"]["sha"], &third["release"]["baseline"]), (&json!(null), &json!(true)));
    assert_eq!(cloud.releases("live"), ["bootstrap"]);
    let serving = cloud.serving("live");
    let fourth = cloud.rollback(&shop, &[]).outcome("failed", 1);

    assert_reported(&fourth["causes"], &["backend: it runs what", "which ran before the first release"]);
    assert_eq!(cloud.serving("live"), serving);
}

/// On the first day there is a way back, too: whatever was there before shipgate.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_first_promotion_is_left_for_what_ran_before_it() {
    let cloud = Cloud::with_stage_and_production();
    let baseline = cloud.revision("live");
    let (shop, releases) = promoted(&cloud, 1);
    let ran = cloud.shipgate(&shop, &["rollback", "production"]).run().expect_code(0);

    assert!(ran.stderr.contains("rolled back: production runs baseline again"), "{}", ran.stderr);
    assert_eq!(cloud.releases("live"), ["bootstrap"]);
    let (now, before) = (cloud.definition(&cloud.revision("live")), cloud.definition(&baseline));
    assert_eq!(now["containerDefinitions"], before["containerDefinitions"]);
    assert_eq!(cloud.ledger(&cloud.revision("live"))["shipgate:restores"], baseline);
    let held = cloud.promote(&shop, &[]).outcome("refused", 3);
    assert_reported(&held["causes"], &["hold", &releases[0][..7], "to baseline"]);

    let fixed = shop.commit("Fix it");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let report = cloud.promote(&shop, &[]).outcome("deployed", 0);
    assert_eq!(report["components"][0]["previous"]["baseline"], true);
    assert_eq!(cloud.releases("live"), [fixed]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_was_left_is_held_and_the_fix_passes() {
    let cloud = Cloud::with_stage_and_production();
    let (shop, releases) = promoted(&cloud, 2);
    cloud.rollback(&shop, &[]).outcome("deployed", 0);
    let serving = cloud.serving("live");

    let held = cloud.promote(&shop, &[]).outcome("refused", 3);
    assert_reported(&held["causes"], &["hold", &releases[1][..7], &releases[0][..7]]);
    assert_eq!(cloud.serving("live"), serving);

    let fixed = shop.commit("Mend it");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    cloud.promote(&shop, &[]).outcome("deployed", 0);
    assert_eq!(cloud.releases("live"), [fixed]);
}

/// As `terraform apply` does with a service whose tags it manages.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_tool_that_strips_the_service_of_its_tags_lifts_no_hold() {
    let cloud = Cloud::with_stage_and_production();
    let (shop, releases) = promoted(&cloud, 2);
    let left = cloud.revision("live");
    cloud.rollback(&shop, &[]).outcome("deployed", 0);
    let service = cloud.service("live").service_arn().unwrap().to_owned();
    let strip = || {
        let keys: Vec<String> = cloud.ledger(&service).into_keys().collect();
        if !keys.is_empty() {
            cloud.ecs_call("UntagResource", &json!({"resourceArn": service, "tagKeys": keys}));
        }
    };
    let key = format!("shipgate:hold:{}", releases[1]);
    assert!([&service, &left, &cloud.revision("live")].iter().all(|place| cloud.ledger(place).contains_key(&key)));
    strip();

    let held = cloud.promote(&shop, &[]).outcome("refused", 3);
    assert_reported(&held["causes"], &["hold", &releases[1][..7], &releases[0][..7]]);

    let fixed = shop.commit("Fix it");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    cloud.promote(&shop, &[]).outcome("deployed", 0);
    assert_eq!(cloud.releases("live"), [fixed]);
    strip();
    cloud.promote(&shop, &["--release", &releases[1]]).outcome("refused", 3);

    let unhold = ["unhold", "production", "--reason", "it was the weather", "--output", "json"];
    let report = cloud.shipgate(&shop, &unhold).run().expect_code(0).json();
    assert_eq!(report["lifted"][0]["left"], releases[1]);
    assert!(!cloud.ledger(&left).contains_key(&key) && !cloud.ledger(&cloud.revision("live")).contains_key(&key));
    let back = ["--release", &releases[1], "--override", "forward=it is wanted"];
    cloud.promote(&shop, &back).outcome("deployed", 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rollback_restores_the_variables_that_worked() {
    let cloud = Cloud::with_stage_and_production();
    let (shop, releases) = promoted(&cloud, 1);
    let worked = cloud.revision("live");
    cloud.change_by_hand("live", |definition| {
        definition["containerDefinitions"][0]["environment"] = json!([{"name": "LOG_LEVEL", "value": "x"}]);
    });
    shop.commit("Second");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    cloud.promote(&shop, &[]).outcome("deployed", 0);

    let report = cloud.rollback(&shop, &[]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[0]);
    let (restored, before) = (cloud.definition(&cloud.revision("live")), cloud.definition(&worked));
    assert_eq!(restored["containerDefinitions"], before["containerDefinitions"]);
    let ledger = cloud.ledger(&cloud.revision("live"));
    assert_eq!(ledger["shipgate:restores"], worked);
    assert_eq!(ledger["shipgate:outcome"], "deployed");
}

/// `shipgate rollback stage --output json` with more arguments.
fn rollback_stage(cloud: &Cloud, shop: &Repository, more: &[&str]) -> Ran {
    cloud.shipgate(shop, &[&["rollback", "stage", "--output", "json"], more].concat()).run()
}

/// Deploys a commit that runs, and returns it.
fn deployed(cloud: &Cloud, shop: &Repository, products: &str) -> String {
    shop.write("backend/products.json", products);
    let release = shop.commit("More");
    cloud.deploy(shop, &[]).outcome("deployed", 0);
    release
}

const PRODUCTS: [&str; 2] = [r#"{"products": []}"#, r#"{ "products": [] }"#];

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_release_in_a_crash_loop_is_never_returned_to() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let good = deployed(&cloud, &shop, PRODUCTS[0]);
    shop.write("backend/products.json", "no json at all");
    let bad = shop.commit("Break the list of products");
    cloud.deploy(&shop, &[]).outcome("rolled-back", 5);
    let newest = deployed(&cloud, &shop, PRODUCTS[1]);
    let serving = cloud.serving("backend");

    let named = rollback_stage(&cloud, &shop, &["--release", &bad]).outcome("failed", 1);
    assert!(named["reason"].as_str().unwrap().contains(&bad), "{named:#}");
    let same = rollback_stage(&cloud, &shop, &["--release", &newest]).outcome("unchanged", 0);
    assert_eq!(same["components"][0]["current"]["sha"], newest);
    assert_eq!(cloud.serving("backend"), serving);
    let report = rollback_stage(&cloud, &shop, &[]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], good);
    assert_eq!(cloud.releases("backend"), [good]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_image_that_was_removed_is_named_and_nothing_changes() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let first = deployed(&cloud, &shop, PRODUCTS[0]);
    deployed(&cloud, &shop, PRODUCTS[1]);
    let digest = cloud.images()[&first].clone();
    cloud.delete_image(&cloud.repository(), &digest);
    let (serving, revisions) = (cloud.serving("backend"), cloud.revisions("backend"));

    let report = rollback_stage(&cloud, &shop, &[]).outcome("failed", 1);

    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains(&digest) && reason.contains(&first[..7]), "{reason}");
    assert_reported(&report["hints"], &["--release"]);
    assert_eq!((cloud.serving("backend"), cloud.revisions("backend")), (serving, revisions));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_service_changed_by_hand_gets_its_variables_back() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let release = deployed(&cloud, &shop, PRODUCTS[0]);
    let ours = cloud.revision("backend");
    cloud.change_by_hand("backend", |definition| {
        definition["containerDefinitions"][0]["environment"] = json!([{"name": "LOG_LEVEL", "value": "trace"}]);
    });

    let report = rollback_stage(&cloud, &shop, &[]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], release);
    assert_reported(&report["warnings"], &["no commit is barred"]);
    let (now, before) = (cloud.definition(&cloud.revision("backend")), cloud.definition(&ours));
    assert_eq!(now["containerDefinitions"], before["containerDefinitions"]);
    assert_eq!(cloud.ledger(cloud.service("backend").service_arn().unwrap()).len(), 0);
    assert_eq!(cloud.releases("backend"), [release]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn without_a_release_before_there_is_nothing_to_go_back_to() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    let serving = cloud.serving("live");

    let report = cloud.rollback(&shop, &[]).outcome("failed", 1);

    assert!(report["reason"].as_str().unwrap().contains("no release"), "{}", report["reason"]);
    assert_eq!(cloud.serving("live"), serving);
}
