//! A site of the environment that is promoted from.

use super::observe;
use super::site::SiteConnection;
use super::store::Store;
use crate::clients::registry::Registry;
use crate::domain::contract::ReadValues;
use crate::domain::failure::Failure;
use crate::domain::ids::RecordId;
use crate::domain::image::Digest;
use crate::domain::names::{AccountId, ComponentName};
use crate::domain::neutral;
use crate::domain::probe::Probe;
use crate::domain::promotion::{LedgerSearch, Recorded, ReleaseEvidence, RunningRelease, UnbrokenRun};
use crate::domain::release::{GitSha, ReleaseName};
use crate::domain::static_site::Target;
use crate::domain::static_site::bundle::{BundleManifest, SitePath};
use crate::domain::static_site::plan::is_proven;
use crate::domain::static_site::soak;
use crate::domain::static_site::store::{CurrentRelease, KeptRelease, SiteHistory, SiteLedgerEntry};
use crate::domain::static_site::sync::{Care, Oddity};
use crate::kinds::{PendingAnswer, Promoted, PromotionSource};
use crate::observe::Cloud;

/// Number of entries of the ledger that are read to find a release.
const ENTRIES_READ: usize = 200;

/// A site of the environment that is promoted from.
#[derive(Debug)]
pub struct SourceSite {
    site: SiteConnection,
    current: Option<CurrentRelease>,
    newest: Option<SiteLedgerEntry>,
    drifted: Vec<(SitePath, Oddity)>,
}

/// What is promoted of a site: its files, where they are kept, and the site that served them.
#[derive(Debug, Clone)]
pub struct PromotedSite {
    /// The store that has them.
    pub store: Store,
    /// What they are.
    pub manifest: BundleManifest,
    /// The digest of their bundle.
    pub digest: Digest,
    /// The site that serves them.
    pub target: Target,
    /// The release.
    pub release: ReleaseName,
    /// The account that the site is in.
    pub account: AccountId,
    /// The hosts that its distribution answers for.
    pub hosts: Vec<String>,
    short: String,
}

impl SourceSite {
    /// Looks at it.
    ///
    /// # Errors
    ///
    /// A bucket is missing, or something cannot be read.
    pub async fn look(site: SiteConnection) -> Result<Self, Failure> {
        site.has_buckets().await?;
        let current = site.store.current().await?.map(|(current, _)| current);
        let newest = site.store.entries(1).await?.readable.into_iter().next();
        let drifted = match &current {
            Some(current) => observe::drifted(&site, current, Care::EachFile).await?,
            None => Vec::new(),
        };
        Ok(Self { site, current, newest, drifted })
    }

    async fn entry(&self, id: &RecordId) -> Result<SiteLedgerEntry, Failure> {
        let entries = self.site.store.entries(ENTRIES_READ).await?.readable;
        entries.into_iter().find(|entry| entry.id() == *id).ok_or_else(|| {
            Failure::failed(format!("the ledger of `{}` has no entry {}", self.site.target.name, id.short()))
                .hint("run it again: it plans from what is there now")
        })
    }
}

impl PromotionSource for SourceSite {
    fn name(&self) -> &ComponentName {
        &self.site.target.name
    }

    fn probes(&self) -> &[Probe] {
        &self.site.target.probes
    }

    fn promotable(&self) -> Result<RunningRelease, String> {
        let current = self.current.as_ref().ok_or("it serves no release")?;
        let release = current.release.sha().ok_or("it serves a build of a changed tree, which no commit has")?;
        let name = current.release.short();
        if let Some((path, oddity)) = self.drifted.first() {
            return Err(format!("`{}` {}", neutral::phrase(path.as_str(), 200), oddity.described()));
        }
        if !is_proven(self.newest.as_ref(), Some(current)) {
            return Err(format!("that it serves {name} was not proven: deploy it again"));
        }
        Ok(RunningRelease { release: release.clone(), digest: current.digest.clone() })
    }

    fn has_release(&self) -> bool {
        self.current.is_some()
    }

