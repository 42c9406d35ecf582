//! Rollouts that fail.

use super::*;

const REASON: &str = "tasks failed to start";

fn rolled_back() -> DeploymentUnproven {
    DeploymentUnproven::RolledBack { to: revision(7), reason: Some(REASON.to_owned()) }
}

/// The deployment fails after ten seconds, and is back after twenty.
fn rolls_back(at: f64) -> Vec<DeploymentRow> {
    match at {
        ..10.0 => vec![OURS_GOES_ON, BEFORE],
        10.0..20.0 => vec![COMES_BACK, OURS_FAILED],
        _ => vec![BACK],
    }
}

#[test]
fn what_serves_again_is_rolled_back() {
    let ran = drive(begun(60), &WatchWorld::of(rolls_back));
    // The reason is kept from when ECS still listed the deployment.
    assert_eq!(ran.end, Err(rolled_back()));
    assert!((20.0..31.0).contains(&ran.at), "{ran:?}");
}

#[test]
fn what_is_not_seen_to_serve_again_is_not_called_so() {
    let ran = drive(begun(300), &WatchWorld::of(rolls_back).previous(|_| vec![]));
    let difference = "0 of 2 tasks run".to_owned();
    let not_back = DeploymentUnproven::NotSeenBack { to: revision(7), difference, reason: Some(REASON.to_owned()) };
    assert_eq!(ran.end, Err(not_back));
    assert!((50.0..61.0).contains(&ran.at), "half a minute is given: {ran:?}");
    let late = |at: f64| if at < 45.0 { vec![task(1)] } else { vec![previous_task(1), previous_task(2)] };
    let ran = drive(begun(300), &WatchWorld::of(rolls_back).previous(late));
    assert_eq!(ran.end, Err(rolled_back()));
    let ran = drive(begun(60), &WatchWorld::of(rolls_back).desired(0));
    assert_eq!(
        ran.end,
        Err(DeploymentUnproven::RolledBackToNothing { to: revision(7), reason: Some(REASON.to_owned()) })
    );
}

/// A previous revision that cannot be read may serve, and is not said to.
#[test]
fn what_cannot_be_read_back_is_not_called_rolled_back() {
    for error in [denied, throttled] {
        let world = WatchWorld { previous: Box::new(move |_| Err(error())), ..WatchWorld::of(rolls_back) };
        let ran = drive(begun(300), &world);
        let is_not_back =
            matches!(&ran.end, Err(DeploymentUnproven::NotSeenBack { difference, .. }) if *difference == error().brief);
        assert!(is_not_back && (50.0..61.0).contains(&ran.at), "{ran:?}");
    }
}

#[test]
fn a_rollback_that_takes_too_long_is_broken() {
    let world = WatchWorld::of(|at| if at < 10.0 { vec![OURS_GOES_ON] } else { vec![COMES_BACK, OURS_FAILED] });
    let ran = drive(begun(60), &world);
    let reason = Some(REASON.to_owned());
    // A rollback in progress has as long again.
    assert_eq!((ran.end, ran.at), (Err(DeploymentUnproven::RollbackTimedOut { reason, after: seconds(120.0) }), 120.0));
}

#[test]
fn what_nothing_rolls_back_is_waited_for_ten_seconds() {
    let failed = || WatchWorld::of(|_| vec![OURS_FAILED, BEFORE]);
    let not_rolled_back = || Err(DeploymentUnproven::NotRolledBack { reason: REASON.to_owned() });
    let ran = drive(begun(60), &failed());
    assert_eq!((ran.end, ran.at), (not_rolled_back(), 10.0));
    let ran = drive(found(60), &failed());
    assert_eq!((ran.end, ran.at), (not_rolled_back(), 0.0), "no revision to go back to is known");
    let ran = drive(begun(60), &failed().set_up(RolloutSettings { breaker: Breaker::Stops, ..Default::default() }));
    assert_eq!((ran.end, ran.at), (not_rolled_back(), 0.0), "ECS is not set up to go back");
    let late = WatchWorld::of(|at| if at < 8.0 { vec![OURS_FAILED, BEFORE] } else { vec![BACK, OURS_FAILED] });
    assert_eq!(drive(begun(60), &late).end, Err(rolled_back()));
}

/// That the release failed was seen: only whether the previous one serves is unknown.
#[test]
fn a_failure_that_was_seen_is_known_even_if_its_end_is_not() {
    for (error, end) in [
        (denied as fn() -> NotObserved, DeploymentUnproven::LostSight { failed: true, error: denied() }),
        (throttled, DeploymentUnproven::Blind { failed: true }),
    ] {
        let world = WatchWorld {
            service: Box::new(move |at| if at < 5.0 { Ok(vec![COMES_BACK, OURS_FAILED]) } else { Err(error()) }),
            ..WatchWorld::done()
        };
        assert_eq!(drive(begun(60), &world).end, Err(end));
    }
}

#[test]
fn a_failed_deployment_that_somebody_replaced_is_superseded() {
    let ran =
        drive(begun(60), &WatchWorld::of(|at| if at < 5.0 { vec![OURS_GOES_ON] } else { vec![FOREIGN, OURS_FAILED] }));
    assert_eq!(ran.end, Err(DeploymentUnproven::Superseded { by: revision(9) }));
}
