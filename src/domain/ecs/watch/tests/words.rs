//! Verdicts in words. What people read of them is pinned by the end-to-end tests; here, what the ledger depends on.

use super::*;
use crate::domain::ecs::plan::tests::target;
use crate::domain::outcome::Outcome;

#[test]
fn each_verdict_has_an_outcome_and_an_action() {
    let reason = "tasks failed to start".to_owned();
    let (to, difference) = (revision(7), "1 of 2 tasks run".to_owned());
    for (verdict, outcome, unknown, text) in [
        (
            DeploymentUnproven::RolledBack { to: to.clone(), reason: Some(reason.clone()) },
            Outcome::RolledBack,
            false,
            "backend:7 serves again",
        ),
        (
            DeploymentUnproven::RolledBackToNothing { to: to.clone(), reason: None },
            Outcome::Broken,
            false,
            "scaled to zero",
        ),
        (
            DeploymentUnproven::NotSeenBack { to, difference: difference.clone(), reason: Some(reason.clone()) },
            Outcome::Broken,
            false,
            "backend:7 is not seen to serve",
        ),
        (DeploymentUnproven::NotRolledBack { reason: "x".to_owned() }, Outcome::Broken, false, "the rollout failed"),
        (
            DeploymentUnproven::KeepsFailing { ending: Ending::Unhealthy, count: 3 },
            Outcome::Broken,
            false,
            "3 tasks of the release",
        ),
        (DeploymentUnproven::Mismatch { difference }, Outcome::Broken, false, "not what was shipped"),
        (DeploymentUnproven::Superseded { by: revision(9) }, Outcome::Superseded, false, "of backend:9"),
        (DeploymentUnproven::Gone { status: "DRAINING".to_owned() }, Outcome::Broken, false, "is DRAINING"),
        (DeploymentUnproven::TimedOut { missing: None, after: seconds(60.0) }, Outcome::TimedOut, false, "after 60 s"),
        (
            DeploymentUnproven::RollbackTimedOut { reason: None, after: seconds(60.0) },
            Outcome::Broken,
            false,
            "not done after 60 s",
        ),
        (DeploymentUnproven::Blind { failed: false }, Outcome::Broken, true, "is unknown"),
        (DeploymentUnproven::Blind { failed: true }, Outcome::Broken, false, "is unknown"),
    ] {
        let shown = format!("{verdict:?}");
        assert_eq!(verdict.is_unknown(), unknown, "{shown}");
        let failure = failure(verdict, &target());
        assert_eq!(failure.outcome, outcome, "{shown}");
        assert!(failure.reason.contains(text) && !failure.hints.is_empty(), "{shown}: {failure:?}");
        assert_eq!(
            shown.contains("failed to start"),
            failure.causes.iter().any(|cause| cause.text == reason),
            "{failure:?}"
        );
    }
    for failed in [false, true] {
        let verdict = DeploymentUnproven::LostSight { failed, error: denied() };
        assert_eq!(verdict.is_unknown(), !failed);
        assert_eq!(failure(verdict, &target()), *denied().failure);
    }
}
