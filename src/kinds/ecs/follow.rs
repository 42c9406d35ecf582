//! Follows a deployment until it is proven, or known not to be. What is observed next, and when it ends, the watch says.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use jiff::Timestamp;

use crate::clients::registry::Registry;
use crate::domain::ecs::component::running;
use crate::domain::ecs::ids::{DeploymentId, ServiceDeploymentArn, TaskArn};
use crate::domain::ecs::service::{Service, TaskRevision};
use crate::domain::ecs::target::EcsTarget;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::ecs::watch::{
    self, DeploymentUnproven, Observation, Report, RolloutEnd, RolloutWatch, WatchQuery, WatchSettings,
    WatchedDeployment,
};
use crate::domain::event::RunEvent;
use crate::domain::names::ComponentName;
use crate::domain::step::StepId;
use crate::events::Events;
use crate::kinds::ecs::stopped_tasks::StoppedTasks;
use crate::kinds::ecs::unfinished::Unfinished;
use crate::observe::{Cloud, Writer};
use crate::poll::{Waiting, poll};

/// A deployment to follow.
#[derive(Debug)]
pub struct Follow<'a> {
    /// The clients.
    pub cloud: &'a Cloud,
    /// What changes AWS: a note is left in the ledger.
    pub writer: Writer<'a>,
    /// The registry, for the platforms of an image.
    pub registry: &'a Registry,
    /// The component.
    pub component: &'a ComponentName,
    /// The service.
    pub target: &'a EcsTarget,
    /// The deployment.
    pub subject: WatchedDeployment,
    /// The deployment that is followed now.
    pub followed: &'a RefCell<Option<DeploymentId>>,
    /// The stopped tasks that were seen of the service.
    pub stopped: &'a StoppedTasks,
    /// The service deployment that rolls it out, once it was looked for.
    pub service_deployment: OnceCell<Option<ServiceDeploymentArn>>,
    /// What the revision says, for where its containers log.
    pub definition: &'a TaskDefinition,
    /// The last lines of tasks that failed, as far as they could be read.
    pub last_lines: RefCell<HashMap<TaskArn, Option<String>>>,
    /// How it is watched.
    pub settings: WatchSettings,
    /// Reads the wall clock.
    pub clock: fn() -> Timestamp,
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
    pub async fn run(self, first: Option<Service>) -> Result<RolloutEnd, Unfinished> {
        self.run_to_verdict(first).await.map_err(|verdict| self.unfinished(verdict))
    }

    /// The same.
    ///
    /// # Errors
    ///
    /// The verdict.
    pub async fn run_to_verdict(&self, mut first: Option<Service>) -> Result<RolloutEnd, DeploymentUnproven> {
        let mut watch = RolloutWatch::new(self.settings.clone(), self.subject.clone());
        let mut previous = None;
        let ask = async |question| match first.take() {
            Some(service) => (Observation::Service(Some(service)), None),
            None => self.observe(question).await,
        };
        poll(Waiting::In(self.events, self.step), WatchQuery::Service, ask, |elapsed, (observed, revision)| {
            let next = watch.see(elapsed, observed);
            self.show(next.reports);
            previous = revision.or(previous.take());
            next.step.map(|end| end.inspect_err(|verdict| self.show_what_serves(verdict, previous.as_ref())))
        })
        .await
    }

    fn show(&self, reports: Vec<Report>) {
        for report in reports {
            match report {
                Report::Event(message) => self.events.output(self.step, &message),
                Report::TaskFailed(task, text) => {
                    let last_line = self.last_lines.borrow().get(&task).cloned().flatten();
                    self.events.task_failed(self.step, &text, last_line);
                }
                Report::Deployment(id) => self.follows(id),
                Report::Progress(text) => self.events.progress(self.step, &text),
                Report::Note(text) => self.events.note(text),
                Report::Warning(text) => self.events.warning(text, None),
            }
        }
    }

    fn follows(&self, id: DeploymentId) {
        self.followed.replace(Some(id.clone()));
        let component = self.component.clone();
        self.events.emit(RunEvent::DeploymentFollowed { component, deployment: id });
    }

    /// A previous revision that serves again is what the component runs now.
    fn show_what_serves(&self, verdict: &DeploymentUnproven, previous: Option<&TaskRevision>) {
        if let (DeploymentUnproven::RolledBack { .. }, Some(revision)) = (verdict, previous) {
            let running = running(revision, self.target);
            self.events.emit(RunEvent::Serves { component: self.component.clone(), running });
        }
    }

    fn unfinished(&self, verdict: DeploymentUnproven) -> Unfinished {
        let (is_known, is_of_the_release) = (!verdict.is_unknown(), verdict.is_of_the_release());
        Unfinished { failure: watch::failure(verdict, self.target), is_known, is_of_the_release }
    }
}
