//! Slow is not broken: what ECS does on purpose extends the wait.

use super::*;
use crate::domain::ecs::settings::Strategy;

fn shifting(bake: f64) -> RolloutSettings {
    RolloutSettings {
        strategy: Strategy::Shifting("CANARY".to_owned()),
        bake: seconds(bake),
        ..RolloutSettings::default()
    }
}

fn lifecycle(status: LifecycleStatus, stage: &str) -> Lifecycle {
    Lifecycle { status, stage: Some(stage.to_owned()), reason: Some("an alarm went off".to_owned()), waits_for: None }
}

/// Old tasks belong to the deployment before, which ECS still lists: `DEFERRED`, or a long deregistration.
#[test]
fn tasks_of_the_deployment_before_may_take_long_to_end() {
    let ends = |end: f64| {
        WatchWorld::done()
            .tasks(move |at| if at < end { vec![task(1), task(2), previous_task(3)] } else { vec![task(1), task(2)] })
    };
    let ran = drive(begun(60), &ends(100.0));
    assert_eq!(ran.end, Ok(proven(&[1, 2])));
    assert!((100.0..111.0).contains(&ran.at), "{ran:?}");
    let more_time =
        ran.reports.iter().filter(|report| matches!(report, Report::Note(text) if text.contains("at most 120 s")));
    assert_eq!(more_time.count(), 1, "{ran:?}");
    let ran = drive(begun(60), &ends(1000.0));
    assert!(
        matches!(&ran.end, Err(DeploymentUnproven::TimedOut { missing: Some(missing), .. }) if missing.contains("backend:7 still runs")),
        "{ran:?}"
    );
    assert!((ran.at - 120.0).abs() < 0.1, "{ran:?}");
    // It is not listed what it belongs to.
    let foreign = WatchWorld::of(|_| vec![OURS_DONE]).tasks(|_| vec![task(1), task(2), previous_task(3)]);
    assert!(matches!(drive(begun(60), &foreign).end, Err(DeploymentUnproven::Mismatch { .. })));
    let later = RolloutSettings { cleans_up_later: true, ..RolloutSettings::default() };
    let deferred = WatchWorld::of(|_| vec![OURS_DONE])
        .set_up(later)
        .tasks(|at| if at < 50.0 { vec![task(1), task(2), previous_task(3)] } else { vec![task(1), task(2)] });
    assert_eq!(drive(begun(60), &deferred).end, Ok(proven(&[1, 2])));
}

#[test]
fn bake_times_extend_the_wait() {
    let world = |done: f64| {
        WatchWorld::of(move |at| if at < done { vec![OURS_GOES_ON, BEFORE] } else { vec![OURS_DONE] })
            .set_up(shifting(600.0))
    };
    assert_eq!(drive(begun(60), &world(650.0)).end, Ok(proven(&[1, 2])));
    assert!(matches!(drive(begun(60), &world(10_000.0)).end, Err(DeploymentUnproven::TimedOut { .. })));
}

/// `deployments[]` of such a service says little: both sets of tasks run, and nothing is said of a state.
#[test]
fn a_deployment_that_bakes_is_not_done() {
    let mut world = WatchWorld::of(|_| vec![OURS_DONE, BEFORE]).set_up(shifting(0.0));
    world.lifecycle = Box::new(|at| {
        Some(if at < 40.0 {
            lifecycle(LifecycleStatus::GoesOn, "BAKE_TIME")
        } else {
            lifecycle(LifecycleStatus::Successful, "CLEAN_UP")
        })
    });
    let ran = drive(begun(600), &world);
    assert_eq!(ran.end, Ok(proven(&[1, 2])));
    assert!(ran.at >= 40.0, "{ran:?}");
    assert!(
        ran.reports.iter().any(|report| matches!(report, Report::Progress(text) if text.ends_with("stage BAKE_TIME"))),
        "{ran:?}"
    );
}

#[test]
fn a_rollback_of_a_shifting_deployment_is_seen_where_its_deployment_is_not_called_failed() {
    let mut world =
        WatchWorld::of(|at| if at < 60.0 { vec![OURS_GOES_ON, BEFORE] } else { vec![BACK] }).set_up(shifting(0.0));
    world.lifecycle = Box::new(|at| {
        Some(match at {
            ..20.0 => lifecycle(LifecycleStatus::GoesOn, "SCALE_UP"),
            ..60.0 => lifecycle(LifecycleStatus::RollingBack, "PRODUCTION_TRAFFIC_SHIFT"),
            _ => lifecycle(LifecycleStatus::RolledBack, "CLEAN_UP"),
        })
    });
    let ran = drive(begun(30), &world);
    let reason = Some("an alarm went off".to_owned());
    assert_eq!(ran.end, Err(DeploymentUnproven::RolledBack { to: revision(7), reason }));
    world.lifecycle = Box::new(|_| Some(lifecycle(LifecycleStatus::RollbackFailed, "CLEAN_UP")));
    let ran = drive(begun(30), &world);
    assert_eq!(ran.end, Err(DeploymentUnproven::NotRolledBack { reason: "an alarm went off".to_owned() }));
}

#[test]
fn a_pause_is_reported_once_and_waited_for() {
    let mut world =
        WatchWorld::of(|at| if at < 50.0 { vec![OURS_GOES_ON, BEFORE] } else { vec![OURS_DONE] }).set_up(shifting(0.0));
    let paused = || Lifecycle {
        waits_for: Some("approve-it".to_owned()),
        ..lifecycle(LifecycleStatus::GoesOn, "POST_SCALE_UP")
    };
    world.lifecycle =
        Box::new(move |at| Some(if at < 50.0 { paused() } else { lifecycle(LifecycleStatus::Successful, "CLEAN_UP") }));
    let ran = drive(begun(30), &world);
    assert_eq!(ran.end, Ok(proven(&[1, 2])));
    let reported =
        ran.reports.iter().filter(|report| matches!(report, Report::Warning(text) if text.contains("approve-it")));
    assert_eq!(reported.count(), 1, "{ran:?}");
}

/// Not every region shows service deployments, and not every role may read them.
#[test]
fn without_a_lifecycle_the_service_decides() {
    let world =
        WatchWorld::of(|at| if at < 50.0 { vec![OURS_GOES_ON, BEFORE] } else { vec![OURS_DONE] }).set_up(shifting(0.0));
    assert_eq!(drive(begun(60), &world).end, Ok(proven(&[1, 2])));
}
