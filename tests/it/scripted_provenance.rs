//! Who put a release there, and when: what the ledger gets, and what `history` says of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Ran, Shipgate};
use crate::scripted::{ACCOUNT, Shop, arn, config, text};

/// The variables of a run that eva started and ben ran again.
const RUN: [(&str, &str); 6] = [
    ("GITHUB_REPOSITORY", "acme/shop"),
    ("GITHUB_RUN_ID", "77"),
    ("GITHUB_RUN_ATTEMPT", "2"),
    ("GITHUB_EVENT_NAME", "workflow_dispatch"),
    ("GITHUB_ACTOR", "eva"),
    ("GITHUB_TRIGGERING_ACTOR", "github-actions[bot]"),
];

fn in_a_run(shipgate: Shipgate) -> Shipgate {
    RUN.into_iter().fold(shipgate, |shipgate, (name, value)| shipgate.env(name, value))
}

fn deploy(shop: &Shop) -> Shipgate {
    shop.shipgate(&["deploy", "stage", "--output", "json"])
}

/// The ledger's tags of the newest call of an operation, by the part of their keys after `shipgate:`.
fn tags(shop: &Shop, operation: &str) -> BTreeMap<String, String> {
    let sent = shop.aws.call(operation).body["tags"].clone();
    let tags = sent.as_array().unwrap().iter().filter_map(|tag| {
        let key = tag["key"].as_str()?.strip_prefix("shipgate:")?;
        Some((key.to_owned(), tag["value"].as_str()?.to_owned()))
    });
    tags.collect()
}

fn newest(shop: &Shop) -> Value {
    let report = shop.shipgate(&["history", "stage", "--output", "json"]).run().expect_code(0).json();
    report["releases"][0].clone()
}

fn table(shop: &Shop) -> String {
    shop.shipgate(&["history", "stage"]).run().expect_code(0).stdout
}

fn committed(shop: &Shop) -> String {
    let second = shop.repository.git(&["log", "-1", "--format=%ct"]);
    jiff::Timestamp::from_second(second.parse().unwrap()).unwrap().to_string()
}

fn only_foreign_tags(shop: &Shop, count: usize) {
    let live = arn("task-definition", "backend:7");
    let foreign = |number| json!({"key": format!("team:{number:02}"), "value": "shop"});
    shop.aws.world(|world| *world.tags(&live).unwrap() = (0..count).map(foreign).collect());
}

#[test]
fn a_run_in_actions_is_of_whoever_started_this_attempt() {
    let shop = Shop::new();
    in_a_run(deploy(&shop)).run().outcome("deployed", 0);

    let written = tags(&shop, "ecs:RegisterTaskDefinition");
    assert_eq!(written["by"], "github-actions=5Bbot=5D workflow_dispatch");
    assert_eq!((&*written["run"], &written["committed"]), ("acme/shop/77/2", &committed(&shop)));
    written["began"].parse::<jiff::Timestamp>().unwrap();
    assert!(!written.contains_key("approved-by") && !written.contains_key("overrides"), "{written:?}");
    let entry = newest(&shop);
    assert_eq!(
        [&entry["by"], &entry["trigger"], &entry["run"]],
        ["github-actions[bot]", "workflow_dispatch", "acme/shop/77/2"]
    );
    assert_eq!((&entry["began"], &entry["committed"]), (&json!(written["began"]), &json!(committed(&shop))));
    assert_eq!((&entry["approvers"], &entry["overrides"]), (&json!([]), &json!([])));
    assert!((0..60).contains(&entry["seconds"].as_i64().unwrap()), "{entry:#}");
    let table = table(&shop);
    assert!(table.contains("github-actions[bot] (workflow_dispatch)  acme/shop/77/2"), "{table}");
}

#[test]
fn a_run_on_a_laptop_is_of_the_caller() {
    let shop = Shop::new();
    deploy(&shop).env("GITHUB_ACTOR", "eva").run().outcome("deployed", 0);

    assert_eq!(tags(&shop, "ecs:RegisterTaskDefinition")["by"], "tester local");
    let entry = newest(&shop);
    assert_eq!([&entry["by"], &entry["trigger"], &entry["run"]], ["tester", "local", "local"]);
    assert!(table(&shop).contains("  tester  local"));
    let hold = ["hold", "stage", "--reason", "carts fail", "--output", "json"];
    let report = shop.shipgate(&hold).run().expect_code(0).json();
    assert_eq!(report["holds"][0]["run"], "tester");
    // In a run the run is named.
    let report = in_a_run(shop.shipgate(&hold)).run().expect_code(0).json();
    assert_eq!(report["holds"][0]["run"], "acme/shop/77/2");
}

