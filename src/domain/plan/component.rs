//! What is planned for a component, whatever its kind.

use std::collections::HashSet;

use super::PlanError;
use super::image::{ImagePlan, KnownImage, PlannedImage};
use crate::domain::ecs::history;
use crate::domain::ecs::plan::{
    Drift, EcsFacts, EcsPlan, LeftRelease, PlannedHold, plan as plan_ecs, plan_rollback as plan_ecs_rollback,
};
use crate::domain::ecs::service::Revision;
use crate::domain::ecs::task_definition::{Change, MissingVariable};
use crate::domain::hold::Hold;
use crate::domain::image::Digest;
use crate::domain::ledger::LedgerEntry;
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
    /// The holds on the component.
    pub fn holds(&self) -> &[Hold] {
        match self {
            Self::Ecs(facts) => &facts.service.holds,
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
    let release = |revision: &&Revision| revision.ledger.as_ref().map(|entry| entry.release.clone());
    let served = |revision: &&Revision| revision.ledger.as_ref().is_some_and(LedgerEntry::succeeded);
    let mut succeeded: Vec<ReleaseName> =
        past.iter().filter(served).filter_map(|revision| release(&revision)).collect();
    let mut seen = HashSet::new();
    succeeded.retain(|release| seen.insert(release.clone()));
    Past {
        component: component.name.clone(),
        runs: history::runs(&facts.live).cloned(),
        cut_off: history::is_cut_off(&facts.live),
        earlier: history::earlier(&facts.live, past).iter().filter_map(release).collect(),
        succeeded,
    }
}

/// The revision with which a component goes back to a release: the one it runs, or the newest that succeeded, before
/// that one if there is one. `None`: there is none.
pub fn revision_to_restore<'a>(
    facts: &'a ComponentFacts,
    past: &'a ComponentPast,
    release: &ReleaseName,
) -> Option<&'a Revision> {
    let (ComponentFacts::Ecs(facts), ComponentPast::Ecs(past)) = (facts, past);
    if history::runs(&facts.live) == Some(release) {
        return Some(&facts.live);
    }
    let mut earlier = history::earlier(&facts.live, past).into_iter();
    let of_release = |revision: &&Revision| revision.ledger.as_ref().is_some_and(|entry| entry.release == *release);
    earlier.find(of_release).or_else(|| history::of_release(past, release))
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
    let Some(first) = plans.iter_mut().find(|plan| !plan.is_empty()) else {
        return;
    };
    let KindPlan::Ecs(plan) = &mut first.kind;
    let of = |component: &Component, left: &LeftRelease| PlannedHold {
        component: component.clone(),
        left: left.clone(),
        covers: Vec::new(),
    };
    plan.to_hold = configured.iter().flat_map(|component| left.iter().map(move |left| of(component, left))).collect();
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
