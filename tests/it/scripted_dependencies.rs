//! Components that depend on one another, in everything that changes an environment.

use serde_json::{Value, json};

use crate::harness::{Ran, assert_reported, steps, texts};
use crate::scripted::{ACCOUNT, CLUSTER, Shop, all_at_once, arn, config, text};

const WORKER: &str = "stage-worker";
const LIVE_BACKEND: &str = "production-backend";
const LIVE_WORKER: &str = "production-worker";

/// The places of the services in the scripted world.
const STAGE: [usize; 2] = [0, 1];
const PRODUCTION: [usize; 2] = [2, 3];

/// Stage and production with a backend and a worker, of which one may depend on the other.
fn shop(backend: &str, worker: &str) -> Shop {
    let components = format!(
        "{backend}\n[components.worker]\nkind = \"ecs\"\nsettle = \"0s\"\nimage-from = \"backend\"\ncontainer = \"web\"\n\
         cluster = \"{CLUSTER}\"\nservice = \"{WORKER}\"\n{worker}"
    );
    let production = format!(
        "[environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         [environments.production.gates]\napproval = \"none\"\n\
         [environments.production.components.backend]\nservice = \"{LIVE_BACKEND}\"\n\
         [environments.production.components.worker]\nservice = \"{LIVE_WORKER}\"\n"
    );
    let shop = Shop::with_config(&format!("{}{production}", config(&components)));
    shop.aws.world(|world| [WORKER, LIVE_BACKEND, LIVE_WORKER].into_iter().for_each(|name| world.add_service(name)));
    shop
}

fn commits(shop: &Shop, count: usize) -> Vec<String> {
    (0..count).map(|number| shop.repository.commit(&format!("Release {number}"))).collect()
}

/// Lets both services of an environment run these releases, one after the other.
fn serve(shop: &Shop, services: [usize; 2], releases: &[String]) {
    shop.aws.world(|world| services.into_iter().for_each(|index| world.serve(index, releases)));
}

fn run(shop: &Shop, arguments: &[&str]) -> Ran {
    shop.shipgate(&[arguments, &["--output", "json"]].concat()).run()
}

/// Each component with its outcome: `worker deployed`.
fn ended(report: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let components = report["components"].as_array().unwrap().iter();
    components.map(|it| format!("{} {}", word(&it["name"]), word(&it["outcome"]))).collect()
}

fn running(shop: &Shop) -> Vec<String> {
    shop.aws.world(|world| world.services.iter().map(|service| service.deployments[0].definition.clone()).collect())
}

/// The names of the services in the order of their updates.
fn updated(shop: &Shop) -> Vec<String> {
    let updates = shop.aws.calls().into_iter().filter(|call| call.operation == "ecs:UpdateService");
    updates.map(|call| call.body["service"].as_str().unwrap().to_owned()).collect()
}

/// A run that ships a part alone is not reported for the whole.
#[test]
fn a_part_that_is_shipped_alone_is_named() {
    let shop = shop("", "");
    let releases = commits(&shop, 2);
    serve(&shop, STAGE, &releases[..1]);
    serve(&shop, PRODUCTION, &releases[..1]);
    shop.aws.world(|world| world.registry.put_image(&releases[1], Some(&releases[1])));
    let short = &releases[1][..7];
    for (command, environment) in [("deploy", "stage"), ("promote", "production")] {
        let ran = run(&shop, &[command, environment, "--component", "worker"]);
        let report = ran.outcome("deployed", 0);
        assert_eq!(report["gates"][1]["reason"], format!("no hold on worker of {environment}"));
        assert_eq!(report["environment"], environment);
        ran.expect_stderr(&format!("deployed: worker of {environment} runs {short}, read back"));
        let all = run(&shop, &[command, environment]);
        all.outcome("deployed", 0);
        all.expect_stderr(&format!("deployed: {environment} runs {short}, read back"));
    }
    run(&shop, &["hold", "production", "--reason", "carts fail"]).expect_code(0);
    let newer = commits(&shop, 1);
    serve(&shop, STAGE, &newer);
    let report = run(&shop, &["promote", "production"]).outcome("refused", 3);
    assert_reported(&report["causes"], &["production is held (backend, worker: carts fail)"]);
    assert_eq!(report["hints"].as_array().unwrap().len(), 1);
    assert_reported(&report["hints"], &["every release", "`shipgate unhold production --reason …`"]);
}

