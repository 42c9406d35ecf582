//! Production gets what stage runs: the same digest, its own task definition.

use crate::cloud::Cloud;
use crate::harness::{assert_reported, steps};

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn production_gets_the_digest_that_stage_runs() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    let staged = cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let digest = staged["components"][0]["current"]["digest"].as_str().unwrap();

    let report = cloud.promote(&shop, &[]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], shop.head());
    assert_eq!(report["release"]["digests"]["backend"], digest);
    let component = &report["components"][0];
    assert_eq!(component["previous"]["sha"], serde_json::Value::Null, "production had no release of ours");
    assert_eq!(component["current"]["digest"], digest);
    assert_eq!(cloud.releases("live"), [shop.head()]);
    assert_eq!(cloud.images_in(&cloud.live_repository())[&shop.head()], digest, "the tag is set there too");
    assert!(steps(&report).iter().any(|step| step == "copy backend: done"), "{:?}", steps(&report));
    assert!(!steps(&report).iter().any(|step| step.starts_with("build")), "nothing is built");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn production_keeps_its_own_definition() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    let before = cloud.definition(&cloud.revision("live"));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);

    cloud.promote(&shop, &[]).outcome("deployed", 0);

    let after = cloud.definition(&cloud.revision("live"));
    for field in ["cpu", "memory", "networkMode", "family"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    let (before, after) = (&before["containerDefinitions"][0], &after["containerDefinitions"][0]);
    for field in ["environment", "logConfiguration"] {
        assert_eq!(after[field], before[field], "{field}");
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_second_promotion_changes_nothing_and_has_the_same_plan() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let first = cloud.promote(&shop, &[]).outcome("deployed", 0);
    let (serving, revisions) = (cloud.serving("live"), cloud.revisions("live"));
    let plan = first["plan_digest"].as_str().unwrap();

    let second = cloud.promote(&shop, &["--release", &shop.head(), "--expect-plan", plan]).outcome("unchanged", 0);

    assert_eq!(second["plan_digest"], plan, "what is done already is not a part of the plan's digest");
    assert_eq!((cloud.serving("live"), cloud.revisions("live")), (serving, revisions));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_stage_runs_now_can_be_left_for_a_release_that_it_ran_before() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let first = shop.head();
    shop.commit("Second");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let report = cloud.promote(&shop, &["--release", &first]).outcome("deployed", 0);

    assert_eq!(cloud.releases("live"), [first]);
    let proven = report["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == "proven").unwrap();
    assert_eq!(proven["verdict"], "satisfied");
    assert!(proven["reason"].as_str().unwrap().contains("ledger"), "{proven}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_plan_that_is_not_the_expected_one_is_stale() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let plan = cloud.shipgate(&shop, &["plan", "promote", "production", "--output", "json"]).run();
    let plan = plan.outcome("planned", 0)["plan_digest"].as_str().unwrap().to_owned();
    cloud.change_by_hand("live", |_| {});
    let serving = cloud.serving("live");

    let report = cloud.promote(&shop, &["--expect-plan", &plan]).outcome("stale", 4);

    assert!(report["reason"].as_str().unwrap().contains(&plan), "{}", report["reason"]);
    assert_eq!(cloud.serving("live"), serving);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_release_that_never_succeeded_on_stage_is_refused() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let never = shop.commit("Never deployed");
    let serving = cloud.serving("live");

    let report = cloud.promote(&shop, &["--release", &never]).outcome("refused", 3);

    assert_reported(&report["causes"], &["proven", "backend", "no success"]);
    assert_eq!(cloud.serving("live"), serving);
    assert!(!cloud.images_in(&cloud.live_repository()).contains_key(&never));
}
