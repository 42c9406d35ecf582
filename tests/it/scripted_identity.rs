//! Credentials: missing, refused, of another account, or no server to ask.

use std::time::Duration;

use crate::harness::Shipgate;
use crate::scripted::{Shop, all_at_once, config, text, timed};

#[test]
fn expired_credentials_are_invalid() {
    let cases = [
        ("sts:GetCallerIdentity", 403, "ExpiredToken"),
        ("sts:GetCallerIdentity", 403, "InvalidClientTokenId"),
        ("sts:GetCallerIdentity", 403, "SignatureDoesNotMatch"),
        ("ecr:GetAuthorizationToken", 400, "ExpiredTokenException"),
        ("ecs:DescribeServices", 400, "ExpiredTokenException"),
        ("ecs:DescribeServices", 400, "UnrecognizedClientException"),
        ("ecs:DescribeServices", 400, "InvalidSignatureException"),
    ];
    all_at_once(cases, |(operation, status, code)| {
        let shop = Shop::new();
        shop.aws.refuse(operation, status, code, "The security token included in the request is expired");
        let report = shop.deploy().outcome("invalid", 2);
        assert!(text(&report, "causes").contains(code), "{report:#}");
        assert!(text(&report, "hints").contains("credentials"), "{report:#}");
        assert_eq!(shop.aws.mutations(), [""; 0]);
    });
}

/// Credentials of a job live an hour: what they cannot see after the change is unknown.
#[test]
fn credentials_that_expire_while_waiting_are_broken() {
    let shop = Shop::new();
    shop.aws.answer("ecs:DescribeServices", |call, world| {
        let updated = world.services[0].deployments.len() > 1;
        updated
            .then(|| call.error(400, "ExpiredTokenException", "The security token included in the request is expired"))
    });
    let report = shop.deploy().outcome("broken", 6);
    assert_eq!(report["components"][0]["changed"], true);
    assert!(text(&report, "causes").contains("ExpiredTokenException"), "{report:#}");
}

fn without_credentials(shop: &Shop) -> Shipgate {
    shop.repository
        .shipgate(&["deploy", "stage", "--output", "json"])
        .env("AWS_ENDPOINT_URL", format!("http://{}", shop.aws.host()))
}

#[test]
fn no_credentials_are_invalid_at_once() {
    let shop = Shop::new();
    let run = without_credentials(&shop).env("AWS_EC2_METADATA_DISABLED", "true");
    let (ran, taken) = timed(|| run.run());
    assert!(taken < Duration::from_secs(3), "{taken:?}");
    let report = ran.outcome("invalid", 2);
    assert!(text(&report, "hints").contains("AWS_PROFILE"), "{report:#}");
    assert_eq!(shop.aws.operations(), [""; 0]);
}

/// A laptop asks for the metadata of a machine that it is not: there is no server, or no answer.
#[test]
fn no_credentials_do_not_hang() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    all_at_once([None, Some(silent)], |metadata| {
        let shop = Shop::new();
        let mut run = without_credentials(&shop);
        if let Some(metadata) = &metadata {
            run = run.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata);
        }
        let (ran, taken) = timed(|| run.run());
        ran.outcome("invalid", 2);
        assert!(taken < Duration::from_secs(10), "{metadata:?} {taken:?}");
    });
}

#[test]
fn half_of_the_credentials_are_invalid() {
    let shop = Shop::new();
    let ran =
        without_credentials(&shop).env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_ACCESS_KEY_ID", "AKIA").run();
    ran.outcome("invalid", 2);
}

#[test]
fn a_profile_that_is_not_there_is_invalid_and_named() {
    let shop = Shop::new();
    let run = shop.repository.shipgate(&["deploy", "stage", "--output", "json"]);
    let ran = run.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_PROFILE", "sotrefront").run();
    let report = ran.outcome("invalid", 2);
    assert!(text(&report, "causes").contains("sotrefront"), "{report:#}");
}

#[test]
fn another_account_is_invalid_before_anything_is_asked_there() {
    let shop = Shop::with_config(&config("").replace("123456789012", "210987654321"));
    let report = shop.deploy().outcome("invalid", 2);
    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains("123456789012") && reason.contains("210987654321"), "{reason}");
    assert_eq!(shop.aws.operations(), ["sts:GetCallerIdentity"]);
}

#[test]
fn without_a_configured_account_any_is_right() {
    let shop = Shop::with_config(&config("").replace("account = \"123456789012\"\n", ""));
    shop.deploy().outcome("deployed", 0);
}

#[test]
fn nobody_at_the_endpoint_is_failed() {
    let shop = Shop::new();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let run = shop.shipgate(&["deploy", "stage", "--output", "json"]);
    let report = run.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")).run().outcome("failed", 1);
    assert!(text(&report, "hints").contains("AWS_ENDPOINT_URL"), "{report:#}");
    assert!(text(&report, "causes").to_lowercase().contains("refused"), "{report:#}");
}

#[test]
fn an_endpoint_that_is_no_address_is_no_panic() {
    let shop = Shop::new();
    let run = shop.shipgate(&["deploy", "stage", "--output", "json"]);
    let ran = run.env("AWS_ENDPOINT_URL", "not an address").run();
    assert!([1, 2].contains(&ran.code), "{}", ran.stderr);
    ran.json();
}
