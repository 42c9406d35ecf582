//! The JSON documents of `--output json`: frozen structs of schema `shipgate/v1`. A new shape is a new schema; new
//! fields may be added.

use serde::Serialize;

use super::journal::{Between, ComponentRecord, Record, Running};
use crate::clients::logs::LogLine;
use crate::commands::hold::{Change as HoldChange, Changed, ComponentHolds};
use crate::commands::status::{EnvironmentStatus, SeenComponent};
use crate::domain::behind::Behind;
use crate::domain::ecs::task_definition::{Change, MissingVariable};
use crate::domain::hold::{Hold, HoldScope};
use crate::domain::outcome::Outcome;
use crate::error::Failure;
use crate::kinds::{PastRelease, Standing};

const SCHEMA: &str = "shipgate/v1";

#[derive(Debug, Serialize)]
struct ReportV1 {
    schema: &'static str,
    command: String,
    environment: String,
    outcome: &'static str,
    release: Option<ReleaseV1>,
    plan_digest: Option<String>,
    gates: Vec<GateV1>,
    commits: Option<CommitsV1>,
    components: Vec<ComponentV1>,
    steps: Vec<StepV1>,
    left_behind: Vec<String>,
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hints: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<Vec<ProblemV1>>,
}

#[derive(Debug, Serialize)]
struct ReleaseV1 {
    sha: String,
    digests: indexmap::IndexMap<String, String>,
}

#[derive(Debug, Serialize)]
struct GateV1 {
    name: &'static str,
    verdict: &'static str,
    reason: String,
    hint: Option<String>,
}

#[derive(Debug, Serialize)]
struct ComponentV1 {
    name: String,
    kind: &'static str,
    outcome: &'static str,
    changed: bool,
    previous: Option<RunningV1>,
    current: Option<RunningV1>,
    causes: Vec<String>,
    changes: Vec<ChangeV1>,
    drift: Option<DriftV1>,
    missing_variables: Vec<MissingVariableV1>,
}

#[derive(Debug, Serialize)]
struct CommitsV1 {
    count: usize,
    taken_back: bool,
    newest: Vec<CommitV1>,
}

#[derive(Debug, Serialize)]
struct CommitV1 {
    sha: String,
    subject: String,
}

#[derive(Debug, Serialize)]
struct MissingVariableV1 {
    container: String,
    name: String,
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct DriftV1 {
    last: String,
    changes: Vec<ChangeV1>,
}

#[derive(Debug, Serialize)]
struct RunningV1 {
    sha: Option<String>,
    digest: Option<String>,
}

#[derive(Debug, Serialize)]
struct ChangeV1 {
    path: String,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Debug, Serialize)]
struct StepV1 {
    name: String,
    seconds: f64,
    result: &'static str,
}

#[derive(Debug, Serialize)]
struct ProblemV1 {
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    hint: String,
}

impl From<&Running> for RunningV1 {
    fn from(running: &Running) -> Self {
        Self { sha: running.sha.clone(), digest: running.digest.as_ref().map(ToString::to_string) }
    }
}

impl From<&Change> for ChangeV1 {
    fn from(change: &Change) -> Self {
        Self { path: change.path.clone(), from: change.from.clone(), to: change.to.clone() }
    }
}

impl From<&ComponentRecord> for ComponentV1 {
    fn from(component: &ComponentRecord) -> Self {
        Self {
            name: component.name.to_string(),
            kind: component.kind,
            outcome: component.outcome.map_or("skipped", Outcome::as_str),
            changed: component.changed,
            previous: component.previous.as_ref().map(Into::into),
            current: component.current.as_ref().map(Into::into),
            causes: component.causes.clone(),
            changes: component.changes.iter().map(Into::into).collect(),
            drift: component.drift.as_ref().map(|drift| DriftV1 {
                last: drift.last.clone(),
                changes: drift.changes.iter().map(Into::into).collect(),
            }),
            missing_variables: component.missing_variables.iter().map(Into::into).collect(),
        }
    }
}

impl From<&MissingVariable> for MissingVariableV1 {
    fn from(missing: &MissingVariable) -> Self {
        Self {
            container: missing.container.clone(),
            name: missing.name.clone(),
            kind: if missing.is_secret { "secret" } else { "variable" },
        }
    }
}

impl From<&Between> for CommitsV1 {
    fn from(between: &Between) -> Self {
        let newest = between.commits.newest.iter();
        Self {
            count: between.commits.count,
            taken_back: between.taken_back,
            newest: newest
                .map(|commit| CommitV1 { sha: commit.sha.to_string(), subject: commit.subject.clone() })
                .collect(),
        }
    }
}

