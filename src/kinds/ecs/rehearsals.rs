//! Waits of minutes, rehearsed in virtual time: the loops over their clients, as a run has them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::domain::event::Event;
use crate::domain::outcome::Outcome;
use crate::rehearsal::{Answer, Rehearsal, Rehearsed};

fn causes(rehearsed: &Rehearsed) -> String {
    let failure = rehearsed.result.as_ref().unwrap_err();
    failure.causes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Answers that do not say whether the service took the update.
const LOST: [fn() -> Answer; 4] = [
    || Answer::HangUp,
    || Answer::Truncated { body: b"{\"service\": {".to_vec() },
    || Answer::new(500, "<html>Bad Gateway</html>"),
    || Answer::new(200, "{}"),
];

/// Reads are believed only after a while, and even then the update may be on its way.
#[tokio::test(start_paused = true)]
async fn an_update_that_seems_never_to_arrive_is_unknown_and_the_next_run_uses_its_revision() {
    for lost in LOST {
        let rehearsal = Rehearsal::new("");
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

#[tokio::test(start_paused = true)]
async fn a_wait_has_one_line_for_each_change_and_a_sign_of_life_every_half_minute() {
    let rehearsal = Rehearsal::new("timeout = \"32s\"");
    rehearsal.aws.world(|world| world.looks = usize::MAX);
    let waited = rehearsal.deploy().await;
    assert_eq!((waited.outcome(), waited.took.as_secs()), (Outcome::TimedOut, 32));
    let alive: Vec<u64> = waited
        .events
        .iter()
        .filter_map(|event| if let Event::Heartbeat { elapsed, .. } = event { Some(elapsed.as_secs()) } else { None })
        .collect();
    assert_eq!(alive, [30]);
    let progress = waited.events.iter().filter(|event| matches!(event, Event::Progress { .. })).count();
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
        assert_eq!(again.outcome(), outcome, "{again:?}");
        assert!(outcome == Outcome::Unchanged || causes(&again).contains("1 of 2 tasks run"), "{again:?}");
    }
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
    let warnings = deployed.events.iter().filter(|event| matches!(event, Event::Warning { .. })).count();
    assert_eq!(warnings, 1, "{:?}", deployed.events);
    let denied = Rehearsal::new("pre-deploy = [\"migrate\"]");
    denied.aws.world(|world| world.one_off_looks = 3);
    denied.aws.answer("ecs:DescribeTasks", |call, _| Some(call.error(400, "AccessDeniedException", "no")));
    let denied = denied.deploy().await;
    assert_eq!(denied.outcome(), Outcome::Failed, "{denied:?}");
}