#[test]
fn a_component_comes_after_what_it_depends_on_whatever_the_order_of_the_file() {
    let shop = shop("depends-on = [\"worker\"]", "");
    let releases = commits(&shop, 2);
    serve(&shop, STAGE, &releases[..1]);
    serve(&shop, PRODUCTION, &releases[..1]);
    shop.aws.world(|world| world.registry.put_image(&releases[1], Some(&releases[1])));
    for (arguments, services) in [
        (["deploy", "stage"], [WORKER, "stage-backend"]),
        (["promote", "production"], [LIVE_WORKER, LIVE_BACKEND]),
        (["rollback", "production"], [LIVE_WORKER, LIVE_BACKEND]),
    ] {
        shop.aws.forget();
        let report = run(&shop, &arguments).outcome("deployed", 0);
        assert_eq!(ended(&report), ["worker deployed", "backend deployed"], "{arguments:?}");
        assert_eq!(updated(&shop), services, "{arguments:?}");
        let steps = steps(&report);
        let position = |name: &str| steps.iter().position(|step| step == &format!("{name}: done")).unwrap();
        assert!(position("wait for worker") < position("update backend"), "{steps:?}");
    }
}

#[test]
fn what_comes_after_a_failed_component_is_skipped_and_the_total_is_the_worst() {
    all_at_once(["deploy", "rollback"], |command| {
        let shop = shop("depends-on = [\"worker\"]", "");
        let releases = commits(&shop, 3);
        serve(&shop, STAGE, &releases[..2]);
        shop.aws.world(|world| world.registry.put_image(&releases[2], Some(&releases[2])));
        let before = running(&shop);
        shop.aws.answer("ecs:UpdateService", |call, _| {
            let of_worker = call.body["service"] == WORKER;
            of_worker.then(|| call.error(400, "InvalidParameterException", "No."))
        });

        let report = run(&shop, &[command, "stage"]).outcome("failed", 1);

        assert_eq!(ended(&report), ["worker failed", "backend skipped"]);
        assert!(report["reason"].as_str().unwrap().starts_with("worker: "), "{report:#}");
        assert_eq!(report["components"][1]["changed"], false);
        assert_eq!(report["components"][1]["current"], report["components"][1]["previous"]);
        assert_eq!(running(&shop), before);
    });
}

#[test]
fn a_rollback_that_breaks_after_one_component_names_the_one_that_was_changed() {
    let shop = shop("", "depends-on = [\"backend\"]");
    let releases = commits(&shop, 2);
    serve(&shop, STAGE, &releases);
    let before = running(&shop);
    shop.aws.answer("ecs:UpdateService", |call, _| {
        let of_worker = call.body["service"] == WORKER;
        of_worker.then(|| call.error(400, "InvalidParameterException", "No."))
    });

    let report = run(&shop, &["rollback", "stage"]).outcome("failed", 1);

    assert_eq!(ended(&report), ["backend deployed", "worker failed"]);
    assert!(report["reason"].as_str().unwrap().contains("also changed, and left so: backend"), "{report:#}");
    assert_eq!(running(&shop)[1..], before[1..]);
    let left = text(&report, "left_behind");
    assert!(left.contains("backend:13") && !left.contains("hold on"), "what backend left is held on both: {left}");
}

/// What failed for one component is tried again: the others are there already.
#[test]
fn a_rollback_that_failed_for_one_component_is_completed_by_the_next() {
    let shop = shop("", "depends-on = [\"backend\"]");
    let releases = commits(&shop, 3);
    serve(&shop, STAGE, &releases);
    shop.aws.answer("ecs:UpdateService", |call, _| {
        let is_first_of_worker = call.body["service"] == WORKER && call.nth == 2;
        is_first_of_worker.then(|| call.error(400, "InvalidParameterException", "No."))
    });
    run(&shop, &["rollback", "stage"]).outcome("failed", 1);

    let report = run(&shop, &["rollback", "stage"]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[1]);
    assert_eq!(ended(&report), ["backend unchanged", "worker deployed"]);
}

