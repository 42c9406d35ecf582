//! What is planned for a component, whatever its kind.

use std::collections::HashSet;

use super::PlanError;
use super::image::{ImagePlan, KnownImage, PlannedImage};
use crate::domain::ecs::evidence::{self, success};
use crate::domain::ecs::history;
use crate::domain::ecs::homes::{Homes, homes};
use crate::domain::ecs::ids::RevisionArn;
use crate::domain::ecs::plan::{
    Drift, EcsFacts, EcsPlan, LeftRelease, PlannedHold, plan as plan_ecs, plan_rollback as plan_ecs_rollback,
};
use crate::domain::ecs::restoring::brought_back;
use crate::domain::ecs::service::Revision;
use crate::domain::ecs::task_definition::{Change, MissingVariable};
use crate::domain::hold::{self, Hold};
use crate::domain::image::Digest;
use crate::domain::names::ComponentName;
use crate::domain::release::ReleaseName;
use crate::domain::rollback::Past;
use crate::domain::target::{Component, EcsTarget, Kind, MissingVariables};

/// What was seen of a component.
#[derive(Debug, Clone, PartialEq)]
pub enum ComponentFacts {
    /// An ECS service.
    Ecs(EcsFacts),
}

impl ComponentFacts {
    /// Whether an earlier run announced an image of a release and did not take that back. One of another release may be
    /// that of a run which still builds.
    pub fn announces(&self, release: &ReleaseName) -> bool {
        match self {
            Self::Ecs(facts) => facts.service.announced.as_ref().is_some_and(|announced| announced.release == *release),
        }
    }

    /// The holds on the component.
    pub fn holds(&self) -> Vec<Hold> {
        match self {
            Self::Ecs(facts) => facts.holds(),
        }
    }
}

/// What a component ran before.
#[derive(Debug, Clone, PartialEq)]
pub enum ComponentPast {
    /// The revisions of a service's family, newest first.
    Ecs(Vec<Revision>),
}

/// What a component can go back to, by release.
pub fn past_releases(component: &Component, facts: &ComponentFacts, past: &ComponentPast) -> Past {
    let (ComponentFacts::Ecs(facts), ComponentPast::Ecs(past)) = (facts, past);
    let Kind::Ecs(target) = &component.kind;
    let release = |revision: &Revision| Some(success(revision, &target.container)?.release);
    let mut succeeded: Vec<ReleaseName> = past.iter().filter_map(release).collect();
    let mut seen = HashSet::new();
    succeeded.retain(|release| seen.insert(release.clone()));
    Past {
        component: component.name.clone(),
        runs: history::runs(&facts.live, &target.container),
        cut_off: history::is_cut_off(&facts.live, past),
        earlier: history::earlier(&facts.live, past, &target.container).into_iter().filter_map(release).collect(),
        succeeded,
    }
}

/// Why revisions that their tags call a success of a component are none, and are not gone back to.
pub fn left_out(component: &Component, past: &ComponentPast) -> Vec<String> {
    let (Kind::Ecs(target), ComponentPast::Ecs(past)) = (&component.kind, past);
    evidence::doubts(past, &target.container)
}

/// The revision with which a component goes back to a release: the one it runs, or the newest that succeeded, before
/// that one if there is one. `None`: there is none.
pub fn revision_to_restore<'a>(
    component: &Component,
    facts: &'a ComponentFacts,
    past: &'a ComponentPast,
    release: &ReleaseName,
) -> Option<&'a Revision> {
    let (ComponentFacts::Ecs(facts), ComponentPast::Ecs(past)) = (facts, past);
    let Kind::Ecs(EcsTarget { container, .. }) = &component.kind;
    if history::runs(&facts.live, container).as_ref() == Some(release) {
        return Some(&facts.live);
    }
    let mut earlier = history::earlier(&facts.live, past, container).into_iter();
    let of_release = |revision: &&Revision| success(revision, container).is_some_and(|it| it.release == *release);
    earlier.find(of_release).or_else(|| history::of_release(past, release, container))
}

/// Plans to put a component back to what a revision was.
pub fn plan_component_rollback(
    component: &Component,
    facts: &ComponentFacts,
    restored: &Revision,
    image: &KnownImage,
) -> ComponentPlan {
    let (Kind::Ecs(target), ComponentFacts::Ecs(facts)) = (&component.kind, facts);
    // A rollback runs no command before: it would be the older one, on data that the newer one has changed.
    let has_pre_deploy = restored.ledger.as_ref().and_then(|entry| entry.pre_deploy);
    let target = EcsTarget { pre_deploy: None, has_pre_deploy, ..target.clone() };
    let plan = plan_ecs_rollback(&target, facts, restored, image);
    ComponentPlan { name: component.name.clone(), kind: KindPlan::Ecs(plan) }
}

/// Plans the holds of a rollback. They are about the environment: whatever a component leaves is stopped on all of them,
/// before the first of them is changed.
pub fn plan_holds(configured: &[Component], plans: &mut [ComponentPlan]) {
    let mut left: Vec<LeftRelease> = Vec::new();
    for leaves in plans.iter().filter_map(ComponentPlan::leaves) {
        if !left.contains(leaves) {
            left.push(leaves.clone());
        }
    }
    for KindPlan::Ecs(plan) in plans.iter_mut().map(|plan| &mut plan.kind) {
        plan.new_holds.clone_from(&left);
    }
    let Some(first) = plans.iter_mut().find(|plan| !plan.is_empty()) else {
        return;
    };
    let KindPlan::Ecs(plan) = &mut first.kind;
    let of = |component: &Component, left: &LeftRelease| PlannedHold {
        component: component.clone(),
        left: left.clone(),
        covers: Vec::new(),
        homes: Homes::default(),
        service_arn: None,
    };
    plan.to_hold = configured.iter().flat_map(|component| left.iter().map(move |left| of(component, left))).collect();
}

