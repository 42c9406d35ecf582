//! Deploys on the local cloud.

use aws_sdk_ecr::types::ImageTagMutability;

use crate::cloud::{Cloud, ServiceOptions};
use crate::harness::Repository;

fn cloud_with_backend() -> Cloud {
    let cloud = Cloud::new();
    cloud.create_repository(ImageTagMutability::Mutable);
    cloud.create_service(&ServiceOptions::web());
    cloud
}

fn shop(cloud: &Cloud) -> Repository {
    cloud.shop(&cloud.config(""))
}

#[test]
fn the_engine_runs_what_was_deployed() {
    let cloud = cloud_with_backend();
    let shop = shop(&cloud);
    let sha = shop.head();

    let report = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let digest = report["release"]["digests"]["backend"].as_str().unwrap();
    let component = &report["components"][0];
    assert_eq!(component["outcome"], "deployed");
    assert_eq!(component["changed"], true);
    assert_eq!(component["current"]["sha"], *sha);
    assert_eq!(component["current"]["digest"], *digest);
    assert_eq!(report["left_behind"], serde_json::json!([]));
    // The emulator copies the digest from the image reference, so the engine and the app themselves are asked.
    let tasks = cloud.running_tasks("backend");
    assert_eq!(tasks.len(), 1);
    assert_eq!(cloud.ask(&tasks[0], "/health")["release"], *sha);
}
