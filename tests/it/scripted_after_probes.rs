//! What answered the probes is what was read back: after them the same tasks of the same deployment still run.

use serde_json::{Value, json};

use crate::harness::{Ran, assert_reported};
use crate::scripted::{ACCOUNT, SERVICE, Shop, World, arn, config, text};

const PRODUCTION: &str = "prod-backend";
const PROBE: &str = "[[environments.stage.components.backend.probes]]\nurl = \"${env.PROBE}\"\nretries = 0\n";

/// A shop whose probe on stage is answered by the endpoint itself, whatever runs.
fn shop() -> Shop {
    Shop::with_config(&format!("{}{PROBE}", config("timeout = \"20s\"")))
}

fn run(shop: &Shop, arguments: &[&str]) -> Ran {
    let arguments = [arguments, &["--output", "json"]].concat();
    shop.shipgate(&arguments).env("PROBE", format!("http://{}/probe", shop.aws.host())).run()
}

fn deploy(shop: &Shop) -> Ran {
    run(shop, &["deploy", "stage"])
}

/// Whether the service was updated. Before that each probe is asked once.
fn is_updated(world: &World) -> bool {
    world.services[0].deployments[0].id != "ecs-svc/1"
}

/// Changes the world while a probe is asked after the update, the first few times.
fn while_probed(shop: &Shop, times: usize, change: impl Fn(&mut World) + Send + 'static) {
    let mut asked = 0;
    shop.aws.answer("probe:Ask", move |_, world| {
        asked += usize::from(is_updated(world));
        if is_updated(world) && asked <= times {
            change(world);
        }
        None
    });
}

fn asked(shop: &Shop) -> usize {
    let operations = shop.aws.operations();
    let updated = operations.iter().position(|operation| *operation == "ecs:UpdateService").unwrap_or_default();
    operations[updated..].iter().filter(|operation| *operation == "probe:Ask").count()
}

/// Somebody else deploys another revision, which is done at once.
fn take_over(world: &mut World) {
    let other = world.register_by_hand(|document| document["cpu"] = json!("512"));
    world.roll_out(&[("9", other.rsplit('/').next().unwrap(), "COMPLETED")]);
}

/// The outcome in the ledger of the first revision of shipgate.
fn written(shop: &Shop) -> Value {
    let tags = shop.aws.world(|world| world.tags(&arn("task-definition", "backend:8")).unwrap().clone());
    tags.iter().find(|tag| tag["key"] == "shipgate:outcome").map_or(Value::Null, |tag| tag["value"].clone())
}

/// The budget of what comes after the probes.
#[test]
fn it_costs_three_calls() {
    let shop = shop();
    let report = deploy(&shop).outcome("deployed", 0);
    let calls = shop.aws.operations();
    let probed = calls.iter().rposition(|operation| operation == "probe:Ask").unwrap();
    assert_eq!(
        calls[probed + 1..],
        ["ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:TagResource"],
        "{calls:#?}"
    );
    assert_eq!(report["steps"].as_array().unwrap().last().unwrap()["name"], "probe backend");
}

#[test]
fn another_deployment_that_takes_over_meanwhile_supersedes() {
    let shop = shop();
    while_probed(&shop, 1, take_over);
    let report = deploy(&shop).outcome("superseded", 7);
    assert!(report["reason"].as_str().unwrap().contains("backend:9"), "{report:#}");
    assert_eq!(report["components"][0]["current"], Value::Null);
    assert_eq!(written(&shop), "superseded");
}

/// The rollout was done: the revision before it was put back by hand, and nothing has failed.
#[test]
fn the_previous_revision_put_back_by_hand_supersedes_too() {
    for state in ["IN_PROGRESS", "COMPLETED"] {
        let shop = shop();
        while_probed(&shop, 1, move |world| {
            world.looks = 1000;
            match state {
                "COMPLETED" => world.roll_out(&[("3", "backend:7", "COMPLETED")]),
                _ => world.roll_out(&[("3", "backend:7", "IN_PROGRESS"), ("2", "backend:8", "COMPLETED")]),
            }
        });
        let report = deploy(&shop).outcome("superseded", 7);
        assert!(report["reason"].as_str().unwrap().contains("backend:7"), "{report:#}");
    }
}

#[test]
fn what_is_verified_unchanged_can_be_superseded_too() {
    let shop = shop();
    deploy(&shop).outcome("deployed", 0);
    while_probed(&shop, 1, take_over);
    let report = deploy(&shop).outcome("superseded", 7);
    assert_eq!(report["components"][0]["changed"], false);
    assert_eq!(written(&shop), "deployed", "it did serve");
}

