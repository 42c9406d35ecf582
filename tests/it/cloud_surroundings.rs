//! What the machine and the account lack.

use serde_json::json;

use crate::cloud::Cloud;
use crate::cloud_roles;
use crate::harness::{Repository, assert_reported, texts};

const DEPLOY: [&str; 4] = ["deploy", "stage", "--output", "json"];

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn without_docker_nothing_can_be_built() {
    let cloud = Cloud::new();
    cloud.create_service(&crate::cloud::ServiceOptions::web());
    let shop = cloud.shop(&cloud.config("create-repository = true"));
    let serving = cloud.serving("backend");

    let report = cloud.shipgate(&shop, &DEPLOY).only_programs(&["git"]).run().outcome("failed", 1);

    assert!(report["reason"].as_str().unwrap().contains("docker"), "{}", report["reason"]);
    assert_reported(&report["hints"], &["docker"]);
    assert_eq!(report["components"][0]["outcome"], "failed");
    assert_eq!(report["left_behind"], json!([]));
    assert!(!cloud.repository_exists(), "something was made though nothing can be built");
    assert_eq!(cloud.serving("backend"), serving);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_engine_that_does_not_answer_is_named() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));

    let ran = cloud.shipgate(&shop, &DEPLOY).env("DOCKER_HOST", "unix:///nonexistent/docker.sock").run();

    let report = ran.outcome("failed", 1);
    assert_reported(&report["causes"], &["/nonexistent/docker.sock"]);
    assert_reported(&report["hints"], &["DOCKER_HOST"]);
    assert_eq!(report["left_behind"], json!([]));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn without_git_there_is_no_release() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));

    let report = cloud.shipgate(&shop, &DEPLOY).only_programs(&["docker"]).run().outcome("failed", 1);

    assert!(report["reason"].as_str().unwrap().contains("git"), "{}", report["reason"]);
    assert_reported(&report["hints"], &["git"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn outside_a_repository_there_is_no_release() {
    let cloud = Cloud::with_backend();
    let directory = Repository::bare();
    directory.write("shipgate.toml", cloud.config(""));

    let report = cloud.deploy(&directory, &[]).outcome("invalid", 2);

    assert!(report["reason"].as_str().unwrap().contains("git repository"), "{}", report["reason"]);
    assert!(!texts(&report["hints"]).is_empty());
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn without_a_commit_there_is_no_release() {
    let cloud = Cloud::with_backend();
    let directory = Repository::bare();
    directory.git(&["init", "--quiet"]);
    directory.write("shipgate.toml", cloud.config(""));

    let report = cloud.deploy(&directory, &[]).outcome("invalid", 2);

    assert!(report["reason"].as_str().unwrap().contains("no commit"), "{}", report["reason"]);
    assert_reported(&report["hints"], &["git commit"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn another_account_is_refused_before_anything_is_planned() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud_roles::without(&cloud.config("")));

    // Twelve digits are the keys of that account.
    let report = cloud
        .shipgate(&shop, &DEPLOY)
        .env("AWS_ACCESS_KEY_ID", "111111111111")
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .run()
        .outcome("invalid", 2);

    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains("111111111111") && reason.contains("000000000000"), "{reason}");
    assert!(!texts(&report["hints"]).is_empty());
    assert!(report["plan_digest"].is_null(), "there is a plan: {report:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn without_credentials_nobody_knows_who_we_are() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let endpoint = cloud.endpoint().to_owned();

    let ran = shop.shipgate(&DEPLOY).env("AWS_ENDPOINT_URL", endpoint).env("AWS_EC2_METADATA_DISABLED", "true").run();

    let report = ran.outcome("invalid", 2);
    assert!(report["reason"].as_str().unwrap().contains("credentials"), "{}", report["reason"]);
    assert!(!texts(&report["hints"]).is_empty());
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_aws_that_cannot_be_reached_is_named() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");

    let report = cloud.shipgate(&shop, &DEPLOY).env("AWS_ENDPOINT_URL", endpoint).run().outcome("failed", 1);

    assert_reported(&report["hints"], &["AWS_ENDPOINT_URL"]);
    assert!(!texts(&report["causes"]).is_empty());
}
