//! The steps of a plan, and what they do, for people.

use super::difference::PlanChange;
use super::holds::{LeftRelease, PlannedHold};
use super::image::{ImagePlan, ImageStep};
use crate::domain::names::ComponentName;
use crate::domain::step::{StepId, StepVerb};

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanStep {
    /// The step, the same that its execution is reported under.
    pub id: StepId,
    /// The steps that have to be done before.
    pub needs: Vec<StepId>,
    /// What it does, for people.
    pub summary: String,
    /// What differs afterwards, where that can be listed.
    pub changes: Vec<PlanChange>,
}

impl PlanStep {
    /// A step with a component that needs nothing and lists no differences.
    pub fn new(verb: StepVerb, component: &ComponentName, summary: impl Into<String>) -> Self {
        let (id, summary) = (StepId::new(verb, component), summary.into());
        Self { id, needs: Vec::new(), summary, changes: Vec::new() }
    }

    /// The step with what differs afterwards.
    #[must_use]
    pub fn with_changes(self, changes: Vec<PlanChange>) -> Self {
        Self { changes, ..self }
    }
}

/// What a hold does.
pub(super) fn hold_summary(hold: &PlannedHold) -> String {
    let LeftRelease { left, returned } = &hold.left;
    let places = hold.places.as_ref().map(|places| format!(", on {places}")).unwrap_or_default();
    let left = left.short();
    match returned {
        Some(returned) => format!("bar the commits of {left} that {} does not have{places}", returned.short()),
        None => format!("bar the commits of {left}{places}"),
    }
}

/// The steps of an image, in order.
pub(super) fn image_steps(plan: &ImagePlan) -> Vec<PlanStep> {
    let step = |verb, summary: String| PlanStep::new(verb, &plan.image.component, summary);
    let create =
        |create: &bool| create.then(|| step(StepVerb::CreateRepository, format!("create {}", plan.repository)));
    match &plan.step {
        ImageStep::Reuse { is_tagged: true, .. } => Vec::new(),
        ImageStep::Reuse { image, is_tagged: false } => {
            vec![step(StepVerb::Tag, format!("put tag {} on {}", plan.tag, image.reference))]
        }
        ImageStep::Build { create_repository } => {
            let build = format!("build {} and push it as {}:{}", plan.image.build.context, plan.repository, plan.tag);
            create(create_repository).into_iter().chain([step(StepVerb::Build, build)]).collect()
        }
        ImageStep::Copy { image, from, create_repository } => {
            let copy = format!("copy {} from {from} to {}:{}", image.digest, plan.repository, plan.tag);
            create(create_repository).into_iter().chain([step(StepVerb::Copy, copy)]).collect()
        }
    }
}