#[test]
fn a_component_shipped_alone_warns_of_a_dependency_with_another_release() {
    let shop = shop("", "depends-on = [\"backend\"]");
    let releases = commits(&shop, 2);
    serve(&shop, STAGE, &releases[..1]);
    serve(&shop, PRODUCTION, &releases[..1]);
    shop.aws.world(|world| {
        world.serve(1, &releases[1..]);
        world.serve(3, &releases[1..]);
    });
    let warnings = |arguments: &[&str], outcome: &str| {
        let report = run(&shop, arguments).outcome(outcome, 0);
        let warnings = texts(&report["warnings"]).into_iter().filter(|text| !text.contains("by the ledger alone"));
        warnings.map(str::to_owned).collect::<Vec<_>>()
    };
    let runs_another = format!("worker depends on backend, which runs {}, not this release", releases[0]);

    assert_eq!(warnings(&["plan", "deploy", "stage", "--component", "worker"], "planned"), [runs_another.as_str()]);
    assert_eq!(warnings(&["deploy", "stage", "--component", "worker"], "unchanged"), [runs_another.as_str()]);
    let promote = ["promote", "production", "--release", &releases[1], "--component", "worker"];
    assert_eq!(warnings(&promote, "unchanged"), [runs_another.as_str()]);
    // Both run the older release then, which is what the worker depends on.
    assert_eq!(warnings(&["rollback", "production", "--component", "worker"], "deployed"), [""; 0]);
    // No component depends on the worker.
    assert_eq!(warnings(&["deploy", "stage", "--component", "backend"], "deployed"), [""; 0]);
}

#[test]
fn components_with_different_histories_go_back_to_what_both_ran() {
    let shop = shop("", "depends-on = [\"backend\"]");
    let releases = commits(&shop, 4);
    let of = |numbers: &[usize]| numbers.iter().map(|number| releases[*number].clone()).collect::<Vec<_>>();
    shop.aws.world(|world| {
        world.serve(0, &of(&[0, 1, 3]));
        world.serve(1, &of(&[0, 2, 3]));
    });

    let report = run(&shop, &["rollback", "stage"]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[0]);
    assert_eq!(ended(&report), ["backend deployed", "worker deployed"]);
    let before = running(&shop);
    shop.aws.change("ecs:ListTaskDefinitions", |_, answer| {
        answer["taskDefinitionArns"].as_array_mut().unwrap().retain(|it| *it != arn("task-definition", "backend:7"));
    });
    let report = run(&shop, &["rollback", "stage"]).outcome("failed", 1);
    assert_reported(
        &report["causes"],
        &["backend: 3 releases succeeded there, it runs one of them, a rollback bars 2"],
    );
    assert!(!text(&report, "hints").contains("--component"), "neither can go back alone: {report:#}");
    assert_eq!(running(&shop), before);
}

#[test]
fn without_a_common_release_a_part_goes_back_alone() {
    let shop = shop("", "");
    let releases = commits(&shop, 3);
    shop.aws.world(|world| {
        world.serve(0, &[releases[0].clone(), releases[2].clone()]);
        world.serve(1, &[releases[1].clone(), releases[2].clone()]);
    });
    let before = running(&shop);

    let report = run(&shop, &["rollback", "stage"]).outcome("failed", 1);
    for component in ["backend", "worker"] {
        let counted = "2 releases succeeded there, it runs one of them, 1 it can go back to alone";
        assert_reported(&report["causes"], &[&format!("{component}: {counted}")]);
        assert_reported(&report["hints"], &[&format!("--component {component}")]);
    }
    let named = run(&shop, &["rollback", "stage", "--release", &releases[0]]).outcome("failed", 1);
    assert!(named["reason"].as_str().unwrap().contains("never succeeded as `worker`"), "{named:#}");
    assert_eq!((shop.aws.mutations(), running(&shop)), (Vec::new(), before.clone()));

    let report = run(&shop, &["rollback", "stage", "--component", "worker"]).outcome("deployed", 0);
    assert_eq!((&report["release"]["sha"], ended(&report)), (&json!(releases[1]), vec!["worker deployed".to_owned()]));
    assert_eq!(running(&shop)[0], before[0]);
}

