//! The plan: what a command will change, as data, computed from facts and configuration by plain functions.

mod canonical;
mod component;
mod difference;
mod document;
mod expected;
mod graph;
mod holds;
mod image;
mod later;
mod moved;
pub mod schedule;
mod steps;
mod tags;
#[cfg(test)]
mod tests;
mod unhold;
mod warning;

pub use component::{ComponentPlan, RollbackPlan, Running, left_releases};
pub use difference::{Drift, MissingVariable, PlanChange, beside_the_release, shipped};
pub use document::{PlannedChange, PlannedCommand};
pub use expected::ExpectedPlan;
pub use holds::{LeftRelease, PlannedHold};
pub use image::{
    ImageError, ImagePlan, ImageState, ImageStep, KnownImage, PlannedImage, PresentImage, PromotedImage, TagState,
    plan_image, plan_promoted_image, release_tag,
};
pub use later::{Later, StillUnknown};
pub use steps::PlanStep;
pub use tags::PlannedTags;
pub use unhold::{HeldComponent, UnholdPlan};
pub use warning::PlanWarning;

use super::gate::{self, ChangeCommand, GateOverride, GatePolicy, Gated};
use super::names::{AccountId, ComponentName, EnvironmentName, Region};
use super::release::ReleaseName;
use super::settle::OnFailure;
use super::target::EnvironmentTarget;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// An image cannot be planned.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// What a component is configured with cannot be made to run the release.
    #[error("{reason}")]
    Unusable {
        /// Why, in the words of the component's kind.
        reason: String,
        /// What to do.
        hint: Option<&'static str>,
    },
    /// The source's task definition has variables that the target's lacks, and the configuration makes that an error.
    #[error("component `{component}` lacks {names}, which the source has")]
    MissingVariables {
        /// The component.
        component: ComponentName,
        /// The variables, in words.
        names: String,
    },
    /// The plan has no image that the component runs.
    #[error("no image is planned for component `{0}`")]
    NoImage(ComponentName),
    /// A step would need what only a later one makes known.
    #[error(transparent)]
    StillUnknown(#[from] StillUnknown),
    /// What became known contradicts the plan that was shown.
    #[error("what is known now contradicts the plan of component `{component}`: {difference}")]
    Contradicted {
        /// The component.
        component: ComponentName,
        /// What differs, in words.
        difference: String,
    },
}

/// What a plan is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// To put a release on an environment that takes it directly.
    Deploy,
    /// To put a release there that another environment has proven.
    Promote {
        /// The other environment.
        source: EnvironmentName,
    },
    /// To put a release back that served there before.
    Rollback,
}

impl Intent {
    /// From where to where, for people.
    pub fn direction(&self, environment: &EnvironmentName) -> String {
        match self {
            Self::Deploy => format!("to {environment}"),
            Self::Promote { source } => format!("from {source} to {environment}"),
            Self::Rollback => format!("on {environment}"),
        }
    }

    /// What it is to do, for people.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Deploy | Self::Promote { .. } => self.as_str(),
            Self::Rollback => "roll back",
        }
    }

    /// The command's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Promote { .. } => "promote",
            Self::Rollback => "rollback",
        }
    }
}

impl From<&Intent> for ChangeCommand {
    fn from(intent: &Intent) -> Self {
        match intent {
            Intent::Deploy => Self::Deploy,
            Intent::Promote { .. } => Self::Promote,
            Intent::Rollback => Self::Rollback,
        }
    }
}

