//! Waits for a rollout of somebody else's before anything of a component is changed.

use super::apply::Apply;
use super::unfinished::Unfinished;
use crate::domain::ecs::company::{Company, CompanyEnd, RolloutPoll, Wait, failure};
use crate::domain::ecs::target::Busy;
use crate::domain::failure::Failure;
use crate::domain::poll::PollStep;
use crate::domain::step::{StepId, StepVerb};
use crate::poll::{Waiting, poll};

impl Apply<'_> {
    /// Waits for the end of a rollout that was in progress when the plan was made, where that is configured. A rollback
    /// does not wait.
    pub(super) async fn wait_for_others(&self, first: StepVerb) -> Result<(), Unfinished> {
        let Some(company) = self.plan.company.as_ref().filter(|_| self.waits()) else { return Ok(()) };
        // What was seen before the components that it depends on were changed may be long over.
        let first = self.step(first);
        self.run.ready(&first).await?;
        let step = StepId::new(StepVerb::WaitForOthers, self.component);
        let waited = self.run.events.step(&step, self.others_end(company, (&step, &first))).await?;
        if waited == CompanyEnd::Hopeless {
            let revision = company.revision.short();
            let text =
                format!("the rollout of {revision} is not waited for: its tasks fail, and no circuit breaker ends it");
            self.run.events.warning(text, None);
        }
        Ok(())
    }

    fn waits(&self) -> bool {
        self.plan.target.busy == Busy::Wait && self.plan.restores.is_none()
    }

    async fn others_end(&self, company: &Company, (step, first): (&StepId, &StepId)) -> Result<CompanyEnd, Failure> {
        let target = &self.plan.target;
        let wait =
            Wait { revision: company.revision.clone(), timeout: target.timeout, watched: self.run.context.interactive };
        let ask = async |()| {
            // Once something else has failed, nothing is to begin after the wait.
            self.run.ready(first).await?;
            match self.run.cloud.ecs().service(&target.cluster, &target.service).await {
                Ok(found) => Ok(RolloutPoll::Service(found.map(|(service, _)| Box::new(service)))),
                Err(error) if error.is_transient() => Ok(RolloutPoll::Nothing),
                Err(error) => Err(Failure::from(error)),
            }
        };
        let waited =
            poll(Waiting::In(&self.run.events, step), (), ask, |elapsed, look: Result<RolloutPoll, Failure>| {
                let look = match look {
                    Ok(look) => look,
                    Err(failure) => return PollStep::Done(Err(failure)),
                };
                let (progress, next) = wait.see(elapsed, &look);
                if let Some(text) = progress {
                    self.run.events.progress(step, &text);
                }
                next.map(Ok)
            });
        let waited = waited.await?;
        let failed = failure(&waited, (self.component, target), &company.revision, self.plan.last_completed.as_ref());
        failed.map_or(Ok(waited), Err)
    }
}
