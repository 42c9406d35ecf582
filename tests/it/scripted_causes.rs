//! Why a rollout failed: which logs are read, what events and stopped tasks come to, and what may not be read.

use serde_json::{Value, json};

use crate::scripted::{Call, Shop, World, arn, text, time};

const EXITED: (&str, &str) = ("EssentialContainerExited", "Essential container in task exited");

/// A shop whose rollout is rolled back after something happened.
fn failing(happens: impl Fn(&mut World) + Send + 'static) -> Shop {
    let shop = Shop::new();
    shop.aws.at_look(1, move |world| {
        happens(world);
        world.roll_out(&[
            ("3", "backend:7", "IN_PROGRESS"),
            ("2", "backend:8", "FAILED"),
            ("1", "backend:7", "COMPLETED"),
        ]);
    });
    shop
}

/// Tasks whose container exits with a code.
fn crash(world: &mut World, tasks: usize, code: i32) {
    (0..tasks).for_each(|_| world.remember_stopped("backend:8", EXITED.0, EXITED.1, &json!({"exitCode": code})));
}

/// Sets an option of a container's log.
fn log_to(shop: &Shop, container: usize, options: &Value) {
    shop.aws.world(|world| {
        world.definitions[0].document["containerDefinitions"][container]["logConfiguration"] =
            json!({"logDriver": "awslogs", "options": options});
    });
}

/// The logs that were read to say why. The one line that is shown when a task fails is not among them.
fn reads(shop: &Shop) -> Vec<Call> {
    let is_read = |call: &Call| call.operation == "logs:GetLogEvents" && call.body["limit"] != 1;
    shop.aws.calls().into_iter().filter(is_read).collect()
}

