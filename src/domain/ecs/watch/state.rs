//! What a watch knows, and the steps that all its parts use.

use std::time::Duration;

use jiff::Timestamp;

use super::next::WatchQuery;
use super::settling::SettlingTasks;
use super::verdict::{DeploymentUnproven, RolloutEnd};
use crate::domain::ecs::expectation::Expectation;
use crate::domain::ecs::ids::{DeploymentId, RevisionArn, TaskArn};
use crate::domain::ecs::lifecycle::Lifecycle;
use crate::domain::ecs::rollout::{self, OwnDeployment, RolloutJudgement};
use crate::domain::ecs::service::Service;
use crate::domain::ecs::settings::{Breaker, RolloutSettings};
use crate::domain::poll::PollStep;

/// How long after ECS called a deployment done, or was seen to start tasks of it, its tasks may take to be right.
pub(super) const GRACE: Duration = Duration::from_secs(30);
/// How long after `UpdateService` a read may still show the service as it was before: reads are eventually consistent.
pub const STALE_READS: Duration = Duration::from_secs(10);
/// How long after a failure ECS may take to begin its rollback. It does so at once, where it is configured to.
pub(super) const ROLLBACK_GRACE: Duration = Duration::from_secs(10);
/// The pause while something short is waited for.
pub(super) const SHORT: Duration = Duration::from_secs(1);
/// After so long the deployment's id is noted for a later run. A rollout that is done before has it with its outcome.
pub(super) const NOTE_AFTER: Duration = Duration::from_secs(4);
/// The pause after a transient error.
pub(super) const AFTER_ERROR: Duration = Duration::from_secs(5);

/// How a rollout is watched.
#[derive(Debug, Clone)]
pub struct WatchSettings {
    /// How long it may take.
    pub timeout: Duration,
    /// How long the last one took, where that is known.
    pub last_rollout: Option<Duration>,
    /// Whether a person watches on a terminal.
    pub watched: bool,
    /// Number of tasks that end in the same way and end it. 0: none do.
    pub fail_fast: u32,
}

/// What is watched.
#[derive(Debug, Clone)]
pub struct WatchedDeployment {
    /// The deployment.
    pub deployment: OwnDeployment,
    /// The id of the primary deployment before it: a read that shows that one again may be stale. `None`: the deployment
    /// was there before the watch.
    pub before: Option<DeploymentId>,
    /// What must run in the end.
    pub expected: Expectation,
    /// Whether a later run is to find the deployment, if this one does not see its end.
    pub note: bool,
    /// The ARNs of the tasks that were verified before. Empty: they are verified for the first time.
    pub verified: Vec<TaskArn>,
    /// Whether it has failed, and what ran before is being brought back.
    pub going_back: bool,
}

/// A rollout that is being watched.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each remembers something of its own")]
pub struct RolloutWatch {
    pub(super) settings: WatchSettings,
    pub(super) subject: WatchedDeployment,
    /// The time of the newest observation.
    pub(super) now: Duration,
    pub(super) pending: Pending,
    pub(super) polls: u32,
    pub(super) listed: bool,
    pub(super) blind: bool,
    pub(super) completed: Option<SettlingTasks>,
    pub(super) first_failed: Option<Duration>,
    pub(super) noted: bool,
    /// The id that was reported last.
    pub(super) followed: Option<DeploymentId>,
    pub(super) rolled_back: Option<SettlingTasks>,
    pub(super) judgement: Option<RolloutJudgement>,
    pub(super) reason: Option<String>,
    /// The ids of the events that were there before, or were reported. `None` until the first observation.
    pub(super) events: Option<Vec<String>>,
    /// How the service rolls out, as it was seen last.
    pub(super) service: RolloutSettings,
    /// How far ECS shows a deployment to be that shifts traffic.
    pub(super) lifecycle: Option<Lifecycle>,
    pub(super) stops: Stops,
    /// Whether the service was seen to go back.
    pub(super) is_going_back: bool,
    pub(super) slow: Option<Slow>,
    /// Whether it was reported that there is more time.
    pub(super) has_more_time: bool,
}

/// What was asked, with what the answer is judged by.
#[derive(Debug)]
pub(super) enum Pending {
    Service,
    Lifecycle(Service),
    Stopped(StoppedTasksOf),
    Tasks(Service),
    Previous(Service, RolledBack),
    /// With when the next poll is due.
    Note(Duration),
}

/// A rollback that ECS calls done.
#[derive(Debug)]
pub(super) struct RolledBack {
    pub(super) to: RevisionArn,
    pub(super) reason: Option<String>,
}

/// What follows from one observation.
pub(super) type Action = PollStep<Result<RolloutEnd, DeploymentUnproven>, WatchQuery>;

/// What a rollout does that takes its time, and is no failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slow {
    /// Everything of the release runs, and tasks of the deployment before still end.
    Drains,
    /// ECS brings the previous revision back.
    GoesBack,
    /// A hook waits until somebody lets the deployment continue.
    Paused,
}

/// What was seen of stopped tasks.
#[derive(Debug, Default)]
pub(super) struct Stops {
    /// Those that were reported.
    pub(super) reported: Vec<TaskArn>,
    /// When the newest of them was seen.
    pub(super) newest: Option<Duration>,
    /// Since when there is enough evidence.
    pub(super) enough: Option<Duration>,
    /// Whether it was said that they cannot be looked at.
    pub(super) is_missed: bool,
}

/// Whose stopped tasks are looked at, and what for.
#[derive(Debug)]
pub(super) struct StoppedTasksOf {
    pub(super) revision: RevisionArn,
    pub(super) since: Option<Timestamp>,
    /// How many of them run, or are on the way.
    pub(super) running: i32,
    /// Whether they are those of a revision that is brought back.
    pub(super) is_previous: bool,
    /// Whether ECS gives the deployment up and goes back by itself.
    pub(super) breaker: Breaker,
    /// When the next poll is due, if they say nothing.
    pub(super) due: Duration,
}

impl RolloutWatch {
    /// Begins at time zero.
    pub fn new(settings: WatchSettings, subject: WatchedDeployment) -> Self {
        Self {
            settings,
            subject,
            now: Duration::ZERO,
            pending: Pending::Service,
            polls: 0,
            listed: false,
            blind: false,
            completed: None,
            first_failed: None,
            noted: false,
            followed: None,
            rolled_back: None,
            judgement: None,
            reason: None,
            events: None,
            service: RolloutSettings::default(),
            lifecycle: None,
            stops: Stops::default(),
            is_going_back: false,
            slow: None,
            has_more_time: false,
        }
    }

    pub(super) fn pause(&self, elapsed: Duration, expected: Option<Duration>) -> Duration {
        rollout::pause(elapsed, expected, self.settings.watched)
    }
}

/// Polls the service after a pause.
pub(super) fn again(after: Duration) -> Action {
    PollStep::Ask { after, question: WatchQuery::Service }
}

/// Reads more that belongs to what was just read.
pub(super) fn at_once(question: WatchQuery) -> Action {
    PollStep::Ask { after: Duration::ZERO, question }
}
