//! Every outcome and every command, as users and their programs read it: see [`golden`](crate::golden).

mod deploy;
mod output;
mod promote;
mod reading;
mod refusals;
mod rollback;

use std::collections::BTreeSet;

pub use self::promote::staged as proven;
use crate::golden::{Case, FORMS, Form, assert_files, difference};
use crate::scripted::{ACCOUNT, Shop, all_at_once, config};

/// The cases of which the page is kept. [`crate::page`] shows them in a browser.
pub const PAGES: [&str; 36] = [
    "check-failed",
    "check-passed",
    "check-with-plans",
    "deploy-broken",
    "deploy-deployed",
    "deploy-failed",
    "deploy-failed-before-traffic",
    "deploy-invalid",
    "deploy-planned",
    "deploy-planned-after-a-change-by-hand",
    "deploy-planned-with-cautions",
    "deploy-refused",
    "deploy-rolled-back",
    "deploy-timed-out",
    "deploy-two-components-broken",
    "deploy-two-components-deployed",
    "deploy-unchanged",
    "deploy-unproven",
    "history",
    "history-empty",
    "promote-deployed",
    "promote-planned",
    "promote-planned-commits-and-missing-variables",
    "promote-planned-nothing-proven",
    "promote-planned-with-probes",
    "promote-refused-older",
    "promote-unchanged",
    "rollback-deployed",
    "rollback-planned",
    "rollback-planned-baseline",
    "status",
    "status-failed",
    "unhold-planned",
    "whoami",
    "whoami-refused",
    "whoami-roles",
];

const GROUPS: [&[Case]; 5] = [deploy::CASES, promote::CASES, rollback::CASES, reading::CASES, refusals::CASES];

/// Runs all cases in both forms, each in a world of its own, and shows everything that is different.
fn assert_same(cases: &[Case]) {
    let different = std::sync::Mutex::new(Vec::new());
    for (form, _) in FORMS {
        // One form after the other: each run is a process of its own.
        all_at_once(cases.iter().filter(|(name, _)| form.has(name)), |(name, run)| {
            let found = difference(&form.file(name), &run(form));
            different.lock().unwrap().extend(found);
        });
    }
    let different = different.into_inner().unwrap();
    assert!(different.is_empty(), "run `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`\n{}", different.join("\n"));
}

#[test]
fn golden_deploy() {
    assert_same(deploy::CASES);
}

#[test]
fn golden_promote() {
    assert_same(promote::CASES);
}

#[test]
fn golden_rollback() {
    assert_same(rollback::CASES);
}

#[test]
fn golden_reading() {
    assert_same(reading::CASES);
}

#[test]
fn golden_refusals() {
    assert_same(refusals::CASES);
}

#[test]
fn golden_pages() {
    let all = || GROUPS.into_iter().flatten();
    let case = |name: &&str| all().find(|(other, _)| other == name).unwrap_or_else(|| panic!("no case is {name}"));
    let different = std::sync::Mutex::new(Vec::new());
    all_at_once(PAGES.iter().map(case), |(name, run)| {
        let found = difference(&Form::Page.file(name), &run(Form::Page));
        different.lock().unwrap().extend(found);
    });
    let different = different.into_inner().unwrap();
    assert!(different.is_empty(), "run `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`\n{}", different.join("\n"));
    assert_files("pages", &PAGES.iter().map(|name| Form::Page.file(name)).collect());
}

#[test]
fn golden_files_are_those_of_the_cases() {
    for (form, folder) in FORMS {
        let names = GROUPS.into_iter().flatten().filter(|(name, _)| form.has(name)).map(|(name, _)| form.file(name));
        let count = names.clone().count();
        let files: BTreeSet<String> = names.collect();
        assert_eq!(files.len(), count, "a name is used twice");
        assert_files(folder, &files);
    }
}

/// Every word of the contract is in a golden file.
#[test]
fn golden_files_have_every_outcome() {
    let readme = include_str!("../../README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let outcomes: Vec<&str> = rows
        .filter(|(_, rest)| rest.starts_with(|first: char| first.is_ascii_digit()))
        .map(|(outcome, _)| outcome)
        .collect();
    assert_eq!(outcomes.len(), 13, "{outcomes:?}");
    for outcome in outcomes {
        assert!(GROUPS.into_iter().flatten().any(|(name, _)| name.ends_with(&format!("-{outcome}"))), "{outcome}");
    }
}

/// Production of the shop, which promotes from stage.
fn production() -> String {
    format!(
        "[environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         [environments.production.gates]\napproval = \"none\"\n\
         [environments.production.components.backend]\nservice = \"prod-backend\"\n"
    )
}

/// A shop with stage and production; `more` goes into the component.
fn two_environments(more: &str) -> Shop {
    let shop = Shop::with_config(&format!("{}{}", config(more), production()));
    shop.aws.world(|world| world.add_service("prod-backend"));
    shop
}

/// The same, whose environments ran a number of releases and run the last of them; with their commits, oldest first.
pub fn served(count: usize) -> (Shop, Vec<String>) {
    let shop = two_environments("");
    let releases: Vec<String> = (0..count).map(|number| shop.repository.commit(&format!("Release {number}"))).collect();
    shop.aws.world(|world| {
        world.serve(0, &releases);
        world.serve(1, &releases);
    });
    (shop, releases)
}