#[test]
fn the_end_of_the_log_is_read_in_its_region() {
    let shop = failing(|world| {
        crash(world, 3, 1);
        world.log = (0..80).map(|line| format!("line {line}")).chain(["no such table: products".to_owned()]).collect();
    });
    let options =
        json!({"awslogs-group": "/ecs/stage", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "backend"});
    log_to(&shop, 0, &options);

    let report = shop.deploy().outcome("rolled-back", 5);

    let calls = reads(&shop);
    assert_eq!(calls.len(), 1, "one reason, one log, and it says enough: {calls:#?}");
    assert_eq!(calls[0].region.as_deref(), Some("eu-west-1"));
    assert_eq!(shop.aws.call("ecs:UpdateService").region.as_deref(), Some("us-east-1"));
    let body = &calls[0].body;
    assert_eq!((&body["startFromHead"], &body["limit"]), (&json!(false), &json!(100)));
    let causes: Vec<&str> = report["causes"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert!(causes[0].starts_with("3 tasks: container web exited with code 1"), "{causes:#?}");
    assert_eq!(causes[1], "its log: line 71", "the last ten");
    assert_eq!(causes[10], "its log: no such table: products");
    assert!(causes[11].starts_with("ECS deployment"), "what ECS says of it comes after why");
    let details = &report["cause_details"][0];
    let hint = "let a migration make it before the release: `pre-deploy` of the component; see that it ran on the database \
                that container `web` connects to";
    assert_eq!((&details["kind"], &details["hint"]), (&json!("application"), &json!(hint)));
    assert_eq!(report["hints"][0], hint);
    assert_eq!(report["hints"].as_array().unwrap().iter().filter(|it| **it == hint).count(), 1);
}

#[test]
fn a_log_that_is_late_is_waited_for() {
    let shop = failing(|world| crash(world, 1, 1));
    let mut asked = 0;
    shop.aws.change("logs:GetLogEvents", move |_, answer| {
        asked += 1;
        if asked > 3 {
            answer["events"] = json!([{"timestamp": 1, "message": "no such table: products"}]);
        }
    });
    let report = shop.deploy().outcome("rolled-back", 5);
    assert!(text(&report, "causes").contains("its log: no such table: products"), "{report:#}");
}

/// The local cloud gives all containers of a task the exit code of the first.
#[test]
fn the_log_is_that_of_the_container_that_failed() {
    let shop = failing(|world| {
        crash(world, 1, 143);
        let proxy = json!({"name": "proxy", "lastStatus": "STOPPED", "exitCode": 1});
        world.stopped[0]["containers"].as_array_mut().unwrap().push(proxy);
        world.log = vec!["nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)".to_owned()];
    });
    log_to(&shop, 1, &json!({"awslogs-group": "/ecs/proxy", "awslogs-stream-prefix": "side"}));
    shop.aws.world(|world| world.definitions[0].document["containerDefinitions"][1]["essential"] = json!(true));

    let report = shop.deploy().outcome("rolled-back", 5);

    let body = reads(&shop).remove(0).body;
    assert_eq!((&body["logGroupName"], &body["logStreamName"]), (&json!("/ecs/proxy"), &json!("side/proxy/stopped-0")));
    assert!(text(&report, "causes").starts_with("container proxy exited with code 1"), "{report:#}");
    assert!(text(&report, "hints").contains("let container `proxy` listen on a port from 1024 on"), "{report:#}");
}

#[test]
fn what_a_target_answers_is_said_and_what_was_before_the_rollout_is_not() {
    let group =
        "(target-group arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/stage-web/50dc6c495c0c9188)";
    let shop = failing(move |world| {
        let event = |id: &str, at: f64, reason: &str| {
            let message = format!("(service web) (port 8000) is unhealthy in {group} due to (reason {reason})");
            json!({"id": id, "createdAt": at, "message": message})
        };
        let now = event("2", time() + 60.0, "Health checks failed with these codes: [404]");
        world.services[0].events = vec![now, event("1", 1.0, "Request timed out")];
        let reason = format!("Task failed ELB health checks in {group}");
        let killed = json!({"exitCode": 143});
        world.remember_stopped("backend:8", "ServiceSchedulerInitiated", &reason, &killed);
        world.remember_stopped(
            "backend:8",
            "ServiceSchedulerInitiated",
            "Scaling activity initiated by (deployment x)",
            &killed,
        );
    });
    let report = shop.deploy().outcome("rolled-back", 5);
    let causes = text(&report, "causes");
    assert!(
        causes.starts_with(
            "target group stage-web finds a task unhealthy on port 8000: Health checks failed with these codes: [404]"
        ),
        "{causes}"
    );
    assert!(!causes.contains("timed out") && !causes.contains("Scaling activity"), "{causes}");
    assert_eq!(report["cause_details"][0]["code"], "http-404");
    let hint = "set the health-check path of target group `stage-web`";
    assert!(report["hints"][0].as_str().unwrap().starts_with(hint), "{report:#}");
}

#[test]
fn a_limit_of_memory_is_named() {
    let shop = failing(|world| {
        let killed = json!({"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"});
        world.remember_stopped("backend:8", EXITED.0, EXITED.1, &killed);
    });
    let report = shop.deploy().outcome("rolled-back", 5);
    assert!(
        text(&report, "causes").contains("exited with code 137 (out of memory, limit of the task 512 MiB)"),
        "{report:#}"
    );
    assert!(text(&report, "hints").contains("raise the task's `memory` of 512 MiB"), "{report:#}");
}

/// What is missing is said once for all tasks and logs, and the outcome is what it is.
#[test]
fn a_missing_permission_to_diagnose_is_said_once() {
    let shop = failing(|world| {
        crash(world, 1, 1);
        crash(world, 1, 3);
    });
    shop.aws.answer("logs:GetLogEvents", |call, _| {
        let message = format!("User: {} is not authorized to perform: logs:GetLogEvents", arn("x", "y"));
        Some(call.error(400, "AccessDeniedException", &message))
    });
    let report = shop.deploy().outcome("rolled-back", 5);
    assert!(reads(&shop).len() >= 2, "two reasons have two logs");
    let causes = text(&report, "causes");
    assert_eq!(causes.matches("permission `logs:GetLogEvents` is missing").count(), 1, "{causes}");
    assert!(causes.starts_with("container web exited with code"), "{causes}");
    let last = report["cause_details"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["kind"], &last["code"]), (&json!("permission"), &json!("AccessDeniedException")));
    let hints = text(&report, "hints");
    assert_eq!(hints.matches("logs:GetLogEvents").count(), 1, "{hints}");
}

#[test]
fn without_the_stopped_tasks_a_rollout_is_still_rolled_back() {
    let shop = failing(|world| crash(world, 2, 1));
    shop.aws.answer("ecs:ListTasks", |call, _| {
        let message = format!("User: {} is not authorized to perform: ecs:ListTasks", arn("x", "y"));
        (call.body["desiredStatus"] == "STOPPED").then(|| call.error(400, "AccessDeniedException", &message))
    });
    let report = shop.deploy().outcome("rolled-back", 5);
    let causes = text(&report, "causes");
    assert_eq!(causes.matches("`ecs:ListTasks` is missing").count(), 1, "{causes}");
    assert!(causes.contains("the stopped tasks cannot be read"), "{causes}");
}

/// The terminal and an annotation show each hint once.
#[test]
fn a_hint_is_shown_once() {
    let shop = failing(|world| {
        crash(world, 1, 1);
        crash(world, 1, 3);
        world.log = vec!["no such table: products".to_owned()];
    });
    let ran = shop.shipgate(&["deploy", "stage"]).env("GITHUB_ACTIONS", "true").env("CI", "true").run();
    let hint = "let a migration make it before the release";
    let annotations: Vec<&str> =
        ran.stdout.lines().chain(ran.stderr.lines()).filter(|line| line.starts_with("::error ")).collect();
    assert!(annotations.iter().any(|line| line.matches(hint).count() == 1), "{annotations:?}");
    let shown = ran.stderr.lines().filter(|line| !line.starts_with("::") && line.contains(hint)).count();
    assert_eq!(shown, 1, "{}", ran.stderr);
}
