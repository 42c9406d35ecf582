//! What has to change for a site to serve a release.

#[cfg(test)]
mod tests;

use std::time::Duration;

use glob::Pattern;
use serde_json::{Map, Value, json};
use url::Url;

use super::bundle::SitePath;
use super::invalidation::Paths;
use super::names::DistributionId;
use super::store::{Current, Entry, WrittenConfig};
use super::sync::Oddity;
use super::target::SiteTarget;
use super::warning::SiteWarning;
use crate::domain::given_bundle::GivenBundle;
use crate::domain::hold::Hold;
use crate::domain::ids::RecordId;
use crate::domain::image::Digest;
use crate::domain::neutral;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{
    Change, ComponentPlan, Drift, Later, LeftRelease, PlanError, PlanWarning, Running, Step, WayBack,
};
use crate::domain::release::ReleaseName;
use crate::domain::step::{StepId, Verb};
use crate::domain::target::Component;

/// What was seen of a site before planning.
#[derive(Debug, Clone, Default)]
pub struct SiteFacts {
    /// What it serves. `None`: nothing that shipgate put there.
    pub current: Option<Current>,
    /// The newest entry of its ledger.
    pub newest: Option<Entry>,
    /// The digest of the release that is wanted, where the store of the environment has it.
    pub stored: Option<Digest>,
    /// The files of the release that somebody changed by hand.
    pub drifted: Vec<(SitePath, Oddity)>,
    /// Whether a run began something and did not end it: what it wrote is not known, nor what caches have of it.
    pub has_unfinished: bool,
    /// How browsers find it.
    pub front: Front,
    /// What is odd about the distribution, or the website of the bucket.
    pub cautions: Vec<SiteWarning>,
    /// The holds on it.
    pub holds: Vec<Hold>,
}

/// How browsers find a site.
#[derive(Debug, Clone, Default)]
pub struct Front {
    /// Where. `None`: nothing says so.
    pub address: Option<Url>,
    /// The hosts that the distribution answers for, or the website of the bucket.
    pub hosts: Vec<String>,
    /// Under which paths they find its files.
    pub paths: Paths,
    /// How long an error may stay that is over.
    pub errors_stay: Duration,
}

/// Where the files of a release come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The store of the environment has them.
    Stored,
    /// Another job built them.
    Given(GivenBundle),
    /// They are built here.
    Built,
    /// The store of the environment that is promoted from has them.
    Promoted,
}

/// The plan of a site.
#[derive(Debug, Clone)]
pub struct SitePlan {
    /// Where its files come from.
    pub origin: Origin,
    /// The digest of its bundle.
    pub digest: Later<Digest>,
    /// Whether the digest is part of what is approved: of a release that is moved, and not of one that is made.
    pub is_pinned: bool,
    /// Whether it is built for this environment, and is not what the one promoted from serves.
    pub is_own_build: bool,
    /// The file that differs between environments.
    pub config: Option<WrittenConfig>,
    /// The files that are not served.
    pub exclude: Vec<Pattern>,
    /// The entry of the ledger whose release a rollback restores.
    pub restores: Option<RecordId>,
    /// What a rollback leaves. `None`: nothing that is to be barred.
    pub leaves: Option<LeftRelease>,
    /// Whether the release that a rollback returns to has all that it leaves.
    pub is_forward: bool,
}

impl SitePlan {
    /// Plans to put a release on a site that is built or stored already. `given`: the bundle that another job built.
    ///
    /// # Errors
    ///
    /// Nothing says where its files come from.
    pub fn of_release(
        component: &Component,
        target: &SiteTarget,
        facts: &SiteFacts,
        given: Option<&GivenBundle>,
        config: Option<WrittenConfig>,
    ) -> Result<Self, PlanError> {
        let (origin, digest) = match (&facts.stored, given) {
            (Some(digest), _) => (Origin::Stored, Later::Known(digest.clone())),
            (None, Some(given)) => (Origin::Given(given.clone()), Later::Known(given.digest.clone())),
            (None, None) if target.build.is_some() => {
                (Origin::Built, Later::After(StepId::new(Verb::Bundle, &component.name)))
            }
            (None, None) => {
                let reason =
                    format!("the files of `{}` are not stored, and nothing says how to build them", component.name);
                let hint = "write `build = { run = \"npm ci && npm run build\", output = \"dist\" }` in the component";
                return Err(PlanError::Unusable { reason, hint: Some(hint) });
            }
        };
        Ok(Self::new(origin, digest, target, config))
    }

