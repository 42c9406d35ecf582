//! What is written down: `history`, `hold` and `unhold`.

use serde::Serialize;

use super::cause::{self, CauseV1};
use super::text::{SCHEMA, to_text};
use crate::domain::hold::{Hold, HoldScope};
use crate::domain::provenance::OverriddenGate;
use crate::domain::view::history::{Availability, PastRelease};
use crate::domain::view::holds::{ChangedHolds, ComponentHolds, HoldChange};

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct HistoryV1 {
    /// The name of this form of documents.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// The command.
    #[cfg_attr(test, schemars(extend("const" = "history")))]
    command: &'static str,
    /// The environment, by its name in `shipgate.toml`.
    environment: String,
    /// The releases, the newest first.
    releases: Vec<PastReleaseV1>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PastReleaseV1 {
    /// The component.
    component: String,
    /// `null`: the baseline, which has no commit.
    sha: Option<String>,
    /// Whether it is what ran before the first release. Absent: no.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    baseline: bool,
    /// The digest of the artifact. `null`: it is not known.
    digest: Option<String>,
    /// How it ended. `null`: none was written.
    outcome: Option<String>,
    /// When it ended; without an outcome, when it began.
    at: Option<String>,
    /// Who started the run: a login of GitHub, or on a laptop the name of the caller of AWS.
    by: Option<String>,
    /// The event of GitHub that triggered the run, or `local`.
    trigger: Option<String>,
    /// The run, `OWNER/NAME/ID/ATTEMPT`, or `local`. `null`: it is not known.
    run: Option<String>,
    /// The page of the run.
    url: Option<String>,
    /// When the run began.
    began: Option<String>,
    /// From then to the outcome.
    seconds: Option<i64>,
    /// When the commit was made.
    committed: Option<String>,
    /// The digest of the plan that was carried out.
    plan: Option<String>,
    /// Who approved the change.
    approvers: Vec<String>,
    /// The gates that were overridden.
    overrides: Vec<RecordOverrideV1>,
    /// `null`: its kind has none. So for the next.
    cluster: Option<String>,
    /// The ECS service.
    service: Option<String>,
    /// The revision of the task definition, or the place of the site.
    revision: String,
    /// The revision of the baseline that a rollback restored. `null`: it did not.
    restores: Option<String>,
    /// Whether a rollback left it afterwards.
    then_rolled_back: bool,
    /// The id of the deployment that rolled it out last.
    deployment: Option<String>,
    /// What its tags say and the revision contradicts. `null`: nothing.
    contradiction: Option<String>,
    /// Whether the component is meant to run it.
    current: bool,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "OverrideV12"))]
struct RecordOverrideV1 {
    /// The gate.
    gate: String,
    /// Why the command goes on although it refuses.
    reason: String,
}

impl RecordOverrideV1 {
    fn new(OverriddenGate { gate, reason }: &OverriddenGate) -> Self {
        Self { gate: gate.clone(), reason: reason.clone() }
    }
}

/// The document of `history`.
pub fn history(environment: &str, releases: &[(String, PastRelease)]) -> String {
    let releases = releases.iter().map(|(component, release)| PastReleaseV1 {
        component: component.clone(),
        sha: release.release.sha().map(|_| release.release.to_string()),
        baseline: release.release.is_baseline(),
        digest: release.digest.as_ref().map(ToString::to_string),
        outcome: release.outcome.clone(),
        at: release.at.map(|at| at.to_string()),
        by: release.provenance.by.clone(),
        trigger: release.provenance.trigger.clone(),
        run: release.provenance.run.clone(),
        url: release.url.clone(),
        began: release.provenance.began.map(|at| at.to_string()),
        seconds: release.seconds(),
        committed: release.provenance.committed.map(|at| at.to_string()),
        plan: release.provenance.plan.as_ref().map(ToString::to_string),
        approvers: release.provenance.approvers.clone(),
        overrides: release.provenance.overrides.iter().map(RecordOverrideV1::new).collect(),
        cluster: release.cluster.clone(),
        service: release.service.clone(),
        revision: release.place.to_string(),
        restores: release.restores.as_ref().map(ToString::to_string),
        then_rolled_back: release.was_left,
        deployment: release.deployment.as_ref().map(ToString::to_string),
        contradiction: release.contradiction.clone(),
        current: release.standing != Availability::Past,
    });
    to_text(&HistoryV1 {
        schema: SCHEMA,
        command: "history",
        environment: environment.to_owned(),
        releases: releases.collect(),
    })
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct HoldsV1 {
    /// The name of this form of documents.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// The command.
    #[cfg_attr(test, schemars(extend("enum" = ["hold", "unhold"])))]
    command: &'static str,
    /// The environment, by its name in `shipgate.toml`.
    environment: String,
    /// The holds that were lifted. Absent: it is no `unhold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    lifted: Option<Vec<HoldV1>>,
    /// The holds as they are afterwards.
    holds: Vec<HoldV1>,
    /// How it ended where not all could be changed. Absent: all could.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(extend("enum" = super::schema::outcomes())))]
    outcome: Option<&'static str>,
    /// Why not all could be changed. Absent: all could.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What led to it, as texts. Absent: it did not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    causes: Option<Vec<String>>,
    /// An entry for each of `causes`, in the same order. Absent: it did not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause_details: Option<Vec<CauseV1>>,
    /// What to do about it. Absent: it did not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    hints: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct HoldV1 {
    /// The component.
    component: String,
    /// What it stops: `all` releases, or those that a `rollback` bars.
    #[cfg_attr(test, schemars(extend("enum" = ["all", "rollback"])))]
    scope: &'static str,
    /// Why it was put.
    reason: String,
    /// When it was put. `null`: it is not known.
    at: Option<String>,
    /// The run that put it; on a laptop the person. `null`: it is not known.
    run: Option<String>,
    /// The release that was rolled back: its commits are barred. `null`: it stops all.
    left: Option<String>,
    /// `null` where something was left: the baseline, which has no commit.
    returned: Option<String>,
}

impl HoldV1 {
    pub(super) fn new(component: &str, hold: &Hold) -> Self {
        let (scope, left, returned) = match &hold.scope {
            // What cannot be read stops every release, too.
            HoldScope::All { .. } | HoldScope::Unreadable => ("all", None, None),
            HoldScope::Left { left, returned } => {
                ("rollback", Some(left.to_string()), returned.as_ref().map(ToString::to_string))
            }
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
pub fn holds(environment: &str, changed: &ChangedHolds) -> String {
    let change = changed.change;
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
        causes: failure.map(|failure| cause::texts(&failure.causes)),
        cause_details: failure.map(|failure| cause::details(&failure.causes)),
        hints: failure.map(|failure| failure.hints.clone()),
    })
}
