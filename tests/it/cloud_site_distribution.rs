//! What is reported of the distribution of a site before anything is changed.

use aws_sdk_cloudfront::types::{CachePolicyConfig, ViewerProtocolPolicy};
use serde_json::json;

use crate::cloud_roles::Job;
use crate::harness::{assert_reported, texts};
use crate::site::{self, SiteCloud};

/// What a plan of a deploy warns of.
fn warnings(site: &SiteCloud, repository: &crate::harness::Repository) -> Vec<String> {
    let report = site.job(repository, &["plan", "deploy", "stage"]).outcome("planned", 0);
    texts(&report["warnings"]).into_iter().map(str::to_owned).collect()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_distribution_of_another_bucket_is_invalid_before_anything_is_written() {
    let site = SiteCloud::new();
    let config = site.config("").replacen(&site.stage.distribution, &site.production.distribution, 1);
    let repository = site::repository(&config);

    let report = site.job(&repository, &["plan", "deploy", "stage"]).outcome("invalid", 2);

    assert!(report["reason"].as_str().unwrap().contains("does not serve bucket"), "{report:#}");
    assert_reported(&report["causes"], &["it asks", &site.production.bucket]);
    let bundle = SiteCloud::bundle(&repository);
    site.job(&repository, &["deploy", "stage", "--bundle", &bundle]).outcome("invalid", 2);
    assert_eq!(site.keys(&site.stage.bucket), [""; 0]);
    assert_eq!(site.keys(&site.stage.store), [""; 0]);

    let missing = site.config("").replacen(&site.stage.distribution, "E2QWRUHAPOMQZL", 1);
    repository.write("shipgate.toml", missing);
    repository.commit("None");
    let report = site.job(&repository, &["plan", "deploy", "stage"]);
    let report = report.json();
    assert!(report["reason"].as_str().unwrap().contains("E2QWRUHAPOMQZL"), "{report:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_lets_a_site_go_wrong_is_told_by_plan_and_check() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.config(""));
    let stage = &site.stage;
    let secure = |config: &mut aws_sdk_cloudfront::types::DistributionConfig| {
        let behavior = config.default_cache_behavior.as_mut().unwrap();
        behavior.viewer_protocol_policy = ViewerProtocolPolicy::RedirectToHttps;
    };
    site.redistribute(stage, secure);
    assert_eq!(warnings(&site, &repository), [""; 0]);

    let policy = CachePolicyConfig::builder().name(format!("{}-long", site.cloud.prefix)).min_ttl(60);
    let policy = site.cloudfront.create_cache_policy().cache_policy_config(policy.build().unwrap());
    let policy = site.cloud.wait(policy.send()).unwrap().cache_policy.unwrap();
    site.redistribute(stage, |config| {
        config.default_root_object = None;
        config.origins.as_mut().unwrap().items[0].origin_path = Some("/site".to_owned());
        config.default_cache_behavior.as_mut().unwrap().cache_policy_id = Some(policy.id().to_owned());
    });
    site.hide_missing(stage);

    let reported = warnings(&site, &repository);

    for text in [
        "the default behaviour keeps every answer for at least 60 s",
        "the origin path is `/site`",
        "the distribution has no default root object",
        "a missing file is answered with 200 and `/index.html` instead of 403",
    ] {
        assert!(
            reported.iter().any(|warning| warning.starts_with("frontend: ") && warning.contains(text)),
            "{reported:#?}"
        );
    }
    let check = site.cloud.shipgate_as(Job::PullRequest, &repository, &["check", "--output", "json"]);
    let check = check.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", "pull_request").run();
    let report = check.json();
    let plan = &report["plans"][0];
    assert_eq!((&plan["environment"], &plan["outcome"]), (&json!("stage"), &json!("planned")), "{report:#}");
    assert_reported(&plan["warnings"], &["no default root object"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_site_without_a_distribution_is_proven_at_its_url() {
    let site = SiteCloud::new();
    let config = site.config("");
    let line = format!("distribution = \"{}\"\n", site.stage.distribution);
    let repository = site::repository(&config.replacen(&line, "", 1));
    let report = site.deploy(&repository).outcome("deployed", 0);
    assert_eq!(report["warnings"], json!([]));
    assert_eq!(site.invalidations(&site.stage), [[""; 0]; 0]);

    let url = format!("url = \"{}\"\n", site.stage.edge.url());
    let nowhere = config.replacen(&line, "", 1).replacen(&url, "", 1);
    let repository = site::repository(&nowhere);
    let bundle = SiteCloud::bundle(&repository);
    let report = site.job(&repository, &["deploy", "stage", "--bundle", &bundle]).outcome("invalid", 2);
    assert_reported(&report["hints"], &["url = "]);
}
