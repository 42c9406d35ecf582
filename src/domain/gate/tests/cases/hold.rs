//! `hold`

use super::super::*;
use super::GateCase;

fn case(situation: &'static str, holds: Vec<HoldEvidence>) -> GateCase {
    GateCase::new(GateName::Hold, ChangeCommand::Promote, situation)
        .evidence(|evidence| evidence.holds = Fact::Is(holds))
}

fn on(component: &str, hold: Hold) -> HoldEvidence {
    HoldEvidence { component: component.parse().unwrap(), hold, covers: Some(true) }
}

fn unknown(evidence: HoldEvidence) -> HoldEvidence {
    HoldEvidence { covers: None, ..evidence }
}

pub(super) fn cases() -> Vec<GateCase> {
    const FETCH: &str = "fetch the whole history: `fetch-depth: 0` of actions/checkout, or `git fetch --unshallow`";
    const UNHOLD: &str = "it stops every release: `shipgate unhold production --reason …` when its reason is gone";
    let of_rollback = || Hold::of_rollback(&sha('c'), Some(&sha('a')), "local", Timestamp::UNIX_EPOCH);
    let by_hand = |component: &str| on(component, held(None).hold);
    vec![
        case("there is no hold", Vec::new()).satisfied("no hold on backend of production"),
        case(
            "the hold of a rollback does not cover the commit: it is newer, or was there before",
            vec![held(Some(false))],
        )
        .satisfied("no hold on backend of production covers this commit"),
        case("somebody put a hold", vec![held(Some(true))])
            .unsatisfied("production is held (backend: no ships today)", UNHOLD),
        case("a rollback left this commit", vec![on("backend", of_rollback())]).unsatisfied(
            "this commit is barred from production (backend: rolled back from ccccccc to aaaaaaa)",
            "ship a newer commit, or `shipgate unhold production --reason …`",
        ),
        case(
            "several components are held, for several reasons",
            vec![by_hand("backend"), by_hand("worker"), on("site", of_rollback())],
        )
        .unsatisfied(
            "production is held (backend, worker: no ships today; site: rolled back from ccccccc to aaaaaaa)",
            UNHOLD,
        ),
        case("the clone does not have what the hold is about", vec![held(Some(false)), held(None)]).unknown(
            "production is held (backend: no ships today), and this clone cannot say whether that covers this commit",
            FETCH,
        ),
        case("the clone does not have what a rollback left", vec![unknown(on("backend", of_rollback()))]).unknown(
            "commits are barred from production (backend: rolled back from ccccccc to aaaaaaa), and this clone cannot \
             say whether this is one of them",
            FETCH,
        ),
        case("one hold may cover the commit, and another does", vec![held(None), held(Some(true))])
            .unsatisfied("production is held (backend: no ships today)", UNHOLD),
        case("it is held, and already runs the release: it is only verified again", vec![held(Some(true))])
            .evidence(|evidence| evidence.changes_nothing = true)
            .satisfied("backend of production is held, and nothing is to change"),
        case("a rollback left it, and it runs: it is only verified again", vec![on("backend", of_rollback())])
            .evidence(|evidence| evidence.changes_nothing = true)
            .satisfied("commits are barred from backend of production, and nothing is to change"),
    ]
}
