//! A site that was looked at, with its plan, or with what it served before.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use super::bundle::Bundle;
use super::lease::Lease;
use super::prepare::{Prepare, PreparedFiles};
use super::site::SiteConnection;
use super::site_run::SiteRun;
use super::source::PromotedSite;
use super::{baked, hold};
use crate::domain::configured::Configured as _;
use crate::domain::contract::ReadValues;
use crate::domain::failure::Failure;
use crate::domain::given_bundle::GivenBundle;
use crate::domain::hold::Hold;
use crate::domain::names::{ComponentName, Region};
use crate::domain::plan::{ComponentPlan, ImagePlan, KnownImage, LeftRelease, PlanError, PlannedHold};
use crate::domain::probe::Probe;
use crate::domain::release::ReleaseName;
use crate::domain::rollback::RollbackCandidates;
use crate::domain::static_site::bundle::{SiteFile, SitePath};
use crate::domain::static_site::plan::{SiteFacts, SitePlan};
use crate::domain::static_site::runtime::RuntimeFile;
use crate::domain::static_site::store::{SiteHistory, SiteLedgerEntry, WrittenConfig, past};
use crate::domain::target::Component;
use crate::kinds::{
    Applied, ApplyRun, ComponentWithPlan, ObservedComponent, PastReleases, PendingAnswer, Promoted, Restorable,
    other_kind,
};
use crate::observe::Cloud;

/// A site that was looked at.
#[derive(Debug, Clone)]
pub struct ObservedSite {
    component: Component,
    site: SiteConnection,
    facts: SiteFacts,
    /// The bundle that another job built.
    given: Option<GivenBundle>,
    /// What is promoted.
    promoted: Option<PromotedSite>,
    /// The bundle that this run put into the store.
    bundle: Option<Rc<Bundle>>,
}

impl ObservedSite {
    /// A site with what was seen of it.
    pub fn new(component: &Component, site: SiteConnection, facts: SiteFacts) -> Self {
        Self { component: component.clone(), site, facts, given: None, promoted: None, bundle: None }
    }

    /// Its plan, as the rest of the program reads it too.
    pub fn planned(
        self,
        site: SitePlan,
        release: &ReleaseName,
        config: Option<(SitePath, RuntimeFile)>,
    ) -> Box<dyn ComponentWithPlan> {
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

impl ObservedComponent for ObservedSite {
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

    fn take_promoted<'a>(&'a mut self, promoted: &'a dyn Promoted) -> PendingAnswer<'a, ()> {
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

    fn plan(
        self: Box<Self>,
        _images: &[ImagePlan],
        release: &ReleaseName,
    ) -> Result<Box<dyn ComponentWithPlan>, PlanError> {
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
    ) -> PendingAnswer<'a, Box<dyn PastReleases>> {
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
    fn again(&self, site: SitePlan) -> Box<dyn ComponentWithPlan> {
        self.observed.clone().planned(site, &self.release, self.config.clone())
    }
}

impl ComponentWithPlan for PlannedSite {
    fn plan(&self) -> &ComponentPlan {
        &self.plan
    }

    fn observed(&self) -> &dyn ObservedComponent {
        &self.observed
    }

    fn probes(&self) -> &[Probe] {
        &self.observed.site.target.probes
    }

    fn values(&self) -> Result<ReadValues, Failure> {
        Ok(self.observed.site.target.values().into())
    }

    fn can_be_applied(&self) -> Result<(), Failure> {
        if let Some((reason, hint)) = self.site.lacks_own_build(&self.observed.site.target) {
            return Err(Failure::invalid(reason).hint(hint));
        }
        if self.observed.facts.front.address.is_some() {
            return Ok(());
        }
        Err(Failure::invalid(format!("nothing says where browsers find site `{}`", self.plan.name))
            .cause("without an address nothing can be proven")
            .hint("write `url = \"https://…\"` in the component, or `website = true` where the website of its bucket serves it"))
    }

    fn prepare<'a>(&'a self, run: &'a ApplyRun<'a>) -> PendingAnswer<'a, Box<dyn ComponentWithPlan>> {
        Box::pin(async move {
            let ObservedSite { site, promoted, .. } = &self.observed;
            let current = self.observed.facts.current.as_ref();
            let prepare = Prepare { run, site, plan: &self.site, promoted: promoted.as_ref(), current };
            let PreparedFiles { digest, filled, bundle } = prepare.execute().await?;
            let observed = ObservedSite { bundle: bundle.map(Rc::new), ..self.observed.clone() };
            Ok(observed.planned(self.site.stored(digest, filled), &self.release, self.config.clone()))
        })
    }

    fn refine(&self, _images: &[ImagePlan]) -> Result<Box<dyn ComponentWithPlan>, PlanError> {
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

    fn put_hold<'a>(
        &'a self,
        run: &'a ApplyRun<'a>,
        hold: &'a PlannedHold,
        users: &'a [ComponentName],
    ) -> PendingAnswer<'a, ()> {
        Box::pin(hold::put_planned(run, &self.observed.site, &hold.left, users))
    }

