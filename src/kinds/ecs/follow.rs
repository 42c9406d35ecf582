//! Follows a deployment until it is proven, or known not to be. What is observed next, and when it ends, the watch says.

use tokio::time::Instant;

use crate::clients::ecs::WhichTasks;
use crate::clients::registry::Registry;
use crate::domain::ecs::ids::{RevisionArn, ServiceArn};
use crate::domain::ecs::service::{Revision, Service};
use crate::domain::ecs::watch::{
    self, Action, Ended, NotObserved, NotProven, Observed, Report, Settings, Subject, Watch,
};
use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::names::ComponentName;
use crate::domain::step::StepId;
use crate::domain::target::EcsTarget;
use crate::events::Events;
use crate::kinds::ecs::observe::running;
use crate::kinds::ecs::previous;
use crate::observe::Cloud;

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
    /// How it is watched.
    pub settings: Settings,
    /// Where progress is emitted.
    pub events: &'a Events,
    /// The step.
    pub step: &'a StepId,
}

impl Follow<'_> {
    /// Follows the deployment to its end, or to the timeout. `first`: the first observation.
    ///
    /// # Errors
    ///
    /// With the outcome of the deployment.
    pub async fn run(self, first: Service) -> Result<Ended, Failure> {
        self.run_from(Observed::Service(Some(first))).await
    }

    /// The same with a first observation of its own.
    ///
    /// # Errors
    ///
    /// With the outcome of the deployment.
    pub async fn run_from_now(self) -> Result<Ended, Failure> {
        let first = self.service().await;
        self.run_from(first).await
    }

    async fn run_from(self, mut observed: Observed) -> Result<Ended, Failure> {
        let began = Instant::now();
        let mut watch = Watch::new(self.settings.clone(), self.subject.clone());
        let mut previous = None;
        loop {
            let next = watch.see(began.elapsed(), observed);
            self.show(next.reports);
            observed = match next.action {
                Action::End(end) => return end.map_err(|verdict| self.failure(verdict, previous.as_ref())),
                Action::Poll { after } => {
                    self.events.pause(self.step, began.elapsed(), after).await;
                    self.service().await
                }
                Action::ReadTasks => self.tasks().await,
                Action::ReadPrevious { revision, service } => self.previous(&revision, &service, &mut previous).await,
            };
        }
    }

    async fn service(&self) -> Observed {
        let found = self.cloud.ecs.service(&self.target.cluster, &self.target.service).await;
        found.map_or_else(not_observed, |found| Observed::Service(found.map(|(service, _)| service)))
    }

    async fn tasks(&self) -> Observed {
        let found = self.cloud.ecs.tasks(&self.target.cluster, &self.target.service, WhichTasks::MeantToRun).await;
        found.map_or_else(not_observed, Observed::Tasks)
    }

    async fn previous(&self, arn: &RevisionArn, service: &ServiceArn, previous: &mut Option<Revision>) -> Observed {
        let facts = async {
            let revision = previous.insert(self.cloud.ecs.revision(arn, service).await?);
            previous::facts(self.cloud, self.registry, self.target, revision).await
        };
        facts.await.map_or_else(not_observed, |(expected, tasks)| Observed::Previous { expected, tasks })
    }

    fn show(&self, reports: Vec<Report>) {
        for report in reports {
            match report {
                Report::Event(message) => self.events.output(self.step, &message),
                Report::Progress(text) => self.events.progress(self.step, &text),
                Report::Warning(text) => self.events.warning(text, None),
            }
        }
    }

    /// A previous revision that serves again is what the component runs now.
    fn failure(&self, verdict: NotProven, previous: Option<&Revision>) -> Failure {
        if let (NotProven::RolledBack { .. }, Some(revision)) = (&verdict, previous) {
            let running = running(revision, self.target);
            self.events.emit(Event::Serves { component: self.component.clone(), running });
        }
        watch::failure(verdict, self.target)
    }
}

fn not_observed(failure: Failure) -> Observed {
    let Failure { transient, reason, causes, hints, .. } = failure;
    Observed::Failed(NotObserved { transient, reason, causes, hints })
}