    /// Plans to put a release on a site that another environment serves.
    pub fn of_promotion(
        target: &SiteTarget,
        facts: &SiteFacts,
        digest: &Digest,
        config: Option<WrittenConfig>,
    ) -> Self {
        let origin = if facts.stored.as_ref() == Some(digest) { Origin::Stored } else { Origin::Promoted };
        Self { is_pinned: true, ..Self::new(origin, Later::Known(digest.clone()), target, config) }
    }

    /// Plans to put a release on a site that has a build of its own of it.
    ///
    /// # Errors
    ///
    /// Nobody built it for this environment. That is not done here: what people approve is built before.
    pub fn of_own_build(
        component: &Component,
        target: &SiteTarget,
        facts: &SiteFacts,
        given: Option<&GivenBundle>,
        config: Option<WrittenConfig>,
    ) -> Result<Self, PlanError> {
        let planned = Self::of_release(component, target, facts, given, config)?;
        if planned.origin == Origin::Built {
            let reason = format!(
                "`{}` has a build of its own for {}, and none is handed over",
                component.name, target.environment
            );
            let hint =
                "run `shipgate build --environment …` at the release's commit, and hand its file on with --bundle";
            return Err(PlanError::Unusable { reason, hint: Some(hint) });
        }
        Ok(Self { is_pinned: true, is_own_build: true, ..planned })
    }

    /// Plans to go back to a release, by the entry of its success.
    pub fn of_rollback(target: &SiteTarget, facts: &SiteFacts, entry: &Entry) -> Self {
        let digest = Later::Known(entry.digest.clone());
        let left = facts.current.as_ref().and_then(|current| current.release.sha().cloned());
        let leaves = left.zip(entry.release.sha().cloned()).filter(|(left, returned)| left != returned);
        Self {
            is_pinned: true,
            restores: Some(entry.id()),
            exclude: entry.exclude.clone(),
            leaves: leaves.map(|(left, returned)| LeftRelease { left, returned: Some(returned) }),
            ..Self::new(Origin::Stored, digest, target, entry.config.clone())
        }
    }

    fn new(origin: Origin, digest: Later<Digest>, target: &SiteTarget, config: Option<WrittenConfig>) -> Self {
        Self {
            origin,
            digest,
            is_pinned: false,
            is_own_build: false,
            config,
            exclude: target.exclude.clone(),
            restores: None,
            leaves: None,
            is_forward: false,
        }
    }

    /// The plan once the files are in the store.
    #[must_use]
    pub fn stored(&self, digest: Digest) -> Self {
        Self { origin: Origin::Stored, digest: Later::Known(digest), ..self.clone() }
    }

    /// Whether the site serves exactly this, proven, and nobody changed it or began to.
    pub fn is_served(&self, facts: &SiteFacts, release: &ReleaseName) -> bool {
        facts.drifted.is_empty() && !facts.has_unfinished && self.is_current(facts, release) && facts.is_proven()
    }

    /// Whether the pointer leads to exactly this.
    pub fn is_current(&self, facts: &SiteFacts, release: &ReleaseName) -> bool {
        facts.current.as_ref().is_some_and(|current| {
            current.release == *release
                && self.digest.known() == Some(&current.digest)
                && current.config == self.config
                && current.exclude == self.exclude
        })
    }

    /// The plan as the rest of the program reads it.
    pub fn neutral(
        &self,
        component: &Component,
        target: &SiteTarget,
        facts: &SiteFacts,
        release: &ReleaseName,
    ) -> ComponentPlan {
        ComponentPlan {
            name: component.name.clone(),
            depends_on: component.depends_on.clone(),
            follows: component.follows.clone(),
            kind: component.kind.word(),
            running: running(facts.current.as_ref()),
            runs: facts.current.as_ref().map(|current| current.release.clone()),
            released: Running { sha: Some(release.to_string()), digest: self.digest.known().cloned(), baseline: None },
            image: None,
            preparation: self.preparation(component, target),
            steps: self.steps(component, target, facts, release),
            changes: self.changes(facts, release),
            drift: drift(facts),
            missing_variables: Vec::new(),
            warnings: self.warnings(component, target, facts),
            has_pre_deploy: false,
            back: WayBack {
                leaves: self.leaves.clone().filter(|_| !self.is_forward),
                is_forward: self.is_forward,
                // Its ledger is where its files are: who can write the one can write the others.
                restores: None,
                brought_back: self.brought_back(facts),
            },
            canonical: self.canonical(target, facts, release),
        }
    }

