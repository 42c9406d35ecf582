//! Somebody changed the service by hand.

use serde_json::{Value, json};

use crate::cloud::Cloud;

const SECRET: &str = "canary-debug-value";

fn set_log_level(definition: &mut Value) {
    definition["containerDefinitions"][0]["environment"] = json!([{ "name": "LOG_LEVEL", "value": SECRET }]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_variable_changed_by_hand_is_named_and_kept() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let by_hand = cloud.change_by_hand("backend", set_log_level);

    let plan = cloud.shipgate(&shop, &["plan", "deploy", "stage", "--output", "json"]).run();

    let report = plan.outcome("planned", 0);
    assert!(plan.stderr.contains("LOG_LEVEL"), "not named:\n{}", plan.stderr);
    assert!(report.to_string().contains("LOG_LEVEL"), "not named in {report:#}");
    assert!(!plan.stderr.contains(SECRET) && !plan.stdout.contains(SECRET), "a value is shown");
    // The live definition is the source, and the service runs this release.
    let report = cloud.deploy(&shop, &[]).outcome("unchanged", 0);
    assert_eq!(report["components"][0]["changed"], false);
    assert_eq!(cloud.revision("backend"), by_hand);
    shop.commit("Another commit");
    let ran = cloud.deploy(&shop, &[]);
    ran.outcome("deployed", 0);
    assert!(!ran.stderr.contains(SECRET) && !ran.stdout.contains(SECRET), "a value is shown");
    let definition = cloud.definition(&cloud.revision("backend"));
    assert_eq!(definition["containerDefinitions"][0]["environment"][0]["value"], SECRET);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn another_image_set_by_hand_is_named_and_replaced() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let other = format!("{}/stage-cloudshop-backend:bootstrap", cloud.registry());
    cloud.change_by_hand("backend", |definition| definition["containerDefinitions"][0]["image"] = json!(other));
    assert_eq!(cloud.releases("backend"), ["bootstrap"]);

    let plan = cloud.shipgate(&shop, &["plan", "deploy", "stage", "--output", "json"]).run();

    let report = plan.outcome("planned", 0);
    assert!(plan.stderr.contains(&other), "not named:\n{}", plan.stderr);
    let changes = report["components"][0]["changes"].as_array().unwrap();
    let image = changes.iter().find(|change| change["path"].as_str().unwrap().ends_with("image")).unwrap();
    assert_eq!(image["from"], *other);
    assert!(image["to"].as_str().unwrap().contains(&shop.head()), "{image}");
    let report = cloud.deploy(&shop, &[]).outcome("deployed", 0);
    assert_eq!(report["components"][0]["changed"], true);
    assert_eq!(cloud.releases("backend"), [shop.head()]);
}
