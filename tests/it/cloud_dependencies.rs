//! A worker that depends on the backend, on real containers.

use crate::cloud::{Cloud, ServiceOptions};
use crate::harness::{Repository, Shipgate, assert_reported, steps};

fn cloud_with_both() -> Cloud {
    let cloud = Cloud::with_backend();
    cloud.create_service(&ServiceOptions::worker());
    cloud
}

/// The backend depends on the worker, which stands behind it in the file.
fn config(cloud: &Cloud, more: &str) -> String {
    cloud.config(&format!(
        "depends-on = [\"worker\"]\n{more}\n[components.worker]\nkind = \"ecs\"\nsettle = \"0s\"\nimage-from = \"backend\"\n\
         container = \"worker\"\ncluster = \"{}\"\nservice = \"{}\"",
        cloud.cluster(),
        cloud.service_name("worker")
    ))
}

fn rollback(cloud: &Cloud, shop: &Repository) -> Shipgate {
    cloud.shipgate(shop, &["rollback", "stage", "--output", "json"])
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn both_go_forth_and_back_in_their_order() {
    let cloud = cloud_with_both();
    let shop = cloud.shop(&config(&cloud, ""));
    let first = shop.head();
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    shop.commit("Second");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let report = rollback(&cloud, &shop).run().outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], first);
    let steps = steps(&report);
    let position = |name: &str| steps.iter().position(|step| step == &format!("{name}: done")).unwrap();
    assert!(position("wait for worker") < position("update backend"), "{steps:?}");
    for held in ["hold worker", "hold backend"] {
        assert!(position(held) < position("update worker"), "{steps:?}");
    }
    assert_eq!(cloud.releases("backend"), std::slice::from_ref(&first));
    let label = cloud.definition(&cloud.revision("worker"))["containerDefinitions"][0]["dockerLabels"].clone();
    assert_eq!(label["shipgate.sha"], first);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_crashes_after_its_pre_deploy_command_tells_of_that() {
    let cloud = cloud_with_both();
    let shop = cloud.shop(&config(&cloud, "pre-deploy = [\"migrate\"]"));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let good = shop.head();
    shop.write("backend/products.json", "no json at all");
    let bad = shop.commit("Break the list of products");
    let report = cloud.deploy(&shop, &[]).outcome("rolled-back", 5);

    assert_reported(&report["causes"], &["pre-deploy command", "not undone"]);
    assert_eq!(report["components"][0]["outcome"], "deployed");
    assert_eq!(report["components"][1]["outcome"], "rolled-back");
    assert!(report["reason"].as_str().unwrap().contains("also changed, and left so: worker"), "{report:#}");
    assert_eq!(cloud.releases("backend"), std::slice::from_ref(&good));

    // The worker alone goes back to where the backend still is, and what it leaves comes back by neither of them.
    let report = rollback(&cloud, &shop).run().outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], good);
    assert_eq!(report["components"][0]["outcome"], "deployed");
    assert_eq!(report["components"][1]["outcome"], "unchanged");
    let tags = |name: &str| cloud.ledger(cloud.service(name).service_arn().unwrap());
    for component in ["worker", "backend"] {
        assert!(tags(component).contains_key(&format!("shipgate:hold:{bad}")), "{component}");
    }
}
