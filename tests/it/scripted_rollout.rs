//! How a rollout ends: what ECS says is followed by the id of the deployment, and no unknown word is success.

use serde_json::{Value, json};

use crate::scripted::{OLD_DIGEST, Shop, all_at_once, text};

#[test]
fn an_unknown_state_is_never_success() {
    all_at_once(["SPLENDID", "completed", ""], |state| {
        // All but that word is right: the tasks of the new revision run the new image.
        let shop = Shop::with("timeout = \"1s\"");
        shop.aws.world(|world| world.looks = 0);
        shop.aws.after_update(move |service| service["deployments"][0]["rolloutState"] = json!(state));
        for operation in ["ecs:UpdateService", "ecs:DescribeServices"] {
            shop.aws.expect_violation(operation, &format!("rolloutState: {state:?} is not one of"));
        }
        let report = shop.deploy().outcome("timed-out", 8);
        assert_eq!(report["components"][0]["changed"], true);
        assert!(text(&report, "hints").contains("timeout"), "{report:#}");
    });
}

fn without_state(service: &mut Value) {
    for deployment in service["deployments"].as_array_mut().unwrap() {
        deployment.as_object_mut().unwrap().remove("rolloutState").unwrap();
    }
}

#[test]
fn without_a_state_the_tasks_are_counted_and_read_back() {
    let shop = Shop::new();
    shop.aws.after_update(without_state);
    shop.deploy().outcome("deployed", 0);
    let looks = shop.aws.operations().iter().filter(|operation| *operation == "ecs:DescribeServices").count();
    assert!(looks > 3, "it is not done before its tasks run: {looks} looks");
}

#[test]
fn without_a_state_a_wrong_digest_is_rolled_back() {
    let shop = Shop::new();
    shop.aws.after_update(without_state);
    shop.aws.new_tasks(|_, task| task["containers"][0]["imageDigest"] = json!(OLD_DIGEST));
    shop.deploy().outcome("rolled-back", 5);
}

#[test]
fn a_state_that_fails_and_rolls_back_as_on_aws_is_rolled_back() {
    let shop = Shop::new();
    shop.aws.at_look(1, |world| {
        world.remember_stopped("backend:8", "EssentialContainerExited", "it ended", &json!({"exitCode": 3}));
        world.log = vec!["no such table: products".to_owned()];
        // The previous revision comes back under a new id, then the new one leaves the list.
        world.roll_out(&[
            ("3", "backend:7", "IN_PROGRESS"),
            ("2", "backend:8", "FAILED"),
            ("1", "backend:7", "COMPLETED"),
        ]);
    });

    let report = shop.deploy().outcome("rolled-back", 5);

    let component = &report["components"][0];
    assert_eq!((&component["outcome"], &component["changed"]), (&json!("rolled-back"), &json!(true)));
    assert_eq!(component["current"], component["previous"]);
    assert_eq!(component["current"]["digest"], OLD_DIGEST);
    let causes = text(component, "causes");
    assert!(causes.contains("code 3") && causes.contains("no such table: products"), "{causes}");
    assert!(text(&report, "left_behind").contains("backend:8"), "{report:#}");
    assert!(shop.aws.call("ecs:TagResource").body.to_string().contains("rolled-back"));
}

#[test]
fn a_deployment_that_vanishes_for_the_previous_revision_is_rolled_back() {
    let shop = Shop::new();
    shop.aws.at_look(2, |world| world.roll_out(&[("3", "backend:7", "COMPLETED")]));
    shop.deploy().outcome("rolled-back", 5);
}

/// Somebody scaled the service to zero while it failed.
#[test]
fn a_rollback_with_nothing_that_serves_is_broken() {
    let shop = Shop::new();
    shop.aws.at_look(2, |world| {
        world.services[0].desired = 0;
        world.roll_out(&[("3", "backend:7", "COMPLETED")]);
    });
    let report = shop.deploy().outcome("broken", 6);
    assert!(report["reason"].as_str().unwrap().contains("scaled to zero"), "{report:#}");
    assert_eq!(report["components"][0]["current"], Value::Null);
    assert!(text(&report, "hints").contains("desired count"), "{report:#}");
    assert!(shop.aws.call("ecs:TagResource").body.to_string().contains("broken"));
}

