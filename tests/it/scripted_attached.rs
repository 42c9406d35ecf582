//! A run that meets a rollout of its own release waits for that one, and ends as the run that began it would have.

use serde_json::{Value, json};

use crate::scripted::{OLD_DIGEST, Shop, arn, text};

/// A shop whose first run gave up waiting; `more` goes into the component.
fn given_up(more: &str) -> Shop {
    let shop = Shop::with(&format!("timeout = \"2s\"\n{more}"));
    shop.aws.world(|world| world.looks = 100_000);
    shop.deploy().outcome("timed-out", 8);
    assert_eq!(written(&shop), "timed-out");
    shop.aws.forget();
    shop
}

/// The outcome in the ledger of the first revision of ours.
fn written(shop: &Shop) -> String {
    let tags = shop.aws.world(|world| world.tags(&arn("task-definition", "backend:8")).unwrap().clone());
    let outcome = tags.iter().find(|tag| tag["key"] == "shipgate:outcome").unwrap();
    outcome["value"].as_str().unwrap().to_owned()
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
