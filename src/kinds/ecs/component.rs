//! An ECS service behind the seam.

use std::any::Any;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use super::apply::Apply;
use super::{history, hold, iam, observe, origin, past, source as looked, status, stop_sign};
use crate::clients::logs::LogLine;
use crate::clients::registry::Registry;
use crate::domain::configured::Configured as _;
use crate::domain::contract::{ReadValues, WrittenValues};
use crate::domain::ecs::component::{neutral, past_releases, plan_release, planned_holds, revision_to_restore};
use crate::domain::ecs::evidence::{self, recorded_by};
use crate::domain::ecs::ids::RevisionArn;
use crate::domain::ecs::plan::{EcsFacts, EcsPlan, plan_rollback};
use crate::domain::ecs::service::TaskRevision;
use crate::domain::ecs::source::{self, SourceFacts};
use crate::domain::ecs::target::{Busy, EcsTarget, TaskDefinitionSource};
use crate::domain::ecs::values;
use crate::domain::ecs::values::of_file;
use crate::domain::failure::Failure;
use crate::domain::hold::Hold;
use crate::domain::iam::rights::ResourceScope;
use crate::domain::ids::RecordId;
use crate::domain::image::Digest;
use crate::domain::names::{ComponentName, Region};
use crate::domain::neutral as text;
use crate::domain::origin::{Announcement, ImageRecords};
use crate::domain::plan::{ComponentPlan, ImagePlan, KnownImage, LeftRelease, PlanError, PlannedHold};
use crate::domain::probe::{Probe, probes_of_baseline};
use crate::domain::promotion::{LedgerSearch, ReleaseEvidence, RunningRelease, UnbrokenRun};
use crate::domain::proof::{ProvenTasks, Whereabouts};
use crate::domain::release::{GitSha, ReleaseName};
use crate::domain::rollback::RollbackCandidates;
use crate::domain::target::Component;
use crate::domain::view::history::ReleaseHistory;
use crate::domain::view::status::ComponentStatus;
use crate::kinds::{
    Applied, ApplyRun, ComponentWithPlan, Driver, Needs, ObservedComponent, PastReleases, PendingAnswer, Promoted,
    PromotionSource, Restorable, other_kind,
};
use crate::observe::{Cloud, DefinitionFiles, Writer};

impl Driver for EcsTarget {
    fn observe<'a>(
        &'a self,
        component: &'a Component,
        cloud: &'a Cloud,
        files: &'a DefinitionFiles,
        _release: Option<&'a ReleaseName>,
    ) -> PendingAnswer<'a, Box<dyn ObservedComponent>> {
        Box::pin(async move {
            let facts = observe::facts(cloud, self, files).await?;
            let observed = ObservedService { component: component.clone(), target: self.clone(), facts };
            Ok(Box::new(observed) as Box<dyn ObservedComponent>)
        })
    }

    fn observe_source<'a>(
        &'a self,
        component: &'a Component,
        cloud: &'a Cloud,
        registry: &'a Registry,
    ) -> PendingAnswer<'a, Box<dyn PromotionSource>> {
        Box::pin(async move {
            let facts = looked::facts(cloud, registry, self).await?;
            let source = SourceService { name: component.name.clone(), target: self.clone(), facts };
            Ok(Box::new(source) as Box<dyn PromotionSource>)
        })
    }

    fn status<'a>(&'a self, cloud: &'a Cloud) -> PendingAnswer<'a, ComponentStatus> {
        Box::pin(status::status(cloud, self))
    }

    fn history<'a>(&'a self, cloud: &'a Cloud, most: usize) -> PendingAnswer<'a, ReleaseHistory> {
        Box::pin(history::history(cloud, self, most))
    }

    fn logs<'a>(&'a self, cloud: &'a Cloud, since: jiff::Timestamp) -> PendingAnswer<'a, Vec<LogLine>> {
        Box::pin(status::logs(cloud, self, since))
    }

    fn holds<'a>(&'a self, cloud: &'a Cloud) -> PendingAnswer<'a, Vec<Hold>> {
        Box::pin(hold::holds(cloud, self))
    }

    fn put_hold<'a>(&'a self, writer: Writer<'a>, hold: &'a Hold) -> PendingAnswer<'a, Vec<Hold>> {
        Box::pin(hold::put(writer, self, hold))
    }

    fn holds_to_lift<'a>(&'a self, cloud: &'a Cloud) -> PendingAnswer<'a, Vec<Hold>> {
        Box::pin(hold::to_lift(cloud, self))
    }

    fn lift_holds<'a>(
        &'a self,
        writer: Writer<'a>,
        seen: &'a [Hold],
        note: &'a (String, String),
    ) -> PendingAnswer<'a, Vec<Hold>> {
        Box::pin(hold::lift(writer, self, seen, note))
    }

    fn image_records<'a>(
        &'a self,
        cloud: &'a Cloud,
        image: (&'a ReleaseName, &'a Digest),
        most: usize,
    ) -> PendingAnswer<'a, ImageRecords> {
        Box::pin(origin::records(cloud, self, None, image, most))
    }

    fn written_values(&self, read: &dyn Fn(&str) -> Option<String>) -> Option<WrittenValues> {
        let TaskDefinitionSource::File(file) = &self.task_definition else { return None };
        Some(WrittenValues { read: of_file(&read(file.as_str())?, &self.container, file.as_str())?, is_searched: true })
    }

    fn values<'a>(&'a self, cloud: &'a Cloud) -> PendingAnswer<'a, ReadValues> {
        Box::pin(observe::values(cloud, self))
    }

    fn needs<'a>(
        &'a self,
        component: &'a Component,
        place: &'a ResourceScope,
        seen: (&'a Cloud, &'a DefinitionFiles),
    ) -> PendingAnswer<'a, Needs> {
        Box::pin(iam::needs(component, self, place, seen))
    }
}

