//! Rollouts that go on, are done, or are not what they seem.

use super::*;

const DONE_AT: f64 = 20.0;

fn done_at(at: f64) -> Vec<DeploymentRow> {
    if at < DONE_AT { vec![OURS_GOES_ON, BEFORE] } else { vec![OURS_DONE] }
}

#[test]
fn a_rollout_is_proven_by_its_tasks() {
    let ran = drive(begun(60), &WatchWorld::of(done_at));
    assert_eq!(ran.end, Ok(proven(&[1, 2])));
    assert!(ran.at >= DONE_AT && ran.at <= DONE_AT + 10.0, "{ran:?}");
    assert!(ran.polls < 20, "{ran:?}");
}

#[test]
fn what_no_task_shows_is_no_success() {
    let wrong = |_: f64| vec![Task { containers: one_task("", Some('b')).containers, ..task(1) }, task(2)];
    let ran = drive(begun(60), &WatchWorld::done().tasks(wrong));
    assert!(
        matches!(&ran.end, Err(DeploymentUnproven::Mismatch { difference }) if difference.contains("not the digest"))
    );
    assert_eq!(ran.polls, 1);
    let missing = Some("0 of 2 tasks run".to_owned());
    assert_eq!(drive(begun(9), &WatchWorld::done().tasks(|_| vec![])).end, timed_out(missing.as_deref(), 9));
    let ran = drive(begun(60), &WatchWorld::done().tasks(|_| vec![]));
    assert_eq!(ran.end, Err(DeploymentUnproven::Mismatch { difference: "0 of 2 tasks run".to_owned() }));
    assert!((30.0..40.0).contains(&ran.at), "half a minute is given: {ran:?}");
    assert_eq!(drive(begun(60), &WatchWorld::done().desired(0)).end, Ok(RolloutEnd::NothingDesired));
}

#[test]
fn an_unknown_state_is_never_a_success() {
    for state in ["SPLENDID", "completed", ""] {
        let row = ("2", 8, RolloutState::Other(state.to_owned()), None);
        let ran = drive(begun(60), &WatchWorld::of(move |_| vec![row.clone()]));
        assert_eq!((&ran.end, ran.at), (&timed_out(None, 60), 60.0), "{state:?}");
    }
}

/// ECS has half a minute to show what it calls done, and as long as it takes to start what it is starting.
#[test]
fn tasks_that_start_are_waited_for_and_tasks_that_end_are_not() {
    let mismatch = |difference: &str| Err(DeploymentUnproven::Mismatch { difference: difference.to_owned() });
    let starts = |_: f64| vec![task(1), pending(2)];
    let runs_in_the_end = |at: f64| vec![task(1), if at > 42.0 { task(2) } else { pending(2) }];
    let dies = |at: f64| if at % 10.0 < 5.0 { vec![task(1)] } else { vec![task(1), pending(2)] };
    let ran = drive(found(56), &WatchWorld::done().tasks(starts));
    assert_eq!((ran.end, ran.at), (timed_out(Some("1 of 2 tasks run: task 2 is PENDING"), 56), 56.0));
    let ran = drive(found(56), &WatchWorld::done().tasks(runs_in_the_end));
    assert_eq!(ran.end, Ok(proven(&[1, 2])));
    assert!((42.0..56.0).contains(&ran.at));
    let ran = drive(found(56), &WatchWorld::done().tasks(dies));
    assert!(
        matches!(&ran.end, Err(DeploymentUnproven::Mismatch { difference }) if difference.starts_with("1 of 2 tasks run"))
    );
    assert!((30.0..41.0).contains(&ran.at), "{ran:?}");
    let ran = drive(found(56), &WatchWorld::done().tasks(|_| vec![task(1)]));
    assert_eq!(ran.end, mismatch("1 of 2 tasks run"));
    assert!((30.0..41.0).contains(&ran.at), "{ran:?}");
}

/// A service that grew during a rollout of this run: its new tasks have until the timeout.
#[test]
fn a_service_that_grows_meanwhile_is_waited_for() {
    let ran = drive(
        begun(300),
        &WatchWorld::done().tasks(|at| if at < 200.0 { vec![task(1)] } else { vec![task(1), task(2)] }),
    );
    assert_eq!(ran.end, Ok(proven(&[1, 2])));
    let ran = drive(begun(100), &WatchWorld::done().tasks(|_| vec![task(1)]));
    assert_eq!(ran.end, timed_out(Some("1 of 2 tasks run"), 100));
}

