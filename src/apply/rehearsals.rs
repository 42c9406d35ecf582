//! Several components, rehearsed in virtual time: what runs side by side, and what a failure leaves.

use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;

use crate::domain::outcome::Outcome;
use crate::rehearsal::{Answer, CLUSTER, Rehearsal, SERVICE};

/// Services that run the image of the first, with more in their configuration.
fn shop(services: &[(&str, &str)]) -> Rehearsal {
    let component = |name: &str, service: &str, more: &str| {
        format!(
            "[components.{name}]\nkind = \"ecs\"\n{more}\ncontainer = \"web\"\ncluster = \"{CLUSTER}\"\n\
             service = \"{service}\"\n"
        )
    };
    let build = "build = { context = \".\" }\nrepository = \"stage-shop\"";
    let mut text = component("backend", SERVICE, build);
    for (name, more) in services {
        text += &component(name, name, &format!("image-from = \"backend\"\n{more}"));
    }
    let rehearsal = Rehearsal::with_components(&text);
    rehearsal.aws.world(|world| services.iter().for_each(|(name, _)| world.add_service(name)));
    rehearsal
}

fn names(count: usize) -> Vec<String> {
    (1..count).map(|number| format!("s{number}")).collect()
}

fn many(count: usize) -> Rehearsal {
    let names = names(count);
    shop(&names.iter().map(|name| (name.as_str(), "")).collect::<Vec<_>>())
}