/// Of those that were asked for, the ones that a gate was overridden by.
#[test]
fn an_override_is_recorded_with_its_reason() {
    let gates = format!(
        "[environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         [environments.production.gates]\napproval = \"none\"\noverridable = [\"freeze\", \"forward\"]\n\
         freeze = [{{ from = \"2020-01-01\", to = \"2100-01-01\", zone = \"UTC\" }}]\n\
         [environments.production.components.backend]\nservice = \"production-backend\"\n"
    );
    let shop = Shop::with_config(&format!("{}{gates}", config("")));
    let release = shop.repository.commit("Release");
    shop.aws.world(|world| {
        world.add_service("production-backend");
        world.serve(0, &[release]);
    });
    let promote = ["promote", "production", "--output", "json", "--override"];
    shop.shipgate(&[&promote[..], &["freeze=carts: 50 %", "--override", "forward=x"]].concat())
        .run()
        .outcome("deployed", 0);

    assert_eq!(tags(&shop, "ecs:RegisterTaskDefinition")["overrides"], "freeze:carts: 50 =25");
    let history = ["history", "production", "--output", "json"];
    let report = shop.shipgate(&history).run().expect_code(0).json();
    assert_eq!(report["releases"][0]["overrides"], json!([{"gate": "freeze", "reason": "carts: 50 %"}]));
}

/// Approvals and overrides of an earlier run are none of the run that uses its revision.
#[test]
fn a_revision_that_is_taken_up_says_who_uses_it() {
    let shop = Shop::new();
    deploy(&shop).run().outcome("deployed", 0);
    let before = [("by", "eva push"), ("overrides", "soak:carts =3D/freeze:x=2Fy"), ("approved-by", "ben eva")];
    shop.aws.world(|world| {
        let tags = world.tags(&arn("task-definition", "backend:8")).unwrap();
        tags.retain(|tag| tag["key"] != "shipgate:outcome" && tag["key"] != "shipgate:by");
        tags.extend(before.map(|(key, value)| json!({"key": format!("shipgate:{key}"), "value": value})));
        world.roll_out(&[("1", "backend:7", "COMPLETED")]);
    });
    let entry = newest(&shop);
    assert_eq!((&entry["by"], &entry["seconds"]), (&json!("eva"), &Value::Null));
    assert_eq!(entry["approvers"], json!(["ben", "eva"]));
    assert_eq!(entry["overrides"], json!([{"gate": "soak", "reason": "carts ="}, {"gate": "freeze", "reason": "x/y"}]));
    let table = table(&shop);
    assert!(table.contains("\n  approved by ben, eva\n  gate soak overridden: carts =\n"), "{table}");

    in_a_run(deploy(&shop)).run().outcome("deployed", 0);

    let entry = newest(&shop);
    assert_eq!((&entry["run"], &entry["trigger"]), (&json!("acme/shop/77/2"), &json!("workflow_dispatch")));
    assert_eq!((&entry["approvers"], &entry["overrides"]), (&json!([]), &json!([])));
    assert_eq!(shop.aws.mutations().iter().filter(|call| *call == "ecs:RegisterTaskDefinition").count(), 1);
}

/// The tags of others are kept, and the outcome is written.
#[test]
fn what_has_no_room_is_left_out_and_named() {
    let deployed = |count: usize| -> (Ran, BTreeMap<String, String>, Value) {
        let shop = Shop::new();
        only_foreign_tags(&shop, count);
        let ran = deploy(&shop).run();
        (ran, tags(&shop, "ecs:RegisterTaskDefinition"), newest(&shop))
    };
    let (ran, written, entry) = deployed(37);
    let warnings = text(&ran.outcome("deployed", 0), "warnings");
    assert!(!warnings.contains("room"), "{warnings}");
    assert!(written.contains_key("committed"), "{written:?}");
    assert_eq!(entry["outcome"], "deployed");
    let (ran, written, entry) = deployed(39);
    let warnings = text(&ran.outcome("deployed", 0), "warnings");
    assert!(warnings.contains("backend:8 has no room for `shipgate:began`, `shipgate:committed`"), "{warnings}");
    assert!(written.contains_key("by") && !written.contains_key("began"), "{written:?}");
    assert_eq!(
        [&entry["outcome"], &entry["began"], &entry["seconds"]],
        [&json!("deployed"), &Value::Null, &Value::Null]
    );
}
