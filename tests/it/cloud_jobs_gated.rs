//! `rollback.yml` and `hold.yml`, whole: what one person may do alone, and what GitHub's environment has to let through.

use serde_json::{Value, json};

use crate::cloud_jobs::{Scene, refused};
use crate::cloud_roles::{self, Job};
use crate::runner::expression::Status;
use crate::runner::job::JobRan;

const PRODUCTION: Job = Job::Environment("production");
const ROLLBACK: &str = ".github/workflows/rollback.yml";
const HOLD: &str = ".github/workflows/hold.yml";

/// A job of a workflow, with its identity for GitHub.
fn run(scene: &Scene, job: Job, (workflow, name): (&str, &str), inputs: Value) -> JobRan {
    let runner = scene.runner(job, "contents=read,statuses=write,pull_requests=read,actions=read");
    runner.job(workflow, name).inputs(inputs).run()
}

/// Production ran two releases, one after the other: the first of them.
fn two_releases(scene: &Scene) -> String {
    let first = scene.shop.head();
    for release in ["first", "second"] {
        if release == "second" {
            scene.shop.commit("Second");
        }
        scene.deploy().expect_success();
        scene.promote(&scene.plan()).expect_success();
    }
    first
}

#[track_caller]
fn went_back(scene: &Scene, ran: JobRan, release: &str) {
    let ran = ran.expect_success();
    assert_eq!((ran.outputs["outcome"].as_str(), ran.outputs["sha"].as_str()), ("deployed", release));
    assert_eq!(scene.cloud.releases("live"), [release]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_job_of_the_branch_returns_to_what_served_before_and_to_nothing_else() {
    let scene = Scene::new();
    let first = two_releases(&scene);
    let named = json!({"release": first});
    // The role decides, and not the workflow: it lets in what its trust policy names.
    let before = scene.cloud.production();
    let kept_out = run(&scene, Job::Main, (ROLLBACK, "rollback"), json!({}));
    assert_eq!(kept_out.result, Some(Status::Failure), "{}", kept_out.log());
    assert!(kept_out.log().contains("sts:AssumeRoleWithWebIdentity"), "{}", kept_out.log());
    assert_eq!(scene.cloud.production(), before);

    cloud_roles::let_in(&scene.cloud, "production", Job::Main);
    assert_eq!(run(&scene, Job::Main, (ROLLBACK, "rollback"), named).result, None, "a release is for the other job");
    went_back(&scene, run(&scene, Job::Main, (ROLLBACK, "rollback"), json!({})), &first);

    // What was left does not come back by the next click.
    refused(&scene, &scene.plan(), "hold");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_release_that_is_named_and_a_role_of_the_environment_alone_have_a_job_there() {
    let scene = Scene::new();
    let first = two_releases(&scene);
    let second = scene.shop.head();
    let alone = json!({"in-environment": true});
    assert_eq!(run(&scene, PRODUCTION, (ROLLBACK, "rollback"), alone.clone()).result, None);
    went_back(&scene, run(&scene, PRODUCTION, (ROLLBACK, "rollback-in-environment"), alone), &first);
    let named = json!({"release": second});
    assert_eq!(run(&scene, PRODUCTION, (ROLLBACK, "rollback-in-environment"), named.clone()).result, None);
    let plan = run(&scene, Job::Main, (ROLLBACK, "plan"), named.clone()).expect_success();
    let restore = scene.runner(PRODUCTION, "contents=read,statuses=write,pull_requests=read,actions=read");
    let restore = restore.job(ROLLBACK, "restore").needs("plan", &plan).inputs(named).run();
    went_back(&scene, restore, &second);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn one_person_holds_and_the_environment_lets_the_hold_be_taken_off() {
    let scene = Scene::new();
    scene.deploy().expect_success();
    let words = |command: &str| json!({"command": command, "reason": "carts fail, and $(touch owned)"});
    let hold = |job, name, inputs: &Value| run(&scene, job, (HOLD, name), inputs.clone());
    let holds = || {
        let tags = scene.cloud.ledger(scene.cloud.service("live").service_arn().unwrap());
        tags.contains_key("shipgate:hold")
    };
    // Neither the branch nor another word gets anywhere.
    let kept_out = hold(Job::Main, "hold", &words("hold"));
    assert_eq!(kept_out.result, Some(Status::Failure), "{}", kept_out.log());
    let other = hold(Job::Main, "refuse", &words("release"));
    assert_eq!((other.result, other.steps[0].code), (Some(Status::Failure), 2), "{}", other.log());
    assert!(!holds());

    cloud_roles::let_in(&scene.cloud, "production", Job::Main);
    hold(Job::Main, "hold", &words("hold")).expect_success();
    assert!(holds());
    let plan = scene.plan();
    refused(&scene, &plan, "hold");
    assert!(plan.log().contains("carts fail, and $(touch owned)"), "{}", plan.log());

    for job in ["hold", "hold-in-environment", "refuse"] {
        assert_eq!(hold(Job::Main, job, &words("unhold")).result, None, "{job}");
    }
    assert_eq!(hold(Job::Main, "plan", &words("hold")).result, None, "a hold is not planned");
    let plan = hold(Job::Main, "plan", &words("unhold")).expect_success();
    assert_eq!(plan.outputs["approval"], "none");
    let after = |job, name: &str, plan: &JobRan| {
        let runner = scene.runner(job, "contents=read,actions=read");
        runner.job(HOLD, name).needs("plan", plan).inputs(words("unhold")).run()
    };
    assert_eq!(after(Job::Main, "waits-for-approval", &plan).result, None);
    // One that was put there meanwhile is not taken off, as no person has seen it.
    hold(Job::Main, "hold", &json!({"command": "hold", "reason": "orders fail, too"})).expect_success();
    let stale = after(PRODUCTION, "unhold", &plan);
    assert_eq!((stale.result, stale.step("hold").code), (Some(Status::Failure), 2), "{}", stale.log());
    let plan = hold(Job::Main, "plan", &words("unhold")).expect_success();
    assert!(holds());
    after(PRODUCTION, "unhold", &plan).expect_success();
    assert!(!holds());
    scene.promote(&scene.plan().expect_success()).expect_success();
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn where_the_role_is_the_environments_alone_a_hold_is_put_there() {
    let scene = Scene::new();
    scene.deploy().expect_success();
    let given = |more: Value| {
        let mut given = json!({"command": "hold", "reason": "why", "in-environment": true});
        given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        given
    };
    assert_eq!(run(&scene, PRODUCTION, (HOLD, "hold"), given(json!({}))).result, None);
    // A reason is needed, and a component has to be there.
    for wrong in [json!({"reason": " "}), json!({"component": "nobody"})] {
        let ran = run(&scene, PRODUCTION, (HOLD, "hold-in-environment"), given(wrong));
        assert_eq!((ran.result, ran.step("hold").code), (Some(Status::Failure), 2), "{}", ran.log());
    }
    let held = given(json!({"component": "backend"}));
    run(&scene, PRODUCTION, (HOLD, "hold-in-environment"), held).expect_success();
    refused(&scene, &scene.plan(), "hold");
}