fn polls(rehearsal: &Rehearsal) -> usize {
    rehearsal.aws.operations().iter().filter(|name| *name == "ecs:DescribeServices").count()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

/// Thirty services take as long as one, and are asked for by three calls at a time.
#[tokio::test(start_paused = true)]
async fn services_without_a_dependency_are_rolled_out_side_by_side() {
    let alone = many(1);
    alone.aws.world(|world| world.looks = 20);
    let one = alone.deploy().await;
    let one_polls = polls(&alone);
    let together = many(30);
    together.aws.world(|world| world.looks = 20);
    let all = together.deploy().await;
    assert_eq!((one.outcome(), all.outcome()), (Outcome::Deployed, Outcome::Deployed), "{all:?}");
    assert_eq!(one.took.as_millis() % 100, 0, "one alone is polled at the common moments: {:?}", one.took);
    assert!(all.took < one.took + Duration::from_millis(200), "{:?}, {:?} for one", all.took, one.took);
    let polls = polls(&together);
    // Right before their updates eight are looked at, which is four calls; and some fall between two common moments.
    assert!(polls <= 3 * one_polls + 8, "{polls} calls for 30 services, {one_polls} for one");
}

/// Each is updated at another moment, and has been waited for as long as no other one.
#[tokio::test(start_paused = true)]
async fn services_that_are_followed_together_are_polled_by_full_calls() {
    let rehearsal = many(20);
    rehearsal.aws.world(|world| world.looks = 20);
    rehearsal.wire.latency.store(50, Ordering::Relaxed);
    let run = rehearsal.deploy().await;
    assert_eq!(run.outcome(), Outcome::Deployed, "{run:?}");
    let calls = rehearsal.aws.calls();
    let updated = calls.iter().rposition(|call| call.operation == "ecs:UpdateService").unwrap();
    let polls: Vec<_> = calls[updated..].iter().filter(|call| call.operation == "ecs:DescribeServices").collect();
    let sizes: Vec<_> = polls.iter().map(|call| call.body["services"].as_array().unwrap().len()).collect();
    assert!(sizes.iter().sum::<usize>() >= 8 * sizes.len(), "{sizes:?}");
}

/// Makes the last rollouts of services have taken a number of seconds.
fn last_rollouts(rehearsal: &Rehearsal, took: &'static [(&str, u32)]) {
    rehearsal.aws.change("ecs:DescribeServices", |_, answer| {
        for service in answer["services"].as_array_mut().unwrap() {
            let (_, took) = took.iter().find(|(name, _)| service["serviceName"] == *name).unwrap();
            service["deployments"][0]["createdAt"] = json!(0);
            service["deployments"][0]["updatedAt"] = json!(took);
        }
    });
}

/// With one change at a time the order is seen.
#[tokio::test(start_paused = true)]
async fn what_took_longest_the_last_time_begins_first() {
    let mut rehearsal = many(4);
    rehearsal.parallel = NonZeroUsize::MIN;
    last_rollouts(&rehearsal, &[(SERVICE, 10), ("s1", 60), ("s2", 30), ("s3", 600)]);
    let run = rehearsal.deploy().await;
    assert_eq!(run.outcome(), Outcome::Deployed, "{run:?}");
    let calls = rehearsal.aws.calls();
    let updates = calls.iter().filter(|call| call.operation == "ecs:UpdateService");
    let order: Vec<_> = updates.map(|call| call.body["service"].as_str().unwrap()).collect();
    assert_eq!(order, ["s3", "s1", "s2", SERVICE]);
}

/// The update before is tried again for seconds, in which the other service is moved.
#[tokio::test(start_paused = true)]
async fn a_service_that_is_moved_while_its_slot_is_waited_for_is_stale() {
    let mut rehearsal = many(2);
    rehearsal.parallel = NonZeroUsize::MIN;
    rehearsal.wire.latency.store(50, Ordering::Relaxed);
    last_rollouts(&rehearsal, &[(SERVICE, 60), ("s1", 30)]);
    rehearsal.aws.answer("ecs:UpdateService", |call, world| {
        if call.nth == 4 {
            let theirs = world.register_by_hand(|_| {});
            world.update("s1", &theirs);
        }
        (call.nth <= 4).then(Answer::hang_up)
    });
    let run = rehearsal.deploy().await;
    assert_eq!(sorted(run.ends()), ["backend: deployed", "s1: stale"], "{run:?}");
    assert!(run.steps().contains(&"update s1: failed".to_owned()), "{:?}", run.steps());
    let calls = rehearsal.aws.calls();
    assert!(!calls.iter().any(|call| call.operation == "ecs:UpdateService" && call.body["service"] == "s1"));
}

/// What is taken is what was planned, whatever is in the plan.
#[tokio::test(start_paused = true)]
async fn the_steps_that_are_taken_are_those_of_the_plan() {
    let deploy = shop(&[("worker", "pre-deploy = [\"migrate\"]"), ("site", "depends-on = [\"worker\"]")]);
    for outcome in [Outcome::Deployed, Outcome::Unchanged] {
        let run = deploy.deploy().await;
        assert_eq!(run.outcome(), outcome, "{run:?}");
        let planned = run.planned().iter().map(|step| format!("{step}: done")).collect();
        assert_eq!(sorted(run.steps()), sorted(planned));
    }
}

#[tokio::test(start_paused = true)]
async fn a_component_begins_when_those_are_proven_that_it_depends_on() {
    let rehearsal = shop(&[("worker", ""), ("site", "depends-on = [\"backend\"]")]);
    rehearsal.aws.world(|world| world.looks = 5);
    let run = rehearsal.deploy().await;
    assert_eq!(run.outcome(), Outcome::Deployed, "{run:?}");
    let steps = run.steps();
    let place = |step: &str| steps.iter().position(|taken| *taken == format!("{step}: done")).unwrap();
    assert!(place("wait for backend") < place("register site"), "{steps:?}");
    assert!(place("update worker") < place("wait for backend"), "{steps:?}");
}

#[tokio::test(start_paused = true)]
async fn no_more_changes_are_made_at_once_than_asked_for() {
    for (parallel, most) in [(1, 1), (3, 3), (100, 12)] {
        let mut rehearsal = many(12);
        rehearsal.parallel = NonZeroUsize::new(parallel).unwrap();
        rehearsal.wire.latency.store(50, Ordering::Relaxed);
        let run = rehearsal.deploy().await;
        assert_eq!(run.outcome(), Outcome::Deployed, "{run:?}");
        assert_eq!(rehearsal.wire.most_changes(), most, "--parallel {parallel}");
    }
}

/// A rollout is waited for without a slot: another service is changed meanwhile.
#[tokio::test(start_paused = true)]
async fn waiting_holds_no_slot() {
    let mut rehearsal = many(3);
    rehearsal.parallel = NonZeroUsize::MIN;
    rehearsal.aws.world(|world| world.looks = 30);
    let run = rehearsal.deploy().await;
    let steps = run.steps();
    let first_wait = steps.iter().position(|step| step.starts_with("wait for")).unwrap();
    let updates = steps[..first_wait].iter().filter(|step| step.starts_with("update")).count();
    assert_eq!((run.outcome(), updates), (Outcome::Deployed, 3), "{steps:?}");
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_nothing_new_begins_and_what_was_changed_is_followed() {
    let rehearsal = shop(&[("worker", ""), ("site", "depends-on = [\"worker\"]")]);
    rehearsal.aws.world(|world| world.looks = 30);
    rehearsal.wire.latency.store(50, Ordering::Relaxed);
    rehearsal.aws.answer("ecs:UpdateService", |call, _| {
        (call.body["service"] == SERVICE).then(|| call.error(400, "InvalidParameterException", "no"))
    });
    let run = rehearsal.deploy().await;
    assert_eq!(run.ends(), ["backend: failed", "worker: deployed"]);
    let failure = run.result.as_ref().unwrap_err();
    assert!(failure.reason.starts_with("backend: ") && failure.reason.ends_with("left so: worker"), "{failure:?}");
    assert!(!run.steps().iter().any(|step| step.contains("site")), "{:?}", run.steps());
}

/// With one change at a time the others have only registered a revision.
#[tokio::test(start_paused = true)]
async fn what_waits_for_a_slot_when_something_fails_is_not_begun() {
    let mut rehearsal = many(4);
    rehearsal.parallel = NonZeroUsize::MIN;
    rehearsal.wire.latency.store(50, Ordering::Relaxed);
    rehearsal.aws.refuse("ecs:UpdateService", 400, "InvalidParameterException", "no");
    let run = rehearsal.deploy().await;
    let failed = ["backend: failed", "s1: failed", "s2: failed", "s3: failed"].map(str::to_owned);
    assert_eq!((run.outcome(), sorted(run.ends())), (Outcome::Failed, failed.to_vec()), "{run:?}");
    assert!(run.result.as_ref().unwrap_err().causes.iter().all(|cause| !cause.text.contains("s1")), "{run:?}");
    let updates = rehearsal.aws.mutations().iter().filter(|call| *call == "ecs:UpdateService").count();
    assert_eq!(updates, 1);
    // The next run uses the revisions that are there, but for the one that failed.
    let registered = || rehearsal.aws.mutations().iter().filter(|call| *call == "ecs:RegisterTaskDefinition").count();
    let before = registered();
    rehearsal.aws.answer("ecs:UpdateService", |_, _| None);
    assert_eq!((rehearsal.deploy().await.outcome(), registered()), (Outcome::Failed, before + 1));
}

#[tokio::test(start_paused = true)]
async fn the_total_is_the_worst_and_names_the_others() {
    let rehearsal = shop(&[("worker", "timeout = \"40s\""), ("site", "")]);
    rehearsal.aws.world(|world| world.looks = usize::MAX);
    rehearsal.aws.answer("ecs:UpdateService", |call, _| {
        (call.body["service"] == "site").then(|| call.error(400, "InvalidParameterException", "no"))
    });
    rehearsal.wire.latency.store(50, Ordering::Relaxed);
    let run = rehearsal.deploy().await;
    assert_eq!(run.outcome(), Outcome::TimedOut, "{run:?}");
    let causes = run.result.as_ref().unwrap_err().causes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    assert!(causes.contains("site: failed: "), "{causes}");
    assert!(run.took > Duration::from_mins(1), "each is followed to its own timeout: {:?}", run.took);
}

/// The example of `docs/parallel`.
#[tokio::test(start_paused = true)]
async fn the_documented_example_runs_as_it_says() {
    let page = include_str!("../../docs/parallel/README.md");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let rehearsal = Rehearsal::with_components(example);
    rehearsal.aws.world(|world| {
        world.add_service("stage-worker");
        world.add_service("stage-site");
        world.looks = 5;
    });
    let run = rehearsal.deploy().await;
    assert_eq!(run.outcome(), Outcome::Deployed, "{run:?}");
    let steps = run.steps();
    let place = |step: &str| steps.iter().position(|taken| *taken == format!("{step}: done")).unwrap();
    assert!(place("update worker") < place("wait for backend"), "{steps:?}");
    assert!(place("wait for backend") < place("register site"), "{steps:?}");
}
