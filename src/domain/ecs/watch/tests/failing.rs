//! Tasks that end in the same way again and again.

use super::*;

/// A task of a revision that exited with a code.
fn exited(number: u32, of: u64, code: i32) -> Task {
    let mut task = Task {
        revision: revision(of),
        last_status: "STOPPED".to_owned(),
        stop_code: Some("EssentialContainerExited".to_owned()),
        ..task(number)
    };
    task.containers[0].exit_code = Some(code);
    task
}

/// One of them every ten seconds.
fn crashes(of: u64) -> impl Fn(f64) -> Vec<Task> {
    move |at| (1..100).filter(|number| f64::from(*number) * 10.0 <= at).map(|number| exited(number, of, 3)).collect()
}

fn goes_on() -> WatchWorld<'static> {
    let rolling = RolloutSettings::default();
    WatchWorld::of(|_| vec![OURS_GOES_ON, BEFORE]).set_up(rolling).desired(1)
}

fn keeps_failing(count: usize) -> Result<RolloutEnd, DeploymentUnproven> {
    Err(DeploymentUnproven::KeepsFailing {
        ending: Ending::Exited { container: "web".to_owned(), code: Some(3) },
        count,
    })
}

#[test]
fn the_third_task_that_ends_in_the_same_way_ends_the_rollout() {
    let ran = drive(begun(3600), &goes_on().stopped(crashes(8)));
    assert_eq!(ran.end, keeps_failing(3));
    assert!((30.0..32.0).contains(&ran.at), "at most two seconds late: {}", ran.at);
    let failed = ran.reports.iter().filter(
        |report| matches!(report, Report::TaskFailed(_, text) if text.contains("failed: container web exited with code 3")),
    );
    assert_eq!(failed.count(), 3, "{ran:?}");
}

#[test]
fn three_at_once_are_seen_soon() {
    for at in [1.0, 5.0, 10.0, 20.0] {
        let all = |now: f64| if now < at { vec![] } else { (1..=3).map(|number| exited(number, 8, 3)).collect() };
        let ran = drive(begun(3600), &goes_on().stopped(all));
        assert_eq!(ran.end, keeps_failing(3));
        assert!(ran.at >= at && ran.at <= at + 2.0, "{at}: {}", ran.at);
    }
}

/// Of others, of another way to end, fewer than run, or turned off.
#[test]
fn what_is_no_evidence_ends_nothing() {
    let of_another = crashes(7);
    let different = |at: f64| {
        (1..9).filter(|n| f64::from(*n) * 10.0 <= at).map(|n| exited(n, 8, i32::try_from(n).unwrap())).collect()
    };
    let off = || {
        let mut watch = begun(60);
        watch.settings.fail_fast = 0;
        watch
    };
    // Some of nine have not come up.
    let goes_on = || {
        let mut world = goes_on();
        world.starting = 1;
        world
    };
    let many = goes_on().desired(9).stopped(crashes(8));
    for (watch, world) in [
        (begun(60), goes_on().stopped(of_another)),
        (begun(60), goes_on().stopped(different)),
        (begun(60), many),
        (off(), goes_on().stopped(crashes(8))),
    ] {
        assert_eq!(drive(watch, &world).end, timed_out(None, 60));
    }
}

/// ECS calls it done before its tasks have ended.
#[test]
fn tasks_that_end_after_ecs_called_it_done_are_evidence_too() {
    let ended = |at: f64| (1..10).filter(|n| f64::from(*n) * 2.0 <= at).map(|n| exited(n, 8, 3)).collect();
    let world = WatchWorld::done().tasks(|_| vec![]).set_up(RolloutSettings::default()).desired(1).stopped(ended);
    let ran = drive(begun(300), &world);
    assert_eq!(ran.end, keeps_failing(3));
    assert!(ran.at <= 8.0, "{ran:?}");
}

/// A circuit breaker that goes back has five seconds for it.
#[test]
fn the_circuit_breaker_goes_first() {
    let set_up = || RolloutSettings { breaker: Breaker::RollsBack, ..RolloutSettings::default() };
    let ran = drive(begun(3600), &goes_on().set_up(set_up()).stopped(crashes(8)));
    assert_eq!(ran.end, keeps_failing(3));
    assert!((35.0..38.0).contains(&ran.at), "{}", ran.at);
    let rows = |at: f64| match at {
        ..32.0 => vec![OURS_GOES_ON, BEFORE],
        32.0..40.0 => vec![COMES_BACK, OURS_FAILED],
        _ => vec![BACK],
    };
    let world = WatchWorld::of(rows).desired(1).stopped(crashes(8)).previous(|_| vec![previous_task(1)]);
    let reason = Some("tasks failed to start".to_owned());
    assert_eq!(drive(begun(3600), &world).end, Err(DeploymentUnproven::RolledBack { to: revision(7), reason }));
}

