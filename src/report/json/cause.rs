//! Causes, beside their texts.

use serde::Serialize;

use crate::domain::failure::Cause;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CauseV1 {
    #[cfg_attr(test, schemars(extend("enum" = super::schema::kinds_of_causes())))]
    kind: &'static str,
    code: Option<String>,
    text: String,
    hint: Option<String>,
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
