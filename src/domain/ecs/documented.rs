//! What `docs/iam/README.md` says of the rights on stage is true of the documents that `shipgate iam` prints.

use super::iam::{LogGroup, PolicySubject};
use crate::domain::iam::jobs::{ChangedIn, JobContext, RoleEnvironment, jobs};
use crate::domain::iam::policy::{PolicyScope, statements};
use crate::domain::iam::rights::{ResourceScope, Statement};
use crate::domain::role::RolePurpose;

const PAGE: &str = include_str!("../../../docs/iam/README.md");
const HEADING: &str = "## What a right on stage decides on production";

/// The cells of the table's rows.
fn rows() -> Vec<Vec<&'static str>> {
    let (_, section) = PAGE.split_once(HEADING).unwrap();
    let lines = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

fn in_code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Stage, with everything that gives a statement.
fn stage() -> PolicyScope {
    let service = PolicySubject {
        cluster: "stage-cluster".parse().unwrap(),
        service: "stage-backend".parse().unwrap(),
        families: vec!["stage-backend".to_owned()],
        roles: vec!["arn:aws:iam::123456789012:role/stage-task".to_owned()],
        log_groups: vec![LogGroup { name: "/ecs/stage".to_owned(), region: None }],
        pre_deploy: true,
        alarms: vec!["stage-5xx".to_owned()],
    };
    let place = ResourceScope { account: "123456789012".parse().unwrap(), region: "us-east-1".parse().unwrap() };
    let needs = service.needs(&place);
    PolicyScope { place, repositories: vec![("stage-shop".parse().unwrap(), true)], needs, is_source: true }
}

fn is_statement(word: &&str) -> bool {
    word.starts_with(char::is_uppercase) && word.chars().all(char::is_alphabetic)
}

#[test]
fn every_right_of_the_table_is_one_of_the_role() {
    let all = statements(&stage(), RolePurpose::Change);
    let mut named = Vec::new();
    for row in rows() {
        let words = in_code(row[0]);
        let sids: Vec<&str> = words.iter().copied().filter(is_statement).collect();
        let found: Vec<&Statement> = all.iter().filter(|statement| sids.contains(&statement.rights.sid)).collect();
        assert_eq!(found.len(), sids.len(), "{row:?}");
        for action in words.iter().filter(|word| word.contains(':') && !word.contains(": ")) {
            assert!(found.iter().any(|statement| statement.rights.actions.contains(action)), "{action}: {row:?}");
        }
        // What is said to be allowed everywhere is, and nothing else.
        let everywhere = words.contains(&"*");
        assert!(found.iter().all(|statement| (statement.resources == ["*"]) == everywhere), "{row:?}");
        named.extend(sids);
    }
    // What changes something is in the table; what only reads is not, but for what reads everything.
    let reads = [
        "RegistryLogin",
        "ReadImages",
        "ReadServices",
        "ReadTasks",
        "ListTasks",
        "ReadLogs",
        "ReadAlarms",
        "CreateRepositories",
    ];
    let missing: Vec<_> =
        all.iter().filter(|it| !named.contains(&it.rights.sid) && !reads.contains(&it.rights.sid)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Finding 12 of the adversary's report, as the table says it.
#[test]
fn a_pull_request_may_read_every_task_definition() {
    let environment = RoleEnvironment {
        name: "stage".to_owned(),
        changed_in: None,
        has_read_role: true,
        promoted_by: vec![("production".to_owned(), ChangedIn::GithubEnvironment)],
    };
    let lets_in_pulls = |access| {
        jobs(&environment, access, "main", true).iter().any(|admission| admission.job == JobContext::PullRequest)
    };
    assert!(lets_in_pulls(RolePurpose::Read) && !lets_in_pulls(RolePurpose::Change));
    let read = statements(&stage(), RolePurpose::Read);
    let definitions = read.iter().find(|statement| statement.rights.sid == "ReadDefinitions").unwrap();
    assert_eq!(definitions.resources, ["*"]);
    let row = rows().into_iter().find(|row| row[0].contains("`ReadDefinitions`")).unwrap();
    assert!(row[1].contains("every pull request") && row[3].contains("an account for each environment"), "{row:?}");
}

/// Production is promoted to: stage's rights include none of its own.
#[test]
fn no_statement_of_stage_names_anything_of_production() {
    for statement in statements(&stage(), RolePurpose::Change) {
        let foreign = statement.resources.iter().find(|arn| *arn != "*" && !arn.contains("stage"));
        assert_eq!(foreign, None, "{}", statement.rights.sid);
    }
}
