//! `plan deploy` says what a deploy would do, and does nothing.

use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::harness::{Repository, steps};

fn plan(cloud: &Cloud, shop: &Repository) -> Value {
    cloud.shipgate(shop, &["plan", "deploy", "stage", "--output", "json"]).run().outcome("planned", 0)
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_plan_changes_nothing() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config("pre-deploy = [\"migrate\"]"));
    let (serving, revisions) = (cloud.serving("backend"), cloud.revisions("backend"));

    let ran = cloud.shipgate(&shop, &["plan", "deploy", "stage", "--output", "json"]).run();

    let report = ran.outcome("planned", 0);
    assert_eq!(report["command"], "plan deploy");
    assert_eq!(report["environment"], "stage");
    assert_eq!(report["release"]["sha"], *shop.head());
    assert_eq!(report["components"][0]["outcome"], "planned");
    assert_eq!(report["components"][0]["changed"], false);
    assert_eq!(
        steps(&report),
        [
            "build backend: planned",
            "register backend: planned",
            "pre-deploy backend: planned",
            "update backend: planned",
            "wait for backend: planned"
        ]
    );
    let gates = report["gates"].as_array().unwrap();
    assert_eq!(gates.iter().map(|gate| &gate["name"]).collect::<Vec<_>>(), ["identity", "hold", "branch", "forward"]);
    assert!(gates.iter().all(|gate| gate["verdict"] == "satisfied"), "{gates:?}");
    for step in [
        "+ build backend and push it as ",
        "+ run the pre-deploy command",
        "~ image ",
        "update 1 service, build 1 image",
    ] {
        assert!(ran.stderr.contains(step), "no {step:?} in\n{}", ran.stderr);
    }
    assert_eq!(cloud.serving("backend"), serving);
    assert_eq!(cloud.revisions("backend"), revisions);
    assert_eq!(cloud.images().len(), 0);
    assert_eq!(cloud.one_off_tasks().len(), 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_is_there_already_needs_no_step() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let report = plan(&cloud, &shop);

    assert_eq!(steps(&report), ["verify backend: planned"]);
    assert_eq!(report["components"][0]["changes"], json!([]));
    assert!(!report["release"]["digests"]["backend"].is_null());
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_digest_names_the_intention_and_the_precondition() {
    let cloud = Cloud::with_backend();
    cloud.create_service(&crate::cloud::ServiceOptions { name: "other", ..crate::cloud::ServiceOptions::web() });
    let shop = cloud.shop(&format!("{}{}", cloud.config(""), cloud.other_environment("other", "other")));
    let planned = plan(&cloud, &shop)["plan_digest"].clone();
    assert!(planned.as_str().is_some_and(|digest| digest.starts_with("sha256:")), "{planned}");

    // Out of it: counts, and which steps are already done.
    cloud.set_desired("backend", 2);
    assert_eq!(plan(&cloud, &shop)["plan_digest"], planned, "with the desired count moved");
    cloud.shipgate(&shop, &["deploy", "other", "--output", "json"]).run().outcome("deployed", 0);
    let with_image = plan(&cloud, &shop);
    let changing = ["register backend: planned", "update backend: planned", "wait for backend: planned"];
    assert_eq!(steps(&with_image), changing);
    assert_eq!(with_image["plan_digest"], planned, "with the image built");
    // In it: what the service runs.
    cloud.change_by_hand("backend", |_| {});
    let moved = plan(&cloud, &shop)["plan_digest"].clone();
    assert_ne!(moved, planned, "with the service moved");

    let deployed = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    assert_eq!(deployed["plan_digest"], moved);
}