#[test]
fn a_component_that_never_got_the_newest_release_stays() {
    let shop = shop("", "depends-on = [\"backend\"]");
    let releases = commits(&shop, 3);
    shop.aws.world(|world| {
        world.serve(0, &releases);
        world.serve(1, &releases[..2]);
    });
    let before = running(&shop);

    let report = run(&shop, &["rollback", "stage"]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[1]);
    assert_eq!(ended(&report), ["backend deployed", "worker unchanged"]);
    assert_eq!(running(&shop)[1], before[1]);
    let held = shop.aws.world(|world| [world.services[0].tags.len(), world.services[1].tags.len()]);
    assert_eq!(held, [1, 1], "a hold is about the environment");
    let steps = steps(&report);
    let position = |step: &str| steps.iter().position(|other| *other == format!("{step}: done")).unwrap();
    assert!(position("hold worker") < position("update backend"), "{steps:?}");
}

/// A part that did not leave the release gets it by no other way either.
#[test]
fn what_one_component_left_comes_back_by_no_other() {
    let shop = shop("", "");
    let releases = commits(&shop, 2);
    shop.aws.world(|world| {
        world.serve(0, &releases);
        world.serve(1, &releases[..1]);
    });
    run(&shop, &["rollback", "stage"]).outcome("deployed", 0);

    let report = run(&shop, &["deploy", "stage", "--component", "worker"]).outcome("refused", 3);

    assert_reported(&report["causes"], &["hold", "worker", &releases[1][..7], &releases[0][..7]]);
}

#[test]
fn a_hold_that_cannot_be_put_on_one_component_changes_none() {
    let shop = shop("", "depends-on = [\"backend\"]");
    let releases = commits(&shop, 2);
    serve(&shop, STAGE, &releases);
    let before = running(&shop);
    shop.aws.answer("ecs:TagResource", |call, _| {
        let of_worker = call.body["resourceArn"].as_str().unwrap().ends_with(WORKER);
        of_worker.then(|| call.error(400, "AccessDeniedException", "not authorized: ecs:TagResource"))
    });

    let report = run(&shop, &["rollback", "stage"]).outcome("failed", 1);

    assert_eq!((running(&shop), ended(&report)), (before, vec!["backend failed".into(), "worker skipped".into()]));
    assert_reported(&report["left_behind"], &["hold on service stage-backend"]);
}

#[test]
fn what_ecs_rolls_back_meets_what_the_pre_deploy_command_did_and_that_is_told() {
    for (more, messages) in [("pre-deploy = [\"migrate\"]", true), ("", false)] {
        let shop = Shop::with(more);
        shop.aws.at_look(1, |world| {
            world.roll_out(&[
                ("3", "backend:7", "IN_PROGRESS"),
                ("2", "backend:8", "FAILED"),
                ("1", "backend:7", "COMPLETED"),
            ]);
        });

        let report = shop.deploy().outcome("rolled-back", 5);

        let causes = text(&report, "causes");
        assert_eq!(causes.contains("pre-deploy command of the failed release had run"), messages, "{causes}");
        assert_eq!(text(&report["components"][0], "causes"), causes);
        assert_eq!(running(&shop), [arn("task-definition", "backend:7")]);
    }
}

/// Whether the first or the second of them is on its way.
#[test]
fn a_rollback_of_both_that_is_interrupted_is_completed_by_the_next() {
    all_at_once([0, 1], |moving| {
        let shop = shop("", "depends-on = [\"backend\"]");
        let releases = commits(&shop, 3);
        serve(&shop, STAGE, &releases);
        let name = ["backend", "worker"][moving];
        let last = [STAGE[moving]];
        shop.aws.answer("ecs:UpdateService", move |call, world| {
            let is_last = world.services[last[0]].name == call.body["service"].as_str().unwrap();
            world.looks = if is_last { 100_000 } else { 0 };
            None
        });
        let rollback = shop.shipgate(&["rollback", "stage", "--output", "json"]).start();
        rollback.until_stderr(&format!("{name:7}  roll out: "));
        rollback.signal("TERM");
        rollback.wait().outcome("interrupted", 130);
        shop.aws.world(|world| world.services[moving].finish());
        shop.aws.answer("ecs:UpdateService", |_, world| {
            world.looks = 0;
            None
        });

        let report = run(&shop, &["rollback", "stage"]).outcome("deployed", 0);

        assert_eq!(report["release"]["sha"], releases[1], "{name}");
        let second = ["worker deployed", "worker deployed"][moving];
        assert_eq!(ended(&report), [["backend deployed", "backend unchanged"][moving], second]);
    });
}
