//! Faults of the way to AWS: throttling, lost answers, server errors, answers that are none.

use serde_json::json;

use crate::scripted::{Answer, Call, SERVICE, Shop, World, all_at_once, arn, text, timed};

fn throttled(call: &Call) -> Answer {
    call.error(400, "ThrottlingException", "Rate exceeded")
}

/// The service takes the update.
fn take(call: &Call, world: &mut World) {
    world.update(SERVICE, call.body["taskDefinition"].as_str().unwrap());
}

#[test]
fn throttling_that_passes_is_borne() {
    all_at_once(
        ["ecs:RegisterTaskDefinition", "ecs:UpdateService", "ecs:DescribeServices", "ecs:TagResource"],
        |operation| {
            let shop = Shop::new();
            shop.aws.answer(operation, |call, _| (call.nth <= 2).then(|| throttled(call)));
            shop.deploy().outcome("deployed", 0);
        },
    );
}

/// ECS refuses parallel registrations of one family with an error that no SDK retries.
#[test]
fn registrations_at_the_same_time_are_retried() {
    let shop = Shop::new();
    shop.aws.answer("ecs:RegisterTaskDefinition", |call, _| {
        let message = "Too many concurrent attempts to create a new revision of the specified family.";
        (call.nth <= 2).then(|| call.error(400, "ClientException", message))
    });
    shop.deploy().outcome("deployed", 0);
}

#[test]
fn server_errors_at_the_first_looks_are_borne() {
    all_at_once([500, 503], |status| {
        let shop = Shop::new();
        shop.aws.answer("ecs:DescribeServices", move |call, _| {
            (3..=4).contains(&call.nth).then(|| call.error(status, "ServerException", "Service Unavailable."))
        });
        shop.deploy().outcome("deployed", 0);
    });
}

#[test]
fn an_update_that_is_lost_once_is_not_lost() {
    let shop = Shop::new();
    shop.aws.answer("ecs:UpdateService", |call, _| (call.nth == 1).then_some(Answer::hang_up()));
    shop.deploy().outcome("deployed", 0);
}

/// A refusal is an answer: nothing was changed, and there is no wait.
#[test]
fn an_update_that_is_refused_is_failed_at_once() {
    for (status, code) in [(400, "AccessDeniedException"), (403, "AccessDenied"), (404, "ServiceNotFoundException")] {
        let shop = Shop::new();
        shop.aws.refuse("ecs:UpdateService", status, code, "No.");
        if code == "AccessDenied" {
            shop.aws.expect_violation("ecs:UpdateService", "\"AccessDenied\" is no error");
        }
        let (ran, taken) = timed(|| shop.deploy());
        let report = ran.outcome("failed", 1);
        assert_eq!(report["components"][0]["changed"], false);
        assert!(taken.as_secs() < 8, "{taken:?}");
    }
}

const GARBAGE: [&str; 6] = ["", "{", "<html>", "[]", "null", "\u{0}\u{1b}[31m"];

#[test]
fn answers_that_are_none_before_the_change_are_failed() {
    let operations = [
        "sts:GetCallerIdentity",
        "ecr:GetAuthorizationToken",
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "ecs:RegisterTaskDefinition",
    ];
    all_at_once(operations, |operation| {
        for garbage in GARBAGE {
            let shop = Shop::new();
            shop.aws.answer(operation, move |call, _| Some(call.aws(200, garbage)));
            shop.aws.expect_violation(operation, "is not ");
            let report = shop.deploy().outcome("failed", 1);
            assert!(!shop.aws.mutations().contains(&"ecs:UpdateService".to_owned()), "{operation} {garbage:?}");
            assert!(report["components"].as_array().unwrap().iter().all(|it| it["changed"] == false), "{report:#}");
        }
    });
}

