//! `check` where credentials allow to look at stage: as the job of a pull request, with the role for looking.

use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::cloud_roles::{self, Job};
use crate::harness::{Ran, Repository, Shipgate};

fn check(cloud: &Cloud, shop: &Repository) -> Shipgate {
    let run = cloud.shipgate_as(Job::PullRequest, shop, &["check", "--output", "json"]);
    run.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", "pull_request")
}

#[track_caller]
fn finding<'r>(report: &'r Value, rule: &str) -> &'r Value {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["rule"] == rule).unwrap_or_else(|| panic!("no {rule} in {report:#}"))
}

#[track_caller]
fn passed(ran: &Ran) -> Value {
    let report = ran.json();
    // These roles ask for no workflow, as the emulator evaluates `sub` alone.
    let findings = report["findings"].as_array().unwrap();
    let is_clean = findings.iter().all(|finding| finding["rule"] == "trusted-workflow");
    assert!(ran.code == 0 && is_clean, "{report:#}\n{}", ran.stderr);
    report
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_pull_request_is_told_what_merging_would_change_and_changes_nothing() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config("pre-deploy = [\"migrate\"]"));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    shop.write("backend/products.json", r#"{"products": [{"name": "tea"}]}"#);
    let head = shop.commit("More");
    let before =
        (cloud.serving("backend"), cloud.revisions("backend"), cloud.images().len(), cloud.one_off_tasks().len());

    let ran = check(&cloud, &shop).run();

    let report = passed(&ran);
    let plans = report["plans"].as_array().unwrap();
    assert_eq!(plans.len(), 1, "production is not read: {report:#}");
    let plan = &plans[0];
    assert_eq!((&plan["environment"], &plan["outcome"]), (&json!("stage"), &json!("planned")));
    assert_eq!(plan["release"]["sha"], *head);
    assert!(plan["plan_digest"].as_str().unwrap().starts_with("sha256:"));
    let changes = plan["components"][0]["changes"].as_array().unwrap();
    assert!(changes.iter().any(|change| change["path"] == "containerDefinitions[web].image"), "{plan:#}");
    assert_eq!(report["left_out"], json!([]));
    assert!(report["looked_at"].as_array().unwrap().contains(&json!("stage")), "{report:#}");
    assert!(ran.stderr.contains("stage, when this is merged: only the image changes"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("check passed: 1 warning in shipgate.toml, 1 Dockerfile and stage\n"),
        "{}",
        ran.stderr
    );
    let after =
        (cloud.serving("backend"), cloud.revisions("backend"), cloud.images().len(), cloud.one_off_tasks().len());
    assert_eq!(before, after);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_refused_role_is_an_error_with_its_causes() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    // Its roles are made, and then only a branch is let in.
    passed(&check(&cloud, &shop).run());
    let role = cloud_roles::name(&cloud, "stage", true);
    let trust = json!({"Version": "2012-10-17", "Statement": []}).to_string();
    let request = cloud.iam.update_assume_role_policy().role_name(&role).policy_document(trust);
    cloud.wait(async { request.send().await.unwrap() });

    let report = check(&cloud, &shop).run().expect_code(2).json();

    let finding = finding(&report, "plan");
    assert_eq!((&finding["level"], &finding["file"]), (&json!("error"), &json!("shipgate.toml")));
    assert!(finding["message"].as_str().unwrap().contains(&role), "{report:#}");
    assert!(!finding["hint"].as_str().unwrap().is_empty());
    let config = std::fs::read_to_string(shop.path().join("shipgate.toml")).unwrap();
    let line = usize::try_from(finding["line"].as_u64().unwrap()).unwrap();
    assert_eq!(config.lines().nth(line - 1), Some("[environments.stage]"));
    assert_eq!(report["plans"], json!([]));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_missing_service_is_an_error_with_what_to_do() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config("").replace(&cloud.service_name("backend"), "nowhere"));
    let report = check(&cloud, &shop).run().expect_code(2).json();
    let finding = finding(&report, "plan");
    assert!(finding["message"].as_str().unwrap().contains("service `nowhere`"), "{report:#}");
    assert!(finding["hint"].as_str().unwrap().contains("create it"), "{report:#}");
    assert!(report["reason"].as_str().unwrap().starts_with("1 error in "), "{report:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_hold_on_stage_is_a_warning() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.shipgate(&shop, &["hold", "stage", "--reason", "carts fail"]).run().expect_code(0);
    let report = check(&cloud, &shop).run().expect_code(0).json();
    let finding = finding(&report, "gate");
    assert_eq!(finding["level"], "warning");
    assert!(finding["message"].as_str().unwrap().contains("carts fail"), "{report:#}");
    assert_eq!(report["plans"].as_array().unwrap().len(), 1);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn by_hand_a_tree_with_changes_is_planned_as_it_is() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud_roles::without(&cloud.config("")));
    shop.write("backend/products.json", r#"{"products": [{"name": "tea"}]}"#);
    let run = cloud_roles::root(&cloud, shop.shipgate(&["check", "--output", "json"]).envs(&cloud.variables()));
    let report = passed(&run.run());
    assert!(report["plans"][0]["release"]["sha"].as_str().unwrap().contains("-dirty-"), "{report:#}");
}
