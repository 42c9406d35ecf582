//! Each gate over a table of cases; and over any evidence, that nothing is authorized that one gate does not let through.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::domain::comparison::Comparison;
use crate::domain::hold::Hold;
use crate::domain::names::EnvironmentName;
use crate::domain::release::{GitSha, ReleaseName};
use crate::domain::token::Claims;

/// A change of production.
#[derive(Debug, Clone)]
struct Change {
    command: Command,
    environment: EnvironmentName,
    release: ReleaseName,
    place: &'static str,
    policy: GatePolicy,
    overrides: Vec<Override>,
}

impl Gated for Change {
    fn subject(&self) -> Subject<'_> {
        Subject {
            command: self.command,
            environment: &self.environment,
            release: Some(&self.release),
            place: self.place,
            policy: &self.policy,
            overrides: &self.overrides,
        }
    }
}

fn change(command: Command) -> Change {
    Change {
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

fn found(change: &Change, evidence: &Evidence, name: GateName) -> Gate {
    evaluate(change, evidence).into_iter().find(|gate| gate.name == name).unwrap()
}

/// Verdict and reason of a gate; the hint has to have a text.
#[track_caller]
fn expect(gate: &Gate, verdict: Verdict, reason: &str, hint: &str) {
    assert_eq!((gate.verdict, gate.reason.as_str()), (verdict, reason));
    let given = gate.hint.clone().unwrap_or_default();
    assert!(given.contains(hint) && given.is_empty() == hint.is_empty(), "{given:?}, not {hint:?}");
}

#[test]
fn the_defaults_of_each_command() {
    let names =
        |command| evaluate(&change(command), &Evidence::sound(now())).iter().map(|gate| gate.name).collect::<Vec<_>>();
    use GateName::{Branch, Forward, Identity, Proven};
    assert_eq!(names(Command::Promote), [Identity, GateName::Hold, Proven, Branch, Forward]);
    assert_eq!(names(Command::Deploy), [Identity, GateName::Hold, Branch, Forward]);
    assert_eq!(names(Command::Rollback), [Identity]);
    assert_eq!(names(Command::Hold), [Identity]);
}

#[test]
fn what_was_not_looked_at_is_unknown_and_refuses() {
    for command in [Command::Promote, Command::Deploy, Command::Rollback, Command::Hold] {
        let change = change(command);
        let gates = evaluate(&change, &Evidence::new(now()));
        assert!(gates.iter().all(|gate| gate.verdict == Verdict::Unknown), "{gates:?}");
        assert_eq!(authorize(change.clone(), &Evidence::new(now())).unwrap_err(), gates);
        assert!(authorize(change, &Evidence::sound(now())).is_ok());
    }
}

#[test]
fn an_override_holds_for_a_gate_that_the_policy_names_and_never_for_who_is_asking() {
    let evidence = Evidence::new(now());
    let mut change = change(Command::Deploy);
    let wanted = |gate| Override { gate, reason: "the shop is down".to_owned() };
    change.overrides = GateName::ALL.into_iter().map(wanted).collect();
    let refusing = |change: &Change| evaluate(change, &evidence).iter().filter(|gate| gate.refuses()).count();
    assert_eq!(refusing(&change), 4, "none is overridable");
    change.policy.overridable = vec![GateName::Forward, GateName::Identity];
    assert_eq!(refusing(&change), 3);
    assert_eq!(found(&change, &evidence, GateName::Identity).overridden, None);
    let forward = found(&change, &evidence, GateName::Forward);
    assert_eq!((forward.verdict, forward.overridden.as_deref()), (Verdict::Unknown, Some("the shop is down")));
    assert!(forward.is_shown());
    assert_eq!(found(&change, &Evidence::sound(now()), GateName::Forward).overridden, None, "there was no need");
}

fn held(covers: Option<bool>) -> HoldEvidence {
    let hold = Hold::by_hand("no ships today", "local", Timestamp::UNIX_EPOCH).unwrap();
    HoldEvidence { component: "backend".parse().unwrap(), hold, covers }
}

#[test]
fn a_hold_that_covers_or_may_cover_refuses() {
    let hold = |holds: &[HoldEvidence], changes_nothing| {
        let evidence = Evidence { holds: Known::Is(holds.to_vec()), changes_nothing, ..Evidence::sound(now()) };
        found(&change(Command::Deploy), &evidence, GateName::Hold)
    };
    let verdict = |holds: &[HoldEvidence], changes_nothing| hold(holds, changes_nothing).verdict;
    assert_eq!(verdict(&[], false), Verdict::Satisfied);
    assert_eq!(verdict(&[held(Some(false))], false), Verdict::Satisfied);
    assert_eq!(verdict(&[held(Some(false)), held(None)], false), Verdict::Unknown);
    assert_eq!(verdict(&[held(None), held(Some(true))], false), Verdict::Unsatisfied);
    assert_eq!(verdict(&[held(Some(true))], true), Verdict::Satisfied);
    assert_eq!(hold(&[], false).reason, "no hold on backend of production");
}

#[test]
fn every_component_that_is_held_is_named_with_what_helps() {
    let of =
        |component: &str, hold: Hold| HoldEvidence { component: component.parse().unwrap(), hold, covers: Some(true) };
    let by_hand = |component: &str| of(component, held(None).hold);
    let of_rollback = Hold::of_rollback(&sha('c'), &sha('a'), "local", Timestamp::UNIX_EPOCH);
    let lift = "`shipgate unhold production --reason …`";
    for (holds, why, hint) in [
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
        let evidence = Evidence { holds: Known::Is(holds), ..Evidence::sound(now()) };
        let gate = found(&change(Command::Promote), &evidence, GateName::Hold);
        expect(&gate, Verdict::Unsatisfied, &format!("production is held ({why})"), &hint);
    }
}

#[test]
fn a_commit_has_to_be_on_an_allowed_branch() {
    let branch = |branches: &[(&str, Known<bool>)]| {
        let branches = branches
            .iter()
            .map(|(name, has_commit)| BranchReach { name: (*name).to_owned(), has_commit: has_commit.clone() });
        let reach = Reach { wanted: vec!["main".to_owned(), "hotfix/*".to_owned()], branches: branches.collect() };
        let evidence = Evidence { reach: Known::Is(reach), ..Evidence::sound(now()) };
        found(&change(Command::Deploy), &evidence, GateName::Branch)
    };
    let cut = || Known::unknown("the history of this clone is cut off");
    let on = branch(&[("main", Known::Is(false)), ("hotfix/a", Known::Is(true))]);
    expect(&on, Verdict::Satisfied, "aaaaaaa is on hotfix/a", "");
    let on = branch(&[("main", cut()), ("hotfix/a", Known::Is(true))]);
    expect(&on, Verdict::Satisfied, "aaaaaaa is on hotfix/a", "");
    let off = branch(&[("main", Known::Is(false)), ("hotfix/a", Known::Is(false))]);
    expect(&off, Verdict::Unsatisfied, "aaaaaaa is not on main, hotfix/*", "merge it into main, hotfix/* first");
    let none = branch(&[]);
    expect(&none, Verdict::Unsatisfied, "there is no branch main, hotfix/*", "name a branch that exists");
    let unknown = branch(&[("main", cut()), ("hotfix/a", Known::Is(false))]);
    let reason = "whether aaaaaaa is on main is not known: the history of this clone is cut off";
    assert_eq!((unknown.verdict, unknown.reason.as_str()), (Verdict::Unknown, reason));
}

#[test]
fn a_release_never_goes_back_unasked() {
    let standing = |component: &str, runs: Option<char>, comparison| Standing {
        component: component.parse().unwrap(),
        runs: runs.map(sha),
        comparison,
    };
    let forward = |standings: &[Standing]| {
        let evidence = Evidence { standings: Known::Is(standings.to_vec()), ..Evidence::sound(now()) };
        found(&change(Command::Promote), &evidence, GateName::Forward)
    };
    let is = |comparison| Known::Is(comparison);
    let same = standing("backend", Some('a'), is(Comparison::Identical));
    expect(&forward(std::slice::from_ref(&same)), Verdict::Satisfied, "backend runs it", "");
    let ahead = |component: &str| standing(component, Some('b'), is(Comparison::Ahead(1)));
    let both = forward(&[ahead("backend"), ahead("worker"), standing("site", None, Known::unknown("-"))]);
    let reason = "1 commit ahead of bbbbbbb, which backend, worker runs; no release of site is recorded";
    expect(&both, Verdict::Satisfied, reason, "");
    let behind = forward(&[ahead("worker"), standing("backend", Some('c'), is(Comparison::Behind(3)))]);
    let reason = "aaaaaaa is 3 commits older than ccccccc, which backend runs on production";
    expect(&behind, Verdict::Unsatisfied, reason, "`shipgate rollback production`");
    let diverged = forward(&[standing("backend", Some('c'), is(Comparison::Diverged { ahead: 1, behind: 2 }))]);
    let reason = "aaaaaaa lacks 2 commits of ccccccc, which backend runs on production";
    expect(&diverged, Verdict::Unknown, reason, "merge ccccccc into the branch first");
    let missing = forward(&[standing("backend", Some('c'), Known::unknown("this clone has no commit ccccccc")), same]);
    assert_eq!(missing.verdict, Verdict::Unknown);
    assert!(missing.reason.ends_with("is not known: this clone has no commit ccccccc"), "{}", missing.reason);
}

#[test]
fn a_release_has_to_have_run_long_enough() {
    let soak = |seen: &[(&str, Known<&str>, Option<&str>)]| {
        let time = |text: &str| format!("2026-11-22T{text}:00Z").parse::<Timestamp>().unwrap();
        let seen = seen.iter().map(|(component, since, until)| Soaked {
            component: component.parse().unwrap(),
            since: match since {
                Known::Is(since) => Known::Is(time(since)),
                Known::Unknown(unknown) => Known::Unknown(unknown.clone()),
            },
            until: until.map(time),
        });
        let mut change = change(Command::Promote);
        change.policy.soak = Some(Duration::from_secs(30 * 60));
        let evidence = Evidence { soak: Known::Is(seen.collect()), ..Evidence::sound(now()) };
        found(&change, &evidence, GateName::Soak)
    };
    expect(&soak(&[("backend", Known::Is("11:30"), None)]), Verdict::Satisfied, "it ran for 30m of 30m", "");
    let short = soak(&[("backend", Known::Is("11:31"), None), ("worker", Known::Is("10:00"), None)]);
    expect(
        &short,
        Verdict::Unsatisfied,
        "backend has run it for 29m of 30m",
        "run it again after 2026-11-22 12:01:00Z",
    );
    let gone = soak(&[("backend", Known::Is("11:00"), Some("11:10"))]);
    let reason = "backend ran it for 10m of 30m, and runs something else now";
    expect(&gone, Verdict::Unsatisfied, reason, "promote what runs there now");
    expect(&soak(&[("backend", Known::Is("11:00"), Some("11:40"))]), Verdict::Satisfied, "it ran for 40m of 30m", "");
    let future = soak(&[("backend", Known::Is("12:10"), None)]);
    expect(&future, Verdict::Unsatisfied, "backend has run it for 0s of 30m", "12:40:00Z");
    let unknown = soak(&[("backend", Known::unknown("no time is recorded"), None)]);
    let reason = "since when backend runs it is not known: no time is recorded";
    expect(&unknown, Verdict::Unknown, reason, "");
}

#[test]
fn statuses_are_green_waited_for_or_refuse() {
    let statuses = |waited: Option<u64>, states: &[(&str, StatusState)]| {
        let mut change = change(Command::Deploy);
        let names = states.iter().map(|(name, _)| (*name).to_owned()).collect();
        change.policy.statuses = Some(StatusPolicy { names, wait: Duration::from_mins(20) });
        let statuses =
            states.iter().map(|(name, state)| NamedStatus { name: (*name).to_owned(), state: state.clone() });
        let seen = StatusesEvidence { statuses: statuses.collect(), waited: waited.map(Duration::from_secs) };
        let evidence = Evidence { statuses: Known::Is(seen), ..Evidence::sound(now()) };
        found(&change, &evidence, GateName::Statuses)
    };
    let open = || ("e2e", StatusState::Open("in_progress".to_owned()));
    let red = ("lint", StatusState::Red("failure".to_owned()));
    let green = || ("ci", StatusState::Green);
    expect(&statuses(Some(0), &[green()]), Verdict::Satisfied, "ci: green", "");
    expect(&statuses(Some(9), &[green(), red, open()]), Verdict::Unsatisfied, "lint is failure", "fix what it found");
    let own = statuses(Some(9), &[green(), ("stage", StatusState::Own)]);
    expect(&own, Verdict::Unsatisfied, "stage is of this run, or shipgate's own", "other workflows");
    let waited = statuses(Some(1200), &[open(), ("scan", StatusState::Missing)]);
    expect(&waited, Verdict::Unknown, "e2e is in_progress, scan is not there after 1200s", "see why it does not end");
    let planned = statuses(None, &[open()]);
    expect(&planned, Verdict::Pending, "e2e is in_progress: waited for up to 1200s when it is carried out", "");
}

#[test]
fn the_account_and_the_tokens_claims_are_the_configured_ones() {
    let identity = |expected: Option<&str>, token: Option<Claims>, branches: Option<&[&str]>| {
        let mut change = change(Command::Promote);
        change.policy.branch =
            branches.map(|names| names.iter().map(|name| BranchPattern((*name).to_owned())).collect());
        let seen = IdentityEvidence {
            account: "123456789012".parse().unwrap(),
            expected: expected.map(|account| account.parse().unwrap()),
            caller: "arn:aws:sts::123456789012:assumed-role/production/run".to_owned(),
            token,
            repository: Some("acme/shop".to_owned()),
            default_branch: Some("main".to_owned()),
        };
        let evidence = Evidence { identity: Known::Is(seen), ..Evidence::sound(now()) };
        found(&change, &evidence, GateName::Identity)
    };
    let verdict = |claims: &[(&str, &str)], branches| identity(None, Some(token(claims)), branches).verdict;
    assert_eq!(identity(None, None, None).verdict, Verdict::Satisfied);
    assert_eq!(identity(Some("123456789012"), None, None).verdict, Verdict::Satisfied);
    let other = identity(Some("210987654321"), None, None);
    expect(&other, Verdict::Unsatisfied, "the account is 123456789012, not 210987654321", "credentials");
    let main = ("ref", "refs/heads/main");
    let hotfix = ("ref", "refs/heads/hotfix/a");
    assert_eq!(verdict(&[("repository", "acme/shop"), ("environment", "production"), main], None), Verdict::Satisfied);
    assert_eq!(verdict(&[main], None), Verdict::Satisfied, "a job without an environment");
    assert_eq!(verdict(&[("repository", "evil/shop"), main], None), Verdict::Unsatisfied);
    assert_eq!(verdict(&[("environment", "stage"), main], None), Verdict::Unsatisfied);
    assert_eq!(verdict(&[hotfix], None), Verdict::Unsatisfied);
    assert_eq!(verdict(&[hotfix], Some(&["main", "hotfix/*"])), Verdict::Satisfied);
    assert_eq!(verdict(&[("ref", "refs/tags/v1")], None), Verdict::Unsatisfied);
    assert_eq!(verdict(&[("ref", "refs/tags/main")], Some(&["main"])), Verdict::Unsatisfied);
}

/// A token with some claims.
fn token(claims: &[(&str, &str)]) -> Claims {
    Claims {
        others: Some(claims.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()),
        ..Claims::default()
    }
}

/// Evidence of which some is missing, and some speaks against the change.
fn any_evidence() -> impl Strategy<Value = (Evidence, usize)> {
    proptest::collection::vec(0u8..3, 4).prop_map(|states| {
        let sound = Evidence::sound(now());
        let mut evidence = sound.clone();
        let refusing = states.iter().filter(|state| **state != 0).count();
        let unknown = "why";
        let [identity, holds, reach, standings] = states.as_slice() else { unreachable!("there are four") };
        match identity {
            0 => {}
            1 => evidence.identity = Known::unknown(unknown),
            _ => {
                let Known::Is(seen) = &mut evidence.identity else { unreachable!("it is known") };
                seen.expected = Some("210987654321".parse().unwrap());
            }
        }
        match holds {
            0 => {}
            1 => evidence.holds = Known::unknown(unknown),
            _ => evidence.holds = Known::Is(vec![held(Some(true))]),
        }
        match reach {
            0 => {}
            1 => evidence.reach = Known::unknown(unknown),
            _ => evidence.reach = Known::Is(Reach { wanted: vec!["main".to_owned()], branches: Vec::new() }),
        }
        let standing = |comparison| {
            Known::Is(vec![Standing { component: "backend".parse().unwrap(), runs: Some(sha('b')), comparison }])
        };
        match standings {
            0 => {}
            1 => evidence.standings = standing(Known::unknown(unknown)),
            _ => evidence.standings = standing(Known::Is(Comparison::Behind(1))),
        }
        (evidence, refusing)
    })
}

proptest! {
    #[test]
    fn no_plan_is_authorized_with_an_unknown_or_unsatisfied_gate((evidence, refusing) in any_evidence()) {
        let authorized = authorize(change(Command::Deploy), &evidence);
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
        if let Known::Is(standings) = &mut worse.standings {
            standings.extend(digits.iter().map(|digit| Standing {
                component: "worker".parse().unwrap(),
                runs: Some(sha(*digit)),
                comparison: Known::Is(Comparison::Behind(1)),
            }));
        }
        if let Known::Is(seen) = &mut worse.holds {
            seen.extend(vec![held(None); holds]);
        }
        let is_worse = refusing > 0 || !digits.is_empty() || holds > 0;
        prop_assert_eq!(authorize(change(Command::Deploy), &worse).is_err(), is_worse);
    }
}