/// A service that was looked at.
#[derive(Debug, Clone)]
struct ObservedService {
    component: Component,
    target: EcsTarget,
    facts: EcsFacts,
}

impl ObservedService {
    fn planned(self, ecs: EcsPlan, release: &ReleaseName) -> Box<dyn ComponentWithPlan> {
        let plan = neutral(&self.component, &ecs, release);
        Box::new(PlannedService { observed: self, release: release.clone(), ecs, left: Vec::new(), plan })
    }

    fn plan_with(&self, images: &[ImagePlan], release: &ReleaseName) -> Result<EcsPlan, PlanError> {
        plan_release(&self.component.name, &self.target, &self.facts, images, release)
    }
}

impl ObservedComponent for ObservedService {
    fn name(&self) -> &ComponentName {
        &self.component.name
    }

    fn console(&self, region: &Region) -> Option<String> {
        self.target.console(region)
    }

    fn whereabouts(&self) -> Whereabouts {
        let (service, live) = (&self.facts.service, &self.facts.live);
        Whereabouts {
            cluster: Some(self.target.cluster.to_string()),
            service: Some(self.target.service.to_string()),
            revision: Some(text::phrase(live.short(), 300)),
            desired: Some(service.desired),
            running: service.primary().map(|primary| primary.running),
        }
    }

    fn holds(&self) -> Vec<Hold> {
        self.facts.holds()
    }

    fn take_promoted<'a>(&'a mut self, promoted: &'a dyn Promoted) -> PendingAnswer<'a, ()> {
        let promoted: &dyn Any = promoted;
        let taken = match promoted.downcast_ref() {
            Some(PromotedRevision { revision, target }) => {
                self.facts.source = Some((revision.definition.clone(), target.container.clone()));
                Ok(())
            }
            None => Err(other_kind(&self.component.name)),
        };
        Box::pin(std::future::ready(taken))
    }

    fn image_recorded(&self, release: &ReleaseName, digest: &Digest) -> Option<RecordId> {
        let seen = std::iter::once(&self.facts.live).chain(&self.facts.others);
        recorded_by(seen, &self.target.container, release, digest)
    }

    fn image_records<'a>(
        &'a self,
        cloud: &'a Cloud,
        image: (&'a ReleaseName, &'a Digest),
        most: usize,
    ) -> PendingAnswer<'a, ImageRecords> {
        Box::pin(origin::records(cloud, &self.target, Some(&self.facts), image, most))
    }

    fn plan(
        self: Box<Self>,
        images: &[ImagePlan],
        release: &ReleaseName,
    ) -> Result<Box<dyn ComponentWithPlan>, PlanError> {
        let ecs = self.plan_with(images, release)?;
        Ok(self.planned(ecs, release))
    }

    fn past<'a>(
        self: Box<Self>,
        cloud: &'a Cloud,
        release: Option<&'a ReleaseName>,
    ) -> PendingAnswer<'a, Box<dyn PastReleases>> {
        Box::pin(async move {
            let read = past::for_rollback(cloud, &self.facts, &self.target, release).await?;
            Ok(Box::new(ServicePast { observed: *self, read }) as Box<dyn PastReleases>)
        })
    }
}

/// A service with the revisions of its family, newest first.
#[derive(Debug)]
struct ServicePast {
    observed: ObservedService,
    read: past::RevisionPages,
}

