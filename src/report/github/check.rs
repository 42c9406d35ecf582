//! What a pull request shows of a check.

use super::annotations::{Annotation, AnnotationLevel, AnnotationPlace};
use super::bounds::bounded;
use super::components::what_changes;
use super::details::{all_gates, changes, refusing_gates};
use super::place::Links;
use super::{commits, warnings};
use crate::domain::check::{CheckFinding, Findings, Severity, SkippedItem};
use crate::domain::github::markdown::{block, code, table};
use crate::domain::plan::beside_the_release;
use crate::domain::view::check::{Checked, Conclusion};
use crate::domain::view::contract::AskedContract;
use crate::report::record::{ComponentRecord, Record};

/// One annotation for each finding, at its place.
pub fn annotations(findings: &Findings) -> Vec<Annotation> {
    findings.all.iter().map(annotation).collect()
}

fn annotation(finding: &CheckFinding) -> Annotation {
    let place = |file: &String| AnnotationPlace {
        file: file.into(),
        line: finding.place.map(|place| place.line),
        column: finding.place.map(|place| place.column),
    };
    Annotation {
        level: match finding.level {
            Severity::Error => AnnotationLevel::Error,
            Severity::Warning => AnnotationLevel::Warning,
            Severity::Note => AnnotationLevel::Notice,
        },
        title: finding.rule.to_string(),
        message: format!("{}\nhint: {}", finding.message, finding.hint),
        place: finding.file.as_ref().map(place),
    }
}

/// The page, which is also the comment.
pub fn summary(checked: &Checked, record: &Record, links: &Links) -> String {
    let plans = record.plans_of(checked).flat_map(|plan| of_plan(plan, links));
    page(("check", Conclusion::of(&checked.findings)), &checked.findings, plans, links)
}

/// The page of `contract`.
pub fn contract(asked: &AskedContract, links: &Links) -> String {
    let split = |text: &String| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let proposal = asked.proposal.iter().map(|text| block("toml", &split(text)));
    page((&asked.title(), asked.conclusion()), &asked.findings, proposal, links)
}

/// What was done, what was found, with more behind it.
fn page(
    (what, conclusion): (&str, Conclusion),
    findings: &Findings,
    more: impl Iterator<Item = String>,
    links: &Links,
) -> String {
    let symbol = match conclusion {
        Conclusion::Passed => "✅",
        Conclusion::Failed => "❌",
        Conclusion::NothingCompared => "⚠️",
    };
    let heading = format!("## {symbol} {what} {}\n\n{}\n", conclusion.as_str(), code(&findings.summary()));
    let parts = [Some(heading), found(findings), left_out(findings)].into_iter().flatten().chain(more);
    bounded(parts.chain(links.run.as_ref().map(|run| format!("[this run]({run})\n"))))
}

fn found(findings: &Findings) -> Option<String> {
    let place = |finding: &CheckFinding| match (&finding.file, finding.place) {
        (Some(file), Some(place)) => code(&format!("{file}:{}", place.line)),
        (Some(file), None) => code(file),
        (None, _) => String::new(),
    };
    let row = |finding: &CheckFinding| {
        let what = format!("{}<br>hint: {}", code(&finding.message), code(&finding.hint));
        vec![finding.level.as_str().to_owned(), place(finding), what, finding.rule.to_string()]
    };
    let rows: Vec<_> = findings.all.iter().map(row).collect();
    (!rows.is_empty()).then(|| table(&["level", "where", "what", "rule"], &rows))
}

fn left_out(findings: &Findings) -> Option<String> {
    let line = |left: &SkippedItem| {
        let hint = left.hint.as_ref().map(|hint| format!(" (hint: {})", code(hint))).unwrap_or_default();
        format!("- {}: {}{hint}", code(&left.what), code(&left.why))
    };
    let lines: Vec<String> = findings.left_out.iter().map(line).collect();
    (!lines.is_empty()).then(|| format!("Skipped:\n\n{}\n", lines.join("\n")))
}

/// What merging would change in an environment.
fn of_plan(plan: &Record, links: &Links) -> Vec<String> {
    let heading = format!("### What merging would change on {}\n", code(&plan.environment));
    let row = |component: &ComponentRecord| vec![code(component.name.as_str()), what_changes(&component.changes)];
    let rows: Vec<_> = plan.components.iter().map(row).collect();
    // The image is another with each commit.
    let settings = plan.components.iter().any(|component| !beside_the_release(&component.changes).is_empty());
    let parts = [
        Some(heading),
        (!rows.is_empty()).then(|| table(&["", "what changes"], &rows)),
        warnings::of(plan),
        refusing_gates(plan),
        if settings { changes(plan) } else { None },
        commits::closed(plan, links),
        all_gates(plan),
    ];
    parts.into_iter().flatten().collect()
}
