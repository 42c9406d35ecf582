//! The client against the local cloud's stand-in of GitHub, which holds each request against GitHub's own description.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::error::GitHubErrorKind;
use super::history::ComparedCommit;
use super::{GitHub, GitHubError};
use crate::domain::commit_status::{CommitState, CommitStatus};
use crate::domain::comparison::CommitComparison;
use crate::domain::gate::Reported;
use crate::domain::release::GitSha;

const MARKER: &str = "<!-- shipgate:test -->";

#[expect(clippy::disallowed_methods, reason = "scripts/test says where the local cloud is")]
fn api() -> String {
    std::env::var("GITHUB_API_URL").expect("GITHUB_API_URL is not set: run scripts/test, which starts the local cloud")
}

/// A repository that no other test and no other run has, and all that is known of it.
struct HostedRepository {
    name: String,
    control: String,
}

impl HostedRepository {
    fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("t").rand_bytes(10).tempdir().unwrap();
        let name = format!("shop/{}", directory.path().file_name().unwrap().to_str().unwrap());
        let control = format!("{}/_stand-in/repositories/{name}", api());
        Self { name, control }
    }

    fn client(&self, permissions: &str) -> GitHub {
        GitHub::new(&api(), &self.name, &format!("permissions:{permissions}").into()).unwrap()
    }

    async fn put(&self, document: Value) {
        let put = reqwest::Client::new().post(&self.control).body(document.to_string());
        put.send().await.unwrap().error_for_status().unwrap();
    }

    async fn messages(&self) -> Value {
        let text = reqwest::get(&self.control).await.unwrap().text().await.unwrap();
        let messages: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(messages["violations"], json!([]));
        messages
    }
}

fn sha(digit: char) -> GitSha {
    digit.to_string().repeat(40).parse().unwrap()
}

fn id(digit: char) -> String {
    sha(digit).to_string()
}

fn status(description: &str) -> CommitStatus {
    CommitStatus {
        state: CommitState::Failure,
        context: "shipgate/stage".to_owned(),
        description: description.to_owned(),
    }
}

