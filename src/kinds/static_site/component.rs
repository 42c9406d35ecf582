//! A static site behind the seam.

use std::any::Any;
use std::cell::Cell;

use futures_util::future::LocalBoxFuture;

use super::apply::Apply;
use super::lease::Lease;
use super::past::SitePast;
use super::prepare::Prepare;
use super::site::Site;
use super::source::{PromotedSite, SourceSite};
use super::store::Entries;
use super::{baked, hold, observe, status};
use crate::clients::logs::LogLine;
use crate::clients::registry::Registry;
use crate::domain::configured::Configured as _;
use crate::domain::contract::{ReadValues, WrittenValues};
use crate::domain::failure::Failure;
use crate::domain::given_bundle::GivenBundle;
use crate::domain::hold::Hold;
use crate::domain::iam::rights::Place;
use crate::domain::names::{ComponentName, Region};
use crate::domain::plan::{ComponentPlan, ImagePlan, LeftRelease, PlanError, PlannedHold};
use crate::domain::probe::Probe;
use crate::domain::release::ReleaseName;
use crate::domain::static_site::bundle::{SiteFile, SitePath};
use crate::domain::static_site::plan::{SiteFacts, SitePlan};
use crate::domain::static_site::runtime::RuntimeFile;
use crate::domain::static_site::store::{History, WrittenConfig};
use crate::domain::static_site::{Target, iam};
use crate::domain::target::Component;
use crate::domain::view::history;
use crate::domain::view::status::ComponentStatus;
use crate::kinds::{
    Answer, Applied, Driver, Needs, Observed, PastReleases, Planned, Promoted, Run, Source, other_kind,
};
use crate::observe::{Cloud, Files, Writer};

impl Driver for Target {
    fn observe<'a>(
        &'a self,
        component: &'a Component,
        cloud: &'a Cloud,
        _files: &'a Files,
        release: Option<&'a ReleaseName>,
    ) -> Answer<'a, Box<dyn Observed>> {
        Box::pin(async move {
            let site = Site::new(cloud, self)?;
            let facts = observe::facts(cloud, &site, release).await?;
            let observed = ObservedSite { component: component.clone(), site, facts, given: None, promoted: None };
            Ok(Box::new(observed) as Box<dyn Observed>)
        })
    }

    fn observe_source<'a>(
        &'a self,
        _component: &'a Component,
        cloud: &'a Cloud,
        _registry: &'a Registry,
    ) -> Answer<'a, Box<dyn Source>> {
        Box::pin(async move {
            let source = SourceSite::look(Site::new(cloud, self)?).await?;
            Ok(Box::new(source) as Box<dyn Source>)
        })
    }

    fn status<'a>(&'a self, cloud: &'a Cloud) -> Answer<'a, ComponentStatus> {
        Box::pin(async move { status::status(&Site::new(cloud, self)?).await })
    }

    fn history<'a>(&'a self, cloud: &'a Cloud, most: usize) -> Answer<'a, history::History> {
        Box::pin(async move {
            let site = Site::new(cloud, self)?;
            site.has_buckets().await?;
            let current = site.store.current().await?.map(|(current, _)| current);
            let Entries { readable: entries, unreadable, is_all } = site.store.entries(most).await?;
            let history = History { entries: &entries, current: current.as_ref() };
            let looked_at = (!is_all || !unreadable.is_empty()).then_some(entries.len());
            Ok(history::History { releases: history.releases(), looked_at })
        })
    }

    fn logs<'a>(&'a self, _cloud: &'a Cloud, _since: jiff::Timestamp) -> Answer<'a, Vec<LogLine>> {
        let failure = Failure::invalid(format!("site `{}` has no logs of its own", self.name))
            .hint("the access logs of its bucket and of its distribution are not read: see where they are written to")
            .hint("name the components of other kinds with --component");
        Box::pin(std::future::ready(Err(failure)))
    }

    fn holds<'a>(&'a self, cloud: &'a Cloud) -> Answer<'a, Vec<Hold>> {
        Box::pin(async move { hold::holds(&Site::new(cloud, self)?).await })
    }

    fn put_hold<'a>(&'a self, writer: Writer<'a>, hold: &'a Hold) -> Answer<'a, Vec<Hold>> {
        Box::pin(async move { hold::put(writer, &Site::new(writer.cloud(), self)?, hold).await })
    }

    fn holds_to_lift<'a>(&'a self, cloud: &'a Cloud) -> Answer<'a, Vec<Hold>> {
        self.holds(cloud)
    }

    fn lift_holds<'a>(
        &'a self,
        writer: Writer<'a>,
        seen: &'a [Hold],
        note: &'a (String, String),
    ) -> Answer<'a, Vec<Hold>> {
        Box::pin(async move { hold::lift(writer, &Site::new(writer.cloud(), self)?, seen, note).await })
    }

    fn written_values(&self, _read: &dyn Fn(&str) -> Option<String>) -> Option<WrittenValues> {
        Some(WrittenValues { read: Self::values(self).into(), is_searched: false })
    }

    fn values<'a>(&'a self, _cloud: &'a Cloud) -> Answer<'a, ReadValues> {
        Box::pin(std::future::ready(Ok(Self::values(self).into())))
    }

    fn needs<'a>(
        &'a self,
        _component: &'a Component,
        place: &'a Place,
        _seen: (&'a Cloud, &'a Files),
    ) -> Answer<'a, Needs> {
        let rights = iam::needs(self, place);
        Box::pin(std::future::ready(Ok(Needs { rights, missing: None })))
    }
}

