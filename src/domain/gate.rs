//! Gates: conditions on a change, and the only way to a plan that may be applied.

use indexmap::IndexMap;

use super::hold::{Hold, HoldScope};
use super::names::{ComponentName, EnvironmentName};
use super::promotion::Choice;

/// What a gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The condition holds.
    Satisfied,
    /// It does not.
    Unsatisfied,
    /// The evidence is missing, which refuses like a no.
    Unknown,
    /// It can only be decided in the gated job.
    Pending,
    /// The gate is on by default but this version cannot evaluate it. Shown as unknown; does not refuse.
    NotBuilt,
}

impl Verdict {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Unsatisfied => "unsatisfied",
            Self::Unknown | Self::NotBuilt => "unknown",
            Self::Pending => "pending",
        }
    }

    fn refuses(self) -> bool {
        match self {
            Self::Satisfied | Self::NotBuilt => false,
            Self::Unsatisfied | Self::Unknown | Self::Pending => true,
        }
    }
}

/// A gate with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The gate's name in the configuration.
    pub name: &'static str,
    /// What it says.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// What would change that.
    pub hint: Option<String>,
}

/// A hold, and whether it stops the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldEvidence {
    /// The component that it is on.
    pub component: ComponentName,
    /// The hold.
    pub hold: Hold,
    /// Whether it covers the release. `None`: that cannot be told.
    pub covers: Option<bool>,
}

/// The gates of a deploy. `reuse`: where the configuration asks for it.
pub fn deploy_gates(hold: Gate, reuse: Option<Gate>) -> Vec<Gate> {
    [not_built("identity"), hold].into_iter().chain(reuse).chain([not_built("branch"), not_built("forward")]).collect()
}

/// The gates of a promotion.
pub fn promote_gates(hold: Gate, proven: Gate) -> Vec<Gate> {
    vec![not_built("identity"), hold, proven, not_built("branch"), not_built("forward")]
}

/// The gates of a rollback: none of those that could stand in its way.
pub fn rollback_gates() -> Vec<Gate> {
    vec![not_built("identity")]
}

/// On by default in the design, and not built yet: shown as unknown, lets through.
fn not_built(name: &'static str) -> Gate {
    Gate { name, verdict: Verdict::NotBuilt, reason: "not built yet".to_owned(), hint: None }
}

/// No hold covers the release. What already runs and is only verified passes. `place`: what was looked at, the
/// environment or some of its components.
pub fn hold(environment: &EnvironmentName, place: &str, evidence: &[HoldEvidence], changes_nothing: bool) -> Gate {
    let gate = |verdict, reason: String, hint| Gate { name: "hold", verdict, reason, hint };
    let that = |covers| evidence.iter().filter(|found| found.covers == covers && !changes_nothing).collect::<Vec<_>>();
    let covering = that(Some(true));
    if !covering.is_empty() {
        let unhold = format!("`shipgate unhold {environment} --reason …`");
        let lift = if covering.iter().all(|found| matches!(found.hold.scope, HoldScope::Left { .. })) {
            format!("ship a commit that is not held, or {unhold}")
        } else {
            format!("it stops every release: {unhold} when its reason is gone")
        };
        return gate(Verdict::Unsatisfied, format!("{environment} is held ({})", told(&covering)), Some(lift));
    }
    let unknown = that(None);
    if !unknown.is_empty() {
        let reason = format!(
            "{environment} is held ({}), and whether that covers this commit cannot be told from this clone",
            told(&unknown)
        );
        let fetch = "fetch the whole history: `fetch-depth: 0` of actions/checkout, or `git fetch --unshallow`";
        return gate(Verdict::Unknown, reason, Some(fetch.to_owned()));
    }
    let reason = match evidence {
        [] => format!("no hold on {place}"),
        _ if changes_nothing => format!("{place} is held, and nothing is to change"),
        _ => format!("no hold on {place} covers this commit"),
    };
    gate(Verdict::Satisfied, reason, None)
}

/// Why each component is held; a reason that several have stands once.
fn told(evidence: &[&HoldEvidence]) -> String {
    let mut by_reason: IndexMap<String, Vec<&str>> = IndexMap::new();
    for found in evidence {
        by_reason.entry(found.hold.reason()).or_default().push(found.component.as_str());
    }
    let each = by_reason.iter().map(|(reason, components)| format!("{}: {reason}", components.join(", ")));
    each.collect::<Vec<_>>().join("; ")
}

/// The source runs the release and answers as it should, or its ledger records the success. `failures`: components
/// whose evidence did not hold, with the reason.
pub fn proven(source: &EnvironmentName, choice: &Choice, failures: &[(ComponentName, String)]) -> Gate {
    if let [(component, reason), ..] = failures {
        return unproven(source, &[format!("{component}: {reason}")]);
    }
    let recorded = choice.by_the_ledger_alone();
    let reason = if recorded.is_empty() {
        format!("every task of {source} runs it, and its probes pass")
    } else {
        format!("by the ledger alone: the tags of {source} record its success: {}", recorded.join(", "))
    };
    Gate { name: "proven", verdict: Verdict::Satisfied, reason, hint: None }
}

/// There is no release that the source has proven.
pub fn unproven(source: &EnvironmentName, reasons: &[String]) -> Gate {
    let hint = format!(
        "wait until {source} is sound, name a release that succeeded there with --release (`shipgate history {source}` \
         lists them), or pick a component with --component"
    );
    Gate {
        name: "proven",
        verdict: Verdict::Unsatisfied,
        reason: format!("{source} has not proven it: {}", reasons.join("; ")),
        hint: Some(hint),
    }
}

