//! What `status` says of a service that somebody changed, and of what it cannot know.

use serde_json::{Value, json};

use crate::scripted::{Shop, World};

fn component(shop: &Shop) -> Value {
    let ran = shop.shipgate(&["status", "stage", "--output", "json"]).run().expect_code(0);
    ran.json()["environments"][0]["components"][0].take()
}

fn runs(world: &mut World, revision: &str) {
    world.roll_out(&[("1", revision.rsplit('/').next().unwrap(), "COMPLETED")]);
}

/// A release of ours that failed later does not hide the one that served.
#[test]
fn a_failed_release_does_not_hide_a_change_by_hand() {
    let shop = Shop::new();
    let (ours, by_hand) = shop.aws.world(|world| {
        let ours = world.register_ours('a', &[("outcome", "deployed")]);
        world.register_by_hand(|_| {});
        let by_hand = world.register_by_hand(|_| {});
        world.register_ours('b', &[("outcome", "rolled-back")]);
        world.register_ours('b', &[]);
        runs(world, &by_hand);
        (ours, by_hand)
    });
    let component = component(&shop);
    assert_eq!(component["drift"], json!({ "last": ours }));
    let short = |arn: &str| arn.rsplit('/').next().unwrap().to_owned();
    let remark = format!("changed by hand: runs {}, shipgate last deployed {}", short(&by_hand), short(&ours));
    assert_eq!(component["remarks"], json!([remark]));
}

#[test]
fn a_release_that_failed_after_ours_is_no_change_by_hand() {
    let shop = Shop::new();
    shop.aws.world(|world| {
        let ours = world.register_ours('a', &[("outcome", "deployed")]);
        world.register_ours('b', &[("outcome", "rolled-back")]);
        runs(world, &ours);
    });
    let component = component(&shop);
    assert_eq!((&component["drift"], &component["remarks"]), (&Value::Null, &json!([])));
}

#[test]
fn what_was_never_ours_is_called_so() {
    let component = component(&Shop::new());
    assert_eq!(component["drift"], Value::Null);
    assert_eq!(component["remarks"], json!(["backend:7 was not registered by shipgate"]));
}

/// What runs is known without the list of revisions; whether somebody changed it is not.
#[test]
fn without_the_list_of_revisions_a_change_by_hand_is_unknown() {
    let shop = Shop::new();
    let message = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:ListTaskDefinitions";
    shop.aws.refuse("ecs:ListTaskDefinitions", 400, "AccessDeniedException", message);
    let component = component(&shop);
    assert_eq!(component["drift"], json!({ "last": null }));
    let remark = component["remarks"][0].as_str().unwrap();
    assert!(remark.contains("unknown") && remark.contains("`ecs:ListTaskDefinitions`"), "{remark}");
    assert_eq!(component["running"], 2);
}

/// No holds, and holds that nobody could read, are not the same.
#[test]
fn a_service_that_cannot_be_looked_at_has_unknown_holds() {
    let shop = Shop::new();
    shop.aws.world(|world| world.services.clear());
    let ran = shop.shipgate(&["status", "stage", "--output", "json"]).run().expect_code(1);
    assert_eq!(ran.json()["environments"][0]["components"][0]["holds"], Value::Null);
    ran.expect_stderr("does not exist");
}
