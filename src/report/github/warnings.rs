//! Warnings, as boxes ([alerts](https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#alerts)).

use super::details::diff_lines;
use crate::domain::github::markdown::{block, boxed, code};
use crate::domain::plan::Intent;
use crate::report::record::{ComponentRecord, Record, RecordedWarning};
use crate::report::style::TextStyle;

/// Number of warnings with a box of their own; the rest share one.
const BOXES: usize = 5;

/// The boxes. `None`: there is nothing to warn of.
pub fn of(record: &Record) -> Option<String> {
    let known = missing_texts(record);
    let others: Vec<&RecordedWarning> = record.warnings.iter().filter(|other| !known.contains(&other.text)).collect();
    let (first, rest) = others.split_at(others.len().min(BOXES));
    let mut boxes: Vec<String> = record.components.iter().filter_map(|component| missing(record, component)).collect();
    boxes.extend(first.iter().map(|warning| boxed("WARNING", &body(warning))));
    if !rest.is_empty() {
        let lines: Vec<String> = rest.iter().map(|warning| format!("- {}", in_one_line(warning))).collect();
        boxes.push(boxed("WARNING", &lines.join("\n")));
    }
    (!boxes.is_empty()).then(|| boxes.join("\n"))
}

/// What is said elsewhere of the variables that [`missing`] has a box for.
fn missing_texts(record: &Record) -> Vec<String> {
    let of = |component: &ComponentRecord| {
        let missing = component.missing_variables.iter();
        missing.map(|missing| missing.warning(&component.name)).collect::<Vec<_>>()
    };
    record.components.iter().flat_map(of).collect()
}

/// The variables that are set where a release comes from and not where it goes to: one box for all of a component.
fn missing(record: &Record, component: &ComponentRecord) -> Option<String> {
    let Some(Intent::Promote { source }) = &record.intent else { return None };
    let named: Vec<String> = component
        .missing_variables
        .iter()
        .map(|missing| {
            let secret = if missing.is_secret { "secret " } else { "" };
            format!("{secret}{} (container {})", code(&missing.name), code(&missing.container))
        })
        .collect();
    let is = if named.len() == 1 { "is" } else { "are" };
    let (source, here) = (code(source.as_str()), code(&record.environment));
    let variables = named.join(", ");
    let place = component.whereabouts.service.as_ref().unwrap_or(&record.environment);
    let them = if named.len() == 1 { "it" } else { "them" };
    let hint = format!("Add {them} to the task definition of {} if the release needs {them}.", code(place));
    (!named.is_empty())
        .then(|| boxed("WARNING", &format!("{variables} {is} set on {source} and missing on {here}.\n\n{hint}")))
}

fn body(warning: &RecordedWarning) -> String {
    let changes = (!warning.changes.is_empty()).then(|| block("diff", &diff_lines(&warning.changes)));
    let hint = warning.hint.as_ref().map(|hint| format!("→ {}", code(hint)));
    let parts = [Some(code(&TextStyle::plain().text(&warning.text))), changes, hint].into_iter().flatten();
    parts.map(|part| part.trim_end().to_owned()).collect::<Vec<_>>().join("\n\n")
}

fn in_one_line(warning: &RecordedWarning) -> String {
    let hint = warning.hint.as_ref().map(|hint| format!(" → {}", code(hint))).unwrap_or_default();
    format!("{}{hint}", code(&TextStyle::plain().text(&warning.text)))
}
