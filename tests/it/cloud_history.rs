//! `history` on the local cloud: what the ledger of real revisions says.

use serde_json::{Value, json};

use crate::cloud::{Cloud, ServiceOptions};
use crate::harness::{Ran, Repository};

fn history(cloud: &Cloud, shop: &Repository, more: &[&str]) -> Ran {
    cloud.shipgate(shop, &[&["history", "stage", "--output", "json"], more].concat()).run()
}

/// One field of all releases.
fn each<'a>(report: &'a Value, field: &str) -> Vec<&'a Value> {
    report["releases"].as_array().unwrap().iter().map(|release| &release[field]).collect()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn releases_are_told_newest_first_with_how_they_ended() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let first = shop.head();
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let second = shop.commit("More");
    let deployed = cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let good = cloud.revision("backend");
    shop.write("backend/products.json", "no json at all");
    let third = shop.commit("Break the list of products");
    cloud.deploy(&shop, &[]).outcome("rolled-back", 5);

    let report = history(&cloud, &shop, &[]).expect_code(0).json();

    assert_eq!((&report["command"], &report["environment"]), (&json!("history"), &json!("stage")));
    assert_eq!(each(&report, "sha"), [&third, &second, &first]);
    assert_eq!(each(&report, "outcome"), ["rolled-back", "deployed", "deployed"]);
    assert_eq!(each(&report, "current"), [false, true, false]);
    assert_eq!(each(&report, "run"), ["local"; 3]);
    assert_eq!(each(&report, "component"), ["backend"; 3]);
    assert_eq!(each(&report, "restores"), [&Value::Null; 3]);
    assert_eq!(each(&report, "revision")[..2], [&json!(cloud.newest_revision("backend")), &json!(good)]);
    assert_eq!(each(&report, "digest")[1], &deployed["components"][0]["current"]["digest"]);
    let times: Vec<jiff::Timestamp> =
        each(&report, "at").into_iter().map(|at| at.as_str().unwrap().parse().unwrap()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    let limited = history(&cloud, &shop, &["--limit", "2"]).expect_code(0).json();
    assert_eq!(each(&limited, "sha"), [&third, &second]);

    let table = cloud.shipgate(&shop, &["history", "stage"]).run().expect_code(0);
    let lines: Vec<&str> = table.stdout.lines().collect();
    assert_eq!((lines.len(), table.stderr.as_str()), (4, ""));
    assert!(lines[0].starts_with("WHEN"), "{}", table.stdout);
    let short = |arn: &str| arn.rsplit('/').next().unwrap().to_owned();
    for text in ["backend", &second[..7], "deployed (current)", &short(&good), "sha256:", "local"] {
        assert!(lines[2].contains(text), "no {text} in {}", lines[2]);
    }
    assert!(lines[1].contains("rolled-back  ") && !lines[3].contains("current"), "{}", table.stdout);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn two_components_are_one_history_or_each_alone() {
    let cloud = Cloud::with_backend();
    cloud.create_service(&ServiceOptions::worker());
    let shop = cloud.shop(&cloud.config(&format!(
        "[components.worker]\nkind = \"ecs\"\nsettle = \"0s\"\nimage-from = \"backend\"\ncontainer = \"worker\"\n\
         depends-on = [\"backend\"]\ncluster = \"{}\"\nservice = \"{}\"",
        cloud.cluster(),
        cloud.service_name("worker")
    )));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    shop.commit("More");
    cloud.deploy(&shop, &["--component", "worker"]).outcome("deployed", 0);

    let report = history(&cloud, &shop, &[]).expect_code(0).json();

    assert_eq!(each(&report, "component"), ["worker", "worker", "backend"]);
    assert_eq!(each(&report, "current"), [true, false, true]);
    let backend = history(&cloud, &shop, &["--component", "backend"]).expect_code(0).json();
    assert_eq!(each(&backend, "component"), ["backend"]);
    let newest = history(&cloud, &shop, &["--limit", "1"]).expect_code(0).json();
    assert_eq!(each(&newest, "component"), ["worker"]);
    history(&cloud, &shop, &["--component", "nobody"]).outcome("invalid", 2);
}

/// Revisions of others are no releases, and one without an end has no outcome.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_others_did_and_what_nobody_knows() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));

    let ran = history(&cloud, &shop, &[]).expect_code(0);

    assert_eq!(ran.json()["releases"], json!([]));
    ran.expect_stderr("no release");
    let ran = cloud.shipgate(&shop, &["history", "stage"]).run().expect_code(0);
    assert_eq!(ran.stdout, "");
    assert_eq!(cloud.shipgate(&shop, &["history", "stage", "-qq"]).run().expect_code(0).stderr, "");

    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let ours = cloud.revision("backend");
    cloud.ecs_call("UntagResource", &json!({"resourceArn": ours, "tagKeys": ["shipgate:outcome"]}));
    cloud.change_by_hand("backend", |definition| definition["cpu"] = json!("512"));
    let report = history(&cloud, &shop, &[]).expect_code(0).json();
    assert_eq!(each(&report, "revision"), [&ours]);
    assert_eq!((each(&report, "outcome"), each(&report, "current")), (vec![&Value::Null], vec![&json!(false)]));
    let table = cloud.shipgate(&shop, &["history", "stage"]).run().expect_code(0).stdout;
    assert!(table.contains(" unknown "), "{table}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_missing_or_deleted_service_is_failed() {
    let cloud = Cloud::new();
    let shop = cloud.shop(&cloud.config(""));
    let report = history(&cloud, &shop, &[]).outcome("failed", 1);
    assert!(report["reason"].as_str().unwrap().contains(&cloud.service_name("backend")), "{report:#}");
    cloud.create_service(&ServiceOptions::web());
    cloud.delete_service("backend");
    let ran = history(&cloud, &shop, &[]);
    ran.outcome("failed", 1);
    ran.expect_stderr("hint:");
}