/// The document of a command with an outcome.
pub fn report(record: &Record, outcome: Outcome, failure: Option<&Failure>) -> String {
    let digests = record.digests.iter().map(|(name, digest)| (name.to_string(), digest.to_string()));
    let problems = failure.and_then(|failure| failure.diagnostics.as_ref()).map(|errors| {
        errors
            .iter()
            .map(|error| ProblemV1 {
                file: error.location.as_ref().map(|location| location.path.to_string()),
                line: error.location.as_ref().map(|location| location.line),
                column: error.location.as_ref().map(|location| location.column),
                message: error.message.clone(),
                hint: error.hint.clone(),
            })
            .collect()
    });
    let document = ReportV1 {
        schema: SCHEMA,
        command: record.command.clone(),
        environment: record.environment.clone(),
        outcome: outcome.as_str(),
        release: record
            .release
            .as_ref()
            .map(|release| ReleaseV1 { sha: release.to_string(), digests: digests.collect() }),
        plan_digest: record.plan_digest.as_ref().map(ToString::to_string),
        gates: record
            .gates
            .iter()
            .map(|gate| GateV1 {
                name: gate.name,
                verdict: gate.verdict.as_str(),
                reason: gate.reason.clone(),
                hint: gate.hint.clone(),
            })
            .collect(),
        commits: record.commits.as_ref().map(Into::into),
        components: record.components.iter().map(Into::into).collect(),
        steps: record
            .steps
            .iter()
            .map(|step| StepV1 { name: step.name.clone(), seconds: step.seconds, result: step.result })
            .collect(),
        left_behind: if outcome.is_success() { Vec::new() } else { record.left_behind() },
        warnings: record.warnings.clone(),
        reason: failure.map(|failure| failure.reason.clone()),
        causes: failure.map(|failure| failure.causes.clone()),
        hints: failure.map(|failure| failure.hints.clone()),
        problems,
    };
    to_text(&document)
}

#[derive(Debug, Serialize)]
struct StatusV1 {
    schema: &'static str,
    command: &'static str,
    environments: Vec<EnvironmentV1>,
}

