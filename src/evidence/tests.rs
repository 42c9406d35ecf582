//! What is asked of GitHub, and how often: against a server of the test, with a clone that knows nothing.

use std::sync::{Arc, Mutex};

use camino::Utf8Path;
use serde_json::{Value, json};

use super::*;
use crate::clients::git::Git;
use crate::clients::git_repository::Owners;
use crate::clients::github::GitHub;
use crate::clients::process::Processes;
use crate::domain::comparison::CommitComparison;
use crate::domain::gate::{BranchPattern, BranchReach, GatePolicy, Reach, StatusPolicy, StatusPoll};
use crate::domain::gate::{NamedStatus, StatusState};
use crate::domain::release::{GitSha, ReleaseName};
use crate::http_server::{Answer, serve};
use crate::observe::NoGitHub;

fn sha(digit: char) -> GitSha {
    digit.to_string().repeat(40).parse().unwrap()
}

/// GitHub as a function of the path: what each request was, and its answer.
struct Scripted {
    asked: Arc<Mutex<Vec<String>>>,
    hosted: Hosted,
}

impl Scripted {
    fn new(answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) -> Self {
        Self::in_a_job(None, answer)
    }

    /// The same in a job whose event says which branch is the default one.
    fn in_a_job(default_branch: Option<&str>, answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let server = serve(move |request| {
            let path = request.target.trim_start_matches("/repos/o/r").to_owned();
            let (status, body) = answer(&path);
            noted.lock().unwrap().push(path);
            Answer::new(status, body.to_string())
        });
        let github = GitHub::new(&format!("http://{}", server.address), "o/r", &"token".into()).unwrap();
        Self { asked, hosted: Hosted::new(Ok(github), Some("7"), default_branch.map(str::to_owned)) }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn no_clone() -> Git {
    Git::new(Processes::new(Vec::new()), Utf8Path::new("/"), Owners::default())
}

fn compared(status: &str, ahead: u64, behind: u64) -> (u16, Value) {
    (200, json!({"status": status, "ahead_by": ahead, "behind_by": behind}))
}

fn reference(name: &str, tip: &GitSha) -> Value {
    json!({"ref": format!("refs/heads/{name}"), "object": {"sha": tip.to_string()}})
}

#[tokio::test]
async fn each_comparison_is_asked_for_once_in_either_direction() {
    let github = Scripted::new(|_| compared("ahead", 2, 0));
    let git = no_clone();
    let history = CommitHistory { git: &git, hosted: &github.hosted };
    assert_eq!(history.compare(&sha('1'), &sha('2')).await, Fact::Is(CommitComparison::Ahead(2)));
    assert_eq!(history.compare(&sha('2'), &sha('1')).await, Fact::Is(CommitComparison::Behind(2)));
    assert_eq!(history.is_ancestor(&sha('1'), &sha('2')).await, Fact::Is(true));
    assert_eq!(history.is_ancestor(&sha('3'), &sha('3')).await, Fact::Is(true));
    assert_eq!(github.asked().len(), 1, "{:?}", github.asked());
}

#[tokio::test]
async fn where_github_refuses_it_is_not_asked_again_and_the_reason_stays() {
    let refusal = |_: &str| (403, json!({"message": "Resource not accessible by integration"}));
    let github = Scripted::in_a_job(Some("main"), refusal);
    let git = no_clone();
    let history = CommitHistory { git: &git, hosted: &github.hosted };
    let reach = history.reach(&GatePolicy::default(), &sha('1')).await;
    let Fact::Is(Reach { branches, .. }) = reach else { panic!("{reach:?}") };
    let [BranchReach { name, has_commit: Fact::Unknown(why) }] = &branches[..] else { panic!("{branches:?}") };
    assert_eq!(name, "main");
    assert!(why.reason.contains("Resource not accessible"), "{why:?}");
    assert!(matches!(history.compare(&sha('1'), &sha('2')).await, Fact::Unknown(_)));
    assert_eq!(github.asked(), [""], "the default branch, and nothing after it");
}

/// A commit that is not there says nothing of the next one.
#[tokio::test]
async fn what_is_missing_does_not_keep_the_rest_from_being_asked_for() {
    let missing = sha('9').to_string();
    let github = Scripted::new(move |path| {
        if path.contains(&missing) { (404, json!({"message": "Not Found"})) } else { compared("behind", 0, 1) }
    });
    let git = no_clone();
    let history = CommitHistory { git: &git, hosted: &github.hosted };
    assert!(matches!(history.compare(&sha('1'), &sha('9')).await, Fact::Unknown(_)));
    assert_eq!(history.compare(&sha('1'), &sha('2')).await, Fact::Is(CommitComparison::Behind(1)));
}

fn policy(branches: &[&str]) -> GatePolicy {
    let branch = branches.iter().map(|branch| BranchPattern((*branch).to_owned())).collect();
    GatePolicy { branch: Some(branch), ..GatePolicy::default() }
}

#[tokio::test]
async fn a_name_is_one_reference_and_a_pattern_all_that_begin_alike_until_one_has_the_commit() {
    let tip = sha('2').to_string();
    let github = Scripted::new(move |path| match path {
        "/git/ref/heads%2Fa%20b%23%2F..%2Fc" => (404, json!({"message": "Not Found"})),
        "/git/matching-refs/heads%2Fhotfix%2F" => {
            let names = [("hotfix/a", '1'), ("hotfix/b", '2'), ("hotfix/c", '3')];
            (200, names.into_iter().map(|(name, tip)| reference(name, &sha(tip))).collect())
        }
        path if path.contains(&tip) => compared("ahead", 3, 0),
        path if path.starts_with("/compare/") => compared("diverged", 1, 1),
        path => panic!("{path}"),
    });
    let git = no_clone();
    let history = CommitHistory { git: &git, hosted: &github.hosted };
    let Fact::Is(reach) = history.reach(&policy(&["hotfix/*"]), &sha('5')).await else { panic!() };
    let found: Vec<_> = reach.branches.iter().map(|branch| (branch.name.as_str(), branch.has_commit.clone())).collect();
    assert_eq!(found, [("hotfix/a", Fact::Is(false)), ("hotfix/b", Fact::Is(true))]);
    assert_eq!(github.asked().len(), 3, "{:?}", github.asked());
    // Neither a branch of GitHub nor one of a clone.
    let Fact::Is(reach) = history.reach(&policy(&["a b#/../c"]), &sha('5')).await else { panic!() };
    assert_eq!(reach.branches, []);
}

#[tokio::test]
async fn beyond_fifty_branches_nothing_is_known() {
    let github = Scripted::new(|path| {
        if path.starts_with("/compare/") {
            return compared("diverged", 1, 1);
        }
        (
            200,
            (10..90)
                .map(|number| reference(&format!("x{number}"), &format!("{number}").repeat(20).parse().unwrap()))
                .collect(),
        )
    });
    let git = no_clone();
    let history = CommitHistory { git: &git, hosted: &github.hosted };
    let Fact::Is(reach) = history.reach(&policy(&["x*"]), &"ab".repeat(20).parse().unwrap()).await else { panic!() };
    assert_eq!((reach.branches.len(), github.asked().len()), (51, 51));
    let Fact::Unknown(why) = &reach.branches[50].has_commit else { panic!("{reach:?}") };
    assert_eq!(why.reason, "`branch` means more than 50 branches");
}

async fn look(hosted: &Hosted, release: &ReleaseName) -> StatusPoll {
    let policy = StatusPolicy { names: vec!["ci".to_owned()], wait: std::time::Duration::ZERO };
    PolicyStatuses { hosted, policy: &policy, release }.look().await
}

#[tokio::test]
async fn statuses_are_read_to_the_last_page_and_what_is_left_out_is_not_green() {
    let check = |name: &str| json!({"name": name, "status": "completed", "conclusion": "success"});
    let github = Scripted::new(move |path| {
        if path.contains("/status?") {
            return (200, json!({"total_count": 0, "statuses": []}));
        }
        let of_page = if path.ends_with("&page=1") { vec![check("x"); 100] } else { vec![check("ci")] };
        (200, json!({"total_count": 101, "check_runs": of_page}))
    });
    let release = ReleaseName::Commit(sha('a'));
    let green = NamedStatus { name: "ci".to_owned(), state: StatusState::Green };
    assert_eq!(look(&github.hosted, &release).await, StatusPoll::Seen(vec![green]));
    assert_eq!(github.asked().len(), 3);
    let short = Scripted::new(|path| {
        let list = if path.contains("/status?") { "statuses" } else { "check_runs" };
        (200, json!({"total_count": 1, list: []}))
    });
    let look_at_short = look(&short.hosted, &release).await;
    assert!(matches!(&look_at_short, StatusPoll::Passing(why) if why.reason.contains("fewer")), "{look_at_short:?}");
}

#[tokio::test]
async fn without_a_token_a_permission_or_a_commit_there_are_no_statuses() {
    let release = ReleaseName::Commit(sha('a'));
    let failed = |look: StatusPoll| match look {
        StatusPoll::Failed(why) => format!("{} / {}", why.reason, why.hint.unwrap_or_default()),
        other @ (StatusPoll::Seen(_) | StatusPoll::Passing(_)) => panic!("{other:?}"),
    };
    let github = Scripted::new(|path| {
        let is_allowed = path.contains("/status?");
        if is_allowed { (200, json!({"total_count": 0, "statuses": []})) } else { (403, json!({"message": "no"})) }
    });
    let refused = failed(look(&github.hosted, &release).await);
    assert!(refused.contains("GitHub answers 403: no") && refused.contains("checks: read"), "{refused}");
    let dirty = ReleaseName::Dirty { sha: sha('a'), time: "20261120T234749Z".to_owned() };
    assert!(failed(look(&github.hosted, &dirty).await).contains("changed tree"));
    let missing = NoGitHub::Missing { variable: "GITHUB_TOKEN", hint: "pass it on" };
    let nowhere = failed(look(&Hosted::new(Err(missing), None, None), &release).await);
    assert_eq!(nowhere, "GITHUB_TOKEN is not set / pass it on");
}
