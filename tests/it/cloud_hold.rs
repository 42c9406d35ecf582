//! Holds are tags of the real service, read back through the API of AWS.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cloud::{Cloud, ServiceOptions};
use crate::harness::{Ran, Repository};

const HOLD: &str = "shipgate:hold";
const LEFT: &str = "shipgate:hold:da39a3ee5e6b4b0d3255bfef95601890afd80709";
const LEFT_VALUE: &str = "2026-11-20T10:00:00Z acme/shop/7/1 4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// The tags of a service.
fn tags(cloud: &Cloud, name: &str) -> BTreeMap<String, String> {
    cloud.ledger(cloud.service(name).service_arn().unwrap())
}

fn run(cloud: &Cloud, shop: &Repository, arguments: &[&str]) -> Ran {
    cloud.shipgate(shop, &[arguments, &["--output", "json"]].concat()).run()
}

fn tag(cloud: &Cloud, name: &str, key: &str, value: &str) {
    let arn = cloud.service(name).service_arn().unwrap().to_owned();
    cloud.ecs_call("TagResource", &json!({"resourceArn": arn, "tags": [{"key": key, "value": value}]}));
}

fn two_components(cloud: &Cloud) -> String {
    let worker = format!(
        "[components.worker]\nkind = \"ecs\"\nsettle = \"0s\"\nimage-from = \"backend\"\ncontainer = \"worker\"\n\
         cluster = \"{}\"\nservice = \"{}\"",
        cloud.cluster(),
        cloud.service_name("worker")
    );
    cloud.config(&worker)
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_hold_is_a_tag_that_the_next_one_replaces_and_unhold_lifts() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    tag(&cloud, "backend", "team", "shop");
    let serving = cloud.serving("backend");

    let ran = run(&cloud, &shop, &["hold", "stage", "--reason", "50 % of carts fail, süß"]).expect_code(0);

    let report = ran.json();
    assert_eq!((&report["command"], &report["environment"]), (&json!("hold"), &json!("stage")));
    assert_eq!(report.get("outcome"), None);
    let hold = &report["holds"][0];
    assert_eq!((&hold["component"], &hold["scope"]), (&json!("backend"), &json!("all")));
    assert_eq!((&hold["reason"], &hold["run"]), (&json!("50 % of carts fail, süß"), &json!("local")));
    assert_eq!((&hold["left"], &hold["returned"]), (&Value::Null, &Value::Null));
    hold["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let ran = ran.expect_stderr("held: stage backend: 50 % of carts fail, süß");
    assert!(ran.stderr.contains("by local"), "{}", ran.stderr);
    let first = tags(&cloud, "backend")[HOLD].clone();
    assert!(first.ends_with(" local 50 =25 of carts fail=2C s=C3=BC=C3=9F"), "{first}");

    let again = run(&cloud, &shop, &["hold", "stage", "--reason", "fixed soon"]).expect_code(0).json();

    assert_eq!(again["holds"].as_array().unwrap().len(), 1);
    assert_eq!(again["holds"][0]["reason"], "fixed soon");
    assert!(tags(&cloud, "backend")[HOLD].ends_with(" local fixed soon"));
    tag(&cloud, "backend", LEFT, LEFT_VALUE);

    let ran = run(&cloud, &shop, &["unhold", "stage", "--reason", "it is fixed"]).expect_code(0);

    let report = ran.json();
    assert_eq!((&report["command"], &report["holds"]), (&json!("unhold"), &json!([])));
    let lifted = report["lifted"].as_array().unwrap();
    let of = |scope: &str| lifted.iter().find(|hold| hold["scope"] == scope).unwrap();
    assert_eq!(of("all")["reason"], "fixed soon");
    assert_eq!(
        (&of("rollback")["left"], &of("rollback")["returned"]),
        (&json!(&LEFT[14..]), &json!(&LEFT_VALUE[35..]))
    );
    let after = tags(&cloud, "backend");
    assert_eq!(after.keys().collect::<Vec<_>>(), ["shipgate:unhold", "team"]);
    assert!(after["shipgate:unhold"].ends_with(" local it is fixed"), "{after:?}");

    let ran = run(&cloud, &shop, &["unhold", "stage", "--reason", "once more"]).expect_code(0);

    assert_eq!((&ran.json()["lifted"], &ran.json()["holds"]), (&json!([]), &json!([])));
    ran.expect_stderr("no hold on stage backend: there was none");
    assert_eq!(tags(&cloud, "backend"), after, "nothing was lifted, so nothing is written");
    assert_eq!(cloud.serving("backend"), serving, "what serves is not touched");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn all_components_or_the_named_one_are_held() {
    let cloud = Cloud::with_backend();
    cloud.create_service(&ServiceOptions::worker());
    let shop = cloud.shop(&two_components(&cloud));
    let components = |report: &Value, list: &str| -> Vec<String> {
        let holds = report[list].as_array().unwrap().iter();
        holds.map(|hold| hold["component"].as_str().unwrap().to_owned()).collect()
    };

    let report = run(&cloud, &shop, &["hold", "stage", "--reason", "x", "--component", "worker"]).expect_code(0).json();
    assert_eq!(components(&report, "holds"), ["worker"]);
    assert!(!tags(&cloud, "backend").contains_key(HOLD));

    let report = run(&cloud, &shop, &["hold", "stage", "--reason", "y"]).expect_code(0).json();
    assert_eq!(components(&report, "holds"), ["backend", "worker"]);
    assert!(["backend", "worker"].iter().all(|name| tags(&cloud, name)[HOLD].ends_with(" y")));

    let ran = run(&cloud, &shop, &["unhold", "stage", "--reason", "x", "--component", "backend"]).expect_code(0);
    assert_eq!(components(&ran.json(), "lifted"), ["backend"]);
    let ran = run(&cloud, &shop, &["unhold", "stage", "--reason", "x"]).expect_code(0);
    assert_eq!(components(&ran.json(), "lifted"), ["worker"]);
    let ran = ran.expect_stderr("no hold on stage any more");
    ran.expect_stderr("not held any more: stage worker: y");
    run(&cloud, &shop, &["hold", "stage", "--reason", "x", "--component", "nobody"]).outcome("invalid", 2);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_missing_or_deleted_service_is_failed_and_no_other_is_held() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&two_components(&cloud));
    for (command, service) in [("hold", "worker"), ("unhold", "worker")] {
        let ran = run(&cloud, &shop, &[command, "stage", "--reason", "x"]);
        let report = ran.outcome("failed", 1);
        assert!(report["reason"].as_str().unwrap().contains(&cloud.service_name(service)), "{report:#}");
        ran.expect_stderr("hint:");
    }
    assert_eq!(tags(&cloud, "backend"), BTreeMap::new());
    cloud.delete_service("backend");
    let ran = run(&cloud, &shop, &["hold", "stage", "--reason", "x", "--component", "backend"]);
    ran.outcome("failed", 1);
    ran.expect_stderr("hint:");
}
