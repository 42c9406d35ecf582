//! Follows a deployment until it is proven, or known not to be. What is observed next, and when it ends, the watch says.

use std::cell::RefCell;
use std::time::Duration;

use tokio::time::timeout;

use crate::clients::ecs::{EcsError, WhichTasks};
use crate::clients::registry::Registry;
use crate::domain::ecs::ids::{DeploymentId, RevisionArn, ServiceArn};
use crate::domain::ecs::service::{Revision, Service};
use crate::domain::ecs::watch::{
    self, Ended, NotObserved, NotProven, Observed, Question, Report, Settings, Subject, Watch,
};
use crate::domain::event::Event;
use crate::domain::ledger;
use crate::domain::names::ComponentName;
use crate::domain::step::StepId;
use crate::domain::target::EcsTarget;
use crate::events::Events;
use crate::explain::{Phase, explain};
use crate::kinds::ecs::observe::running;
use crate::kinds::ecs::previous;
use crate::kinds::ecs::unfinished::Unfinished;
use crate::observe::Cloud;
use crate::poll::{Waiting, poll};

/// How long the ledger may take to take a note.
const NOTE: Duration = Duration::from_secs(3);

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
    pub subject: Subject,
    /// The deployment that is followed now.
    pub followed: &'a RefCell<Option<DeploymentId>>,
    /// How it is watched.
    pub settings: Settings,
    /// Where progress is emitted.
    pub events: &'a Events,
    /// The step.
    pub step: &'a StepId,
}

impl Follow<'_> {
    /// Follows the deployment to its end, or to the timeout. `first`: the first observation. `None`: it is to be made.
    ///
    /// # Errors
    ///
    /// With the outcome of the deployment.
    pub async fn run(self, mut first: Option<Service>) -> Result<Ended, Unfinished> {
        let mut watch = Watch::new(self.settings.clone(), self.subject.clone());
        let mut previous = None;
        let ask = async |question| match first.take() {
            Some(service) => (Observed::Service(Some(service)), None),
            None => self.observe(question).await,
        };
        poll(Waiting::In(self.events, self.step), Question::Service, ask, |elapsed, (observed, revision)| {
            let next = watch.see(elapsed, observed);
            self.show(next.reports);
            previous = revision.or(previous.take());
            next.step.map(|end| end.map_err(|verdict| self.unfinished(verdict, previous.as_ref())))
        })
        .await
    }

    /// With the previous revision, where that was asked for.
    async fn observe(&self, question: Question) -> (Observed, Option<Revision>) {
        match question {
            Question::Service => (self.service().await, None),
            Question::Tasks => (self.tasks().await, None),
            Question::Note(id) => (self.note(&id).await, None),
            Question::Previous { revision, service } => match self.previous(&revision, &service).await {
                Ok((observed, revision)) => (observed, Some(revision)),
                Err(error) => (not_observed(&error), None),
            },
        }
    }

    async fn service(&self) -> Observed {
        let found = self.cloud.ecs.service(&self.target.cluster, &self.target.service).await;
        found.map_or_else(|error| not_observed(&error), |found| Observed::Service(found.map(|(service, _)| service)))
    }

    async fn tasks(&self) -> Observed {
        let found = self.cloud.ecs.tasks(&self.target.cluster, &self.target.service, WhichTasks::MeantToRun).await;
        found.map_or_else(|error| not_observed(&error.into()), Observed::Tasks)
    }

    async fn previous(&self, arn: &RevisionArn, service: &ServiceArn) -> Result<(Observed, Revision), EcsError> {
        let revision = self.cloud.ecs.revision(arn, service).await?;
        let (expected, tasks) = previous::facts(self.cloud, self.registry, self.target, &revision).await?;
        Ok((Observed::Previous { expected, tasks }, revision))
    }

    fn show(&self, reports: Vec<Report>) {
        for report in reports {
            match report {
                Report::Event(message) => self.events.output(self.step, &message),
                Report::Deployment(id) => self.follows(id),
                Report::Progress(text) => self.events.progress(self.step, &text),
                Report::Warning(text) => self.events.warning(text, None),
            }
        }
    }

    fn follows(&self, id: DeploymentId) {
        self.followed.replace(Some(id.clone()));
        let component = self.component.clone();
        self.events.emit(Event::DeploymentFollowed { component, deployment: id });
    }

    /// Leaves the deployment's id in the ledger for a later run. The rollout goes on without it, so nothing waits long for
    /// it; where tags are refused, the write of the outcome warns of it.
    async fn note(&self, id: &DeploymentId) -> Observed {
        let tags = [ledger::deployment(id)];
        drop(timeout(NOTE, self.cloud.ecs.tag(&self.subject.deployment.task_definition, &tags)).await);
        Observed::Noted
    }

    /// A previous revision that serves again is what the component runs now.
    fn unfinished(&self, verdict: NotProven, previous: Option<&Revision>) -> Unfinished {
        if let (NotProven::RolledBack { .. }, Some(revision)) = (&verdict, previous) {
            let running = running(revision, self.target);
            self.events.emit(Event::Serves { component: self.component.clone(), running });
        }
        let is_known = !verdict.is_unknown();
        Unfinished { failure: watch::failure(verdict, self.target), is_known }
    }
}

fn not_observed(error: &EcsError) -> Observed {
    let brief = explain(error, Phase::Before).brief();
    let failure = Box::new(explain(error, Phase::After));
    Observed::Failed(NotObserved { transient: error.is_transient(), brief, failure })
}
