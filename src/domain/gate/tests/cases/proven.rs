//! `proven`

use super::super::*;
use super::GateCase;
use crate::domain::names::ComponentName;
use crate::domain::promotion::{Choice, PromotableComponent, Recorded, ReleaseEvidence};

fn case(situation: &'static str, evidence: ReleaseEvidence, failures: &[(&str, &str)]) -> GateCase {
    case_of(situation, ("backend", "backend".parse().ok()), evidence, failures)
}

/// A component that ships an image, or something else.
fn case_of(
    situation: &'static str,
    (component, image): (&str, Option<ComponentName>),
    evidence: ReleaseEvidence,
    failures: &[(&str, &str)],
) -> GateCase {
    let proof = SourceProof {
        source: "stage".parse().unwrap(),
        choice: Choice {
            release: sha('a'),
            components: vec![PromotableComponent {
                component: component.parse().unwrap(),
                image,
                digest: format!("sha256:{}", "a".repeat(64)).parse().unwrap(),
                evidence,
            }],
        },
        failures: failures.iter().map(|(component, why)| (component.parse().unwrap(), (*why).to_owned())).collect(),
    };
    GateCase::new(GateName::Proven, ChangeCommand::Promote, situation)
        .evidence(|evidence| evidence.proof = Fact::Is(proof))
}

pub(super) fn cases() -> Vec<GateCase> {
    let recorded = ReleaseEvidence::Recorded(Recorded {
        digest: format!("sha256:{}", "a".repeat(64)).parse().unwrap(),
        revision: "backend:7".into(),
        at: Some("2026-11-21T04:00:00Z".parse().unwrap()),
    });
    vec![
        case("stage runs it, every task, and its probes pass", ReleaseEvidence::Runs, &[])
            .satisfied("every task of stage runs it, and its probes pass"),
        case("stage runs something else by now, and its ledger records the success", recorded, &[]).satisfied(
            "by the ledger alone: the tags of stage record its success: backend in backend:7 at 2026-11-21T04:00:00Z",
        ),
        case_of(
            "stage serves a site, its pages were proven, and its probes pass",
            ("site", None),
            ReleaseEvidence::Runs,
            &[],
        )
        .satisfied("the pages of stage came as they are in it, no file was changed since, and its probes pass"),
        case("a probe of stage fails", ReleaseEvidence::Runs, &[("backend", "/health answered 503")]).unsatisfied(
            "stage has not proven it: backend: /health answered 503",
            "wait until stage is sound, name a release that succeeded there with --release (`shipgate history stage` \
             lists them), or pick a component with --component",
        ),
    ]
}
