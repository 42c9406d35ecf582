//! What belongs to a release comes from its commit; everything else is what is checked out.

use serde_json::json;

use crate::cloud::{Cloud, ServiceOptions};
use crate::harness::{Repository, assert_reported, steps};

/// A clone without history does not say where a commit stands.
const UNSEEN: [&str; 4] = ["--override", "branch=it was seen to", "--override", "forward=it was seen to"];

/// Stage and production, where the release's commit has a task-definition file and a command before traffic for
/// production. Stage has deployed it; another commit has changed both since.
fn released() -> (Cloud, Repository, String) {
    let cloud = Cloud::with_stage_and_production();
    let more = "pre-deploy = [\"migrate\"]\ntask-definition = \"live.json\"\n";
    let config = format!("{}{more}", cloud.promotion_config(""));
    let shop = cloud.shop(&config);
    shop.write("live.json", definition(&cloud, "of the release").to_string());
    let release = shop.commit("The release");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    shop.write("live.json", definition(&cloud, "of later").to_string());
    shop.write("shipgate.toml", config.replace("\"migrate\"", "\"migrate\", \"--later\""));
    shop.commit("Later");
    (cloud, shop, release)
}

fn definition(cloud: &Cloud, name: &str) -> serde_json::Value {
    let mut definition = cloud.definition(&cloud.revision("live"));
    definition["containerDefinitions"][0]["environment"] = json!([{ "name": "SHOP_NAME", "value": name }]);
    definition
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn its_task_definition_and_its_command_come_with_it() {
    let (cloud, shop, release) = released();

    let report = cloud.promote(&shop, &["--release", &release]).outcome("deployed", 0);

    let live = cloud.definition(&cloud.revision("live"));
    let shop_name = json!([{ "name": "SHOP_NAME", "value": "of the release" }]);
    assert_eq!(live["containerDefinitions"][0]["environment"], shop_name);
    assert!(steps(&report).contains(&"pre-deploy backend: done".to_owned()), "{:?}", steps(&report));
    let overrides = cloud.one_off_tasks()[0].overrides().unwrap().container_overrides()[0].command().to_vec();
    assert_eq!(overrides, ["migrate"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_rest_of_its_configuration_is_not_even_read() {
    let cloud = Cloud::with_stage_and_production();
    let good = format!("{}pre-deploy = [\"migrate\"]\n", cloud.promotion_config(""));
    let shop = cloud.shop(&good);
    // As if a later shipgate had written it: of this one file only the command can be understood.
    shop.write("shipgate.toml", format!("future = true\n{good}").replace("kind = \"ecs\"", "kind = \"lambda\""));
    shop.write("readable.toml", &good);
    let strange = shop.commit("Written by a later shipgate");
    cloud.deploy(&shop, &["--config", "readable.toml"]).outcome("deployed", 0);
    let config = cloud.promotion_config("");
    shop.write("shipgate.toml", &config);
    shop.commit("Written by this one");
    // Production's role is still that of a configuration with the command.
    cloud.authorized.borrow_mut().insert(config);

    let report = cloud.promote(&shop, &["--release", &strange]).outcome("deployed", 0);

    assert!(steps(&report).contains(&"pre-deploy backend: done".to_owned()), "{:?}", steps(&report));
    assert_eq!(cloud.releases("live"), [strange]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_clone_without_the_commit_is_told_only_where_it_is_needed() {
    let (cloud, shop, release) = released();
    let clone = shop.shallow_clone();
    clone.git(&["remote", "remove", "origin"]);
    let production = cloud.production();

    let report = cloud.promote(&clone, &["--release", &release]).outcome("failed", 1);

    assert!(report["reason"].as_str().unwrap().contains(&release), "{}", report["reason"]);
    assert_reported(&report["hints"], &["fetch-depth: 0"]);
    assert_eq!(cloud.production(), production);
    // The checkout uses neither; the release has a command all the same.
    clone.write("shipgate.toml", cloud.promotion_config(""));
    let report = cloud.promote(&clone, &["--release", &release]).outcome("failed", 1);
    assert_reported(&report["causes"], &["ledger", "pre-deploy command", "backend"]);
    assert_eq!(cloud.production(), production);
    // Neither is used, so the commit is not needed.
    shop.write("shipgate.toml", cloud.promotion_config(""));
    let plain = shop.commit("Without either");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    shop.commit("Later still");
    let clone = shop.shallow_clone();
    clone.git(&["remote", "remove", "origin"]);
    cloud.promote(&clone, &[&["--release", &plain][..], &UNSEEN].concat()).outcome("deployed", 0);
    assert_eq!(cloud.releases("live"), [plain]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_shallow_clone_fetches_the_commit_and_nothing_else() {
    let (cloud, shop, release) = released();
    shop.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let clone = shop.shallow_clone();

    cloud.promote(&clone, &[&["--release", &release][..], &UNSEEN].concat()).outcome("deployed", 0);

    let live = cloud.definition(&cloud.revision("live"));
    assert_eq!(live["containerDefinitions"][0]["environment"][0]["value"], "of the release");
    assert_eq!(clone.git(&["rev-parse", "--is-shallow-repository"]), "true");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_file_that_the_release_does_not_have_is_told() {
    let cloud = Cloud::with(&ServiceOptions::web());
    cloud.create_repository_named(&cloud.live_repository(), aws_sdk_ecr::types::ImageTagMutability::Mutable);
    cloud.create_service(&ServiceOptions::live());
    let shop = cloud.shop(&cloud.promotion_config(""));
    let release = shop.head();
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    shop.write("live.json", definition(&cloud, "later").to_string());
    shop.write("shipgate.toml", format!("{}task-definition = \"live.json\"\n", cloud.promotion_config("")));
    shop.commit("With a file");
    let production = cloud.production();

    let report = cloud.promote(&shop, &["--release", &release]).outcome("invalid", 2);

    assert!(report["reason"].as_str().unwrap().contains("live.json"), "{}", report["reason"]);
    assert_reported(&report["causes"], &[&release[..7]]);
    assert_eq!(cloud.production(), production);
}
