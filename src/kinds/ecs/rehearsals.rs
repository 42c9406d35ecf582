//! Waits of minutes, rehearsed in virtual time: the loops over their clients, as a run has them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use super::hold;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::gate::Permit;
use crate::domain::hold::{self as hold_domain, Hold};
use crate::domain::kind::Kind;
use crate::domain::outcome::Outcome;
use crate::domain::settle::OnFailure;
use crate::rehearsal::{Answer, Call, Rehearsal, Rehearsed, SERVICE, World, arn};

fn causes(rehearsed: &Rehearsed) -> String {
    let failure = rehearsed.result.as_ref().unwrap_err();
    failure.causes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Answers that do not say whether the service took the update.
const LOST: [fn() -> Answer; 4] = [
    Answer::hang_up,
    || Answer::truncated("{\"service\": {"),
    || Answer::new(500, "<html>Bad Gateway</html>"),
    || Answer::new(200, "{}"),
];

/// What stands between a client and AWS speaks no protocol of AWS.
fn declare(rehearsal: &Rehearsal, lost: fn() -> Answer) {
    if lost().status == 500 && !lost().body.is_empty() {
        rehearsal.aws.expect_violation("ecs:UpdateService", "is not JSON");
    }
}

/// Reads are believed only after a while, and even then the update may be on its way.
#[tokio::test(start_paused = true)]
async fn an_update_that_seems_never_to_arrive_is_unknown_and_the_next_run_uses_its_revision() {
    for lost in LOST {
        let rehearsal = Rehearsal::new("");
        declare(&rehearsal, lost);
        let is_lost = Arc::new(AtomicBool::new(true));
        let script = Arc::clone(&is_lost);
        rehearsal.aws.answer("ecs:UpdateService", move |_, _| script.load(Ordering::Relaxed).then(lost));
        let unknown = rehearsal.deploy().await;
        assert_eq!(unknown.outcome(), Outcome::Broken, "{unknown:?}");
        assert!(unknown.result.as_ref().unwrap_err().reason.contains("unknown"), "{unknown:?}");
        assert!((10..30).contains(&unknown.took.as_secs()), "{:?}", unknown.took);
        assert!(!rehearsal.aws.mutations().contains(&"ecs:TagResource".to_owned()), "no outcome is written");

        is_lost.store(false, Ordering::Relaxed);
        assert_eq!(rehearsal.deploy().await.outcome(), Outcome::Deployed);
        let registered = rehearsal.aws.mutations().iter().filter(|call| *call == "ecs:RegisterTaskDefinition").count();
        assert_eq!(registered, 1, "the revision is used");
    }
}

/// What a call that the service takes and does not answer does.
fn take(call: &Call, world: &mut World) {
    world.update(SERVICE, call.body["taskDefinition"].as_str().unwrap());
}

fn is_changed(rehearsed: &Rehearsed) -> bool {
    let is = |wanted: fn(&RunEvent) -> bool| rehearsed.events.iter().any(wanted);
    is(|event| matches!(event, RunEvent::ChangeStarted { .. }))
        && !is(|event| matches!(event, RunEvent::ChangeRefused { .. }))
}

/// Reads are eventually consistent: one that shows what was before proves nothing.
#[tokio::test(start_paused = true)]
async fn an_update_whose_answer_is_lost_is_followed() {
    for (lost, late) in LOST.into_iter().flat_map(|lost| [(lost, 0), (lost, 2)]) {
        let rehearsal = Rehearsal::new("");
        declare(&rehearsal, lost);
        rehearsal.aws.answer("ecs:UpdateService", move |call, world| {
            take(call, world);
            Some(lost())
        });
        rehearsal.aws.late_looks(late);
        let deployed = rehearsal.deploy().await;
        assert_eq!((deployed.outcome(), is_changed(&deployed)), (Outcome::Deployed, true), "{deployed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_of_which_nothing_is_known_is_broken() {
    let rehearsal = Rehearsal::new("");
    rehearsal.aws.answer("ecs:UpdateService", |call, world| {
        take(call, world);
        Some(Answer::hang_up())
    });
    let is_updated = |world: &World| world.services[0].deployments.len() > 1;
    rehearsal.aws.answer("ecs:DescribeServices", move |_, world| is_updated(world).then_some(Answer::hang_up()));
    let unknown = rehearsal.deploy().await;
    assert_eq!((unknown.outcome(), is_changed(&unknown)), (Outcome::Broken, true), "{unknown:?}");
}

#[tokio::test(start_paused = true)]
async fn throttling_for_ever_is_failed_and_nothing_is_changed() {
    for operation in ["ecs:RegisterTaskDefinition", "ecs:UpdateService"] {
        let rehearsal = Rehearsal::new("");
        rehearsal.aws.answer(operation, |call, _| Some(call.error(400, "ThrottlingException", "Rate exceeded")));
        let failed = rehearsal.deploy().await;
        assert_eq!((failed.outcome(), is_changed(&failed)), (Outcome::Failed, false), "{failed:?}");
        assert!(failed.result.unwrap_err().reason.contains("throttled"), "{operation}");
    }
}

/// It is not known whether it goes on.
#[tokio::test(start_paused = true)]
async fn a_timeout_without_a_read_is_broken_and_no_outcome_is_written() {
    let rehearsal = Rehearsal::new("timeout = \"1m\"");
    rehearsal.aws.answer("ecs:DescribeServices", |call, world| {
        let is_updated = world.services[0].deployments.len() > 1;
        is_updated.then(|| call.error(500, "ServerException", "Internal error."))
    });
    let blind = rehearsal.deploy().await;
    assert_eq!((blind.outcome(), is_changed(&blind)), (Outcome::Broken, true), "{blind:?}");
    let tags = rehearsal.aws.calls().into_iter().filter(|call| call.operation == "ecs:TagResource");
    let written: Vec<String> = tags.map(|call| call.body["tags"].to_string()).collect();
    assert!(written.iter().all(|tags| !tags.contains("shipgate:outcome")), "{written:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_nothing_rolls_back_is_rolled_back_by_us_or_left() {
    for (on_failure, outcome) in [(OnFailure::RollBack, Outcome::RolledBack), (OnFailure::Leave, Outcome::Broken)] {
        let mut rehearsal = Rehearsal::new("");
        rehearsal.target.on_failure = on_failure;
        rehearsal
            .aws
            .at_look(2, |world| world.roll_out(&[("2", "backend:8", "FAILED"), ("1", "backend:7", "COMPLETED")]));
        rehearsal.aws.after_update(|service| {
            service["deployments"][0]["rolloutStateReason"] = json!("circuit breaker was triggered");
        });
        let failed = rehearsal.deploy().await;
        assert_eq!(failed.outcome(), outcome, "{failed:?}");
        assert!(causes(&failed).contains("circuit breaker was triggered"), "{failed:?}");
        // ECS, which is set up to go back, has ten seconds.
        assert!((10..15).contains(&failed.took.as_secs()), "{:?}", failed.took);
        let updates = rehearsal.aws.mutations().iter().filter(|call| *call == "ecs:UpdateService").count();
        assert_eq!(updates, if outcome == Outcome::RolledBack { 2 } else { 1 });
    }
}

/// The row of the verdict matrix that takes too long for real time.
#[tokio::test(start_paused = true)]
async fn a_crash_after_five_minutes_of_running_fails_a_release_that_is_watched_for_ten() {
    let rehearsal = Rehearsal::new("settle = \"10m\"");
    rehearsal.aws.at_look(80, |world| {
        let container = json!({"exitCode": 7});
        world.remember_stopped(
            "backend:8",
            "EssentialContainerExited",
            "Essential container in task exited",
            &container,
        );
    });
    let failed = rehearsal.deploy().await;
    assert_eq!(failed.outcome(), Outcome::RolledBack, "{failed:?}");
    assert!(causes(&failed).contains("exited with code 7"), "{failed:?}");
    assert!((300..600).contains(&failed.took.as_secs()), "{:?}", failed.took);
    let good = Rehearsal::new("settle = \"10m\"").deploy().await;
    assert_eq!(good.outcome(), Outcome::Deployed, "{good:?}");
    assert!((600..620).contains(&good.took.as_secs()), "{:?}", good.took);
}

/// What ECS says of tags can be some seconds old, and no older.
#[tokio::test(start_paused = true)]
async fn a_hold_that_is_never_seen_is_not_put() {
    let rehearsal = Rehearsal::new("");
    rehearsal.aws.change("ecs:DescribeServices", |_, answer| answer["services"][0]["tags"] = json!([]));
    let Kind::Ecs(target) = &rehearsal.target.components[0].kind else { panic!() };
    let held = Hold::by_hand("carts fail", "local", Timestamp::UNIX_EPOCH).unwrap();
    let began = Instant::now();
    let failure = hold::put(rehearsal.cloud.open(Permit::of_test()), target, &held).await.unwrap_err();
    assert!(failure.reason.contains("took the hold and does not show it"), "{failure:?}");
    assert_eq!(began.elapsed(), Duration::from_millis(7750));
    // A rollback puts one before it changes anything, and ends here.
    let failure =
        hold::put_on_service(rehearsal.cloud.open(Permit::of_test()), target, &held, || ()).await.unwrap_err();
    assert!(failure.reason.contains("took the hold and does not show it"), "{failure:?}");
}

/// A rollback that ends while the holds are lifted keeps one that was not read.
#[tokio::test(start_paused = true)]
async fn a_hold_that_comes_while_others_are_lifted_is_reported() {
    let rehearsal = Rehearsal::new("");
    rehearsal.aws.world(|world| {
        world.services[0].tags.push(json!({"key": "shipgate:hold", "value": "2026-11-20T10:00:00Z local before"}));
    });
    rehearsal.aws.answer("ecs:UntagResource", |_, world| {
        let value = format!("2026-11-21T10:00:00Z acme/shop/8/1 {}", "a".repeat(40));
        world.services[0].tags.push(json!({"key": format!("shipgate:hold:{}", "b".repeat(40)), "value": value}));
        None
    });
    let Kind::Ecs(target) = &rehearsal.target.components[0].kind else { panic!() };
    let note = hold_domain::lifted("carts work", "local", Timestamp::UNIX_EPOCH);
    let writer = rehearsal.cloud.open(Permit::of_test());
    let seen = hold::to_lift(&rehearsal.cloud, target).await.unwrap();
    let failure = hold::lift(writer, target, &seen, &note).await.unwrap_err();
    let names_it = |failure: &Failure| {
        failure.causes.iter().any(|cause| cause.text.contains("rolled back from bbbbbbb to aaaaaaa"))
    };
    assert!(names_it(&failure), "{failure:?}");
    // One that came after somebody had decided is not even begun with.
    let before = rehearsal.aws.mutations();
    let failure = hold::lift(writer, target, &seen, &note).await.unwrap_err();
    assert!(
        failure.reason.ends_with("has a hold now that it did not have before") && names_it(&failure),
        "{failure:?}"
    );
    assert_eq!(rehearsal.aws.mutations(), before);
}

#[tokio::test(start_paused = true)]
async fn a_wait_has_one_line_for_each_change_and_a_sign_of_life_every_half_minute() {
    let rehearsal = Rehearsal::new("timeout = \"32s\"");
    rehearsal.aws.world(|world| world.looks = usize::MAX);
    let waited = rehearsal.deploy().await;
    assert_eq!((waited.outcome(), waited.took.as_secs()), (Outcome::TimedOut, 32));
    let alive: Vec<u64> = waited
        .events
        .iter()
        .filter_map(
            |event| if let RunEvent::Heartbeat { elapsed, .. } = event { Some(elapsed.as_secs()) } else { None },
        )
        .collect();
    assert_eq!(alive, [30]);
    let progress = waited.events.iter().filter(|event| matches!(event, RunEvent::Progress { .. })).count();
    assert_eq!(progress, 1, "{:?}", waited.events);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_whose_tasks_do_not_run_is_not_called_so() {
    let rehearsal = Rehearsal::new("");
    rehearsal.aws.at_look(2, |world| world.roll_out(&[("3", "backend:7", "COMPLETED")]));
    rehearsal.aws.change("ecs:ListTasks", |_, answer| answer["taskArns"] = json!([]));
    let broken = rehearsal.deploy().await;
    assert_eq!(broken.outcome(), Outcome::Broken, "{broken:?}");
    assert!((30..35).contains(&broken.took.as_secs()), "{:?}", broken.took);
}

/// A start period may be longer than what ECS has to show what it calls done.
#[tokio::test(start_paused = true)]
async fn a_health_check_is_waited_for_as_long_as_it_has_no_result() {
    let rehearsal = Rehearsal::new("");
    rehearsal.aws.world(|world| {
        let container = &mut world.definitions[0].document["containerDefinitions"][0];
        container["healthCheck"] = json!({"command": ["CMD-SHELL", "true"]});
    });
    let began = Instant::now();
    rehearsal.aws.new_tasks(move |_, task| {
        let health = if began.elapsed() < Duration::from_secs(100) { "UNKNOWN" } else { "HEALTHY" };
        task["containers"][0]["healthStatus"] = json!(health);
    });
    let deployed = rehearsal.deploy().await;
    assert_eq!(deployed.outcome(), Outcome::Deployed, "{deployed:?}");
    assert!((100..115).contains(&deployed.took.as_secs()), "{:?}", deployed.took);
}

/// ECS has half a minute to show what it calls done, and as long as it takes to start what it is starting.
#[tokio::test(start_paused = true)]
async fn what_only_grows_goes_on_growing() {
    #[derive(Clone, Copy)]
    enum Second {
        Starts,
        RunsInTheEnd,
        Dies,
        IsNotStarted,
    }
    for (second, outcome) in [
        (Second::Starts, Outcome::TimedOut),
        (Second::RunsInTheEnd, Outcome::Unchanged),
        (Second::Dies, Outcome::Broken),
        (Second::IsNotStarted, Outcome::Broken),
    ] {
        let rehearsal = Rehearsal::new("timeout = \"2m\"");
        assert_eq!(rehearsal.deploy().await.outcome(), Outcome::Deployed);
        let began = Instant::now();
        rehearsal.aws.change("ecs:ListTasks", move |_, answer| {
            let tasks = answer["taskArns"].as_array_mut().unwrap();
            match second {
                Second::IsNotStarted => drop(tasks.pop()),
                Second::Dies if began.elapsed().as_secs() % 10 < 5 => drop(tasks.pop()),
                Second::Dies | Second::Starts | Second::RunsInTheEnd => {}
            }
        });
        rehearsal.aws.new_tasks(move |_, task| {
            let runs = matches!(second, Second::RunsInTheEnd) && began.elapsed().as_secs() > 100;
            if task["taskArn"].as_str().unwrap().ends_with("-2") && !runs {
                task["lastStatus"] = json!("PENDING");
            }
        });
        let again = rehearsal.deploy().await;
        assert_eq!((again.outcome(), is_changed(&again)), (outcome, false), "{again:?}");
        assert!(outcome == Outcome::Unchanged || causes(&again).contains("1 of 2 tasks run"), "{again:?}");
    }
}

/// The value of a tag of the first revision of shipgate.
fn tag(rehearsal: &Rehearsal, key: &str) -> Option<String> {
    rehearsal.aws.world(|world| {
        let tag = world.tags(&arn("task-definition", "backend:8"))?.iter().find(|tag| tag["key"] == key)?;
        tag["value"].as_str().map(str::to_owned)
    })
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_run_leaves_its_deployment_behind_and_the_next_one_follows_it() {
    for (after, left) in [(2, None), (5, Some("ecs-svc/2"))] {
        let rehearsal = Rehearsal::new("");
        rehearsal.aws.world(|world| world.looks = usize::MAX);
        let (cut, _) = rehearsal.interrupted_after(Duration::from_secs(after)).await;
        assert_eq!(followed(&cut), ["ecs-svc/2"]);
        assert_eq!(tag(&rehearsal, "shipgate:deployment").as_deref(), left, "after {after} s");
        assert_eq!(tag(&rehearsal, "shipgate:outcome"), None);
        rehearsal.aws.at_look(2, |world| {
            world.roll_out(&[
                ("4", "backend:7", "COMPLETED"),
                ("3", "backend:8", "FAILED"),
                ("2", "backend:8", "FAILED"),
            ]);
        });
        rehearsal.aws.world(|world| world.looks = 0);
        let rolled_back = rehearsal.deploy().await;
        assert_eq!(rolled_back.outcome(), Outcome::RolledBack, "{rolled_back:?}");
        assert_eq!(followed(&rolled_back), [left.unwrap_or("ecs-svc/3")]);
    }
}

/// The deployments that a run followed, one after the other.
fn followed(rehearsed: &Rehearsed) -> Vec<String> {
    let deployment = |event: &RunEvent| {
        let RunEvent::DeploymentFollowed { deployment, .. } = event else { return None };
        Some(deployment.to_string())
    };
    rehearsed.events.iter().filter_map(deployment).collect()
}

/// A throttled call ends no migration.
#[tokio::test(start_paused = true)]
async fn a_pre_deploy_task_is_waited_for_while_it_cannot_be_read() {
    let rehearsal = Rehearsal::new("pre-deploy = [\"migrate\"]");
    rehearsal.aws.world(|world| world.one_off_looks = 3);
    let began = Instant::now();
    rehearsal.aws.answer("ecs:DescribeTasks", move |call, _| {
        let is_throttled = (1..90).contains(&began.elapsed().as_secs());
        is_throttled.then(|| call.error(400, "ThrottlingException", "Rate exceeded"))
    });
    let deployed = rehearsal.deploy().await;
    assert_eq!(deployed.outcome(), Outcome::Deployed, "{deployed:?}");
    let warnings = deployed.events.iter().filter(|event| matches!(event, RunEvent::Warning { .. })).count();
    assert_eq!(warnings, 1, "{:?}", deployed.events);
    let denied = Rehearsal::new("pre-deploy = [\"migrate\"]");
    denied.aws.world(|world| world.one_off_looks = 3);
    denied.aws.answer("ecs:DescribeTasks", |call, _| Some(call.error(400, "AccessDeniedException", "no")));
    let denied = denied.deploy().await;
    assert_eq!(denied.outcome(), Outcome::Failed, "{denied:?}");
}