/// What is brought back may not start any more either.
#[test]
fn a_rollback_whose_tasks_end_again_and_again_is_given_up() {
    let world = WatchWorld::of(|_| vec![COMES_BACK, OURS_FAILED]).desired(1).stopped(crashes(7));
    let ran = drive(begun(3600), &world);
    assert!(
        matches!(&ran.end, Err(DeploymentUnproven::NotSeenBack { to, difference, .. }) if *to == revision(7) && difference.contains("code 3")),
        "{ran:?}"
    );
    assert!(ran.at <= 33.0, "{ran:?}");
}

#[test]
fn stopped_tasks_that_cannot_be_looked_at_are_reported_once_and_change_nothing() {
    let world = WatchWorld {
        stopped: Box::new(|_| Err(denied())),
        ..WatchWorld::of(|at| if at < 20.0 { vec![OURS_GOES_ON] } else { vec![OURS_DONE] })
    };
    let ran = drive(begun(60), &world);
    assert_eq!(ran.end, Ok(proven(&[1, 2])));
    assert_eq!(ran.reports.iter().filter(|report| matches!(report, Report::Warning(_))).count(), 1, "{ran:?}");
}

fn going_back() -> RolloutWatch {
    let mut watch = begun(60);
    watch.subject.going_back = true;
    watch
}

/// shipgate's own way back: the release that failed is still there at first, as done or as failed as it was.
#[test]
fn what_is_brought_back_is_waited_for() {
    for left in [OURS_DONE, OURS_FAILED, OURS_GOES_ON] {
        let ours = left.clone();
        let rows = move |at: f64| match at {
            ..3.0 => vec![ours.clone(), BEFORE],
            3.0..20.0 => vec![COMES_BACK, ours.clone()],
            _ => vec![BACK],
        };
        let ran = drive(going_back(), &WatchWorld::of(rows));
        assert!(matches!(&ran.end, Err(DeploymentUnproven::RolledBack { to, .. }) if *to == revision(7)), "{ran:?}");
        assert!((20.0..31.0).contains(&ran.at), "{ran:?}");
        let never = drive(going_back(), &WatchWorld::of(move |_| vec![left.clone(), BEFORE]));
        assert!(matches!(&never.end, Err(DeploymentUnproven::RollbackTimedOut { .. })), "{never:?}");
    }
    let ran =
        drive(going_back(), &WatchWorld::of(|at| if at < 3.0 { vec![OURS_DONE] } else { vec![FOREIGN, OURS_DONE] }));
    assert_eq!(ran.end, Err(DeploymentUnproven::Superseded { by: revision(9) }));
}

/// A person, or ECS without the state FAILED: what ran before is back.
#[test]
fn a_rollback_that_nobody_calls_a_failure_is_one() {
    let rows = |at: f64| match at {
        ..5.0 => vec![OURS_GOES_ON, BEFORE],
        5.0..20.0 => vec![COMES_BACK, OURS_GOES_ON],
        _ => vec![BACK],
    };
    let ran = drive(begun(60), &WatchWorld::of(rows));
    assert_eq!(ran.end, Err(DeploymentUnproven::RolledBack { to: revision(7), reason: None }));
}

/// Another deployment took its place, failed, and was rolled back to what ran before both.
#[test]
fn what_was_superseded_and_rolled_back_then_was_superseded() {
    use jiff::Timestamp;
    let at = |second: i64| Some(Timestamp::from_second(second).unwrap());
    let mut rows = service(&[BACK, ("4", 9, RolloutState::Failed, None), OURS_GOES_ON], 2);
    for (deployment, second) in rows.deployments.iter_mut().zip([40, 30, 20]) {
        deployment.created = at(second);
    }
    let mut watch = begun(60);
    watch.subject.deployment.created = at(20);
    let step = watch.see(seconds(5.0), Observation::Service(Some(rows.clone()))).step;
    assert_eq!(step, PollStep::Done(Err(DeploymentUnproven::Superseded { by: revision(9) })));
    // One that failed before this one was made has no effect.
    rows.deployments[1].created = at(10);
    let mut watch = begun(60);
    watch.subject.deployment.created = at(20);
    assert!(matches!(
        watch.see(seconds(5.0), Observation::Service(Some(rows))).step,
        PollStep::Ask { question: WatchQuery::Previous { .. }, .. }
    ));
}
