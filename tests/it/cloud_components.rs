//! Two components that share one image.

use serde_json::json;

use crate::cloud::{Cloud, ServiceOptions, container_of, docker};
use crate::harness::{assert_reported, steps};

/// A cloud with both services; the variables are the backend's, and the worker's.
fn cloud_with(backend: Vec<(&'static str, &'static str)>, worker: Vec<(&'static str, &'static str)>) -> Cloud {
    let cloud = Cloud::with(&ServiceOptions { variables: backend, ..ServiceOptions::web() });
    cloud.create_service(&ServiceOptions { variables: worker, ..ServiceOptions::worker() });
    cloud
}

fn config(cloud: &Cloud) -> String {
    let worker = format!(
        "pre-deploy = [\"migrate\"]\n\
         [components.worker]\n\
         kind = \"ecs\"\nsettle = \"0s\"\n\
         image-from = \"backend\"\n\
         depends-on = [\"backend\"]\n\
         container = \"worker\"\n\
         pre-deploy = [\"migrate\"]\n\
         cluster = \"{}\"\n\
         service = \"{}\"",
        cloud.cluster(),
        cloud.service_name("worker")
    );
    cloud.config(&worker)
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_image_is_built_once_and_both_run_it() {
    let cloud = cloud_with(Vec::new(), Vec::new());
    let shop = cloud.shop(&config(&cloud));

    let report = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let steps = steps(&report);
    assert_eq!(steps.iter().filter(|step| step.starts_with("build ")).count(), 1, "{steps:?}");
    let position = |name: &str| steps.iter().position(|step| step == &format!("{name}: done")).unwrap();
    assert!(position("wait for backend") < position("update worker"), "{steps:?}");
    let digest = &report["release"]["digests"]["backend"];
    assert_eq!(report["release"]["digests"], json!({ "backend": digest }));
    for (index, name) in ["backend", "worker"].into_iter().enumerate() {
        let component = &report["components"][index];
        assert_eq!((&component["name"], &component["outcome"]), (&json!(name), &json!("deployed")));
        assert_eq!(component["current"]["digest"], *digest);
    }
    assert_eq!(cloud.releases("backend"), [shop.head()]);
    let worker = &cloud.running_tasks("worker")[0];
    let backend = &cloud.running_tasks("backend")[0];
    let image = |task| docker(&["inspect", "--format", "{{.Image}}", &container_of(task)]);
    assert_eq!(image(worker), image(backend));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_comes_after_a_failed_component_is_skipped() {
    let cloud = cloud_with(vec![("MIGRATE_EXIT", "4")], Vec::new());
    let shop = cloud.shop(&config(&cloud));
    let worker = cloud.serving("worker");

    let ran = cloud.deploy(&shop, &[]);

    let report = ran.outcome("failed", 1);
    let outcomes = |key: &str| [&report["components"][0][key], &report["components"][1][key]];
    assert_eq!(outcomes("outcome"), [&json!("failed"), &json!("skipped")]);
    assert_eq!(outcomes("changed"), [&json!(false), &json!(false)]);
    assert_eq!(report["components"][1]["current"], report["components"][1]["previous"]);
    assert_eq!(cloud.serving("worker"), worker);
    assert!(ran.stderr.contains("– worker   skipped"), "{}", ran.stderr);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_component_that_was_changed_before_a_failure_is_named() {
    let cloud = cloud_with(Vec::new(), vec![("MIGRATE_EXIT", "4")]);
    let shop = cloud.shop(&config(&cloud));
    let worker = cloud.serving("worker");

    let report = cloud.deploy(&shop, &[]).outcome("failed", 1);

    let outcomes = |key: &str| [&report["components"][0][key], &report["components"][1][key]];
    assert_eq!(outcomes("outcome"), [&json!("deployed"), &json!("failed")]);
    assert_eq!(outcomes("changed"), [&json!(true), &json!(false)]);
    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains("backend"), "the changed component is not named in {reason:?}");
    assert_reported(&report["left_behind"], &[&cloud.service_name("worker")]);
    let left_behind = report["left_behind"].to_string();
    assert!(!left_behind.contains(&cloud.repository()), "the image is in use: {left_behind}");
    assert_eq!(cloud.releases("backend"), [shop.head()]);
    assert_eq!(cloud.serving("worker"), worker);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_component_can_be_deployed_alone() {
    let cloud = cloud_with(Vec::new(), Vec::new());
    let shop = cloud.shop(&config(&cloud));
    let backend = cloud.serving("backend");

    let report = cloud.deploy(&shop, &["--component", "worker"]).outcome("deployed", 0);

    assert_eq!(report["components"].as_array().unwrap().len(), 1);
    assert_eq!(report["components"][0]["name"], "worker");
    assert_eq!(cloud.serving("backend"), backend);
    let revision = cloud.definition(&cloud.revision("worker"));
    let image = revision["containerDefinitions"][0]["image"].as_str().unwrap();
    assert!(image.contains(&shop.head()), "{image}");
}
