//! A static site behind the seam.

use super::observed::ObservedSite;
use super::site::SiteConnection;
use super::source::SourceSite;
use super::store::NewestEntries;
use super::{hold, observe, status};
use crate::clients::logs::LogLine;
use crate::clients::registry::Registry;
use crate::domain::contract::{ReadValues, WrittenValues};
use crate::domain::failure::Failure;
use crate::domain::hold::Hold;
use crate::domain::iam::rights::ResourceScope;
use crate::domain::release::ReleaseName;
use crate::domain::static_site::store::SiteHistory;
use crate::domain::static_site::{Target, iam};
use crate::domain::target::Component;
use crate::domain::view::history;
use crate::domain::view::status::ComponentStatus;
use crate::kinds::{Driver, Needs, ObservedComponent, PendingAnswer, PromotionSource};
use crate::observe::{Cloud, DefinitionFiles, Writer};

impl Driver for Target {
    fn observe<'a>(
        &'a self,
        component: &'a Component,
        cloud: &'a Cloud,
        _files: &'a DefinitionFiles,
        release: Option<&'a ReleaseName>,
    ) -> PendingAnswer<'a, Box<dyn ObservedComponent>> {
        Box::pin(async move {
            let site = SiteConnection::new(cloud, self)?;
            let facts = observe::facts(cloud, &site, release).await?;
            let observed = ObservedSite::new(component, site, facts);
            Ok(Box::new(observed) as Box<dyn ObservedComponent>)
        })
    }

    fn observe_source<'a>(
        &'a self,
        _component: &'a Component,
        cloud: &'a Cloud,
        _registry: &'a Registry,
    ) -> PendingAnswer<'a, Box<dyn PromotionSource>> {
        Box::pin(async move {
            let source = SourceSite::look(SiteConnection::new(cloud, self)?).await?;
            Ok(Box::new(source) as Box<dyn PromotionSource>)
        })
    }

    fn status<'a>(&'a self, cloud: &'a Cloud) -> PendingAnswer<'a, ComponentStatus> {
        Box::pin(async move { status::status(&SiteConnection::new(cloud, self)?).await })
    }

    fn history<'a>(&'a self, cloud: &'a Cloud, most: usize) -> PendingAnswer<'a, history::ReleaseHistory> {
        Box::pin(async move {
            let site = SiteConnection::new(cloud, self)?;
            site.has_buckets().await?;
            let current = site.store.current().await?.map(|(current, _)| current);
            let NewestEntries { readable: entries, unreadable, is_all } = site.store.entries(most).await?;
            let history = SiteHistory { entries: &entries, current: current.as_ref() };
            let looked_at = (!is_all || !unreadable.is_empty()).then_some(entries.len());
            Ok(history::ReleaseHistory { releases: history.releases(), looked_at })
        })
    }

    fn logs<'a>(&'a self, _cloud: &'a Cloud, _since: jiff::Timestamp) -> PendingAnswer<'a, Vec<LogLine>> {
        let failure = Failure::invalid(format!("site `{}` has no logs of its own", self.name))
            .hint("the access logs of its bucket and of its distribution are not read: see where they are written to")
            .hint("name the components of other kinds with --component");
        Box::pin(std::future::ready(Err(failure)))
    }

    fn holds<'a>(&'a self, cloud: &'a Cloud) -> PendingAnswer<'a, Vec<Hold>> {
        Box::pin(async move { hold::holds(&SiteConnection::new(cloud, self)?).await })
    }

    fn put_hold<'a>(&'a self, writer: Writer<'a>, hold: &'a Hold) -> PendingAnswer<'a, Vec<Hold>> {
        Box::pin(async move { hold::put(writer, &SiteConnection::new(writer.cloud(), self)?, hold).await })
    }

    fn holds_to_lift<'a>(&'a self, cloud: &'a Cloud) -> PendingAnswer<'a, Vec<Hold>> {
        self.holds(cloud)
    }

    fn lift_holds<'a>(
        &'a self,
        writer: Writer<'a>,
        seen: &'a [Hold],
        note: &'a (String, String),
    ) -> PendingAnswer<'a, Vec<Hold>> {
        Box::pin(async move { hold::lift(writer, &SiteConnection::new(writer.cloud(), self)?, seen, note).await })
    }

    fn written_values(&self, _read: &dyn Fn(&str) -> Option<String>) -> Option<WrittenValues> {
        Some(WrittenValues { read: Self::values(self).into(), is_searched: false })
    }

    fn values<'a>(&'a self, _cloud: &'a Cloud) -> PendingAnswer<'a, ReadValues> {
        Box::pin(std::future::ready(Ok(Self::values(self).into())))
    }

    fn needs<'a>(
        &'a self,
        _component: &'a Component,
        place: &'a ResourceScope,
        _seen: (&'a Cloud, &'a DefinitionFiles),
    ) -> PendingAnswer<'a, Needs> {
        let rights = iam::needs(&self.bucket, &self.artifacts, self.in_front().as_ref(), place);
        Box::pin(std::future::ready(Ok(Needs { rights, missing: None })))
    }
}
