//! Follows a deployment until it is proven, or known not to be.
//!
//! Look at the service → judge our deployment → once ECS calls it done, read the running tasks back. Nothing but a
//! read-back that matches ends in success.

use std::time::Duration;

use tokio::time::Instant;

use crate::clients::ecs::WhichTasks;
use crate::clients::registry::Registry;
use crate::domain::ecs::read_back::{Expectation, ReadBack, is_starting, read_back, same_tasks};
use crate::domain::ecs::rollout::{self, Judgement, OurDeployment};
use crate::domain::ecs::service::{Deployment, Service, Task, short_arn};
use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::step::StepId;
use crate::domain::target::EcsTarget;
use crate::events::Events;
use crate::kinds::ecs::observe::running;
use crate::kinds::ecs::previous;
use crate::observe::Cloud;

/// How long after ECS calls a deployment done, or was seen to start tasks of it, its tasks may take to look right.
const GRACE: Duration = Duration::from_secs(30);
/// How long after `UpdateService` a look may still show the service as it was before: reads are eventually consistent.
pub const STALE_READS: Duration = Duration::from_secs(10);
/// How long after a failure ECS may take to begin its rollback. It does so at once, where it is configured to.
const ROLLBACK_GRACE: Duration = Duration::from_secs(10);

/// A deployment to follow.
#[derive(Debug)]
pub struct Follow<'a> {
    /// The clients.
    pub cloud: &'a Cloud,
    /// The registry, for the platforms of an image.
    pub registry: &'a Registry,
    /// The component.
    pub component: &'a ComponentName,
    /// The service.
    pub target: &'a EcsTarget,
    /// The deployment.
    pub ours: OurDeployment,
    /// The id of the primary deployment before ours: a look that shows it again may be a stale one. `None`: ours was
    /// there before.
    pub before: Option<String>,
    /// What must run in the end.
    pub expected: Expectation,
    /// The ARNs of the tasks that were verified before. Empty: they are verified for the first time.
    pub verified: &'a [String],
    /// How long the last rollout took, where that is known.
    pub last_rollout: Option<Duration>,
    /// Whether a person watches on a terminal.
    pub watched: bool,
    /// Where progress is emitted.
    pub events: &'a Events,
    /// The step.
    pub step: &'a StepId,
}

/// How following ended, when nothing failed on our side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Our revision is primary, and every running task runs our digest; where tasks were verified before, it is those.
    Proven {
        /// The ARNs of the tasks.
        tasks: Vec<String>,
    },
    /// The same, but tasks that were verified before have been replaced by others.
    Replaced {
        /// The ARNs of the tasks that run now.
        tasks: Vec<String>,
    },
    /// Our revision is primary, and nothing is meant to run.
    NothingDesired,
}

/// What is remembered from look to look.
#[derive(Debug, Default)]
struct Memory {
    looks: u32,
    listed: bool,
    unseen: bool,
    completed: Option<Settling>,
    first_failed: Option<Instant>,
    rolled_back: Option<Settling>,
    judgement: Option<Judgement>,
    reason: Option<String>,
    seen_events: Vec<String>,
}

/// What is remembered since ECS calls the deployment, or the rollback, done.
#[derive(Debug)]
struct Settling {
    since: Instant,
    last_starting: Instant,
    /// The ARNs of the expected revision's tasks at the last look.
    tasks: Vec<String>,
    /// Whether one of them has gone.
    lost: bool,
    /// What is missing still.
    missing: Option<String>,
}

impl Settling {
    fn new() -> Self {
        let now = Instant::now();
        Self { since: now, last_starting: now, tasks: Vec::new(), lost: false, missing: None }
    }

    /// Since when it gets no better: tasks that start are better, unless tasks also end.
    fn quiet_since(&mut self, expected: &Expectation, tasks: &[Task]) -> Instant {
        self.lost |= self.tasks.iter().any(|arn| tasks.iter().all(|task| task.arn != *arn));
        let ours = tasks.iter().filter(|task| task.revision == expected.task_definition);
        self.tasks = ours.map(|task| task.arn.clone()).collect();
        if is_starting(expected, tasks) {
            self.last_starting = Instant::now();
        }
        if self.lost { self.since } else { self.last_starting }
    }
}

/// What to do after a look.
enum Next {
    End(Result<Ended, Failure>),
    LookAgain(Duration),
}

