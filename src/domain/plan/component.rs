//! What is planned for one component, whatever its kind.

use serde_json::{Map, Value};

use super::difference::{Change, Drift, MissingVariable};
use super::holds::LeftRelease;
use super::steps::Step;
use super::warning::PlanWarning;
use crate::domain::image::Digest;
use crate::domain::names::ComponentName;
use crate::domain::release::ReleaseName;

/// What a component runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The release's name, where it is known.
    pub sha: Option<String>,
    /// The digest, where the image is pinned.
    pub digest: Option<Digest>,
}

/// What is planned for one component.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentPlan {
    /// The component.
    pub name: ComponentName,
    /// The components that it depends on.
    pub depends_on: Vec<ComponentName>,
    /// The word of its kind.
    pub kind: &'static str,
    /// What it runs now.
    pub running: Running,
    /// The release that it runs now, where that is one.
    pub runs: Option<ReleaseName>,
    /// What it runs once the plan is carried out.
    pub released: Running,
    /// The component whose image it runs, and the digest where that is known. Absent: it ships something else.
    pub image: Option<(ComponentName, Option<Digest>)>,
    /// Whether nothing in the plan is still to become known.
    pub is_known: bool,
    /// The steps. Empty: nothing is to change.
    pub steps: Vec<Step>,
    /// What differs afterwards.
    pub changes: Vec<Change>,
    /// What somebody changed by hand since the last release of shipgate.
    pub drift: Option<Drift>,
    /// What the source's definition has and this one lacks.
    pub missing_variables: Vec<MissingVariable>,
    /// What is odd and stops nothing.
    pub warnings: Vec<PlanWarning>,
    /// Whether a command runs before a release of the component takes traffic.
    pub has_pre_deploy: bool,
    /// What only a rollback has.
    pub back: WayBack,
    /// What its kind adds to the digest of the plan.
    pub canonical: Map<String, Value>,
}

/// What only the plan of a rollback has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WayBack {
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
        self.steps.is_empty()
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
