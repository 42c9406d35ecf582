//! The seam: what the rest of the program asks of a component, whatever its kind.
//!
//! A component is configured, then observed, then planned, then applied. Each of these is a value that carries all of
//! before: target, facts and plan of a component cannot be mixed up with those of another. What crosses the seam is
//! neutral data. What a kind does not have yet may be left out: an action is then refused by name ([`not_built()`]).
//! `docs/kinds/README.md` says how to add a kind.

pub mod amplify;
mod building;
pub mod ecs;
mod not_built;
mod run;
#[cfg(test)]
mod seam;
pub mod static_site;
mod turns;

use std::any::Any;
use std::fmt;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use crate::clients::logs::LogLine;
use crate::clients::registry::Registry;
use crate::domain::check::AwsResource;
use crate::domain::configured::Configured;
use crate::domain::contract::{ReadValues, WrittenValues};
use crate::domain::each_kind;
use crate::domain::failure::Failure;
use crate::domain::given_bundle::GivenBundle;
use crate::domain::hold::Hold;
use crate::domain::iam::rights::{Need, ResourceScope};
use crate::domain::ids::RecordId;
use crate::domain::image::{Digest, ImageReference};
use crate::domain::kind::Kind;
use crate::domain::names::{ComponentName, Region};
use crate::domain::origin::{Announcement, ImageRecords};
use crate::domain::plan::{ComponentPlan, ImagePlan, KnownImage, LeftRelease, Plan, PlanError, PlannedHold};
use crate::domain::probe::Probe;
use crate::domain::promotion::{LedgerSearch, ReleaseEvidence, RunningRelease, UnbrokenRun};
use crate::domain::proof::{ProvenTasks, Whereabouts};
use crate::domain::release::{GitSha, ReleaseName};
use crate::domain::rollback::RollbackCandidates;
use crate::domain::target::{Component, EnvironmentTarget};
use crate::domain::view::history::ReleaseHistory;
use crate::domain::view::status::ComponentStatus;
use crate::observe::{Cloud, DefinitionFiles, Writer};

pub use building::{Buildable, Building};
use not_built::refuse;
pub use not_built::{PendingAnswer, not_built, other_kind};
pub use run::{Applied, ApplyRun, AskedProbes};
pub use turns::Turns;

/// What to do where there is no component that a change can be planned for.
const NOTHING_PLANNED: &str =
    "check its files with `shipgate check` and its variables with `shipgate contract`, and deploy it without shipgate";

/// A plan whose components can be carried out.
pub type WholePlan = Plan<Box<dyn ComponentWithPlan>>;

/// What can be done with a component as it is configured.
pub trait Driver: Configured {
    /// Whether a change of it can be planned.
    fn can_be_planned(&self) -> bool {
        true
    }

