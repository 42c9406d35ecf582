//! What the tests of sites stand on does what it says: buckets behind a distribution, an address that keeps answers, a
//! proxy that loses them.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Value, json};

use crate::cloud_roles::ACCOUNT;
use crate::http_server::Answer;
use crate::site::edge::{Conduct, Keeping};
use crate::site::proxy::{Does, Proxy, Rule};
use crate::site::visitor::{Visitor, assets};
use crate::site::{self, Place, SiteCloud, version};

/// Writes a version as a careful person would: assets first.
fn publish(site: &SiteCloud, place: &Place, number: u32) {
    for (path, content) in version(number) {
        let kind = match path.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            _ => "application/octet-stream",
        };
        site.put(&place.bucket, &path, kind, content);
    }
}

fn get(site: &SiteCloud, url: &str) -> (u16, String) {
    site.cloud.wait(async {
        match reqwest::get(url).await {
            Ok(answer) => (answer.status().as_u16(), answer.text().await.unwrap()),
            Err(_) => (0, String::new()),
        }
    })
}

fn invalidate(site: &SiteCloud, place: &Place, paths: &[&str]) {
    use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
    let paths_of = Paths::builder().quantity(paths.len().try_into().unwrap());
    let paths_of = paths_of.set_items(Some(paths.iter().map(|&path| path.to_owned()).collect())).build().unwrap();
    let batch = InvalidationBatch::builder().paths(paths_of).caller_reference(paths.join(" ")).build().unwrap();
    let request = site.cloudfront.create_invalidation().distribution_id(&place.distribution).invalidation_batch(batch);
    site.cloud.wait(request.send()).unwrap();
}

/// A session of a role that may do anything in S3.
fn role(site: &SiteCloud) -> Credentials {
    let root = Credentials::new("test", "test", None, None, "root");
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1"));
    let config = site.cloud.wait(loader.credentials_provider(root).load());
    let name = format!("{}-s3", site.cloud.prefix);
    let document = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let principal = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")});
    let trust = document(json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}));
    let policy = document(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}));
    site.cloud.wait(async {
        let iam = &site.cloud.iam;
        iam.create_role().role_name(&name).assume_role_policy_document(trust).send().await.unwrap();
        iam.put_role_policy().role_name(&name).policy_name("s3").policy_document(policy).send().await.unwrap();
        let assume = aws_sdk_sts::Client::new(&config).assume_role().role_session_name("test");
        let assume = assume.role_arn(format!("arn:aws:iam::{ACCOUNT}:role/{name}"));
        let session = assume.send().await.unwrap().credentials.unwrap();
        let (id, secret) = (session.access_key_id, session.secret_access_key);
        Credentials::new(id, secret, Some(session.session_token), None, "role")
    })
}