/// A site that was looked at.
#[derive(Debug, Clone)]
pub struct ObservedSite {
    pub component: Component,
    pub site: Site,
    pub facts: SiteFacts,
    /// The bundle that another job built.
    given: Option<GivenBundle>,
    /// What is promoted.
    promoted: Option<PromotedSite>,
}

impl ObservedSite {
    /// Its plan, as the rest of the program reads it too.
    pub fn planned(
        self,
        site: SitePlan,
        release: &ReleaseName,
        config: Option<(SitePath, RuntimeFile)>,
    ) -> Box<dyn Planned> {
        let plan = site.neutral(&self.component, &self.site.target, &self.facts, release);
        Box::new(PlannedSite { observed: self, release: release.clone(), site, config, plan })
    }

    /// Whether each environment has a build of its own.
    fn is_built_here(&self) -> bool {
        self.site.target.build.as_ref().is_some_and(|build| build.is_per_environment)
    }

    fn rendered(&self, release: &ReleaseName) -> Option<(SitePath, RuntimeFile)> {
        self.site.target.runtime_config.as_ref().map(|config| (config.path.clone(), config.render(release)))
    }
}

/// What is written of a rendered file.
fn written((path, file): &(SitePath, RuntimeFile)) -> WrittenConfig {
    let SiteFile { digest, size, content_type, .. } = file.file();
    WrittenConfig { path: path.clone(), digest, size, content_type }
}

impl Observed for ObservedSite {
    fn name(&self) -> &ComponentName {
        &self.component.name
    }

    fn node(&self) -> Option<&str> {
        self.component.kind.node()
    }

    fn console(&self, region: &Region) -> Option<String> {
        self.site.target.console(region)
    }

    fn holds(&self) -> Vec<Hold> {
        self.facts.holds.clone()
    }

    fn take_promoted<'a>(&'a mut self, promoted: &'a dyn Promoted) -> Answer<'a, ()> {
        let promoted: &dyn Any = promoted;
        let promoted: Option<&PromotedSite> = promoted.downcast_ref();
        Box::pin(async move {
            let promoted = promoted.ok_or_else(|| other_kind(&self.component.name))?;
            if self.is_built_here() {
                self.promoted = Some(promoted.clone());
                return Ok(());
            }
            baked::refuse(&self.site, &self.facts.front.hosts, promoted).await?;
            self.promoted = Some(promoted.clone());
            Ok(())
        })
    }

    fn take_bundle(&mut self, bundle: &GivenBundle) -> Result<(), Failure> {
        self.given = Some(bundle.clone());
        Ok(())
    }

    fn plan(self: Box<Self>, _images: &[ImagePlan], release: &ReleaseName) -> Result<Box<dyn Planned>, PlanError> {
        let rendered = self.rendered(release);
        let config = rendered.as_ref().map(written);
        let (target, facts) = (&self.site.target, &self.facts);
        let site = match &self.promoted {
            Some(_) if self.is_built_here() => {
                SitePlan::of_own_build(&self.component, target, facts, self.given.as_ref(), config)?
            }
            Some(promoted) => SitePlan::of_promotion(target, facts, &promoted.digest, config),
            None => SitePlan::of_release(&self.component, target, facts, self.given.as_ref(), config)?,
        };
        Ok(self.planned(site, release, rendered))
    }

