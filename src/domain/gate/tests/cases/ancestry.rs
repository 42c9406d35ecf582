//! `branch` and `forward`

use super::super::*;
use super::Case;

const FETCH: &str = "fetch the whole history: `fetch-depth: 0` of actions/checkout, or `git fetch --unshallow`";

fn cut<T>() -> Known<T> {
    Known::Unknown(Unknown::new("the history of this clone is cut off").hint(FETCH))
}

fn reach(situation: &'static str, wanted: &[&str], branches: &[(&str, Known<bool>)]) -> Case {
    let branches = branches.iter();
    let branches =
        branches.map(|(name, has_commit)| BranchReach { name: (*name).to_owned(), has_commit: has_commit.clone() });
    let wanted = wanted.iter().map(|name| (*name).to_owned()).collect();
    let reach = Reach { wanted, branches: branches.collect() };
    Case::new(GateName::Branch, Command::Deploy, situation).evidence(|evidence| evidence.reach = Known::Is(reach))
}

pub(super) fn branch_cases() -> Vec<Case> {
    let (has, lacks) = (Known::Is(true), Known::Is(false));
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

fn standing(component: &str, runs: Option<char>, comparison: Known<Comparison>) -> Standing {
    Standing { component: component.parse().unwrap(), runs: runs.map(sha), comparison }
}

fn stands(situation: &'static str, standings: Vec<Standing>) -> Case {
    Case::new(GateName::Forward, Command::Promote, situation)
        .evidence(|evidence| evidence.standings = Known::Is(standings))
}

pub(super) fn forward_cases() -> Vec<Case> {
    let ahead = |component: &str| standing(component, Some('b'), Known::Is(Comparison::Ahead(1)));
    let same = || standing("backend", Some('a'), Known::Is(Comparison::Identical));
    let behind = || standing("backend", Some('c'), Known::Is(Comparison::Behind(3)));
    let missing = || Known::Unknown(Unknown::new("this clone has no commit ccccccc").hint(FETCH));
    let older = "aaaaaaa is 3 commits older than ccccccc, which backend runs on production";
    vec![
        stands("the commit is newer than what production runs", vec![ahead("backend")])
            .satisfied("1 commit ahead of bbbbbbb, which backend runs"),
        stands("production runs it already", vec![same()]).satisfied("backend runs it"),
        stands(
            "nothing says which release a component of production runs",
            vec![ahead("backend"), ahead("worker"), standing("site", None, Known::unknown("-"))],
        )
        .satisfied("1 commit ahead of bbbbbbb, which backend, worker runs; no release of site is recorded"),
        stands("it is older than what one of the components runs", vec![ahead("worker"), behind()]).unsatisfied(
            older,
            "promote a newer commit, or go back with `shipgate rollback production`, which bars what it takes back",
        ),
        Case { change: change(Command::Deploy), ..stands("a deploy is older than what runs", vec![behind()]) }
            .unsatisfied(
                older,
                "deploy a newer commit, or go back with `shipgate rollback production`, which bars what it takes back",
            ),
        stands(
            "production runs a hotfix that the branch does not contain yet",
            vec![standing("backend", Some('c'), Known::Is(Comparison::Diverged { ahead: 1, behind: 2 }))],
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
