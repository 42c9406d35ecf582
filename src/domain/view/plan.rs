//! A plan as it is reported.

use indexmap::IndexMap;

use crate::domain::asked_probe::AskedProbe;
use crate::domain::gate::{Gate, GatePolicy};
use crate::domain::image::{Digest, ImageRepository};
use crate::domain::names::{AccountId, ComponentName, EnvironmentName, Region};
pub use crate::domain::plan::PlanChange;
pub use crate::domain::plan::Running;
use crate::domain::plan::{Drift, Intent, LeftRelease, MissingVariable, PlanStep, PlanWarning};
use crate::domain::proof::Whereabouts;
use crate::domain::release::{Commits, ReleaseName};

/// A plan with the verdicts of its gates.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownPlan {
    /// What the plan is to do.
    pub intent: Intent,
    /// The application.
    pub app: String,
    /// The environment.
    pub environment: EnvironmentName,
    /// The account that the environment is in.
    pub account: AccountId,
    /// The region that the environment is in.
    pub region: Region,
    /// Where people find the environment.
    pub url: Option<String>,
    /// The release.
    pub release: ReleaseName,
    /// The digest of the plan.
    pub digest: Digest,
    /// What the digest is made from, of a promotion: another run may want to know what moved since.
    pub document: Option<String>,
    /// The commits between what runs and the release, where the history is there.
    pub commits: Option<CommitRange>,
    /// The commits that a rollback bars: those of the first release that the second one does not have.
    pub barred: Vec<LeftRelease>,
    /// The steps. Empty: nothing is to change.
    pub steps: Vec<PlanStep>,
    /// What probes got that were asked while planning, component by component.
    pub probes: Vec<AskedProbe>,
    /// What is odd and stops nothing.
    pub warnings: Vec<PlanWarning>,
    /// The gates with their verdicts.
    pub gates: Vec<Gate>,
    /// The gate policy.
    pub policy: GatePolicy,
    /// The components, in order.
    pub components: Vec<PlannedComponent>,
    /// The repositories of the images, by the component that builds them.
    pub repositories: IndexMap<ComponentName, ImageRepository>,
    /// The digests that are known, by the component that builds the image.
    pub digests: IndexMap<ComponentName, Digest>,
    /// Whether the run ends with the plan.
    pub is_all: bool,
}

#[cfg(test)]
impl ShownPlan {
    /// A plan of tests: components `backend` and `worker` on environment `stage`, and nothing to change.
    pub fn sample() -> Self {
        let component = |name: &str| PlannedComponent {
            name: name.parse().unwrap(),
            kind: "ecs",
            console: None,
            running: Running::default(),
            planned: Running::default(),
            whereabouts: Whereabouts::default(),
            node: None,
            changes: Vec::new(),
            drift: None,
            missing_variables: Vec::new(),
        };
        Self {
            intent: Intent::Deploy,
            app: "shop".to_owned(),
            environment: "stage".parse().unwrap(),
            account: "123456789012".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            url: None,
            release: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap(),
            digest: Digest::of("plan"),
            document: None,
            commits: None,
            barred: Vec::new(),
            steps: Vec::new(),
            probes: Vec::new(),
            warnings: Vec::new(),
            gates: Vec::new(),
            policy: GatePolicy::default(),
            components: vec![component("backend"), component("worker")],
            repositories: IndexMap::new(),
            digests: IndexMap::new(),
            is_all: false,
        }
    }
}

/// A component of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedComponent {
    /// The component.
    pub name: ComponentName,
    /// Its kind, as in the configuration.
    pub kind: &'static str,
    /// Its page in the console of AWS.
    pub console: Option<String>,
    /// What it runs.
    pub running: Running,
    /// What it runs once the plan is carried out.
    pub planned: Running,
    /// Where it runs.
    pub whereabouts: Whereabouts,
    /// The version of Node.js that its build asks for.
    pub node: Option<String>,
    /// What the plan changes.
    pub changes: Vec<PlanChange>,
    /// What somebody changed by hand since the last release of shipgate.
    pub drift: Option<Drift>,
    /// What the source's definition has and this one lacks.
    pub missing_variables: Vec<MissingVariable>,
}

/// The commits between what an environment runs and a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRange {
    /// Whether the release takes them back instead of bringing them.
    pub taken_back: bool,
    /// The commits.
    pub commits: Commits,
    /// The page on GitHub that compares the two.
    pub compare: Option<String>,
}

/// There is no plan for a promotion, because its source has proven no release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NothingToPromote {
    /// The application.
    pub app: String,
    /// The environment.
    pub environment: EnvironmentName,
    /// The environment that the release would come from.
    pub source: EnvironmentName,
    /// The gates with their verdicts.
    pub gates: Vec<Gate>,
    /// Whether the run ends with that: it is a plan.
    pub is_all: bool,
}
