//! What can go wrong with a rollout is said before it, from how the service is set up: by `plan`, `check` and a deploy.

use serde_json::json;

use crate::harness::texts;
use crate::scripted::{Shop, config};

/// A shop whose service is set up without care.
pub fn careless() -> Shop {
    let shop = Shop::with_config(&config("").replace("probes = []\n", ""));
    shop.aws.change("ecs:DescribeServices", |_, answer| {
        answer["services"][0]["deploymentConfiguration"] = json!({"maximumPercent": 100, "minimumHealthyPercent": 100});
    });
    shop.aws.world(|world| {
        let by_hand = world.register_by_hand(|document| {
            let web = &mut document["containerDefinitions"][0];
            web["image"] = json!("registry.example/shop:latest");
            web.as_object_mut().unwrap().remove("healthCheck");
        });
        world.run_only(0, &by_hand);
    });
    shop
}

const CAUTIONS: [&str; 5] = [
    "service stage-backend cannot replace a task: of 2 it may run 2 at most, and 2 have to be healthy",
    "the deployment circuit breaker of service stage-backend is off",
    "nothing checks the health of backend",
    "backend has no probe",
    "backend:8 runs `registry.example/shop:latest` in web",
];

#[track_caller]
fn assert_once(warnings: &[&str]) {
    for caution in CAUTIONS {
        let count = warnings.iter().filter(|warning| warning.starts_with(caution)).count();
        assert_eq!(count, 1, "{caution}: {warnings:#?}");
    }
}

#[test]
fn a_plan_a_check_and_a_deploy_warn_once_of_how_the_service_is_set_up() {
    let shop = careless();
    let plan = shop.shipgate(&["plan", "deploy", "stage", "--output", "json"]).run();
    let planned = plan.outcome("planned", 0);
    assert_once(&texts(&planned["warnings"]));
    assert_eq!(plan.stderr.matches("aws ecs update-service").count(), 2, "{}", plan.stderr);
    let check = shop.shipgate(&["check", "--output", "json"]).run();
    let document: serde_json::Value = serde_json::from_str(&check.stdout).unwrap();
    assert_once(&texts(&document["plans"][0]["warnings"]));
    let deployed = shop.deploy();
    assert_once(&texts(&deployed.outcome("deployed", 0)["warnings"]));
    assert_eq!(deployed.stderr.matches("circuit breaker").count(), 1, "{}", deployed.stderr);
    let unchanged = shop.deploy().outcome("unchanged", 0);
    assert_eq!(unchanged["warnings"], json!([]), "nothing is rolled out");
}

/// Who repairs the service between a plan and its approval does not make it another plan.
#[test]
fn the_digest_of_a_plan_has_no_cautions() {
    let shop = careless();
    let digest = || {
        let report = shop.shipgate(&["plan", "deploy", "stage", "--output", "json"]).run().outcome("planned", 0);
        (report["plan_digest"].clone(), texts(&report["warnings"]).iter().any(|text| text.contains("circuit breaker")))
    };
    let (careless, warned) = digest();
    assert!(warned);
    shop.aws.change("ecs:DescribeServices", |_, answer| {
        answer["services"][0]["deploymentConfiguration"] = json!({
            "maximumPercent": 200, "minimumHealthyPercent": 100,
            "deploymentCircuitBreaker": {"enable": true, "rollback": true},
        });
    });
    assert_eq!(digest(), (careless, false));
}

#[test]
fn a_service_that_is_to_run_nothing_is_not_warned_of() {
    let shop = careless();
    shop.aws.world(|world| world.services[0].desired = 0);
    let report = shop.shipgate(&["plan", "deploy", "stage", "--output", "json"]).run().outcome("planned", 0);
    for caution in CAUTIONS {
        assert!(!report["warnings"].to_string().contains(caution), "{report:#}");
    }
}
