//! The page that a step leaves on the run: the decision or the outcome first, then what people ask next.

use super::bounds::bounded;
use super::place::Links;
use super::{approval, commits, components, details, failure, heading, proof, warnings};
use crate::domain::age::took;
use crate::domain::failure::Failure;
use crate::domain::github::markdown::code;
use crate::domain::outcome::Outcome;
use crate::report::record::Record;

/// The summary of a command with an outcome, in Markdown.
pub fn of(record: &Record, outcome: Outcome, failure: Option<&Failure>, links: &Links) -> String {
    let has_plan = record.is_plan && failure.is_none();
    // A failure names the gates that refused.
    let gates = if outcome == Outcome::Refused && failure.is_some() { None } else { details::refusing_gates(record) };
    let parts = [
        Some(heading::of(record, outcome, links)),
        failure.map(failure::of),
        components::of(record, outcome, links),
        gates,
        details::holds(record),
        warnings::of(record),
        has_plan.then(|| commits::open(record, links)).flatten(),
        proof::of(record),
        details::barred(record, links),
        left_behind(record, outcome),
        record.is_plan.then(|| decision(record, links)).flatten(),
        (!has_plan).then(|| commits::closed(record, links)).flatten(),
        details::of(record),
        foot(record, links),
    ];
    bounded(parts.into_iter().flatten())
}

fn left_behind(record: &Record, outcome: Outcome) -> Option<String> {
    let left = record.left_behind();
    if outcome.is_success() || left.is_empty() {
        return None;
    }
    Some(format!("Left behind: {}\n", left.iter().map(|left| code(left)).collect::<Vec<_>>().join(", ")))
}

/// What the person who decides has to know: whether an approval is asked for, and what to check.
fn decision(record: &Record, addresses: &Links) -> Option<String> {
    let policy = record.policy.as_ref()?;
    let mut lines: Vec<String> = policy.checklist.iter().map(|item| format!("- [ ] {}", code(item))).collect();
    // A line of Markdown after a list would belong to its last item.
    let separated = |line: String| if lines.is_empty() { line } else { format!("\n{line}") };
    let asked = approval::asked(record, addresses).map(separated);
    lines.extend(asked);
    (!lines.is_empty()).then(|| lines.join("\n") + "\n")
}

fn foot(record: &Record, links: &Links) -> Option<String> {
    let mut words = Vec::new();
    words.extend(record.url.as_ref().map(|url| format!("<{}>", url.replace(['<', '>', ' '], ""))));
    words.extend(links.run.as_ref().map(|run| format!("[this run]({run})")));
    let time = record.began.zip(record.ended).filter(|_| !record.is_plan);
    let time = time.and_then(|(began, ended)| ended.duration_since(began).try_into().ok());
    words.extend(time.map(|time| format!("took {}", took(time))));
    (!words.is_empty()).then(|| format!("{}\n", words.join(" · ")))
}

#[cfg(test)]
mod tests;
