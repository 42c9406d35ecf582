//! The stand-in of GitHub itself: that it catches what GitHub's description does not allow, and refuses as GitHub does.

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::github::{GitHub, token};

const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// A request as the program makes them.
fn right(request: RequestBuilder) -> RequestBuilder {
    request
        .header("x-github-api-version", "2022-11-28")
        .header("accept", "application/vnd.github+json")
        .header("user-agent", "test")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", token("statuses=write,issues=write,contents=read,actions=read")))
}

fn post(github: &GitHub, path: &str, body: &Value) -> RequestBuilder {
    right(Client::new().post(github.url(path))).body(body.to_string())
}

fn violations(github: &GitHub) -> Vec<Value> {
    github.reported()["violations"].as_array().unwrap().clone()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_request_that_github_does_not_describe_is_caught() {
    let github = GitHub::new();
    let status = format!("statuses/{SHA}");
    let get = |path: &str| right(Client::new().get(github.url(path)));
    let without_version = Client::new().get(github.url(&format!("commits/{SHA}/statuses")));
    for (request, named) in [
        (post(&github, &status, &json!({"state": "succeeded"})), "succeeded"),
        (post(&github, &status, &json!({"description": "no state"})), "'state' is a required property"),
        (post(&github, &status, &json!({"state": "success", "desciption": "x"})), "`desciption` is not described"),
        (post(&github, &status, &json!({"state": "success", "target_url": 1})), "target_url"),
        (right(Client::new().post(github.url(&status))).body("{"), "no JSON"),
        (post(&github, &format!("{status}?x=1"), &json!({"state": "success"})), "`x` is not described"),
        (get("issues/seven/comments"), "seven"),
        (get("issues/7/comments?per_page=200"), "per_page"),
        (get("issues/7/comments?page=last"), "last"),
        (without_version.header("user-agent", "test"), "X-GitHub-Api-Version"),
    ] {
        let before = violations(&github).len();
        let (code, text) = github.ask(request);
        assert_eq!(code, 599, "{named}: {text}");
        assert!(text.contains(named), "no {named:?} in {text}");
        let recorded = violations(&github);
        assert_eq!(recorded.len(), before + 1, "{named}");
        assert!(recorded.last().unwrap().to_string().contains(named), "{recorded:?}");
    }
    assert_eq!(github.states(SHA), Vec::<String>::new());
    assert_eq!(github.changes(), 0, "none of them did anything");
    // They were meant: the check at the end skips them.
    github.forget();
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_path_that_github_does_not_have_is_caught() {
    let github = GitHub::new();
    let (code, text) = github.ask(right(Client::new().put(github.url(&format!("statuses/{SHA}")))));
    assert_eq!(code, 599, "{text}");
    assert!(violations(&github).iter().any(|violation| violation.to_string().contains("PUT")), "{}", github.reported());
    github.forget();
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_is_right_is_answered_as_github_describes() {
    let github = GitHub::new();
    let commits = json!([{"sha": SHA, "message": "Begin"}, {"sha": "1".repeat(40), "parents": [SHA]}]);
    github.put(&json!({"commits": commits, "runs": {"7": {"head_sha": SHA}}}));
    let get = |path: &str| right(Client::new().get(github.url(path)));
    for (request, expected) in [
        (post(&github, &format!("statuses/{SHA}"), &json!({"state": "success", "context": "a"})), 201),
        (post(&github, &format!("statuses/{SHA}"), &json!({"state": "success", "description": "x".repeat(141)})), 422),
        (post(&github, &format!("statuses/{}", "9".repeat(40)), &json!({"state": "success"})), 422),
        (get(&format!("commits/{SHA}/statuses?per_page=1")), 200),
        (get(&format!("commits/{SHA}/status")), 200),
        (post(&github, "issues/7/comments", &json!({"body": "x"})), 201),
        (post(&github, "issues/7/comments", &json!({"body": "x".repeat(65_537)})), 422),
        (get("issues/7/comments?per_page=100&page=2"), 200),
        (get("issues/comments/999"), 404),
        (get(&format!("compare/{SHA}...{}", "1".repeat(40))), 200),
        (get(&format!("compare/{SHA}...nothing")), 404),
        (get("actions/runs/7"), 200),
        (get("actions/runs/8"), 404),
    ] {
        let shown = format!("{request:?}");
        let (code, text) = github.ask(request);
        assert_eq!(code, expected, "{shown}: {text}");
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_token_may_do_what_it_says() {
    let github = GitHub::new();
    let with = |token: &str| {
        let request = post(&github, &format!("statuses/{SHA}"), &json!({"state": "success"})).build().unwrap();
        let mut request = RequestBuilder::from_parts(Client::new(), request);
        request = request.headers([("authorization".parse().unwrap(), token.parse().unwrap())].into_iter().collect());
        github.ask(request).0
    };
    assert_eq!(with("Bearer permissions:statuses=write"), 201);
    assert_eq!(with("Bearer permissions:statuses=read,contents=write"), 403);
    assert_eq!(with("Bearer ghs_unknown"), 401);
}