/// A start period may be longer than what ECS has to show what it calls done.
#[test]
fn a_health_check_is_waited_for_as_long_as_it_has_no_result() {
    use crate::domain::ecs::service::Health;
    let checked = |at: f64, health: Health| {
        let mut task = task(1);
        task.containers[0].health = if at < 45.0 { health } else { Health::Healthy };
        vec![task]
    };
    let watch = || {
        let mut watch = begun(600);
        watch.subject.expected.supervision.health_check = true;
        watch
    };
    let world = WatchWorld::done().desired(1);
    let ran = drive(watch(), &world.tasks(|at| checked(at, Health::Unknown)));
    assert_eq!(ran.end, Ok(proven(&[1])));
    assert!((45.0..56.0).contains(&ran.at), "{ran:?}");
    let ran = drive(watch(), &WatchWorld::done().desired(1).tasks(|at| checked(at, Health::Unhealthy)));
    assert!(matches!(ran.end, Err(DeploymentUnproven::Mismatch { .. })), "{ran:?}");
}

#[test]
fn tasks_that_were_verified_may_be_replaced() {
    let world =
        |numbers: &'static [u32]| WatchWorld::done().tasks(|_| numbers.iter().map(|number| task(*number)).collect());
    assert_eq!(drive(verified(60, &[1, 2]), &world(&[1, 2])).end, Ok(proven(&[1, 2])));
    assert_eq!(drive(verified(60, &[1, 2]), &world(&[2, 3])).end, Ok(RolloutEnd::Replaced { tasks: arns(&[2, 3]) }));
    let grown = drive(verified(60, &[1, 2]), &world(&[1, 2]).desired(3));
    assert_eq!((grown.end, grown.polls), (Ok(proven(&[1, 2])), 1), "the tasks that are added are not waited for");
}

#[test]
fn another_deployment_supersedes_and_a_forced_one_of_the_same_revision_does_not() {
    let by = revision(9);
    let ran =
        drive(begun(60), &WatchWorld::of(|at| if at < 5.0 { vec![OURS_GOES_ON] } else { vec![FOREIGN, OURS_GOES_ON] }));
    assert_eq!(ran.end, Err(DeploymentUnproven::Superseded { by }));
    let forced = ("3", 8, RolloutState::Completed, None);
    let ran =
        drive(begun(60), &WatchWorld::of(move |at| if at < 5.0 { vec![OURS_GOES_ON] } else { vec![forced.clone()] }));
    assert_eq!(ran.end, Ok(proven(&[1, 2])));
}

/// A rollout that is done soon has its deployment noted with its outcome.
#[test]
fn a_rollout_that_goes_on_is_noted_once_for_a_later_run() {
    let noting = || {
        let mut watch = begun(60);
        watch.subject.note = true;
        watch
    };
    let world =
        |done: f64| WatchWorld::of(move |at| if at < done { vec![OURS_GOES_ON, BEFORE] } else { vec![OURS_DONE] });
    let ran = drive(noting(), &world(20.0));
    assert_eq!(ran.end, Ok(proven(&[1, 2])));
    assert!(matches!(&ran.notes[..], [(at, noted)] if (4.0..5.0).contains(at) && *noted == id("2")), "{ran:?}");
    assert_eq!(drive(noting(), &world(3.5)).notes, []);
    assert_eq!(drive(begun(60), &world(20.0)).notes, []);
    // One that is in no list has no id to note.
    let mut unlisted = noting();
    unlisted.subject.deployment.id = None;
    assert_eq!(drive(unlisted, &WatchWorld::of(|at| if at < 9.0 { vec![BEFORE] } else { vec![FOREIGN] })).notes, []);
}

/// The poll that was due still comes, also where the note took all the time that was left.
#[test]
fn a_note_that_takes_long_costs_no_poll() {
    let mut watch = begun(6);
    watch.subject.note = true;
    let rolling = || Observation::Service(Some(service(&[OURS_GOES_ON, BEFORE], 2)));
    let mut see = |at: f64, observed| {
        let PollStep::Ask { after, question } = watch.see(seconds(at), observed).step else {
            panic!("it ends at {at}")
        };
        (after.as_secs_f64(), question)
    };
    see(0.0, rolling());
    assert_eq!(see(4.5, rolling()), (0.0, WatchQuery::Stopped));
    assert_eq!(see(4.5, Observation::Stopped(vec![])), (0.0, WatchQuery::Note(id("2"))));
    assert_eq!(see(7.0, Observation::Noted), (0.0, WatchQuery::Service));
    let done = Observation::Service(Some(service(&[OURS_DONE], 2)));
    assert_eq!(see(7.0, done), (0.0, WatchQuery::Tasks));
}

