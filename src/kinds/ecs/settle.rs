//! Watches a release that was proven: a task that dies after twenty seconds was never deployed.

use std::time::Duration;

use super::apply::Apply;
use super::unfinished::Unfinished;
use crate::domain::ecs::failing::{self, OfDeployment};
use crate::domain::ecs::ids::TaskArn;
use crate::domain::ecs::rollout::OurDeployment;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::ecs::watch::Ended;
use crate::domain::failure::{CauseKind, Failure};
use crate::domain::outcome::Outcome;
use crate::domain::poll::Step;
use crate::domain::settle::pause;
use crate::domain::step::StepId;
use crate::poll::{Waiting, poll};

impl Apply<'_> {
    /// Watches the release for the configured time: its tasks, its probes, alarms and its log.
    ///
    /// # Errors
    ///
    /// It did not stay as it was proven.
    pub(super) async fn settle(
        &self,
        step: &StepId,
        tasks: Vec<TaskArn>,
        ours: &OurDeployment,
        definition: &TaskDefinition,
    ) -> Result<(), Unfinished> {
        let time = self.plan.target.settle.time;
        // What failed before it was proven, and was started again, has been forgiven.
        let before: Vec<TaskArn> = self.failed_tasks(ours).await?.into_iter().map(|(arn, _)| arn).collect();
        let mut tasks = tasks;
        let look = async |()| {
            tasks = self.still_runs(step, &tasks, &before, ours, definition).await?;
            Ok(())
        };
        poll(Waiting::In(&self.run.events, step), (), look, |elapsed, looked: Result<(), Unfinished>| match looked {
            Err(unfinished) => Step::Done(Err(unfinished)),
            Ok(()) if elapsed >= time => Step::Done(Ok(())),
            Ok(()) => {
                self.show_settling(step, elapsed, time);
                Step::again(pause(elapsed, time))
            }
        })
        .await
    }

    fn show_settling(&self, step: &StepId, elapsed: Duration, time: Duration) {
        let text = format!("stays up: {} of {} s", elapsed.as_secs(), time.as_secs());
        self.run.events.progress(step, &text);
    }

    /// Looks once at everything. Returns the tasks that run now.
    async fn still_runs(
        &self,
        step: &StepId,
        tasks: &[TaskArn],
        before: &[TaskArn],
        ours: &OurDeployment,
        definition: &TaskDefinition,
    ) -> Result<Vec<TaskArn>, Unfinished> {
        let failed = self.failed_tasks(ours).await?;
        if let Some((arn, ending)) = failed.into_iter().find(|(arn, _)| !before.contains(arn)) {
            return Err(died(&arn, &ending));
        }
        let running = match self.follower(step, ours, definition, tasks).run(None).await? {
            Ended::Proven { tasks } | Ended::Replaced { tasks } => tasks,
            Ended::NothingDesired => return Err(self.nothing_desired().into()),
        };
        self.ask_probes(step, ours).await?;
        Ok(running)
    }

    /// The tasks of the deployment that ended in a way that speaks against its release, and how.
    async fn failed_tasks(&self, ours: &OurDeployment) -> Result<Vec<(TaskArn, String)>, Failure> {
        let stopped = self.stopped.look(self.run.cloud, &self.plan.target).await?;
        let of = OfDeployment { revision: &ours.task_definition, since: ours.created };
        let failed = stopped.iter().filter(|task| of.has(task));
        Ok(failed.filter_map(|task| Some((task.arn.clone(), failing::ending(task)?.to_string()))).collect())
    }
}

fn died(task: &TaskArn, ending: &str) -> Unfinished {
    let failure = Failure::new(Outcome::Broken, "the release does not stay up after its rollout")
        .of(CauseKind::Application)
        .cause(format!("task {}: {ending}", task.id()))
        .hint("the release is on and its tasks end: ship a commit that stays up");
    Unfinished::of_the_release(failure)
}
