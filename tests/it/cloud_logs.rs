//! `logs` shows what the containers wrote.

use serde_json::Value;

use crate::cloud::{Cloud, ServiceOptions};
use crate::harness::eventually;

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_lines_of_the_service_are_shown() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let started = format!("serve: release {} listens", shop.head());

    eventually("the log has the release's first line", || {
        cloud.shipgate(&shop, &["logs", "stage"]).run().expect_code(0).stdout.contains(&started)
    });

    let ran = cloud.shipgate(&shop, &["logs", "stage", "--output", "json"]).run().expect_code(0);
    let document = ran.json();
    let lines = document["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["text"].as_str().unwrap().starts_with(&started)).unwrap();
    assert_eq!(line["component"], "backend");
    line["time"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let times: Vec<&Value> = lines.iter().map(|line| &line["time"]).collect();
    assert!(times.is_sorted_by_key(|time| time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap()), "{times:?}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn following_shows_each_line_once_until_it_is_interrupted() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let running = cloud.shipgate(&shop, &["logs", "stage", "--follow"]).start();
    running.until_stdout("serve: release");

    let task = cloud.running_tasks("backend").remove(0);
    cloud.ask(&task, "/health?first");
    running.until_stdout("GET /health?first 200");
    cloud.ask(&task, "/health?second");
    running.until_stdout("GET /health?second 200");
    running.signal("INT");

    let ran = running.wait().expect_code(0);
    for line in ["GET /health?first 200", "GET /health?second 200"] {
        assert_eq!(ran.stdout.matches(line).count(), 1, "{line} in\n{}", ran.stdout);
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_component_can_be_asked_alone() {
    let cloud = Cloud::with_backend();
    cloud.create_service(&ServiceOptions::worker());
    let worker = format!(
        "[components.worker]\nkind = \"ecs\"\nsettle = \"0s\"\nimage-from = \"backend\"\ncontainer = \"worker\"\ncluster = \"{}\"\nservice = \"{}\"",
        cloud.cluster(),
        cloud.service_name("worker")
    );
    let shop = cloud.shop(&cloud.config(&worker));
    let logs = |arguments: &[&str]| {
        cloud.shipgate(&shop, &[&["logs", "stage"], arguments].concat()).run().expect_code(0).stdout
    };
    eventually("both have written", || {
        let all = logs(&[]);
        all.contains("serve: release") && all.contains("worker: release")
    });

    let alone = logs(&["--component", "worker"]);

    assert!(alone.contains("worker: release") && !alone.contains("serve: release"), "{alone}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn only_the_time_asked_for_is_shown() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let lines = |since: &str| cloud.shipgate(&shop, &["logs", "stage", "--since", since]).run().expect_code(0).stdout;
    eventually("something is written", || !lines("5m").is_empty());

    eventually("nothing of the last second is written", || lines("1s").is_empty());

    assert!(!lines("5m").is_empty());
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_missing_log_group_is_named() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.delete_log_group("backend");

    let ran = cloud.shipgate(&shop, &["logs", "stage"]).run().expect_code(1);

    assert!(ran.stderr.contains(&cloud.log_group("backend")) && ran.stderr.contains("hint"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}