#[test]
fn answers_without_their_content_before_the_change_are_failed() {
    let cases = [
        ("ecr:GetAuthorizationToken", json!({})),
        (
            "ecr:GetAuthorizationToken",
            json!({"authorizationData": [{"authorizationToken": "%%%", "proxyEndpoint": "https://x"}]}),
        ),
        ("ecs:DescribeServices", json!({})),
        ("ecs:DescribeTaskDefinition", json!({})),
        ("ecs:DescribeTaskDefinition", json!({"taskDefinition": {}})),
        (
            "ecs:DescribeTaskDefinition",
            json!({"taskDefinition": {"taskDefinitionArn": "a", "family": "b", "containerDefinitions": []}}),
        ),
        ("ecs:RegisterTaskDefinition", json!({})),
        ("ecs:RegisterTaskDefinition", json!({"taskDefinition": {}})),
    ];
    all_at_once(cases, |(operation, answer)| {
        let shop = Shop::new();
        shop.aws.answer(operation, move |call, _| Some(call.json(&answer)));
        shop.deploy().outcome("failed", 1);
        assert!(!shop.aws.mutations().contains(&"ecs:UpdateService".to_owned()), "{operation}");
    });
}

#[test]
fn answers_that_are_none_after_the_change_are_broken() {
    all_at_once(["ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks"], |operation| {
        for garbage in ["{", "<html>", "[]"] {
            let shop = Shop::new();
            shop.aws.answer(operation, move |call, world| {
                let updated = world.services[0].deployments[0].id != "ecs-svc/1";
                updated.then(|| call.aws(200, garbage))
            });
            shop.aws.expect_violation(operation, "is not ");
            shop.deploy().outcome("broken", 6);
        }
    });
}

#[test]
fn a_truncated_answer_is_asked_for_again() {
    let shop = Shop::new();
    let truncated = |call: &Call| (call.nth % 2 == 1).then(|| Answer::truncated("{\"services\""));
    shop.aws.answer("ecs:DescribeServices", move |call, _| truncated(call));
    shop.aws.answer("ecs:DescribeTasks", move |call, _| truncated(call));
    shop.deploy().outcome("deployed", 0);
}

#[test]
fn an_update_answered_with_nothing_is_looked_up() {
    let shop = Shop::new();
    shop.aws.answer("ecs:UpdateService", |call, world| {
        take(call, world);
        Some(call.json(&json!({})))
    });
    shop.deploy().outcome("deployed", 0);
}

/// A registered revision may not be known everywhere for a moment.
#[test]
fn a_revision_that_is_not_known_yet_is_tried_again() {
    let shop = Shop::new();
    shop.aws.answer("ecs:UpdateService", |call, _| {
        (call.nth <= 2).then(|| call.error(400, "ClientException", "TaskDefinition not found."))
    });
    shop.deploy().outcome("deployed", 0);
    assert_eq!(
        shop.aws.world(|world| world.services[0].deployments[0].definition.clone()),
        arn("task-definition", "backend:8")
    );
}

/// The JSON contract has `hints[]` when the exit is not 0, and the issue wants a hint that says what to do.
#[test]
fn every_error_of_aws_comes_with_a_hint() {
    let cases = [
        ("ecs:RegisterTaskDefinition", "ClientException", "Role is not valid"),
        ("ecs:DescribeTaskDefinition", "ClientException", "Unable to describe task definition."),
        ("ecs:UpdateService", "InvalidParameterException", "The new ARN and resource ID format must be enabled."),
        ("ecs:UpdateService", "PlatformTaskDefinitionIncompatibilityException", "It does not fit."),
        ("ecr:GetAuthorizationToken", "InvalidParameterException", "No."),
    ];
    all_at_once(cases, |(operation, code, message)| {
        let shop = Shop::new();
        shop.aws.refuse(operation, 400, code, message);
        let report = shop.deploy().outcome("failed", 1);
        assert!(!text(&report, "hints").is_empty(), "{operation} {code}: {report:#}");
    });
}
