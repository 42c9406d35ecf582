//! What is odd about a plan and stops nothing, for people.

use super::Plan;
use super::component::{ComponentPlan, KindPlan};
use crate::domain::ecs::plan::EcsPlan;
use crate::domain::neutral;
use crate::domain::target::Kind;
use crate::domain::view::plan::PlanWarning;

impl Plan {
    /// The warnings, component by component.
    pub fn warnings(&self) -> Vec<PlanWarning> {
        self.components.iter().flat_map(of_component).collect()
    }
}

fn of_component(component: &ComponentPlan) -> Vec<PlanWarning> {
    let KindPlan::Ecs(plan) = &component.kind;
    let mut warnings = missing(component);
    warnings.extend(holds_without_room(plan));
    warnings.extend(tags_without_room(plan));
    warnings.extend(drift(component, plan));
    warnings
}

/// The classic reason why what ran on stage does not run on production.
fn missing(component: &ComponentPlan) -> Vec<PlanWarning> {
    let each = component.missing_variables().iter().map(|missing| PlanWarning {
        text: format!("{} lacks {missing}, which the source has", component.name),
        changes: Vec::new(),
        hint: Some("add it to the task definition if the release needs it".to_owned()),
    });
    each.collect()
}

/// AWS has room for fifty tags on a service or a revision.
fn holds_without_room(plan: &EcsPlan) -> Vec<PlanWarning> {
    let each = plan.to_hold.iter().filter_map(|planned| {
        let Kind::Ecs(target) = &planned.component.kind;
        let place = match (planned.homes.on_service, &planned.homes.revision) {
            (true, Some(_)) => return None,
            (true, None) => format!("service {} alone: the revision that it runs has no room for it", target.service),
            (false, Some(arn)) => {
                format!("revision {} alone: service {} has no room for a tag", arn.short(), target.service)
            }
            (false, None) => format!(
                "the next revision of service {} alone: it has no room for a tag, and the revision that it runs neither",
                target.service
            ),
        };
        Some(PlanWarning {
            text: format!("the hold on {} goes on {place}", planned.component.name),
            changes: Vec::new(),
            hint: Some("take tags off that nothing needs".to_owned()),
        })
    });
    each.collect()
}

fn tags_without_room(plan: &EcsPlan) -> Option<PlanWarning> {
    let dropped: Vec<String> = plan.kept_tags().1.iter().map(|key| neutral::phrase(key, 128)).collect();
    if plan.is_empty() || dropped.is_empty() {
        return None;
    }
    let live = plan.live.short();
    Some(PlanWarning {
        text: format!(
            "these tags of {live} are not on the next revision, which has no room for them: {}",
            dropped.join(", ")
        ),
        changes: Vec::new(),
        hint: Some(format!("take tags off {live} that nothing needs")),
    })
}

fn drift(component: &ComponentPlan, plan: &EcsPlan) -> Option<PlanWarning> {
    let drift = plan.drift.as_ref()?;
    Some(PlanWarning {
        text: format!(
            "{} runs {}, not {}, which shipgate deployed last: it was changed by hand{}",
            component.name,
            plan.live.short(),
            drift.last.short(),
            if drift.by_ecs { ", or ECS rolled it back" } else { "" }
        ),
        changes: drift.changes.clone(),
        hint: None,
    })
}
