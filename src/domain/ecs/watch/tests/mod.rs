//! Watches in virtual time: a world says what is there at each moment, and nothing waits.

mod failing;
mod properties;
mod rollbacks;
mod rollouts;
mod slow;
mod steps;
mod words;

use std::time::Duration;

use super::*;
use crate::domain::ecs::expectation::Expectation;
use crate::domain::ecs::failing::Ending;
use crate::domain::ecs::ids::{DeploymentId, RevisionArn, TaskArn};
use crate::domain::ecs::lifecycle::Lifecycle;
use crate::domain::ecs::lifecycle::LifecycleStatus;
use crate::domain::ecs::read_back::tests::{expectation, task as one_task};
use crate::domain::ecs::rollout::OwnDeployment;
use crate::domain::ecs::service::{Controller, RolloutState, ServiceEvent, ServiceStatus};
use crate::domain::ecs::service::{Deployment, Service, Task};
use crate::domain::ecs::settings::{Breaker, RolloutSettings};
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;

/// The world as a function of the seconds since the watch began.
struct WatchWorld<'a> {
    /// The service's deployments; see [`service`]. Empty: the service does not exist.
    service: Box<dyn Fn(f64) -> Result<Vec<DeploymentRow>, NotObserved> + 'a>,
    tasks: Box<dyn Fn(f64) -> Result<Vec<Task>, NotObserved> + 'a>,
    previous: Box<dyn Fn(f64) -> Result<Vec<Task>, NotObserved> + 'a>,
    stopped: Box<dyn Fn(f64) -> Result<Vec<Task>, NotObserved> + 'a>,
    lifecycle: Box<dyn Fn(f64) -> Option<Lifecycle> + 'a>,
    settings: RolloutSettings,
    desired: i32,
    /// How many tasks of the deployments are not up yet.
    starting: i32,
    /// How long each observation takes.
    slowness: f64,
}

/// Id, revision, state, reason. The first one is the primary.
type DeploymentRow = (&'static str, u64, RolloutState, Option<&'static str>);

impl<'a> WatchWorld<'a> {
    /// A service with deployments, all of whose tasks run the revision that was shipped.
    fn of(service: impl Fn(f64) -> Vec<DeploymentRow> + 'a) -> Self {
        Self {
            service: Box::new(move |at| Ok(service(at))),
            tasks: Box::new(|_| Ok(vec![task(1), task(2)])),
            previous: Box::new(|_| Ok(vec![previous_task(1), previous_task(2)])),
            stopped: Box::new(|_| Ok(Vec::new())),
            lifecycle: Box::new(|_| None),
            settings: RolloutSettings { breaker: Breaker::RollsBack, ..RolloutSettings::default() },
            desired: 2,
            starting: 0,
            slowness: 0.0,
        }
    }

    /// The deployment is done at once.
    fn done() -> Self {
        Self::of(|_| vec![OURS_DONE, BEFORE])
    }

    fn tasks(self, tasks: impl Fn(f64) -> Vec<Task> + 'a) -> Self {
        Self { tasks: Box::new(move |at| Ok(tasks(at))), ..self }
    }

    fn previous(self, tasks: impl Fn(f64) -> Vec<Task> + 'a) -> Self {
        Self { previous: Box::new(move |at| Ok(tasks(at))), ..self }
    }

    fn stopped(self, stopped: impl Fn(f64) -> Vec<Task> + 'a) -> Self {
        Self { stopped: Box::new(move |at| Ok(stopped(at))), ..self }
    }

    fn set_up(self, settings: RolloutSettings) -> Self {
        Self { settings, ..self }
    }

    fn service(&self, rows: &[DeploymentRow]) -> Service {
        let mut service = Service { settings: Box::new(self.settings.clone()), ..service(rows, self.desired) };
        for deployment in &mut service.deployments {
            (deployment.running, deployment.pending) = (self.desired - self.starting, self.starting);
        }
        service
    }

    fn desired(self, desired: i32) -> Self {
        Self { desired, ..self }
    }
}

const OURS_DONE: DeploymentRow = ("2", 8, RolloutState::Completed, None);
const OURS_GOES_ON: DeploymentRow = ("2", 8, RolloutState::InProgress, None);
const OURS_FAILED: DeploymentRow = ("2", 8, RolloutState::Failed, Some("tasks failed to start"));
const BEFORE: DeploymentRow = ("1", 7, RolloutState::Completed, None);
const BACK: DeploymentRow = ("3", 7, RolloutState::Completed, None);
const COMES_BACK: DeploymentRow = ("3", 7, RolloutState::InProgress, None);
const FOREIGN: DeploymentRow = ("3", 9, RolloutState::InProgress, None);

fn revision(number: u64) -> RevisionArn {
    format!("arn:aws:ecs:us-east-1:123456789012:task-definition/backend:{number}").into()
}

fn id(name: &str) -> DeploymentId {
    format!("ecs-svc/{name}").into()
}

