//! The document of `gates`.

use serde::Serialize;

use super::cause::FailureV1;
use super::outcome::GateV1;
use super::text::{SCHEMA, to_text};
use crate::domain::gate::Approval;
use crate::domain::outcome::Outcome;
use crate::domain::view::gates::AskedGates;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct GatesV1 {
    /// The name of this form of documents.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// The command.
    #[cfg_attr(test, schemars(extend("const" = "gates")))]
    command: &'static str,
    /// The environment, by its name in `shipgate.toml`.
    environment: String,
    /// `planned`: all let it through. `refused`: one does not.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::outcomes())))]
    outcome: &'static str,
    /// The environments on the way there, the last one being `environment`.
    environments: Vec<AskedV1>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct AskedV1 {
    /// The environment.
    name: String,
    /// The environment that it is promoted from. `null`: it is deployed to.
    promotes_from: Option<String>,
    /// The commit. `null`: there is no release.
    release: Option<String>,
    /// What each gate decided.
    gates: Vec<GateV1>,
    /// `none`: no approval is asked for. `null`: nothing is configured.
    approval: Option<&'static str>,
    /// What people check by hand before they approve, as the configuration lists it.
    checklist: Vec<String>,
    #[serde(flatten)]
    failure: Option<FailureV1>,
}

impl From<&AskedGates> for AskedV1 {
    fn from(asked: &AskedGates) -> Self {
        let policy = asked.policy.as_ref();
        Self {
            name: asked.environment.to_string(),
            promotes_from: asked.source.as_ref().map(ToString::to_string),
            release: asked.release.as_ref().map(ToString::to_string),
            gates: asked.gates.iter().map(Into::into).collect(),
            approval: policy.and_then(|policy| policy.approval.as_ref()).map(Approval::as_str),
            checklist: policy.map(|policy| policy.checklist.clone()).unwrap_or_default(),
            failure: asked.failure.as_ref().map(Into::into),
        }
    }
}

/// The document.
pub(super) fn gates(environment: &str, asked: &[AskedGates]) -> String {
    let outcome = Outcome::worst(asked.iter().map(AskedGates::outcome)).unwrap_or(Outcome::Planned);
    to_text(&GatesV1 {
        schema: SCHEMA,
        command: "gates",
        environment: environment.to_owned(),
        outcome: outcome.as_str(),
        environments: asked.iter().map(Into::into).collect(),
    })
}
