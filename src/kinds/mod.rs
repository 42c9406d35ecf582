//! Kinds of component: one folder each behind the same verbs, `observe`, `apply`, `verify`, `status`, `history`, `logs`,
//! and `holds`, `put_hold` and `lift_holds`.
//!
//! A new kind is a new folder here, its plan in `domain`, and an arm in each function of this file.

pub mod ecs;

use crate::apply::{Applied, Run};
use crate::clients::logs::LogLine;
use crate::clients::registry::Registry;
use crate::domain::ecs::ids::RevisionArn;
use crate::domain::ecs::service::Revision;
use crate::domain::ecs::source::{self, LedgerSearch, SourceFacts};
use crate::domain::failure::Failure;
use crate::domain::hold::Hold;
use crate::domain::iam::policy::EcsSubject;
use crate::domain::image::{Digest, ImageReference};
use crate::domain::names::{ComponentName, Region};
use crate::domain::origin::{self, Announcement};
use crate::domain::plan::{ComponentFacts, ComponentPast, ComponentPlan, KindPlan};
use crate::domain::promotion::{Evidence, Runs};
use crate::domain::release::{GitSha, ReleaseName};
use crate::domain::target::{Component, Kind, Probe};
use crate::domain::view::history::History;
use crate::domain::view::plan::Running;
use crate::domain::view::status::ComponentStatus;
use crate::observe::{Cloud, Files};

/// The name of the component's kind in the configuration.
pub fn name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Ecs(_) => "ecs",
    }
}

/// The page of a component in the console of AWS.
pub fn console(kind: &Kind, region: &Region) -> String {
    match kind {
        Kind::Ecs(target) => target.console(region),
    }
}

/// Looks at a component.
///
/// # Errors
///
/// It does not exist, cannot be deployed to, or cannot be looked at.
pub async fn observe(cloud: &Cloud, component: &Component, files: &Files) -> Result<ComponentFacts, Failure> {
    match &component.kind {
        Kind::Ecs(target) => ecs::observe::facts(cloud, target, files).await.map(ComponentFacts::Ecs),
    }
}

/// What an IAM policy has to name of a component.
///
/// # Errors
///
/// It does not exist or cannot be looked at.
pub async fn iam_subject(cloud: &Cloud, component: &Component, files: &Files) -> Result<EcsSubject, Failure> {
    match &component.kind {
        Kind::Ecs(target) => ecs::iam::subject(cloud, target, files).await,
    }
}

/// Looks at a component of the environment that is promoted from.
///
/// # Errors
///
/// It does not exist or cannot be looked at.
pub async fn observe_source(cloud: &Cloud, registry: &Registry, component: &Component) -> Result<SourceFacts, Failure> {
    match &component.kind {
        Kind::Ecs(target) => ecs::source::facts(cloud, registry, target).await,
    }
}

/// Whether a component of the source still runs what it was seen to run. The inner error is what has changed, in words.
///
/// # Errors
///
/// It does not exist any more or cannot be looked at.
pub async fn still_runs(
    cloud: &Cloud,
    registry: &Registry,
    component: &Component,
    before: &SourceFacts,
) -> Result<Result<(), String>, Failure> {
    match &component.kind {
        Kind::Ecs(target) => {
            let now = ecs::source::facts_again(cloud, registry, target, before).await?;
            Ok(source::still_runs(before, &now, &target.container))
        }
    }
}

/// What the ledger of a source says of a release, as far as the revisions confirm it.
///
/// # Errors
///
/// The ledger cannot be read.
pub async fn recorded(
    cloud: &Cloud,
    component: &Component,
    facts: &SourceFacts,
    release: &GitSha,
) -> Result<LedgerSearch, Failure> {
    match &component.kind {
        Kind::Ecs(target) => ecs::source::recorded(cloud, facts, target, release).await,
    }
}

/// The revision of a source that is promoted, by what proves it.
///
/// # Errors
///
/// It cannot be read.
pub async fn promoted(cloud: &Cloud, facts: &SourceFacts, evidence: &Evidence) -> Result<Revision, Failure> {
    match evidence {
        Evidence::Runs => Ok(facts.live.clone()),
        Evidence::Recorded(recorded) => Ok(cloud.ecs.revision(&recorded.revision, &facts.service.arn).await?),
    }
}

