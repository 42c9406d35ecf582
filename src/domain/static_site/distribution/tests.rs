//! Distributions, and what is said of them.

use super::warnings::warnings;
use super::*;

/// A distribution that nothing is to be said about.
pub fn sample() -> Distribution {
    Distribution {
        domain: "d111111abcdef8.cloudfront.net".to_owned(),
        aliases: vec!["shop.example".to_owned()],
        is_enabled: true,
        is_deployed: true,
        origins: vec![DistributionOrigin {
            id: "site".to_owned(),
            domain: "stage-site.s3.us-east-1.amazonaws.com".to_owned(),
            path: String::new(),
        }],
        default_root_object: Some("index.html".to_owned()),
        default: behaviour(1),
        others: Vec::new(),
        errors: Vec::new(),
    }
}

fn behaviour(least: u64) -> Behaviour {
    Behaviour {
        pattern: None,
        origins: vec!["site".to_owned()],
        allows_http: false,
        has_functions: false,
        caching: Caching::Known {
            policy: Some("Mine".to_owned()),
            least: Duration::from_secs(least),
            usual: None,
            most: None,
            has_query_strings: false,
        },
    }
}

fn bucket() -> BucketName {
    "stage-site".parse().unwrap()
}

fn said(distribution: &Distribution) -> Vec<String> {
    let warnings = warnings(distribution, &bucket(), &"us-east-1".parse().unwrap());
    assert!(warnings.iter().all(|warning| !warning.hint.is_empty()), "{warnings:?}");
    warnings.into_iter().map(|warning| warning.text).collect()
}

#[test]
fn a_bucket_is_known_by_each_of_its_names() {
    for (domain, is_ours) in [
        ("stage-site.s3.us-east-1.amazonaws.com", true),
        ("stage-site.s3.amazonaws.com", true),
        ("STAGE-site.s3.amazonaws.com", true),
        ("stage-site.s3-us-west-2.amazonaws.com", true),
        ("stage-site.s3.dualstack.eu-west-1.amazonaws.com", true),
        ("stage-site.s3-website-us-east-1.amazonaws.com", true),
        ("stage-site.s3-website.eu-central-1.amazonaws.com", true),
        ("stage-site.s3.cn-north-1.amazonaws.com.cn", true),
        ("stage-site2.s3.us-east-1.amazonaws.com", false),
        ("prod-site.s3.us-east-1.amazonaws.com", false),
        ("stage-site.s3.us-east-1.amazonaws.com.attacker.example", false),
        ("stage-site.s3.x.y.amazonaws.com", false),
        ("stage-site.example", false),
        ("stage-site", false),
    ] {
        assert_eq!(is_bucket(domain, &bucket()), is_ours, "{domain}");
        let mut distribution = sample();
        distribution.origins[0].domain = domain.to_owned();
        let wrong = wrong(&"E2QWRUHAPOMQZL".parse().unwrap(), &distribution, &bucket());
        assert_eq!(wrong.is_none(), is_ours, "{domain}");
    }
    let mut distribution = sample();
    distribution.origins[0].domain = "x\u{1b}[31m.example".to_owned();
    let failure = wrong(&"E2QWRUHAPOMQZL".parse().unwrap(), &distribution, &bucket()).unwrap();
    assert_eq!(failure.reason, "distribution E2QWRUHAPOMQZL does not serve bucket `stage-site`");
    assert_eq!(failure.causes[0].text, "it asks x.example");
}

#[test]
fn what_is_as_it_should_be_is_not_warned_of() {
    assert_eq!(said(&sample()), [""; 0]);
    let ten = ErrorPage { status: 404, page: Some("/404.html".to_owned()), answered: Some(404), least: USUAL_ERROR };
    let server = ErrorPage { status: 503, page: None, answered: None, least: Duration::from_hours(1) };
    assert_eq!(said(&Distribution { errors: vec![ten, server], ..sample() }), [""; 0]);
    let mut api = behaviour(3600);
    (api.pattern, api.origins, api.allows_http) = (Some("/api/*".to_owned()), vec!["api".to_owned()], true);
    assert_eq!(said(&Distribution { others: vec![api], ..sample() }), [""; 0], "it does not ask the bucket");
    let mut function = behaviour(0);
    function.has_functions = true;
    assert_eq!(said(&Distribution { default: function, default_root_object: None, ..sample() }), [""; 0]);
    let mut website = Distribution { default_root_object: None, ..sample() };
    website.origins[0].domain = "stage-site.s3-website-us-east-1.amazonaws.com".to_owned();
    assert_eq!(said(&website), [""; 0]);
}

