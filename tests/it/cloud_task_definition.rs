//! The task definition as a file in the repository.

use serde_json::{Value, json};

use crate::cloud::{Cloud, ServiceOptions};
use crate::harness::{Repository, steps};

fn definition(cloud: &Cloud) -> Value {
    let mut definition = cloud.definition(&cloud.revision("backend"));
    definition["containerDefinitions"][0]["environment"] = json!([{ "name": "SHOP_NAME", "value": "From the file" }]);
    definition["containerDefinitions"][0]["inventedByEcsTomorrow"] = json!({ "kept": true });
    definition
}

fn shop(cloud: &Cloud, definition: &Value) -> Repository {
    let shop = cloud.shop(&cloud.config("task-definition = \"deploy/task.json\""));
    shop.write("deploy/task.json", serde_json::to_string_pretty(definition).unwrap());
    shop.commit("Keep the task definition");
    shop
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_the_file_says_is_deployed() {
    let cloud = Cloud::with(&ServiceOptions::web());
    let shop = shop(&cloud, &definition(&cloud));

    cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let container = cloud.definition(&cloud.revision("backend"))["containerDefinitions"][0].take();
    assert_eq!(container["environment"], json!([{ "name": "SHOP_NAME", "value": "From the file" }]));
    assert_eq!(container["inventedByEcsTomorrow"], json!({ "kept": true }));
    assert!(container["image"].as_str().unwrap().contains(&shop.head()));
    let revision = cloud.revision("backend");
    cloud.deploy(&shop, &[]).outcome("unchanged", 0);
    assert_eq!(cloud.revision("backend"), revision);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_file_wins_over_a_change_by_hand() {
    let cloud = Cloud::with(&ServiceOptions::web());
    let shop = shop(&cloud, &definition(&cloud));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    cloud.change_by_hand("backend", |definition| {
        definition["containerDefinitions"][0]["environment"] = json!([{ "name": "SHOP_NAME", "value": "canary" }]);
    });

    let plan = cloud.shipgate(&shop, &["plan", "deploy", "stage", "--output", "json"]).run();

    let report = plan.outcome("planned", 0);
    let changing = ["register backend: planned", "update backend: planned", "wait for backend: planned"];
    assert_eq!(steps(&report), changing);
    assert!(report["components"][0]["changes"].to_string().contains("SHOP_NAME"), "{report:#}");
    assert!(plan.stderr.contains("SHOP_NAME") && !plan.stderr.contains("canary"), "{}", plan.stderr);
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let container = cloud.definition(&cloud.revision("backend"))["containerDefinitions"][0].take();
    assert_eq!(container["environment"], json!([{ "name": "SHOP_NAME", "value": "From the file" }]));
}
