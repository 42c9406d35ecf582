//! What only some people read of a change: its differences, gates and steps. All folded, but for gates that refuse.

use super::bounds::bounded_to;
use super::gantt::chart;
use super::place::Links;
use crate::domain::gate::Gate;
use crate::domain::github::markdown::{block, code, folded, table};
use crate::domain::limits::SUMMARY;
use crate::domain::plan::PlanChange;
use crate::report::plan_lines::shown_change;
use crate::report::record::Record;

/// Everything that is folded, in one part. `None`: there is nothing.
pub fn of(record: &Record) -> Option<String> {
    let steps: Vec<String> = record
        .steps
        .iter()
        .filter(|step| step.result.is_none() && step.step.verb.changes())
        .map(|step| format!("1. {}", code(&step.step.to_string())))
        .collect();
    let parts = [
        record.plan_digest.as_ref().map(|digest| format!("Plan {}\n", code(&digest.to_string()))),
        changes(record),
        (!record.gates.is_empty()).then(|| gates_table(&record.gates.iter().collect::<Vec<_>>())),
        (!steps.is_empty()).then(|| format!("**Steps**\n\n{}\n", steps.join("\n"))),
        chart(&record.steps).map(|chart| format!("**How long it took**\n\n{chart}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    // The page has to have room for the rest.
    (!parts.is_empty())
        .then(|| folded(&title(record, steps.len()), &bounded_to(parts.into_iter(), SUMMARY.count() / 2)))
}

fn title(record: &Record, steps: usize) -> String {
    let counted = |count: usize, noun: &str| match count {
        0 => None,
        1 => Some(format!("1 {noun}")),
        count => Some(format!("{count} {noun}s")),
    };
    let plan = record.plan_digest.as_ref().map(|digest| {
        let digest = digest.short();
        // In HTML, where backticks are text. It has digits only.
        format!("Plan <code>{}</code>", digest.strip_prefix("sha256:").unwrap_or(digest))
    });
    let has_changes = record.components.iter().any(|component| !component.changes.is_empty());
    let inside = [
        has_changes.then(|| "what changes in detail".to_owned()),
        counted(record.gates.len(), "gate"),
        counted(steps, "step"),
        chart(&record.steps).map(|_| "how long it took".to_owned()),
    ];
    let inside = inside.into_iter().flatten().collect::<Vec<_>>().join(", ");
    match plan {
        Some(plan) if inside.is_empty() => plan,
        Some(plan) => format!("{plan}: {inside}"),
        None => inside.replacen("what", "What", 1),
    }
}

/// The plan's difference, component by component, values as the plan shows them.
pub fn changes(record: &Record) -> Option<String> {
    let changed: Vec<_> = record.components.iter().filter(|component| !component.changes.is_empty()).collect();
    if changed.is_empty() {
        return None;
    }
    let mut lines = Vec::new();
    for component in changed {
        lines.push(format!("@@ {} @@", component.name));
        lines.extend(diff_lines(&component.changes));
    }
    Some(block("diff", &lines))
}

/// Differences as lines of a diff.
pub fn diff_lines(changes: &[PlanChange]) -> Vec<String> {
    let line = |change: &PlanChange| {
        let line = anstream::adapter::strip_str(&shown_change(change)).to_string();
        // What GitHub colours as changed.
        line.strip_prefix("~ ").map_or(line.clone(), |rest| format!("! {rest}"))
    };
    changes.iter().map(line).collect()
}

/// The gates that refuse or are overridden. `None`: all let it through.
pub fn refusing_gates(record: &Record) -> Option<String> {
    let shown: Vec<&Gate> =
        record.gates.iter().filter(|gate| gate.refuses_already() || gate.overridden.is_some()).collect();
    (!shown.is_empty()).then(|| gates_table(&shown))
}

/// All gates, folded.
pub fn all_gates(record: &Record) -> Option<String> {
    (!record.gates.is_empty()).then(|| folded("Gates", &gates_table(&record.gates.iter().collect::<Vec<_>>())))
}

fn gates_table(gates: &[&Gate]) -> String {
    let row = |gate: &&Gate| {
        let overridden = gate.overridden.as_ref().map(|why| format!(", overridden: {}", code(why)));
        let verdict = format!("{}{}", gate.verdict.as_str(), overridden.unwrap_or_default());
        let hint = gate.hint.as_ref().filter(|_| gate.refuses()).map(|hint| format!("<br>→ {}", code(hint)));
        vec![gate.name.to_string(), verdict, format!("{}{}", code(&gate.reason), hint.unwrap_or_default())]
    };
    table(&["gate", "verdict", "why"], &gates.iter().map(row).collect::<Vec<_>>())
}

/// The holds that would be taken off, and why.
pub fn holds(record: &Record) -> Option<String> {
    let plan = record.unhold.as_ref()?;
    let rows = plan.components.iter().flat_map(|component| {
        component.holds.iter().map(|hold| vec![code(component.name.as_str()), code(&hold.described())])
    });
    let rows: Vec<_> = rows.collect();
    let why = format!("Why: {}\n", code(&plan.reason));
    Some(if rows.is_empty() { why } else { format!("{}\n{why}", table(&["", "hold that is taken off"], &rows)) })
}

/// What a rollback bars, and how that ends.
pub fn barred(record: &Record, links: &Links) -> Option<String> {
    if record.barred.is_empty() {
        return None;
    }
    let verb = if record.is_plan { "Will bar" } else { "Bars" };
    let each = record.barred.iter().map(|left| match &left.returned {
        Some(returned) => {
            let (left, returned) = (links.commit(&left.left.to_string()), links.commit(&returned.to_string()));
            format!("the commits of {left} that {returned} does not have")
        }
        None => format!("all commits of {}", links.commit(&left.left.to_string())),
    });
    let lift = code(&format!("shipgate unhold {} --reason …", record.environment));
    Some(format!(
        "**{verb}** {}: no deploy or promotion brings them back. A newer commit passes; {lift} lifts the bar.\n",
        each.collect::<Vec<_>>().join(", and ")
    ))
}