    fn is_running(&self, record: &RecordId) -> bool {
        let newest = self.newest.as_ref().zip(self.current.as_ref());
        newest.is_some_and(|(entry, current)| entry.id() == *record && entry.release == current.release)
    }

    fn still_runs<'a>(&'a self, _cloud: &'a Cloud, _registry: &'a Registry) -> PendingAnswer<'a, Result<(), String>> {
        Box::pin(async move {
            let now = Self::look(self.site.clone()).await?;
            Ok(match (self.promotable(), now.promotable()) {
                (Ok(before), Ok(now)) if before == now => Ok(()),
                (_, Ok(now)) => Err(format!("it serves {} now", now.release.short())),
                (_, Err(reason)) => Err(reason),
            })
        })
    }

    fn values(&self) -> Result<ReadValues, Failure> {
        Ok(self.site.target.values().into())
    }

    fn ran<'a>(&'a self, _cloud: &'a Cloud, digest: &'a Digest, runs: bool) -> PendingAnswer<'a, UnbrokenRun> {
        Box::pin(async move {
            let entries = self.site.store.entries(ENTRIES_READ).await?.readable;
            Ok(soak::unbroken(&entries, digest, runs))
        })
    }

    fn recorded<'a>(&'a self, _cloud: &'a Cloud, release: &'a GitSha) -> PendingAnswer<'a, LedgerSearch> {
        Box::pin(async move {
            let wanted = ReleaseName::Commit(release.clone());
            let entries = self.site.store.entries(ENTRIES_READ).await?.readable;
            let judged = SiteHistory { entries: &entries, current: self.current.as_ref() }.judged(&wanted);
            let Some(entry) = judged else { return Ok(LedgerSearch::default()) };
            if !entry.succeeded() {
                let doubt =
                    format!("{}: the newest run that verified it ended as `{}`", entry.id().short(), entry.outcome);
                return Ok(LedgerSearch { recorded: None, doubts: vec![doubt] });
            }
            let stored = self.site.store.release(&wanted).await?;
            let is_there = stored.is_some_and(|stored| stored.digest == entry.digest);
            let recorded = Recorded { digest: entry.digest.clone(), revision: entry.id(), at: Some(entry.at) };
            let doubt = || format!("{}: the store has no such files, or others", entry.id().short());
            Ok(LedgerSearch {
                recorded: is_there.then_some(recorded),
                doubts: if is_there { Vec::new() } else { vec![doubt()] },
            })
        })
    }

    fn promoted<'a>(&'a self, cloud: &'a Cloud, evidence: &'a ReleaseEvidence) -> PendingAnswer<'a, Box<dyn Promoted>> {
        Box::pin(async move {
            let (release, digest) = match (evidence, &self.current) {
                (ReleaseEvidence::Recorded(recorded), _) => {
                    let entry = self.entry(&recorded.revision).await?;
                    (entry.release, entry.digest)
                }
                (ReleaseEvidence::Runs, Some(current)) => (current.release.clone(), current.digest.clone()),
                (ReleaseEvidence::Runs, None) => {
                    return Err(Failure::failed(format!("`{}` serves no release", self.site.target.name))
                        .hint("put one there first"));
                }
            };
            let short = format!("release {}", release.short());
            let hosts = observe::in_front(cloud, &self.site).await?.0.hosts;
            let kept =
                KeptRelease { release: release.clone(), digest: digest.clone(), exclude: Vec::new(), filled: None };
            let manifest = self.site.store.kept(&kept).await?.manifest.clone();
            let (store, target, account) = (self.site.store.clone(), self.site.target.clone(), cloud.account.clone());
            Ok(Box::new(PromotedSite { store, manifest, digest, target, release, account, hosts, short })
                as Box<dyn Promoted>)
        })
    }
}

impl Promoted for PromotedSite {
    fn has_pre_deploy(&self) -> Option<bool> {
        Some(false)
    }

    fn short(&self) -> &str {
        &self.short
    }
}
