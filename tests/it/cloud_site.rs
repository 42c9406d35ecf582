//! A static site is looked at and planned; a deploy of it is refused by name.

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::cloud_roles;
use crate::harness::Repository;

const BEFORE: &str = "0123456789abcdef0123456789abcdef01234567";

/// The buckets of a site, and an environment that has it alone.
struct Site {
    cloud: Cloud,
    s3: Client,
    shop: Repository,
}

impl Site {
    fn new() -> Self {
        let cloud = Cloud::new();
        // The account's root, as the owner of what is there.
        let root = Credentials::new("test", "test", None, None, "root");
        let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1"));
        let config = cloud.wait(loader.credentials_provider(root).load());
        let s3 = Client::from_conf(Builder::from(&config).force_path_style(true).build());
        let bucket = |name: &str| format!("{}-{name}", cloud.prefix);
        for name in ["site", "releases"] {
            cloud.wait(s3.create_bucket().bucket(bucket(name)).send()).unwrap();
        }
        let config = format!(
            "app = \"shop\"\n[components.frontend]\nkind = \"static-site\"\nbucket = \"{}\"\n\
             artifacts = \"{}\"\n[environments.stage]\nregion = \"us-east-1\"\naccount = \"000000000000\"\n{}",
            bucket("site"),
            bucket("releases"),
            cloud_roles::lines(&cloud, "stage"),
        );
        let shop = cloud.shop(&config);
        Self { cloud, s3, shop }
    }

    fn bucket(&self, name: &str) -> String {
        format!("{}-{name}", self.cloud.prefix)
    }

    fn serves(&self, object: &Value) {
        let body = ByteStream::from(object.to_string().into_bytes());
        let put = self.s3.put_object().bucket(self.bucket("releases")).key("shipgate/current.json").body(body);
        self.cloud.wait(put.send()).unwrap();
    }

    fn plan(&self) -> Value {
        let run = self.cloud.shipgate(&self.shop, &["plan", "deploy", "stage", "--output", "json"]).run();
        run.outcome("planned", 0)
    }
}

fn current(release: &str) -> Value {
    let digest = format!("sha256:{}", "a".repeat(64));
    json!({"schema": "shipgate/site/v1", "release": release, "digest": digest, "since": "2026-11-21T10:00:00Z"})
}

fn steps(report: &Value) -> Vec<&str> {
    report["steps"].as_array().unwrap().iter().map(|step| step["id"].as_str().unwrap()).collect()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_site_is_planned_from_what_it_serves() {
    let site = Site::new();
    let first = site.plan();
    assert_eq!(first["components"][0]["kind"], "static-site");
    assert_eq!(first["components"][0]["previous"]["sha"], Value::Null);
    assert_eq!(steps(&first), ["update:frontend", "wait-for:frontend"]);

    site.serves(&current(BEFORE));
    let next = site.plan();
    assert_eq!(next["components"][0]["previous"]["sha"], BEFORE);
    assert_ne!(next["plan_digest"], first["plan_digest"], "what is served is part of the plan");

    site.serves(&current(&site.shop.head()));
    assert_eq!(steps(&site.plan()), ["verify:frontend"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_a_site_cannot_do_yet_is_refused_by_name() {
    let site = Site::new();
    for arguments in [&["deploy", "stage"][..], &["rollback", "stage"], &["history", "stage"], &["logs", "stage"]] {
        let ran = site.cloud.shipgate(&site.shop, arguments).run().expect_code(2);
        assert!(ran.stderr.contains("is not built yet for"), "{arguments:?}\n{}", ran.stderr);
    }
    let objects = site.cloud.wait(site.s3.list_objects_v2().bucket(site.bucket("site")).send()).unwrap();
    assert_eq!(objects.contents().len(), 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn status_shows_what_a_site_serves_and_does_not_guess() {
    let site = Site::new();
    site.serves(&current(BEFORE));
    let status = |code| site.cloud.shipgate(&site.shop, &["status", "--output", "json"]).run().expect_code(code).json();
    let component = &status(0)["environments"][0]["components"][0];
    assert_eq!((&component["current"]["sha"], &component["desired"]), (&json!(BEFORE), &Value::Null));

    site.serves(&json!({"schema": "shipgate/site/v2"}));
    let report = status(1).to_string();
    assert!(report.contains("is not known") && report.contains("shipgate/current.json"), "{report}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_bucket_that_is_missing_is_named() {
    let site = Site::new();
    site.cloud.wait(site.s3.delete_bucket().bucket(site.bucket("site")).send()).unwrap();
    let ran = site.cloud.shipgate(&site.shop, &["plan", "deploy", "stage"]).run().expect_code(1);
    assert!(ran.stderr.contains("does not exist") && ran.stderr.contains("correct `bucket`"), "{}", ran.stderr);
}
