//! Text that others wrote never becomes a command of the runner, a forged line or a terminal sequence.

use serde_json::{Value, json};

use crate::harness::Ran;
use crate::runner::command::foreign;
use crate::scripted::{Shop, all_at_once, refusal};

/// All at once: a workflow command, one of the older form, colour, a bell, a new line and a carriage return.
const EVIL: &str = "x\n::error::forged\r::set-output name=a::b ##[group]forged \u{1b}[31mred\u{1b}[0m\u{7}\u{202e}end";

/// Deploys as JSON in a workflow.
fn in_actions(shop: &Shop, arguments: &[&str]) -> Ran {
    shop.shipgate(arguments).env("GITHUB_ACTIONS", "true").env("CI", "true").run()
}

/// Insists that nothing in the output can be taken for shipgate's, and that the text was shown at all.
#[track_caller]
fn harmless(ran: &Ran) {
    for output in [&ran.stderr, &ran.stdout] {
        assert!(!output.contains("##["), "a command: {output}");
        assert_eq!(foreign(output), []);
        let controls: Vec<char> = output.chars().filter(|c| c.is_control() && *c != '\n').collect();
        assert!(controls.is_empty() && !output.contains('\u{202e}'), "{controls:?} in {output:?}");
    }
    let shown = format!("{}{}", ran.stderr, ran.stdout);
    assert!(shown.contains("forged"), "the text was not shown, so nothing was tested\n{shown}");
}

const DEPLOY: [&str; 4] = ["deploy", "stage", "--output", "json"];

#[test]
fn events_reasons_stops_and_logs() {
    all_at_once([&DEPLOY[..], &DEPLOY[..2]], |arguments| {
        let shop = Shop::new();
        shop.aws.at_look(1, |world| {
            world.log = vec![EVIL.to_owned(), "::error::forged".to_owned()];
            world.services[0].events = vec![json!({"id": "e1", "createdAt": 1.0, "message": EVIL})];
            world.remember_stopped("backend:8", EVIL, EVIL, &json!({"exitCode": 3, "reason": EVIL}));
            world.roll_out(&[("2", "backend:8", "FAILED")]);
        });
        shop.aws.after_update(|service| service["deployments"][0]["rolloutStateReason"] = json!(EVIL));
        shop.aws.expect_violation("ecs:DescribeTasks", "stopCode: \"x\\n::error");
        let ran = in_actions(&shop, &[arguments, &["-v"]].concat());
        harmless(&ran);
        assert!(ran.stderr.contains("its log:") && ran.stderr.contains("  | x"), "{}", ran.stderr);
    });
}

#[test]
fn errors_of_aws_and_of_the_registry() {
    let operations =
        ["sts:GetCallerIdentity", "ecr:GetAuthorizationToken", "ecs:DescribeServices", "ecs:UpdateService"];
    all_at_once(operations, |operation| {
        let shop = Shop::new();
        shop.aws.answer(operation, |call, _| {
            let (code, text) = if call.operation.starts_with("sts:") {
                ("ValidationError", EVIL.replace(['\u{1b}', '\u{7}'], ""))
            } else {
                ("InvalidParameterException", EVIL.to_owned())
            };
            Some(call.error(400, code, &text))
        });
        harmless(&in_actions(&shop, &DEPLOY));
    });
    all_at_once([400, 403, 500], |status| {
        let shop = Shop::new();
        shop.aws.answer("registry:GetManifest", move |_, _| Some(refusal(status, "DENIED", EVIL)));
        harmless(&in_actions(&shop, &DEPLOY));
    });
}

#[test]
fn words_that_ecs_does_not_know_yet() {
    let shop = Shop::new();
    shop.aws.change("ecs:DescribeServices", |_, answer| {
        answer["services"][0]["deploymentController"] = json!({"type": EVIL});
    });
    shop.aws.expect_violation("ecs:DescribeServices", "deploymentController.type: \"x\\n::error");
    harmless(&in_actions(&shop, &DEPLOY));
    let shop = Shop::new();
    shop.aws.after_update(|service| service["status"] = json!(EVIL));
    harmless(&in_actions(&shop, &DEPLOY));
}

#[test]
fn a_one_off_task_and_its_log() {
    let shop = Shop::with("pre-deploy = [\"migrate\"]");
    shop.aws.world(|world| {
        world.one_off_exit = Some(1);
        world.log = vec![EVIL.to_owned()];
    });
    shop.aws.change("ecs:DescribeTasks", |_, answer| answer["tasks"][0]["stoppedReason"] = json!(EVIL));
    harmless(&in_actions(&shop, &DEPLOY));
    shop.aws.change("ecs:RunTask", |_, answer| {
        *answer = json!({"failures": [{"arn": EVIL, "reason": EVIL, "detail": EVIL}]});
    });
    harmless(&in_actions(&shop, &DEPLOY));
}

#[test]
fn logs_for_people_and_as_json() {
    let shop = Shop::new();
    shop.aws.world(|world| world.log = vec![EVIL.to_owned(), "::error::forged".to_owned()]);
    harmless(&in_actions(&shop, &["logs", "stage"]));
    harmless(&in_actions(&shop, &["logs", "stage", "--output", "json"]));
}

