//! Other programs change the service while shipgate works, and two runs of shipgate work at once.

use crate::cloud::{Cloud, ServiceOptions, end_container};
use crate::harness::{assert_reported, eventually, steps, texts};

const DEPLOY: [&str; 4] = ["deploy", "stage", "--output", "json"];

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn another_deployment_that_replaces_ours_supersedes_it() {
    let cloud = Cloud::with(&ServiceOptions::without_room());
    let shop = cloud.shop(&cloud.config(""));
    let running = cloud.shipgate(&shop, &DEPLOY).start();
    running.until_stderr("roll out: ");
    let ours = cloud.revision("backend");
    let theirs = cloud.register_changed("backend", |definition| {
        definition["containerDefinitions"][0]["image"] =
            format!("{}/stage-cloudshop-backend:bootstrap", cloud.registry()).into();
    });

    cloud.move_to("backend", &theirs);

    let report = running.wait().outcome("superseded", 7);
    assert!(report["reason"].as_str().unwrap().contains(theirs.rsplit('/').next().unwrap()), "{}", report["reason"]);
    assert!(!texts(&report["hints"]).is_empty());
    assert_eq!(report["components"][0]["outcome"], "superseded");
    assert_eq!(report["components"][0]["changed"], true);
    assert_eq!(cloud.revision("backend"), theirs);
    assert_eq!(cloud.ledger(&ours)["shipgate:outcome"], "superseded");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_service_that_is_deleted_while_we_wait_is_broken() {
    let cloud = Cloud::with(&ServiceOptions::without_room());
    let shop = cloud.shop(&cloud.config(""));
    let running = cloud.shipgate(&shop, &DEPLOY).start();
    running.until_stderr("roll out: ");

    cloud.delete_service("backend");

    let report = running.wait().outcome("broken", 6);
    assert!(report["reason"].as_str().unwrap().contains(&cloud.service_name("backend")), "{}", report["reason"]);
    assert_eq!(report["components"][0]["outcome"], "broken");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_service_that_moves_during_the_pre_deploy_task_makes_the_plan_stale() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config("pre-deploy = [\"worker\"]"));
    let running = cloud.shipgate(&shop, &DEPLOY).start();
    let task = cloud.running_one_off_task();
    let theirs = cloud.change_by_hand("backend", |_| {});
    let serving = cloud.serving("backend");

    end_container(&task);

    let report = running.wait().outcome("stale", 4);
    assert!(report["reason"].as_str().unwrap().contains(theirs.rsplit('/').next().unwrap()), "{}", report["reason"]);
    assert!(!texts(&report["hints"]).is_empty());
    assert_eq!(report["components"][0]["outcome"], "stale");
    assert_eq!(report["components"][0]["changed"], false);
    assert_reported(&report["left_behind"], &[task.task_definition_arn().unwrap().rsplit('/').next().unwrap()]);
    assert_eq!(cloud.serving("backend"), serving);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_second_run_attaches_to_the_rollout_of_the_first() {
    let cloud = Cloud::with(&ServiceOptions::without_room());
    let shop = cloud.shop(&cloud.config(""));
    let first = cloud.shipgate(&shop, &DEPLOY).start();
    first.until_stderr("roll out: ");
    let (deployment, revisions) = (cloud.serving("backend").deployment, cloud.revisions("backend"));
    let second = cloud.shipgate(&shop, &DEPLOY).start();
    second.until_stderr("roll out: ");

    cloud.make_room("backend");

    let first = first.wait().outcome("deployed", 0);
    let second = second.wait().outcome("deployed", 0);
    assert_eq!(second["release"], first["release"]);
    assert!(!steps(&second).iter().any(|step| step.starts_with("update")), "{:?}", steps(&second));
    assert_eq!(second["components"][0]["changed"], false);
    assert_eq!(cloud.serving("backend").deployment, deployment);
    assert_eq!(cloud.revisions("backend"), revisions);
    assert_eq!(cloud.releases("backend"), [shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rollout_whose_run_has_died_is_finished_by_the_next_run() {
    let cloud = Cloud::with(&ServiceOptions::without_room());
    let shop = cloud.shop(&cloud.config(""));
    let first = cloud.shipgate(&shop, &DEPLOY).start();
    first.until_stderr("roll out: ");
    first.kill();
    let second = cloud.shipgate(&shop, &DEPLOY).start();
    second.until_stderr("roll out: ");

    cloud.make_room("backend");

    second.wait().outcome("deployed", 0);
    // No other run could write down how it ended.
    assert_eq!(cloud.ledger(&cloud.revision("backend"))["shipgate:outcome"], "deployed");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_pre_deploy_task_whose_run_has_died_is_waited_for() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config("pre-deploy = [\"worker\"]"));
    let first = cloud.shipgate(&shop, &DEPLOY).start();
    let task = cloud.running_one_off_task();
    first.kill();
    let revisions = cloud.revisions("backend");
    let second = cloud.shipgate(&shop, &DEPLOY).start();
    second.until_stderr("looked for orders");

    end_container(&task);

    let report = second.wait().outcome("deployed", 0);
    assert_eq!(cloud.one_off_tasks().len(), 1, "a second task was started");
    assert_eq!(cloud.revisions("backend"), revisions, "a second revision was registered");
    assert_eq!(Some(cloud.revision("backend").as_str()), task.task_definition_arn());
    assert!(!steps(&report).iter().any(|step| step.starts_with("build")), "{:?}", steps(&report));
    eventually("the release serves", || cloud.releases("backend") == [shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_newer_of_two_runs_waits_for_the_older() {
    let cloud = Cloud::with(&ServiceOptions::without_room());
    let shop = cloud.shop(&cloud.config(""));
    let older = cloud.shipgate(&shop, &DEPLOY).start();
    older.until_stderr("roll out: ");
    shop.commit("Another commit");
    let newer = cloud.shipgate(&shop, &DEPLOY).start();
    newer.until_stderr("is still rolling out");
    let revisions = cloud.revisions("backend");

    cloud.make_room("backend");

    // The rollout of the older one is done; whether that run has read it back by then is a matter of moments.
    older.wait();
    let report = newer.wait().outcome("deployed", 0);
    assert_eq!(steps(&report)[1], "wait for others on backend: done", "{:?}", steps(&report));
    assert_eq!(cloud.revisions("backend"), revisions + 1);
    assert_eq!(cloud.releases("backend"), [shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_newer_of_two_runs_wins_and_the_older_says_so() {
    let cloud = Cloud::with(&ServiceOptions::without_room());
    let shop = cloud.shop(&cloud.config("busy = \"supersede\""));
    let older = cloud.shipgate(&shop, &DEPLOY).start();
    older.until_stderr("roll out: ");
    shop.commit("Another commit");
    let newer = cloud.shipgate(&shop, &DEPLOY).start();
    newer.until_stderr("roll out: ");

    older.wait().outcome("superseded", 7);
    cloud.make_room("backend");

    newer.wait().outcome("deployed", 0);
    assert_eq!(cloud.releases("backend"), [shop.head()]);
}
