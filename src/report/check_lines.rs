//! A check for people: what was found by file, as compilers write it, and a line that sums up.

use super::line::ReportDetail;
use super::style::{BAD, CAREFUL, FAINT, GOOD, Mark, STRONG, TextStyle, wrapped};
use crate::domain::check::{CheckFinding, Findings, Severity, SkippedItem};
use crate::domain::view::check::Conclusion;

/// The lines, the last one the summary. `what`: what was done, in words, and how it ended. `shown`: the least important findings that are
/// wanted.
pub fn lines(
    (what, conclusion): (&str, Conclusion),
    findings: &Findings,
    shown: ReportDetail,
    look: TextStyle,
) -> Vec<String> {
    let is_wanted = |finding: &&CheckFinding| match finding.level {
        Severity::Error => true,
        Severity::Warning => shown >= ReportDetail::Warnings,
        Severity::Note => shown >= ReportDetail::Everything,
    };
    let mut lines = Vec::new();
    let mut file = None;
    for finding in findings.all.iter().filter(is_wanted) {
        // They are in the order of their files.
        if look.width.is_some() && file.is_some_and(|file| file != &finding.file) {
            lines.push(String::new());
        }
        file = Some(&finding.file);
        lines.extend(if look.width.is_some() { on_terminal(finding, look) } else { in_one_line(finding) });
    }
    if look.width.is_some() && !lines.is_empty() {
        lines.push(String::new());
    }
    if shown >= ReportDetail::Everything {
        lines.extend(read("checked", findings, look));
    }
    let (mark, style) = match conclusion {
        Conclusion::Passed => (Mark::Good, GOOD),
        Conclusion::Failed => (Mark::Bad, BAD),
        Conclusion::NothingCompared => (Mark::Careful, CAREFUL),
    };
    let summary = format!("{style}{what} {}{style:#}: {}", conclusion.as_str(), findings.summary());
    lines.extend(wrapped(&summary, look.width, &format!("{} ", mark.shown()), "  "));
    lines
}

/// What was read, and what was not. `what`: what was done with it, in a word.
pub fn read(what: &str, findings: &Findings, look: TextStyle) -> Vec<String> {
    let names: Vec<&str> = findings.looked_at.iter().map(|seen| seen.name.as_str()).collect();
    let read = (!names.is_empty()).then(|| faint(&format!("{what}: {}", names.join(", ")), look));
    let skipped = findings.left_out.iter().flat_map(|left| skipped(left, look));
    read.into_iter().flatten().chain(skipped).collect()
}

fn place(finding: &CheckFinding) -> String {
    match (&finding.file, finding.place) {
        (Some(file), Some(place)) => format!("{file}:{}:{}: ", place.line, place.column),
        (Some(file), None) => format!("{file}: "),
        (None, _) => String::new(),
    }
}

fn in_one_line(finding: &CheckFinding) -> Vec<String> {
    let (style, level, rule) = (style(finding.level), finding.level.as_str(), finding.rule);
    vec![
        format!("{}{style}{level}:{style:#} {} {FAINT}[{rule}]{FAINT:#}", place(finding), finding.message),
        format!("  {STRONG}hint:{STRONG:#} {}", finding.hint),
    ]
}

/// The place in a line of its own, so that it can be searched for and opened, and below it what fits.
fn on_terminal(finding: &CheckFinding, look: TextStyle) -> Vec<String> {
    let (style, level, rule) = (style(finding.level), finding.level.as_str(), finding.rule);
    let mark = match finding.level {
        Severity::Error => Mark::Bad,
        Severity::Warning => Mark::Careful,
        Severity::Note => Mark::Neutral,
    };
    let place = place(finding);
    let mut lines = vec![format!("{} {place}{style}{level}{style:#} {FAINT}[{rule}]{FAINT:#}", mark.shown())];
    lines.extend(wrapped(&finding.message, look.width, "    ", "    "));
    lines.extend(wrapped(&format!("{STRONG}hint:{STRONG:#} {}", finding.hint), look.width, "    ", "          "));
    lines
}

fn style(level: Severity) -> anstyle::Style {
    match level {
        Severity::Error => BAD,
        Severity::Warning => CAREFUL,
        Severity::Note => STRONG,
    }
}

fn skipped(left: &SkippedItem, look: TextStyle) -> Vec<String> {
    let mut lines = faint(&format!("skipped: {}: {}", left.what, left.why), look);
    let hint = left.hint.iter().map(|hint| format!("{STRONG}hint:{STRONG:#} {hint}"));
    lines.extend(hint.flat_map(|hint| wrapped(&hint, look.width, "  ", "        ")));
    lines
}

fn faint(text: &str, look: TextStyle) -> Vec<String> {
    wrapped(text, look.width, "", "  ").into_iter().map(|line| format!("{FAINT}{line}{FAINT:#}")).collect()
}

#[cfg(test)]
pub mod tests;
