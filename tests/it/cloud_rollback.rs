//! Back to what really worked, and what is left stays out.

use crate::cloud::Cloud;
use crate::harness::{Repository, assert_told};

/// A shop whose production ran so many releases; returns their commits, oldest first.
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
fn a_second_rollback_goes_further_back_and_a_third_finds_nothing() {
    let cloud = Cloud::with_stage_and_production();
    let (shop, releases) = promoted(&cloud, 3);

    let first = cloud.rollback(&shop, &[]).outcome("deployed", 0);
    assert_eq!(first["release"]["sha"], releases[1]);
    assert_eq!(cloud.releases("live"), [releases[1].clone()]);
    cloud.rollback(&shop, &[]).outcome("deployed", 0);
    assert_eq!(cloud.releases("live"), [releases[0].clone()]);
    let serving = cloud.serving("live");
    let third = cloud.rollback(&shop, &[]).outcome("failed", 1);

    assert_told(&third["causes"], &["backend"]);
    assert_eq!(cloud.serving("live"), serving);
}

#[test]
fn what_was_left_is_held_and_the_fix_passes() {
    let cloud = Cloud::with_stage_and_production();
    let (shop, releases) = promoted(&cloud, 2);
    cloud.rollback(&shop, &[]).outcome("deployed", 0);
    let serving = cloud.serving("live");

    let held = cloud.promote(&shop, &[]).outcome("refused", 3);
    assert_told(&held["causes"], &["hold", &releases[1][..7], &releases[0][..7]]);
    assert_eq!(cloud.serving("live"), serving);

    let fixed = shop.commit("Mend it");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    cloud.promote(&shop, &[]).outcome("deployed", 0);
    assert_eq!(cloud.releases("live"), [fixed]);
}

#[test]
fn a_rollback_restores_the_variables_that_worked() {
    let cloud = Cloud::with_stage_and_production();
    let (shop, releases) = promoted(&cloud, 1);
    let worked = cloud.revision("live");
    cloud.change_by_hand("live", |definition| {
        definition["containerDefinitions"][0]["environment"] = serde_json::json!([{"name": "LOG_LEVEL", "value": "x"}]);
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

#[test]
fn without_a_release_before_there_is_nothing_to_go_back_to() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    let serving = cloud.serving("live");

    let report = cloud.rollback(&shop, &[]).outcome("failed", 1);

    assert!(report["reason"].as_str().unwrap().contains("no release"), "{}", report["reason"]);
    assert_eq!(cloud.serving("live"), serving);
}