    fn past<'a>(
        self: Box<Self>,
        _cloud: &'a Cloud,
        release: Option<&'a ReleaseName>,
    ) -> Answer<'a, Box<dyn PastReleases>> {
        Box::pin(async move { Ok(Box::new(SitePast::look(*self, release).await?) as Box<dyn PastReleases>) })
    }
}

/// A site with its plan.
#[derive(Debug)]
struct PlannedSite {
    observed: ObservedSite,
    release: ReleaseName,
    site: SitePlan,
    /// The file that differs between environments, where this run writes it.
    config: Option<(SitePath, RuntimeFile)>,
    plan: ComponentPlan,
}

impl PlannedSite {
    fn again(&self, site: SitePlan) -> Box<dyn Planned> {
        self.observed.clone().planned(site, &self.release, self.config.clone())
    }
}

impl Planned for PlannedSite {
    fn plan(&self) -> &ComponentPlan {
        &self.plan
    }

    fn observed(&self) -> &dyn Observed {
        &self.observed
    }

    fn probes(&self) -> &[Probe] {
        &self.observed.site.target.probes
    }

    fn values(&self) -> Result<ReadValues, Failure> {
        Ok(self.observed.site.target.values().into())
    }

    fn can_be_applied(&self) -> Result<(), Failure> {
        if self.observed.facts.front.address.is_some() {
            return Ok(());
        }
        Err(Failure::invalid(format!("nothing says where browsers find site `{}`", self.plan.name))
            .cause("without an address nothing can be proven")
            .hint("write `url = \"https://…\"` in the component"))
    }

    fn prepare<'a>(&'a self, run: &'a Run<'a>) -> Answer<'a, Box<dyn Planned>> {
        Box::pin(async move {
            let ObservedSite { site, promoted, .. } = &self.observed;
            let current = self.observed.facts.current.as_ref();
            let prepare = Prepare { run, site, plan: &self.site, promoted: promoted.as_ref(), current };
            let digest = prepare.execute().await?;
            Ok(self.again(self.site.stored(digest)))
        })
    }

    fn refine(&self, _images: &[ImagePlan]) -> Result<Box<dyn Planned>, PlanError> {
        Ok(self.again(self.site.clone()))
    }

    fn go_forward(&mut self) {
        self.site.is_forward = true;
        self.plan = self.again(self.site.clone()).plan().clone();
    }

    fn plan_holds(&mut self, left: &[LeftRelease]) -> Vec<PlannedHold> {
        let planned = |left: &LeftRelease| PlannedHold {
            component: self.plan.name.clone(),
            left: left.clone(),
            covers: Vec::new(),
            places: Some(format!("site {}", self.observed.site.target.bucket)),
            warning: None,
        };
        left.iter().map(planned).collect()
    }

    fn put_hold<'a>(&'a self, run: &'a Run<'a>, hold: &'a PlannedHold, users: &'a [ComponentName]) -> Answer<'a, ()> {
        Box::pin(hold::put_planned(run, &self.observed.site, &hold.left, users))
    }

    fn drop_holds<'a>(&'a self, run: &'a Run<'a>, covered: &'a [Hold]) -> LocalBoxFuture<'a, ()> {
        Box::pin(hold::drop_covered(run, &self.observed.site, covered))
    }

    fn apply<'a>(&'a self, run: &'a Run<'a>) -> LocalBoxFuture<'a, Applied> {
        let values = self.observed.site.target.runtime_config.iter().flat_map(|config| &config.values);
        let values = values.filter(|_| self.config.is_some());
        let values: Vec<_> = values.map(|(name, value)| (name.clone(), value.render(&self.release))).collect();
        Box::pin(async move {
            let apply = Apply {
                run,
                site: &self.observed.site,
                plan: &self.site,
                facts: &self.observed.facts,
                config: self.config.as_ref().map(|(_, file)| file.bytes.as_slice()),
                values: &values,
                owner: Lease::owner(run),
                changed: Cell::new(false),
            };
            apply.apply().await
        })
    }
}
