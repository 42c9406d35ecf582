//! A rollout of something else that is in progress when a deploy begins: waited for, refused or superseded.

use serde_json::{Value, json};

use crate::harness::{Ran, assert_reported, steps};
use crate::scripted::{Shop, all_at_once, text};

/// A shop whose service rolls out what another program put there, for a number of polls.
fn busy(more: &str, looks: usize) -> Shop {
    let shop = Shop::with(more);
    shop.aws.world(|world| {
        world.register_by_hand(|document| document["cpu"] = json!("512"));
        world.looks = looks;
        world.roll_out(&[("7", "backend:8", "IN_PROGRESS"), ("1", "backend:7", "COMPLETED")]);
        world.looks = 2;
    });
    shop
}

fn plan(shop: &Shop) -> Ran {
    shop.shipgate(&["plan", "deploy", "stage", "--output", "json"]).run()
}

/// The place of the first operation that is so.
fn first(operations: &[String], is: impl Fn(&String) -> bool) -> usize {
    operations.iter().position(is).unwrap_or_else(|| panic!("{operations:?}"))
}

#[test]
fn somebody_elses_rollout_is_waited_for_before_anything_is_changed() {
    let shop = busy("pre-deploy = [\"migrate\"]", 4);
    assert_reported(&plan(&shop).outcome("planned", 0)["warnings"], &["backend waits for the rollout of backend:8"]);
    shop.aws.forget();
    let ran = shop.deploy();
    let report = ran.outcome("deployed", 0);
    assert_eq!(steps(&report)[..2], ["wait for others on backend: done", "register backend: done"]);
    assert!(ran.stderr.contains("backend:8 is still rolling out, "), "{}", ran.stderr);
    let operations = shop.aws.operations();
    let registered = first(&operations, |operation| operation == "ecs:RegisterTaskDefinition");
    let looks = operations[..registered].iter().filter(|operation| *operation == "ecs:DescribeServices").count();
    assert!(looks >= 3, "{operations:?}");
    assert_eq!(report["components"][0]["changed"], true);
}

#[test]
fn what_was_rolled_back_meanwhile_makes_the_plan_stale() {
    let shop = busy("", 100_000);
    let mut looks = 0;
    shop.aws.answer("ecs:DescribeServices", move |_, world| {
        looks += 1;
        if looks == 3 {
            world.roll_out(&[("8", "backend:7", "IN_PROGRESS"), ("7", "backend:8", "FAILED")]);
        }
        None
    });
    let report = shop.deploy().outcome("stale", 4);
    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains("the rollout of backend:8") && reason.contains("was rolled back to backend:7"), "{reason}");
    assert_eq!(shop.aws.mutations(), [""; 0]);
}

#[test]
fn a_wait_that_runs_out_has_changed_nothing() {
    let shop = busy("timeout = \"2s\"", 100_000);
    let report = shop.deploy().outcome("failed", 1);
    assert!(report["reason"].as_str().unwrap().contains("was still in progress after 2 s"), "{report:#}");
    assert!(text(&report, "hints").contains("busy = \"supersede\""), "{report:#}");
    assert_eq!((shop.aws.mutations(), &report["left_behind"]), (Vec::new(), &json!([])));
    assert_eq!(report["components"][0]["outcome"], "failed");
}

#[test]
fn a_busy_service_is_refused_where_that_is_configured() {
    let shop = busy("busy = \"refuse\"", 100_000);
    assert_reported(&plan(&shop).outcome("planned", 0)["warnings"], &["is refused during the rollout of backend:8"]);
    let report = shop.deploy().outcome("refused", 3);
    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains("is busy: the rollout of backend:8") && reason.contains("since 2"), "{reason}");
    assert_eq!(shop.aws.mutations(), [""; 0]);
}

