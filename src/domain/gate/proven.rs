//! `proven`: the environment that is promoted from has proven the release.

use super::judgement::{Gate, GateJudgement, GateVerdict};
use super::name::GateName;
use crate::domain::names::{ComponentName, EnvironmentName};
use crate::domain::promotion::Choice;

/// What the source says of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceProof {
    /// The source.
    pub source: EnvironmentName,
    /// The release, and what proves it, by component.
    pub choice: Choice,
    /// The components whose evidence did not hold, with the reason.
    pub failures: Vec<(ComponentName, String)>,
}

/// The source runs the release and answers as it should, or its ledger records the success.
pub(super) fn judge(proof: &SourceProof) -> GateJudgement {
    let source = &proof.source;
    if let [(component, reason), ..] = proof.failures.as_slice() {
        return not_proven(source, &[format!("{component}: {reason}")]);
    }
    let recorded = proof.choice.by_the_ledger_alone();
    if recorded.is_empty() {
        return GateJudgement::satisfied(runs(proof));
    }
    // The ledger of a site is no tags.
    let whose = if proof.choice.by_tags_alone().is_empty() {
        format!("that of {source} records")
    } else {
        format!("the tags of {source} record")
    };
    GateJudgement::satisfied(format!("by the ledger alone: {whose} its success: {}", recorded.join(", ")))
}

/// What runs, by what was looked at: the tasks of what ships an image, and of a site that what was proven is served still.
fn runs(proof: &SourceProof) -> String {
    let (source, components) = (&proof.source, &proof.choice.components);
    let has_images = components.iter().any(|chosen| chosen.image.is_some());
    let has_sites = components.iter().any(|chosen| chosen.image.is_none());
    match (has_images, has_sites) {
        (false, true) => {
            format!("the pages of {source} came as they are in it, no file was changed since, and its probes pass")
        }
        (true, true) => {
            format!("every task of {source} runs it, its pages came as they are in it, and its probes pass")
        }
        (_, false) => format!("every task of {source} runs it, and its probes pass"),
    }
}

/// The gate where there is no release that the source has proven, and so no plan.
pub fn unproven(source: &EnvironmentName, reasons: &[String]) -> Gate {
    let GateJudgement { verdict, reason, hint } = not_proven(source, reasons);
    Gate { name: GateName::Proven, verdict, reason, hint, is_configured: true, overridden: None }
}

fn not_proven(source: &EnvironmentName, reasons: &[String]) -> GateJudgement {
    GateJudgement {
        verdict: GateVerdict::Unsatisfied,
        reason: format!("{source} has not proven it: {}", reasons.join("; ")),
        hint: Some(format!(
            "wait until {source} is sound, name a release that succeeded there with --release (`shipgate history \
             {source}` lists them), or pick a component with --component"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::promotion::{PromotableComponent, Recorded, ReleaseEvidence};

    #[test]
    fn proof_says_what_it_rests_on() {
        let digest: crate::domain::image::Digest = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
        let proof = |evidence, failures: &[(ComponentName, String)]| SourceProof {
            source: "stage".parse().unwrap(),
            choice: Choice {
                release: "a".repeat(40).parse().unwrap(),
                components: vec![PromotableComponent {
                    component: "backend".parse().unwrap(),
                    image: "backend".parse().ok(),
                    digest: digest.clone(),
                    evidence,
                }],
            },
            failures: failures.to_vec(),
        };
        let runs = judge(&proof(ReleaseEvidence::Runs, &[]));
        assert_eq!(runs, GateJudgement::satisfied("every task of stage runs it, and its probes pass"));
        let at = Some("2026-11-21T04:00:00Z".parse().unwrap());
        let recorded = ReleaseEvidence::Recorded(Recorded { digest: digest.clone(), revision: "backend:7".into(), at });
        let by_ledger = "by the ledger alone: the tags of stage record its success: backend in backend:7 at \
                         2026-11-21T04:00:00Z";
        assert_eq!(judge(&proof(recorded, &[])), GateJudgement::satisfied(by_ledger));
        let of_both = |components: &[(&str, bool)], evidence: ReleaseEvidence| {
            let mut proof = proof(evidence, &[]);
            let one = proof.choice.components.remove(0);
            let chosen = |(name, has_image): &(&str, bool)| {
                let component: ComponentName = name.parse().unwrap();
                PromotableComponent { image: has_image.then(|| component.clone()), component, ..one.clone() }
            };
            proof.choice.components = components.iter().map(chosen).collect();
            judge(&proof).reason
        };
        let site = "the pages of stage came as they are in it, no file was changed since, and its probes pass";
        assert_eq!(of_both(&[("site", false)], ReleaseEvidence::Runs), site);
        let both = "every task of stage runs it, its pages came as they are in it, and its probes pass";
        assert_eq!(of_both(&[("backend", true), ("site", false)], ReleaseEvidence::Runs), both);
        let recorded = ReleaseEvidence::Recorded(Recorded { digest: digest.clone(), revision: "entry".into(), at });
        let by_ledger = of_both(&[("site", false)], recorded);
        assert!(
            by_ledger.starts_with("by the ledger alone: that of stage records its success: site in "),
            "{by_ledger}"
        );
        let failing = judge(&proof(ReleaseEvidence::Runs, &[("backend".parse().unwrap(), "why".to_owned())]));
        assert_eq!(failing.verdict, GateVerdict::Unsatisfied);
        assert_eq!(failing.reason, "stage has not proven it: backend: why");
    }
}