#[test]
fn a_forced_deployment_of_the_same_revision_is_followed_from_then_on() {
    let forced = |state: RolloutState| ("4", 8, state, Some("the forced one failed"));
    let rows = move |at: f64| match at {
        ..5.0 => vec![OURS_GOES_ON, BEFORE],
        5.0..10.0 => vec![forced(RolloutState::InProgress), OURS_FAILED, BEFORE],
        10.0..20.0 => vec![COMES_BACK, forced(RolloutState::Failed), OURS_FAILED],
        _ => vec![BACK],
    };
    let ran = drive(begun(60), &WatchWorld::of(rows));
    let reason = Some("the forced one failed".to_owned());
    assert_eq!(ran.end, Err(DeploymentUnproven::RolledBack { to: revision(7), reason }));
    let followed = ran.reports.into_iter().filter(|report| matches!(report, Report::Deployment(_)));
    assert_eq!(followed.collect::<Vec<_>>(), [Report::Deployment(id("2")), Report::Deployment(id("4"))]);
}

#[test]
fn a_service_that_is_deleted_is_gone() {
    let ran = drive(begun(60), &WatchWorld::of(|at| if at < 5.0 { vec![OURS_GOES_ON] } else { vec![] }));
    assert_eq!(ran.end, Err(DeploymentUnproven::Gone { status: "MISSING".to_owned() }));
}

/// Reads are eventually consistent: those that show what was before the update are not believed for ten seconds.
#[test]
fn stale_reads_decide_nothing() {
    for (stale_until, end) in
        [(9.0, Ok(proven(&[1, 2]))), (15.0, Err(DeploymentUnproven::RolledBack { to: revision(7), reason: None }))]
    {
        let world =
            WatchWorld::of(move |at| if at > 0.0 && at < stale_until { vec![BEFORE] } else { vec![OURS_DONE, BEFORE] });
        // The first observation, the answer of the update, has the deployment and does not call it done.
        let tasks = move |at: f64| if at > 0.0 { vec![task(1), task(2)] } else { vec![previous_task(1)] };
        let ran = drive(begun(60), &world.tasks(tasks));
        assert_eq!(ran.end, end, "stale until {stale_until}");
    }
    // A deployment that was there before has no earlier state.
    let ran = drive(found(60), &WatchWorld::of(|_| vec![BEFORE]));
    assert_eq!(ran.end, Err(DeploymentUnproven::Superseded { by: revision(7) }));
}

#[test]
fn transient_errors_are_waited_out() {
    let world = |until: f64| WatchWorld {
        service: Box::new(move |at| {
            if at > 1.0 && at < until {
                Err(throttled())
            } else {
                Ok(vec![if at < until { OURS_GOES_ON } else { OURS_DONE }])
            }
        }),
        ..WatchWorld::done()
    };
    let ran = drive(begun(60), &world(30.0));
    assert_eq!(ran.end, Ok(proven(&[1, 2])));
    let warnings = ran.reports.iter().filter(|report| matches!(report, Report::Warning(_))).count();
    assert_eq!(warnings, 1, "{ran:?}");
    let ran = drive(begun(60), &world(100.0));
    assert_eq!((ran.end, ran.at), (Err(DeploymentUnproven::Blind { failed: false }), 60.0));
    let denied_later = WatchWorld {
        service: Box::new(|at| if at > 5.0 { Err(denied()) } else { Ok(vec![OURS_GOES_ON]) }),
        ..WatchWorld::done()
    };
    assert_eq!(
        drive(begun(60), &denied_later).end,
        Err(DeploymentUnproven::LostSight { failed: false, error: denied() })
    );
}

#[test]
fn tasks_that_cannot_be_read_are_not_proven() {
    let world =
        |error: fn() -> NotObserved| WatchWorld { tasks: Box::new(move |_| Err(error())), ..WatchWorld::done() };
    assert_eq!(drive(begun(60), &world(throttled)).end, Err(DeploymentUnproven::Blind { failed: false }));
    assert_eq!(
        drive(begun(60), &world(denied)).end,
        Err(DeploymentUnproven::LostSight { failed: false, error: denied() })
    );
}
