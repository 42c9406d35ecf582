//! Follows a deployment until it is proven, or known not to be.
//!
//! Look at the service → judge our deployment → once ECS calls it done, read the running tasks back. Nothing but a
//! read-back that matches ends in success.

use std::time::Duration;

use tokio::time::Instant;

use crate::clients::ecs::WhichTasks;
use crate::domain::ecs::read_back::{Expectation, ReadBack, read_back};
use crate::domain::ecs::rollout::{self, Judgement, OurDeployment};
use crate::domain::ecs::service::{Service, short_arn};
use crate::domain::outcome::Outcome;
use crate::domain::target::EcsTarget;
use crate::error::Failure;
use crate::observe::Cloud;
use crate::report::journal::Journal;

/// How long after ECS calls a deployment done its tasks may take to look right.
const GRACE: Duration = Duration::from_secs(30);
/// How long after a failure ECS may take to begin its rollback. It does so at once, where it is configured to.
const ROLLBACK_GRACE: Duration = Duration::from_secs(10);

/// A deployment to follow.
#[derive(Debug)]
pub struct Follow<'a> {
    /// The clients.
    pub cloud: &'a Cloud,
    /// The service.
    pub target: &'a EcsTarget,
    /// The deployment.
    pub ours: OurDeployment,
    /// What must run in the end.
    pub expected: Expectation,
    /// How long the last rollout took, where that is known.
    pub last_rollout: Option<Duration>,
    /// Where progress is shown.
    pub journal: &'a Journal,
    /// The name of the step.
    pub step: &'a str,
}

/// How following ended, when nothing failed on our side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Our revision is primary, and every running task has our digest.
    Proven,
    /// Our revision is primary, and nothing is meant to run.
    NothingDesired,
}

/// What is remembered from look to look.
#[derive(Debug, Default)]
struct Memory {
    first_completed: Option<Instant>,
    first_failed: Option<Instant>,
    seen_events: Vec<String>,
}

/// What to do after a look.
enum Next {
    End(Result<Ended, Failure>),
    LookAgain(Duration),
}

