//! What is: `status` and `logs`.

use serde::Serialize;

use super::cause::FailureV1;
use super::record::HoldV1;
use super::text::{SCHEMA, to_text};
use crate::domain::behind::Behind;
use crate::domain::hold::HoldScope;
use crate::domain::view::logs::LogEntry;
use crate::domain::view::status::{
    ChangedFile, ComponentHandChange, EnvironmentStatus, LastRelease, SeenComponent, SeenHold,
};

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct StatusV1 {
    /// The name of this form of documents.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// The command.
    #[cfg_attr(test, schemars(extend("const" = "status")))]
    command: &'static str,
    /// The environments that were asked for.
    environments: Vec<StatusEnvironmentV1>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "EnvironmentStatusV1"))]
struct StatusEnvironmentV1 {
    /// The environment.
    name: String,
    /// Its components.
    components: Vec<ComponentStatusV1>,
    #[serde(flatten)]
    failure: Option<FailureV1>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ComponentStatusV1 {
    /// The component.
    name: String,
    /// Its kind: `ecs`, `static-site`, `amplify`.
    kind: &'static str,
    /// `null`: its kind has none, or it is not readable. So for the next two.
    cluster: Option<String>,
    /// The ECS service.
    service: Option<String>,
    /// What it is meant to run: `backend:7`.
    revision: Option<String>,
    /// What it is meant to run. `null`: it could not be read.
    current: Option<CurrentV1>,
    /// How many tasks should run.
    desired: Option<i32>,
    /// How many tasks run.
    running: Option<i32>,
    /// How the last release ended. `null`: there is none, or its outcome is not written.
    last_outcome: Option<String>,
    /// The release that `last_outcome` is of. `null`: there is none, or what the ledger says is not believed.
    last_release: Option<LastReleaseV1>,
    /// `null`: not readable.
    holds: Option<Vec<HoldV1>>,
    /// Those of `holds` that rollbacks put on it. `null`: not readable.
    barred: Option<Vec<BarV1>>,
    /// What somebody changed by hand since. `null`: nothing.
    drift: Option<HandChangeV1>,
    /// `null`: unknown, ahead, diverged, or there is no source.
    behind: Option<usize>,
    /// The environment that `behind` compares with. `null`: it is deployed to.
    behind_of: Option<String>,
    /// What else has to be known, as texts.
    remarks: Vec<String>,
    #[serde(flatten)]
    failure: Option<FailureV1>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct HandChangeV1 {
    /// The revision that the last release left. `null`: it is not known.
    last: Option<String>,
    /// Files of the release that were changed by hand, 5 at most. Absent: its kind has no files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<ChangedFileV1>,
    /// How many there are in all. Absent: its kind has no files.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_count: Option<usize>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ChangedFileV1 {
    /// The file, as a path in the site.
    path: String,
    /// `changed`, `headers` or `deleted`.
    change: &'static str,
}

impl HandChangeV1 {
    fn new(drift: &ComponentHandChange) -> Self {
        let file = |file: &ChangedFile| ChangedFileV1 { path: file.path.clone(), change: file.what };
        Self {
            last: drift.last.as_ref().map(ToString::to_string),
            files: drift.files.iter().take(ChangedFile::NAMED).map(file).collect(),
            file_count: (!drift.files.is_empty()).then_some(drift.files.len()),
        }
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LastReleaseV1 {
    /// The commit, or a build of a changed tree. `null`: the baseline, which has no commit.
    sha: Option<String>,
    /// Whether it is what ran before the first release. Absent: no.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    baseline: bool,
    /// How it ended. `null`: that is not written.
    outcome: Option<String>,
    /// When it ended; without an outcome, when it began.
    at: Option<String>,
    /// Who started the run. `null`: it is not known.
    by: Option<String>,
    /// The run, `OWNER/NAME/ID/ATTEMPT`, or `local`. `null`: it is not known.
    run: Option<String>,
    /// The page of the run.
    url: Option<String>,
    /// Whether the component is meant to run it.
    current: bool,
}

impl LastReleaseV1 {
    fn new(last: &LastRelease) -> Self {
        Self {
            sha: last.release.sha().map(|_| last.release.to_string()),
            baseline: last.release.is_baseline(),
            outcome: last.outcome.clone(),
            at: last.at.map(|at| at.to_string()),
            by: last.by.clone(),
            run: last.run.clone(),
            url: last.url.clone(),
            current: last.is_live,
        }
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct BarV1 {
    /// The commit that was left.
    left: String,
    /// `null`: the baseline, which has no commit.
    returned: Option<String>,
    /// When the rollback left it. `null`: it is not known.
    at: Option<String>,
    /// The run of the rollback; on a laptop the person. `null`: it is not known.
    run: Option<String>,
    /// Whether a newer release has passed it, and runs. `null`: this clone does not know.
    passed: Option<bool>,
}

impl BarV1 {
    fn new(seen: &SeenHold) -> Option<Self> {
        let HoldScope::Left { left, returned } = &seen.hold.scope else { return None };
        Some(Self {
            left: left.to_string(),
            returned: returned.as_ref().map(ToString::to_string),
            at: seen.hold.at.map(|at| at.to_string()),
            run: seen.hold.run.clone(),
            passed: seen.passed,
        })
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct CurrentV1 {
    /// The commit. `null`: it is not known, or the baseline, which has none.
    sha: Option<String>,
    /// The digest of the artifact. `null`: it is not known.
    digest: Option<String>,
    /// Whether it is what ran before the first release. Absent: no, or that is not known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    baseline: bool,
    /// The revision that a rollback restored of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    restores: Option<String>,
    /// Since when. `null`: it is not known.
    since: Option<String>,
}

/// The document of `status`.
pub fn status(environments: &[EnvironmentStatus]) -> String {
    let environments = environments.iter().map(|environment| StatusEnvironmentV1 {
        name: environment.name.clone(),
        components: environment.components.iter().map(component_status).collect(),
        failure: environment.failure.as_ref().map(FailureV1::from),
    });
    to_text(&StatusV1 { schema: SCHEMA, command: "status", environments: environments.collect() })
}

fn component_status(component: &SeenComponent) -> ComponentStatusV1 {
    let SeenComponent { name, kind, seen, behind, .. } = component;
    let failure = seen.as_ref().err();
    let seen = seen.as_ref().ok();
    let place = seen.map(|seen| seen.whereabouts.clone()).unwrap_or_default();
    let last = seen.and_then(|seen| seen.last.as_ref());
    ComponentStatusV1 {
        name: name.clone(),
        kind,
        cluster: place.cluster,
        service: place.service,
        revision: place.revision,
        current: seen.map(|seen| CurrentV1 {
            sha: seen.running_release.sha.clone(),
            digest: seen.running_release.digest.as_ref().map(ToString::to_string),
            baseline: seen.running_release.baseline.is_some(),
            restores: seen.running_release.baseline.clone(),
            since: seen.since.map(|since| since.to_string()),
        }),
        desired: place.desired,
        running: place.running,
        last_outcome: last.and_then(|last| last.outcome.clone()),
        last_release: last.map(LastReleaseV1::new),
        holds: seen.map(|seen| seen.holds.iter().map(|seen| HoldV1::new(name, &seen.hold)).collect()),
        barred: seen.map(|seen| seen.holds.iter().filter_map(BarV1::new).collect()),
        drift: seen.and_then(|seen| seen.drift.as_ref()).map(HandChangeV1::new),
        behind: behind.as_ref().and_then(Behind::commits),
        behind_of: behind.as_ref().map(|behind| behind.of.to_string()),
        remarks: component.remarks(),
        failure: failure.map(FailureV1::from),
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct LogsV1 {
    /// The name of this form of documents.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// The command.
    #[cfg_attr(test, schemars(extend("const" = "logs")))]
    command: &'static str,
    /// The environment, by its name in `shipgate.toml`.
    environment: String,
    /// The lines, the oldest first.
    lines: Vec<LineV1>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LineV1 {
    /// The component.
    component: String,
    /// When it was written. `null`: it is not known.
    time: Option<String>,
    /// The log stream, which names the task.
    stream: String,
    /// The line.
    text: String,
}

/// The document of `logs`.
pub fn logs(environment: &str, lines: &[LogEntry]) -> String {
    let lines = lines.iter().map(|line| LineV1 {
        component: line.component.clone(),
        time: line.time.map(|time| time.to_string()),
        stream: line.stream.clone(),
        text: line.text.clone(),
    });
    to_text(&LogsV1 { schema: SCHEMA, command: "logs", environment: environment.to_owned(), lines: lines.collect() })
}
