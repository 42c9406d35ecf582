//! What stage may be when production is to get what it runs.

use serde_json::{Value, json};

use crate::cloud::{Cloud, ServiceOptions, docker};
use crate::harness::{Ran, Repository, assert_reported, eventually, texts};

/// Stage has deployed the shop's commit.
fn staged() -> (Cloud, Repository) {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    (cloud, shop)
}

/// Insists that the gate refuses for a reason, and that nothing of production was touched.
#[track_caller]
fn refused(cloud: &Cloud, promote: impl FnOnce() -> Ran, reason: &[&str]) -> Value {
    let production = cloud.production();
    let report = promote().outcome("refused", 3);
    assert_reported(&report["causes"], &[&["proven"], reason].concat());
    assert!(!texts(&report["hints"]).is_empty());
    let gate = report["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == "proven").unwrap();
    assert_eq!(gate["verdict"], "unsatisfied");
    assert_eq!(cloud.production(), production);
    report
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn nothing_that_runs_proves_nothing() {
    let (cloud, shop) = staged();
    cloud.set_desired("backend", 0);

    let report = refused(&cloud, || cloud.promote(&shop, &[]), &["backend", "scaled to zero"]);
    assert_eq!(report["plan_digest"], Value::Null, "there is no release to plan for");
    let plan = cloud.shipgate(&shop, &["plan", "promote", "production", "--output", "json"]).run();
    let plan = plan.outcome("planned", 0);
    assert_eq!(
        (&plan["gates"], &plan["release"], &plan["plan_digest"]),
        (&report["gates"], &Value::Null, &Value::Null)
    );

    cloud.promote(&shop, &["--release", &shop.head()]).outcome("deployed", 0);
    assert_eq!(cloud.releases("live"), [shop.head()], "the ledger proves it");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rollout_on_stage_has_to_end_first() {
    let cloud = Cloud::with(&ServiceOptions::without_room());
    cloud.create_repository_named(&cloud.live_repository(), aws_sdk_ecr::types::ImageTagMutability::Mutable);
    cloud.create_service(&ServiceOptions::live());
    let shop = cloud.shop(&cloud.promotion_config(""));
    let deploy = cloud.shipgate(&shop, &["deploy", "stage", "--output", "json"]).start();
    deploy.until_stderr("roll out: ");

    refused(&cloud, || cloud.promote(&shop, &[]), &["backend", "a rollout is in progress"]);

    cloud.make_room("backend");
    deploy.wait().outcome("deployed", 0);
    cloud.promote(&shop, &[]).outcome("deployed", 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_a_tag_says_now_does_not_matter() {
    let (cloud, shop) = staged();
    let digest = cloud.images()[&shop.head()].clone();
    cloud.push_foreign_image(&shop.head());
    assert_ne!(cloud.images()[&shop.head()], digest, "the tag was moved");

    let report = cloud.promote(&shop, &[]).outcome("deployed", 0);

    assert_eq!(report["components"][0]["current"]["digest"], digest);
    assert_eq!(cloud.images_in(&cloud.live_repository())[&shop.head()], digest);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_was_deployed_by_hand_is_no_release() {
    let (cloud, shop) = staged();
    cloud.change_by_hand("backend", |definition| {
        let web = &mut definition["containerDefinitions"][0];
        web["image"] = format!("{}/stage-cloudshop-backend:bootstrap", cloud.registry()).into();
    });
    refused(&cloud, || cloud.promote(&shop, &[]), &["does not pin its image by digest"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_image_of_another_commit_under_our_label_is_not_promoted() {
    let (cloud, shop) = staged();
    cloud.push_foreign_image("foreign");
    let foreign = cloud.image_reference("foreign");
    docker(&["pull", "--quiet", &foreign]);
    let digest = cloud.images()["foreign"].clone();
    let ours = cloud.revision("backend");
    // Nothing runs in it, so the ledger is what says that it succeeded.
    let by_hand = cloud.register_changed("backend", |definition| {
        definition["containerDefinitions"][0]["image"] = format!("{foreign}@{digest}").into();
    });
    let mut tags = cloud.ledger(&ours);
    tags.insert("shipgate:digest".to_owned(), digest);
    cloud.write_tags(&by_hand, &tags);
    shop.commit("Another");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let (production, wanted) = (cloud.production(), tags["shipgate:sha"].clone());

    let report = cloud.promote(&shop, &["--release", &wanted]).outcome("failed", 1);

    assert!(report["reason"].as_str().unwrap().contains("org.opencontainers.image.revision"), "{}", report["reason"]);
    assert_eq!(cloud.production(), production);
}

/// Somebody who may push an image and tag a revision, and nothing else.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_forged_digest_never_gets_bytes_to_production_that_did_not_run() {
    let (cloud, shop) = staged();
    let (good, ours) = (shop.head(), cloud.revision("backend"));
    let ran = cloud.images()[&good].clone();
    shop.commit("Another");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    shop.write("backend/products.json", r#"{"products": ["EVIL"]}"#);
    let evil = cloud.image_reference("evil");
    let label = format!("org.opencontainers.image.revision={good}");
    docker(&["build", "--quiet", "--label", &label, "--tag", &evil, shop.path().join("backend").to_str().unwrap()]);
    docker(&["push", "--quiet", &evil]);
    shop.write("backend/products.json", r#"{"products": []}"#);
    let forged = cloud.images()["evil"].clone();
    assert_ne!(forged, ran);
    let digest = |digest: &str| [("shipgate:digest".to_owned(), digest.to_owned())].into();
    cloud.write_tags(&ours, &digest(&forged));

    let promote = || cloud.promote(&shop, &["--release", &good]);
    refused(&cloud, promote, &["no success of", "`shipgate:digest`", &forged, &ran]);

    cloud.write_tags(&ours, &digest(&ran));
    let report = cloud.promote(&shop, &["--release", &good]).outcome("deployed", 0);
    assert_eq!(report["components"][0]["current"]["digest"], ran);
    assert_reported(&report["warnings"], &["by the ledger alone"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_build_of_a_changed_tree_is_never_promoted() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    shop.write("backend/products.json", "[]");
    cloud.deploy(&shop, &["--allow-dirty"]).outcome("deployed", 0);

    refused(&cloud, || cloud.promote(&shop, &[]), &["uncommitted changes"]);
    refused(&cloud, || cloud.promote(&shop, &["--release", &shop.head()]), &["no success"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_image_that_has_expired_cannot_be_promoted() {
    let (cloud, shop) = staged();
    let first = shop.head();
    shop.commit("Second");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    cloud.expire(&cloud.repository(), &first);
    let production = cloud.production();

    let report = cloud.promote(&shop, &["--release", &first]).outcome("failed", 1);

    assert!(report["reason"].as_str().unwrap().contains("is not there any more"), "{}", report["reason"]);
    assert!(!texts(&report["hints"]).is_empty());
    assert_eq!(cloud.production(), production);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn stage_has_to_answer_as_it_should_unless_it_once_did() {
    let cloud = Cloud::new();
    cloud.create_repository(aws_sdk_ecr::types::ImageTagMutability::Mutable);
    cloud.create_repository_named(&cloud.live_repository(), aws_sdk_ecr::types::ImageTagMutability::Mutable);
    cloud.create_service(&ServiceOptions::web());
    cloud.create_service(&ServiceOptions::live());
    let shop = cloud.shop(&cloud.promotion_config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    // No process listens on that port of this machine.
    let probe = "[environments.stage.components.backend]\n\
                 probes = [{ url = \"http://127.0.0.1:9/health\", interval = \"10ms\", retries = 1 }]\n";
    let config =
        cloud.promotion_config("").replace("[environments.production]", &format!("{probe}[environments.production]"));
    shop.write("shipgate.toml", config);

    let report = refused(&cloud, || cloud.promote(&shop, &[]), &["backend", "probe GET http://127.0.0.1:9/health"]);
    assert_ne!(report["plan_digest"], Value::Null, "the release is known, and its plan is shown");
    cloud.promote(&shop, &["--release", &shop.head()]).outcome("deployed", 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn components_of_different_releases_are_promoted_apart_or_by_a_release_of_both() {
    let cloud = Cloud::with_two_components();
    let shop = cloud.shop(&cloud.two_component_config("", ""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let both = shop.head();
    let second = shop.commit("Only the backend");
    cloud.deploy(&shop, &["--component", "backend"]).outcome("deployed", 0);

    let report = refused(&cloud, || cloud.promote(&shop, &[]), &["different releases", &both[..7], &second[..7]]);
    assert_eq!(report["components"], json!([]));
    cloud.promote(&shop, &["--component", "backend"]).outcome("deployed", 0);
    assert_eq!(cloud.releases("live"), [second]);
    let back = ["--release", &both, "--override", "forward=both have to fit"];
    cloud.promote(&shop, &back).outcome("deployed", 0);
    assert_eq!(cloud.releases("live"), [both]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_component_that_is_not_sound_does_not_stop_another_one_alone() {
    let cloud = Cloud::with_two_components();
    let shop = cloud.shop(&cloud.two_component_config("", ""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    cloud.set_desired("worker", 0);

    refused(&cloud, || cloud.promote(&shop, &[]), &["worker", "scaled to zero"]);

    let report = cloud.promote(&shop, &["--component", "backend"]).outcome("deployed", 0);
    assert_eq!(report["components"].as_array().unwrap().len(), 1);
    eventually("the backend serves", || cloud.releases("live") == [shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_environment_has_to_promote_and_a_plan_is_named_by_its_digest() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let promote = |environment: &str, more: &[&str]| {
        let arguments = [&["promote", environment, "--output", "json"], more].concat();
        cloud.shipgate(&shop, &arguments).run().outcome("invalid", 2)
    };
    let direct = promote("stage", &[]);
    assert!(direct["reason"].as_str().unwrap().contains("promotes from no other"), "{direct:#}");
    let digest = promote("stage", &["--expect-plan", "sha256:abc"]);
    assert!(digest["reason"].as_str().unwrap().contains("--expect-plan"), "{digest:#}");
}