/// It is another release that does not answer.
#[test]
fn a_probe_that_fails_because_another_deployment_took_over_supersedes() {
    let shop = shop();
    shop.aws.answer("probe:Ask", |call, world| {
        let is_updated = is_updated(world);
        if is_updated {
            take_over(world);
        }
        is_updated.then(|| call.error(500, "", ""))
    });
    deploy(&shop).outcome("superseded", 7);
}

#[test]
fn tasks_that_were_replaced_once_are_asked_again() {
    let shop = shop();
    while_probed(&shop, 1, |world| world.services[0].replace_tasks());
    deploy(&shop).outcome("deployed", 0);
    assert_eq!(asked(&shop), 2);
}

/// A program that exits every few seconds, and something else that answers for it.
#[test]
fn tasks_that_are_replaced_each_time_are_rolled_back() {
    let shop = shop();
    while_probed(&shop, 2, |world| {
        world.services[0].replace_tasks();
        world.remember_stopped("backend:8", "EssentialContainerExited", "it ended", &json!({"exitCode": 3}));
    });
    let report = deploy(&shop).outcome("rolled-back", 5);
    // Twice the release, and once what serves again.
    assert_eq!(asked(&shop), 3);
    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains("do not stay up") && reason.ends_with("backend:7 serves again"), "{report:#}");
    assert_reported(&report["causes"], &["container web exited with code 3"]);
    assert_eq!(written(&shop), "rolled-back");
}

#[test]
fn a_service_that_is_scaled_meanwhile_is_no_failure() {
    for desired in [1, 3] {
        let shop = shop();
        while_probed(&shop, 1, move |world| world.services[0].desired = desired);
        deploy(&shop).outcome("deployed", 0);
        assert_eq!(asked(&shop), 1);
    }
    let shop = shop();
    while_probed(&shop, 1, |world| world.services[0].desired = 0);
    deploy(&shop).outcome("unproven", 9);
    assert_eq!(written(&shop), "unproven");
}

/// New tasks that have not come up yet take nothing from those that were verified.
#[test]
fn a_service_that_grows_meanwhile_is_not_waited_for() {
    let shop = shop();
    while_probed(&shop, 1, |world| world.services[0].desired = 3);
    shop.aws.new_tasks(|_, task| {
        if task["taskArn"].as_str().unwrap().ends_with("-3") {
            task["lastStatus"] = json!("PENDING");
        }
    });
    deploy(&shop).outcome("deployed", 0);
}

#[test]
fn what_cannot_be_looked_at_afterwards_is_no_success() {
    for operation in ["ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks"] {
        let shop = shop();
        let probed = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let seen = std::sync::Arc::clone(&probed);
        shop.aws.answer("probe:Ask", move |_, world| {
            probed.store(is_updated(world), std::sync::atomic::Ordering::Relaxed);
            None
        });
        shop.aws.answer(operation, move |call, _| {
            let probed = seen.load(std::sync::atomic::Ordering::Relaxed);
            probed.then(|| call.error(400, "AccessDeniedException", &format!("not authorized: {operation}")))
        });
        let report = deploy(&shop).outcome("broken", 6);
        assert_eq!(report["components"][0]["current"], Value::Null);
        assert_eq!(written(&shop), Value::Null, "how it ended is unknown");
    }
}

/// Stage with the probe, and production, which promotes from it.
fn staged() -> Shop {
    let production = format!(
        "[environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         [environments.production.gates]\napproval = \"none\"\n\
         [environments.production.components.backend]\nservice = \"{PRODUCTION}\"\n"
    );
    let shop = Shop::with_config(&format!("{}{PROBE}{production}", config("timeout = \"20s\"")));
    shop.aws.world(|world| world.add_service(PRODUCTION));
    deploy(&shop).outcome("deployed", 0);
    shop.aws.forget();
    shop
}

