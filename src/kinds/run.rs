//! What carrying out the plan of a component needs and comes to.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use crate::clients::browser::Browser;
use crate::clients::http::Http;
use crate::clients::process::Processes;
use crate::context::Context;
use crate::domain::asked_probe::AskedProbe;
use crate::domain::failure::Failure;
use crate::domain::names::{ComponentName, EnvironmentName};
use crate::domain::outcome::Outcome;
use crate::domain::plan::ImagePlan;
use crate::domain::provenance::Provenance;
use crate::domain::release::ReleaseName;
use crate::domain::settle::OnFailure;
use crate::domain::step::StepId;
use crate::events::Events;
use crate::kinds::turns::Turns;
use crate::observe::{Cloud, RegistryAccess, Writer};

/// How old a check may be when the change begins that relies on it. A change is a call that takes about as long itself.
const FRESH: Duration = Duration::from_millis(250);
/// How old the answer of a probe may be that stands for the time before a change.
const RECENT: Duration = Duration::from_secs(10);

/// What every part of carrying out a plan needs.
#[derive(Debug, Clone)]
pub struct ApplyRun<'a> {
    /// The facts of the invocation.
    pub context: &'a Context,
    /// AWS.
    pub cloud: &'a Cloud,
    /// What changes AWS.
    pub writer: Writer<'a>,
    /// The registry.
    pub access: &'a RegistryAccess,
    /// The registry that images are copied from: that of the source of a promotion.
    pub source: &'a RegistryAccess,
    /// Child processes.
    pub processes: &'a Processes,
    /// HTTP for probes.
    pub http: &'a Http,
    /// The browser for probes.
    pub browser: &'a Browser,
    /// Where what happens is emitted.
    pub events: Events,
    /// The turns of the plan's steps.
    pub turns: &'a Turns,
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// What is done about a release that fails after it has taken the place of another.
    pub on_failure: OnFailure,
    /// The release.
    pub release: ReleaseName,
    /// Who started this run, and when: what the ledger says of it.
    pub provenance: Provenance,
    /// Reads the wall clock.
    pub clock: fn() -> Timestamp,
    /// What probes got when the plan was shown.
    pub asked: &'a AskedProbes,
    /// The images that are built from what is checked out: those of a deploy.
    pub built: &'a [ImagePlan],
}

/// What the probes of components got when the plan was shown.
#[derive(Debug, Default)]
pub struct AskedProbes {
    /// When that was. `None`: none was asked.
    pub at: Option<Instant>,
    /// By the component, in the order in which they are written.
    pub of: Vec<(ComponentName, Vec<AskedProbe>)>,
}

impl AskedProbes {
    /// What the probes of a component got, where that is recent enough to say what was there before a change. Else nothing.
    pub fn recent(&self, component: &ComponentName) -> &[AskedProbe] {
        let is_recent = self.at.is_some_and(|at| at.elapsed() <= RECENT);
        let found = self.of.iter().find(|(name, _)| is_recent && name == component);
        found.map_or(&[], |(_, asked)| asked)
    }
}

impl ApplyRun<'_> {
    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// When the run began: one time for all that it writes in several places, so that it reads as one thing.
    pub fn began(&self) -> Timestamp {
        self.provenance.began.unwrap_or_else(|| self.now())
    }

    /// The same for one component, whose name stands beside what it has to say.
    #[must_use]
    pub fn of(&self, component: &ComponentName) -> Self {
        Self { events: self.events.of(component), ..self.clone() }
    }

    /// Waits until a step of the plan may be taken, to look at what it depends on right before.
    ///
    /// # Errors
    ///
    /// The step is not in the plan.
    pub async fn ready(&self, step: &StepId) -> Result<(), Failure> {
        self.turns.comes(step).await
    }

    /// Takes a step of the plan when it is its turn.
    ///
    /// # Errors
    ///
    /// What the work returns; or the step is not in the plan.
    pub async fn take<T, E>(&self, step: &StepId, work: impl Future<Output = Result<T, E>>) -> Result<T, E>
    where
        E: From<Failure> + AsRef<Failure>,
    {
        let place = self.turns.comes_next(step).await?;
        self.take_from(place, step, work).await
    }

    /// Takes a step from its place among those that come next, which another one has then.
    async fn take_from<T, E>(
        &self,
        place: Option<SemaphorePermit<'_>>,
        step: &StepId,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E>
    where
        E: From<Failure> + AsRef<Failure>,
    {
        let _slot = self.turns.begin(step).await?;
        drop(place);
        let result = self.events.step(step, work).await;
        self.turns.end(step, result.as_ref().err().map(AsRef::as_ref));
        result
    }

    /// Takes a step of the plan that changes something if a check says so. The check is made right before the step has its
    /// slot, so that the slot is there for the change; and once more with the slot, where that came late.
    ///
    /// # Errors
    ///
    /// What the check or the work returns; or the step is not in the plan.
    pub async fn take_checked<C, T, E>(
        &self,
        step: &StepId,
        check: impl AsyncFn() -> Result<C, E>,
        work: impl AsyncFnOnce(C) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<Failure> + AsRef<Failure>,
    {
        let place = self.turns.comes_next(step).await?;
        let at = Instant::now();
        let checked = check().await;
        let work = async {
            let checked = checked?;
            let checked = if at.elapsed() <= FRESH { checked } else { check().await? };
            work(checked).await
        };
        self.take_from(place, step, work).await
    }

    /// Waits for a slot for a change, in a step that does not have one. It is given back when it is dropped.
    ///
    /// # Errors
    ///
    /// Something else failed meanwhile, so nothing new is to begin.
    pub async fn slot(&self, step: &StepId) -> Result<impl Sized, Failure> {
        self.turns.slot_in(step).await
    }
}

/// How a component ended.
#[derive(Debug)]
pub struct Applied {
    /// Whether anything that serves was changed, or may have been.
    pub changed: bool,
    /// Its outcome.
    pub result: Result<Outcome, Failure>,
}