/// A client of S3 through a proxy, without second attempts. It has a role: signatures of the root are not verified.
fn through(site: &SiteCloud, proxy: &Proxy) -> aws_sdk_s3::Client {
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1"));
    let loader = loader.credentials_provider(role(site)).endpoint_url(proxy.endpoint());
    let once = aws_config::retry::RetryConfig::disabled();
    let config = site.cloud.wait(loader.retry_config(once).load());
    aws_sdk_s3::Client::from_conf(Builder::from(&config).force_path_style(true).build())
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_distribution_alone_reads_its_bucket() {
    let site = SiteCloud::new();
    publish(&site, &site.stage, 1);
    let (status, page) = get(&site, &format!("{}/", site.stage.edge.url()));
    assert_eq!(status, 200);
    for asset in assets(&page) {
        assert_eq!(get(&site, &format!("{}{asset}", site.stage.edge.url())).0, 200, "{asset}");
    }
    let direct = format!("{}/{}/index.html", site.cloud.endpoint(), site.stage.bucket);
    assert_eq!(get(&site, &direct).0, 403, "the bucket is public");
    assert_eq!(get(&site, &format!("{}/", site.production.edge.url())).0, 403, "production has no site");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_address_keeps_what_says_nothing_until_it_is_invalidated() {
    let site = SiteCloud::new();
    let (place, edge) = (&site.stage, &site.stage.edge);
    let page = |path: &str| get(&site, &format!("{}{path}", edge.url())).1;
    // Without a rule, the policy's default: a day.
    site.put(&place.bucket, "index.html", "text/html", "first");
    assert_eq!((page("/"), page("/index.html")), ("first".to_owned(), "first".to_owned()));
    site.put(&place.bucket, "index.html", "text/html", "second");
    assert_eq!(page("/"), "first");
    assert!(edge.served().last().unwrap().is_kept);
    // Two keys of one object.
    invalidate(&site, place, &["/index.html"]);
    assert_eq!((page("/"), page("/index.html")), ("first".to_owned(), "second".to_owned()));
    edge.invalidations_take(Duration::from_millis(400));
    invalidate(&site, place, &["/*"]);
    assert_eq!(page("/"), "first");
    crate::harness::eventually("the invalidation arrives", || page("/") == "second");
    assert_eq!(site.invalidations(place), [["/index.html"], ["/*"]]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rule_of_an_object_is_kept_to_unless_the_policy_has_a_minimum() {
    let site = SiteCloud::new();
    let (place, edge) = (&site.stage, &site.stage.edge);
    let write = |body: &str| {
        let put = site.s3.put_object().bucket(&place.bucket).key("index.html").cache_control("no-cache");
        site.cloud.wait(put.body(ByteStream::from(body.as_bytes().to_vec())).send()).unwrap();
    };
    let page = || get(&site, &format!("{}/", edge.url())).1;
    write("first");
    assert_eq!(page(), "first");
    write("second");
    assert_eq!(page(), "second");
    edge.keep(Keeping { minimum: Duration::from_hours(1), ..Keeping::OPTIMIZED });
    assert_eq!(page(), "second");
    write("third");
    assert_eq!(page(), "second");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_address_goes_wrong_as_it_is_told() {
    let site = SiteCloud::new();
    let (place, edge) = (&site.stage, &site.stage.edge);
    publish(&site, place, 1);
    let status = |path: &str| get(&site, &format!("{}{path}", edge.url())).0;
    assert_eq!((status("/"), status("/missing.js")), (200, 403));
    edge.conduct(Conduct::Status(503));
    assert_eq!(status("/"), 503);
    edge.conduct(Conduct::HangsUp);
    assert_eq!(status("/"), 0);
    edge.conduct(Conduct::Fallback("/index.html"));
    assert_eq!(status("/missing.js"), 200);
    edge.conduct(Conduct::Stale);
    let page = || get(&site, &format!("{}/", edge.url())).1;
    let first = page();
    publish(&site, place, 2);
    invalidate(&site, place, &["/*"]);
    assert_eq!(page(), first);
    edge.conduct_for(Conduct::Stale, Duration::from_millis(200));
    crate::harness::eventually("it is stale no more", || page() != first);
    edge.change("/", Answer::new(200, "another page"));
    assert_eq!(page(), "another page");
    edge.change_back("/");
    assert_ne!(page(), "another page");
    // The distribution's own error pages.
    edge.conduct(Conduct::Good);
    site.hide_missing(place);
    assert_eq!(status("/gone.js"), 200);
    let statuses: Vec<u16> = edge.served().iter().map(|served| served.status).collect();
    assert_eq!(statuses[..5], [200, 403, 503, 0, 200]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_reader_sees_a_page_that_names_what_is_gone() {
    let site = SiteCloud::new();
    let place = &site.stage;
    publish(&site, place, 1);
    let visitor = Visitor::of(&place.edge.url());
    visitor.until_visited(3);
    publish(&site, place, 2);
    place.edge.invalidate(&["/*"]);
    visitor.until_visited(3);
    assert_eq!(visitor.stop(), []);

    let visitor = Visitor::of(&place.edge.url());
    visitor.until_visited(1);
    let script = version(2).remove(0).0;
    site.delete(&place.bucket, &script);
    place.edge.invalidate(&["/*"]);
    visitor.until_visited(3);
    let broken = visitor.stop();
    assert!(broken.iter().any(|it| it.asset == format!("/{script}") && it.instead == "403"), "{broken:?}");

    // The page in the place of a script is as bad.
    site.hide_missing(place);
    let visitor = Visitor::of(&place.edge.url());
    visitor.until_visited(2);
    let broken = visitor.stop();
    assert!(broken.iter().any(|it| it.instead == "200 text/html"), "{broken:?}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_proxy_names_what_it_hands_on_whatever_the_key() {
    let site = SiteCloud::new();
    let proxy = Proxy::before(site.cloud.endpoint());
    let (s3, bucket) = (through(&site, &proxy), &site.stage.bucket);
    let keys = ["a b+c%20#?é.html", "x/../y", "./z", "a//b", "tab\there", "100%", &"k".repeat(1024)];
    for key in keys {
        let put = s3.put_object().bucket(bucket).key(key).if_none_match("*").body(ByteStream::from_static(b"1"));
        site.cloud.wait(put.send()).unwrap_or_else(|error| panic!("{key}: {error:?}"));
        let call = proxy.calls().pop().unwrap();
        assert_eq!((call.operation.as_str(), call.key.as_str(), call.status), ("PutObject", key, Some(200)));
        assert_eq!((&call.place, &call.conditions), (bucket, &vec!["if-none-match: *".to_owned()]));
    }
    let mut found = site.keys(bucket);
    found.sort();
    let mut wanted = keys.map(str::to_owned);
    wanted.sort();
    assert_eq!(found, wanted);
    site.cloud.wait(s3.head_object().bucket(bucket).key("100%").send()).unwrap();
    site.cloud.wait(s3.delete_object().bucket(bucket).key("100%").send()).unwrap();
    site.cloud.wait(s3.list_objects_v2().bucket(bucket).send()).unwrap();
    let copy = s3.copy_object().bucket(bucket).key("copy").copy_source(format!("{bucket}/{}", "k".repeat(1024)));
    site.cloud.wait(copy.send()).unwrap();
    let calls = proxy.calls();
    let last: Vec<&str> = calls.iter().rev().take(4).rev().map(|call| call.operation.as_str()).collect();
    assert_eq!(last, ["HeadObject", "DeleteObject", "ListObjectsV2", "CopyObject"]);
    assert_eq!((proxy.changes(), proxy.count("PutObject")), (keys.len() + 2, keys.len()));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_proxy_loses_and_refuses_what_it_is_told() {
    let site = SiteCloud::new();
    let proxy = Proxy::before(site.cloud.endpoint());
    let (s3, bucket) = (through(&site, &proxy), &site.stage.bucket);
    let put = |key: &str| {
        let put = s3.put_object().bucket(bucket).key(key).body(ByteStream::from_static(b"1"));
        site.cloud.wait(put.send()).map_err(|error| error.code().map(str::to_owned))
    };
    proxy.rule(Rule::on("PutObject", Does::CutsBefore).with_key("before").times(1));
    proxy.rule(Rule::on_changes(Does::CutsAfter).with_key("after"));
    proxy.rule(Rule::on("PutObject", Does::Answers(409, "ConditionalRequestConflict")).with_key("conflict"));
    proxy.rule(Rule::on_all(Does::Answers(403, "AccessDenied")).with_key("third").after(2));
    assert_eq!(put("before").unwrap_err(), None);
    assert_eq!(put("after").unwrap_err(), None);
    assert_eq!(put("conflict").unwrap_err().as_deref(), Some("ConditionalRequestConflict"));
    assert!(put("third-1").is_ok() && put("third-2").is_ok());
    assert_eq!(put("third-3").unwrap_err().as_deref(), Some("AccessDenied"));
    assert_eq!(site.keys(bucket), ["after", "third-1", "third-2"]);
    assert!(put("before").is_ok(), "the rule is used up");
    let statuses: Vec<Option<u16>> = proxy.calls().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [None, None, Some(409), Some(200), Some(200), Some(403), Some(200)]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_proxy_refuses_in_the_words_of_cloudfront() {
    let site = SiteCloud::new();
    let proxy = Proxy::before(site.cloud.endpoint());
    let root = Credentials::new("test", "test", None, None, "root");
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1"));
    let loader = loader.credentials_provider(root).endpoint_url(proxy.endpoint());
    let config = site.cloud.wait(loader.retry_config(aws_config::retry::RetryConfig::disabled()).load());
    let through = SiteCloud { cloudfront: aws_sdk_cloudfront::Client::new(&config), ..site };
    proxy.rule(Rule::on("GetInvalidation", Does::SaysInProgress).times(1));
    invalidate(&through, &through.stage, &["/"]);
    let list = through.cloudfront.list_invalidations().distribution_id(&through.stage.distribution).send();
    let list = through.cloud.wait(list).unwrap().invalidation_list.unwrap();
    let status = || {
        let id = list.items()[0].id();
        let found = through.cloudfront.get_invalidation().distribution_id(&through.stage.distribution).id(id);
        through.cloud.wait(found.send()).unwrap().invalidation.unwrap().status().to_owned()
    };
    assert_eq!([status(), status()], ["InProgress", "Completed"]);
    proxy.rule(Rule::on("GetDistribution", Does::Answers(503, "ServiceUnavailable")));
    let refused = through.cloudfront.get_distribution().id(&through.stage.distribution).send();
    let refused = through.cloud.wait(refused).unwrap_err();
    assert_eq!(aws_sdk_cloudfront::error::ProvideErrorMetadata::code(&refused), Some("ServiceUnavailable"));
    let calls = proxy.calls();
    let operations: Vec<&str> = calls.iter().map(|call| call.operation.as_str()).collect();
    let wanted = ["CreateInvalidation", "ListInvalidations", "GetInvalidation", "GetInvalidation", "GetDistribution"];
    assert_eq!(operations, wanted);
    assert_eq!(proxy.changes(), 1);
}

/// The program itself, which is ended at each of its requests.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_program_dies_at_each_request_in_turn() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.laptop_config(""));
    let proxy = Proxy::before(site.cloud.endpoint());
    let start = || {
        let shipgate = site.laptop(&repository, &["plan", "deploy", "stage"]);
        shipgate.env("AWS_ENDPOINT_URL", proxy.endpoint()).start()
    };
    start().wait().outcome("planned", 0);
    let all = proxy.calls();
    let of_site = all.iter().filter(|call| [&site.stage.store, &site.stage.bucket].contains(&&call.place));
    assert!(of_site.count() > 0, "{all:?}");
    let mut deaths = Vec::new();
    let ran = proxy.kill_at_each(&Rule::on_all(Does::HoldsBefore), start, |number| {
        deaths.push(number);
        // What was held got no answer.
        assert!(proxy.calls().iter().any(|call| call.status.is_none()), "{:?}", proxy.calls());
    });
    ran.outcome("planned", 0);
    assert_eq!(deaths, (0..all.len()).collect::<Vec<_>>());
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_program_that_is_held_goes_on() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.laptop_config(""));
    let proxy = Proxy::before(site.cloud.endpoint());
    for does in [Does::HoldsBefore, Does::HoldsAfter] {
        proxy.reset();
        proxy.rule(Rule::on_all(does).times(1));
        let shipgate = site.laptop(&repository, &["plan", "deploy", "stage"]);
        let running = shipgate.env("AWS_ENDPOINT_URL", proxy.endpoint()).start();
        proxy.until_held();
        proxy.let_go();
        running.wait().outcome("planned", 0);
    }
}
