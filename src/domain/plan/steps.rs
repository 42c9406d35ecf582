//! The steps of a plan, for people.

use super::Plan;
use super::component::{ComponentPlan, KindPlan};
use super::image::{ImagePlan, ImageStep};
use crate::domain::ecs::plan::{LeftRelease, NextRevision, PlannedHold};
use crate::domain::ecs::task_definition::Change;
use crate::domain::neutral;
use crate::domain::step::{StepId, Verb};
use crate::domain::target::Kind;

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

impl Plan {
    /// The steps in the order they are taken. Empty: nothing is to change.
    pub fn steps(&self) -> Vec<Step> {
        let images = self.images.iter().flat_map(image_steps);
        images.chain(self.components.iter().flat_map(component_steps)).collect()
    }
}

fn image_steps(plan: &ImagePlan) -> Vec<Step> {
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

fn component_steps(component: &ComponentPlan) -> Vec<Step> {
    let KindPlan::Ecs(plan) = &component.kind;
    let name = &component.name;
    let family = plan.live.definition.family();
    let revision = match &plan.next {
        NextRevision::Live => return Vec::new(),
        NextRevision::Registered(revision) => Step {
            id: StepId::new(Verb::UseRevision, name),
            summary: format!("use revision {}, registered for this release before", revision.short()),
            changes: plan.changes.clone(),
        },
        NextRevision::New(definition) => {
            let family = definition.as_ref().map_or(family, |definition| definition.family());
            Step {
                id: StepId::new(Verb::Register, name),
                summary: match &plan.restores {
                    None => format!("register a new revision of {}", neutral::phrase(family, 255)),
                    Some(arn) => format!("register what {} was again: it served, by the ledger alone", arn.short()),
                },
                changes: plan.changes.clone(),
            }
        }
    };
    let pre_deploy = plan.target.pre_deploy.as_ref().map(|_| Step {
        id: StepId::new(Verb::PreDeploy, name),
        summary: "run the pre-deploy command as a one-off task of the new revision".to_owned(),
        changes: Vec::new(),
    });
    let update = Step {
        id: StepId::new(Verb::Update, name),
        summary: format!(
            "update service {} of {} from {}",
            plan.target.service,
            plan.target.cluster,
            plan.live.short()
        ),
        changes: Vec::new(),
    };
    let holds =
        plan.to_hold.iter().map(|PlannedHold { component, left: LeftRelease { left, returned }, homes, .. }| {
            let Kind::Ecs(target) = &component.kind;
            let service = homes.on_service.then(|| format!("service {}", target.service));
            let revision = homes.revision.as_ref().map(|arn| format!("revision {}", arn.short()));
            let places: Vec<String> = service.into_iter().chain(revision).collect();
            let places = if places.is_empty() { String::new() } else { format!(", on {}", places.join(" and ")) };
            Step {
                id: StepId::new(Verb::Hold, &component.name),
                summary: format!(
                    "stop the commits of {} that {} does not have{places}",
                    left.short(),
                    returned.short()
                ),
                changes: Vec::new(),
            }
        });
    [revision].into_iter().chain(pre_deploy).chain(holds).chain([update]).collect()
}
