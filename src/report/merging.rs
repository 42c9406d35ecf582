//! What merging would change, as `check` says it.

use super::style::STRONG;
use super::words::difference;
use crate::domain::plan::{PlanChange, beside_the_release, shipped};
use crate::domain::short::short_ids;
use crate::domain::view::plan::ShownPlan;

/// What merging would change in an environment, briefly: the image is another with each commit.
pub fn lines(plan: &ShownPlan) -> Vec<String> {
    let place = format!("{STRONG}{}{STRONG:#}, when this is merged", plan.environment);
    let settings = |component: &[PlanChange]| beside_the_release(component).len();
    let changed: Vec<_> = plan.components.iter().filter(|component| !component.changes.is_empty()).collect();
    if changed.is_empty() {
        return vec![format!("{place}: nothing changes")];
    }
    if changed.iter().all(|component| settings(&component.changes) == 0) {
        let shipped = shipped(changed.iter().flat_map(|component| &component.changes));
        let verb = if shipped == "image" { "changes" } else { "change" };
        return vec![format!("{place}: only the {shipped} {verb}")];
    }
    let mut lines = vec![format!("{place}:")];
    for component in changed {
        let several = if plan.components.len() > 1 { format!("{}: ", component.name) } else { String::new() };
        let beside = beside_the_release(&component.changes).into_iter();
        lines.extend(beside.map(|change| format!("  {several}{}", short_ids(&difference(change)))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_merging_changes_is_said_without_the_image() {
        let change = |path: &str| PlanChange { path: path.to_owned(), from: None, to: Some("1".to_owned()) };
        let image = || {
            vec![
                change("containerDefinitions[web].image"),
                change("containerDefinitions[web].dockerLabels[shipgate.sha]"),
            ]
        };
        let plain = |changes: [Vec<PlanChange>; 2]| {
            let mut plan = ShownPlan::sample();
            for (component, changes) in plan.components.iter_mut().zip(changes) {
                component.changes = changes;
            }
            let found = lines(&plan);
            found.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect::<Vec<_>>()
        };
        assert_eq!(plain([Vec::new(), Vec::new()]), ["stage, when this is merged: nothing changes"]);
        assert_eq!(plain([image(), Vec::new()]), ["stage, when this is merged: only the image changes"]);
        let more = image().into_iter().chain([change("memory")]).collect();
        assert_eq!(plain([image(), more]), ["stage, when this is merged:", "  worker: + memory: 1"]);
    }
}