async fn set(github: &GitHub) -> Result<(), GitHubError> {
    github.set_status(&sha('a'), &status("why"), Some("https://github.com/o/r/actions/runs/1/attempts/1")).await
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_a_status_is_there_as_it_was_set() {
    let repository = HostedRepository::new();
    let github = repository.client("statuses=write");
    github.set_status(&sha('a'), &status(&"ü".repeat(300)), Some("https://x.example/1")).await.unwrap();
    github.set_status(&sha('a'), &status("second"), None).await.unwrap();
    let messages = repository.messages().await;
    let statuses = messages["statuses"][sha('a').to_string()].as_array().unwrap();
    assert_eq!(statuses.len(), 2, "the newest first: {statuses:#?}");
    assert_eq!((&statuses[0]["description"], &statuses[0]["target_url"]), (&json!("second"), &Value::Null));
    assert_eq!((&statuses[1]["state"], &statuses[1]["context"]), (&json!("failure"), &json!("shipgate/stage")));
    assert_eq!(statuses[1]["target_url"], "https://x.example/1");
    assert_eq!(statuses[1]["description"].as_str().unwrap().chars().count(), 140);
}

/// GitHub Enterprise Server has its API below a path, which is never added.
#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_the_path_of_an_api_is_kept() {
    let repository = HostedRepository::new();
    for base in ["/api/v3", "/api/v3/"] {
        let github = GitHub::new(&format!("{}{base}", api()), &repository.name, &"permissions:statuses=write".into());
        set(&github.unwrap()).await.unwrap();
    }
    set(&repository.client("statuses=write")).await.unwrap();
    let messages = repository.messages().await;
    let paths: Vec<&str> =
        messages["calls"].as_array().unwrap().iter().map(|call| call["path"].as_str().unwrap()).collect();
    let path = format!("/repos/{}/statuses/{}", repository.name, sha('a'));
    let below = format!("/api/v3{path}");
    assert_eq!(paths, [&below, &below, &path]);
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_the_permission_that_is_missing_is_named() {
    let repository = HostedRepository::new();
    let error = set(&repository.client("statuses=read,contents=write")).await.unwrap_err();
    assert_eq!(error.kind, GitHubErrorKind::Forbidden("statuses: write".to_owned()));
    assert!(error.to_string().contains("Resource not accessible by integration"), "{error}");
    let error = repository.client("statuses=write").upsert_comment(1, MARKER, "x").await.unwrap_err();
    assert_eq!(error.kind, GitHubErrorKind::Forbidden("issues: read` or `pull-requests: read".to_owned()));
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_what_is_over_soon_does_no_harm() {
    let fault = |how: &str, status: u16, body: Value, headers: Value| json!({"how": how, "status": status, "body": body, "headers": headers, "times": 1});
    for fault in [
        fault("answer", 500, Value::Null, json!({})),
        fault("answer", 502, json!("<html>"), json!({})),
        fault("answer", 201, json!(""), json!({})),
        fault("answer", 201, json!("{\"state\": \"fail"), json!({})),
        fault("answer", 201, json!("{\"state\": \"success\", \"context\": \"other\"}"), json!({})),
        fault("cut-off", 201, json!("{\"state\": \"failure\", \"context\": \"shipgate/stage\"}"), json!({})),
        fault("hang-up", 0, Value::Null, json!({})),
        fault("answer", 429, Value::Null, json!({"Retry-After": "1"})),
        fault("answer", 403, Value::Null, json!({"Retry-After": "1", "X-RateLimit-Remaining": "0"})),
    ] {
        let repository = HostedRepository::new();
        repository.put(json!({"faults": [fault.clone()]})).await;
        set(&repository.client("statuses=write")).await.unwrap_or_else(|error| panic!("{fault}: {error}"));
        let messages = repository.messages().await;
        assert_eq!(messages["calls"].as_array().unwrap().len(), 2, "{fault}");
        assert_eq!(messages["statuses"][sha('a').to_string()].as_array().unwrap().len(), 1, "{fault}");
    }
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_what_is_refused_is_asked_once() {
    for (status, headers, expected) in [
        (401, json!({}), GitHubErrorKind::Unauthorized),
        (403, json!({}), GitHubErrorKind::Forbidden("statuses: write".to_owned())),
        (403, json!({"X-RateLimit-Remaining": "0"}), GitHubErrorKind::RateLimited(None)),
        (429, json!({"Retry-After": "3600"}), GitHubErrorKind::RateLimited(Some(Duration::from_hours(1)))),
        (404, json!({}), GitHubErrorKind::NotFound("statuses: write".to_owned())),
        (409, json!({}), GitHubErrorKind::Conflict),
        (422, json!({}), GitHubErrorKind::Unprocessable),
        (418, json!({}), GitHubErrorKind::Rejected),
    ] {
        for body in [Value::Null, json!(""), json!("<html>")] {
            let repository = HostedRepository::new();
            repository.put(json!({"faults": [{"status": status, "headers": headers, "body": body}]})).await;
            let error = set(&repository.client("statuses=write")).await.unwrap_err();
            assert_eq!(error.kind, expected, "{status} {body}");
            assert_eq!(repository.messages().await["calls"].as_array().unwrap().len(), 1, "{status} {body}");
        }
    }
}

/// A refusal whose body is cut off is the same refusal.
#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_a_refusal_that_is_cut_off_is_one() {
    let repository = HostedRepository::new();
    repository.put(json!({"faults": [{"how": "cut-off", "status": 403}]})).await;
    let error = set(&repository.client("statuses=write")).await.unwrap_err();
    assert_eq!(error.kind, GitHubErrorKind::Forbidden("statuses: write".to_owned()));
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
#[expect(clippy::disallowed_methods, reason = "a test measures real time")]
async fn cloud_nobody_is_waited_for_for_long() {
    let repository = HostedRepository::new();
    repository.put(json!({"faults": [{"status": 500}]})).await;
    let began = Instant::now();
    let error = set(&repository.client("statuses=write")).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    assert!(error.is_transient(), "{error:?}");
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_a_redirect_is_not_followed() {
    // No request may reach this server: any would be recorded.
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let location = format!("http://{}/repos/x/y", elsewhere.local_addr().unwrap());
    for status in [301, 302, 307, 308] {
        let repository = HostedRepository::new();
        repository.put(json!({"faults": [{"status": status, "headers": {"Location": location}}]})).await;
        let error = set(&repository.client("statuses=write")).await.unwrap_err();
        assert_eq!(error.kind, GitHubErrorKind::Moved);
    }
    let came = elsewhere.accept().map(|_| ()).unwrap_err();
    assert_eq!(came.kind(), std::io::ErrorKind::WouldBlock, "somebody came");
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_the_comment_is_found_behind_hundreds_and_only_one_of_a_bot() {
    let repository = HostedRepository::new();
    let github = repository.client("pull_requests=write");
    let other = |number: usize| json!({"issue": 7, "body": format!("{MARKER} quoted by a person, {number}")});
    repository.put(json!({"comments": (0..250).map(other).collect::<Vec<_>>()})).await;
    github.upsert_comment(7, MARKER, "first").await.unwrap();
    github.upsert_comment(8, MARKER, "another issue").await.unwrap();
    github.upsert_comment(7, MARKER, "second").await.unwrap();
    let messages = repository.messages().await;
    let ours: Vec<&str> = messages["comments"].as_array().unwrap()[250..]
        .iter()
        .map(|comment| comment["body"].as_str().unwrap())
        .collect();
    assert_eq!(ours, [format!("{MARKER}\nsecond"), format!("{MARKER}\nanother issue")]);
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_a_comment_whose_answer_was_lost_is_not_written_twice() {
    let repository = HostedRepository::new();
    let lost = json!({"method": "POST", "how": "hang-up", "performed": true, "times": 1});
    repository.put(json!({"faults": [lost]})).await;
    repository.client("issues=write").upsert_comment(7, MARKER, &"🚢".repeat(70_000)).await.unwrap();
    let messages = repository.messages().await;
    assert_eq!(messages["comments"].as_array().unwrap().len(), 1);
    let methods: Vec<_> =
        messages["calls"].as_array().unwrap().iter().map(|call| call["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["GET", "POST", "GET", "PATCH"]);
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_commits_are_compared() {
    let repository = HostedRepository::new();
    let github = repository.client("contents=read");
    let [root, left, right, tip] = ['1', '2', '3', '4'].map(sha);
    let commit = |sha: &GitSha, parents: &[&GitSha]| {
        let parents: Vec<String> = parents.iter().map(ToString::to_string).collect();
        json!({"sha": sha.to_string(), "parents": parents})
    };
    let commits = [commit(&root, &[]), commit(&left, &[&root]), commit(&right, &[&root]), commit(&tip, &[&left])];
    repository.put(json!({"commits": commits})).await;
    for (base, head, expected) in [
        (&root, &root, CommitComparison::Identical),
        (&root, &tip, CommitComparison::Ahead(2)),
        (&tip, &left, CommitComparison::Behind(1)),
        (&right, &tip, CommitComparison::Diverged { ahead: 2, behind: 1 }),
    ] {
        assert_eq!(github.compare(base, head).await.unwrap(), expected, "{base} {head}");
    }
    let error = github.compare(&root, &sha('9')).await.unwrap_err();
    assert_eq!(error.kind, GitHubErrorKind::NotFound("contents: read".to_owned()));
    let status = repository.client("statuses=write").set_status(&sha('9'), &status("x"), None).await.unwrap_err();
    assert_eq!(status.kind, GitHubErrorKind::Unprocessable);
    assert!(status.to_string().contains("No commit found for SHA"), "{status}");
    repository.messages().await;
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_branches_are_found_by_name_and_by_how_they_begin() {
    let repository = HostedRepository::new();
    let github = repository.client("contents=read");
    let odd = "hotfix/ä b#%2F";
    let branches = json!({"main": id('1'), "maintenance": id('2'), "hotfix/a": id('3'), odd: id('4')});
    repository.put(json!({"branches": branches, "default_branch": "trunk"})).await;
    assert_eq!(github.default_branch().await.unwrap(), "trunk");
    assert_eq!(github.branch("main").await.unwrap(), sha('1'));
    assert_eq!(github.branch(odd).await.unwrap(), sha('4'));
    let hotfixes = github.branches("hotfix/").await.unwrap();
    assert_eq!(hotfixes, [("hotfix/a".to_owned(), sha('3')), (odd.to_owned(), sha('4'))]);
    assert_eq!(github.branches("").await.unwrap().len(), 4);
    assert_eq!(github.branches("none").await.unwrap(), []);
    let error = github.branch("mai").await.unwrap_err();
    assert_eq!(error.kind, GitHubErrorKind::NotFound("contents: read".to_owned()));
    repository.messages().await;
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_statuses_and_check_runs_are_all_read() {
    let repository = HostedRepository::new();
    let github = repository.client("statuses=read,checks=read");
    let check = |number: usize| json!({"head_sha": id('a'), "name": format!("test {number}"), "conclusion": "success"});
    let status = |state: &str, context: &str| json!({"sha": id('a'), "state": state, "context": context});
    let statuses = [status("pending", "ci"), status("success", "ci"), status("failure", "lint")];
    let checks: Vec<_> = (0..150).map(check).collect();
    repository.put(json!({"statuses": statuses, "check_runs": checks})).await;
    let reported = github.reported(&sha('a')).await.unwrap();
    let status = |context: &str, state: &str| Reported::Status { context: context.to_owned(), state: state.to_owned() };
    assert!(reported.contains(&status("ci", "success")) && reported.contains(&status("lint", "failure")));
    assert_eq!(reported.len(), 152);
    assert_eq!(github.reported(&sha('b')).await.unwrap(), []);
    let error = repository.client("statuses=read").reported(&sha('a')).await.unwrap_err();
    assert_eq!(error.kind, GitHubErrorKind::Forbidden("checks: read".to_owned()));
    repository.messages().await;
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_commits_have_their_authors_and_pull_requests() {
    let repository = HostedRepository::new();
    let github = repository.client("contents=read,pull_requests=read");
    let [root, next, tip] = ['1', '2', '3'].map(sha);
    let commits = json!([
        {"sha": id('1')},
        {"sha": id('2'), "parents": [id('1')], "message": "Next\n\nMore"},
        {"sha": id('3'), "parents": [id('2')]},
    ]);
    let pulls = json!({next.to_string(): [{"number": 6, "merged": false}, {"number": 7}]});
    repository.put(json!({"commits": commits, "pulls": pulls})).await;
    let first = github.compared_commits((&root, &tip), 1, 1).await.unwrap();
    let author = Some("github-actions[bot]".to_owned());
    let committed = first[0].committed;
    assert!(committed.is_some(), "{first:?}");
    let message = "Next\n\nMore".to_owned();
    assert_eq!(first, [ComparedCommit { sha: next.clone(), message, author, committed }]);
    assert_eq!(github.compared_commits((&root, &tip), 1, 2).await.unwrap()[0].sha, tip);
    assert_eq!(github.pull_request_of(&next).await.unwrap(), Some(7));
    assert_eq!(github.pull_request_of(&tip).await.unwrap(), None);
    repository.messages().await;
}

/// Virtual time: nothing waits.
#[tokio::test(start_paused = true)]
async fn an_api_that_says_nothing_is_given_up_after_ten_seconds() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}", silent.local_addr().unwrap());
    let github = GitHub::new(&api, "acme/shop", &"token".into()).unwrap();
    let began = tokio::time::Instant::now();
    let error = set(&github).await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("no answer in time"), "{error}: {error:?}");
    assert!((8..=10).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_before_anybody_is_asked() {
    for (api, repository, token, named) in [
        ("api.github.com", "o/r", "t", "GITHUB_API_URL"),
        ("http://api.github.com", "o/r", "t", "GITHUB_API_URL"),
        ("ftp://localhost", "o/r", "t", "GITHUB_API_URL"),
        ("http://localhost.evil.example", "o/r", "t", "GITHUB_API_URL"),
        ("https://api.github.com", "o", "t", "GITHUB_REPOSITORY"),
        ("https://api.github.com", "o/..", "t", "GITHUB_REPOSITORY"),
        ("https://api.github.com", "o/r/x", "t", "GITHUB_REPOSITORY"),
        ("https://api.github.com", "o/r?x", "t", "GITHUB_REPOSITORY"),
        ("https://api.github.com", "o/r", "a\nb", "GITHUB_TOKEN"),
    ] {
        let error = GitHub::new(api, repository, &token.into()).unwrap_err();
        assert_eq!(error.kind, GitHubErrorKind::Unusable);
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[tokio::test]
async fn nothing_shows_the_token() {
    let github = GitHub::new("https://ghe.example/api/v3", "o/r", &"canary-token".into()).unwrap();
    assert_eq!(format!("{github:?}"), "GitHub { repository: \"o/r\", .. }");
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn cloud_a_pull_request_is_the_commit_that_it_was_merged_as() {
    let repository = HostedRepository::new();
    let github = repository.client("pull_requests=read");
    let merged = json!({"merged": true, "merge_commit_sha": sha('a').to_string()});
    // The second one is open, and has a commit that tries the merge.
    repository
        .put(json!({"pull_requests": {"7": merged, "8": {}, "9": {"merged": true, "merge_commit_sha": null}}}))
        .await;
    assert_eq!(github.merged_as(7).await.unwrap(), Some(sha('a')));
    assert_eq!(github.merged_as(8).await.unwrap(), None);
    assert_eq!(github.merged_as(9).await.unwrap_err().kind, GitHubErrorKind::Unreadable);
    let missing = github.merged_as(10).await.unwrap_err().kind;
    assert_eq!(missing, GitHubErrorKind::NotFound("pull-requests: read".to_owned()));
    let denied = repository.client("contents=read").merged_as(7).await.unwrap_err().kind;
    assert_eq!(denied, GitHubErrorKind::Forbidden("pull-requests: read".to_owned()));
    repository.messages().await;
}