/// A plan that every gate has let through. Only [`authorize`] makes one, and nothing else can be applied.
#[derive(Debug)]
pub struct Authorized<P> {
    plan: P,
}

impl<P> Authorized<P> {
    /// The plan.
    pub fn plan(&self) -> &P {
        &self.plan
    }
}

/// Lets a plan through, or returns the gates that refuse it.
///
/// # Errors
///
/// The refusing gates, in order, at least one.
pub fn authorize<P>(plan: P, gates: &[Gate]) -> Result<Authorized<P>, Vec<Gate>> {
    let refusing: Vec<Gate> = gates.iter().filter(|gate| gate.verdict.refuses()).cloned().collect();
    if refusing.is_empty() { Ok(Authorized { plan }) } else { Err(refusing) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gate(verdict: Verdict) -> Gate {
        Gate { name: "freeze", verdict, reason: String::new(), hint: None }
    }

    #[test]
    fn default_gates_that_are_not_built_are_shown_as_unknown_and_let_through() {
        let stage = "stage".parse().unwrap();
        let gates = deploy_gates(hold(&stage, "stage", &[], false), None);
        let open: Vec<&Gate> = gates.iter().filter(|gate| gate.name != "hold").collect();
        assert!(open.iter().all(|gate| gate.verdict.as_str() == "unknown" && gate.reason == "not built yet"));
        assert!(authorize((), &gates).is_ok());
    }

    fn held(covers: Option<bool>) -> HoldEvidence {
        let hold = Hold::by_hand("no ships today", "local", jiff::Timestamp::UNIX_EPOCH).unwrap();
        HoldEvidence { component: "backend".parse().unwrap(), hold, covers }
    }

    #[test]
    fn a_hold_that_covers_or_may_cover_refuses() {
        let production = "production".parse().unwrap();
        let hold = |evidence: &[HoldEvidence], changes_nothing| {
            hold(&production, "backend of production", evidence, changes_nothing)
        };
        let verdict = |evidence: &[HoldEvidence], changes_nothing| hold(evidence, changes_nothing).verdict;
        assert_eq!(verdict(&[], false), Verdict::Satisfied);
        assert_eq!(verdict(&[held(Some(false))], false), Verdict::Satisfied);
        assert_eq!(verdict(&[held(Some(false)), held(None)], false), Verdict::Unknown);
        assert_eq!(verdict(&[held(None), held(Some(true))], false), Verdict::Unsatisfied);
        assert_eq!(verdict(&[held(Some(true))], true), Verdict::Satisfied);
        assert_eq!(hold(&[], false).reason, "no hold on backend of production");
    }

    #[test]
    fn every_component_that_is_held_is_named_with_what_helps() {
        let production = "production".parse().unwrap();
        let of = |component: &str, hold: Hold| HoldEvidence {
            component: component.parse().unwrap(),
            hold,
            covers: Some(true),
        };
        let by_hand = |component: &str| of(component, held(None).hold);
        let sha = |digit: &str| digit.repeat(40).parse().unwrap();
        let of_rollback = Hold::of_rollback(&sha("c"), &sha("a"), "local", jiff::Timestamp::UNIX_EPOCH);
        let lift = "`shipgate unhold production --reason …`";
        for (evidence, why, hint) in [
            (
                vec![by_hand("backend"), by_hand("worker"), of("site", of_rollback.clone())],
                "backend, worker: no ships today; site: rolled back from ccccccc to aaaaaaa",
                format!("it stops every release: {lift} when its reason is gone"),
            ),
            (
                vec![of("backend", of_rollback)],
                "backend: rolled back from ccccccc to aaaaaaa",
                format!("ship a commit that is not held, or {lift}"),
            ),
        ] {
            let gate = hold(&production, "production", &evidence, false);
            assert_eq!((gate.reason, gate.hint), (format!("production is held ({why})"), Some(hint)));
        }
    }

    #[test]
    fn proof_says_what_it_rests_on() {
        use crate::domain::promotion::{Chosen, Evidence, Recorded};
        let stage = "stage".parse().unwrap();
        let digest: crate::domain::image::Digest = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
        let choice = |evidence| Choice {
            release: "a".repeat(40).parse().unwrap(),
            components: vec![Chosen {
                component: "backend".parse().unwrap(),
                image: "backend".parse().ok(),
                digest: digest.clone(),
                evidence,
            }],
        };
        let runs = proven(&stage, &choice(Evidence::Runs), &[]);
        assert_eq!(
            (runs.verdict, runs.reason.as_str()),
            (Verdict::Satisfied, "every task of stage runs it, and its probes pass")
        );
        let at = Some("2026-11-21T04:00:00Z".parse().unwrap());
        let recorded = Evidence::Recorded(Recorded { digest: digest.clone(), revision: "backend:7".into(), at });
        let recorded = proven(&stage, &choice(recorded), &[]);
        assert_eq!(
            recorded.reason,
            "by the ledger alone: the tags of stage record its success: backend in backend:7 at 2026-11-21T04:00:00Z"
        );
        let failing = proven(&stage, &choice(Evidence::Runs), &[("backend".parse().unwrap(), "why".to_owned())]);
        assert_eq!(failing.verdict, Verdict::Unsatisfied);
    }

    proptest! {
        #[test]
        fn one_gate_that_does_not_know_refuses_all(before in 0usize..4, after in 0usize..4) {
            for verdict in [Verdict::Unknown, Verdict::Unsatisfied, Verdict::Pending] {
                let mut gates = vec![gate(Verdict::Satisfied); before];
                gates.push(gate(verdict));
                gates.extend(vec![gate(Verdict::Satisfied); after]);
                prop_assert_eq!(authorize((), &gates).unwrap_err().len(), 1);
            }
        }
    }
}
