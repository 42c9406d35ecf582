//! Proven means: the release's own containers run.

use serde_json::json;

use crate::cloud::Cloud;
use crate::harness::assert_told;

/// ECS keeps the task running for its sidecar, and calls the deployment done.
#[test]
fn a_release_whose_container_ends_beside_a_sidecar_is_broken() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    cloud.change_by_hand("backend", |definition| {
        let containers = definition["containerDefinitions"].as_array_mut().unwrap();
        let mut sidecar = containers[0].clone();
        sidecar["name"] = json!("sidecar");
        containers[0]["essential"] = json!(false);
        containers[0]["command"] = json!(["migrate"]);
        containers[0]["environment"] = json!([{ "name": "MIGRATE_EXIT", "value": "7" }]);
        containers.push(sidecar);
    });

    let report = cloud.deploy(&shop, &[]).outcome("broken", 6);

    assert_told(&report["causes"], &["container web of task", "exited with code 7"]);
    assert_told(&report["causes"], &["its log:", "stopped with exit code 7, as MIGRATE_EXIT asks"]);
    let revision = cloud.revision("backend");
    assert_eq!(cloud.ledger(&revision)["shipgate:outcome"], "broken");
    let production = cloud.production();
    let report = cloud.promote(&shop, &[]).outcome("refused", 3);
    assert_told(&report["causes"], &["proven", "exited with code 7"]);
    assert_eq!(cloud.production(), production);
}
