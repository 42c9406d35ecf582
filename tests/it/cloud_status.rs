//! `status` says what runs, and what does not.

use serde_json::{Value, json};

use crate::cloud::{Cloud, ServiceOptions};
use crate::harness::Repository;

fn status(cloud: &Cloud, shop: &Repository, arguments: &[&str]) -> Value {
    let ran = cloud.shipgate(shop, &[&["status", "--output", "json"], arguments].concat()).run().expect_code(0);
    ran.json()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_service_is_shown_before_and_after_its_first_release() {
    let cloud = Cloud::with(&ServiceOptions { desired: 2, ..ServiceOptions::web() });
    let shop = cloud.shop(&cloud.config(""));

    let before = status(&cloud, &shop, &["stage"]);

    let component = &before["environments"][0]["components"][0];
    assert_eq!(component["current"]["sha"], Value::Null);
    assert_eq!(component["last_outcome"], Value::Null);
    assert_eq!((&component["desired"], &component["running"]), (&json!(2), &json!(2)));

    let deployed = cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let after = status(&cloud, &shop, &["stage"]);

    assert_eq!(after["environments"].as_array().unwrap().len(), 1);
    let environment = &after["environments"][0];
    assert_eq!(environment["name"], "stage");
    let component = &environment["components"][0];
    assert_eq!((&component["name"], &component["kind"]), (&json!("backend"), &json!("ecs")));
    assert_eq!(component["current"]["sha"], deployed["components"][0]["current"]["sha"]);
    assert_eq!(component["current"]["digest"], deployed["components"][0]["current"]["digest"]);
    component["current"]["since"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!((&component["desired"], &component["running"]), (&json!(2), &json!(2)));
    assert_eq!(component["last_outcome"], "deployed");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn people_get_a_table_of_all_environments() {
    let cloud = Cloud::with_backend();
    cloud.create_service(&ServiceOptions { name: "other", ..ServiceOptions::web() });
    let shop = cloud.shop(&format!("{}{}", cloud.config(""), cloud.other_environment("other", "other")));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let ran = cloud.shipgate(&shop, &["status"]).run().expect_code(0);

    let row = |environment: &str| {
        let rows: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with(environment)).collect();
        rows.first().unwrap_or_else(|| panic!("no {environment} in\n{}", ran.stdout)).to_string()
    };
    for text in ["backend", &shop.head()[..7], "1/1", "deployed"] {
        assert!(row("stage").contains(text), "no {text:?} in {}", row("stage"));
    }
    assert!(!row("other").contains(&shop.head()[..7]), "{}", row("other"));
    assert!(row("other").contains("1/1"), "{}", row("other"));
    let report = status(&cloud, &shop, &[]);
    let names: Vec<&Value> =
        report["environments"].as_array().unwrap().iter().map(|environment| &environment["name"]).collect();
    assert_eq!(names, ["stage", "other"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rollout_in_progress_is_told() {
    let cloud = Cloud::with(&ServiceOptions::without_room());
    let shop = cloud.shop(&cloud.config("timeout = \"1s\""));
    cloud.deploy(&shop, &[]).outcome("timed-out", 8);

    let ran = cloud.shipgate(&shop, &["status", "stage"]).run().expect_code(0);

    assert!(ran.stdout.contains("in progress"), "{}", ran.stdout);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn fewer_tasks_than_desired_are_told() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    cloud.want_more_than_fits("backend");

    let component = status(&cloud, &shop, &["stage"])["environments"][0]["components"][0].take();

    assert_eq!((&component["desired"], &component["running"]), (&json!(2), &json!(1)));
    let ran = cloud.shipgate(&shop, &["status", "stage"]).run().expect_code(0);
    assert!(ran.stdout.contains("1/2"), "{}", ran.stdout);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_cannot_be_looked_at_does_not_hide_the_rest() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&format!("{}{}", cloud.config(""), cloud.other_environment("other", "no-such-service")));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let ran = cloud.shipgate(&shop, &["status", "--output", "json"]).run().expect_code(1);

    let report = ran.json();
    assert_eq!(report["environments"][0]["components"][0]["running"], 1);
    assert!(report["environments"][1].to_string().contains("no-such-service"), "{report:#}");
    assert!(ran.stderr.contains("no-such-service") && ran.stderr.contains("hint"), "{}", ran.stderr);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn holds_are_told() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let before = status(&cloud, &shop, &["stage"])["environments"][0]["components"][0].take();
    assert_eq!((&before["holds"], &before["drift"]), (&json!([]), &Value::Null));
    let hold = ["hold", "stage", "--reason", "carts fail", "--output", "json"];
    let answer = cloud.shipgate(&shop, &hold).run().expect_code(0).json();

    let ran = cloud.shipgate(&shop, &["status", "stage"]).run().expect_code(0);

    assert!(ran.stdout.contains("stage backend: held: carts fail (since 2"), "{}", ran.stdout);
    let component = status(&cloud, &shop, &["stage"])["environments"][0]["components"][0].take();
    assert_eq!(component["holds"], answer["holds"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_service_changed_by_hand_is_told() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let first = cloud.revision("backend");
    shop.commit("More");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let last = cloud.revision("backend");
    let component = || status(&cloud, &shop, &["stage"])["environments"][0]["components"][0].take();
    assert_eq!((&component()["drift"], &component()["remarks"]), (&Value::Null, &json!([])));
    let short = |arn: &str| arn.rsplit('/').next().unwrap().to_owned();
    let remark = |runs: &str| format!("changed by hand: runs {}, shipgate last deployed {}", short(runs), short(&last));

    let by_hand = cloud.change_by_hand("backend", |definition| definition["cpu"] = json!("512"));

    assert_eq!(component()["drift"], json!({ "last": last }));
    assert_eq!(component()["remarks"], json!([remark(&by_hand)]));
    let ran = cloud.shipgate(&shop, &["status", "stage"]).run().expect_code(0);
    assert!(ran.stdout.contains(&format!("stage backend: {}", remark(&by_hand))), "{}", ran.stdout);

    // An older release of shipgate, put back by hand.
    cloud.move_to("backend", &first);
    cloud.settled("backend");
    assert_eq!((&component()["drift"], &component()["remarks"]), (&json!({ "last": last }), &json!([remark(&first)])));
}