#[test]
fn somebody_elses_rollout_is_superseded_where_that_is_configured() {
    let shop = busy("busy = \"supersede\"", 100_000);
    assert_reported(&plan(&shop).outcome("planned", 0)["warnings"], &["supersedes the rollout of backend:8"]);
    let report = shop.deploy().outcome("deployed", 0);
    assert_eq!(steps(&report)[0], "register backend: done");
}

/// Whether somebody is at work there is what two honest looks may see differently.
#[test]
fn the_digest_of_a_plan_has_nothing_of_it() {
    all_at_once(["wait", "refuse", "supersede"], |busy_is| {
        let shop = busy(&format!("busy = \"{busy_is}\""), 1);
        let seen = || {
            let report = plan(&shop).outcome("planned", 0);
            let is_busy = report["warnings"].to_string().contains("in progress");
            (report["plan_digest"].clone(), is_busy)
        };
        let (during, was_busy) = seen();
        assert!(was_busy);
        let is_over = || shop.aws.world(|world| world.services[0].deployments[0].state == "COMPLETED");
        let after = loop {
            let (after, _) = seen();
            if is_over() {
                break (after, seen());
            }
        };
        assert_eq!((&after.0, &after.1), (&during, &(during.clone(), false)));
    });
}

/// That of this release is attached to, whatever is configured for others.
#[test]
fn the_rollout_of_this_release_is_no_company() {
    all_at_once(["wait", "refuse", "supersede"], |busy_is| {
        let shop = Shop::with(&format!("timeout = \"2s\"\nbusy = \"{busy_is}\""));
        shop.aws.world(|world| world.looks = 100_000);
        shop.deploy().outcome("timed-out", 8);
        shop.aws.world(|world| world.services[0].finish());
        shop.aws.forget();
        let report = shop.deploy().outcome("deployed", 0);
        assert_eq!(steps(&report), ["wait for backend: done"]);
        assert_eq!(report["components"][0]["deployment"], "ecs-svc/2");
        assert_eq!(shop.aws.mutations(), ["ecs:TagResource"], "only the outcome is written");
    });
}

/// It is what an emergency needs: a rollout that goes wrong is not waited for.
#[test]
fn a_rollback_waits_for_nothing() {
    all_at_once(["wait", "refuse"], |busy_is| {
        let shop = Shop::with(&format!("busy = \"{busy_is}\""));
        let releases = [shop.repository.commit("One"), shop.repository.commit("Two")];
        shop.aws.world(|world| {
            world.serve(0, &releases);
            world.register_by_hand(|document| document["cpu"] = json!("512"));
            world.looks = 100_000;
            world.roll_out(&[("7", "backend:10", "IN_PROGRESS"), ("1", "backend:9", "COMPLETED")]);
            world.looks = 2;
        });
        let run = |arguments: &[&str]| shop.shipgate(&[arguments, &["--output", "json"]].concat()).run();
        let plan = run(&["plan", "rollback", "stage"]).outcome("planned", 0);
        assert_reported(&plan["warnings"], &["supersedes the rollout of backend:10"]);
        let report = run(&["rollback", "stage"]).outcome("deployed", 0);
        assert!(!steps(&report).iter().any(|step| step.starts_with("wait for others")), "{report:#}");
    });
}

/// The ordinary way out of a release that crashes without end is to deploy a better one.
#[test]
fn a_rollout_that_nothing_will_end_is_not_waited_for() {
    let shop = busy("", 100_000);
    let failing = |service: &mut Value| {
        service["deploymentConfiguration"] = json!({"maximumPercent": 200, "minimumHealthyPercent": 100});
        for deployment in service["deployments"].as_array_mut().unwrap() {
            if deployment["id"] == "ecs-svc/7" {
                deployment["failedTasks"] = json!(5);
                deployment["runningCount"] = json!(0);
            }
        }
    };
    shop.aws.change("ecs:DescribeServices", move |_, answer| failing(&mut answer["services"][0]));
    let report = shop.deploy().outcome("deployed", 0);
    assert_reported(&report["warnings"], &["the rollout of backend:8 is not waited for", "no circuit breaker ends it"]);
}