#[derive(Debug, Serialize)]
struct EnvironmentV1 {
    name: String,
    components: Vec<ComponentStatusV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hints: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct ComponentStatusV1 {
    name: String,
    kind: &'static str,
    current: Option<CurrentV1>,
    desired: Option<i32>,
    running: Option<i32>,
    last_outcome: Option<String>,
    /// `null`: it could not be looked at.
    holds: Option<Vec<HoldV1>>,
    drift: Option<HandChangeV1>,
    /// `null`: unknown, diverged, or there is no source.
    behind: Option<usize>,
    behind_of: Option<String>,
    remarks: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hints: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct HandChangeV1 {
    last: Option<String>,
}

#[derive(Debug, Serialize)]
struct CurrentV1 {
    sha: Option<String>,
    digest: Option<String>,
    since: Option<String>,
}

/// The document of `status`.
pub fn status(environments: &[EnvironmentStatus]) -> String {
    let environments = environments.iter().map(|environment| EnvironmentV1 {
        name: environment.name.clone(),
        components: environment.components.iter().map(component_status).collect(),
        reason: environment.failure.as_ref().map(|failure| failure.reason.clone()),
        hints: environment.failure.as_ref().map(|failure| failure.hints.clone()),
    });
    to_text(&StatusV1 { schema: SCHEMA, command: "status", environments: environments.collect() })
}

fn component_status(component: &SeenComponent) -> ComponentStatusV1 {
    let SeenComponent { name, kind, seen, behind } = component;
    let failure = seen.as_ref().err();
    let seen = seen.as_ref().ok();
    let remarks = seen.into_iter().flat_map(|seen| seen.remarks.clone());
    let remarks = remarks.chain(behind.as_ref().map(Behind::described));
    ComponentStatusV1 {
        name: name.clone(),
        kind,
        current: seen.map(|seen| CurrentV1 {
            sha: seen.running_release.sha.clone(),
            digest: seen.running_release.digest.as_ref().map(ToString::to_string),
            since: seen.since.map(|since| since.to_string()),
        }),
        desired: seen.and_then(|seen| seen.desired),
        running: seen.and_then(|seen| seen.running),
        last_outcome: seen.and_then(|seen| seen.last_outcome.clone()),
        holds: seen.map(|seen| seen.holds.iter().map(|hold| HoldV1::new(name, hold)).collect()),
        drift: seen.and_then(|seen| seen.drift.as_ref()).map(|drift| HandChangeV1 { last: drift.last.clone() }),
        behind: behind.as_ref().and_then(Behind::commits),
        behind_of: behind.as_ref().map(|behind| behind.of.to_string()),
        remarks: remarks.collect(),
        reason: failure.map(|failure| failure.reason.clone()),
        hints: failure.map(|failure| failure.hints.clone()),
    }
}

#[derive(Debug, Serialize)]
struct LogsV1 {
    schema: &'static str,
    command: &'static str,
    environment: String,
    lines: Vec<LineV1>,
}

#[derive(Debug, Serialize)]
struct LineV1 {
    component: String,
    time: Option<String>,
    stream: String,
    text: String,
}

/// The document of `logs`.
pub fn logs(environment: &str, lines: &[(String, LogLine)]) -> String {
    let lines = lines.iter().map(|(component, line)| LineV1 {
        component: component.clone(),
        time: line.time.map(|time| time.to_string()),
        stream: line.stream.clone(),
        text: line.text.clone(),
    });
    to_text(&LogsV1 { schema: SCHEMA, command: "logs", environment: environment.to_owned(), lines: lines.collect() })
}

#[derive(Debug, Serialize)]
struct HistoryV1 {
    schema: &'static str,
    command: &'static str,
    environment: String,
    releases: Vec<PastReleaseV1>,
}

#[derive(Debug, Serialize)]
struct PastReleaseV1 {
    component: String,
    sha: String,
    digest: Option<String>,
    outcome: Option<String>,
    at: Option<String>,
    run: Option<String>,
    revision: String,
    restores: Option<String>,
    current: bool,
}

/// The document of `history`.
pub fn history(environment: &str, releases: &[(String, PastRelease)]) -> String {
    let releases = releases.iter().map(|(component, release)| PastReleaseV1 {
        component: component.clone(),
        sha: release.release.to_string(),
        digest: release.digest.as_ref().map(ToString::to_string),
        outcome: release.outcome.clone(),
        at: release.at.map(|at| at.to_string()),
        run: release.run.clone(),
        revision: release.place.clone(),
        restores: release.restores.clone(),
        current: release.standing != Standing::Past,
    });
    to_text(&HistoryV1 {
        schema: SCHEMA,
        command: "history",
        environment: environment.to_owned(),
        releases: releases.collect(),
    })
}

#[derive(Debug, Serialize)]
struct HoldsV1 {
    schema: &'static str,
    command: &'static str,
    environment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifted: Option<Vec<HoldV1>>,
    holds: Vec<HoldV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hints: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct HoldV1 {
    component: String,
    scope: &'static str,
    reason: String,
    at: Option<String>,
    run: Option<String>,
    left: Option<String>,
    returned: Option<String>,
}

impl HoldV1 {
    fn new(component: &str, hold: &Hold) -> Self {
        let (scope, left, returned) = match &hold.scope {
            // What cannot be read stops every release, too.
            HoldScope::All { .. } | HoldScope::Unreadable => ("all", None, None),
            HoldScope::Left { left, returned } => ("rollback", Some(left.to_string()), Some(returned.to_string())),
        };
        Self {
            component: component.to_owned(),
            scope,
            reason: hold.reason(),
            at: hold.at.map(|at| at.to_string()),
            run: hold.run.clone(),
            left,
            returned,
        }
    }
}

/// The document of `hold` and of `unhold`.
pub fn holds(change: HoldChange, environment: &str, changed: &Changed) -> String {
    let all = |of: fn(&ComponentHolds) -> &[Hold]| {
        let each = changed.components.iter();
        each.flat_map(|component| of(component).iter().map(|hold| HoldV1::new(&component.name, hold))).collect()
    };
    let failure = changed.failure.as_ref();
    to_text(&HoldsV1 {
        schema: SCHEMA,
        command: change.command(),
        environment: environment.to_owned(),
        lifted: (change == HoldChange::Lift).then(|| all(|component| &component.lifted)),
        holds: all(|component| &component.holds),
        outcome: failure.map(|failure| failure.outcome.as_str()),
        reason: failure.map(|failure| failure.reason.clone()),
        causes: failure.map(|failure| failure.causes.clone()),
        hints: failure.map(|failure| failure.hints.clone()),
    })
}

/// The document of a command that ended without its data.
pub fn failure(command: &str, environment: Option<&str>, failure: &Failure) -> String {
    let record = Record::new(command, environment.unwrap_or_default());
    report(&record, failure.outcome, Some(failure))
}

fn to_text(document: &impl Serialize) -> String {
    // Strings, numbers and lists only: there is nothing in it that could fail.
    serde_json::to_string_pretty(document).unwrap_or_default()
}
