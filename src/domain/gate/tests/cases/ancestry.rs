//! `branch` and `forward`

use super::super::*;
use super::GateCase;

const FETCH: &str = "fetch the whole history: `fetch-depth: 0` of actions/checkout, or `git fetch --unshallow`";

fn cut<T>() -> Fact<T> {
    Fact::Unknown(Unknown::new("the history of this clone is cut off").hint(FETCH))
}

fn reach(situation: &'static str, wanted: &[&str], branches: &[(&str, Fact<bool>)]) -> GateCase {
    let branches = branches.iter();
    let branches =
        branches.map(|(name, has_commit)| BranchReach { name: (*name).to_owned(), has_commit: has_commit.clone() });
    let wanted = wanted.iter().map(|name| (*name).to_owned()).collect();
    let reach = Reach { wanted, branches: branches.collect() };
    GateCase::new(GateName::Branch, ChangeCommand::Deploy, situation)
        .evidence(|evidence| evidence.reach = Fact::Is(reach))
}

pub(super) fn branch_cases() -> Vec<GateCase> {
    let (has, lacks) = (Fact::Is(true), Fact::Is(false));
    let hotfixes = ["main", "hotfix/*"];
    let on_main = "whether aaaaaaa is on main is not known: the history of this clone is cut off";
    vec![
        reach("the commit is on the default branch", &["main"], &[("main", has.clone())])
            .satisfied("aaaaaaa is on main"),
        reach(
            "it is on a branch that a pattern allows",
            &hotfixes,
            &[("main", lacks.clone()), ("hotfix/a", has.clone())],
        )
        .satisfied("aaaaaaa is on hotfix/a"),
        reach(
            "it is on one branch, and of another that is not known",
            &hotfixes,
            &[("main", cut()), ("hotfix/a", has)],
        )
        .satisfied("aaaaaaa is on hotfix/a"),
        reach("it is on none of them", &hotfixes, &[("main", lacks.clone()), ("hotfix/a", lacks.clone())])
            .unsatisfied("aaaaaaa is not on main, hotfix/*", "merge it into main, hotfix/* first"),
        reach("there is no such branch", &["trunk"], &[])
            .unsatisfied("there is no branch trunk", "name a branch that exists in `branch` of the gates"),
        reach(
            "the clone is shallow, or the branch was pushed anew by force",
            &hotfixes,
            &[("main", cut()), ("hotfix/a", lacks)],
        )
        .unknown(on_main, FETCH),
    ]
}

fn standing(component: &str, runs: Option<char>, comparison: Fact<CommitComparison>) -> CommitRelation {
    CommitRelation { component: component.parse().unwrap(), runs: runs.map(sha), comparison }
}

fn stands(situation: &'static str, standings: Vec<CommitRelation>) -> GateCase {
    GateCase::new(GateName::Forward, ChangeCommand::Promote, situation)
        .evidence(|evidence| evidence.standings = Fact::Is(standings))
}

pub(super) fn forward_cases() -> Vec<GateCase> {
    let ahead = |component: &str| standing(component, Some('b'), Fact::Is(CommitComparison::Ahead(1)));
    let same = || standing("backend", Some('a'), Fact::Is(CommitComparison::Identical));
    let behind = || standing("backend", Some('c'), Fact::Is(CommitComparison::Behind(3)));
    let missing = || Fact::Unknown(Unknown::new("this clone has no commit ccccccc").hint(FETCH));
    let older = "aaaaaaa is 3 commits older than ccccccc, which backend runs on production";
    vec![
        stands("the commit is newer than what production runs", vec![ahead("backend")])
            .satisfied("1 commit ahead of bbbbbbb, which backend runs"),
        stands("production runs it already", vec![same()]).satisfied("backend runs it"),
        stands(
            "nothing says which release a component of production runs",
            vec![ahead("backend"), ahead("worker"), standing("site", None, Fact::unknown("-"))],
        )
        .satisfied("1 commit ahead of bbbbbbb, which backend, worker runs; no release of site is recorded"),
        stands("it is older than what one of the components runs", vec![ahead("worker"), behind()]).unsatisfied(
            older,
            "promote a newer commit, or go back with `shipgate rollback production`, which bars what it takes back",
        ),
        GateCase {
            change: change(ChangeCommand::Deploy),
            ..stands("a deploy is older than what runs", vec![behind()])
        }
        .unsatisfied(
            older,
            "deploy a newer commit, or go back with `shipgate rollback production`, which bars what it takes back",
        ),
        stands(
            "production runs a hotfix that the branch does not contain yet",
            vec![standing("backend", Some('c'), Fact::Is(CommitComparison::Diverged { ahead: 1, behind: 2 }))],
        )
        .unknown(
            "aaaaaaa lacks 2 commits of ccccccc, which backend runs on production",
            "merge ccccccc into the branch first: production has what the branch has not",
        ),
        stands(
            "the clone lacks the commit that production runs",
            vec![standing("backend", Some('c'), missing()), same()],
        )
        .unknown(
            "whether aaaaaaa contains ccccccc, which backend runs, is not known: this clone has no commit ccccccc",
            FETCH,
        ),
    ]
}
