//! Is the rollout done, and how did it end? The judgement over one poll of the service.
//!
//! Never `services-stable`: that is also true after a rollback, after somebody else's deployment, and with nothing
//! running. shipgate follows *its own* deployment by its id. The facts are those of
//! [Deployment](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html).

use std::time::Duration;

use jiff::Timestamp;

use super::ids::{DeploymentId, RevisionArn};
use super::service::{Deployment, RolloutState, Service, ServiceStatus};

/// The deployment of this run, and what was there before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnDeployment {
    /// Its id. `None`: it was not listed when it was looked for.
    pub id: Option<DeploymentId>,
    /// The revision it rolls out.
    pub task_definition: RevisionArn,
    /// The revisions that may serve again when it fails: the one that was to serve before, and the one whose rollout
    /// was finished last, to which ECS goes back where they differ.
    pub previous: Vec<RevisionArn>,
    /// When it was created. `None`: it is not known.
    pub created: Option<Timestamp>,
}

impl OwnDeployment {
    /// The deployment of a revision that an update made, or that an earlier run recorded: by its id where the service
    /// lists it with that revision, else whichever has the revision. Not simply the primary one: one that fails at once
    /// may have been rolled back before the first read.
    pub fn find(
        service: &Service,
        task_definition: &RevisionArn,
        recorded: Option<&DeploymentId>,
        previous: Vec<RevisionArn>,
    ) -> Self {
        let has_revision = |deployment: &&Deployment| deployment.task_definition == *task_definition;
        let recorded = recorded.and_then(|id| service.deployment(id)).filter(has_revision);
        let found = recorded.or_else(|| service.deployments.iter().find(has_revision));
        let id = found.map(|deployment| deployment.id.clone());
        let created = found.and_then(|deployment| deployment.created);
        Self { id, task_definition: task_definition.clone(), previous, created }
    }

    /// It, where the service lists it by its id.
    pub fn listed<'s>(&self, service: &'s Service) -> Option<&'s Deployment> {
        service.deployment(self.id.as_ref()?)
    }
}

/// What one poll of the service says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutJudgement {
    /// It goes on.
    Wait,
    /// ECS calls it done. What runs is still to be read back.
    Completed,
    /// It failed, and ECS is bringing the previous revision back.
    RollingBack,
    /// It failed, and the previous revision is the primary one again and runs as many tasks as it should.
    RolledBack {
        /// The ARN of the revision that is the primary one again.
        to: RevisionArn,
        /// Why, in the words of ECS, while it still lists the deployment.
        reason: Option<String>,
    },
    /// It failed, and nothing brings the previous revision back.
    Failed {
        /// Why, in the words of ECS.
        reason: String,
    },
    /// Another deployment took its place.
    Superseded {
        /// The revision that took it.
        by: RevisionArn,
    },
    /// The service is being deleted, or gone.
    Gone {
        /// The service's status.
        status: String,
    },
}

impl RolloutJudgement {
    /// Whether the rollout failed, whatever serves then.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::RollingBack | Self::RolledBack { .. } | Self::Failed { .. })
    }
}

/// Judges one poll. `None`: the service is not there any more.
pub fn judge(ours: &OwnDeployment, service: Option<&Service>) -> RolloutJudgement {
    let Some(service) = service else {
        return RolloutJudgement::Gone { status: "MISSING".to_owned() };
    };
    match &service.status {
        ServiceStatus::Active => {}
        ServiceStatus::Draining => return RolloutJudgement::Gone { status: "DRAINING".to_owned() },
        ServiceStatus::Inactive => return RolloutJudgement::Gone { status: "INACTIVE".to_owned() },
        ServiceStatus::Other(status) => return RolloutJudgement::Gone { status: status.clone() },
    }
    let Some(primary) = service.primary() else {
        return RolloutJudgement::Wait;
    };
    match ours.listed(service) {
        Some(deployment) if deployment.is_primary => judge_primary(deployment),
        // A new deployment of the same revision was forced: that one replaces the one of this run.
        _ if primary.task_definition == ours.task_definition => judge_primary(primary),
        // What ran before is back. The cause is ECS, which does not call every deployment FAILED that it rolls back,
        // or a person. When that is done, AWS takes the deployment off the list.
        listed if ours.previous.contains(&primary.task_definition) => match somebody_elses(ours, service) {
            None => judge_back(
                listed.filter(|deployment| has_failed(deployment)).and_then(|deployment| deployment.reason.clone()),
                primary,
            ),
            Some(by) => RolloutJudgement::Superseded { by },
        },
        _ => RolloutJudgement::Superseded { by: primary.task_definition.clone() },
    }
}

