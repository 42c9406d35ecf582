//! The document of `approve`.

use serde::Serialize;

use super::text::{SCHEMA, to_text};
use crate::domain::outcome::Outcome;
use crate::domain::plan::PlannedChange;
use crate::domain::view::approval::CountedApproval;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ApprovalV1 {
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    #[cfg_attr(test, schemars(extend("const" = "approve")))]
    command: &'static str,
    environment: String,
    /// `planned`: this run is an approval.
    #[cfg_attr(test, schemars(extend("const" = "planned")))]
    outcome: &'static str,
    /// The number of the run that planned.
    plan_run: u64,
    plan_digest: String,
    /// Whether enough people have approved.
    complete: bool,
    approvers: Vec<String>,
    /// How many people have to approve.
    quorum: usize,
    planned: PlannedV1,
}

/// The command that the plan is of.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PlannedV1 {
    command: &'static str,
    /// `null`: it takes holds off.
    release: Option<String>,
    components: Vec<String>,
    overrides: Vec<ApprovalOverrideV1>,
    /// Why holds are taken off.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A gate that is overridden.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "OverrideV1"))]
struct ApprovalOverrideV1 {
    gate: String,
    reason: String,
}

/// The document.
pub(super) fn approval(counted: &CountedApproval) -> String {
    let planned = &counted.planned;
    let (release, overrides, reason) = match &planned.change {
        PlannedChange::Release { release, overrides } => (Some(release.to_string()), overrides.as_slice(), None),
        PlannedChange::Holds { reason } => (None, &[][..], Some(reason.clone())),
    };
    to_text(&ApprovalV1 {
        schema: SCHEMA,
        command: "approve",
        environment: planned.environment.to_string(),
        outcome: Outcome::Planned.as_str(),
        plan_run: counted.plan_run,
        plan_digest: counted.digest.to_string(),
        complete: counted.is_complete(),
        approvers: counted.approvers.clone(),
        quorum: counted.quorum,
        planned: PlannedV1 {
            command: planned.command,
            release,
            components: planned.components.iter().map(ToString::to_string).collect(),
            overrides: overrides
                .iter()
                .map(|(gate, reason)| ApprovalOverrideV1 { gate: gate.clone(), reason: reason.clone() })
                .collect(),
            reason,
        },
    })
}