#[test]
fn each_thing_that_goes_wrong_is_said_once() {
    let once = |distribution: Distribution, text: &str| {
        let said = said(&distribution);
        assert!(said.len() == 1 && said[0].contains(text), "{text}: {said:?}");
    };
    once(Distribution { is_enabled: false, is_deployed: false, ..sample() }, "is disabled");
    once(Distribution { is_deployed: false, ..sample() }, "are being changed");
    once(Distribution { default_root_object: Some(String::new()), ..sample() }, "no default root object");
    once(Distribution { default_root_object: None, ..sample() }, "no default root object");
    once(Distribution { default: behaviour(60), ..sample() }, "at least 60 s (cache policy `Mine`): `no-cache`");
    once(Distribution { default: Behaviour { allows_http: true, ..behaviour(0) }, ..sample() }, "without TLS");
    let other = Behaviour { pattern: Some("/docs/*".to_owned()), ..behaviour(60) };
    once(Distribution { others: vec![other], ..sample() }, "behaviour `/docs/*` keeps");
    let unknown = Caching::Unknown { policy: "658327ea".to_owned(), why: "permission is missing".to_owned() };
    once(
        Distribution { default: Behaviour { caching: unknown, ..behaviour(0) }, ..sample() },
        "is unknown: cache policy",
    );
    let mut below = sample();
    below.origins[0].path = "/site".to_owned();
    once(below, "origin path is `/site`");
    let mut elsewhere = sample();
    elsewhere.default.origins = vec!["api".to_owned()];
    once(elsewhere, "does not ask bucket `stage-site`");
    let error = |page: Option<&str>, answered, seconds| ErrorPage {
        status: 403,
        page: page.map(str::to_owned),
        answered,
        least: Duration::from_secs(seconds),
    };
    let with = |error| Distribution { errors: vec![error], ..sample() };
    once(with(error(Some("/index.html"), Some(200), 10)), "looks like a page");
    once(with(error(None, None, 300)), "at least 300 s");
}

#[test]
fn a_site_is_found_under_its_own_name() {
    assert_eq!(address(&sample()).as_deref(), Some("https://shop.example/"));
    let wildcard = Distribution { aliases: vec!["*.shop.example".to_owned()], ..sample() };
    assert_eq!(address(&wildcard).as_deref(), Some("https://d111111abcdef8.cloudfront.net/"));
    assert_eq!(address(&Distribution { domain: String::new(), aliases: Vec::new(), ..sample() }), None);
}

#[test]
fn what_is_invalidated_follows_the_settings() {
    let plain = Paths { root: Some("index.html".to_owned()), ..Paths::default() };
    assert_eq!(found(&sample(), &bucket()), plain);
    let error = |seconds| ErrorPage {
        status: 404,
        page: Some("/index.html".to_owned()),
        answered: Some(200),
        least: Duration::from_secs(seconds),
    };
    let mut distribution = Distribution { errors: vec![error(10)], ..sample() };
    assert_eq!((found(&distribution, &bucket()), errors_stay(&distribution)), (plain.clone(), USUAL_ERROR));
    distribution.errors = vec![error(300)];
    distribution.origins[0].path = "/site".to_owned();
    distribution.default.caching = Caching::Unknown { policy: "1".to_owned(), why: "no".to_owned() };
    let changed = Paths {
        origin_path: "/site".to_owned(),
        has_query_strings: true,
        fallbacks: vec!["/index.html".to_owned()],
        ..plain
    };
    assert_eq!(found(&distribution, &bucket()), changed);
    assert_eq!(errors_stay(&distribution), Duration::from_mins(5));
}