#[test]
fn a_rollback_to_tasks_whose_container_has_ended_is_not_called_so() {
    let shop = Shop::new();
    shop.aws.world(|world| world.definitions[0].document["containerDefinitions"][0]["essential"] = json!(false));
    shop.aws.at_look(2, |world| world.roll_out(&[("3", "backend:7", "COMPLETED")]));
    shop.aws.change("ecs:DescribeTasks", |_, answer| {
        answer["tasks"][0]["containers"][0]["lastStatus"] = json!("STOPPED");
        answer["tasks"][0]["containers"][0]["exitCode"] = json!(1);
    });
    shop.deploy().outcome("broken", 6);
}

#[test]
fn a_rollback_to_tasks_with_another_digest_is_not_called_so() {
    let shop = Shop::new();
    shop.aws.at_look(2, |world| world.roll_out(&[("3", "backend:7", "COMPLETED")]));
    shop.aws.change("ecs:DescribeTasks", |_, answer| {
        answer["tasks"][0]["containers"][0]["imageDigest"] = json!(format!("sha256:{}", "b".repeat(64)));
    });
    shop.deploy().outcome("broken", 6);
}

#[test]
fn a_third_revision_supersedes() {
    let shop = Shop::new();
    shop.aws.at_look(2, |world| {
        world.register_by_hand(|document| document["cpu"] = json!("512"));
        world.roll_out(&[("3", "backend:9", "IN_PROGRESS"), ("2", "backend:8", "IN_PROGRESS")]);
    });
    let report = shop.deploy().outcome("superseded", 7);
    assert!(report["reason"].as_str().unwrap().contains("backend:9"), "{report:#}");
    assert_eq!(report["components"][0]["outcome"], "superseded");
}

#[test]
fn a_third_revision_in_our_place_that_is_done_supersedes_too() {
    let shop = Shop::new();
    shop.aws.at_look(2, |world| {
        world.register_by_hand(|document| document["cpu"] = json!("512"));
        world.roll_out(&[("3", "backend:9", "COMPLETED")]);
    });
    shop.deploy().outcome("superseded", 7);
}

#[test]
fn a_service_that_is_deleted_while_we_wait_is_broken() {
    for status in ["DRAINING", "INACTIVE"] {
        let shop = Shop::new();
        shop.aws.after_update(move |service| service["status"] = json!(status));
        shop.deploy().outcome("broken", 6);
    }
    let shop = Shop::new();
    shop.aws.at_look(2, |world| world.services.clear());
    shop.deploy().outcome("broken", 6);
}

/// Reads are eventually consistent: a read may show what was before the update.
#[test]
fn looks_that_are_late_are_not_believed() {
    let shop = Shop::new();
    shop.aws.late_looks(2);
    shop.deploy().outcome("deployed", 0);
}

/// That the release failed was seen: only whether the previous one serves is unknown.
#[test]
fn a_failure_that_was_seen_is_written_even_if_its_rollback_is_not() {
    let shop = Shop::new();
    shop.aws.at_look(1, |world| {
        world.looks = 1000;
        world.roll_out(&[
            ("3", "backend:7", "IN_PROGRESS"),
            ("2", "backend:8", "FAILED"),
            ("1", "backend:7", "COMPLETED"),
        ]);
    });
    let mut seen = false;
    shop.aws.answer("ecs:DescribeServices", move |call, world| {
        let was_seen = std::mem::replace(&mut seen, world.services[0].deployments[0].id == "ecs-svc/3");
        was_seen.then(|| call.error(400, "AccessDeniedException", "not authorized: ecs:DescribeServices"))
    });
    shop.deploy().outcome("broken", 6);
    assert!(shop.aws.call("ecs:TagResource").body.to_string().contains("broken"));
}
