//! What has to change for a site to serve a release.

mod facts;
mod proven;
#[cfg(test)]
mod tests;
mod values;
mod warned;

use glob::Pattern;
use serde_json::{Map, Value, json};

pub use self::facts::{Front, SiteFacts};
pub use self::proven::{is_proven, was_proven};
pub use self::warned::OTHER_BUILD;
use self::warned::drift;
use super::names::DistributionId;
use super::store::{CurrentRelease, FilledBundle, SiteLedgerEntry, WrittenConfig};
use super::target::SiteTarget;
use crate::domain::given_bundle::GivenBundle;
use crate::domain::ids::RecordId;
use crate::domain::image::Digest;
use crate::domain::neutral;
use crate::domain::placeholder::PlaceholderValues;
use crate::domain::plan::{
    ComponentPlan, Later, LeftRelease, PlanChange, PlanError, PlanStep, PlanWarning, RollbackPlan, Running,
};
use crate::domain::release::ReleaseName;
use crate::domain::step::{StepId, StepVerb};
use crate::domain::target::Component;

/// Where the files of a release come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesOrigin {
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
    pub origin: FilesOrigin,
    /// The digest of its bundle.
    pub digest: Later<Digest>,
    /// Whether the digest is part of what is approved: of a release that is moved, and not of one that is made.
    pub is_pinned: bool,
    /// Whether it is built for this environment, and is not what the one promoted from serves.
    pub is_own_build: bool,
    /// The digest of a bundle that was handed over and is not taken: the store has another one of the release.
    pub passed_over: Option<Digest>,
    /// The file that differs between environments.
    pub config: Option<WrittenConfig>,
    /// The files that are not served.
    pub exclude: Vec<Pattern>,
    /// What is put in place of markers in its files. Empty: it has none, or goes back to files that have values already.
    pub values: PlaceholderValues,
    /// Its files with values, where the store has them.
    pub filled: Option<FilledBundle>,
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
            (Some(digest), _) => (FilesOrigin::Stored, Later::Known(digest.clone())),
            (None, Some(given)) => (FilesOrigin::Given(given.clone()), Later::Known(given.digest.clone())),
            (None, None) if target.build.is_some() => {
                (FilesOrigin::Built, Later::After(StepId::new(StepVerb::Bundle, &component.name)))
            }
            (None, None) => {
                let reason =
                    format!("the files of `{}` are not stored, and nothing says how to build them", component.name);
                let hint = "write `build = { run = \"npm ci && npm run build\", output = \"dist\" }` in the component";
                return Err(PlanError::Unusable { reason, hint: Some(hint) });
            }
        };
        let passed_over = given.map(|given| given.digest.clone()).filter(|given| digest.known() != Some(given));
        Ok(Self { passed_over, ..Self::new(origin, digest, target, config) }.known_by(facts))
    }

    /// Plans to put a release on a site that another environment serves.
    pub fn of_promotion(
        target: &SiteTarget,
        facts: &SiteFacts,
        digest: &Digest,
        config: Option<WrittenConfig>,
    ) -> Self {
        let origin = if facts.stored.as_ref() == Some(digest) { FilesOrigin::Stored } else { FilesOrigin::Promoted };
        let planned = Self::new(origin, Later::Known(digest.clone()), target, config);
        Self { is_pinned: true, ..planned.known_by(facts) }
    }

    /// Plans to put a release on a site that has a build of its own of it.
    ///
    /// # Errors
    ///
    /// As [`Self::of_release`].
    pub fn of_own_build(
        component: &Component,
        target: &SiteTarget,
        facts: &SiteFacts,
        given: Option<&GivenBundle>,
        config: Option<WrittenConfig>,
    ) -> Result<Self, PlanError> {
        let planned = Self::of_release(component, target, facts, given, config)?;
        Ok(Self { is_pinned: true, is_own_build: true, ..planned })
    }

    /// What is missing before a promotion can be carried out: what people approve is built before, and not here.
    pub fn lacks_own_build(&self, target: &SiteTarget) -> Option<(String, String)> {
        (self.is_own_build && self.origin == FilesOrigin::Built).then(|| {
            let SiteTarget { name, environment, .. } = target;
            let reason = format!("`{name}` has a build of its own for {environment}, and none is handed over");
            let hint = format!(
                "run `shipgate build {name} --environment {environment} --to DIRECTORY` at the release's commit, and hand \
                 its file and its digest on with --bundle"
            );
            (reason, hint)
        })
    }

    /// Plans to go back to a release, by the entry of its success.
    pub fn of_rollback(target: &SiteTarget, facts: &SiteFacts, entry: &SiteLedgerEntry) -> Self {
        let digest = Later::Known(entry.digest.clone());
        let left = facts.current.as_ref().and_then(|current| current.release.sha().cloned());
        let leaves = left.zip(entry.release.sha().cloned()).filter(|(left, returned)| left != returned);
        Self {
            is_pinned: true,
            restores: Some(entry.id()),
            exclude: entry.exclude.clone(),
            values: PlaceholderValues::default(),
            filled: entry.filled.clone(),
            leaves: leaves.map(|(left, returned)| LeftRelease { left, returned: Some(returned) }),
            ..Self::new(FilesOrigin::Stored, digest, target, entry.config.clone())
        }
    }

    fn new(origin: FilesOrigin, digest: Later<Digest>, target: &SiteTarget, config: Option<WrittenConfig>) -> Self {
        Self {
            origin,
            digest,
            is_pinned: false,
            is_own_build: false,
            passed_over: None,
            config,
            exclude: target.exclude.clone(),
            values: target.placeholders.clone(),
            filled: None,
            restores: None,
            leaves: None,
            is_forward: false,
        }
    }

    /// The plan once the files are in the store, and those with values too.
    #[must_use]
    pub fn stored(&self, digest: Digest, filled: Option<FilledBundle>) -> Self {
        Self { origin: FilesOrigin::Stored, digest: Later::Known(digest), filled, ..self.clone() }
    }

    /// Whether the site serves exactly this, proven, and no file of it was changed, nor a change begun.
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
                && current.filled == self.filled
                && !self.is_unfilled()
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
            back: RollbackPlan {
                leaves: self.leaves.clone().filter(|_| !self.is_forward),
                is_forward: self.is_forward,
                // Its ledger is where its files are: who can write the one can write the others.
                restores: None,
                brought_back: self.brought_back(facts),
            },
            canonical: self.canonical(target, facts, release),
        }
    }

    fn preparation(&self, component: &Component, target: &SiteTarget) -> Vec<PlanStep> {
        let (name, store) = (&component.name, &target.artifacts);
        let values = if self.is_unfilled() { self.put_values() } else { String::new() };
        let keep = |what: &str| PlanStep::new(StepVerb::Store, name, format!("{what} in store {store}{values}"));
        match &self.origin {
            FilesOrigin::Stored if self.is_unfilled() => vec![keep("put the files with values")],
            FilesOrigin::Stored => Vec::new(),
            FilesOrigin::Given(given) => vec![keep(&format!("put the bundle {}", given.digest.short()))],
            FilesOrigin::Promoted => vec![keep("put the files of the environment promoted from")],
            FilesOrigin::Built => {
                let run = target.build.as_ref().map(|build| neutral::phrase(&build.run.to_string(), 200));
                let build = format!("build the files: `{}`", run.unwrap_or_default());
                vec![PlanStep::new(StepVerb::Bundle, name, build), keep("put the files")]
            }
        }
    }

    fn steps(
        &self,
        component: &Component,
        target: &SiteTarget,
        facts: &SiteFacts,
        release: &ReleaseName,
    ) -> Vec<PlanStep> {
        let (name, bucket) = (&component.name, &target.bucket);
        let place = place(target);
        let asks = match target.probes.len() {
            0 => None,
            1 => Some(PlanStep::new(StepVerb::Probe, name, "ask the probe")),
            count => Some(PlanStep::new(StepVerb::Probe, name, format!("ask the {count} probes"))),
        };
        if self.is_served(facts, release) {
            let verify = PlanStep::new(StepVerb::Verify, name, format!("verify that {place} serves the release"));
            return std::iter::once(verify).chain(asks).collect();
        }
        let publish =
            PlanStep::new(StepVerb::Publish, name, format!("write the files of the release to bucket {bucket}"));
        let prove = PlanStep::new(StepVerb::Prove, name, format!("wait until {place} serves the release"));
        let clean_up = forgets(target, facts, release).then(|| {
            let text = format!("delete the files that none of the last {} releases has", target.keep);
            PlanStep::new(StepVerb::CleanUp, name, text)
        });
        let publish = publish.with_changes(self.changes(facts, release));
        [publish, prove].into_iter().chain(asks).chain(clean_up).collect()
    }

    fn changes(&self, facts: &SiteFacts, release: &ReleaseName) -> Vec<PlanChange> {
        let current = facts.current.as_ref();
        let mut changes = Vec::new();
        let runs = current.map(|current| current.release.to_string());
        if runs.as_deref() != Some(&release.to_string()) {
            changes.push(PlanChange { path: "release".to_owned(), from: runs, to: Some(release.to_string()) });
        }
        let before = current.and_then(|current| current.config.as_ref());
        if before.map(|config| (&config.path, &config.digest)) != self.config.as_ref().map(|it| (&it.path, &it.digest))
        {
            let shown = |config: &WrittenConfig| {
                format!("{} {}", neutral::phrase(config.path.as_str(), 200), config.digest.short())
            };
            let path = "runtime-config".to_owned();
            changes.push(PlanChange { path, from: before.map(shown), to: self.config.as_ref().map(shown) });
        }
        let before = current.and_then(|current| current.filled.as_ref()).map(|filled| &filled.values);
        let after = self.filled.as_ref().map(|filled| filled.values.clone());
        let after = after.or_else(|| self.is_unfilled().then(|| self.values.digest()));
        if before != after.as_ref() {
            let shown = |values: &Digest| values.short().to_owned();
            let path = "placeholders".to_owned();
            changes.push(PlanChange { path, from: before.map(shown), to: after.as_ref().map(shown) });
        }
        let texts = |patterns: &[Pattern]| patterns.iter().map(Pattern::as_str).collect::<Vec<_>>().join(" ");
        let (from, to) = (current.map(|current| texts(&current.exclude)), texts(&self.exclude));
        if current.is_some() && from.as_deref() != Some(&to) {
            changes.push(PlanChange { path: "exclude".to_owned(), from, to: Some(to) });
        }
        changes
    }

    /// What a rollback brings back beside the files of the release.
    fn brought_back(&self, facts: &SiteFacts) -> Vec<String> {
        let before = facts.current.as_ref().and_then(|current| current.config.as_ref());
        let differs = before.map(|it| &it.digest) != self.config.as_ref().map(|it| &it.digest);
        let values = |filled: Option<&FilledBundle>| filled.map(|filled| filled.values.clone());
        let current = facts.current.as_ref().and_then(|current| current.filled.as_ref());
        let parts = [
            (differs, "its runtime configuration of then"),
            (values(current) != values(self.filled.as_ref()), "the values of its placeholders of then"),
        ];
        let brought = parts.into_iter().filter(|(differs, _)| *differs && self.restores.is_some());
        brought.map(|(_, what)| what.to_owned()).collect()
    }

    fn warnings(&self, component: &Component, target: &SiteTarget, facts: &SiteFacts) -> Vec<PlanWarning> {
        let digests = self.passed_over.as_ref().zip(self.digest.known());
        let of_build = [
            self.is_own_build.then(|| warned::own_build(component, target)),
            self.lacks_own_build(target).map(warned::lacking),
            digests.map(|digests| warned::passed_over(component, digests)),
        ];
        of_build.into_iter().flatten().chain(warned::of_facts(component, target, facts)).collect()
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
        // What is put in is approved; of files that are gone back to, which they are.
        let values = (!self.values.0.is_empty()).then(|| ("values", json!(self.values.0)));
        let filled = self.filled.as_ref().filter(|_| self.values.0.is_empty());
        let filled = filled.map(|filled| ("filled", json!(filled.manifest)));
        fields.into_iter().chain(values).chain(filled).map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Whether a release leaves the ones that keep their files.
pub fn forgets(target: &SiteTarget, facts: &SiteFacts, release: &ReleaseName) -> bool {
    let Some(current) = &facts.current else { return false };
    let others = current.recent.iter().filter(|kept| kept.release != *release).count();
    !current.leaving.is_empty() || others >= target.keep
}

/// What a site runs, for all who ask.
pub fn running(current: Option<&CurrentRelease>) -> Running {
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