/// Names in a task definition are anybody's: a docker label may have any characters.
#[test]
fn names_and_values_in_a_task_definition() {
    let cases: [fn(&mut Value); 4] = [
        |document| document["containerDefinitions"][0]["image"] = json!(EVIL),
        |document| document["containerDefinitions"][0]["dockerLabels"] = json!({EVIL: "x", "shipgate.sha": EVIL}),
        |document| document["containerDefinitions"][0]["environment"] = json!([{"name": EVIL, "value": "x"}]),
        |document| document["containerDefinitions"][1]["name"] = json!(EVIL),
    ];
    for change in cases {
        // The file has none of it, so that the plan shows what goes.
        let shop = Shop::with("task-definition = \"task.json\"");
        let file = shop.aws.world(|world| {
            let mut file = world.definitions[0].document.clone();
            file["containerDefinitions"].as_array_mut().unwrap().truncate(1);
            let arn = world.register_by_hand(change);
            world.roll_out(&[("1", arn.rsplit('/').next().unwrap(), "COMPLETED")]);
            file
        });
        shop.repository.write("task.json", file.to_string());
        let head = shop.repository.commit("Keep the task definition here");
        shop.aws.world(|world| world.registry.put_image(&head, Some(&head)));
        harmless(&in_actions(&shop, &["plan", "deploy", "stage", "--output", "json"]));
        harmless(&in_actions(&shop, &["plan", "deploy", "stage"]));
    }
}

#[test]
fn a_foreign_revision_name() {
    let shop = Shop::new();
    shop.aws.change("ecs:DescribeServices", |call, answer| {
        let primary = &mut answer["services"][0]["deployments"][0];
        if call.nth > 3 {
            primary["id"] = json!("ecs-svc/3");
            primary["taskDefinition"] = json!(EVIL);
        }
    });
    harmless(&in_actions(&shop, &DEPLOY));
}

/// A hold is a tag of the service, and anybody who may tag it can write one.
#[test]
fn holds_that_somebody_else_wrote() {
    let tags = [
        ("shipgate:hold".to_owned(), format!("2026-11-20T10:00:00Z run {EVIL}")),
        (
            "shipgate:hold".to_owned(),
            "2026-11-20T10:00:00Z run =0A::error::forged=1B[31m=0D##[group]=E2=80=AE".to_owned(),
        ),
        ("shipgate:hold".to_owned(), format!("{EVIL} {EVIL} {EVIL}")),
        (format!("shipgate:hold:{EVIL}"), EVIL.to_owned()),
    ];
    all_at_once(tags, |(key, value)| {
        for arguments in [
            &["unhold", "stage", "--reason", "x"][..],
            &["unhold", "stage", "--reason", "x", "--output", "json"],
            &["hold", "stage", "--reason", EVIL],
            &["hold", "stage", "--reason", EVIL, "--output", "json"],
            &["status", "stage"],
            &["status", "stage", "--output", "json"],
        ] {
            let shop = Shop::new();
            shop.aws.world(|world| world.services[0].tags.push(json!({"key": key, "value": value})));
            shop.aws.expect_violation("ecs:DescribeServices", "services[0].tags[0].");
            if key.contains(EVIL) && arguments[0] == "unhold" {
                shop.aws.expect_violation("ecs:UntagResource", "tagKeys[0]: \"shipgate:hold:x\\n::error");
            }
            harmless(&in_actions(&shop, arguments));
            // What they leave behind can be written on a tag.
            let tags = shop.aws.world(|world| world.services[0].tags.clone());
            let ours = tags.iter().filter(|tag| tag["key"] != key);
            let plain = |c: char| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c);
            assert!(ours.clone().all(|tag| tag["value"].as_str().unwrap().chars().all(plain)), "{tags:?}");
        }
    });
}

/// So is the ledger: tags of a revision.
#[test]
fn ledger_entries_that_somebody_else_wrote() {
    let shop = Shop::new();
    shop.aws.world(|world| {
        let tag = |key: &str, value: &str| json!({"key": format!("shipgate:{key}"), "value": value});
        let ours = world.register_ours(&"a".repeat(40), &[]);
        let service = world.tags(&ours).unwrap()[1].clone();
        world.definitions[0].tags = vec![
            tag("sha", &"a".repeat(40)),
            service,
            tag("digest", EVIL),
            tag("run", EVIL),
            tag("restores", EVIL),
            tag("outcome", EVIL),
            tag("at", EVIL),
        ];
    });
    shop.aws.expect_violation("ecs:DescribeTaskDefinition", "value: \"x\\n::error");
    let table = in_actions(&shop, &["history", "stage"]).expect_code(0);
    harmless(&table);
    assert!(table.stdout.contains(" unknown (current) "), "{}", table.stdout);
    harmless(&in_actions(&shop, &["history", "stage", "--output", "json"]).expect_code(0));
}