fn service(rows: &[DeploymentRow], desired: i32) -> Service {
    let deployments = rows.iter().enumerate().map(|(index, (name, number, state, reason))| Deployment {
        id: id(name),
        is_primary: index == 0,
        task_definition: revision(*number),
        rollout_state: Some(state.clone()),
        reason: reason.map(str::to_owned),
        desired,
        running: desired,
        pending: 0,
        failed: 0,
        created: None,
        updated: None,
    });
    Service {
        arn: "arn:aws:ecs:us-east-1:123456789012:service/stage/backend".into(),
        status: ServiceStatus::Active,
        controller: Controller::Ecs,
        desired,
        running: desired,
        deployments: deployments.collect(),
        events: Vec::new(),
        holds: Vec::new(),
        tag_keys: Vec::new(),
        settings: Box::default(),
        announced: None,
    }
}

/// A task that runs what was shipped.
fn task(number: u32) -> Task {
    Task {
        arn: format!("arn:aws:ecs:us-east-1:123456789012:task/stage/{number}").into(),
        ..one_task(revision(8).as_str(), Some('a'))
    }
}

fn pending(number: u32) -> Task {
    Task { last_status: "PENDING".to_owned(), ..task(number) }
}

fn previous_task(number: u32) -> Task {
    Task { revision: revision(7), ..task(number) }
}

fn arns(numbers: &[u32]) -> Vec<TaskArn> {
    numbers.iter().map(|number| task(*number).arn).collect()
}

fn expected(number: u64) -> Expectation {
    Expectation { task_definition: revision(number), ..expectation() }
}

fn denied() -> NotObserved {
    not_observed(false, "no: denied")
}

fn throttled() -> NotObserved {
    not_observed(true, "slow down")
}

fn not_observed(transient: bool, brief: &str) -> NotObserved {
    let failure = Failure::new(Outcome::Broken, "not observed").cause(brief).hint("allow it");
    NotObserved { transient, brief: brief.to_owned(), failure: Box::new(failure) }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A rollout that was just begun, with a timeout in seconds.
fn begun(timeout: u64) -> RolloutWatch {
    let settings =
        WatchSettings { timeout: Duration::from_secs(timeout), last_rollout: None, watched: false, fail_fast: 3 };
    let deployment = OwnDeployment {
        id: Some(id("2")),
        task_definition: revision(8),
        previous: vec![revision(7), revision(6)],
        created: None,
    };
    let subject = WatchedDeployment {
        deployment,
        before: Some(id("1")),
        expected: expected(8),
        verified: Vec::new(),
        note: false,
        going_back: false,
    };
    RolloutWatch::new(settings, subject)
}

/// A deployment that was there before.
fn found(timeout: u64) -> RolloutWatch {
    let watch = begun(timeout);
    let mut subject = watch.subject.clone();
    subject.before = None;
    subject.deployment.previous.clear();
    RolloutWatch::new(watch.settings, subject)
}

/// The same, whose tasks were verified.
fn verified(timeout: u64, tasks: &[u32]) -> RolloutWatch {
    let watch = found(timeout);
    let subject = WatchedDeployment { verified: arns(tasks), ..watch.subject.clone() };
    RolloutWatch::new(watch.settings, subject)
}

/// How a watch went.
#[derive(Debug)]
struct Ran {
    end: Result<RolloutEnd, DeploymentUnproven>,
    /// In seconds.
    at: f64,
    polls: u32,
    reports: Vec<Report>,
    /// When which deployment was noted.
    notes: Vec<(f64, DeploymentId)>,
}

/// Runs a watch to its end, in no time.
fn drive(mut watch: RolloutWatch, world: &WatchWorld<'_>) -> Ran {
    let (mut now, mut polls, mut reports, mut notes) = (Duration::ZERO, 1, Vec::new(), Vec::new());
    let mut question = WatchQuery::Service;
    loop {
        let at = now.as_secs_f64();
        let observed = match question {
            WatchQuery::Service => {
                (world.service)(at).map(|rows| Observation::Service((!rows.is_empty()).then(|| world.service(&rows))))
            }
            WatchQuery::Lifecycle(_) => Ok(Observation::Lifecycle((world.lifecycle)(at))),
            WatchQuery::Stopped => (world.stopped)(at).map(Observation::Stopped),
            WatchQuery::Note(id) => {
                notes.push((at, id));
                Ok(Observation::Noted)
            }
            WatchQuery::Tasks => (world.tasks)(at).map(Observation::Tasks),
            WatchQuery::Previous { .. } => {
                (world.previous)(at).map(|tasks| Observation::Previous { expected: expected(7), tasks })
            }
        };
        now += seconds(world.slowness);
        let next = watch.see(now, observed.unwrap_or_else(Observation::Failed));
        reports.extend(next.reports);
        let after;
        (after, question) = match next.step {
            PollStep::Ask { after, question } => (after, question),
            PollStep::Done(end) => return Ran { end, at: now.as_secs_f64(), polls, reports, notes },
        };
        now += after;
        polls += u32::from(question == WatchQuery::Service);
        assert!(polls < 10_000, "it does not end");
    }
}

fn timed_out(missing: Option<&str>, after: u64) -> Result<RolloutEnd, DeploymentUnproven> {
    Err(DeploymentUnproven::TimedOut { missing: missing.map(str::to_owned), after: Duration::from_secs(after) })
}

fn proven(numbers: &[u32]) -> RolloutEnd {
    RolloutEnd::Proven { tasks: arns(numbers) }
}

/// An event with a message that is its id, too.
fn event(text: &str) -> ServiceEvent {
    ServiceEvent { id: text.to_owned(), message: text.to_owned() }
}