    fn drop_holds<'a>(&'a self, run: &'a ApplyRun<'a>, covered: &'a [Hold]) -> LocalBoxFuture<'a, ()> {
        Box::pin(hold::drop_covered(run, &self.observed.site, covered))
    }

    fn apply<'a>(&'a self, run: &'a ApplyRun<'a>) -> LocalBoxFuture<'a, Applied> {
        let values = self.observed.site.target.runtime_config.iter().flat_map(|config| &config.values);
        let values = values.filter(|_| self.config.is_some());
        let values = values.map(|(name, value)| (name.clone(), value.render(&self.release)));
        let placeholders = self.site.values.0.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        let values: Vec<_> = values.chain(placeholders).collect();
        Box::pin(async move {
            let apply = SiteRun {
                run,
                site: &self.observed.site,
                plan: &self.site,
                facts: &self.observed.facts,
                config: self.config.as_ref().map(|(_, file)| file.bytes.as_slice()),
                values: &values,
                bundle: self.observed.bundle.as_deref(),
                owner: Lease::owner(run),
                changed: Cell::new(false),
            };
            apply.apply().await
        })
    }
}

/// Number of entries that are read to find where to go back to.
const ENTRIES_READ: usize = 50;
/// Number of entries that are read where a release is named.
const ENTRIES_SEARCHED: usize = 1000;

/// A site with the entries of its ledger, newest first.
#[derive(Debug)]
struct SitePast {
    observed: ObservedSite,
    entries: Vec<SiteLedgerEntry>,
}

impl SitePast {
    /// Reads what it served before. `release`: the one that is looked for.
    ///
    /// # Errors
    ///
    /// The ledger cannot be read.
    async fn look(observed: ObservedSite, release: Option<&ReleaseName>) -> Result<Self, Failure> {
        let most = if release.is_some() { ENTRIES_SEARCHED } else { ENTRIES_READ };
        let entries = observed.site.store.entries(most).await?.readable;
        Ok(Self { observed, entries })
    }

    fn history(&self) -> SiteHistory<'_> {
        SiteHistory { entries: &self.entries, current: self.observed.facts.current.as_ref() }
    }
}

impl PastReleases for SitePast {
    fn observed(&self) -> &dyn ObservedComponent {
        &self.observed
    }

    fn past(&self) -> RollbackCandidates {
        past(&self.observed.component.name, self.history())
    }

    fn restorable(&self, release: &ReleaseName) -> Option<Result<Restorable, Failure>> {
        self.history().of_release(release).map(|_| Ok(Restorable::Kept))
    }

    fn plan(self: Box<Self>, release: &ReleaseName, _image: Option<&KnownImage>) -> Option<Box<dyn ComponentWithPlan>> {
        let site = {
            let entry = self.history().of_release(release)?;
            SitePlan::of_rollback(&self.observed.site.target, &self.observed.facts, entry)
        };
        Some(self.observed.planned(site, release, None))
    }
}
