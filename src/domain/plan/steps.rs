//! The steps of a plan, for people.

use super::difference::Change;
use super::holds::{LeftRelease, PlannedHold};
use super::image::{ImagePlan, ImageStep};
use crate::domain::step::{StepId, Verb};

/// One line of a plan, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The step, the same that its execution is reported under.
    pub id: StepId,
    /// What it does.
    pub summary: String,
    /// What differs afterwards, where that can be listed.
    pub changes: Vec<Change>,
}

/// The step of a hold.
pub(super) fn hold_step(hold: &PlannedHold) -> Step {
    let LeftRelease { left, returned } = &hold.left;
    let places = hold.places.as_ref().map(|places| format!(", on {places}")).unwrap_or_default();
    Step {
        id: StepId::new(Verb::Hold, &hold.component),
        summary: format!("stop the commits of {} that {} does not have{places}", left.short(), returned.short()),
        changes: Vec::new(),
    }
}

/// The steps of an image, in order.
pub(super) fn image_steps(plan: &ImagePlan) -> Vec<Step> {
    let component = &plan.image.component;
    let step = |verb, summary: String| Step { id: StepId::new(verb, component), summary, changes: Vec::new() };
    match &plan.step {
        ImageStep::Reuse { image, missing_tags } => {
            missing_tags.iter().map(|tag| step(Verb::Tag, format!("put tag {tag} on {}", image.reference))).collect()
        }
        ImageStep::Build { create_repository } => {
            let create = create_repository.then(|| step(Verb::CreateRepository, format!("create {}", plan.repository)));
            let build = step(
                Verb::Build,
                format!("build {} and push it as {}:{}", plan.image.build.context, plan.repository, plan.tag),
            );
            create.into_iter().chain([build]).collect()
        }
        ImageStep::Copy { image, from, create_repository } => {
            let create = create_repository.then(|| step(Verb::CreateRepository, format!("create {}", plan.repository)));
            let copy =
                step(Verb::Copy, format!("copy {} from {from} to {}:{}", image.digest, plan.repository, plan.tag));
            create.into_iter().chain([copy]).collect()
        }
    }
}
