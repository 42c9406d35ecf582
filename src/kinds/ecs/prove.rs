//! From a deployment that was followed to its end to one that is proven: probes, what runs after them, and a while in which
//! it has to stay so.

use super::apply::Apply;
use super::unfinished::Unfinished;
use crate::domain::asked_probe::{EarlierProof, judged};
use crate::domain::check::dockerfile::lacking_release;
use crate::domain::ecs::ids::TaskArn;
use crate::domain::ecs::rollout::{self, OwnDeployment, RolloutJudgement};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::ecs::watch::{self, DeploymentUnproven, RolloutEnd};
use crate::domain::event::RunEvent;
use crate::domain::failure::{Cause, CauseKind, Failure};
use crate::domain::outcome::Outcome;
use crate::domain::probe::Probe;
use crate::domain::proof::ProvenTasks;
use crate::domain::step::{StepId, StepSubject, StepVerb};
use crate::observe::Checkout;
use crate::verify::Unanswered;

impl Apply<'_> {
    /// Proves a deployment that was followed to its end. `settles`: it is new, so it is watched for a while.
    ///
    /// # Errors
    ///
    /// With the outcome: `unproven` where nothing is to run, `broken`, `superseded`.
    pub(super) async fn prove(
        &self,
        ended: RolloutEnd,
        settles: bool,
        mut ours: OwnDeployment,
        definition: &TaskDefinition,
    ) -> Result<(), Unfinished> {
        let mut tasks = match ended {
            RolloutEnd::Proven { tasks } | RolloutEnd::Replaced { tasks } => tasks,
            RolloutEnd::NothingDesired => return Err(self.nothing_desired().into()),
        };
        self.proven(&tasks);
        // ECS has called it done, and rolls nothing back from there: whatever takes its place is somebody's.
        ours.previous.clear();
        ours.id.clone_from(&self.followed.borrow());
        if !self.plan.target.probes.is_empty() {
            let step = self.step(StepVerb::Probe);
            tasks = self.run.take(&step, self.probe(&step, tasks, &ours, definition)).await?;
        }
        if settles {
            let step = self.step(StepVerb::Settle);
            self.run.take(&step, self.settle(&step, tasks, &ours, definition)).await?;
        }
        Ok(())
    }

    /// The tasks were read back, and run the release.
    fn proven(&self, tasks: &[TaskArn]) {
        let (running, digest) = (tasks.len(), self.plan.digests().into_iter().next());
        let subject = StepSubject::Component(self.component.clone());
        let tasks = ProvenTasks { running, desired: Some(running), digest };
        self.run.events.emit(RunEvent::TasksProven { subject, tasks });
    }

    /// Asks the probes, and reads what runs afterwards: anything may have answered while another deployment took
    /// over, or while tasks ended and were started again. Tasks that were replaced once may have been moved by ECS, so the
    /// new ones are asked again; a service whose tasks are replaced each time does not serve. Returns the tasks that run.
    async fn probe(
        &self,
        step: &StepId,
        mut tasks: Vec<TaskArn>,
        ours: &OwnDeployment,
        definition: &TaskDefinition,
    ) -> Result<Vec<TaskArn>, Unfinished> {
        const ROUNDS: usize = 2;
        for _ in 0..ROUNDS {
            self.ask_probes(step, ours).await?;
            tasks = match self.follower(step, ours, definition, &tasks).run(None).await? {
                RolloutEnd::Proven { tasks } => return Ok(tasks),
                RolloutEnd::Replaced { tasks } => tasks,
                RolloutEnd::NothingDesired => return Err(self.nothing_desired().into()),
            };
            self.run.events.note("  tasks were replaced while the probes were asked");
        }
        let environment = self.run.environment;
        let failure = Failure::new(Outcome::Broken, "tasks of the release do not stay up")
            .of(CauseKind::Application)
            .cause(format!("each of the {ROUNDS} times that the probes were asked, tasks were replaced meanwhile"))
            .hint("the release is on and its tasks end: ship a commit that stays up")
            .hint(format!("or go back to what succeeded before, if anything did: `shipgate rollback {environment}`"));
        Err(Unfinished::of_the_release(failure))
    }

    /// Asks each probe until it is decided.
    pub(super) async fn ask_probes(&self, step: &StepId, ours: &OwnDeployment) -> Result<(), Unfinished> {
        let Err(unanswered) = self.prober().ask_each(&self.plan.target.probes, step).await else { return Ok(()) };
        if let Some(superseded) = self.superseded_meanwhile(ours).await {
            return Err(superseded.into());
        }
        let Unanswered { index, failure } = unanswered;
        let failure = self.lacks_release(failure, index);
        let asked = self.before.borrow().asked.get(index).cloned();
        let before = match &asked {
            Some(asked) => EarlierProof::Asked(asked),
            None if self.plan.rolling_out => EarlierProof::Unknown,
            None => EarlierProof::Unchanged,
        };
        let line = self.plan.target.probes.get(index).and_then(|probe| probe.line.as_ref());
        let failure = judged(failure, before, line, self.run.environment);
        let is_of_the_release = asked.is_some_and(|asked| asked.is_answered());
        Err(if is_of_the_release { Unfinished::of_the_release(failure) } else { failure.into() })
    }

    /// Says of a probe that compares the release why the image may not know it, where the Dockerfile says so.
    fn lacks_release(&self, failure: Failure, index: usize) -> Failure {
        let names_release = self.plan.target.probes.get(index).is_some_and(Probe::names_release);
        let image = self.run.built.iter().find(|image| image.image.component == self.plan.target.image);
        let Some(image) = image.filter(|_| names_release) else { return failure };
        let directory = &self.run.cloud.directory;
        let dockerfile = image.image.build.dockerfile();
        let text = Checkout::around(self.run.context, directory).read(directory.join(&dockerfile)).unwrap_or_default();
        let Some(name) = lacking_release(&text, &image.image.build, &self.run.release) else { return failure };
        let cause = format!("`{dockerfile}` does not declare `ARG {name}`, so the image may not know its release");
        let hint = format!("add `ARG {name}` and `ENV {name}=${name}` to `{dockerfile}`, and push that commit");
        failure.because(Cause::new(CauseKind::Build, cause).hint(hint.clone())).hint(hint)
    }

    /// Whether it was another deployment whose answer was wrong.
    async fn superseded_meanwhile(&self, ours: &OwnDeployment) -> Option<Failure> {
        let target = &self.plan.target;
        let (service, _) = self.run.cloud.ecs().service(&target.cluster, &target.service).await.ok()??;
        let RolloutJudgement::Superseded { by } = rollout::judge(ours, Some(&service)) else { return None };
        Some(watch::failure(DeploymentUnproven::Superseded { by }, target))
    }

    pub(super) fn nothing_desired(&self) -> Failure {
        let service = &self.plan.target.service;
        let reason = format!("service `{service}` wants no task (desired count 0), so nothing runs to prove it");
        Failure::new(Outcome::Unproven, reason).hint("raise the service's desired count and run this again")
    }
}
