//! A task that runs proves nothing by itself: its container has to run, and its health check to pass.

use serde_json::{Value, json};

use crate::scripted::{Shop, all_at_once, text};

/// A shop whose live revision has fields in the definition of the container that gets the image.
fn shop_with(fields: &Value, more: &str) -> Shop {
    let shop = Shop::with(more);
    shop.aws.world(|world| {
        let container = world.definitions[0].document["containerDefinitions"][0].as_object_mut().unwrap();
        container.extend(fields.as_object().unwrap().clone());
    });
    shop
}

/// Changes the container of the new tasks.
fn with_containers(shop: &Shop, change: impl Fn(usize, &mut Value) + Send + 'static) {
    shop.aws.new_tasks(move |call, task| change(call.nth, &mut task["containers"][0]));
}

fn end(container: &mut Value) {
    container["lastStatus"] = json!("STOPPED");
    container["exitCode"] = json!(7);
    container["reason"] = json!("the engine says why");
}

/// ECS keeps such a task running for its other containers, and never starts this one again.
#[test]
fn a_container_that_ended_in_a_running_task_is_rolled_back() {
    let shop = shop_with(&json!({"essential": false}), "");
    with_containers(&shop, |_, container| end(container));
    shop.aws.world(|world| world.log = vec!["no such table: products".to_owned()]);

    let report = shop.deploy().outcome("rolled-back", 5);

    let causes = text(&report, "causes");
    for part in ["container web of task", "exited with code 7: the engine says why", "its log: no such table: products"]
    {
        assert!(causes.contains(part), "no {part:?} in {causes}");
    }
    let component = &report["components"][0];
    assert_eq!((&component["changed"], &component["current"]), (&json!(true), &component["previous"]));
    assert!(shop.aws.call("ecs:TagResource").body.to_string().contains("rolled-back"));
}

#[test]
fn one_that_ends_later_is_no_longer_unchanged() {
    let shop = shop_with(&json!({"essential": false}), "");
    shop.deploy().outcome("deployed", 0);
    with_containers(&shop, |_, container| end(container));
    let report = shop.deploy().outcome("broken", 6);
    assert_eq!(report["components"][0]["changed"], false);
}

/// The service replaces a task whose essential container ended; a restart policy starts the container again.
#[test]
fn a_container_that_may_come_back_is_waited_for() {
    all_at_once([json!({}), json!({"essential": false, "restartPolicy": {"enabled": true}})], |fields| {
        let shop = shop_with(&fields, "");
        with_containers(&shop, |nth, container| {
            if nth < 3 {
                end(container);
            }
        });
        shop.deploy().outcome("deployed", 0);
    });
}

#[test]
fn what_says_nothing_of_its_container_is_no_success() {
    let unhealthy = |container: &mut Value| container["healthStatus"] = json!("UNHEALTHY");
    let cases: [fn(&mut Value); 7] = [
        |container| container["lastStatus"] = Value::Null,
        |container| container["lastStatus"] = json!("SPLENDID"),
        |container| container["lastStatus"] = json!("PENDING"),
        |container| container["exitCode"] = json!(0),
        |container| container["name"] = json!("another"),
        |container| container["healthStatus"] = json!("SPLENDID"),
        unhealthy,
    ];
    all_at_once(cases, |change| {
        let shop = Shop::with("timeout = \"4s\"");
        let mut changed = json!({});
        change(&mut changed);
        if changed["healthStatus"] == "SPLENDID" {
            shop.aws.expect_violation("ecs:DescribeTasks", "healthStatus: \"SPLENDID\" is not one of");
        }
        with_containers(&shop, move |_, container| change(container));
        let report = shop.deploy().outcome("timed-out", 8);
        assert!(text(&report, "causes").contains("task"), "{report:#}");
    });
}

#[test]
fn a_task_that_is_unhealthy_by_another_container_is_no_success() {
    let shop = Shop::with("timeout = \"4s\"");
    shop.aws.new_tasks(|_, task| task["healthStatus"] = json!("UNHEALTHY"));
    let report = shop.deploy().outcome("timed-out", 8);
    assert!(text(&report, "causes").contains("is UNHEALTHY"), "{report:#}");
}

/// A check without a result yet is waited for, and so is one that fails first.
#[test]
fn a_health_check_has_to_pass_where_there_is_one() {
    let check = json!({"healthCheck": {"command": ["CMD-SHELL", "true"], "startPeriod": 60}});
    all_at_once(["UNKNOWN", "UNHEALTHY", ""], |first| {
        let shop = shop_with(&check, "");
        if first.is_empty() {
            shop.aws.expect_violation("ecs:DescribeTasks", "healthStatus: \"\" is not one of");
        }
        with_containers(&shop, move |nth, container| {
            container["healthStatus"] = if nth < 3 { json!(first) } else { json!("HEALTHY") };
        });
        shop.deploy().outcome("deployed", 0);
    });
    // Long enough to look at the tasks once, also on a machine that has much else to do.
    let shop = shop_with(&check, "timeout = \"8s\"");
    with_containers(&shop, |_, container| container["healthStatus"] = json!("UNKNOWN"));
    let report = shop.deploy().outcome("timed-out", 8);
    assert!(text(&report, "causes").contains("the health check of container web"), "{report:#}");
}
