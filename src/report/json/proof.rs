//! What proves a release.

use serde::Serialize;

use crate::domain::proof::ProbeAnswer;
use crate::domain::step::StepSubject;
use crate::report::record::ComponentProof;

/// A probe: what was asked, and what was answered.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ProbeV1 {
    /// The method of the request.
    method: String,
    /// The address without user, password and query.
    url: String,
    /// The status of the last answer. `null`: there was none.
    status: Option<u16>,
    /// The release that the answer has to name, as people read it. `null`: the probe does not ask for it.
    release: Option<String>,
    /// Whether the answer is what the probe asks for.
    passed: bool,
    /// What differs from what the probe asks for. `null`: it passed.
    difference: Option<String>,
}

impl ProbeV1 {
    /// All that were asked of a component.
    pub fn all(proof: &ComponentProof) -> Vec<Self> {
        proof.probes.iter().map(Self::new).collect()
    }

    fn new(answer: &ProbeAnswer) -> Self {
        Self {
            method: answer.method.clone(),
            url: answer.url.clone(),
            status: answer.status,
            release: answer.release.clone(),
            passed: answer.passed(),
            difference: answer.difference.clone(),
        }
    }
}

/// What proves the release on the environment that it comes from.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SourceProofV1 {
    /// The environment that is promoted from.
    environment: String,
    /// The component.
    component: String,
    /// How many tasks should run there.
    desired: Option<i64>,
    /// How many run there.
    running: Option<i64>,
    /// The digest that the tasks run.
    digest: Option<String>,
    /// How its probes were answered.
    probes: Vec<ProbeV1>,
}

impl SourceProofV1 {
    /// The proof of a component, where it is one of the source.
    pub fn of((subject, proof): (&StepSubject, &ComponentProof)) -> Option<Self> {
        let StepSubject::Source(environment, component) = subject else { return None };
        let tasks = proof.tasks.as_ref();
        Some(Self {
            environment: environment.to_string(),
            component: component.to_string(),
            desired: tasks.and_then(|tasks| tasks.desired).map(count),
            running: tasks.map(|tasks| count(tasks.running)),
            digest: tasks.and_then(|tasks| tasks.digest.as_ref()).map(ToString::to_string),
            probes: ProbeV1::all(proof),
        })
    }
}

/// A number of tasks.
pub(super) fn count(tasks: usize) -> i64 {
    i64::try_from(tasks).unwrap_or(i64::MAX)
}
