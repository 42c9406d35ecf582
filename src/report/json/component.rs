//! A component of a run: what it ran, runs and is to run, and how it ended.

use serde::Serialize;

use super::cause::{self, CauseV1};
use super::proof::{ProbeV1, count};
use crate::domain::outcome::Outcome;
use crate::domain::plan::{MissingVariable, PlanChange};
use crate::domain::step::StepSubject;
use crate::domain::view::plan::Running;
use crate::report::record::{ComponentRecord, Record, StepRecord};

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ComponentV1 {
    /// The component.
    name: String,
    /// Its kind: `ecs`, `static-site`, `amplify`.
    kind: &'static str,
    /// How it ended for this component. `skipped`: its turn did not come.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::outcomes_of_components())))]
    outcome: &'static str,
    /// Whether anything that serves was changed.
    changed: bool,
    /// Whether the plan, carried out, changes anything. Absent: it is no plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_change: Option<bool>,
    /// The ECS cluster. `null`: its kind has none.
    cluster: Option<String>,
    /// The ECS service. `null`: its kind has none.
    service: Option<String>,
    /// The revision that it ran before.
    previous_revision: Option<String>,
    /// The revision of the release. `null`: it is not known, or not made yet.
    revision: Option<String>,
    /// How many tasks should run and do: as they were read back after the change, else before it.
    desired: Option<i64>,
    /// How many tasks run the release. `null`: its kind has none, or they were not read.
    running: Option<i64>,
    /// How its probes were answered last.
    probes: Vec<ProbeV1>,
    /// The id of the deployment that the run made or found, and followed.
    deployment: Option<String>,
    /// What it ran before. `null`: nothing, or that is not known.
    previous: Option<RunningV1>,
    /// What it runs now. `null`: that is not known.
    current: Option<RunningV1>,
    /// What it runs once the plan is carried out. What is not built yet has no digest.
    planned: Option<RunningV1>,
    /// Why it failed, as texts.
    causes: Vec<String>,
    /// An entry for each of `causes`, in the same order.
    cause_details: Vec<CauseV1>,
    /// What differs between what runs and what the plan asks for.
    changes: Vec<ChangeV1>,
    /// What somebody changed by hand since the last release. `null`: nothing.
    drift: Option<DriftV1>,
    /// Variables that the source of a promotion has and this environment does not.
    missing_variables: Vec<MissingVariableV1>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct MissingVariableV1 {
    /// The container of the task definition.
    container: String,
    /// The variable.
    name: String,
    /// `variable` or `secret`.
    kind: &'static str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct DriftV1 {
    /// The revision that the last release left.
    last: String,
    /// The differences from it.
    changes: Vec<ChangeV1>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RunningV1 {
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
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ChangeV1 {
    /// What differs, as a path in the task definition or in the site.
    path: String,
    /// The value before. `null`: there was none, or it is not shown.
    from: Option<String>,
    /// The value after. `null`: there is none, or it is not shown.
    to: Option<String>,
}

impl From<&Running> for RunningV1 {
    fn from(running: &Running) -> Self {
        Self {
            sha: running.sha.clone(),
            digest: running.digest.as_ref().map(ToString::to_string),
            baseline: running.baseline.is_some(),
            restores: running.baseline.clone(),
        }
    }
}

impl From<&PlanChange> for ChangeV1 {
    fn from(change: &PlanChange) -> Self {
        Self { path: change.path.clone(), from: change.from.clone(), to: change.to.clone() }
    }
}

impl ComponentV1 {
    /// The component of a run.
    pub fn new(component: &ComponentRecord, record: &Record) -> Self {
        let proof = record.proofs.get(&StepSubject::Component(component.name.clone()));
        let place = &component.whereabouts;
        let (desired, running) = match proof.and_then(|proof| proof.tasks.as_ref()) {
            Some(tasks) => (tasks.desired.map(count), Some(count(tasks.running))),
            None => (place.desired.map(i64::from), place.running.map(i64::from)),
        };
        Self {
            name: component.name.to_string(),
            kind: component.kind,
            outcome: component.outcome.map_or("skipped", Outcome::as_str),
            changed: component.changed,
            would_change: record.is_plan.then(|| {
                let of_it = |step: &StepRecord| step.step.component() == Some(&component.name);
                record.steps.iter().any(|step| of_it(step) && step.step.verb.changes())
            }),
            cluster: place.cluster.clone(),
            service: place.service.clone(),
            previous_revision: place.revision.clone(),
            revision: component.revision.clone(),
            desired,
            running,
            probes: proof.map(ProbeV1::all).unwrap_or_default(),
            deployment: component.deployment.as_ref().map(ToString::to_string),
            previous: component.previous.as_ref().map(Into::into),
            current: component.current.as_ref().map(Into::into),
            planned: component.planned.as_ref().map(Into::into),
            causes: cause::texts(&component.causes),
            cause_details: cause::details(&component.causes),
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