    fn preparation(&self, component: &Component, target: &SiteTarget) -> Vec<Step> {
        let (name, store) = (&component.name, &target.artifacts);
        let keep = |what: &str| Step::new(Verb::Store, name, format!("{what} in store {store}"));
        match &self.origin {
            Origin::Stored => Vec::new(),
            Origin::Given(given) => vec![keep(&format!("put the bundle {}", given.digest.short()))],
            Origin::Promoted => vec![keep("put the files of the environment promoted from")],
            Origin::Built => {
                let run = target.build.as_ref().map(|build| neutral::phrase(&build.run.to_string(), 200));
                let build = format!("build the files: `{}`", run.unwrap_or_default());
                vec![Step::new(Verb::Bundle, name, build), keep("put the files")]
            }
        }
    }

    fn steps(&self, component: &Component, target: &SiteTarget, facts: &SiteFacts, release: &ReleaseName) -> Vec<Step> {
        let (name, bucket) = (&component.name, &target.bucket);
        let place = place(target);
        let asks = match target.probes.len() {
            0 => None,
            1 => Some(Step::new(Verb::Probe, name, "ask the probe")),
            count => Some(Step::new(Verb::Probe, name, format!("ask the {count} probes"))),
        };
        if self.is_served(facts, release) {
            let verify = Step::new(Verb::Verify, name, format!("verify that {place} serves the release"));
            return std::iter::once(verify).chain(asks).collect();
        }
        let publish = Step::new(Verb::Publish, name, format!("write the files of the release to bucket {bucket}"));
        let prove = Step::new(Verb::Prove, name, format!("wait until {place} serves the release"));
        let clean_up = forgets(target, facts, release).then(|| {
            let text = format!("delete the files that none of the last {} releases has", target.keep);
            Step::new(Verb::CleanUp, name, text)
        });
        let publish = publish.with_changes(self.changes(facts, release));
        [publish, prove].into_iter().chain(asks).chain(clean_up).collect()
    }

    fn changes(&self, facts: &SiteFacts, release: &ReleaseName) -> Vec<Change> {
        let current = facts.current.as_ref();
        let mut changes = Vec::new();
        let runs = current.map(|current| current.release.to_string());
        if runs.as_deref() != Some(&release.to_string()) {
            changes.push(Change { path: "release".to_owned(), from: runs, to: Some(release.to_string()) });
        }
        let before = current.and_then(|current| current.config.as_ref());
        if before.map(|config| (&config.path, &config.digest)) != self.config.as_ref().map(|it| (&it.path, &it.digest))
        {
            let shown = |config: &WrittenConfig| {
                format!("{} {}", neutral::phrase(config.path.as_str(), 200), config.digest.short())
            };
            let path = "runtime-config".to_owned();
            changes.push(Change { path, from: before.map(shown), to: self.config.as_ref().map(shown) });
        }
        let texts = |patterns: &[Pattern]| patterns.iter().map(Pattern::as_str).collect::<Vec<_>>().join(" ");
        let (from, to) = (current.map(|current| texts(&current.exclude)), texts(&self.exclude));
        if current.is_some() && from.as_deref() != Some(&to) {
            changes.push(Change { path: "exclude".to_owned(), from, to: Some(to) });
        }
        changes
    }

    /// What a rollback brings back beside the files of the release.
    fn brought_back(&self, facts: &SiteFacts) -> Vec<String> {
        let before = facts.current.as_ref().and_then(|current| current.config.as_ref());
        let differs =
            self.restores.is_some() && before.map(|it| &it.digest) != self.config.as_ref().map(|it| &it.digest);
        if differs { vec!["its runtime configuration of then".to_owned()] } else { Vec::new() }
    }

    fn warnings(&self, component: &Component, target: &SiteTarget, facts: &SiteFacts) -> Vec<PlanWarning> {
        let own_build = self.is_own_build.then(|| PlanWarning {
            text: format!(
                "{} is built for {}: these are not the bytes that were proven",
                component.name, target.environment
            ),
            changes: Vec::new(),
            hint: Some("write what differs in `runtime-config`, and remove `rebuild-per-environment`".to_owned()),
        });
        own_build.into_iter().chain(warnings(component, facts)).collect()
    }

