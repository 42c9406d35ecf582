//! Why real rollouts failed, and what to do about it.

use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::harness::{Repository, assert_reported, texts};

/// The shop with a task-definition file that is made from what runs.
fn with_definition(cloud: &Cloud, change: impl FnOnce(&mut Value)) -> Repository {
    let shop = cloud.shop(&cloud.config("task-definition = \"task.json\""));
    let mut definition = cloud.definition(&cloud.revision("backend"));
    change(&mut definition);
    shop.write("task.json", definition.to_string());
    shop.commit("Another definition");
    shop
}

/// The first cause, and its hint, which is also the first of all.
fn first(report: &Value) -> (String, String) {
    let (cause, hint) = (&report["cause_details"][0], &report["hints"][0]);
    assert_eq!(&cause["hint"], hint, "{report:#}");
    assert_eq!(texts(&report["hints"]).iter().filter(|it| **it == hint.as_str().unwrap()).count(), 1, "{report:#}");
    (cause["text"].as_str().unwrap().to_owned(), hint.as_str().unwrap().to_owned())
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_crash_is_explained_by_its_log() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    shop.write("backend/products.json", "no json at all");
    shop.commit("Break the list of products");

    let report = cloud.deploy(&shop, &[]).outcome("rolled-back", 5);

    let (cause, hint) = first(&report);
    assert!(cause.contains("tasks: container web exited with code 1 (an error of the program)"), "{cause}");
    assert!(hint.starts_with("correct the configuration that the line names"), "{hint}");
    assert_reported(&report["causes"], &["its log: ", "/products.json is not JSON"]);
    let said = texts(&report["causes"]).iter().filter(|text| text.contains("exited with code")).count();
    assert_eq!(said, 1, "{report:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_missing_secret_is_explained() {
    let cloud = Cloud::with_backend();
    let shop = with_definition(&cloud, |definition| {
        definition["containerDefinitions"][0]["secrets"] = json!([
            { "name": "DATABASE_URL", "valueFrom": "arn:aws:secretsmanager:us-east-1:000000000000:secret:no-such-secret" }
        ]);
    });

    let report = cloud.deploy(&shop, &[]).outcome("rolled-back", 5);

    let (cause, hint) = first(&report);
    assert!(
        cause.contains("TaskFailedToStart: ResourceInitializationError") && cause.contains("no-such-secret"),
        "{cause}"
    );
    assert!(hint.contains("correct `valueFrom` of the secret"), "{hint}");
    assert_eq!(report["cause_details"][0]["kind"], "environment");
}

/// What the emulator calls a start, and its program exits with 1 for.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_is_no_program_is_explained() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    shop.write("backend/cloudshop", "no program at all");
    shop.commit("Ship something else");

    let report = cloud.deploy(&shop, &[]).outcome("rolled-back", 5);

    let (_, hint) = first(&report);
    assert!(hint.contains("`platforms` of the component"), "{report:#}");
}