    /// Looks at it, to plan. `release`: the one that is to be put there, where it is chosen already.
    fn observe<'a>(
        &'a self,
        component: &'a Component,
        cloud: &'a Cloud,
        files: &'a DefinitionFiles,
        release: Option<&'a ReleaseName>,
    ) -> PendingAnswer<'a, Box<dyn ObservedComponent>>;

    /// Looks at it in the environment that is promoted from.
    fn observe_source<'a>(
        &'a self,
        _component: &'a Component,
        _cloud: &'a Cloud,
        _registry: &'a Registry,
    ) -> PendingAnswer<'a, Box<dyn PromotionSource>> {
        refuse("a promotion", not_built::kind(self.kind()))
    }

    /// What it runs, for `status`.
    fn status<'a>(&'a self, cloud: &'a Cloud) -> PendingAnswer<'a, ComponentStatus>;

    /// The releases that it got, newest first, at most this many.
    fn history<'a>(&'a self, _cloud: &'a Cloud, _most: usize) -> PendingAnswer<'a, ReleaseHistory> {
        refuse("`shipgate history`", not_built::kind(self.kind()))
    }

    /// What its containers wrote since a time.
    fn logs<'a>(&'a self, _cloud: &'a Cloud, _since: jiff::Timestamp) -> PendingAnswer<'a, Vec<LogLine>> {
        refuse("`shipgate logs`", not_built::kind(self.kind()))
    }

    /// The holds on it.
    fn holds<'a>(&'a self, _cloud: &'a Cloud) -> PendingAnswer<'a, Vec<Hold>> {
        refuse("a hold", not_built::kind(self.kind()))
    }

    /// Puts a hold on it. Returns all that are there then.
    fn put_hold<'a>(&'a self, _writer: Writer<'a>, _hold: &'a Hold) -> PendingAnswer<'a, Vec<Hold>> {
        refuse("a hold", not_built::kind(self.kind()))
    }

    /// All holds that [`Self::lift_holds`] would take off, of all places where they stand.
    fn holds_to_lift<'a>(&'a self, _cloud: &'a Cloud) -> PendingAnswer<'a, Vec<Hold>> {
        refuse("a hold", not_built::kind(self.kind()))
    }

    /// Takes all holds off it that were seen to be there, and leaves a note. With any other hold it changes nothing. Returns
    /// what was taken off.
    fn lift_holds<'a>(
        &'a self,
        _writer: Writer<'a>,
        _seen: &'a [Hold],
        _note: &'a (String, String),
    ) -> PendingAnswer<'a, Vec<Hold>> {
        refuse("a hold", not_built::kind(self.kind()))
    }

    /// What is written of an image of a release, in this number of the newest entries of its ledger.
    fn image_records<'a>(
        &'a self,
        _cloud: &'a Cloud,
        _image: (&'a ReleaseName, &'a Digest),
        _most: usize,
    ) -> PendingAnswer<'a, ImageRecords> {
        refuse("an image", not_built::kind(self.kind()))
    }

    /// Its variables, where the configuration or a file of the repository has all of them. `read`: gives the text of a file
    /// that the configuration names.
    fn written_values(&self, _read: &dyn Fn(&str) -> Option<String>) -> Option<WrittenValues> {
        None
    }

    /// The environment variables that it has now.
    fn values<'a>(&'a self, cloud: &'a Cloud) -> PendingAnswer<'a, ReadValues>;

    /// What AWS shows of it, for rules on files that know more with it ([`Configured::asks_for`]).
    fn seen<'a>(&'a self, _cloud: &'a Cloud) -> PendingAnswer<'a, AwsResource> {
        refuse("a check of what AWS shows", not_built::kind(self.kind()))
    }

    /// The rights that an IAM policy has to give for it.
    fn needs<'a>(
        &'a self,
        _component: &'a Component,
        _place: &'a ResourceScope,
        _seen: (&'a Cloud, &'a DefinitionFiles),
    ) -> PendingAnswer<'a, Needs> {
        refuse("`shipgate iam policy`", not_built::kind(self.kind()))
    }
}

/// The rights that a component needs.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// The rights.
    pub rights: Vec<Need>,
    /// What is not known yet and so missing from them.
    pub missing: Option<String>,
}

/// A component that was looked at.
pub trait ObservedComponent: fmt::Debug {
    /// Its name.
    fn name(&self) -> &ComponentName;

    /// Its page in the console of AWS.
    fn console(&self, _region: &Region) -> Option<String> {
        None
    }

    /// The version of Node.js that its build asks for.
    fn node(&self) -> Option<&str> {
        None
    }

    /// Where it runs.
    fn whereabouts(&self) -> Whereabouts {
        Whereabouts::default()
    }

    /// The holds on it. A kind that has none refuses to have one put on it ([`Driver::put_hold`]).
    fn holds(&self) -> Vec<Hold> {
        Vec::new()
    }

    /// Lets its plan see what is promoted. Refuses what is of another kind, or is not fit for here.
    fn take_promoted<'a>(&'a mut self, _promoted: &'a dyn Promoted) -> PendingAnswer<'a, ()> {
        refuse("a promotion", not_built::component(self.name()))
    }

    /// Lets its plan take the files of the release from a bundle that was built before.
    ///
    /// # Errors
    ///
    /// It ships no such thing, or the bundle is not the one that is meant.
    fn take_bundle(&mut self, _bundle: &GivenBundle) -> Result<(), Failure> {
        Err(Failure::invalid(format!("component `{}` ships no bundle of files", self.name()))
            .hint("remove it from --bundle: only static sites are built with `shipgate build`"))
    }

    /// What pins an image for a release, among what was seen already.
    fn image_recorded(&self, _release: &ReleaseName, _digest: &Digest) -> Option<RecordId> {
        None
    }

    /// What is written of an image of a release, in this number of the newest entries of its ledger.
    fn image_records<'a>(
        &'a self,
        _cloud: &'a Cloud,
        _image: (&'a ReleaseName, &'a Digest),
        _most: usize,
    ) -> PendingAnswer<'a, ImageRecords> {
        refuse("an image", not_built::component(self.name()))
    }

    /// Plans to put a release on it.
    ///
    /// # Errors
    ///
    /// [`PlanError`]
    fn plan(
        self: Box<Self>,
        images: &[ImagePlan],
        release: &ReleaseName,
    ) -> Result<Box<dyn ComponentWithPlan>, PlanError>;

    /// What it ran before, as far back as a rollback has to know: to a release, or some releases back; to the baseline all
    /// of it.
    fn past<'a>(
        self: Box<Self>,
        _cloud: &'a Cloud,
        _release: Option<&'a ReleaseName>,
    ) -> PendingAnswer<'a, Box<dyn PastReleases>> {
        refuse("a rollback", not_built::component(self.name()))
    }
}

