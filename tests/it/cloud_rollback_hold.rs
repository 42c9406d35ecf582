//! Rollbacks that do not work out, on real containers.

use serde_json::json;

use crate::cloud::Cloud;
use crate::harness::{assert_reported, texts};

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rollback_to_what_does_not_run_any_more_is_rolled_back() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let older = shop.head();
    let first = shop.commit("First");
    let deployed = cloud.deploy(&shop, &[]).outcome("deployed", 0);
    // It served once, and ends with an error since then.
    let crashing = cloud.register_changed("backend", |definition| {
        let container = &mut definition["containerDefinitions"][0];
        container["command"] = json!(["migrate"]);
        container["environment"] = json!([{"name": "MIGRATE_EXIT", "value": "4"}]);
        container["dockerLabels"] = json!({"shipgate.sha": older});
        container["image"] = container["image"].as_str().unwrap().replace(&first, &older).into();
    });
    let digest = deployed["components"][0]["current"]["digest"].as_str().unwrap();
    let service = cloud.service("backend").service_arn().unwrap().to_owned();
    let previous = cloud.revision("backend");
    let tags = [
        ("sha", older.as_str()),
        ("outcome", "deployed"),
        ("digest", digest),
        ("service", &service),
        ("previous", &previous),
        ("run", "local"),
    ];
    let tags = tags.map(|(key, value)| json!({"key": format!("shipgate:{key}"), "value": value}));
    cloud.ecs_call("TagResource", &json!({"resourceArn": crashing, "tags": tags}));
    let newest = shop.commit("Second");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let runs = cloud.revision("backend");

    let report = cloud.shipgate(&shop, &["rollback", "stage", "--output", "json"]).run().outcome("rolled-back", 5);

    assert_eq!(report["release"]["sha"], older);
    assert_reported(&report["causes"], &["web", "exited with code 4"]);
    assert_reported(&report["left_behind"], &["hold on service", &newest[..7], &older[..7]]);
    assert!(!texts(&report["hints"]).is_empty());
    let component = &report["components"][0];
    assert_eq!((&component["outcome"], &component["current"]), (&json!("rolled-back"), &component["previous"]));
    assert_eq!((cloud.revision("backend"), cloud.releases("backend")), (runs, vec![newest.clone()]));
    let restored = cloud.ledger(&cloud.newest_revision("backend"));
    assert_eq!((&*restored["shipgate:restores"], &*restored["shipgate:outcome"]), (&*crashing, "rolled-back"));
    assert!(cloud.ledger(&service).contains_key(&format!("shipgate:hold:{newest}")));

    // What still serves is verified all the same, and what runs is named by a release that works.
    cloud.deploy(&shop, &[]).outcome("unchanged", 0);
    let report = cloud.shipgate(&shop, &["rollback", "stage", "--release", &first, "--output", "json"]).run();
    report.outcome("deployed", 0);
    assert_eq!(cloud.releases("backend"), [first]);
}