impl ServicePast {
    fn seen(&self) -> (&[TaskRevision], bool) {
        (&self.read.revisions, self.read.is_all)
    }

    fn restored(&self, release: &ReleaseName) -> Option<&TaskRevision> {
        revision_to_restore(&self.observed.target, &self.observed.facts, self.seen(), release)
    }
}

impl PastReleases for ServicePast {
    fn observed(&self) -> &dyn ObservedComponent {
        &self.observed
    }

    fn past(&self) -> RollbackCandidates {
        past_releases(&self.observed.component.name, &self.observed.target, &self.observed.facts, self.seen())
    }

    fn left_out(&self) -> Vec<String> {
        evidence::doubts(&self.read.revisions, &self.observed.target.container)
    }

    fn restorable(&self, release: &ReleaseName) -> Option<Result<Restorable, Failure>> {
        let (revision, container) = (self.restored(release)?, &self.observed.target.container);
        Some(revision.definition.image_of(container).map(Restorable::Image).map_err(|error| {
            let revision = revision.short();
            Failure::failed(format!("revision {revision}, which served before, has no container `{container}`"))
                .cause(error.to_string())
                .hint("name a release that had it with --release: `shipgate history` lists them")
        }))
    }

    fn plan(self: Box<Self>, release: &ReleaseName, image: Option<&KnownImage>) -> Option<Box<dyn ComponentWithPlan>> {
        let restored = self.restored(release)?.clone();
        // A rollback runs no command before: it would be the older one, on data that the newer one has changed.
        let has_pre_deploy = restored.ledger.as_ref().and_then(|entry| entry.pre_deploy);
        let mut target = EcsTarget { pre_deploy: None, has_pre_deploy, ..self.observed.target.clone() };
        let probe_remarks = if release.is_baseline() { probes_of_baseline(&mut target.probes) } else { Vec::new() };
        let ecs = plan_rollback(&target, &self.observed.facts, &restored, image, release.is_baseline());
        let ecs = EcsPlan { probe_remarks, ..ecs };
        Some(self.observed.planned(ecs, release))
    }
}

/// A service of the environment that is promoted from.
#[derive(Debug)]
struct SourceService {
    name: ComponentName,
    target: EcsTarget,
    facts: SourceFacts,
}

impl PromotionSource for SourceService {
    fn name(&self) -> &ComponentName {
        &self.name
    }

    fn image(&self) -> Option<&ComponentName> {
        Some(&self.target.image)
    }

    fn probes(&self) -> &[Probe] {
        &self.target.probes
    }

    fn promotable(&self) -> Result<RunningRelease, String> {
        source::runs(&self.facts, &self.target.container)
    }

    fn tasks(&self) -> Option<ProvenTasks> {
        let SourceFacts { service, live, tasks, .. } = &self.facts;
        Some(ProvenTasks {
            running: tasks.iter().filter(|task| task.revision == live.arn).count(),
            desired: usize::try_from(service.desired).ok(),
            digest: live.digest(&self.target.container),
        })
    }

    fn has_release(&self) -> bool {
        self.facts.live.release(&self.target.container).is_some()
    }

    fn is_running(&self, record: &RecordId) -> bool {
        RecordId::from(&self.facts.live.arn) == *record
    }

    fn still_runs<'a>(&'a self, cloud: &'a Cloud, registry: &'a Registry) -> PendingAnswer<'a, Result<(), String>> {
        Box::pin(async move {
            let now = looked::facts_again(cloud, registry, &self.target, &self.facts).await?;
            Ok(source::still_runs(&self.facts, &now, &self.target.container))
        })
    }

    fn recorded<'a>(&'a self, cloud: &'a Cloud, release: &'a GitSha) -> PendingAnswer<'a, LedgerSearch> {
        Box::pin(looked::recorded(cloud, &self.facts, &self.target, release))
    }

    fn values(&self) -> Result<ReadValues, Failure> {
        Ok(values::of_revision(&self.facts.live, &self.target.container).map_err(PlanError::from)?)
    }

    fn ran<'a>(&'a self, cloud: &'a Cloud, digest: &'a Digest, runs: bool) -> PendingAnswer<'a, UnbrokenRun> {
        Box::pin(looked::ran(cloud, &self.facts, &self.target, digest, runs))
    }

    fn promoted<'a>(&'a self, cloud: &'a Cloud, evidence: &'a ReleaseEvidence) -> PendingAnswer<'a, Box<dyn Promoted>> {
        Box::pin(async move {
            let revision = match evidence {
                ReleaseEvidence::Runs => self.facts.live.clone(),
                ReleaseEvidence::Recorded(recorded) => {
                    let arn = RevisionArn::from(recorded.revision.as_str());
                    cloud.ecs().revision(&arn, &self.facts.service.arn).await?
                }
            };
            Ok(Box::new(PromotedRevision { revision, target: self.target.clone() }) as Box<dyn Promoted>)
        })
    }
}

