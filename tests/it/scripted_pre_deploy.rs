//! The one-off task before traffic: only the exit code 0 of its container lets the deploy go on.

use serde_json::{Value, json};

use crate::scripted::{CLUSTER, Shop, World, arn, text};

fn shop() -> Shop {
    Shop::with("pre-deploy = [\"alembic\", \"upgrade\", \"${release.sha}\"]")
}

/// Deploys, and insists that the service was not touched and what is left is named.
#[track_caller]
fn nothing_deployed(shop: &Shop) -> Value {
    let report = shop.deploy().outcome("failed", 1);
    assert!(!shop.aws.mutations().contains(&"ecs:UpdateService".to_owned()));
    assert!(text(&report, "left_behind").contains("backend:8"), "{report:#}");
    assert_eq!(report["components"][0]["changed"], false);
    report
}

#[test]
fn a_good_one_runs_where_the_service_runs_and_before_it_is_updated() {
    let shop = shop();
    let head = shop.repository.head();
    shop.deploy().outcome("deployed", 0);
    assert_eq!(
        shop.aws.mutations(),
        ["ecs:RegisterTaskDefinition", "ecs:RunTask", "ecs:UpdateService", "ecs:TagResource"]
    );
    let sent = shop.aws.call("ecs:RunTask").body;
    assert_eq!(sent["cluster"], CLUSTER);
    assert_eq!(sent["taskDefinition"], arn("task-definition", "backend:8"));
    assert_eq!(sent["launchType"], "FARGATE");
    assert_eq!(
        sent["networkConfiguration"]["awsvpcConfiguration"],
        json!({"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"})
    );
    let overrides = json!([{"name": "web", "command": ["alembic", "upgrade", head]}]);
    assert_eq!(sent["overrides"]["containerOverrides"], overrides);
    assert_eq!(sent["count"], 1);
    assert!(!sent["clientToken"].as_str().unwrap().is_empty());
}

#[test]
fn it_runs_with_the_capacity_providers_of_the_service() {
    let shop = shop();
    let strategy = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]);
    let of_service = strategy.clone();
    shop.aws.change("ecs:DescribeServices", move |_, answer| {
        answer["services"][0]["capacityProviderStrategy"] = of_service.clone();
        answer["services"][0].as_object_mut().unwrap().remove("launchType");
    });
    shop.deploy().outcome("deployed", 0);
    let sent = shop.aws.call("ecs:RunTask").body;
    assert_eq!((&sent["capacityProviderStrategy"], &sent["launchType"]), (&strategy, &Value::Null));
}

#[test]
fn it_is_not_run_when_nothing_changes() {
    let shop = shop();
    shop.deploy().outcome("deployed", 0);
    shop.aws.forget();
    shop.deploy().outcome("unchanged", 0);
    assert_eq!(shop.aws.mutations(), [""; 0]);
}

#[test]
fn another_exit_code_is_failed_with_the_log_shown() {
    let shop = shop();
    shop.aws.world(|world| {
        world.one_off_exit = Some(3);
        world.log = vec!["no such table: products".to_owned()];
    });
    let ran = shop.deploy();
    let report = ran.outcome("failed", 1);
    assert!(report["reason"].as_str().unwrap().contains("code 3"), "{report:#}");
    assert!(text(&report, "left_behind").contains("one-off-1"), "{report:#}");
    ran.expect_stderr("no such table: products");
    assert!(!shop.aws.mutations().contains(&"ecs:UpdateService".to_owned()));
}

#[test]
fn no_exit_code_is_failed() {
    let shop = shop();
    shop.aws.world(|world| world.one_off_exit = None);
    nothing_deployed(&shop);
}

#[test]
fn a_task_that_does_not_start_is_failed_with_its_reason() {
    let shop = shop();
    shop.aws.change("ecs:DescribeTasks", |call, answer| {
        if call.body["tasks"][0].as_str().unwrap().contains("one-off") {
            let task = &mut answer["tasks"][0];
            task["lastStatus"] = json!("STOPPED");
            task["stopCode"] = json!("TaskFailedToStart");
            task["stoppedReason"] = json!("CannotPullContainerError: manifest unknown");
            task["containers"][0].as_object_mut().unwrap().remove("exitCode");
        }
    });
    let report = nothing_deployed(&shop);
    let causes = text(&report, "causes");
    assert!(causes.contains("TaskFailedToStart") && causes.contains("CannotPullContainerError"), "{causes}");
}

#[test]
fn no_room_for_it_is_failed_with_the_reason() {
    let shop = shop();
    shop.aws.change("ecs:RunTask", |_, answer| {
        *answer = json!({"tasks": [], "failures": [{"arn": "arn:aws:ecs:x", "reason": "RESOURCE:MEMORY"}]});
    });
    let report = nothing_deployed(&shop);
    assert!(text(&report, "causes").contains("RESOURCE:MEMORY"), "{report:#}");
}

#[test]
fn no_task_and_no_failure_is_failed() {
    let shop = shop();
    shop.aws.change("ecs:RunTask", |_, answer| *answer = json!({}));
    nothing_deployed(&shop);
}

#[test]
fn a_task_that_is_not_known_yet_is_waited_for() {
    let shop = shop();
    shop.aws.change("ecs:DescribeTasks", |call, answer| {
        if call.nth < 3 && call.body["tasks"][0].as_str().unwrap().contains("one-off") {
            let missing = json!({"arn": call.body["tasks"][0], "reason": "MISSING"});
            *answer = json!({"tasks": [], "failures": [missing]});
        }
    });
    shop.deploy().outcome("deployed", 0);
}

#[test]
fn one_that_hangs_is_stopped_and_failed() {
    let shop = Shop::with("pre-deploy = [\"sleep\"]\ntimeout = \"2s\"");
    shop.aws.world(|world| world.one_off_looks = 1000);
    let report = nothing_deployed(&shop);
    assert_eq!(shop.aws.call("ecs:StopTask").body["task"], arn("task", &format!("{CLUSTER}/one-off-1")));
    assert!(text(&report, "left_behind").contains("one-off-1"), "{report:#}");
}

#[test]
fn one_that_runs_already_is_waited_for_and_not_started_twice() {
    let shop = shop();
    shop.aws.world(|world| world.one_off_looks = 1000);
    // The first run ends while its task runs; the second finds the task by the same name.
    let running = shop.shipgate(&["deploy", "stage", "--output", "json"]).start();
    crate::harness::eventually("the task was started", || shop.aws.mutations().contains(&"ecs:RunTask".to_owned()));
    running.signal("TERM");
    let report = running.wait().outcome("interrupted", 130);
    assert!(text(&report, "left_behind").contains("one-off-1"), "what still runs is named: {report:#}");
    shop.aws.world(World::one_off_ends);
    shop.deploy().outcome("deployed", 0);
    shop.aws.call("ecs:RunTask");
}