impl Follow<'_> {
    /// Looks until the end, or until the patience of the configuration ends.
    ///
    /// # Errors
    ///
    /// With the outcome of the deployment.
    pub async fn run(&self, first: Service) -> Result<Ended, Failure> {
        let began = Instant::now();
        let mut memory =
            Memory { seen_events: first.events.iter().map(|event| event.id.clone()).collect(), ..Memory::default() };
        let mut looked = Ok(Some(first));
        loop {
            let elapsed = began.elapsed();
            let next = match looked {
                Ok(service) => self.consider(service.as_ref(), elapsed, &mut memory).await,
                // We changed the service and cannot see it any more: not knowing is not "untouched".
                Err(failure) => Next::End(Err(unseen(failure))),
            };
            match next {
                Next::End(result) => return result,
                Next::LookAgain(_) if elapsed >= self.target.timeout => return Err(self.out_of_patience()),
                Next::LookAgain(pause) => self.journal.pause(self.step, elapsed, pause).await,
            }
            looked = self.look().await;
        }
    }

    async fn look(&self) -> Result<Option<Service>, Failure> {
        let found = self.cloud.ecs.service(&self.target.cluster, &self.target.service).await?;
        Ok(found.map(|(service, _)| service))
    }

    async fn consider(&self, service: Option<&Service>, elapsed: Duration, memory: &mut Memory) -> Next {
        if let Some(service) = service {
            self.show(service, elapsed, memory);
        }
        let pause = rollout::pause(elapsed, self.last_rollout);
        let judgement = rollout::judge(&self.ours, service);
        if judgement != Judgement::Completed {
            memory.first_completed = None;
        }
        match judgement {
            Judgement::Wait | Judgement::RollingBack { .. } => Next::LookAgain(pause),
            Judgement::Completed => match service {
                Some(service) => self.read_back(service, memory).await,
                None => Next::LookAgain(pause),
            },
            Judgement::RolledBack { reason } => Next::End(Err(self.rolled_back(&reason, service).await)),
            Judgement::Failed { reason } => {
                let since = *memory.first_failed.get_or_insert_with(Instant::now);
                if since.elapsed() < ROLLBACK_GRACE && self.ours.previous_task_definition.is_some() {
                    return Next::LookAgain(Duration::from_secs(1));
                }
                Next::End(Err(Failure::new(Outcome::Broken, "the rollout failed, and nothing rolled it back")
                    .cause(reason)
                    .hint(
                        "deploy a commit that works, or set the service to its previous revision; \
                           a deployment circuit breaker with rollback would do that by itself",
                    )))
            }
            Judgement::Superseded { by } => Next::End(Err(Failure::new(
                Outcome::Superseded,
                format!("another deployment, of {}, replaced ours", short_arn(&by)),
            )
            .hint("find out who deployed it; run this again if this release is the one that should serve"))),
            Judgement::Gone { status } => Next::End(Err(Failure::new(
                Outcome::Broken,
                format!("service `{}` is {status}: it was deleted while we waited", self.target.service),
            )
            .hint("create the service again"))),
        }
    }

    async fn read_back(&self, service: &Service, memory: &mut Memory) -> Next {
        let since = *memory.first_completed.get_or_insert_with(Instant::now);
        let tasks = match self.cloud.ecs.tasks(&self.target.cluster, &self.target.service, WhichTasks::MeantToRun).await
        {
            Ok(tasks) => tasks,
            Err(failure) => return Next::End(Err(unseen(failure))),
        };
        match read_back(&self.expected, service, &tasks) {
            ReadBack::Verified { .. } => Next::End(Ok(Ended::Proven)),
            ReadBack::NothingDesired => Next::End(Ok(Ended::NothingDesired)),
            ReadBack::NotYet(_) if since.elapsed() < GRACE => {
                Next::LookAgain(rollout::pause(since.elapsed(), Some(Duration::from_secs(4))))
            }
            ReadBack::NotYet(reason) | ReadBack::Wrong(reason) => Next::End(Err(Failure::new(
                Outcome::Broken,
                "ECS calls the deployment done, but what runs is not what was shipped",
            )
            .cause(reason)
            .hint(self.look_hint()))),
        }
    }

    async fn rolled_back(&self, reason: &str, service: Option<&Service>) -> Failure {
        let previous = self.ours.previous_task_definition.as_deref().unwrap_or_default();
        let tasks = self.cloud.ecs.tasks(&self.target.cluster, &self.target.service, WhichTasks::MeantToRun).await;
        let desired = service.map_or(0, |service| service.desired);
        let serves = tasks.is_ok_and(|tasks| {
            let running = tasks.iter().filter(|task| task.revision == previous && task.last_status == "RUNNING");
            i32::try_from(running.count()).is_ok_and(|running| running >= desired)
        });
        if serves {
            return Failure::new(
                Outcome::RolledBack,
                format!("the rollout failed; {} serves again", short_arn(previous)),
            )
            .cause(reason)
            .hint("mend the release and deploy the mended commit");
        }
        Failure::new(
            Outcome::Broken,
            format!("the rollout failed, and {} is not seen to serve again", short_arn(previous)),
        )
        .cause(reason)
        .hint(self.look_hint())
    }

    fn out_of_patience(&self) -> Failure {
        let limit = self.target.timeout.as_secs();
        Failure::new(Outcome::TimedOut, format!("the rollout is still in progress after {limit} s; ECS goes on")).hint(
            format!(
                "see how it ends with `shipgate status`, or raise `timeout` of the component; {}",
                self.look_hint()
            ),
        )
    }

    fn look_hint(&self) -> String {
        format!(
            "look at it with `aws ecs describe-services --cluster {} --services {}`",
            self.target.cluster, self.target.service
        )
    }

    /// One line for each change, and each new event of the service.
    fn show(&self, service: &Service, _elapsed: Duration, memory: &mut Memory) {
        for event in service.events.iter().rev() {
            if !memory.seen_events.contains(&event.id) {
                memory.seen_events.push(event.id.clone());
                self.journal.output(self.step, &event.message);
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
        self.journal.progress(self.step, &text);
    }
}

fn unseen(failure: Failure) -> Failure {
    let reason = "the service was changed and cannot be looked at any more";
    let unseen =
        failure.causes.iter().fold(Failure::new(Outcome::Broken, reason).cause(&failure.reason), Failure::cause);
    failure.hints.into_iter().fold(unseen, Failure::hint)
}
