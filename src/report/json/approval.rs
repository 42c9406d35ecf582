//! The document of `approve`.

use serde::Serialize;

use super::text::{SCHEMA, to_text};
use crate::domain::outcome::Outcome;
use crate::domain::plan::PlannedChange;
use crate::domain::view::approval::CountedApproval;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ApprovalV1 {
    /// The name of this form of documents.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// The command.
    #[cfg_attr(test, schemars(extend("const" = "approve")))]
    command: &'static str,
    /// The environment, by its name in `shipgate.toml`.
    environment: String,
    /// `planned`: this run is an approval.
    #[cfg_attr(test, schemars(extend("const" = "planned")))]
    outcome: &'static str,
    /// The number of the run that planned.
    plan_run: u64,
    /// What names the plan.
    plan_digest: String,
    /// Whether enough people have approved.
    complete: bool,
    /// Who has approved, by login.
    approvers: Vec<String>,
    /// How many people have to approve.
    quorum: usize,
    /// The command that the plan is of.
    planned: PlannedV1,
}

/// The command that the plan is of.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PlannedV1 {
    /// The command.
    command: &'static str,
    /// `null`: it takes holds off.
    release: Option<String>,
    /// The components that `--component` named. Empty: all.
    components: Vec<String>,
    /// The gates that are overridden.
    overrides: Vec<ApprovalOverrideV1>,
    /// Why holds are taken off.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A gate that is overridden.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "OverrideV1"))]
struct ApprovalOverrideV1 {
    /// The gate.
    gate: String,
    /// Why the command goes on although it refuses.
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
