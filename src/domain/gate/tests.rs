//! What holds for all gates: over any evidence, nothing is authorized that one gate does not let through. What each gate
//! says in which situation is in `cases`, which the page of gates shows.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::domain::comparison::CommitComparison;
use crate::domain::hold::Hold;
use crate::domain::names::EnvironmentName;
use crate::domain::release::{GitSha, ReleaseName};
use crate::domain::token::Claims;

mod cases;
mod page;
mod workflows;

/// A change of production.
#[derive(Debug, Clone)]
struct ProductionChange {
    command: ChangeCommand,
    environment: EnvironmentName,
    release: ReleaseName,
    place: &'static str,
    policy: GatePolicy,
    overrides: Vec<GateOverride>,
}

impl Gated for ProductionChange {
    fn subject(&self) -> GateSubject<'_> {
        GateSubject {
            command: self.command,
            environment: &self.environment,
            release: Some(&self.release),
            place: self.place,
            policy: &self.policy,
            overrides: &self.overrides,
        }
    }
}

fn change(command: ChangeCommand) -> ProductionChange {
    ProductionChange {
        command,
        environment: "production".parse().unwrap(),
        release: "a".repeat(40).parse().unwrap(),
        place: "backend of production",
        policy: GatePolicy::default(),
        overrides: Vec::new(),
    }
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn sha(digit: char) -> GitSha {
    digit.to_string().repeat(40).parse().unwrap()
}

fn found(change: &ProductionChange, evidence: &GateEvidence, name: GateName) -> Gate {
    evaluate(change, evidence).into_iter().find(|gate| gate.name == name).unwrap()
}

#[test]
fn the_defaults_of_each_command() {
    use GateName::{Branch, Forward, Identity, Proven};

    let names = |command| {
        evaluate(&change(command), &GateEvidence::sound(now())).iter().map(|gate| gate.name).collect::<Vec<_>>()
    };
    assert_eq!(names(ChangeCommand::Promote), [Identity, GateName::Hold, Proven, Branch, Forward]);
    assert_eq!(names(ChangeCommand::Deploy), [Identity, GateName::Hold, Branch, Forward]);
    assert_eq!(names(ChangeCommand::Rollback), [Identity]);
    assert_eq!(names(ChangeCommand::Hold), [Identity]);
    let asking = |command| {
        let mut change = change(command);
        change.policy.approval = Some(Approval::Required { self_approval: false });
        let gates = evaluate(&change, &GateEvidence::sound(now()));
        gates.iter().filter(|gate| gate.refuses()).map(|gate| gate.name).collect::<Vec<_>>()
    };
    for command in [ChangeCommand::Promote, ChangeCommand::Restore, ChangeCommand::Unhold] {
        assert_eq!(asking(command), [GateName::Protected, GateName::Approved], "{command:?}");
    }
    for command in [ChangeCommand::Deploy, ChangeCommand::Rollback, ChangeCommand::Hold] {
        assert_eq!(asking(command), [], "one person may: {command:?}");
    }
}

#[test]
fn what_was_not_looked_at_is_unknown_and_refuses() {
    for command in [
        ChangeCommand::Promote,
        ChangeCommand::Deploy,
        ChangeCommand::Rollback,
        ChangeCommand::Restore,
        ChangeCommand::Hold,
        ChangeCommand::Unhold,
    ] {
        let change = change(command);
        let gates = evaluate(&change, &GateEvidence::new(now()));
        assert!(gates.iter().all(|gate| gate.verdict == GateVerdict::Unknown), "{gates:?}");
        assert_eq!(authorize(change.clone(), &GateEvidence::new(now())).unwrap_err(), gates);
        assert!(authorize(change, &GateEvidence::sound(now())).is_ok());
    }
}

/// What is in the list was asked: the verdict of each gate is over its own evidence, or over the clock. A gate that a
/// command does not evaluate is not in the list, so that `unknown` means one thing: its evidence is missing, which refuses.
#[test]
fn no_gate_is_listed_without_being_judged() {
    let named = |gate: GateName| Unknown::new(format!("the evidence of {gate}"));
    let evidence = GateEvidence {
        identity: Fact::Unknown(named(GateName::Identity)),
        holds: Fact::Unknown(named(GateName::Hold)),
        proof: Fact::Unknown(named(GateName::Proven)),
        soak: Fact::Unknown(named(GateName::Soak)),
        reused: Fact::Unknown(named(GateName::Reuse)),
        reach: Fact::Unknown(named(GateName::Branch)),
        standings: Fact::Unknown(named(GateName::Forward)),
        statuses: Fact::Unknown(named(GateName::Statuses)),
        protection: Fact::Unknown(named(GateName::Protected)),
        approval: Fact::Unknown(named(GateName::Approved)),
        contract: Fact::Unknown(named(GateName::Contract)),
        ..GateEvidence::new(now())
    };
    for (command, _) in page::COMMANDS {
        for policy in [GatePolicy::default(), page::everything()] {
            let change = ProductionChange { policy, ..change(command) };
            let gates = evaluate(&change, &evidence);
            let evaluated = GateName::ALL.into_iter().filter(|gate| change.policy.is_evaluated(*gate, command));
            let listed = gates.iter().map(|gate| gate.name);
            assert_eq!(listed.collect::<Vec<_>>(), evaluated.collect::<Vec<_>>(), "{command:?}");
            for gate in &gates {
                if matches!(gate.name, GateName::Freeze | GateName::Windows) {
                    assert_ne!(gate.verdict, GateVerdict::Unknown, "{gate:?}");
                } else {
                    assert_eq!((gate.verdict, &gate.reason), (GateVerdict::Unknown, &named(gate.name).reason));
                }
            }
        }
    }
}

#[test]
fn an_override_holds_for_a_gate_that_the_policy_names_and_never_for_who_is_asking() {
    let evidence = GateEvidence::new(now());
    let mut change = change(ChangeCommand::Deploy);
    let wanted = |gate| GateOverride { gate, reason: "the shop is down".to_owned() };
    change.overrides = GateName::ALL.into_iter().map(wanted).collect();
    let refusing = |change: &ProductionChange| evaluate(change, &evidence).iter().filter(|gate| gate.refuses()).count();
    assert_eq!(refusing(&change), 4, "none is overridable");
    change.policy.overridable = vec![GateName::Forward, GateName::Identity];
    assert_eq!(refusing(&change), 3);
    assert_eq!(found(&change, &evidence, GateName::Identity).overridden, None);
    let forward = found(&change, &evidence, GateName::Forward);
    assert_eq!((forward.verdict, forward.overridden.as_deref()), (GateVerdict::Unknown, Some("the shop is down")));
    assert!(forward.is_shown());
    assert_eq!(found(&change, &GateEvidence::sound(now()), GateName::Forward).overridden, None, "there was no need");
}

fn held(covers: Option<bool>) -> HoldEvidence {
    let hold = Hold::by_hand("no ships today", "local", Timestamp::UNIX_EPOCH).unwrap();
    HoldEvidence { component: "backend".parse().unwrap(), hold, covers }
}

/// Evidence of which some is missing, and some speaks against the change.
fn any_evidence() -> impl Strategy<Value = (GateEvidence, usize)> {
    proptest::collection::vec(0u8..3, 4).prop_map(|states| {
        let sound = GateEvidence::sound(now());
        let mut evidence = sound.clone();
        let refusing = states.iter().filter(|state| **state != 0).count();
        let unknown = "why";
        let [identity, holds, reach, standings] = states.as_slice() else { unreachable!("there are four") };
        match identity {
            0 => {}
            1 => evidence.identity = Fact::unknown(unknown),
            _ => {
                let Fact::Is(seen) = &mut evidence.identity else { unreachable!("it is known") };
                seen.expected = Some("210987654321".parse().unwrap());
            }
        }
        match holds {
            0 => {}
            1 => evidence.holds = Fact::unknown(unknown),
            _ => evidence.holds = Fact::Is(vec![held(Some(true))]),
        }
        match reach {
            0 => {}
            1 => evidence.reach = Fact::unknown(unknown),
            _ => evidence.reach = Fact::Is(Reach { wanted: vec!["main".to_owned()], branches: Vec::new() }),
        }
        let standing = |comparison| {
            Fact::Is(vec![CommitRelation { component: "backend".parse().unwrap(), runs: Some(sha('b')), comparison }])
        };
        match standings {
            0 => {}
            1 => evidence.standings = standing(Fact::unknown(unknown)),
            _ => evidence.standings = standing(Fact::Is(CommitComparison::Behind(1))),
        }
        (evidence, refusing)
    })
}

proptest! {
    #[test]
    fn no_plan_is_authorized_with_an_unknown_or_unsatisfied_gate((evidence, refusing) in any_evidence()) {
        let authorized = authorize(change(ChangeCommand::Deploy), &evidence);
        let refused = authorized.err().map_or(0, |gates| gates.len());
        prop_assert_eq!(refused, refusing, "every gate is evaluated, never only the first");
    }

    #[test]
    fn more_evidence_of_failure_never_authorizes(
        (evidence, refusing) in any_evidence(),
        digits in proptest::collection::vec(proptest::char::range('b', 'f'), 0..4),
        holds in 0usize..3,
    ) {
        let mut worse = evidence;
        if let Fact::Is(standings) = &mut worse.standings {
            standings.extend(digits.iter().map(|digit| CommitRelation {
                component: "worker".parse().unwrap(),
                runs: Some(sha(*digit)),
                comparison: Fact::Is(CommitComparison::Behind(1)),
            }));
        }
        if let Fact::Is(seen) = &mut worse.holds {
            seen.extend(vec![held(None); holds]);
        }
        let is_worse = refusing > 0 || !digits.is_empty() || holds > 0;
        prop_assert_eq!(authorize(change(ChangeCommand::Deploy), &worse).is_err(), is_worse);
    }
}
