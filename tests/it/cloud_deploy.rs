//! A service goes from source to running containers, and the answer is true.

use serde_json::json;

use crate::cloud::{Cloud, ServiceOptions, container_of, docker};
use crate::harness::steps;

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_engine_runs_what_was_deployed() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let sha = shop.head();

    let report = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let digest = report["release"]["digests"]["backend"].as_str().unwrap();
    let component = &report["components"][0];
    assert_eq!(component["outcome"], "deployed");
    assert_eq!(component["changed"], true);
    assert_eq!(component["current"], json!({ "sha": sha, "digest": digest }));
    assert_eq!(report["left_behind"], json!([]));
    let image = component["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|change| change["path"] == "containerDefinitions[web].image");
    assert!(image.unwrap()["to"].as_str().unwrap().ends_with(digest), "{}", component["changes"]);
    assert_eq!(cloud.images().get(&sha).map(String::as_str), Some(digest));
    // The emulator copies the digest from the image reference, so the engine and the app themselves are asked.
    let tasks = cloud.running_tasks("backend");
    assert_eq!(tasks.len(), 1);
    assert_eq!(cloud.ask(&tasks[0], "/health")["release"], *sha);
    let image = docker(&["inspect", "--format", "{{.Image}}", &container_of(&tasks[0])]);
    let known_as = docker(&["image", "inspect", "--format", "{{json .RepoDigests}}", &image]);
    let pinned = format!("{}/{}@{digest}", cloud.registry(), cloud.repository());
    assert!(known_as.contains(&pinned), "{known_as} has no {pinned}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_changed_commit_replaces_the_one_before() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let first = cloud.deploy(&shop, &[]).outcome("deployed", 0);
    shop.write("backend/products.json", r#"[{ "name": "Lamp" }]"#);
    let sha = shop.commit("Sell lamps");

    let second = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    assert_eq!(second["release"]["sha"], *sha);
    assert_eq!(second["components"][0]["previous"], first["components"][0]["current"]);
    assert_ne!(second["release"]["digests"], first["release"]["digests"]);
    let tasks = cloud.running_tasks("backend");
    assert_eq!(tasks.len(), 1, "the first release still runs");
    assert_eq!(cloud.ask(&tasks[0], "/health")["release"], *sha);
    assert_eq!(cloud.ask(&tasks[0], "/products"), json!([{ "name": "Lamp" }]));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_second_run_of_a_commit_changes_nothing() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let first = cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let (serving, revisions, images) = (cloud.serving("backend"), cloud.revisions("backend"), cloud.images());
    let ledger = cloud.ledger(&serving.task_definition);

    let second = cloud.deploy(&shop, &[]).outcome("unchanged", 0);

    assert_eq!(second["components"][0]["outcome"], "unchanged");
    assert_eq!(second["components"][0]["changed"], false);
    assert_eq!(second["components"][0]["current"], first["components"][0]["current"]);
    assert_eq!(second["components"][0]["previous"], first["components"][0]["current"]);
    assert_eq!(second["release"], first["release"]);
    assert_eq!(cloud.serving("backend"), serving);
    assert_eq!(cloud.revisions("backend"), revisions);
    assert_eq!(cloud.images(), images);
    assert_eq!(cloud.ledger(&serving.task_definition), ledger);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_ledger_is_written_on_the_revision() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));

    let report = cloud
        .shipgate(&shop, &["deploy", "stage", "--output", "json"])
        .env("GITHUB_REPOSITORY", "shop/cloudshop")
        .env("GITHUB_RUN_ID", "17")
        .env("GITHUB_RUN_ATTEMPT", "2")
        .run()
        .outcome("deployed", 0);

    let revision = cloud.revision("backend");
    let ledger = cloud.ledger(&revision);
    assert_eq!(ledger["shipgate:sha"], shop.head());
    assert_eq!(ledger["shipgate:digest"], *report["release"]["digests"]["backend"].as_str().unwrap());
    assert_eq!(ledger["shipgate:outcome"], "deployed");
    assert_eq!(ledger["shipgate:run"], "shop/cloudshop/17/2");
    ledger["shipgate:at"].parse::<jiff::Timestamp>().unwrap();
    let labels = &cloud.definition(&revision)["containerDefinitions"][0]["dockerLabels"];
    assert!(labels.as_object().unwrap().values().any(|value| *value == *shop.head()), "{labels}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_was_set_on_the_live_service_survives() {
    let cloud = Cloud::with(&ServiceOptions { variables: vec![("SHOP_NAME", "Émile's")], ..ServiceOptions::web() });
    cloud.change_by_hand("backend", |definition| {
        definition["containerDefinitions"][0]["inventedByEcsTomorrow"] = json!({ "kept": [1, null, "ü"] });
    });
    cloud.set_desired("backend", 2);
    let shop = cloud.shop(&cloud.config(""));

    cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let definition = cloud.definition(&cloud.revision("backend"));
    let container = &definition["containerDefinitions"][0];
    assert_eq!(container["environment"], json!([{ "name": "SHOP_NAME", "value": "Émile's" }]));
    assert_eq!(container["inventedByEcsTomorrow"], json!({ "kept": [1, null, "ü"] }));
    assert_eq!(container["logConfiguration"]["options"]["awslogs-group"], cloud.log_group("backend"));
    assert_eq!((&definition["cpu"], &definition["memory"]), (&json!("256"), &json!("512")));
    assert_eq!(cloud.service("backend").desired_count(), 2);
    assert_eq!(cloud.releases("backend"), [shop.head(), shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_service_that_wants_no_task_proves_nothing() {
    let cloud = Cloud::with(&ServiceOptions { desired: 0, ..ServiceOptions::web() });
    let shop = cloud.shop(&cloud.config(""));

    let report = cloud.deploy(&shop, &[]).outcome("unproven", 9);

    assert_eq!(report["components"][0]["outcome"], "unproven");
    assert_eq!(report["components"][0]["changed"], true);
    assert!(!report["hints"].as_array().unwrap().is_empty());
    assert_eq!(cloud.service("backend").desired_count(), 0);
    let revision = cloud.revision("backend");
    assert_eq!(cloud.ledger(&revision)["shipgate:outcome"], "unproven");
    cloud.deploy(&shop, &[]).outcome("unproven", 9);
    assert_eq!(cloud.revision("backend"), revision);
    // Once it wants a task, the release that is there is proven, without another deployment.
    cloud.set_desired("backend", 1);
    let report = cloud.deploy(&shop, &[]).outcome("unchanged", 0);
    assert_eq!(report["components"][0]["changed"], false);
    assert_eq!(cloud.revision("backend"), revision);
    assert_eq!(cloud.ledger(&revision)["shipgate:outcome"], "deployed");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn people_read_what_happens_on_stderr_and_nothing_on_stdout() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));

    let ran = cloud.shipgate(&shop, &["deploy", "stage"]).run().expect_code(0);

    assert_eq!(ran.stdout, "");
    let short = &shop.head()[..7];
    for text in ["✓ build ", "✓ register ", "✓ roll out ", "✓ deployed: stage runs ", short] {
        assert!(ran.stderr.contains(text), "no {text:?} in\n{}", ran.stderr);
    }
    assert!(!ran.stderr.contains('\u{1b}'), "colour without a terminal:\n{}", ran.stderr);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_configuration_is_found_from_a_subdirectory() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));

    let ran =
        cloud.shipgate(&shop, &["deploy", "stage", "--output", "json"]).directory(&shop.path().join("backend")).run();

    let report = ran.outcome("deployed", 0);
    assert_eq!(steps(&report)[0], "build backend: done");
    assert_eq!(cloud.releases("backend"), [shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_shallow_clone_is_enough() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    shop.commit("Another commit, so that there is history to leave out");
    let clone = shop.shallow_clone();
    assert_eq!(clone.git(&["rev-list", "--count", "HEAD"]), "1");

    cloud.deploy(&clone, &[]).outcome("deployed", 0);

    assert_eq!(cloud.releases("backend"), [shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_older_commit_can_be_deployed_again_where_somebody_says_why() {
    let cloud = Cloud::with_backend();
    let gates = "[environments.stage.gates]\noverridable = [\"forward\"]\n";
    let shop = cloud.shop(&format!("{}\n{gates}", cloud.config("")));
    let first = cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let revision = cloud.revision("backend");
    let older = shop.head();
    shop.commit("Another commit");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    shop.git(&["checkout", "--quiet", &older]);

    cloud.deploy(&shop, &[]).outcome("refused", 3);
    let going_on = ["deploy", "stage", "--output", "json", "--override", "forward=the newer one loses orders"];
    let ran = cloud.shipgate(&shop, &going_on).only_programs(&["git"]).run();

    let again = ran.outcome("deployed", 0);
    assert_eq!(again["release"], first["release"]);
    assert_eq!(cloud.releases("backend"), [older]);
    // A revision that has an outcome is history, and is not used again.
    assert_ne!(cloud.revision("backend"), revision);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn on_a_terminal_the_wait_is_a_live_view() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));

    let ran = cloud
        .shipgate(&shop, &["deploy", "stage"])
        .in_color()
        .env("TERM", "xterm-256color")
        .on_a_terminal()
        .expect_code(0);

    assert!(ran.stdout.contains('\u{1b}'), "no colour and no movement:\n{}", ran.stdout);
    for text in ["gives up after", "starting", "✓", "deployed", &shop.head()[..7]] {
        assert!(ran.stdout.contains(text), "no {text:?} in\n{}", ran.stdout);
    }
}

/// The log of a job on GitHub after one line was changed: what docker writes is folded.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_log_of_a_small_change_is_short() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    shop.write("backend/products.json", r#"{"products": [1]}"#);
    shop.commit("Sell something");

    let ran = cloud.shipgate(&shop, &["deploy", "stage"]).env("GITHUB_ACTIONS", "true").run().expect_code(0);

    let (mut folded, mut open) = (Vec::new(), Vec::new());
    let mut is_folded = false;
    for line in ran.stderr.lines().filter(|line| !line.starts_with("::add-mask::")) {
        match line {
            line if line.starts_with("::group::") => is_folded = true,
            "::endgroup::" => is_folded = false,
            line if is_folded => folded.push(line),
            line => open.push(line),
        }
    }
    assert!(!folded.is_empty(), "docker wrote nothing:\n{}", ran.stderr);
    assert!(open.len() <= 25, "{} lines:\n{}", open.len(), open.join("\n"));
    // Like a path, a command to paste is not broken.
    let is_long = |line: &&&str| line.chars().count() > 120 && !line.starts_with("::") && !line.contains('`');
    assert_eq!(open.iter().filter(is_long).collect::<Vec<_>>(), Vec::<&&str>::new(), "{}", ran.stderr);
    for text in ["1 commit", "only the image changes", "✓ build", "✓ register", "✓ roll out", "✓ deployed: stage runs"]
    {
        assert!(open.iter().any(|line| line.contains(text)), "no {text:?} in\n{}", ran.stderr);
    }
}
