//! The policies of an environment with a site: nothing in them that is not missed when it is gone.

use serde_json::Value;

use crate::cloud_policy::printed;
use crate::cloud_roles;
use crate::harness::{Ran, assert_reported};
use crate::site::proxy::{Does, Proxy, Rule};
use crate::site::{self, SiteCloud, change};

/// The policy without one of its statements.
fn without(policy: &Value, sid: &str) -> Value {
    let mut less = policy.clone();
    less["Statement"].as_array_mut().unwrap().retain(|statement| statement["Sid"] != sid);
    assert_ne!(less, *policy, "no {sid} in {policy:#}");
    less
}

fn sids(policy: &Value) -> Vec<&str> {
    policy["Statement"].as_array().unwrap().iter().map(|statement| statement["Sid"].as_str().unwrap()).collect()
}

/// A command fails, and names permission and statement.
#[track_caller]
fn assert_missed(ran: &Ran, sid: &str, action: &str) {
    let output = format!("{}\n{}", ran.stdout, ran.stderr);
    assert!(output.contains(action) && output.contains(sid), "{sid}, {action}, exit {}:\n{output}", ran.code);
    assert_ne!(ran.code, 0, "{sid}:\n{output}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn each_statement_of_the_role_that_changes_is_missed() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.config(""));
    site.deploy(&repository).outcome("deployed", 0);
    let policy = printed(&site.cloud, &repository, &["stage"]);
    let all = ["ListSites", "ReadSites", "ReadDistributions", "WriteSites", "StoreReleases", "Invalidate"];
    assert_eq!(sids(&policy), all, "each one is tried here, and none is of images or services");
    let role = cloud_roles::name(&site.cloud, "stage", false);
    let give = |policy: &Value| cloud_roles::change(&site.cloud, &role, &policy.to_string());
    let before = site.page(&site.stage);
    for (number, (sid, action)) in (2..).zip([
        ("ListSites", "s3:ListBucket"),
        ("ReadSites", "s3:GetObject"),
        ("WriteSites", "s3:PutObject"),
        ("StoreReleases", "s3:PutObject"),
    ]) {
        change(&repository, number);
        give(&without(&policy, sid));
        assert_missed(&site.deploy(&repository), sid, action);
        assert_eq!(site.page(&site.stage), before, "{sid}");
    }
    // Its settings are not needed: that they are unknown is reported, and what is served counts.
    give(&without(&policy, "ReadDistributions"));
    let report = site.deploy(&repository).outcome("deployed", 0);
    assert_reported(&report["warnings"], &["frontend: how distribution", "is not known", "cloudfront:GetDistribution"]);
    // The pages are there, and edges have those of before.
    change(&repository, 9);
    give(&without(&policy, "Invalidate"));
    let report = site.deploy(&repository).outcome("broken", 6);
    assert!(report.to_string().contains("cloudfront:CreateInvalidation"), "{report:#}");
    give(&policy);
    site.job(&repository, &["deploy", "stage"]).outcome("deployed", 0);
    assert_eq!(site.page(&site.stage), site::version(9).pop().unwrap().1);
    site.job(&repository, &["rollback", "stage"]).outcome("deployed", 0);
}

/// The local cloud refuses calls of `CloudFront` in the words of S3, which do not fit: the proxy does as AWS does.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_right_on_a_distribution_is_missed_by_its_statement() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.laptop_config(""));
    let proxy = Proxy::before(site.cloud.endpoint());
    let deploy = || site.laptop(&repository, &["deploy", "stage"]).env("AWS_ENDPOINT_URL", proxy.endpoint()).run();
    proxy.rule(Rule::on("GetDistribution", Does::Answers(403, "AccessDenied")));

    let report = deploy().outcome("deployed", 0);

    assert_reported(&report["warnings"], &["frontend: how distribution", "is not known", "cloudfront:GetDistribution"]);
    let details = report["warning_details"].as_array().unwrap();
    let hints: Vec<&str> = details.iter().filter_map(|detail| detail["hint"].as_str()).collect();
    assert!(hints.iter().any(|hint| hint.contains("statement ReadDistributions")), "{hints:?}");
    proxy.reset();
    proxy.rule(Rule::on("CreateInvalidation", Does::Answers(403, "AccessDenied")));
    change(&repository, 2);
    let ran = deploy();
    assert_missed(&ran, "Invalidate", "cloudfront:CreateInvalidation");
    assert_reported(&ran.outcome("broken", 6)["hints"], &["statement Invalidate"]);
    proxy.reset();
    deploy().outcome("deployed", 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn files_that_no_release_keeps_are_deleted_with_the_permission_alone() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.config("keep = 1\n"));
    site.deploy(&repository).outcome("deployed", 0);
    let policy = printed(&site.cloud, &repository, &["stage"]);
    let mut less = policy.clone();
    for statement in less["Statement"].as_array_mut().unwrap() {
        if let Some(actions) = statement["Action"].as_array_mut() {
            actions.retain(|action| action != "s3:DeleteObject");
        }
    }
    assert_ne!(less, policy);
    let role = cloud_roles::name(&site.cloud, "stage", false);
    cloud_roles::change(&site.cloud, &role, &less.to_string());
    change(&repository, 2);

    let report = site.deploy(&repository).outcome("deployed", 0);

    assert_reported(&report["warnings"], &["files of former releases stay in bucket", "s3:DeleteObject"]);
    let has = |number: u32| site.keys(&site.stage.bucket).contains(&site::version(number)[0].0);
    assert_eq!((has(1), has(2)), (true, true));
    cloud_roles::change(&site.cloud, &role, &policy.to_string());
    change(&repository, 3);
    site.deploy(&repository).outcome("deployed", 0);
    assert_eq!((has(1), has(2), has(3)), (false, false, true));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn each_statement_of_the_role_that_looks_is_missed() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.config(""));
    site.deploy(&repository).outcome("deployed", 0);
    let policy = printed(&site.cloud, &repository, &["stage", "--read-role"]);
    assert_eq!(sids(&policy), ["ListSites", "ReadSites", "ReadDistributions"]);
    let role = cloud_roles::name(&site.cloud, "stage", true);
    let give = |policy: &Value| cloud_roles::change(&site.cloud, &role, &policy.to_string());
    for (sid, action) in [("ListSites", "s3:ListBucket"), ("ReadSites", "s3:GetObject")] {
        give(&without(&policy, sid));
        for command in [&["status", "stage"][..], &["history", "stage"], &["plan", "promote", "production"]] {
            assert_missed(&site.job(&repository, command), sid, action);
        }
    }
    give(&without(&policy, "ReadDistributions"));
    let report = site.job(&repository, &["plan", "deploy", "stage"]).outcome("planned", 0);
    assert_reported(&report["warnings"], &["how distribution", "cloudfront:GetDistribution"]);
}
