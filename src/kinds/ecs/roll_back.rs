//! The way back of a release that failed after it took the place of another, where ECS does not go back by itself.
//!
//! Look again → stop the deployment that goes on, or update the service to what served before → follow until that serves
//! → ask its probes. Only then the release is `rolled-back`.

use super::apply::Apply;
use super::unfinished::Unfinished;
use super::update::Updated;
use crate::domain::ecs::ids::{DeploymentId, RevisionArn};
use crate::domain::ecs::rollout::OwnDeployment;
use crate::domain::ecs::service::{RolloutState, Service};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::ecs::watch::{self, DeploymentUnproven};
use crate::domain::ecs::way_back::{Back, combined};
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::settle::OnFailure;
use crate::domain::step::{StepId, StepVerb};
use crate::explain::{Phase, explain};

impl Apply<'_> {
    /// Brings back what served before a release that failed.
    pub(super) async fn bring_back(&self, ours: &OwnDeployment, definition: &TaskDefinition) -> Back {
        if self.run.on_failure == OnFailure::Leave {
            return Back::Left;
        }
        let Some(to) = self.served(ours).await else { return Back::Nowhere };
        let to = &to;
        let step = self.step(StepVerb::RollBack);
        let end = self.run.events.step(&step, self.go_back(&step, to, ours, definition)).await;
        match end {
            Ok(()) => Back::Serves(to.clone()),
            Err(failure) if failure.outcome == Outcome::Superseded => Back::Superseded(Box::new(failure)),
            Err(failure) => Back::NotSeen(to.clone(), Box::new(failure)),
        }
    }

    /// The revision to go back to: the first that is somebody else's, or a release that is known to have served. One that
    /// cannot be read is taken for what the service says of it.
    async fn served(&self, ours: &OwnDeployment) -> Option<RevisionArn> {
        for arn in ours.previous.iter().filter(|arn| **arn != ours.task_definition) {
            let read = self.run.cloud.ecs().revision(arn, &self.plan.service_arn).await;
            if !read.is_ok_and(|revision| revision.ledger.is_some_and(|entry| !entry.succeeded())) {
                return Some(arn.clone());
            }
        }
        None
    }

    async fn go_back(
        &self,
        step: &StepId,
        to: &RevisionArn,
        ours: &OwnDeployment,
        definition: &TaskDefinition,
    ) -> Result<(), Failure> {
        let service = self.service_now().await?;
        let primary = service.primary().map(|primary| &primary.task_definition);
        let first = match primary {
            // Where ECS, or somebody, is faster, the update changes nothing; and the read may have been an old one.
            Some(primary) if *primary == ours.task_definition || primary == to => {
                self.leave_release(step, &service, to, ours).await?
            }
            Some(primary) if ours.previous.contains(primary) => None,
            Some(primary) => {
                return Err(watch::failure(DeploymentUnproven::Superseded { by: primary.clone() }, &self.plan.target));
            }
            None => None,
        };
        self.follow_back(step, first, ours, definition).await?;
        self.answers_again(step).await?;
        self.run.events.result(step, format!("{} serves again", to.short()));
        Ok(())
    }

    async fn service_now(&self) -> Result<Service, Failure> {
        let target = &self.plan.target;
        let found = self.run.cloud.ecs().service(&target.cluster, &target.service).await;
        let found = found.map_err(|error| explain(&error, Phase::After))?;
        let gone = || watch::failure(DeploymentUnproven::Gone { status: "MISSING".to_owned() }, target);
        found.map(|(service, _)| service).ok_or_else(gone)
    }

    /// Stops the deployment where that is going on and can be stopped, else updates the service. Returns what the update
    /// answered.
    async fn leave_release(
        &self,
        step: &StepId,
        service: &Service,
        to: &RevisionArn,
        ours: &OwnDeployment,
    ) -> Result<Option<Service>, Failure> {
        let goes_on = |id: &DeploymentId| {
            let deployment = service.deployment(id).filter(|deployment| deployment.is_primary);
            deployment.is_some_and(|deployment| deployment.rollout_state == Some(RolloutState::InProgress))
        };
        let component = self.component.clone();
        let continues =
            format!("{} is being brought back on {component}: `shipgate status` shows whether it serves", to.short());
        self.run.events.emit(RunEvent::ChangeStarted { component, continues });
        if ours.id.as_ref().is_some_and(goes_on) && self.stop_deployment(ours).await {
            return Ok(None);
        }
        match self.send_update(step, to).await {
            Updated::Taken(service) => Ok(Some(*service)),
            Updated::Refused(failure) | Updated::Unknown(failure) => Err(failure),
        }
    }

    /// Whether the deployment was stopped. Not every region has that, and not every role may: then the update does it.
    async fn stop_deployment(&self, ours: &OwnDeployment) -> bool {
        let (target, ecs) = (&self.plan.target, self.run.cloud.ecs());
        let found = ecs.service_deployment(&target.cluster, &target.service, &ours.task_definition, ours.created).await;
        let Ok(Some(arn)) = found else { return false };
        self.run.writer.ecs().stop_service_deployment(&arn).await.is_ok()
    }

    /// Follows the service until what ran before serves again.
    async fn follow_back(
        &self,
        step: &StepId,
        first: Option<Service>,
        ours: &OwnDeployment,
        definition: &TaskDefinition,
    ) -> Result<(), Failure> {
        let mut follow = self.follower(step, ours, definition, &[]);
        follow.subject.going_back = true;
        match follow.run_to_verdict(first).await {
            Err(DeploymentUnproven::RolledBack { .. }) => Ok(()),
            Err(verdict) => Err(watch::failure(verdict, &self.plan.target)),
            // A watch that goes back ends with nothing else.
            Ok(_) => Err(Failure::new(Outcome::Broken, "the release that failed is still there")),
        }
    }

    /// Whether every probe that was answered before the rollout is answered again, by whichever release.
    async fn answers_again(&self, step: &StepId) -> Result<(), Failure> {
        let asked = self.before.borrow().asked.clone();
        let probes = self.plan.target.probes.iter().zip(asked.iter());
        for (probe, _) in probes.filter(|(_, asked)| asked.is_answered()) {
            self.prober().ask_for_answer(probe, step).await?;
        }
        Ok(())
    }

    /// Whether this run changed the service, or an earlier run of the same release did and this one follows that.
    fn is_changed_or_followed(&self, ours: &OwnDeployment) -> bool {
        self.has_changed() || !ours.previous.is_empty()
    }

    /// What a failure of the release leads to: why, and the way back.
    pub(super) async fn aftermath(
        &self,
        unfinished: Unfinished,
        ours: &OwnDeployment,
        definition: &TaskDefinition,
    ) -> Unfinished {
        if matches!(unfinished.failure.outcome, Outcome::Superseded | Outcome::Unproven) {
            return unfinished;
        }
        let Unfinished { mut failure, is_known, is_of_the_release } = unfinished;
        let diagnosis = self.diagnosis(ours, definition);
        // This run does not change what ran before it.
        if is_of_the_release && self.is_changed_or_followed(ours) {
            let (diagnosis, back) = futures_util::future::join(diagnosis, self.bring_back(ours, definition)).await;
            let mut failure = combined(failure, back, self.plan.restores.is_some());
            failure.diagnosed(diagnosis.found, diagnosis.unseen);
            return Unfinished::from(failure);
        }
        let diagnosis = diagnosis.await;
        failure.diagnosed(diagnosis.found, diagnosis.unseen);
        Unfinished { failure, is_known, is_of_the_release }
    }
}
