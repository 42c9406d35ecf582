//! The last lines that people read of a command, on standard error.

use super::check_lines;
use super::end::End;
use super::lines::{BAD, CAREFUL, FAINT, GOOD, Level, hint};
use super::record::Record;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::release::ReleaseName;
use crate::domain::view::Answer;
use crate::domain::view::holds::{ChangedHolds, HoldChange};

/// The last lines, with sequences for colour, which [`crate::sink::line`] takes out where they are not wanted. `color`:
/// whether the problems of a configuration have them.
pub fn of(end: End<'_>, level: Level, color: bool) -> Vec<String> {
    let failure = |found: &Failure| of_failure(found, color);
    match end.result {
        Ok(Answer::Change(outcome)) => result(end.record, *outcome),
        Ok(Answer::Check(checked)) => check_lines::lines(&checked.findings, level),
        Ok(Answer::Gates(asked)) => asked.iter().filter_map(|asked| asked.failure.as_ref()).flat_map(failure).collect(),
        Ok(Answer::Status(environments)) => {
            environments.iter().flat_map(|environment| environment.failures().flat_map(failure)).collect()
        }
        Ok(Answer::Holds(changed)) => {
            let mut lines = holds(changed, end.request.environment.as_deref().unwrap_or_default());
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
            | Answer::Script(_)
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

/// What is there after `hold` or `unhold`, and what is not any more.
fn holds(changed: &ChangedHolds, environment: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for component in &changed.components {
        let name = format!("{environment} {}", component.name);
        let lifted = component.lifted.iter();
        lines.extend(lifted.map(|hold| format!("{GOOD}lifted{GOOD:#}: {name}: {}", hold.described())));
        let held = component.holds.iter();
        lines.extend(held.map(|hold| format!("{CAREFUL}held{CAREFUL:#}: {name}: {}", hold.described())));
        if changed.change == HoldChange::Lift && component.lifted.is_empty() && component.holds.is_empty() {
            lines.push(format!("{name}: there is no hold"));
        }
    }
    lines
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