/// What is written of an image: in the ledger of a component, and by a run that was about to push one.
#[derive(Debug, Clone, Default)]
pub struct ImageRecords {
    /// The ARN of the revision that pins it for the release.
    pub recorded: Option<RevisionArn>,
    /// The image that was announced last.
    pub announced: Option<Announcement>,
}

/// The revision that pins an image for a release, among those that were seen already.
pub fn image_recorded(
    component: &Component,
    facts: &ComponentFacts,
    release: &ReleaseName,
    digest: &Digest,
) -> Option<RevisionArn> {
    let (Kind::Ecs(target), ComponentFacts::Ecs(facts)) = (&component.kind, facts);
    origin::recorded_by(std::iter::once(&facts.live).chain(&facts.others), &target.container, release, digest)
}

/// What is written of an image of a release, in so many of the newest entries of the ledger. `seen`: the component, where it
/// was looked at already.
///
/// # Errors
///
/// It cannot be read.
pub async fn image_records(
    cloud: &Cloud,
    component: &Component,
    seen: Option<&ComponentFacts>,
    image: (&ReleaseName, &Digest),
    most: usize,
) -> Result<ImageRecords, Failure> {
    let Kind::Ecs(target) = &component.kind;
    let seen = seen.map(|ComponentFacts::Ecs(facts)| facts);
    ecs::origin::records(cloud, target, seen, image, most).await
}

/// Writes on a component that an image is about to be pushed for it.
///
/// # Errors
///
/// It could not be written.
pub async fn announce(cloud: &Cloud, plan: &ComponentPlan, announcement: &Announcement) -> Result<(), Failure> {
    match &plan.kind {
        KindPlan::Ecs(plan) => ecs::origin::announce(cloud, &plan.service_arn, announcement).await,
    }
}

/// Takes that off again.
///
/// # Errors
///
/// It could not be taken off.
pub async fn retire_announcement(cloud: &Cloud, plan: &ComponentPlan) -> Result<(), Failure> {
    match &plan.kind {
        KindPlan::Ecs(plan) => ecs::origin::retire(cloud, &plan.service_arn).await,
    }
}

/// What a component ran before, as far back as a rollback has to know: to a release, or some releases back.
///
/// # Errors
///
/// The ledger cannot be read.
pub async fn past(
    cloud: &Cloud,
    component: &Component,
    facts: &ComponentFacts,
    release: Option<&ReleaseName>,
) -> Result<ComponentPast, Failure> {
    match (&component.kind, facts) {
        (Kind::Ecs(target), ComponentFacts::Ecs(facts)) => {
            ecs::past::for_rollback(cloud, facts, target, release).await.map(ComponentPast::Ecs)
        }
    }
}

/// What a component of the source runs, or why that cannot be promoted.
///
/// # Errors
///
/// Why, in words.
pub fn promotable(component: &Component, facts: &SourceFacts) -> Result<Runs, String> {
    match &component.kind {
        Kind::Ecs(target) => source::runs(facts, &target.container),
    }
}

/// Whether anything says which release a component of the source runs.
pub fn has_release(component: &Component, facts: &SourceFacts) -> bool {
    match &component.kind {
        Kind::Ecs(target) => facts.live.release(&target.container).is_some(),
    }
}

/// Lets the plan of a component see what the source's revision has that is promoted.
pub fn compare_with_source(facts: &mut ComponentFacts, component: &Component, promoted: &Revision) {
    let (ComponentFacts::Ecs(facts), Kind::Ecs(target)) = (facts, &component.kind);
    facts.source = Some((promoted.definition.clone(), target.container.clone()));
}

/// The component whose image a component runs.
pub fn image(component: &Component) -> &ComponentName {
    match &component.kind {
        Kind::Ecs(target) => &target.image,
    }
}

/// The image of an earlier revision.
///
/// # Errors
///
/// `failed`: the configured container is not in it. The configuration need not be wrong for that.
pub fn image_of(component: &Component, revision: &Revision) -> Result<ImageReference, Failure> {
    match &component.kind {
        Kind::Ecs(target) => revision.definition.image_of(&target.container).map_err(|error| {
            let (revision, container) = (revision.short(), &target.container);
            Failure::failed(format!("revision {revision}, which served before, has no container `{container}`"))
                .cause(error.to_string())
                .hint("name a release that had it with --release: `shipgate history` lists them")
        }),
    }
}

