//! Words and numbers in what people read.

use super::style::TextStyle;
use crate::domain::release::ReleaseName;
use crate::domain::view::plan::{PlanChange, Running};

/// What a component runs.
pub fn release(running: &Running, look: TextStyle) -> String {
    match (&running.sha, &running.baseline) {
        (Some(sha), _) => look.release(sha),
        (None, Some(_)) => ReleaseName::BASELINE.to_owned(),
        (None, None) => "unknown".to_owned(),
    }
}

/// A number of things: `1 gate`, `2 gates`.
pub fn count(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// An outcome of the ledger in words: `rolled back`.
pub fn outcome_in_words(outcome: &str) -> String {
    outcome.replace('-', " ")
}

/// A difference in one line, as in a diff. Values that are secret are in brackets.
pub fn difference(change: &PlanChange) -> String {
    let PlanChange { path, from, to } = change;
    let hidden = |value: &str| value.starts_with('(');
    match (from.as_deref(), to.as_deref()) {
        (Some(from), Some(to)) if from == to || (hidden(from) && hidden(to)) => format!("~ {path} (value not shown)"),
        (Some(from), Some(to)) => format!("~ {path}: {from} → {to}"),
        (None, Some(to)) if hidden(to) => format!("+ {path} (value not shown)"),
        (None, Some(to)) => format!("+ {path}: {to}"),
        (Some(_), None) => format!("- {path}"),
        (None, None) => format!("~ {path}"),
    }
}

/// Whether an outcome of the ledger leaves open what is so.
pub fn is_undecided(outcome: &str) -> bool {
    matches!(outcome, "superseded" | "timed-out" | "unproven" | "interrupted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_several() {
        assert_eq!([count(0, "gate", "gates"), count(1, "gate", "gates")], ["0 gates", "1 gate"]);
        let change = |from: Option<&str>, to: Option<&str>| {
            difference(&PlanChange { path: "a".to_owned(), from: from.map(str::to_owned), to: to.map(str::to_owned) })
        };
        let hidden = Some("(not shown)");
        assert_eq!([change(Some("1"), Some("2")), change(None, Some("2"))], ["~ a: 1 → 2", "+ a: 2"]);
        assert_eq!([change(hidden, hidden), change(None, hidden)], ["~ a (value not shown)", "+ a (value not shown)"]);
        assert_eq!([change(Some("1"), None), change(None, None)], ["- a", "~ a"]);
        assert_eq!(outcome_in_words("rolled-back"), "rolled back");
    }
}
