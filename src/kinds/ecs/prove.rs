//! From a deployment that was followed to its end to one that is proven: probes, and what runs after them.

use super::apply::Apply;
use super::unfinished::Unfinished;
use crate::domain::ecs::ids::TaskArn;
use crate::domain::ecs::rollout::{self, Judgement, OurDeployment};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::ecs::watch::{self, Ended, NotProven};
use crate::domain::failure::{CauseKind, Failure};
use crate::domain::outcome::Outcome;
use crate::domain::step::{StepId, Verb};
use crate::verify::Prober;

impl Apply<'_> {
    /// Asks the probes of a deployment that was followed to its end, where there are any.
    ///
    /// # Errors
    ///
    /// With the outcome: `unproven` where nothing is to run, `broken`, `superseded`.
    pub(super) async fn prove(
        &self,
        ended: Ended,
        mut ours: OurDeployment,
        definition: &TaskDefinition,
    ) -> Result<(), Unfinished> {
        let tasks = match ended {
            Ended::Proven { tasks } | Ended::Replaced { tasks } => tasks,
            Ended::NothingDesired => return Err(self.nothing_desired().into()),
        };
        if self.plan.target.probes.is_empty() {
            return Ok(());
        }
        // ECS has called it done, and rolls nothing back from there: whatever takes its place is somebody's.
        ours.previous.clear();
        ours.id.clone_from(&self.followed.borrow());
        let step = self.step(Verb::Probe);
        self.run.take(&step, self.probe(&step, tasks, &ours, definition)).await
    }

    /// Asks the probes, and has a look at what runs afterwards: anything may have answered while another deployment took
    /// over, or while tasks ended and were started again. Tasks that were replaced once may have been moved by ECS, so the
    /// new ones are asked again; a service whose tasks are replaced each time does not serve.
    async fn probe(
        &self,
        step: &StepId,
        mut tasks: Vec<TaskArn>,
        ours: &OurDeployment,
        definition: &TaskDefinition,
    ) -> Result<(), Unfinished> {
        const ROUNDS: usize = 2;
        let (events, environment) = (&self.run.events, self.run.environment);
        let prober = Prober { http: self.run.http, events, environment, release: &self.run.release };
        for _ in 0..ROUNDS {
            if let Err(failure) = prober.ask_each(&self.plan.target.probes, step).await {
                return Err(self.superseded_meanwhile(ours).await.unwrap_or(failure).into());
            }
            let follow = self.follower(step, ours, definition, &tasks);
            let ended = match follow.run(None).await {
                Ok(ended) => ended,
                Err(unfinished) => return Err(self.diagnosed(unfinished, ours, definition).await),
            };
            tasks = match ended {
                Ended::Proven { .. } => return Ok(()),
                Ended::Replaced { tasks } => tasks,
                Ended::NothingDesired => return Err(self.nothing_desired().into()),
            };
            self.run.events.note("  tasks were replaced while the probes were asked");
        }
        let failure = Failure::new(Outcome::Broken, "tasks of the release do not stay up")
            .of(CauseKind::Application)
            .cause(format!("each of the {ROUNDS} times that the probes were asked, tasks were replaced meanwhile"))
            .hint("the release is on and its tasks end: ship a commit that stays up")
            .hint(format!("or go back to what succeeded before, if anything did: `shipgate rollback {environment}`"));
        Err(self.diagnosed(failure.into(), ours, definition).await)
    }

    /// Whether it was another deployment that did not answer as ours should.
    async fn superseded_meanwhile(&self, ours: &OurDeployment) -> Option<Failure> {
        let target = &self.plan.target;
        let (service, _) = self.run.cloud.ecs().service(&target.cluster, &target.service).await.ok()??;
        let Judgement::Superseded { by } = rollout::judge(ours, Some(&service)) else { return None };
        Some(watch::failure(NotProven::Superseded { by }, target))
    }

    fn nothing_desired(&self) -> Failure {
        let service = &self.plan.target.service;
        let reason = format!("service `{service}` wants no task (desired count 0), so nothing runs to prove it");
        Failure::new(Outcome::Unproven, reason).hint("raise the service's desired count and run this again")
    }
}
