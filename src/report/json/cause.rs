//! Causes, beside their texts.

use serde::Serialize;

use crate::domain::failure::{Cause, Failure};

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CauseV1 {
    /// Where the reason is: what is configured, created or held, and whatever is none of the following (`environment`);
    /// a
    /// service that does not answer, or not now (`dependency`); the build of an image (`build`); the rollout, as ECS
    /// reports it (`deployment`); the released program itself (`application`); a permission that is missing
    /// (`permission`).
    #[cfg_attr(test, schemars(extend("enum" = super::schema::kinds_of_causes())))]
    kind: &'static str,
    /// The code of AWS, of ECS or of the registry; `exit-3` for the exit code of a container, `http-503` for a status
    /// without a code.
    code: Option<String>,
    /// The text, as `causes` has it.
    text: String,
    /// What to do about this cause.
    hint: Option<String>,
}

/// Why something could not be had.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FailureV1 {
    /// Why it could not be read. Absent: it could.
    reason: String,
    /// What led to it, as texts. Absent: it could be read.
    causes: Vec<String>,
    /// An entry for each of `causes`, in the same order.
    cause_details: Vec<CauseV1>,
    /// What to do about it.
    hints: Vec<String>,
}

impl From<&Cause> for CauseV1 {
    fn from(cause: &Cause) -> Self {
        Self { kind: cause.kind.as_str(), code: cause.code.clone(), text: cause.text.clone(), hint: cause.hint.clone() }
    }
}

/// What `causes` holds.
pub(super) fn texts(causes: &[Cause]) -> Vec<String> {
    causes.iter().map(|cause| cause.text.clone()).collect()
}

/// What `cause_details` holds: an entry for each of `causes`, in the same order.
pub(super) fn details(causes: &[Cause]) -> Vec<CauseV1> {
    causes.iter().map(CauseV1::from).collect()
}

impl From<&Failure> for FailureV1 {
    fn from(failure: &Failure) -> Self {
        Self {
            reason: failure.reason.clone(),
            causes: texts(&failure.causes),
            cause_details: details(&failure.causes),
            hints: failure.hints.clone(),
        }
    }
}
