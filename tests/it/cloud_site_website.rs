//! Sites that the websites of their buckets serve: without a distribution and without TLS, at the address that S3 gives.

use serde_json::Value;

use crate::cloud_policy::printed;
use crate::cloud_roles;
use crate::harness::assert_reported;
use crate::http_server::Answer;
use crate::site::website::{Websites, address, config};
use crate::site::{self, SiteCloud, change, version};

/// The entry page of a version.
fn page(number: u32) -> String {
    version(number).pop().unwrap().1
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_website_has_its_releases_at_the_address_of_its_region() {
    let site = SiteCloud::new();
    let websites = site.make_websites();
    let repository = site::repository(&config(&site, ""));
    let first = repository.head();

    let ran = websites.deploy(&site, &repository);

    let report = ran.outcome("deployed", 0);
    assert!(ran.stderr.contains(&format!("at {}/", address(&site.stage))), "{}", ran.stderr);
    assert_eq!(websites.get(&site, &site.stage, "/"), (200, page(1)));
    // The page in the place of an error has the status of the error.
    let (status, text) = websites.get(&site, &site.stage, "/products/7");
    assert_eq!((status >= 400, text), (true, page(1)));
    assert_reported(&report["warnings"], &["is answered with `index.html` and an error's status"]);
    let second = change(&repository, 2);
    websites.deploy(&site, &repository).outcome("deployed", 0);
    websites.job(&site, &repository, &["promote", "production"]).outcome("deployed", 0);
    assert_eq!(websites.get(&site, &site.production, "/"), (200, page(2)));
    let report = websites.job(&site, &repository, &["rollback", "stage"]).outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], first);
    assert_eq!(websites.get(&site, &site.stage, "/"), (200, page(1)));
    assert_eq!(websites.get(&site, &site.production, "/"), (200, page(2)), "{second}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_wrong_page_on_a_website_is_taken_back() {
    let site = SiteCloud::new();
    let websites = site.make_websites();
    let repository = site::repository(&config(&site, ""));
    websites.deploy(&site, &repository).outcome("deployed", 0);
    repository.write("site/new.html", "<!doctype html><title>New</title>");
    repository.commit("A page");
    websites.change("/new.html", Answer::new(200, "another").with("content-type", "text/html"));

    let report = websites.deploy(&site, &repository).outcome("rolled-back", 5);

    assert!(report.to_string().contains("/new.html: another file comes"), "{report:#}");
    assert_eq!(websites.get(&site, &site.stage, "/"), (200, page(1)));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_keeps_browsers_from_a_website_is_said_before_anything_is_changed() {
    let site = SiteCloud::new();
    let repository = site::repository(&config(&site, ""));
    let websites = Websites::of(&site);
    let refused = |reason: &str, command: &str| {
        let report = websites.job(&site, &repository, &["plan", "deploy", "stage"]).outcome("invalid", 2);
        assert!(report["reason"].as_str().unwrap().contains(reason), "{report:#}");
        assert!(report["hints"].to_string().contains(command), "{report:#}");
    };
    let (bucket, stage) = (&site.stage.bucket, &site.stage);
    refused("has no website", &format!("aws s3 website s3://{bucket} --index-document index.html"));
    site.redirect_website(stage, "www.shop.example");
    refused("redirects all requests to www.shop.example", "aws s3 website");
    site.put_website(stage, "home.html", None);
    refused("answers `/` with `home.html`", "aws s3 website");
    site.put_website(stage, "index.html", None);
    // Only the distribution may read it.
    refused("the public may not read bucket", "aws s3api put-bucket-policy");
    site.make_public(stage);
    site.restrict(stage, true);
    refused("Block Public Access keeps everyone from bucket", "RestrictPublicBuckets=false");
    let (status, _) = websites.get(&site, stage, "/");
    assert!(status >= 400, "{status}");
    site.restrict(stage, false);
    websites.deploy(&site, &repository).outcome("deployed", 0);
    assert_eq!(websites.get(&site, stage, "/"), (200, page(1)));
    assert_eq!(site.keys(&site.production.bucket), [""; 0]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_statement_on_websites_is_missed_and_needed_for_nothing_else() {
    let site = SiteCloud::new();
    let websites = site.make_websites();
    let repository = site::repository(&config(&site, ""));
    websites.deploy(&site, &repository).outcome("deployed", 0);
    for read in [false, true] {
        let more: &[&str] = if read { &["stage", "--read-role"] } else { &["stage"] };
        let policy = printed(&site.cloud, &repository, more);
        let mut less: Value = policy.clone();
        less["Statement"].as_array_mut().unwrap().retain(|statement| statement["Sid"] != "ReadWebsites");
        assert_ne!(less, policy);
        cloud_roles::change(&site.cloud, &cloud_roles::name(&site.cloud, "stage", read), &less.to_string());
    }
    let reported = ["frontend: how the website of bucket", "is not known", "s3:GetBucket"];
    let report = websites.job(&site, &repository, &["plan", "deploy", "stage"]).outcome("planned", 0);
    assert_reported(&report["warnings"], &reported);
    change(&repository, 2);
    let report = websites.deploy(&site, &repository).outcome("deployed", 0);
    assert_reported(&report["warnings"], &reported);
    assert_eq!(websites.get(&site, &site.stage, "/"), (200, page(2)));
}
