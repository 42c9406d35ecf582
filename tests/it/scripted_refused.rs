//! Targets that cannot be deployed to: the right outcome, and not one change.

use serde_json::{Value, json};

use crate::scripted::{Shop, text};

/// Deploys, and insists that nothing was changed.
#[track_caller]
fn refused(shop: &Shop, outcome: &str, code: i32) -> Value {
    let report = shop.deploy().outcome(outcome, code);
    assert_eq!(shop.aws.mutations(), [""; 0]);
    assert!(!text(&report, "hints").is_empty(), "{report:#}");
    report
}

#[test]
fn other_deployment_controllers_are_invalid() {
    for controller in ["CODE_DEPLOY", "EXTERNAL", "SPLENDID"] {
        let shop = Shop::new();
        shop.aws.change("ecs:DescribeServices", move |_, answer| {
            answer["services"][0]["deploymentController"] = json!({"type": controller});
            answer["services"][0]["deployments"] = json!([]);
        });
        if controller == "SPLENDID" {
            shop.aws.expect_violation("ecs:DescribeServices", "deploymentController.type: \"SPLENDID\"");
        }
        let report = refused(&shop, "invalid", 2);
        assert!(report["reason"].as_str().unwrap().contains(controller), "{report:#}");
    }
}

#[test]
fn the_controller_of_ecs_by_name_is_fine() {
    let shop = Shop::new();
    shop.aws.change("ecs:DescribeServices", |_, answer| {
        answer["services"][0]["deploymentController"] = json!({"type": "ECS"});
    });
    shop.deploy().outcome("deployed", 0);
}

#[test]
fn a_missing_service_is_named() {
    let shop = Shop::new();
    shop.aws.world(|world| world.services.clear());
    let report = refused(&shop, "failed", 1);
    assert!(report["reason"].as_str().unwrap().contains("stage-backend"), "{report:#}");
}

#[test]
fn a_service_that_is_or_was_deleted_is_failed() {
    for status in ["DRAINING", "INACTIVE", "SPLENDID"] {
        let shop = Shop::new();
        shop.aws.change("ecs:DescribeServices", move |_, answer| answer["services"][0]["status"] = json!(status));
        refused(&shop, "failed", 1);
    }
}

#[test]
fn a_missing_cluster_is_named() {
    let shop = Shop::new();
    shop.aws.refuse("ecs:DescribeServices", 400, "ClusterNotFoundException", "Cluster not found.");
    let report = refused(&shop, "failed", 1);
    assert!(report["reason"].as_str().unwrap().contains("stage-cluster"), "{report:#}");
}

#[test]
fn an_unknown_container_is_named_with_those_that_are_there() {
    let shop = Shop::with_config(&crate::scripted::config("").replace("\"web\"", "\"wbe\""));
    let report = refused(&shop, "invalid", 2);
    let reason = report["reason"].as_str().unwrap();
    assert!(["`wbe`", "`web`", "`proxy`"].iter().all(|name| reason.contains(name)), "{reason}");
}

#[test]
fn a_service_without_a_primary_deployment_is_failed() {
    let shop = Shop::new();
    shop.aws.change("ecs:DescribeServices", |_, answer| answer["services"][0]["deployments"] = json!([]));
    refused(&shop, "failed", 1);
}

#[test]
fn an_environment_that_promotes_is_not_asked_anything() {
    let production = "[environments.production]\nregion = \"us-east-1\"\npromotes-from = \"stage\"\n\
                      [environments.production.gates]\napproval = \"none\"\n";
    let shop = Shop::with_config(&(crate::scripted::config("") + production));
    let report = shop.shipgate(&["deploy", "production", "--output", "json"]).run().outcome("invalid", 2);
    assert!(text(&report, "hints").contains("stage"), "{report:#}");
    assert_eq!(shop.aws.operations(), [""; 0]);
}
