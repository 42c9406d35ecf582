//! The one-off task before traffic.

use aws_sdk_ecs::types::{Attachment, LaunchType};
use serde_json::json;

use crate::cloud::{Cloud, ServiceOptions, end_container};
use crate::harness::{Repository, assert_reported, eventually, steps, texts};

fn shop_that_migrates(cloud: &Cloud) -> Repository {
    cloud.shop(&cloud.config("pre-deploy = [\"migrate\"]"))
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn it_runs_once_before_the_release() {
    let cloud = Cloud::with_backend();
    let shop = shop_that_migrates(&cloud);

    let ran = cloud.deploy(&shop, &[]);

    let report = ran.outcome("deployed", 0);
    let steps = steps(&report);
    let position = |name: &str| steps.iter().position(|step| step == &format!("{name} backend: done"));
    assert!(position("pre-deploy").is_some() && position("pre-deploy") < position("update"), "{steps:?}");
    for line in [format!("migrate: release {}", shop.head()), "note: no database is configured".to_owned()] {
        assert!(ran.stderr.contains(&line), "no {line:?} in\n{}", ran.stderr);
    }
    let tasks = cloud.one_off_tasks();
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0].task_definition_arn(), Some(cloud.revision("backend").as_str()));

    cloud.deploy(&shop, &[]).outcome("unchanged", 0);
    assert_eq!(cloud.one_off_tasks().len(), 1, "it ran for `unchanged`");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn it_runs_where_the_service_runs() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config("pre-deploy = [\"worker\"]"));
    let running = cloud.shipgate(&shop, &["deploy", "stage", "--output", "json"]).start();
    let task = cloud.running_one_off_task();

    let details: Vec<_> = task.attachments().iter().flat_map(Attachment::details).collect();
    let subnet = details.iter().find(|detail| detail.name() == Some("subnetId"));
    assert_eq!(subnet.and_then(|detail| detail.value()), Some("subnet-1"));
    assert_eq!(task.launch_type().map(LaunchType::as_str), Some("FARGATE"));
    end_container(&task);
    running.wait().outcome("deployed", 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn its_failure_leaves_the_service_untouched() {
    let cloud = Cloud::with(&ServiceOptions { variables: vec![("MIGRATE_EXIT", "3")], ..ServiceOptions::web() });
    let shop = shop_that_migrates(&cloud);
    let serving = cloud.serving("backend");

    let ran = cloud.deploy(&shop, &[]);

    let report = ran.outcome("failed", 1);
    assert_reported(&report["causes"], &["web", "3"]);
    assert!(!texts(&report["hints"]).is_empty());
    assert!(ran.stderr.contains("migrate: stopped with exit code 3"), "{}", ran.stderr);
    assert_eq!(cloud.serving("backend"), serving);
    let component = &report["components"][0];
    assert_eq!((&component["outcome"], &component["changed"]), (&json!("failed"), &json!(false)));
    assert_eq!(component["current"], component["previous"]);
    let task = &cloud.one_off_tasks()[0];
    let revision = task.task_definition_arn().unwrap();
    assert_reported(&report["left_behind"], &[revision.rsplit('/').next().unwrap()]);
    assert_reported(&report["left_behind"], &[task.task_arn().unwrap().rsplit('/').next().unwrap()]);
    assert_reported(&report["left_behind"], &[report["release"]["digests"]["backend"].as_str().unwrap()]);
    assert_eq!(cloud.ledger(revision)["shipgate:outcome"], "failed");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn after_a_failure_it_runs_again() {
    let cloud = Cloud::with(&ServiceOptions { variables: vec![("MIGRATE_EXIT", "3")], ..ServiceOptions::web() });
    let shop = shop_that_migrates(&cloud);
    cloud.deploy(&shop, &[]).outcome("failed", 1);
    cloud.change_by_hand("backend", |definition| definition["containerDefinitions"][0]["environment"] = json!([]));

    let report = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    assert!(steps(&report).contains(&"pre-deploy backend: done".to_owned()));
    assert_eq!(cloud.one_off_tasks().len(), 2);
    assert_eq!(cloud.releases("backend"), [shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn one_that_hangs_is_stopped() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config("pre-deploy = [\"worker\"]\ntimeout = \"3s\""));
    let serving = cloud.serving("backend");

    let report = cloud.deploy(&shop, &[]).outcome("failed", 1);

    assert!(report["reason"].as_str().unwrap().contains('3'), "{}", report["reason"]);
    assert!(!texts(&report["hints"]).is_empty());
    let tasks = cloud.one_off_tasks();
    assert_eq!(tasks.len(), 1);
    assert_reported(&report["left_behind"], &[tasks[0].task_arn().unwrap().rsplit('/').next().unwrap()]);
    eventually("the task is stopped", || cloud.one_off_tasks()[0].last_status() == Some("STOPPED"));
    assert_eq!(cloud.serving("backend"), serving);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn one_that_somebody_stops_has_not_done_its_work() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config("pre-deploy = [\"worker\"]"));
    let serving = cloud.serving("backend");
    let running = cloud.shipgate(&shop, &["deploy", "stage", "--output", "json"]).start();
    let task = cloud.running_one_off_task();

    // The worker ends with exit code 0 when it is asked to stop.
    cloud.stop_task(&task);

    let report = running.wait().outcome("failed", 1);
    assert_reported(&report["causes"], &["UserInitiated"]);
    assert_eq!(cloud.serving("backend"), serving);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn one_that_cannot_start_leaves_the_service_untouched() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config("pre-deploy = [\"migrate\"]\ntask-definition = \"task.json\""));
    let missing = cloud.image_reference("no-such-tag");
    let mut definition = cloud.definition(&cloud.revision("backend"));
    let sidecar = json!({ "name": "sidecar", "image": missing, "essential": true });
    definition["containerDefinitions"].as_array_mut().unwrap().push(sidecar);
    shop.write("task.json", definition.to_string());
    shop.commit("A sidecar without an image");
    let serving = cloud.serving("backend");

    let report = cloud.deploy(&shop, &[]).outcome("failed", 1);

    assert_reported(&report["causes"], &["no-such-tag"]);
    assert_eq!(cloud.serving("backend"), serving);
    let component = &report["components"][0];
    assert_eq!((&component["outcome"], &component["changed"]), (&json!("failed"), &json!(false)));
}
