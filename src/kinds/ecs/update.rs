//! The one change of a service: the read before it, and the call whose answer may be lost.

use super::apply::{Apply, Unmoved};
use super::unfinished::Unfinished;
use crate::clients::ecs::EcsError;
use crate::domain::ecs::ids::RevisionArn;
use crate::domain::ecs::rollout;
use crate::domain::ecs::service::Service;
use crate::domain::ecs::update::{Unconfirmed, Update, UpdateReading};
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::step::StepId;
use crate::explain::{Phase, explain, unanswered};
use crate::poll::{Waiting, poll};

/// What became of an update of the service.
pub(super) enum Updated {
    /// The service took it.
    Taken(Box<Service>),
    /// It did not.
    Refused(Failure),
    /// It may still arrive.
    Unknown(Failure),
}

impl Apply<'_> {
    /// The precondition of the plan: the service still runs what it ran at the plan.
    pub(super) async fn unmoved(&self) -> Result<Unmoved, Failure> {
        let target = &self.plan.target;
        let found = self.run.cloud.ecs().service(&target.cluster, &target.service).await?;
        let (service, placement) = found.ok_or_else(|| {
            Failure::failed(format!("service `{}` does not exist any more", target.service))
                .hint("create it again; nothing was changed")
        })?;
        let primary = service.primary();
        if let Some(primary) = primary.filter(|primary| primary.task_definition == self.plan.live.arn) {
            self.not_held_since(&service)?;
            return Ok(Unmoved { placement, primary: primary.id.clone(), previous: rollout::served_before(&service) });
        }
        let runs = primary.map_or("", |primary| primary.task_definition.short());
        Err(Failure::new(
            Outcome::Stale,
            format!(
                "service `{}` was moved to {} since the plan was made from {}",
                target.service,
                runs,
                self.plan.live.short()
            ),
        )
        .hint("run it again: it plans from what runs now"))
    }

    /// A hold that was put on the service since the gates were asked refuses too; a rollback it does not stop.
    fn not_held_since(&self, service: &Service) -> Result<(), Failure> {
        let new = service.holds.iter().find(|hold| !self.plan.holds.contains(hold));
        match new {
            Some(hold) if self.plan.restores.is_none() => {
                let reason = format!("service `{}` was held since the plan was made", self.plan.target.service);
                Err(Failure::new(Outcome::Refused, reason)
                    .cause(hold.reason())
                    .hint("run it again: the gate `hold` then says whether this commit is covered"))
            }
            _ => Ok(()),
        }
    }

    /// The one change of the service to a release.
    pub(super) async fn update(&self, step: &StepId, arn: &RevisionArn) -> Result<Service, Unfinished> {
        match self.send_update(step, arn).await {
            Updated::Taken(service) => Ok(*service),
            Updated::Refused(failure) => {
                self.change_refused();
                Err(failure.into())
            }
            Updated::Unknown(failure) => Err(Unfinished::unknown(failure)),
        }
    }

    /// Updates the service. When the answer is lost, what the service says decides.
    pub(super) async fn send_update(&self, step: &StepId, arn: &RevisionArn) -> Updated {
        let target = &self.plan.target;
        let error = match self.run.writer.ecs().update_service(&target.cluster, &target.service, arn).await {
            Ok(service) => return Updated::Taken(Box::new(service)),
            Err(error) => error,
        };
        let unconfirmed = if error.refused { Unconfirmed::Refused } else { Unconfirmed::Unanswered };
        let mut unseen = None;
        let updated = poll(
            Waiting::In(&self.run.events, step),
            (),
            async |()| self.updated(arn).await,
            |elapsed, read| {
                unseen = None;
                let seen = match read {
                    Ok(Some(service)) => UpdateReading::Taken(service),
                    Ok(None) => UpdateReading::NotTaken,
                    Err(error) => UpdateReading::Nothing { transient: unseen.insert(error).is_transient() },
                };
                unconfirmed.judge(elapsed, seen)
            },
        );
        match updated.await {
            Update::Taken(service) => {
                let refused = explain(&error, Phase::Before).brief();
                self.run.events.warning(format!("{refused}; but the service took the update"), None);
                Updated::Taken(Box::new(service))
            }
            Update::NotTaken => Updated::Refused(explain(&error, Phase::During)),
            Update::Unknown => Updated::Unknown(unanswered(&error, unseen.as_ref())),
        }
    }

    /// The service, if it is meant to run a revision.
    async fn updated(&self, arn: &RevisionArn) -> Result<Option<Service>, EcsError> {
        let target = &self.plan.target;
        let found = self.run.cloud.ecs().service(&target.cluster, &target.service).await?;
        let is_meant_to = |service: &Service| service.primary().is_some_and(|primary| primary.task_definition == *arn);
        Ok(found.map(|(service, _)| service).filter(is_meant_to))
    }
}