/// Says of each planned hold of a component where there is room for it.
pub fn plan_homes(plans: &mut [ComponentPlan], component: &ComponentName, facts: &ComponentFacts) {
    let ComponentFacts::Ecs(facts) = facts;
    let planned = plans.iter_mut().flat_map(ComponentPlan::planned_holds);
    let planned: Vec<&mut PlannedHold> = planned.filter(|planned| planned.component.name == *component).collect();
    let keys: Vec<String> = planned.iter().map(|planned| hold::key(&planned.left.left)).collect();
    for (planned, homes) in planned.into_iter().zip(homes(facts, &keys)) {
        planned.homes = homes;
        planned.service_arn = Some(facts.service.arn.clone());
    }
}

/// What is planned for one component.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentPlan {
    /// The component.
    pub name: ComponentName,
    /// The plan of its kind.
    pub kind: KindPlan,
}

/// The plan of a component, by kind.
#[derive(Debug, Clone, PartialEq)]
pub enum KindPlan {
    /// An ECS service.
    Ecs(EcsPlan),
}

impl ComponentPlan {
    /// What the plan changes, and what somebody changed by hand before.
    pub fn differences(&self) -> (&[Change], Option<&Drift>) {
        match &self.kind {
            KindPlan::Ecs(plan) => (&plan.changes, plan.drift.as_ref()),
        }
    }

    /// The component whose image it runs, and the digest where that is known.
    pub fn image(&self) -> Option<(&ComponentName, &Digest)> {
        let KindPlan::Ecs(plan) = &self.kind;
        match &plan.image {
            PlannedImage::Known(image) => Some((&plan.target.image, &image.digest)),
            PlannedImage::AfterBuild { .. } => None,
        }
    }

    /// Leaves a hold out, since the rollback goes forward: there is nothing that it could stop.
    pub fn goes_forward(&mut self) {
        let KindPlan::Ecs(plan) = &mut self.kind;
        plan.leaves = None;
        plan.is_forward = true;
    }

    /// Whether the rollback goes to a release that has all that is left.
    pub fn is_forward(&self) -> bool {
        let KindPlan::Ecs(plan) = &self.kind;
        plan.is_forward
    }

    /// Lets the next revision not take over holds that a new one covers.
    pub fn drop_covered(&mut self, covered: &[Hold]) {
        let KindPlan::Ecs(plan) = &mut self.kind;
        plan.carries.retain(|hold| !covered.iter().any(|it| it.key == hold.key && it.scope == hold.scope));
    }

    /// What a rollback brings back beside the image, in words.
    pub fn brought_back(&self) -> Vec<String> {
        let KindPlan::Ecs(plan) = &self.kind;
        brought_back(&plan.changes, &plan.target.container)
    }

    /// The revision whose content a rollback restores, for people.
    pub fn restores(&self) -> Option<&str> {
        let KindPlan::Ecs(plan) = &self.kind;
        plan.restores.as_ref().map(RevisionArn::short)
    }

    /// The release that a rollback leaves, with the one it returns to.
    pub fn leaves(&self) -> Option<&LeftRelease> {
        match &self.kind {
            KindPlan::Ecs(plan) => plan.leaves.as_ref(),
        }
    }

    /// The holds that are put before it is changed.
    pub fn planned_holds(&mut self) -> &mut [PlannedHold] {
        match &mut self.kind {
            KindPlan::Ecs(plan) => &mut plan.to_hold,
        }
    }

    /// What the source has and the component lacks.
    pub fn missing_variables(&self) -> &[MissingVariable] {
        match &self.kind {
            KindPlan::Ecs(plan) => &plan.missing_variables,
        }
    }

    /// Whether nothing in it is still to become known.
    pub fn is_known(&self) -> bool {
        match &self.kind {
            KindPlan::Ecs(plan) => matches!(plan.image, PlannedImage::Known(_)),
        }
    }

    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        match &self.kind {
            KindPlan::Ecs(plan) => plan.is_empty(),
        }
    }
}

/// Plans one component.
///
/// # Errors
///
/// [`PlanError`]
pub fn plan_component(
    component: &Component,
    facts: &ComponentFacts,
    images: &[ImagePlan],
    release: &ReleaseName,
) -> Result<ComponentPlan, PlanError> {
    let (Kind::Ecs(target), ComponentFacts::Ecs(facts)) = (&component.kind, facts);
    let image = images
        .iter()
        .find(|plan| plan.image.component == target.image)
        .ok_or_else(|| PlanError::NotObserved(component.name.clone()))?;
    let plan = plan_ecs(target, facts, &image.planned(), release)?;
    if target.missing_variables == MissingVariables::Error && !plan.missing_variables.is_empty() {
        let names: Vec<String> = plan.missing_variables.iter().map(ToString::to_string).collect();
        return Err(PlanError::MissingVariables { component: component.name.clone(), names: names.join(", ") });
    }
    Ok(ComponentPlan { name: component.name.clone(), kind: KindPlan::Ecs(plan) })
}
