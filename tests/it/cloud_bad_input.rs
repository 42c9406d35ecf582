//! What is configured is not there, or cannot be deployed to.

use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::cloud_roles;
use crate::harness::{Ran, Repository, assert_reported, texts};

/// Insists that nothing was made, nothing changed, and the reader learns what to do.
#[track_caller]
fn refused(cloud: &Cloud, ran: &Ran, outcome: &str, code: i32, named: &[&str]) -> Value {
    let report = ran.outcome(outcome, code);
    let reason = report["reason"].as_str().unwrap();
    for name in named {
        assert!(reason.contains(name), "{name:?} is not named in {reason:?}");
    }
    assert!(!texts(&report["hints"]).is_empty(), "no hint in {report:#}");
    assert_eq!(report["left_behind"], json!([]));
    let errors = ran.stderr.lines().filter(|line| line.starts_with("error")).count();
    assert_eq!(errors, 1, "one error, not\n{}", ran.stderr);
    assert_eq!(cloud.images().len(), 0, "an image was built");
    report
}

fn shop(cloud: &Cloud, from: &str, to: &str) -> Repository {
    let config = cloud.config("");
    assert!(config.contains(from));
    cloud.shop(&config.replace(from, to))
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_service_that_does_not_exist() {
    let cloud = Cloud::with_backend();
    let shop =
        shop(&cloud, &format!("service = \"{}\"", cloud.service_name("backend")), "service = \"no-such-service\"");
    refused(&cloud, &cloud.deploy(&shop, &[]), "failed", 1, &["no-such-service", &cloud.cluster()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_cluster_that_does_not_exist() {
    let cloud = Cloud::with_backend();
    let shop = shop(&cloud, &cloud.cluster(), "no-such-cluster");
    refused(&cloud, &cloud.deploy(&shop, &[]), "failed", 1, &["no-such-cluster"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_container_that_is_not_in_the_task_definition() {
    let cloud = Cloud::with_backend();
    let shop = shop(&cloud, "container = \"web\"", "container = \"wbe\"");
    let serving = cloud.serving("backend");
    refused(&cloud, &cloud.deploy(&shop, &[]), "invalid", 2, &["wbe", "web"]);
    assert_eq!(cloud.serving("backend"), serving);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_service_that_was_deleted() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.delete_service("backend");
    refused(&cloud, &cloud.deploy(&shop, &[]), "failed", 1, &[&cloud.service_name("backend")]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_service_that_something_else_deploys() {
    let cloud = Cloud::with_backend();
    cloud.ecs_call(
        "CreateService",
        &json!({
            "cluster": cloud.cluster(), "serviceName": cloud.service_name("blue-green"), "desiredCount": 0,
            "taskDefinition": cloud.revision("backend"), "deploymentController": { "type": "CODE_DEPLOY" },
        }),
    );
    let shop = shop(&cloud, &cloud.service_name("backend"), &cloud.service_name("blue-green"));
    refused(&cloud, &cloud.deploy(&shop, &[]), "invalid", 2, &["CODE_DEPLOY"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_environment_that_is_not_configured() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let ran = cloud.shipgate(&shop, &["deploy", "stgae", "--output", "json"]).run();
    let report = refused(&cloud, &ran, "invalid", 2, &["stgae"]);
    assert_reported(&report["hints"], &["stage"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_component_that_is_not_configured() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let report = refused(&cloud, &cloud.deploy(&shop, &["--component", "bakcend"]), "invalid", 2, &["bakcend"]);
    assert_reported(&report["hints"], &["backend"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_environment_that_promotes_from_another() {
    let cloud = Cloud::with_backend();
    let production = "[environments.production]\nregion = \"us-east-1\"\naccount = \"000000000000\"\n\
                      promotes-from = \"stage\"\n[environments.production.gates]\napproval = \"none\"\n";
    let shop = cloud.shop(&format!("{}{production}", cloud.config("")));
    let ran = cloud.shipgate(&shop, &["deploy", "production", "--output", "json"]).run();
    refused(&cloud, &ran, "invalid", 2, &["production", "stage"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_task_definition_file_that_is_none() {
    let cloud = Cloud::with_backend();
    let config = cloud.config("task-definition = \"task.json\"");
    // The role was made before there was anything wrong with the file.
    cloud_roles::ensure(&cloud, &cloud.shop(&cloud.config("")), &["deploy"]);
    cloud.authorized.borrow_mut().insert(config.clone());
    let shop = cloud.shop(&config);
    refused(&cloud, &cloud.deploy(&shop, &[]), "invalid", 2, &["task.json"]);
    shop.write("task.json", "{ \"family\": ");
    shop.commit("Half a file");
    refused(&cloud, &cloud.deploy(&shop, &[]), "invalid", 2, &["task.json"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_build_that_fails() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    shop.write("backend/Dockerfile", "FROM scratch\nCOPY no-such-file /\n");
    shop.commit("Break the build");
    let serving = cloud.serving("backend");

    let report = refused(&cloud, &cloud.deploy(&shop, &[]), "failed", 1, &["build"]);

    assert_reported(&report["causes"], &["no-such-file"]);
    assert_eq!(report["components"][0]["outcome"], "failed");
    assert_eq!(report["components"][0]["changed"], false);
    assert_eq!(cloud.serving("backend"), serving);
}