/// The probes of a component.
pub fn probes(component: &Component) -> &[Probe] {
    match &component.kind {
        Kind::Ecs(target) => &target.probes,
    }
}

/// Whether a command runs before a release of the component takes traffic.
pub fn has_pre_deploy(component: &Component) -> bool {
    match &component.kind {
        Kind::Ecs(target) => target.pre_deploy.is_some(),
    }
}

/// Whether the release has such a command for the component, in this environment or another. `None`: unknown.
pub fn release_has_pre_deploy(component: &Component) -> Option<bool> {
    match &component.kind {
        Kind::Ecs(target) => target.has_pre_deploy,
    }
}

/// The release that a component ran when its plan was made.
pub fn released_before(plan: Option<&ComponentPlan>) -> Option<ReleaseName> {
    match &plan?.kind {
        KindPlan::Ecs(plan) => plan.live.release(&plan.target.container),
    }
}

/// What a component ran when its plan was made.
pub fn running_before(plan: &ComponentPlan) -> Running {
    match &plan.kind {
        KindPlan::Ecs(plan) => ecs::observe::running(&plan.live, &plan.target),
    }
}

/// What a component runs once its plan is carried out.
pub fn released(plan: &ComponentPlan, release: &ReleaseName) -> Running {
    match &plan.kind {
        KindPlan::Ecs(plan) => Running { sha: Some(release.to_string()), digest: plan.digests().first().cloned() },
    }
}

/// Carries out the plan of one component and verifies what runs then.
pub async fn apply(run: &Run<'_>, plan: &ComponentPlan) -> Applied {
    match &plan.kind {
        KindPlan::Ecs(ecs_plan) => ecs::apply::apply(run, &plan.name, ecs_plan).await,
    }
}

/// What a component runs, for `status`.
///
/// # Errors
///
/// It cannot be looked at.
pub async fn status(cloud: &Cloud, component: &Component) -> Result<ComponentStatus, Failure> {
    match &component.kind {
        Kind::Ecs(target) => ecs::status::status(cloud, target).await,
    }
}

/// The releases that a component got, newest first, at most so many.
///
/// # Errors
///
/// It is missing, or its releases cannot be read.
pub async fn history(cloud: &Cloud, component: &Component, most: usize) -> Result<History, Failure> {
    match &component.kind {
        Kind::Ecs(target) => ecs::history::history(cloud, target, most).await,
    }
}

/// What a component's containers wrote since a time.
///
/// # Errors
///
/// Its logs are not where they can be read.
pub async fn logs(cloud: &Cloud, component: &Component, since: jiff::Timestamp) -> Result<Vec<LogLine>, Failure> {
    match &component.kind {
        Kind::Ecs(target) => ecs::status::logs(cloud, target, since).await,
    }
}

/// The holds on a component.
///
/// # Errors
///
/// It is missing, or cannot be looked at.
pub async fn holds(cloud: &Cloud, component: &Component) -> Result<Vec<Hold>, Failure> {
    match &component.kind {
        Kind::Ecs(target) => ecs::hold::holds(cloud, target).await,
    }
}

/// Puts a hold on a component, and reads it back. Returns all that are there then.
///
/// # Errors
///
/// It could not be written, or is not seen afterwards.
pub async fn put_hold(cloud: &Cloud, component: &Component, hold: &Hold) -> Result<Vec<Hold>, Failure> {
    match &component.kind {
        Kind::Ecs(target) => ecs::hold::put(cloud, target, hold).await,
    }
}

/// Takes all holds off a component with a note of who did, and reads that back. Returns what was taken off.
///
/// # Errors
///
/// They could not be taken off, or one is still seen afterwards.
pub async fn lift_holds(cloud: &Cloud, component: &Component, note: &(String, String)) -> Result<Vec<Hold>, Failure> {
    match &component.kind {
        Kind::Ecs(target) => ecs::hold::lift(cloud, target, note).await,
    }
}
