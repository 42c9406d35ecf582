//! Nothing is called deployed that does not run: what the tasks themselves show decides.

use serde_json::{Value, json};

use crate::scripted::{Answer, Shop, all_at_once, config, text};

const WRONG: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// A shop whose new tasks show an image digest in the configured container.
fn with_tasks_showing(shop: &Shop, digest: impl Into<Value>) {
    let digest = digest.into();
    shop.aws.new_tasks(move |_, task| task["containers"][0]["imageDigest"] = digest.clone());
}

#[test]
fn another_digest_in_all_tasks_is_rolled_back() {
    let shop = Shop::new();
    with_tasks_showing(&shop, WRONG);
    let report = shop.deploy().outcome("rolled-back", 5);
    assert!(text(&report, "causes").contains(WRONG), "{report:#}");
    assert_eq!(report["components"][0]["changed"], true);
    assert_eq!(report["components"][0]["outcome"], "rolled-back");
    assert!(shop.aws.call("ecs:TagResource").body.to_string().contains("rolled-back"));
}

/// A probe that was not answered before either says little about the release, so nothing is rolled back for it.
#[test]
fn a_probe_that_is_not_answered_before_either_is_broken_and_more_likely_wrong_than_the_release() {
    let probe = "[[environments.stage.components.backend.probes]]\nurl = \"${env.PROBE}\"\nretries = 0\n";
    let shop = Shop::with_config(&format!("{}{probe}", config("")));
    shop.aws.answer("probe:Ask", |_, _| Some(Answer::new(500, "no")));
    let run = shop.shipgate(&["deploy", "stage", "--output", "json"]);
    let report = run.env("PROBE", format!("http://{}/probe", shop.aws.host())).run().outcome("broken", 6);
    assert!(report["reason"].as_str().unwrap().contains("(shipgate.toml:16) fails"), "{report:#}");
    assert!(text(&report, "hints").starts_with("correct the probe (shipgate.toml:16), or"), "{report:#}");
    let doubt = "was not answered either (status 500, not 200), so the probe is more likely wrong than the release";
    assert!(text(&report, "causes").contains(doubt), "{report:#}");
    assert_eq!(shop.aws.call("ecs:UpdateService").nth, 1);
}

#[test]
fn another_digest_in_one_task_of_two_is_rolled_back() {
    let shop = Shop::new();
    shop.aws.new_tasks(|_, task| {
        if task["taskArn"].as_str().unwrap().ends_with("-2") {
            task["containers"][0]["imageDigest"] = json!(WRONG);
        }
    });
    shop.deploy().outcome("rolled-back", 5);
}

#[test]
fn another_digest_in_a_sidecar_does_not_matter() {
    let shop = Shop::new();
    shop.aws.new_tasks(|_, task| task["containers"][1]["imageDigest"] = json!(WRONG));
    shop.deploy().outcome("deployed", 0);
}

#[test]
fn no_digest_is_no_success() {
    all_at_once([json!(null), json!(""), json!("sha256:short"), json!(WRONG.to_uppercase())], |digest| {
        let shop = Shop::with("timeout = \"1s\"");
        with_tasks_showing(&shop, digest);
        let report = shop.deploy().json();
        assert!(["timed-out", "broken"].contains(&report["outcome"].as_str().unwrap()), "{report:#}");
    });
}

#[test]
fn a_digest_that_is_told_later_is_waited_for() {
    let shop = Shop::new();
    shop.aws.new_tasks(|call, task| {
        if call.nth < 3 {
            task["containers"][0]["imageDigest"] = json!(null);
        }
    });
    shop.deploy().outcome("deployed", 0);
}

#[test]
fn completed_with_too_few_tasks_is_waited_for() {
    let shop = Shop::new();
    shop.aws.change("ecs:ListTasks", |call, answer| {
        if call.nth < 3 {
            answer["taskArns"].as_array_mut().unwrap().pop();
        }
    });
    shop.deploy().outcome("deployed", 0);
    assert!(shop.aws.calls().iter().filter(|call| call.operation == "ecs:ListTasks").count() >= 3);
}

#[test]
fn completed_with_no_task_is_no_success() {
    let shop = Shop::with("timeout = \"1s\"");
    shop.aws.change("ecs:ListTasks", |_, answer| answer["taskArns"] = json!([]));
    let report = shop.deploy().json();
    assert!(["timed-out", "broken"].contains(&report["outcome"].as_str().unwrap()), "{report:#}");
}

#[test]
fn a_task_that_does_not_run_yet_is_waited_for() {
    let shop = Shop::new();
    shop.aws.new_tasks(|call, task| {
        if call.nth < 3 {
            task["lastStatus"] = json!("PENDING");
        }
    });
    shop.deploy().outcome("deployed", 0);
}

#[test]
fn of_an_index_a_task_may_show_the_index_or_a_platform() {
    all_at_once(0..3, |place| {
        let mut shop = Shop::new();
        let index = shop.index();
        let shown = [&index.digest, &index.platforms[0], &index.platforms[1]][place];
        with_tasks_showing(&shop, shown.as_str());
        let report = shop.deploy().outcome("deployed", 0);
        assert_eq!(report["release"]["digests"]["backend"], index.digest);
    });
}

#[test]
fn of_an_index_the_attestation_is_no_image() {
    let mut shop = Shop::new();
    let index = shop.index();
    with_tasks_showing(&shop, index.attestation.as_str());
    shop.deploy().outcome("rolled-back", 5);
}

#[test]
fn unchanged_is_verified_as_strictly() {
    let shop = Shop::new();
    shop.deploy().outcome("deployed", 0);
    with_tasks_showing(&shop, WRONG);
    shop.aws.forget();
    let report = shop.deploy().outcome("broken", 6);
    assert_eq!(report["components"][0]["changed"], false);
    assert!(text(&report, "causes").contains(WRONG), "{report:#}");
    assert_eq!(shop.aws.mutations(), [""; 0]);
}

/// ECS lists a hundred tasks a page and describes a hundred a call.
#[test]
fn of_many_tasks_each_is_looked_at() {
    all_at_once([None, Some("-250")], |wrong| {
        let shop = Shop::new();
        shop.aws.world(|world| world.services[0].desired = 250);
        shop.aws.new_tasks(move |_, task| {
            if wrong.is_some_and(|wrong| task["taskArn"].as_str().unwrap().ends_with(wrong)) {
                task["containers"][0]["imageDigest"] = json!(WRONG);
            }
        });
        let (outcome, code) = if wrong.is_some() { ("rolled-back", 5) } else { ("deployed", 0) };
        shop.deploy().outcome(outcome, code);
        assert!(shop.aws.operations().iter().filter(|operation| *operation == "ecs:DescribeTasks").count() >= 3);
    });
}