/// What a component goes back to a release with.
#[derive(Debug, Clone, PartialEq)]
pub enum Restorable {
    /// An image.
    Image(ImageReference),
    /// What it has kept itself.
    Kept,
}

/// A component with what it ran before.
pub trait PastReleases: fmt::Debug {
    /// The component as it was looked at.
    fn observed(&self) -> &dyn ObservedComponent;

    /// What it can go back to.
    fn past(&self) -> RollbackCandidates;

    /// Why entries that their tags call a success of it are none, and are not gone back to.
    fn left_out(&self) -> Vec<String> {
        Vec::new()
    }

    /// What it goes back to a release with. `None`: it never succeeded here.
    fn restorable(&self, release: &ReleaseName) -> Option<Result<Restorable, Failure>>;

    /// Plans to go back to a release, whose image that is, where it is pinned to one. `None`: it never succeeded here.
    fn plan(self: Box<Self>, release: &ReleaseName, image: Option<&KnownImage>) -> Option<Box<dyn ComponentWithPlan>>;
}

/// A component of the environment that is promoted from.
pub trait PromotionSource: fmt::Debug {
    /// Its name.
    fn name(&self) -> &ComponentName;

    /// The component whose image it runs.
    fn image(&self) -> Option<&ComponentName> {
        None
    }

    /// The questions to ask the running release.
    fn probes(&self) -> &[Probe] {
        &[]
    }

    /// What it runs, or why that cannot be promoted, in words.
    ///
    /// # Errors
    ///
    /// Why.
    fn promotable(&self) -> Result<RunningRelease, String>;

    /// The tasks that run what it runs.
    fn tasks(&self) -> Option<ProvenTasks> {
        None
    }

    /// Whether anything says which release it runs.
    fn has_release(&self) -> bool;

    /// Whether an entry of the ledger is that of what it runs.
    fn is_running(&self, record: &RecordId) -> bool;

    /// Whether it still runs what it was seen to run. The inner error is what has changed, in words.
    fn still_runs<'a>(&'a self, cloud: &'a Cloud, registry: &'a Registry) -> PendingAnswer<'a, Result<(), String>>;

    /// The environment variables that it has now.
    ///
    /// # Errors
    ///
    /// The kind has none that can be read yet, or they are not where they are configured to be.
    fn values(&self) -> Result<ReadValues, Failure> {
        Err(not_built("a contract", not_built::component(self.name())))
    }

    /// Since when it runs a digest without a break, by its ledger. `runs`: it runs it now.
    fn ran<'a>(&'a self, _cloud: &'a Cloud, _digest: &'a Digest, _runs: bool) -> PendingAnswer<'a, UnbrokenRun> {
        refuse("the gate `soak`", not_built::component(self.name()))
    }

    /// What the ledger says of a release, as far as the entries confirm it.
    fn recorded<'a>(&'a self, cloud: &'a Cloud, release: &'a GitSha) -> PendingAnswer<'a, LedgerSearch>;

    /// What is promoted, by what proves it.
    fn promoted<'a>(&'a self, cloud: &'a Cloud, evidence: &'a ReleaseEvidence) -> PendingAnswer<'a, Box<dyn Promoted>>;
}

/// What is promoted of a component.
pub trait Promoted: fmt::Debug + Any {
    /// Whether the ledger says that the release has a command that runs before it takes traffic.
    fn has_pre_deploy(&self) -> Option<bool>;

    /// What it is, for people: `backend:7`.
    fn short(&self) -> &str;
}

/// A component with its plan.
pub trait ComponentWithPlan: fmt::Debug {
    /// The plan as the rest of the program reads it.
    fn plan(&self) -> &ComponentPlan;

    /// The component as it was looked at.
    fn observed(&self) -> &dyn ObservedComponent;

    /// The questions that its release has to answer, as far as they can be asked of what runs now.
    fn probes(&self) -> &[Probe] {
        &[]
    }

    /// The environment variables that it has once the plan is carried out.
    ///
    /// # Errors
    ///
    /// The kind has none that can be read yet, or they are not where they are configured to be.
    fn values(&self) -> Result<ReadValues, Failure> {
        Err(not_built("a contract", not_built::component(&self.plan().name)))
    }