/// What a command will change. `C`: a component's plan, or what carries it with all that its kind needs to carry it out.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan<C = ComponentPlan> {
    /// What it is for.
    pub intent: Intent,
    /// The application.
    pub app: String,
    /// The environment.
    pub environment: EnvironmentName,
    /// The account that the credentials are of.
    pub account: AccountId,
    /// The region that everything is in.
    pub region: Region,
    /// Where people find the environment.
    pub url: Option<String>,
    /// What is changed, in words: the environment, or some of its components.
    pub place: String,
    /// The gate policy.
    pub policy: GatePolicy,
    /// The command that its gates are asked for.
    pub command: ChangeCommand,
    /// What is done about a release that fails after it has taken the place of another.
    pub on_failure: OnFailure,
    /// The gates that somebody overrides.
    pub overrides: Vec<GateOverride>,
    /// The release.
    pub release: ReleaseName,
    /// The images, in the order they are built.
    pub images: Vec<ImagePlan>,
    /// The tags that lead to what serves, image by image.
    pub tags: Vec<PlannedTags>,
    /// The holds to put before anything that serves is changed.
    pub holds: Vec<PlannedHold>,
    /// The components, in the order they are deployed: [`Self::steps`] has the one of a rollback.
    pub components: Vec<C>,
}

impl<C> Plan<C> {
    /// A plan without images, holds or components.
    pub fn new(intent: Intent, account: AccountId, target: &EnvironmentTarget, release: ReleaseName) -> Self {
        Self {
            command: ChangeCommand::from(&intent),
            intent,
            app: target.app.clone(),
            environment: target.environment.clone(),
            account,
            region: target.region.clone(),
            url: target.url.clone(),
            place: target.place(),
            policy: target.policy.clone(),
            on_failure: target.on_failure,
            overrides: Vec::new(),
            release,
            images: Vec::new(),
            tags: Vec::new(),
            holds: Vec::new(),
            components: Vec::new(),
        }
    }
}

impl<C> Gated for Plan<C> {
    fn subject(&self) -> gate::GateSubject<'_> {
        gate::GateSubject {
            command: self.command,
            environment: &self.environment,
            release: Some(&self.release),
            place: &self.place,
            policy: &self.policy,
            overrides: &self.overrides,
        }
    }
}

impl<C: AsRef<ComponentPlan>> Plan<C> {
    /// The plans of the components.
    pub fn components(&self) -> impl Iterator<Item = &ComponentPlan> {
        self.components.iter().map(AsRef::as_ref)
    }

    /// The components that run an image.
    pub fn users_of<'p>(&'p self, image: &'p ComponentName) -> impl Iterator<Item = &'p C> {
        let uses = move |plan: &ComponentPlan| plan.image.as_ref().is_some_and(|(owner, _)| owner == image);
        self.components.iter().filter(move |component| uses((*component).as_ref()))
    }

    /// The warnings, component by component; those of holds stand with the first that changes.
    pub fn warnings(&self) -> Vec<PlanWarning> {
        let mut warnings = Vec::new();
        let mut holds = self.holds.iter().filter_map(|hold| hold.warning.clone()).collect::<Vec<_>>();
        for component in self.components() {
            if !component.is_empty() {
                warnings.extend(holds.drain(..).map(|text| PlanWarning {
                    text,
                    changes: Vec::new(),
                    hint: Some("take tags off that nothing needs".to_owned()),
                }));
            }
            warnings.extend(component.warnings.clone());
            warnings.extend(self.beside_a_command(component));
        }
        warnings.extend(self.tags.iter().filter_map(PlannedTags::warning));
        warnings
    }

    /// A component that runs the image of another whose pre-deploy command may still be running then.
    fn beside_a_command(&self, component: &ComponentPlan) -> Option<PlanWarning> {
        let (owner, _) = component.image.as_ref().filter(|_| !component.is_empty())?;
        let has_command = |other: &ComponentPlan| other.name == *owner && other.has_pre_deploy && !other.is_empty();
        let is_beside = component.name != *owner && !component.follows.contains(owner);
        (is_beside && self.components().any(has_command)).then(|| PlanWarning {
            text: format!("{} is changed beside {owner}, whose pre-deploy command may still run then", component.name),
            changes: Vec::new(),
            hint: Some(format!("write `depends-on = [\"{owner}\"]` in `[components.{}]`", component.name)),
        })
    }
}
