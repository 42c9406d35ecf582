//! The last lines that people read of a command, on standard error.

use super::check_lines;
use super::end::End;
use super::lines::{Level, hint};
use super::record::Record;
use super::style::{BAD, CAREFUL, FAINT, GOOD, Look, Mark, wrapped};
use crate::domain::failure::Failure;
use crate::domain::hold::Hold;
use crate::domain::outcome::Outcome;
use crate::domain::release::ReleaseName;
use crate::domain::view::Answer;
use crate::domain::view::holds::{ChangedHolds, ComponentHolds, HoldChange};

/// The last lines, with sequences for colour, which [`crate::sink::line`] takes out where they are not wanted. `color`:
/// whether the problems of a configuration have them.
pub fn of(end: End<'_>, level: Level, color: bool, look: Look) -> Vec<String> {
    let failure = |found: &Failure| of_failure(found, color);
    match end.result {
        Ok(Answer::Change(outcome)) => result(end.record, *outcome),
        Ok(Answer::Check(checked)) => check_lines::lines(&checked.findings, level, look),
        Ok(Answer::Gates(asked)) => asked.iter().filter_map(|asked| asked.failure.as_ref()).flat_map(failure).collect(),
        Ok(Answer::Status(environments)) => {
            environments.iter().flat_map(|environment| environment.failures().flat_map(failure)).collect()
        }
        Ok(Answer::Holds(changed)) => {
            let mut lines = holds(changed, end.request.environment.as_deref().unwrap_or_default(), look);
            lines.extend(changed.failure.iter().flat_map(failure));
            lines
        }
        Ok(Answer::Identities(seen)) => seen.failures().flat_map(failure).collect(),
        Ok(Answer::History(found)) if level >= Level::Everything => found.notes.clone(),
        Ok(Answer::Logs { none_since: Some(since), .. }) if level >= Level::Everything => {
            let since = since.strftime("%Y-%m-%d %H:%M:%SZ");
            vec![format!("no lines since {since}; `--since 2h` looks further back")]
        }
        Ok(
            Answer::Approval(_)
            | Answer::History(_)
            | Answer::Logs { .. }
            | Answer::Document(_)
            | Answer::Credential(_),
        ) => Vec::new(),
        Err(found) if end.request.plans => {
            let mut lines = of_failure(found, color);
            lines.extend(result(end.record, found.outcome));
            lines
        }
        Err(found) => of_failure(found, color),
    }
}

/// How a change ended, the outcome last.
fn result(record: &Record, outcome: Outcome) -> Vec<String> {
    let mut lines = Vec::new();
    if !outcome.is_success() {
        lines.extend(record.left_behind().iter().map(|left| format!("{FAINT}left behind: {left}{FAINT:#}")));
    }
    if record.components.len() > 1 {
        lines.extend(record.components.iter().map(|component| {
            let result = component.outcome.map_or("skipped", Outcome::as_str);
            format!("  {}: {result}", component.name)
        }));
    }
    let style = match outcome {
        outcome if outcome.is_success() => GOOD,
        outcome if outcome.is_undecided() => CAREFUL,
        _ => BAD,
    };
    let release = match &record.release {
        Some(ReleaseName::Baseline) if outcome == Outcome::Deployed => ", rolled back to baseline".to_owned(),
        Some(release) => format!(" {}", release.short()),
        None => String::new(),
    };
    let place = &record.place;
    let note = outcome_note(outcome);
    lines.push(format!("{style}{outcome}{style:#}: {place}{release}{FAINT}{note}{FAINT:#}"));
    lines
}

/// How the word of success is known to be true.
pub fn outcome_note(outcome: Outcome) -> &'static str {
    if outcome == Outcome::Deployed {
        " (runs, read back)"
    } else if outcome == Outcome::Unchanged {
        " (ran already, read back)"
    } else if outcome == Outcome::Planned {
        " (nothing was changed)"
    } else {
        ""
    }
}

/// What is there after `hold` or `unhold`, and what is not any more. What several components have stands once.
fn holds(changed: &ChangedHolds, environment: &str, look: Look) -> Vec<String> {
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

fn marked(mark: Mark, text: &str, look: Look) -> Vec<String> {
    wrapped(text, look.width, &format!("{} ", mark.shown()), "  ")
}

/// An error with its causes and hints.
pub fn of_failure(failure: &Failure, color: bool) -> Vec<String> {
    if let Some(diagnostics) = &failure.diagnostics {
        return vec![diagnostics.render(color).to_owned()];
    }
    let mut lines = vec![format!("{BAD}error:{BAD:#} {}", failure.reason)];
    lines.extend(failure.causes.iter().map(|cause| format!("  {cause}")));
    lines.extend(failure.hints.iter().map(|text| hint(text)));
    lines
}

#[cfg(test)]
pub mod tests;