    /// How long what is waited for took the last time, where that is known: what takes longest begins first.
    fn last_rollout(&self) -> Option<Duration> {
        None
    }

    /// Whether the plan can be carried out, or be shown alone.
    ///
    /// # Errors
    ///
    /// The kind cannot be changed yet, or what is there is not to be changed now.
    fn can_be_applied(&self) -> Result<(), Failure> {
        Err(not_built("a change", not_built::component(&self.plan().name)))
    }

    /// Makes ready what it ships, where that is no image, and the plan again with what is known then. Nothing that serves is
    /// changed.
    fn prepare<'a>(&'a self, _run: &'a ApplyRun<'a>) -> PendingAnswer<'a, Box<dyn ComponentWithPlan>> {
        refuse("a change", not_built::component(&self.plan().name))
    }

    /// Makes the plan again, now that the images are known.
    ///
    /// # Errors
    ///
    /// [`PlanError`]
    fn refine(&self, images: &[ImagePlan]) -> Result<Box<dyn ComponentWithPlan>, PlanError>;

    /// Leaves the hold out, since the rollback goes forward: there is nothing that it could stop.
    fn go_forward(&mut self) {}

    /// Takes the holds of a rollback in: the plan of each for this component.
    fn plan_holds(&mut self, _left: &[LeftRelease]) -> Vec<PlannedHold> {
        Vec::new()
    }

    /// Lets what is next not take over holds that new ones cover.
    fn drop_covered(&mut self, _covered: &[Hold]) {}

    /// Puts a hold of a rollback on it, before anything that serves is changed. `users`: the components that change.
    fn put_hold<'a>(
        &'a self,
        _run: &'a ApplyRun<'a>,
        _hold: &'a PlannedHold,
        _users: &'a [ComponentName],
    ) -> PendingAnswer<'a, ()> {
        refuse("a hold", not_built::component(&self.plan().name))
    }

    /// Takes off the holds that a new one covers. One that stays is only one more.
    fn drop_holds<'a>(&'a self, _run: &'a ApplyRun<'a>, _covered: &'a [Hold]) -> LocalBoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Carries the plan out, step by step as it was planned ([`ApplyRun::take`]), and verifies what runs then.
    fn apply<'a>(&'a self, _run: &'a ApplyRun<'a>) -> LocalBoxFuture<'a, Applied> {
        let result = Err(not_built("a change", not_built::component(&self.plan().name)));
        Box::pin(std::future::ready(Applied { changed: false, result }))
    }

    /// Whether an earlier run announced an image of the release and did not take that back.
    fn announces(&self) -> bool {
        false
    }

    /// Writes on it that an image is about to be pushed for it.
    fn announce<'a>(&'a self, _writer: Writer<'a>, _announcement: &'a Announcement) -> PendingAnswer<'a, ()> {
        refuse("an image", not_built::component(&self.plan().name))
    }

    /// Takes that off again.
    fn retire_announcement<'a>(&'a self, _writer: Writer<'a>) -> PendingAnswer<'a, ()> {
        refuse("an image", not_built::component(&self.plan().name))
    }
}

impl AsRef<ComponentPlan> for Box<dyn ComponentWithPlan> {
    fn as_ref(&self) -> &ComponentPlan {
        self.plan()
    }
}

macro_rules! dispatch {
    ($(($variant:ident, $module:ident, $word:literal)),*) => {
        /// What can be done with a component.
        pub fn driver(component: &Component) -> &dyn Driver {
            match &component.kind {
                $(Kind::$variant(target) => target,)*
            }
        }
    };
}

each_kind!(dispatch);

/// Makes sure that a change of each component can be planned, before AWS is asked for anything.
///
/// # Errors
///
/// `invalid`: a component is of a kind for which that is not built yet.
pub fn can_be_planned(action: &str, target: &EnvironmentTarget) -> Result<(), Failure> {
    let unplanned = |component: &&Component| !driver(component).can_be_planned();
    let Some(first) = target.components.iter().find(unplanned) else { return Ok(()) };
    let failure = not_built(action, not_built::component_of(&first.name, first.kind.word()));
    if target.components.iter().any(|component| !unplanned(&component)) {
        return Err(failure);
    }
    Err(Failure { hints: vec![NOTHING_PLANNED.to_owned()], ..failure })
}

/// Looks at a component.
///
/// # Errors
///
/// It does not exist, cannot be deployed to, or cannot be looked at.
pub async fn observe(
    cloud: &Cloud,
    component: &Component,
    files: &DefinitionFiles,
    release: Option<&ReleaseName>,
) -> Result<Box<dyn ObservedComponent>, Failure> {
    driver(component).observe(component, cloud, files, release).await
}