fn has_failed(deployment: &Deployment) -> bool {
    deployment.rollout_state == Some(RolloutState::Failed)
}

/// The revision of a deployment that came after the one of this run, and was rolled back then.
fn somebody_elses(ours: &OwnDeployment, service: &Service) -> Option<RevisionArn> {
    let is_later =
        |deployment: &&Deployment| ours.created.zip(deployment.created).is_some_and(|(ours, theirs)| theirs > ours);
    let is_of_others = |deployment: &&Deployment| {
        deployment.task_definition != ours.task_definition && !ours.previous.contains(&deployment.task_definition)
    };
    let theirs = service.deployments.iter().filter(is_later).find(is_of_others);
    theirs.map(|deployment| deployment.task_definition.clone())
}

fn judge_primary(deployment: &Deployment) -> RolloutJudgement {
    match &deployment.rollout_state {
        Some(RolloutState::Completed) => RolloutJudgement::Completed,
        Some(RolloutState::Failed) => RolloutJudgement::Failed { reason: reason_of(deployment) },
        // A classic load balancer: no state to report, so count.
        None if deployment.running == deployment.desired && deployment.pending == 0 => RolloutJudgement::Completed,
        Some(RolloutState::InProgress | RolloutState::Other(_)) | None => RolloutJudgement::Wait,
    }
}

fn judge_back(reason: Option<String>, primary: &Deployment) -> RolloutJudgement {
    let done = primary.rollout_state == Some(RolloutState::Completed) || primary.rollout_state.is_none();
    // One that ECS gave up will not come: what runs says the rest.
    if primary.rollout_state == Some(RolloutState::Failed) || (done && primary.running >= primary.desired) {
        RolloutJudgement::RolledBack { to: primary.task_definition.clone(), reason }
    } else {
        RolloutJudgement::RollingBack
    }
}

fn reason_of(deployment: &Deployment) -> String {
    deployment.reason.clone().unwrap_or_else(|| "ECS gave no reason".to_owned())
}

/// How long to wait before the next poll. `watched`: a person sees the wait on a terminal.
///
/// A poll costs an API call, and a long pause delays the report. The pause grows with the time already spent, so
/// that the end is seen late by half of it at most, and by two seconds at first, when most of what fails
/// does; later by a tenth, and by [`LONGEST`] or [`LONGEST_WATCHED`] at most. Around the moment
/// at which this service's last rollout was done it is shorter: a third of the distance to it. That moment never makes
/// it longer: the last rollout may have been a slow one that failed, and this one is done at once.
pub fn pause(elapsed: Duration, last_rollout: Option<Duration>, watched: bool) -> Duration {
    const SHORTEST: Duration = Duration::from_millis(400);
    let longest = if watched { LONGEST_WATCHED } else { LONGEST };
    let longest = (elapsed / 10).clamp(AT_FIRST, longest);
    let grown = elapsed / 2;
    let near = |expected: Duration| (elapsed.abs_diff(expected) / 3).max(expected / 20);
    last_rollout.map_or(grown, |expected| grown.min(near(expected))).clamp(SHORTEST, longest)
}

/// The longest pause at first.
const AT_FIRST: Duration = Duration::from_secs(2);
/// The longest pause between two polls.
const LONGEST: Duration = Duration::from_secs(10);
/// The same while a person watches.
const LONGEST_WATCHED: Duration = Duration::from_secs(3);

