//! Permissions that are missing: named exactly, and never taken for more or less than they mean.

use serde_json::Value;

use crate::scripted::{Answer, Call, Shop, all_at_once, text};

/// A refusal in the words of AWS.
fn denied(call: &Call, action: &str) -> Answer {
    let message = format!(
        "User: arn:aws:sts::123456789012:assumed-role/shipgate-stage/ci is not authorized to perform: {action} on \
         resource: arn:aws:x:us-east-1:123456789012:y/z because no identity-based policy allows the {action} action"
    );
    call.error(400, "AccessDeniedException", &message)
}

/// Every `service:Action` in the hints.
fn actions(report: &Value) -> Vec<String> {
    let hints = text(report, "hints");
    let quoted = hints.split('`').filter(|part| {
        part.split_once(':').is_some_and(|(service, action)| {
            ["ecs", "ecr", "iam", "logs", "sts"].contains(&service) && action.chars().all(char::is_alphanumeric)
        })
    });
    quoted.map(str::to_owned).collect()
}

#[test]
fn before_the_change_it_is_failed_and_the_action_is_named() {
    let cases = [
        "sts:GetCallerIdentity",
        "ecr:GetAuthorizationToken",
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "ecs:RegisterTaskDefinition",
        "ecs:ListTasks",
        "ecs:RunTask",
        "ecs:UpdateService",
    ];
    all_at_once(cases, |operation| {
        let shop = Shop::with("pre-deploy = [\"migrate\"]");
        shop.aws.answer(operation, move |call, _| Some(denied(call, operation)));
        let report = shop.deploy().outcome("failed", 1);
        assert_eq!(actions(&report), [operation], "{report:#}");
        assert!(text(&report, "causes").contains("is not authorized to perform"), "{report:#}");
    });
}

#[test]
fn a_missing_image_needs_one_more_permission() {
    let shop = Shop::new();
    shop.aws.world(|world| world.registry.manifests.clear());
    shop.aws.answer("ecr:BatchGetImage", |call, _| Some(denied(call, "ecr:BatchGetImage")));
    let report = shop.deploy().outcome("failed", 1);
    assert_eq!(actions(&report), ["ecr:BatchGetImage"], "{report:#}");
    assert_eq!(shop.aws.mutations(), [""; 0]);
}

/// AWS refuses a call also for an action that the call implies, and says which.
#[test]
fn an_implied_action_is_the_one_that_is_named() {
    let cases = [
        ("ecs:RegisterTaskDefinition", "iam:PassRole"),
        ("ecs:RegisterTaskDefinition", "ecs:TagResource"),
        ("ecs:RunTask", "iam:PassRole"),
        ("ecs:UpdateService", "iam:PassRole"),
    ];
    all_at_once(cases, |(operation, action)| {
        let shop = Shop::with("pre-deploy = [\"migrate\"]");
        shop.aws.answer(operation, move |call, _| Some(denied(call, action)));
        let report = shop.deploy().outcome("failed", 1);
        assert_eq!(actions(&report), [action], "{report:#}");
    });
}

#[test]
fn what_was_made_before_a_refusal_is_named() {
    let shop = Shop::with("pre-deploy = [\"migrate\"]");
    shop.aws.answer("ecs:UpdateService", |call, _| Some(denied(call, "ecs:UpdateService")));
    let report = shop.deploy().outcome("failed", 1);
    let left = text(&report, "left_behind");
    assert!(left.contains("backend:8") && left.contains("one-off-1"), "{left}");
    assert_eq!(report["components"][0]["changed"], false);
}

#[test]
fn an_outcome_that_cannot_be_written_is_a_warning() {
    let shop = Shop::new();
    shop.aws.answer("ecs:TagResource", |call, _| Some(denied(call, "ecs:TagResource")));
    let ran = shop.deploy();
    ran.outcome("deployed", 0);
    let ran = ran.expect_stderr("warning:").expect_stderr("`ecs:TagResource`");
    assert!(!ran.stderr.contains("error:"), "{}", ran.stderr);
}

#[test]
fn while_waiting_not_being_able_to_look_is_broken() {
    all_at_once(["ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks"], |operation| {
        let shop = Shop::new();
        shop.aws.answer(operation, move |call, world| {
            let updated = world.services[0].deployments[0].id != "ecs-svc/1" || world.services[0].deployments.len() > 1;
            updated.then(|| denied(call, operation))
        });
        let report = shop.deploy().outcome("broken", 6);
        assert_eq!(report["components"][0]["changed"], true);
        assert!(actions(&report).contains(&operation.to_owned()), "{report:#}");
    });
}
