//! Gates at the widths of terminals.

use super::GateVerdict::{Pending, Satisfied, Unknown, Unsatisfied};
use super::*;
use crate::domain::failure::Failure;
use crate::domain::gate::{Approval, GateName, GatePolicy};
use crate::report::golden::Rendered;

fn gate(name: GateName, verdict: GateVerdict, reason: &str, hint: Option<&str>) -> Gate {
    Gate { reason: reason.to_owned(), hint: hint.map(str::to_owned), ..Gate::sample(name, verdict) }
}

fn configured(gate: Gate) -> Gate {
    Gate { is_configured: true, ..gate }
}

fn asked(environment: &str, gates: Vec<Gate>) -> AskedGates {
    AskedGates {
        environment: environment.parse().unwrap(),
        source: "stage".parse().ok(),
        release: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().ok(),
        gates,
        policy: None,
        failure: None,
    }
}

fn refusing() -> AskedGates {
    let overridden = gate(GateName::Freeze, Unsatisfied, "frozen until Monday", Some("wait"));
    let gates = vec![
        gate(GateName::Identity, Satisfied, "the role is of this environment", Some("not shown")),
        gate(
            GateName::Hold,
            Unsatisfied,
            "production is held (backend: carts fail since noon, the cause is unknown, see issue 12)",
            Some("it stops every release: `shipgate unhold production --reason …` when its reason is gone"),
        ),
        configured(gate(GateName::Proven, Satisfied, "1 of 1 tasks run it on stage", None)),
        gate(GateName::Branch, Unknown, "the clone is shallow", Some("fetch-depth: 0")),
        gate(GateName::Approved, Pending, "GitHub asks when the change is made", None),
        Gate { overridden: Some("the fix".to_owned()), ..overridden },
    ];
    let checklist = vec!["login works".to_owned()];
    let policy = GatePolicy { approval: Some(Approval::None), checklist, ..GatePolicy::default() };
    AskedGates { policy: Some(policy), ..asked("production", gates) }
}

fn passing() -> AskedGates {
    let proven = gate(GateName::Proven, Satisfied, "1 of 1 tasks run it on stage", None);
    asked("production", vec![gate(GateName::Identity, Satisfied, "it is", None), configured(proven)])
}

/// What is kept of `gates`.
pub fn cases() -> Vec<Rendered> {
    let of = |name, asked: fn() -> Vec<AskedGates>| Rendered::new(name, move |look| render(&asked(), look));
    vec![
        of("gates", || vec![refusing()]),
        of("gates-passing", || vec![passing()]),
        of("gates-way", || {
            let failed = AskedGates { failure: Some(Failure::failed("no answer")), ..asked("live", Vec::new()) };
            vec![passing(), failed]
        }),
        of("gates-deploy", || vec![AskedGates { source: None, ..passing() }]),
    ]
}

/// What refuses is what people came to read.
#[test]
fn what_refuses_is_red_and_never_dim() {
    let look = TextStyle { width: Some(80), exact: false, now: crate::report::golden::now() };
    let text = render(&[refusing()], look);
    for name in ["hold", "branch"] {
        assert!(text.contains(&format!("{} {BAD}{name}", Mark::Bad.shown())), "{text}");
    }
    assert!(!text.contains("the role is of this environment"), "{text}");
    let dim: Vec<&str> = text.lines().filter(|line| line.contains(&FAINT.to_string())).collect();
    assert_eq!(dim.iter().filter(|line| !line.contains("–") && !line.contains("shipgate gates")).count(), 0, "{dim:?}");
}

#[test]
fn what_refuses_is_counted() {
    let look = TextStyle { width: None, exact: false, now: crate::report::golden::now() };
    let count = |verdicts: &[GateVerdict]| {
        let gates: Vec<Gate> = verdicts.iter().map(|verdict| Gate::sample(GateName::Hold, *verdict)).collect();
        anstream::adapter::strip_str(&counted(&gates, look).join("\n")).to_string()
    };
    for (verdicts, expected) in [
        (&[][..], "  – no gate is evaluated"),
        (&[Satisfied], "  ✓ the only gate passes"),
        (&[Unsatisfied], "  ✗ the only gate refuses"),
        (&[Satisfied, Satisfied], "  ✓ all 2 gates pass"),
        (&[Satisfied, Unknown, Satisfied], "  ✗ 1 of 3 gates refuses"),
        (&[Unsatisfied, Unknown, Satisfied], "  ✗ 2 of 3 gates refuse"),
        (&[Satisfied, Pending], "  – 1 of 2 gates pass, 1 decided when the change is made"),
        (&[Unsatisfied, Pending], "  ✗ 1 of 2 gates refuses, 1 decided when the change is made"),
    ] {
        assert_eq!(count(verdicts), expected, "{verdicts:?}");
    }
}