/// The revision whose rollout was finished last: ECS goes back to it when a later one fails.
pub fn last_completed(service: &Service) -> Option<&RevisionArn> {
    let completed = |deployment: &&Deployment| deployment.rollout_state == Some(RolloutState::Completed);
    service.deployments.iter().find(completed).map(|deployment| &deployment.task_definition)
}

/// The revisions that may be gone back to when an update fails that is made now: the one whose rollout was done last, then
/// the one that the service is meant to run, where that is another one.
pub fn served_before(service: &Service) -> Vec<RevisionArn> {
    let primary = service.primary().map(|primary| &primary.task_definition);
    let is_done = |deployment: &&Deployment| deployment.rollout_state == Some(RolloutState::Completed);
    let last =
        service.primary().filter(is_done).map(|primary| &primary.task_definition).or_else(|| last_completed(service));
    let others = primary.filter(|primary| last != Some(*primary));
    last.into_iter().chain(others).cloned().collect()
}

/// How long the last finished rollout of the service took, as far as the service says.
pub fn last_rollout(service: &Service) -> Option<Duration> {
    let primary = service.primary()?;
    if primary.rollout_state != Some(RolloutState::Completed) {
        return None;
    }
    let taken = primary.updated?.duration_since(primary.created?);
    Duration::try_from(taken).ok().filter(|taken| !taken.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::service::Controller;
    use proptest::prelude::*;

    fn ours() -> OwnDeployment {
        OwnDeployment {
            id: Some("ecs-svc/2".into()),
            task_definition: "backend:8".into(),
            previous: vec!["backend:7".into(), "backend:6".into()],
            created: None,
        }
    }

    fn deployment(id: &str, is_primary: bool, task_definition: &str, state: RolloutState) -> Deployment {
        Deployment {
            id: format!("ecs-svc/{id}").into(),
            is_primary,
            task_definition: task_definition.into(),
            rollout_state: Some(state),
            reason: Some("because".to_owned()),
            desired: 2,
            running: 2,
            pending: 0,
            failed: 0,
            created: None,
            updated: None,
        }
    }

    fn service(deployments: Vec<Deployment>) -> Service {
        Service {
            arn: "arn".into(),
            status: ServiceStatus::Active,
            controller: Controller::Ecs,
            desired: 2,
            running: 2,
            deployments,
            events: Vec::new(),
            holds: Vec::new(),
            tag_keys: Vec::new(),
            settings: Box::default(),
            announced: None,
        }
    }

    fn judged(deployments: Vec<Deployment>) -> RolloutJudgement {
        judge(&ours(), Some(&service(deployments)))
    }

    #[test]
    fn the_recorded_deployment_is_found_and_nonsense_is_not() {
        use RolloutState::{Completed, Failed, InProgress};
        let listed = service(vec![
            deployment("4", true, "backend:7", Completed),
            deployment("2", false, "backend:8", Failed),
            deployment("3", false, "backend:8", Failed),
        ]);
        let found = |service: &Service, recorded: Option<&str>| {
            let recorded = recorded.map(DeploymentId::from);
            OwnDeployment::find(service, &"backend:8".into(), recorded.as_ref(), Vec::new()).id
        };
        for (recorded, id) in [
            (Some("ecs-svc/3"), "ecs-svc/3"),
            (Some("ecs-svc/2"), "ecs-svc/2"),
            // Not listed any more, of another service, or not recorded.
            (Some("ecs-svc/9"), "ecs-svc/2"),
            // Of another revision.
            (Some("ecs-svc/4"), "ecs-svc/2"),
            (None, "ecs-svc/2"),
        ] {
            assert_eq!(found(&listed, recorded), Some(id.into()), "{recorded:?}");
        }
        assert_eq!(found(&service(vec![deployment("1", true, "backend:7", InProgress)]), Some("ecs-svc/1")), None);
    }

    #[test]
    fn a_good_rollout_waits_and_completes() {
        use RolloutState::{Completed, InProgress};
        let old = || deployment("1", false, "backend:7", Completed);
        assert_eq!(judged(vec![deployment("2", true, "backend:8", InProgress), old()]), RolloutJudgement::Wait);
        assert_eq!(judged(vec![deployment("2", true, "backend:8", Completed), old()]), RolloutJudgement::Completed);
    }

    #[test]
    fn the_circuit_breaker_is_no_success() {
        use RolloutState::{Completed, Failed, InProgress};
        let reason = "because".to_owned();
        let ours = || deployment("2", false, "backend:8", Failed);
        assert_eq!(judged(vec![ours(), deployment("1", true, "backend:7", InProgress)]), RolloutJudgement::RollingBack);
        assert_eq!(
            judged(vec![ours(), deployment("3", true, "backend:7", Completed)]),
            RolloutJudgement::RolledBack { to: "backend:7".into(), reason: Some(reason.clone()) }
        );
        // AWS: the deployment is no longer in the list.
        let rolled_back = RolloutJudgement::RolledBack { to: "backend:7".into(), reason: None };
        assert_eq!(judged(vec![deployment("3", true, "backend:7", Completed)]), rolled_back);
        assert_eq!(judged(vec![deployment("2", true, "backend:8", Failed)]), RolloutJudgement::Failed { reason });
    }

    /// `backend:7` was still rolling out over `backend:6` when this one began.
    #[test]
    fn a_rollback_to_what_was_finished_last_is_one() {
        use RolloutState::{Completed, Failed, InProgress};
        let reason = Some("because".to_owned());
        let ours = || deployment("2", false, "backend:8", Failed);
        let finished = || deployment("3", true, "backend:6", Completed);
        assert_eq!(judged(vec![deployment("3", true, "backend:6", InProgress), ours()]), RolloutJudgement::RollingBack);
        let rolled_back = |reason| RolloutJudgement::RolledBack { to: "backend:6".into(), reason };
        assert_eq!(judged(vec![finished(), ours()]), rolled_back(reason));
        assert_eq!(judged(vec![finished()]), rolled_back(None));
        let before = service(vec![
            deployment("1", true, "backend:7", InProgress),
            deployment("0", false, "backend:6", Completed),
        ]);
        assert_eq!(last_completed(&before), Some(&"backend:6".into()));
        assert_eq!(last_completed(&service(vec![deployment("1", true, "backend:7", InProgress)])), None);
    }

    #[test]
    fn a_rollback_that_does_not_run_is_not_done() {
        let mut previous = deployment("3", true, "backend:7", RolloutState::Completed);
        previous.running = 1;
        let judgement = judged(vec![deployment("2", false, "backend:8", RolloutState::Failed), previous]);
        assert_eq!(judgement, RolloutJudgement::RollingBack);
    }

    #[test]
    fn somebody_elses_deployment_supersedes() {
        use RolloutState::InProgress;
        let superseded = RolloutJudgement::Superseded { by: "backend:9".into() };
        let newer = || deployment("3", true, "backend:9", InProgress);
        assert_eq!(judged(vec![newer(), deployment("2", false, "backend:8", InProgress)]), superseded);
        assert_eq!(judged(vec![newer(), deployment("2", false, "backend:8", RolloutState::Failed)]), superseded);
        assert_eq!(judged(vec![newer()]), superseded);
    }

    #[test]
    fn a_forced_deployment_of_our_revision_is_followed() {
        assert_eq!(judged(vec![deployment("3", true, "backend:8", RolloutState::InProgress)]), RolloutJudgement::Wait);
        assert_eq!(
            judged(vec![deployment("3", true, "backend:8", RolloutState::Completed)]),
            RolloutJudgement::Completed
        );
    }

    #[test]
    fn an_unknown_state_is_never_success() {
        let state = RolloutState::Other("SPLENDID".to_owned());
        assert_eq!(judged(vec![deployment("2", true, "backend:8", state)]), RolloutJudgement::Wait);
    }

    #[test]
    fn a_deleted_service_is_gone() {
        assert_eq!(judge(&ours(), None), RolloutJudgement::Gone { status: "MISSING".to_owned() });
        let mut draining = service(vec![deployment("2", true, "backend:8", RolloutState::InProgress)]);
        draining.status = ServiceStatus::Draining;
        assert_eq!(judge(&ours(), Some(&draining)), RolloutJudgement::Gone { status: "DRAINING".to_owned() });
    }

    /// How many looks it takes to see the end of a rollout that is done after so long, and how late it is seen.
    fn looks(done: Duration, last: Option<Duration>, watched: bool) -> (usize, Duration) {
        let mut elapsed = Duration::ZERO;
        let mut count = 0;
        while elapsed < done {
            elapsed += pause(elapsed, last, watched);
            count += 1;
        }
        (count, elapsed.abs_diff(done))
    }

    #[test]
    fn a_three_minute_rollout_costs_few_looks() {
        let three_minutes = Duration::from_mins(3);
        for (last, watched, expected) in
            [(Some(three_minutes), false, 40), (None, false, 39), (Some(three_minutes), true, 69), (None, true, 69)]
        {
            assert_eq!(looks(three_minutes, last, watched).0, expected, "{last:?} {watched}");
        }
    }

    /// Whatever the last one took: also one that was slow to fail, and was rolled back.
    #[test]
    fn the_end_is_seen_soon() {
        let last = [0, 2, 35, 180, 600, 3600].map(|seconds| Some(Duration::from_secs(seconds)));
        for last in last.into_iter().chain([None]) {
            for (done, late, watched) in [
                (1.6, 0.8, false),
                (5.0, 2.0, false),
                (35.0, 3.5, false),
                (600.0, 10.0, false),
                (1.6, 0.8, true),
                (35.0, 3.0, true),
                (600.0, 3.0, true),
            ] {
                let seen = looks(Duration::from_secs_f64(done), last, watched).1;
                assert!(seen <= Duration::from_secs_f64(late), "{done} {last:?} {watched}: {seen:?} late");
            }
        }
    }

    #[test]
    fn around_the_end_of_the_last_rollout_looks_are_closer() {
        let pause = |elapsed, last: Option<u64>| {
            pause(Duration::from_secs(elapsed), last.map(Duration::from_secs), false).as_secs_f64()
        };
        for (elapsed, last, expected) in [
            (0, Some(60), 0.4),
            (1, Some(60), 0.5),
            (10, Some(60), 2.0),
            (30, Some(60), 3.0),
            (51, Some(60), 3.0),
            (60, Some(60), 3.0),
            (72, Some(60), 4.0),
            (600, Some(60), 10.0),
            (30, None, 3.0),
            (70, None, 7.0),
        ] {
            assert!((pause(elapsed, last) - expected).abs() < 0.001, "{elapsed} {last:?}: {}", pause(elapsed, last));
        }
    }

    proptest! {
        #[test]
        fn pauses_stay_within_bounds(
            elapsed in 0u64..100_000, last in proptest::option::of(0u64..100_000), watched: bool,
        ) {
            let pause = pause(Duration::from_secs(elapsed), last.map(Duration::from_secs), watched);
            let longest = if watched { LONGEST_WATCHED } else { LONGEST };
            prop_assert!(pause >= Duration::from_millis(400) && pause <= longest);
        }

        #[test]
        fn completed_means_our_revision_is_primary(
            rows in proptest::collection::vec((0u8..4, any::<bool>(), 6u8..10, 0u8..4), 0..4)
        ) {
            let deployments: Vec<Deployment> = rows.iter().map(|(id, primary, revision, state)| {
                let state = match state {
                    0 => RolloutState::InProgress,
                    1 => RolloutState::Completed,
                    2 => RolloutState::Failed,
                    _ => RolloutState::Other("X".to_owned()),
                };
                // One id belongs to one revision, as on AWS.
                let revision = if *id == 2 { 8 } else { *revision };
                deployment(&id.to_string(), *primary, &format!("backend:{revision}"), state)
            }).collect();
            let service = service(deployments);
            if judge(&ours(), Some(&service)) == RolloutJudgement::Completed {
                prop_assert!(service.deployments.iter().any(|d| d.is_primary && d.task_definition.as_str() == "backend:8"));
            }
        }
    }
}
