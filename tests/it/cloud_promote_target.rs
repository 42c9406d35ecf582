//! What production's registry and service may be, and what happens on the way.

use aws_sdk_ecr::types::ImageTagMutability;
use serde_json::{Value, json};

use crate::cloud::{Cloud, ServiceOptions, end_container};
use crate::cloud_roles::Job;
use crate::harness::{Repository, assert_reported, steps, texts};

/// Stage with its repository, and production without one.
fn cloud_with(live: &ServiceOptions) -> Cloud {
    let cloud = Cloud::with_backend();
    cloud.create_service(live);
    cloud
}

fn staged(cloud: &Cloud, config: &str) -> Repository {
    let shop = cloud.shop(config);
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    shop
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_repository_that_is_missing_is_told_or_created() {
    let cloud = cloud_with(&ServiceOptions::live());
    let shop = staged(&cloud, &cloud.promotion_config(""));
    let serving = cloud.serving("live");

    let report = cloud.promote(&shop, &[]).outcome("failed", 1);
    assert!(report["reason"].as_str().unwrap().contains(&cloud.live_repository()), "{}", report["reason"]);
    assert_reported(&report["hints"], &["create-repository = true"]);
    assert_eq!(cloud.serving("live"), serving);

    shop.write("shipgate.toml", cloud.promotion_config("create-repository = true"));
    cloud.promote(&shop, &[]).outcome("deployed", 0);
    assert!(cloud.images_in(&cloud.live_repository()).contains_key(&shop.head()));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_immutable_repository_takes_a_release_once_and_is_content_with_it() {
    let cloud = cloud_with(&ServiceOptions::live());
    cloud.create_repository_named(&cloud.live_repository(), ImageTagMutability::Immutable);
    let shop = staged(&cloud, &cloud.promotion_config(""));
    cloud.promote(&shop, &[]).outcome("deployed", 0);
    cloud.promote(&shop, &[]).outcome("unchanged", 0);
    // The image is there, and the service somewhere else: only the service changes.
    cloud.change_by_hand("live", |definition| {
        definition["containerDefinitions"][0]["image"] =
            format!("{}/stage-cloudshop-backend:bootstrap", cloud.registry()).into();
    });
    let report = cloud.promote(&shop, &[]).outcome("deployed", 0);
    assert!(!steps(&report).iter().any(|step| step.starts_with("copy")), "{:?}", steps(&report));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_tag_that_leads_elsewhere_is_never_moved() {
    for mutability in [ImageTagMutability::Mutable, ImageTagMutability::Immutable] {
        let cloud = cloud_with(&ServiceOptions::live());
        cloud.create_repository_named(&cloud.live_repository(), mutability);
        let shop = staged(&cloud, &cloud.promotion_config(""));
        cloud.push_foreign_image_to(&cloud.live_repository(), &shop.head());
        let production = cloud.production();

        let report = cloud.promote(&shop, &[]).outcome("failed", 1);

        assert!(report["reason"].as_str().unwrap().contains("leads to sha256:"), "{}", report["reason"]);
        assert!(!texts(&report["hints"]).is_empty());
        assert_eq!(cloud.production(), production);
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn in_one_repository_nothing_moves() {
    let cloud = cloud_with(&ServiceOptions::live());
    let repository = |name: String| format!("repository = \"{name}\"");
    let config =
        cloud.promotion_config("").replace(&repository(cloud.live_repository()), &repository(cloud.repository()));
    let shop = staged(&cloud, &config);

    let report = cloud.promote(&shop, &[]).outcome("deployed", 0);

    assert!(!steps(&report).iter().any(|step| step.starts_with("copy") || step.starts_with("tag")), "{report:#}");
    assert_eq!(cloud.images().len(), 1);
    assert_eq!(cloud.releases("live"), [shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_index_goes_with_its_platforms_and_its_attestation() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    let index = cloud.push_index(&shop, &shop.head());
    cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let report = cloud.promote(&shop, &[]).outcome("deployed", 0);

    assert_eq!(report["components"][0]["current"]["digest"], index);
    assert_eq!(cloud.images_in(&cloud.live_repository())[&shop.head()], index);
    let source = cloud.manifest(&cloud.repository(), &index);
    assert_eq!(cloud.manifest(&cloud.live_repository(), &index), source, "byte for byte");
    for child in serde_json::from_slice::<Value>(&source).unwrap()["manifests"].as_array().unwrap() {
        let digest = child["digest"].as_str().unwrap();
        assert_eq!(cloud.manifest(&cloud.live_repository(), digest), cloud.manifest(&cloud.repository(), digest));
    }
    assert_eq!(cloud.releases("live"), [shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn whoever_looks_and_however_many_run_the_plan_is_the_same() {
    let cloud = Cloud::with_stage_and_production();
    let shop = staged(&cloud, &cloud.promotion_config(""));
    // Without roles for looking, the gated job looks with the roles that change.
    let config = cloud.promotion_config("");
    let only_role: Vec<&str> = config.lines().filter(|line| !line.starts_with("read-role = ")).collect();
    shop.write("other.toml", only_role.join("\n"));
    let plan = |job: Job, file: &str| {
        let arguments = ["plan", "promote", "production", "--output", "json", "--config", file];
        let report = cloud.shipgate_as(job, &shop, &arguments).run().outcome("planned", 0);
        report["plan_digest"].as_str().unwrap().to_owned()
    };
    let serving = cloud.serving("live");
    let first = plan(Job::Main, "shipgate.toml");
    assert_eq!(plan(Job::Environment("production"), "other.toml"), first, "seen with another role");
    assert_eq!(cloud.serving("live"), serving, "planning changes nothing");
    cloud.set_desired("live", 2);
    assert_eq!(plan(Job::Main, "shipgate.toml"), first);

    cloud.promote(&shop, &["--expect-plan", &first]).outcome("deployed", 0);
    assert_eq!(cloud.releases("live"), [shop.head(), shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_promotion_that_was_interrupted_goes_on_with_the_same_plan() {
    let cloud = cloud_with(&ServiceOptions { name: "live", ..ServiceOptions::without_room() });
    cloud.create_repository_named(&cloud.live_repository(), ImageTagMutability::Mutable);
    let shop = staged(&cloud, &cloud.promotion_config(""));
    let plan = cloud.shipgate(&shop, &["plan", "promote", "production", "--output", "json"]).run();
    let digest = plan.outcome("planned", 0)["plan_digest"].as_str().unwrap().to_owned();
    let head = shop.head();
    let arguments = ["promote", "production", "--release", &head, "--expect-plan", &digest, "--output", "json"];
    let running = cloud.shipgate(&shop, &arguments).start();
    running.until_stderr("roll out: ");
    running.signal("TERM");
    running.wait().outcome("interrupted", 130);
    let revisions = cloud.revisions("live");

    let again = cloud.shipgate(&shop, &arguments).start();
    again.until_stderr("roll out: ");
    cloud.make_room("live");
    let report = again.wait().outcome("deployed", 0);

    assert_eq!(report["plan_digest"], digest);
    assert_eq!(cloud.revisions("live"), revisions, "it attached to the rollout of the first");
    assert_eq!(cloud.releases("live"), [head]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_promotion_that_died_before_the_update_is_taken_up() {
    let cloud = Cloud::with_stage_and_production();
    // The shop's worker as a command before traffic: it runs until it is stopped.
    let config = format!("{}pre-deploy = [\"worker\"]\n", cloud.promotion_config(""));
    let shop = staged(&cloud, &config);
    let serving = cloud.serving("live");
    let first = cloud.shipgate(&shop, &["promote", "production"]).start();
    let task = cloud.running_one_off_task();
    first.kill();
    assert_eq!(cloud.serving("live"), serving);
    let revision = cloud.newest_revision("live");

    let second = cloud.shipgate(&shop, &["promote", "production", "--output", "json"]).start();
    second.until_stderr("waiting for it");
    end_container(&task);
    second.wait().outcome("deployed", 0);

    assert_eq!(cloud.revision("live"), revision, "the revision that the first one registered");
    assert_eq!(cloud.one_off_tasks().len(), 1, "the command ran once");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_stage_has_and_production_lacks_is_told() {
    let cloud =
        cloud_with(&ServiceOptions { variables: vec![("DATABASE_URL", "canary-value")], ..ServiceOptions::live() });
    cloud.create_repository_named(&cloud.live_repository(), ImageTagMutability::Mutable);
    let shop = staged(&cloud, &cloud.promotion_config(""));

    let plan = cloud.shipgate(&shop, &["plan", "promote", "production", "--output", "json", "-vvv"]).run();
    let report = plan.outcome("planned", 0);
    assert_reported(&report["warnings"], &["LOG_LEVEL", "web", "the source has"]);
    let missing = json!([{ "container": "web", "name": "LOG_LEVEL", "kind": "variable" }]);
    assert_eq!(report["components"][0]["missing_variables"], missing);
    assert!(!plan.stdout.contains("canary-value") && !plan.stderr.contains("canary-value"));

    let serving = cloud.serving("live");
    shop.write("shipgate.toml", cloud.promotion_config("missing-variables = \"error\""));
    let report = cloud.promote(&shop, &[]).outcome("failed", 1);
    assert!(report["reason"].as_str().unwrap().contains("LOG_LEVEL"), "{}", report["reason"]);
    assert_eq!(cloud.serving("live"), serving);

    shop.write("shipgate.toml", cloud.promotion_config("missing-variables = \"warning\""));
    cloud.promote(&shop, &[]).outcome("deployed", 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_release_that_does_not_start_on_production_is_rolled_back_there() {
    let cloud = Cloud::with_stage_and_production();
    let config = format!("{}task-definition = \"live.json\"\n", cloud.promotion_config(""));
    let shop = cloud.shop(&config);
    let mut definition = cloud.definition(&cloud.revision("live"));
    definition["containerDefinitions"][0]["environment"] = json!([{ "name": "PRODUCTS_FILE", "value": "/none" }]);
    shop.write("live.json", definition.to_string());
    shop.commit("Production asks for a file that is not there");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let serving = cloud.serving("live");

    let report = cloud.promote(&shop, &[]).outcome("rolled-back", 5);

    assert_reported(&report["causes"], &["exited with code 1"]);
    assert_eq!(report["components"][0]["changed"], true);
    assert_eq!(cloud.serving("live").tasks, serving.tasks);
    assert_eq!(cloud.ledger(&cloud.newest_revision("live"))["shipgate:outcome"], "rolled-back");
    // The image is there for when the definition is fixed.
    assert_reported(&report["left_behind"], &["revision"]);
}
