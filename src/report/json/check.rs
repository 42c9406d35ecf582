//! The documents of `check` and `contract`.

use serde::Serialize;

use super::outcome::{ReportV1, document};
use super::text::{SCHEMA, to_text};
use crate::domain::check::{CheckFinding, Findings, Severity, SkippedItem};
use crate::domain::outcome::Outcome;
use crate::domain::view::check::Checked;
use crate::domain::view::contract::AskedContract;
use crate::report::record::Record;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CheckV1 {
    /// The name of this form of documents.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// The command.
    #[cfg_attr(test, schemars(extend("const" = "check")))]
    command: &'static str,
    /// What was found.
    findings: Vec<FindingV1>,
    /// What was read: files and environments.
    looked_at: Vec<String>,
    /// What was skipped, which is no failure.
    left_out: Vec<LeftOutV1>,
    /// What merging would change, for each environment that is deployed to: each as `plan deploy` prints it.
    plans: Vec<ReportV1>,
    /// How much was found. Absent: no error was.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What to do about the errors. Absent: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    hints: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ContractV1 {
    /// The name of this form of documents.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// The command.
    #[cfg_attr(test, schemars(extend("const" = "contract")))]
    command: &'static str,
    /// `null`: a contract is proposed from all environments.
    environment: Option<String>,
    /// What does not fit.
    findings: Vec<FindingV1>,
    /// What was read.
    looked_at: Vec<String>,
    /// What was skipped, which is no failure.
    left_out: Vec<LeftOutV1>,
    /// The text of a contract for `shipgate.toml`. Left out: none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<String>,
    /// How much was found. Absent: no error was.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What to do about the errors. Absent: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    hints: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FindingV1 {
    /// How bad it is.
    #[cfg_attr(test, schemars(extend("enum" = ["error", "warning", "note"])))]
    level: &'static str,
    /// The rule: docs/check/rules.md has them all.
    rule: &'static str,
    /// What is wrong.
    message: String,
    /// What to do about it.
    hint: String,
    /// The file, from the root of the git repository. `null`: it is about none.
    file: Option<String>,
    /// The line, from 1.
    line: Option<usize>,
    /// The column, in characters from 1.
    column: Option<usize>,
    /// The line in which it ends.
    end_line: Option<usize>,
    /// The column after its end.
    end_column: Option<usize>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LeftOutV1 {
    /// What was skipped.
    what: String,
    /// Why.
    why: String,
    /// How to include it. `null`: it cannot be.
    hint: Option<String>,
}

impl From<&CheckFinding> for FindingV1 {
    fn from(finding: &CheckFinding) -> Self {
        Self {
            level: finding.level.as_str(),
            rule: finding.rule.as_str(),
            message: finding.message.clone(),
            hint: finding.hint.clone(),
            file: finding.file.clone(),
            line: finding.place.map(|place| place.line),
            column: finding.place.map(|place| place.column),
            end_line: finding.place.map(|place| place.end_line),
            end_column: finding.place.map(|place| place.end_column),
        }
    }
}

impl From<&SkippedItem> for LeftOutV1 {
    fn from(left: &SkippedItem) -> Self {
        Self { what: left.what.clone(), why: left.why.clone(), hint: left.hint.clone() }
    }
}

/// The document of `check`.
pub fn check(checked: &Checked, record: &Record) -> String {
    let findings = &checked.findings;
    let (reason, hints) = failure(findings).unzip();
    to_text(&CheckV1 {
        schema: SCHEMA,
        command: "check",
        findings: findings.all.iter().map(Into::into).collect(),
        looked_at: findings.looked_at.iter().map(|seen| seen.name.clone()).collect(),
        left_out: findings.left_out.iter().map(Into::into).collect(),
        plans: record.plans_of(checked).map(|plan| document(plan, Outcome::Planned, None)).collect(),
        reason,
        hints,
    })
}

/// The document of `contract`.
pub fn contract(asked: &AskedContract) -> String {
    let findings = &asked.findings;
    let (reason, hints) = failure(findings).unzip();
    to_text(&ContractV1 {
        schema: SCHEMA,
        command: "contract",
        environment: asked.environment.clone(),
        findings: findings.all.iter().map(Into::into).collect(),
        looked_at: findings.looked_at.iter().map(|seen| seen.name.clone()).collect(),
        left_out: findings.left_out.iter().map(Into::into).collect(),
        proposal: asked.proposal.clone(),
        reason,
        hints,
    })
}

/// Why what was found fails, and what to do about it. `None`: it does not.
fn failure(findings: &Findings) -> Option<(String, Vec<String>)> {
    let mut hints: Vec<String> = Vec::new();
    for finding in findings.all.iter().filter(|finding| finding.level == Severity::Error) {
        if !hints.contains(&finding.hint) {
            hints.push(finding.hint.clone());
        }
    }
    (!findings.outcome().is_success()).then(|| (findings.summary(), hints))
}