/// The reason of a gate that must not be satisfied.
fn unproven(report: &Value) -> String {
    let gate = report["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == "proven").unwrap();
    assert_eq!(gate["verdict"], "unsatisfied", "{report:#}");
    gate["reason"].as_str().unwrap().to_owned()
}

#[test]
fn a_source_that_moves_while_it_is_probed_proves_nothing() {
    type Move = fn(&mut World);
    let replaced: Move = |world| world.services[0].replace_tasks();
    let zero: Move = |world| world.services[0].desired = 0;
    let rolling: Move = |world| {
        world.looks = 1000;
        world.roll_out(&[("3", "backend:8", "IN_PROGRESS"), ("2", "backend:8", "COMPLETED")]);
    };
    for (change, reason) in [
        (take_over as Move, "another deployment, of backend:9, has replaced backend:8"),
        (replaced, "other tasks than those that were verified run"),
        (zero, "scaled to zero"),
        (rolling, "a rollout is in progress"),
    ] {
        for command in [&["promote", "production"][..], &["plan", "promote", "production"]] {
            let shop = staged();
            while_probed(&shop, 1, change);

            let ran = run(&shop, command);

            let report = if command.len() == 2 { ran.outcome("refused", 3) } else { ran.outcome("planned", 0) };
            let reported = unproven(&report);
            assert!(reported.contains(reason), "{reported}");
            assert!(shop.aws.mutations().is_empty(), "{:?}", shop.aws.mutations());
        }
    }
}

#[test]
fn a_source_that_is_scaled_out_while_it_is_probed_is_promoted() {
    let shop = staged();
    while_probed(&shop, 1, |world| world.services[0].desired = 3);
    run(&shop, &["promote", "production"]).outcome("deployed", 0);
}

/// Somebody who names a release is not disturbed by a push to stage: the ledger has its success.
#[test]
fn a_release_that_is_named_may_leave_its_source_meanwhile() {
    let shop = staged();
    let release = shop.repository.head();
    while_probed(&shop, 1, take_over);

    let report = run(&shop, &["promote", "production", "--release", &release]).outcome("deployed", 0);

    let gates = report["gates"].as_array().unwrap();
    let gate = gates.iter().find(|gate| gate["name"] == "proven").unwrap();
    assert!(gate["reason"].as_str().unwrap().contains("by the ledger alone"), "{gate}");
}

#[test]
fn a_source_that_cannot_be_looked_at_again_proves_nothing() {
    let shop = staged();
    let mut looks = 0;
    shop.aws.answer("ecs:DescribeServices", move |call, _| {
        looks += usize::from(call.body.to_string().contains(&format!("\"{SERVICE}\"")));
        (looks == 2).then(|| call.error(400, "AccessDeniedException", "not authorized: ecs:DescribeServices"))
    });
    let report = run(&shop, &["promote", "production"]).outcome("failed", 1);
    assert!(text(&report, "causes").contains("asked of stage"), "{report:#}");
    assert!(shop.aws.mutations().is_empty());
}

/// How often the probe was asked.
fn asked_in_all(shop: &Shop) -> usize {
    shop.aws.operations().iter().filter(|operation| *operation == "probe:Ask").count()
}

#[test]
fn a_plan_asks_once_and_a_deploy_takes_that_for_the_time_before() {
    let shop = shop();
    let ran = run(&shop, &["plan", "deploy", "stage"]);
    let planned = ran.outcome("planned", 0);
    ran.expect_stderr("/probe answers (200)");
    assert_eq!((asked_in_all(&shop), planned["warnings"].to_string().contains("probe")), (1, false), "{planned:#}");
    deploy(&shop).outcome("deployed", 0);
    assert_eq!((asked_in_all(&shop), asked(&shop)), (3, 1), "once before the update, once after it");
    run(&shop, &["check"]).expect_code(0);
    assert_eq!(asked_in_all(&shop), 3, "who checks may be anywhere");
}

/// Whether a probe reaches anything does not make it another plan.
#[test]
fn a_probe_that_reaches_nothing_is_a_warning_with_its_line_and_no_other_plan() {
    let shop = shop();
    let digest = |report: Value| report["plan_digest"].as_str().unwrap().to_owned();
    let reached = digest(run(&shop, &["plan", "deploy", "stage"]).outcome("planned", 0));
    for address in ["http://127.0.0.1:9/", "http://no-such-host.invalid/"] {
        let ran = shop.shipgate(&["plan", "deploy", "stage", "--output", "json"]).env("PROBE", address).run();
        let report = ran.outcome("planned", 0);
        let warning = format!("probe GET {address} (shipgate.toml:");
        assert!(report["warnings"].to_string().contains(&warning), "{report:#}");
        assert_eq!(digest(report), reached);
    }
    shop.aws.answer("probe:Ask", |_, _| Some(crate::scripted::Answer::new(503, "")));
    let report = run(&shop, &["plan", "deploy", "stage"]).outcome("planned", 0);
    assert!(!report["warnings"].to_string().contains("probe"), "any answer is that of what runs: {report:#}");
}