/// The revision of a source that is promoted.
#[derive(Debug)]
struct PromotedRevision {
    revision: TaskRevision,
    target: EcsTarget,
}

impl Promoted for PromotedRevision {
    fn has_pre_deploy(&self) -> Option<bool> {
        self.revision.ledger.as_ref().and_then(|entry| entry.pre_deploy)
    }

    fn short(&self) -> &str {
        self.revision.short()
    }
}

/// A service with its plan.
#[derive(Debug)]
struct PlannedService {
    observed: ObservedService,
    release: ReleaseName,
    ecs: EcsPlan,
    /// What the rollback holds.
    left: Vec<LeftRelease>,
    plan: ComponentPlan,
}

impl PlannedService {
    fn changed(&mut self) {
        self.plan = neutral(&self.observed.component, &self.ecs, &self.release);
    }
}

impl ComponentWithPlan for PlannedService {
    fn plan(&self) -> &ComponentPlan {
        &self.plan
    }

    fn observed(&self) -> &dyn ObservedComponent {
        &self.observed
    }

    fn probes(&self) -> &[Probe] {
        &self.ecs.target.probes
    }

    fn values(&self) -> Result<ReadValues, Failure> {
        Ok(values::planned(&self.ecs.target, &self.observed.facts, &self.ecs).map_err(PlanError::from)?)
    }

    fn last_rollout(&self) -> Option<Duration> {
        self.ecs.last_rollout
    }

    fn can_be_applied(&self) -> Result<(), Failure> {
        let target = &self.ecs.target;
        let refuses = target.busy == Busy::Refuse && self.ecs.restores.is_none();
        let company = self.ecs.company.as_ref().filter(|_| refuses);
        company.map_or(Ok(()), |company| Err(company.refusal(target)))
    }

    fn refine(&self, images: &[ImagePlan]) -> Result<Box<dyn ComponentWithPlan>, PlanError> {
        let ecs = self.observed.plan_with(images, &self.release)?.refining(&self.ecs);
        Ok(self.observed.clone().planned(ecs, &self.release))
    }

    fn go_forward(&mut self) {
        self.ecs.leaves = None;
        self.ecs.is_forward = true;
        self.changed();
    }

    fn plan_holds(&mut self, left: &[LeftRelease]) -> Vec<PlannedHold> {
        self.left = left.to_vec();
        self.ecs.new_holds = left.to_vec();
        self.changed();
        planned_holds(&self.plan.name, &self.observed.target, &self.observed.facts, left)
    }

    fn drop_covered(&mut self, covered: &[Hold]) {
        self.ecs.carries.retain(|hold| !covered.iter().any(|it| it.key == hold.key && it.scope == hold.scope));
        self.changed();
    }

    fn put_hold<'a>(
        &'a self,
        run: &'a ApplyRun<'a>,
        hold: &'a PlannedHold,
        users: &'a [ComponentName],
    ) -> PendingAnswer<'a, ()> {
        let (target, facts) = (&self.observed.target, &self.observed.facts);
        Box::pin(stop_sign::put(run, target, facts, (&self.left, &hold.left), users))
    }

    fn drop_holds<'a>(&'a self, run: &'a ApplyRun<'a>, covered: &'a [Hold]) -> LocalBoxFuture<'a, ()> {
        Box::pin(stop_sign::drop_covered(run, &self.observed.target, covered))
    }

    fn apply<'a>(&'a self, run: &'a ApplyRun<'a>) -> LocalBoxFuture<'a, Applied> {
        Box::pin(Apply::new(run, &self.plan.name, &self.ecs).apply())
    }

    fn announces(&self) -> bool {
        self.observed.facts.service.announced.as_ref().is_some_and(|announced| announced.release == self.release)
    }

    fn announce<'a>(&'a self, writer: Writer<'a>, announcement: &'a Announcement) -> PendingAnswer<'a, ()> {
        Box::pin(origin::announce(writer, &self.ecs.service_arn, announcement))
    }

    fn retire_announcement<'a>(&'a self, writer: Writer<'a>) -> PendingAnswer<'a, ()> {
        Box::pin(origin::retire(writer, &self.ecs.service_arn))
    }
}
