//! What is planned for one component, whatever its kind.

use serde_json::{Map, Value};

use super::difference::{Drift, MissingVariable, PlanChange};
use super::holds::LeftRelease;
use super::later::{Later, is_open};
use super::steps::PlanStep;
use super::warning::PlanWarning;
use crate::domain::image::Digest;
use crate::domain::names::ComponentName;
use crate::domain::release::ReleaseName;
use crate::domain::step::{StepId, StepVerb};

/// What a component runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Running {
    /// The release's name, where it is known.
    pub sha: Option<String>,
    /// The digest, where the image is pinned.
    pub digest: Option<Digest>,
    /// Of what ran before the first release, which has no name: what a rollback restored of it, for people: `backend:7`.
    pub baseline: Option<String>,
}

/// What is planned for one component.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentPlan {
    /// The component.
    pub name: ComponentName,
    /// The components that it depends on.
    pub depends_on: Vec<ComponentName>,
    /// The components that are changed before it.
    pub follows: Vec<ComponentName>,
    /// The word of its kind.
    pub kind: &'static str,
    /// What it runs now.
    pub running: Running,
    /// The release that it runs now, where that is one.
    pub runs: Option<ReleaseName>,
    /// What it runs once the plan is carried out.
    pub released: Running,
    /// The component whose image it runs, and the digest. Absent: it ships something else.
    pub image: Option<(ComponentName, Later<Digest>)>,
    /// The steps that make ready what it ships, where that is no image: one after the other, before anything that serves
    /// is changed.
    pub preparation: Vec<PlanStep>,
    /// The steps, one after the other.
    pub steps: Vec<PlanStep>,
    /// What differs afterwards.
    pub changes: Vec<PlanChange>,
    /// What somebody changed by hand since the last release of shipgate.
    pub drift: Option<Drift>,
    /// What the source's definition has and this one lacks.
    pub missing_variables: Vec<MissingVariable>,
    /// What is odd and stops nothing.
    pub warnings: Vec<PlanWarning>,
    /// Whether a command runs before a release of the component takes traffic.
    pub has_pre_deploy: bool,
    /// What only a rollback has.
    pub back: RollbackPlan,
    /// What its kind adds to the digest of the plan.
    pub canonical: Map<String, Value>,
}

/// What only the plan of a rollback has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RollbackPlan {
    /// The release that is left, with the one that is returned to.
    pub leaves: Option<LeftRelease>,
    /// Whether the release that it returns to has all that it leaves, so that nothing is held.
    pub is_forward: bool,
    /// What it restores, for people: `backend:7`.
    pub restores: Option<String>,
    /// What it brings back beside the image, in words.
    pub brought_back: Vec<String>,
}

impl ComponentPlan {
    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        !self.preparation.iter().chain(&self.steps).any(|step| step.id.verb.changes())
    }

    /// Whether it puts files where they are served.
    pub fn publishes(&self) -> bool {
        self.steps.iter().any(|step| step.id.verb == StepVerb::Publish)
    }

    /// What makes known what the plan leaves open. Absent: it leaves nothing open.
    pub fn known_after(&self) -> Option<&StepId> {
        self.image.as_ref()?.1.after()
    }

    /// Whether a plan with more known says the same: only what was left open may be another.
    ///
    /// # Errors
    ///
    /// What differs, in words.
    pub fn refines(&self, shown: &Self) -> Result<(), String> {
        // What it ships is made ready by now.
        let ids = |plan: &Self| plan.steps.iter().map(|step| step.id.clone()).collect::<Vec<_>>();
        let names = |steps: Vec<StepId>| steps.iter().map(StepId::to_string).collect::<Vec<_>>().join(", ");
        if ids(self) != ids(shown) {
            return Err(format!("the steps are {}, not {}", names(ids(self)), names(ids(shown))));
        }
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        let is_open_in = |change: &&PlanChange| change.to.as_deref().is_some_and(is_open);
        for change in shown.changes.iter().filter(|change| !is_open_in(change)) {
            let now = self.changes.iter().find(|now| now.path == change.path);
            if now != Some(change) {
                let now = now.map_or_else(|| "as it is".to_owned(), |now| text(&now.to));
                return Err(format!("{} changes to {now}, not {}", change.path, text(&change.to)));
            }
        }
        let is_new = |now: &&PlanChange| !shown.changes.iter().any(|change| change.path == now.path);
        match self.changes.iter().find(is_new) {
            Some(new) => Err(format!("{} changes to {}, which was not planned", new.path, text(&new.to))),
            None => Ok(()),
        }
    }
}

impl AsRef<Self> for ComponentPlan {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// What the components leave, each once.
pub fn left_releases<'a>(plans: impl Iterator<Item = &'a ComponentPlan>) -> Vec<LeftRelease> {
    let mut left: Vec<LeftRelease> = Vec::new();
    for leaves in plans.filter_map(|plan| plan.back.leaves.as_ref()) {
        if !left.contains(leaves) {
            left.push(leaves.clone());
        }
    }
    left
}