impl Follow<'_> {
    /// Looks until the end, or until the patience of the configuration ends. `first`: the first look.
    ///
    /// # Errors
    ///
    /// With the outcome of the deployment.
    pub async fn run(&self, first: Service) -> Result<Ended, Failure> {
        self.run_from(Ok(Some(first))).await
    }

    /// The same with a first look of its own.
    ///
    /// # Errors
    ///
    /// With the outcome of the deployment.
    pub async fn run_from_now(&self) -> Result<Ended, Failure> {
        self.run_from(self.look().await).await
    }

    async fn run_from(&self, mut looked: Result<Option<Service>, Failure>) -> Result<Ended, Failure> {
        let began = Instant::now();
        let mut memory = Memory::default();
        if let Ok(Some(first)) = &looked {
            memory.seen_events = first.events.iter().map(|event| event.id.clone()).collect();
        }
        loop {
            let elapsed = began.elapsed();
            let next = match looked {
                Ok(service) => self.consider(service.as_ref(), elapsed, &mut memory).await,
                Err(failure) => self.unseen(failure, &mut memory),
            };
            match next {
                Next::End(result) => return result,
                Next::LookAgain(_) if elapsed >= self.target.timeout => return Err(self.out_of_patience(&memory)),
                Next::LookAgain(pause) => {
                    let left = self.target.timeout.saturating_sub(elapsed);
                    self.events.pause(self.step, elapsed, pause.min(left)).await;
                }
            }
            looked = self.look().await;
        }
    }

    async fn look(&self) -> Result<Option<Service>, Failure> {
        let found = self.cloud.ecs.service(&self.target.cluster, &self.target.service).await?;
        Ok(found.map(|(service, _)| service))
    }

    async fn consider(&self, service: Option<&Service>, elapsed: Duration, memory: &mut Memory) -> Next {
        let pause = self.pause(elapsed, self.last_rollout);
        memory.unseen = false;
        if let Some(service) = service {
            if self.is_stale(service, elapsed, memory) {
                return Next::LookAgain(pause);
            }
            self.show(service, memory);
        }
        let judgement = rollout::judge(&self.ours, service);
        if judgement != Judgement::Completed {
            memory.completed = None;
        }
        memory.judgement = Some(judgement.clone());
        match (judgement, service) {
            (Judgement::Completed, Some(service)) => self.read_back(service, memory).await,
            (Judgement::RolledBack { reason }, Some(service)) => {
                let reason = reason.or_else(|| memory.reason.clone());
                self.rolled_back(reason, service, memory).await
            }
            (Judgement::Completed | Judgement::Wait | Judgement::RollingBack | Judgement::RolledBack { .. }, _) => {
                Next::LookAgain(pause)
            }
            (Judgement::Failed { reason }, _) => {
                let since = *memory.first_failed.get_or_insert_with(Instant::now);
                if since.elapsed() < ROLLBACK_GRACE && !self.ours.previous.is_empty() {
                    return Next::LookAgain(Duration::from_secs(1));
                }
                Next::End(Err(not_rolled_back(reason)))
            }
            (Judgement::Superseded { by }, _) => Next::End(Err(superseded(&by))),
            (Judgement::Gone { status }, _) => Next::End(Err(self.gone(&status))),
        }
    }

    /// Whether a look shows the service as it was before our update, which the first look, the update's own answer,
    /// does not.
    fn is_stale(&self, service: &Service, elapsed: Duration, memory: &mut Memory) -> bool {
        let is_ours = |deployment: &Deployment| {
            deployment.id == self.ours.id || deployment.task_definition == self.ours.task_definition
        };
        memory.looks += 1;
        if memory.looks > 1 && service.deployments.iter().any(is_ours) {
            memory.listed = true;
        }
        let shows_before = service.primary().map(|primary| &primary.id) == self.before.as_ref();
        memory.looks > 1 && !memory.listed && shows_before && elapsed < STALE_READS
    }

    async fn read_back(&self, service: &Service, memory: &mut Memory) -> Next {
        let completed = memory.completed.get_or_insert_with(Settling::new);
        let tasks = match self.cloud.ecs.tasks(&self.target.cluster, &self.target.service, WhichTasks::MeantToRun).await
        {
            Ok(tasks) => tasks,
            Err(failure) => return self.unseen(failure, memory),
        };
        let since = completed.quiet_since(&self.expected, &tasks);
        let read = read_back(&self.expected, service, &tasks);
        completed.missing = match &read {
            ReadBack::NotYet(missing) | ReadBack::TooFew { missing, .. } => Some(missing.clone()),
            ReadBack::Verified { .. } | ReadBack::NothingDesired | ReadBack::Wrong(_) => None,
        };
        let are_same = !self.verified.is_empty() && same_tasks(self.verified, &read);
        match read {
            // All that were verified before still run, and others are being added to them.
            ReadBack::TooFew { tasks, .. } if are_same => Next::End(Ok(Ended::Proven { tasks })),
            ReadBack::Verified { tasks } if are_same || self.verified.is_empty() => {
                Next::End(Ok(Ended::Proven { tasks }))
            }
            ReadBack::Verified { tasks } => Next::End(Ok(Ended::Replaced { tasks })),
            ReadBack::NothingDesired => Next::End(Ok(Ended::NothingDesired)),
            ReadBack::NotYet(_) | ReadBack::TooFew { .. } if since.elapsed() < GRACE => {
                Next::LookAgain(self.pause(since.elapsed(), Some(Duration::from_secs(4))))
            }
            // A service that grew during our rollout: its new tasks take as long as they take, so patience is the limit.
            ReadBack::TooFew { .. } if self.before.is_some() => Next::LookAgain(self.pause(since.elapsed(), None)),
            ReadBack::NotYet(reason) | ReadBack::TooFew { missing: reason, .. } | ReadBack::Wrong(reason) => {
                let text = "ECS calls the deployment done, but what runs is not what was shipped";
                Next::End(Err(Failure::new(Outcome::Broken, text).cause(reason).hint(self.look_hint())))
            }
        }
    }

    fn pause(&self, elapsed: Duration, last_rollout: Option<Duration>) -> Duration {
        rollout::pause(elapsed, last_rollout, self.watched)
    }

    /// ECS says that a previous revision is back: is it?
    async fn rolled_back(&self, reason: Option<String>, service: &Service, memory: &mut Memory) -> Next {
        let settling = memory.rolled_back.get_or_insert_with(Settling::new);
        let previous = service.primary().map(|primary| primary.task_definition.as_str()).unwrap_or_default();
        let (serves, since) = self.read_previous_back(previous, service, settling).await;
        let failure = match serves {
            ReadBack::Verified { .. } => {
                Failure::new(Outcome::RolledBack, format!("the rollout failed; {} serves again", short_arn(previous)))
                    .hint("mend the release and deploy the mended commit")
            }
            // Nothing serves, so nothing serves again.
            ReadBack::NothingDesired => {
                let reason = "the rollout failed, and the service is scaled to zero: nothing serves";
                Failure::new(Outcome::Broken, reason)
                    .hint(format!("raise its desired count: it is meant to run {} again", short_arn(previous)))
            }
            // The last tasks of ours may not have stopped yet.
            ReadBack::NotYet(_) | ReadBack::TooFew { .. } if since.elapsed() < GRACE => {
                return Next::LookAgain(Duration::from_secs(1));
            }
            ReadBack::NotYet(difference)
            | ReadBack::TooFew { missing: difference, .. }
            | ReadBack::Wrong(difference) => {
                let reason = format!("the rollout failed, and {} is not seen to serve again", short_arn(previous));
                Failure::new(Outcome::Broken, reason).cause(difference).hint(self.look_hint())
            }
        };
        Next::End(Err(reason.iter().fold(failure, Failure::cause)))
    }

    /// Whether a previous revision serves again, and since when that gets no better. One that does is what the component
    /// runs now. What cannot be looked at now is [`ReadBack::NotYet`].
    async fn read_previous_back(
        &self,
        previous: &str,
        service: &Service,
        settling: &mut Settling,
    ) -> (ReadBack, Instant) {
        let facts = async {
            let revision = self.cloud.ecs.revision(previous, &service.arn).await?;
            let (expected, tasks) = previous::facts(self.cloud, self.registry, self.target, &revision).await?;
            Ok((revision, expected, tasks))
        };
        let (revision, expected, tasks) = match facts.await {
            Ok(facts) => facts,
            Err::<_, Failure>(failure) => return (ReadBack::NotYet(failure.brief()), settling.since),
        };
        let serves = read_back(&expected, service, &tasks);
        if matches!(serves, ReadBack::Verified { .. }) {
            let running = running(&revision, self.target);
            self.events.emit(Event::Serves { component: self.component.clone(), running });
        }
        (serves, settling.quiet_since(&expected, &tasks))
    }

    /// We cannot see what we are following. That may pass; where it cannot, not knowing is not "untouched".
    fn unseen(&self, failure: Failure, memory: &mut Memory) -> Next {
        if failure.transient {
            if !memory.unseen {
                self.events.warning(format!("the service cannot be looked at: {}", failure.brief()), None);
            }
            memory.unseen = true;
            return Next::LookAgain(Duration::from_secs(5));
        }
        let reason = "the deployment cannot be looked at any more";
        let seen = lost_sight(reason, memory).cause(&failure.reason);
        let seen = failure.causes.iter().fold(seen, Failure::cause);
        Next::End(Err(failure.hints.into_iter().fold(seen, Failure::hint)))
    }

    fn out_of_patience(&self, memory: &Memory) -> Failure {
        let limit = self.target.timeout.as_secs();
        if memory.unseen {
            let reason =
                format!("the service could not be looked at until {limit} s were over: how it ended is unknown");
            return lost_sight(&reason, memory).hint(self.look_hint());
        }
        if memory.judgement.as_ref().is_some_and(Judgement::is_failure) {
            let reason = format!("the rollout failed, and its rollback was not done after {limit} s");
            let failure = Failure::new(Outcome::Broken, reason).hint(self.look_hint());
            return memory.reason.iter().fold(failure, Failure::cause);
        }
        let reason = format!("the rollout is still in progress after {limit} s; ECS goes on");
        let missing = memory.completed.as_ref().and_then(|completed| completed.missing.as_ref());
        let failure = missing.into_iter().fold(Failure::new(Outcome::TimedOut, reason), Failure::cause);
        failure.hint(format!(
            "see how it ends with `shipgate status`, or raise `timeout` of the component; {}",
            self.look_hint()
        ))
    }

    fn gone(&self, status: &str) -> Failure {
        let reason = format!("service `{}` is {status}: it was deleted while we waited", self.target.service);
        Failure::new(Outcome::Broken, reason).hint("create the service again")
    }

    fn look_hint(&self) -> String {
        format!(
            "look at it with `aws ecs describe-services --cluster {} --services {}`",
            self.target.cluster, self.target.service
        )
    }

    /// One line for each change, and each new event of the service.
    fn show(&self, service: &Service, memory: &mut Memory) {
        for event in service.events.iter().rev() {
            if !memory.seen_events.contains(&event.id) {
                memory.seen_events.push(event.id.clone());
                self.events.output(self.step, &event.message);
            }
        }
        let ours = service
            .deployment(&self.ours.id)
            .or_else(|| service.primary().filter(|primary| primary.task_definition == self.ours.task_definition));
        let text = ours.map_or_else(
            || "our deployment has left the list".to_owned(),
            |ours| {
                let failed = if ours.failed > 0 { format!(", {} failed", ours.failed) } else { String::new() };
                let place = if ours.is_primary { "" } else { ", no longer primary" };
                format!("{} of {} tasks run, {} starting{failed}{place}", ours.running, ours.desired, ours.pending)
            },
        );
        // Kept for when AWS has taken our deployment off the list.
        memory.reason = ours.and_then(|ours| ours.reason.clone()).or(memory.reason.take());
        self.events.progress(self.step, &text);
    }
}

/// How it ended is unknown, unless the rollout was seen to fail.
fn lost_sight(reason: &str, memory: &Memory) -> Failure {
    let has_failed = memory.judgement.as_ref().is_some_and(Judgement::is_failure);
    if has_failed { Failure::new(Outcome::Broken, reason) } else { Failure::unknown(reason) }
}

fn not_rolled_back(reason: String) -> Failure {
    Failure::new(Outcome::Broken, "the rollout failed, and nothing rolled it back").cause(reason).hint(
        "deploy a commit that works, or set the service to its previous revision; \
         a deployment circuit breaker with rollback would do that by itself",
    )
}

/// Another deployment runs in the place of ours.
pub fn superseded(by: &str) -> Failure {
    Failure::new(Outcome::Superseded, format!("another deployment, of {}, replaced ours", short_arn(by)))
        .hint("find out who deployed it; run this again if this release is the one that should serve")
}
