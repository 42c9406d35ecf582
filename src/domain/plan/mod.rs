//! The plan: what a command will change, as data, computed from facts and configuration by plain functions.

mod canonical;
mod component;
mod image;
mod steps;
#[cfg(test)]
mod tests;
mod warnings;

pub use component::{
    ComponentFacts, ComponentPast, ComponentPlan, KindPlan, left_out, past_releases, plan_component,
    plan_component_rollback, plan_holds, plan_homes, revision_to_restore,
};
pub use image::{
    ImageError, ImagePlan, ImageState, ImageStep, KnownImage, PlannedImage, PresentImage, PromotedImage, TagState,
    plan_image, plan_promoted_image, release_tag,
};
pub use steps::Step;

use super::ecs::task_definition::TaskDefinitionError;
use super::names::{AccountId, ComponentName, EnvironmentName};
use super::release::ReleaseName;
use super::target::Target;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// An image cannot be planned.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A task definition cannot take the image.
    #[error(transparent)]
    TaskDefinition(#[from] TaskDefinitionError),
    /// The source's task definition has variables that the target's lacks, and the configuration makes that an error.
    #[error("component `{component}` lacks {names}, which the source has")]
    MissingVariables {
        /// The component.
        component: ComponentName,
        /// The variables, in words.
        names: String,
    },
    /// What was seen does not cover what is configured: a fault of ours.
    #[error("nothing was observed of component `{0}`")]
    NotObserved(ComponentName),
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

/// What a command will change.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What it is for.
    pub intent: Intent,
    /// The environment and what is configured for it.
    pub target: Target,
    /// The account that the credentials are of.
    pub account: AccountId,
    /// The release.
    pub release: ReleaseName,
    /// The images, in the order they are built.
    pub images: Vec<ImagePlan>,
    /// The components, in the order they are changed.
    pub components: Vec<ComponentPlan>,
}
