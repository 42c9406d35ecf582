//! A run that meets a rollout of its own release waits for that one, and ends as the run that began it would have.

use serde_json::{Value, json};

use crate::scripted::{OLD_DIGEST, Shop, all_at_once, arn, text};

/// A shop whose first run gave up waiting; `more` goes into the component.
fn given_up(more: &str) -> Shop {
    let shop = Shop::with(&format!("timeout = \"2s\"\n{more}"));
    shop.aws.world(|world| world.looks = 100_000);
    shop.deploy().outcome("timed-out", 8);
    assert_eq!(written(&shop), "timed-out");
    shop.aws.forget();
    shop
}

/// The outcome in the ledger of the first revision of shipgate.
fn written(shop: &Shop) -> String {
    tag(shop, "shipgate:outcome").unwrap()
}

/// A tag of the first revision of shipgate.
fn tag(shop: &Shop, key: &str) -> Option<String> {
    let tags = shop.aws.world(|world| world.tags(&arn("task-definition", "backend:8")).unwrap().clone());
    let tag = tags.into_iter().find(|tag| tag["key"] == key)?;
    Some(tag["value"].as_str().unwrap().to_owned())
}

/// Somebody writes another deployment on that revision.
fn record(shop: &Shop, deployment: &str) {
    let tag = json!({"key": "shipgate:deployment", "value": deployment});
    shop.aws.world(|world| {
        let tags = world.tags(&arn("task-definition", "backend:8")).unwrap();
        tags.retain(|tag| tag["key"] != "shipgate:deployment");
        tags.push(tag);
    });
}

/// Look 1 is that of the plan, look 2 the first of the waiting.
#[test]
fn what_ecs_rolls_back_is_rolled_back() {
    for look in [2, 3] {
        let shop = given_up("");
        shop.aws.at_look(look, |world| world.roll_out(&[("3", "backend:7", "COMPLETED")]));

        let report = shop.deploy().outcome("rolled-back", 5);

        let component = &report["components"][0];
        assert_eq!((&component["outcome"], &component["changed"]), (&json!("rolled-back"), &json!(false)));
        assert_eq!(component["current"], json!({"sha": null, "digest": OLD_DIGEST}), "look {look}");
        assert_eq!(written(&shop), "rolled-back");
        assert_eq!(shop.aws.mutations(), ["ecs:TagResource"]);
    }
}

#[test]
fn what_the_first_run_did_before_is_told() {
    let shop = given_up("pre-deploy = [\"migrate\"]");
    shop.aws.at_look(3, |world| world.roll_out(&[("3", "backend:7", "COMPLETED")]));
    let report = shop.deploy().outcome("rolled-back", 5);
    assert!(text(&report, "causes").contains("not undone"), "{report:#}");
}

#[test]
fn what_somebody_else_replaces_is_superseded() {
    let shop = given_up("");
    shop.aws.at_look(3, |world| {
        world.register_by_hand(|document| document["cpu"] = json!("512"));
        world.roll_out(&[("3", "backend:9", "COMPLETED")]);
    });
    let report = shop.deploy().outcome("superseded", 7);
    assert_eq!(report["components"][0]["current"], Value::Null);
    assert_eq!(written(&shop), "superseded");
}

#[test]
fn what_still_goes_on_is_timed_out_again() {
    let shop = given_up("");
    let report = shop.deploy().outcome("timed-out", 8);
    assert_eq!(report["components"][0]["current"], Value::Null);
    assert_eq!(written(&shop), "timed-out");
}

#[test]
fn what_cannot_be_looked_at_is_not_written() {
    let shop = given_up("");
    let mut looks = 0;
    shop.aws.answer("ecs:DescribeServices", move |call, _| {
        looks += 1;
        (looks > 2).then(|| call.error(400, "AccessDeniedException", "not authorized: ecs:DescribeServices"))
    });
    let report = shop.deploy().outcome("broken", 6);
    assert_eq!(report["components"][0]["current"], Value::Null);
    assert_eq!(written(&shop), "timed-out");
}

/// Somebody starts the tasks of a release anew that has long served.
#[test]
fn a_success_is_not_unwritten() {
    let shop = Shop::with("timeout = \"2s\"");
    shop.deploy().outcome("deployed", 0);
    shop.aws.forget();
    shop.aws.world(|world| {
        world.looks = 100_000;
        world.roll_out(&[("3", "backend:8", "IN_PROGRESS"), ("2", "backend:8", "COMPLETED")]);
    });
    shop.deploy().outcome("timed-out", 8);
    assert_eq!((written(&shop).as_str(), shop.aws.mutations()), ("deployed", Vec::new()));
}

/// Two deployments of the revision have failed: the one of the first run, and a newer one that somebody forced.
fn two_failed(shop: &Shop) {
    shop.aws.at_look(2, |world| {
        world.roll_out(&[("4", "backend:7", "COMPLETED"), ("3", "backend:8", "FAILED"), ("2", "backend:8", "FAILED")]);
    });
}

#[test]
fn a_second_run_follows_the_deployment_of_the_ledger() {
    let shop = given_up("");
    assert_eq!(tag(&shop, "shipgate:deployment").as_deref(), Some("ecs-svc/2"));
    two_failed(&shop);
    let report = shop.deploy().outcome("rolled-back", 5);
    assert_eq!(report["components"][0]["deployment"], "ecs-svc/2");
    let causes = text(&report, "causes");
    assert!(causes.contains("ecs-svc/2") && !causes.contains("ecs-svc/3"), "{causes}");
}

/// What is no id, what the service does not list, and what is listed with another revision.
#[test]
fn a_deployment_that_cannot_be_the_one_is_ignored() {
    all_at_once(["nonsense", "", "ecs-svc/999", "ecs-svc/4"], |deployment| {
        let shop = given_up("");
        record(&shop, deployment);
        two_failed(&shop);
        let report = shop.deploy().outcome("rolled-back", 5);
        assert_eq!(report["components"][0]["deployment"], "ecs-svc/3", "{deployment:?}");
    });
}

/// The deployment of the first run has failed, and somebody forced a new one of the same revision.
#[test]
fn a_failed_deployment_is_not_mistaken_for_a_newer_one_of_the_same_revision() {
    all_at_once([("COMPLETED", "deployed", 0), ("FAILED", "rolled-back", 5)], |(state, outcome, code)| {
        let shop = given_up("");
        shop.aws.at_look(1, |world| {
            world.roll_out(&[
                ("3", "backend:8", "IN_PROGRESS"),
                ("2", "backend:8", "FAILED"),
                ("1", "backend:7", "COMPLETED"),
            ]);
        });
        shop.aws.at_look(4, move |world| {
            world.looks = 0;
            let newer = ("3", "backend:8", state);
            let failed = [("4", "backend:7", "COMPLETED"), newer, ("2", "backend:8", "FAILED")];
            world.roll_out(if state == "FAILED" { &failed } else { std::slice::from_ref(&failed[1]) });
        });
        let report = shop.deploy().outcome(outcome, code);
        assert_eq!(report["components"][0]["deployment"], "ecs-svc/3");
        assert_eq!(tag(&shop, "shipgate:deployment").as_deref(), Some("ecs-svc/3"));
        assert!(!report["components"][0]["causes"].to_string().contains("ecs-svc/2"), "{report:#}");
    });
}
