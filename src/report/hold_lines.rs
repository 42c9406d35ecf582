//! What `hold` and `unhold` end with.

use super::style::{Mark, TextStyle, wrapped};
use crate::domain::hold::Hold;
use crate::domain::view::holds::{ChangedHolds, ComponentHolds, HoldChange};

/// What is there after `hold` or `unhold`, and what is not any more. What several components have stands once.
pub fn holds(changed: &ChangedHolds, environment: &str, look: TextStyle) -> Vec<String> {
    let mut lines = Vec::new();
    for (components, lifted) in each(changed, |component| &component.lifted) {
        let place = place(changed, &components, environment);
        let verb = if lifted.is_bar() { "not barred any more" } else { "not held any more" };
        lines.extend(marked(Mark::Good, &format!("{verb}: {place}: {}", lifted.described()), look));
    }
    for (components, hold) in each(changed, |component| &component.holds) {
        let (place, word) = (place(changed, &components, environment), hold.word());
        // What was asked for is there; what is there beside it is only said.
        let is_wanted = changed.change == HoldChange::Put && !hold.is_bar();
        let mark = if is_wanted { Mark::Good } else { Mark::Careful };
        lines.extend(marked(mark, &format!("{word}: {place}: {}", hold.described()), look));
    }
    if changed.change == HoldChange::Lift {
        let free = |component: &&ComponentHolds| component.holds.is_empty();
        let free: Vec<&str> = changed.components.iter().filter(free).map(|component| component.name.as_str()).collect();
        if !free.is_empty() && changed.failure.is_none() {
            let place = place(changed, &free, environment);
            let was_held = changed.components.iter().any(|component| !component.lifted.is_empty());
            let (mark, end) = if was_held { (Mark::Good, " any more") } else { (Mark::Neutral, ": there was none") };
            lines.extend(marked(mark, &format!("no hold on {place}{end}"), look));
        }
    }
    lines
}

/// Each hold with the components that have it, in the order of the file.
fn each(changed: &ChangedHolds, of: impl Fn(&ComponentHolds) -> &[Hold]) -> Vec<(Vec<&str>, &Hold)> {
    let mut found: Vec<(Vec<&str>, &Hold)> = Vec::new();
    for component in &changed.components {
        for hold in of(component) {
            match found.iter_mut().find(|(_, other)| *other == hold) {
                Some((names, _)) => names.push(&component.name),
                None => found.push((vec![&component.name], hold)),
            }
        }
    }
    found
}

/// The environment, and which of its components where that is not all that the command was about.
fn place(changed: &ChangedHolds, components: &[&str], environment: &str) -> String {
    let is_all = components.len() == changed.components.len() && components.len() > 1;
    if is_all { environment.to_owned() } else { format!("{environment} {}", components.join(", ")) }
}

fn marked(mark: Mark, text: &str, look: TextStyle) -> Vec<String> {
    wrapped(text, look.width, &format!("{} ", mark.shown()), "  ")
}

#[cfg(test)]
pub mod tests;