    /// What a site adds to the digest of a plan.
    fn canonical(&self, target: &SiteTarget, facts: &SiteFacts, release: &ReleaseName) -> Map<String, Value> {
        let runs = facts.served_beside(release).map(ReleaseName::to_string);
        let exclude: Vec<&str> = self.exclude.iter().map(Pattern::as_str).collect();
        let digest = self.digest.known().filter(|_| self.is_pinned);
        let fields = [
            ("bucket", json!(target.bucket.as_str())),
            ("artifacts", json!(target.artifacts.as_str())),
            ("distribution", json!(target.distribution.as_ref().map(DistributionId::as_str))),
            ("runs", json!(runs)),
            ("digest", json!(digest)),
            ("config", json!(self.config.as_ref().map(|config| json!([config.path, config.digest])))),
            ("exclude", json!(exclude)),
            ("keep", json!(target.keep)),
        ];
        fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Whether a release leaves the ones that keep their files.
pub fn forgets(target: &SiteTarget, facts: &SiteFacts, release: &ReleaseName) -> bool {
    let Some(current) = &facts.current else { return false };
    let others = current.recent.iter().filter(|kept| kept.release != *release).count();
    !current.leaving.is_empty() || others >= target.keep
}

/// What a site runs, for all who ask.
pub fn running(current: Option<&Current>) -> Running {
    Running {
        sha: current.map(|current| current.release.to_string()),
        digest: current.map(|current| current.digest.clone()),
        baseline: None,
    }
}

/// Where people find a site.
pub fn place(target: &SiteTarget) -> String {
    match &target.distribution {
        Some(distribution) => format!("distribution {distribution}"),
        None if target.is_website => format!("website {}", target.bucket),
        None => format!("bucket {}", target.bucket),
    }
}

impl SiteFacts {
    /// What the site serves, and where that is a release already, what it served before: the same before a run that puts it
    /// there and afterwards, so that the same command again means the same. A name is enough: a store has one bundle of it.
    fn served_beside(&self, release: &ReleaseName) -> Option<&ReleaseName> {
        let current = self.current.as_ref()?;
        let kept = current.recent.iter().chain(&current.leaving).map(|kept| &kept.release);
        // With `keep = 1` the ledger alone has it.
        let previous = self.newest.as_ref().and_then(|entry| entry.previous.as_ref());
        std::iter::once(&current.release).chain(kept).chain(previous).find(|served| *served != release)
    }

    /// Whether the ledger says that what is served was proven.
    pub fn is_proven(&self) -> bool {
        is_proven(self.newest.as_ref(), self.current.as_ref())
    }
}

/// Whether the ledger says that what is served was proven: a run may have ended between writing and proving it. `newest`:
/// the newest entry. One of before the pointer moved is of another run, also where that had the same release.
pub fn is_proven(newest: Option<&Entry>, current: Option<&Current>) -> bool {
    newest.zip(current).is_some_and(|(entry, current)| {
        let succeeded = entry.release == current.release && entry.succeeded();
        // A run says so when what it put back was proven.
        let put_back = entry.outcome == Outcome::RolledBack && entry.previous.as_ref() == Some(&current.release);
        entry.at >= current.since && (succeeded || put_back)
    })
}

/// So many files are named that somebody changed.
const NAMED: usize = 5;

fn drift(facts: &SiteFacts) -> Option<Drift> {
    let current = facts.current.as_ref().filter(|_| !facts.drifted.is_empty())?;
    let change =
        |(path, _): &(SitePath, Oddity)| Change { path: neutral::phrase(path.as_str(), 200), from: None, to: None };
    let changes = facts.drifted.iter().take(NAMED).map(change).collect();
    Some(Drift { last: current.release.to_string(), changes })
}

fn warnings(component: &Component, facts: &SiteFacts) -> Vec<PlanWarning> {
    let warning = |text: String, hint: String| PlanWarning { text, changes: Vec::new(), hint: Some(hint) };
    let drifted = (!facts.drifted.is_empty()).then(|| {
        let names: Vec<String> =
            facts.drifted.iter().take(NAMED).map(|(path, _)| neutral::phrase(path.as_str(), 200)).collect();
        let more = facts.drifted.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        warning(
            format!("somebody changed files of {} by hand: {}{more}", component.name, names.join(", ")),
            "the release is written over them; commit what was meant".to_owned(),
        )
    });
    let cautions = facts
        .cautions
        .iter()
        .map(|SiteWarning { text, hint }| warning(format!("{}: {text}", component.name), hint.clone()));
    drifted.into_iter().chain(cautions).collect()
}
