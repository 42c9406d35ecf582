//! What is found in files, and what is left alone.

use proptest::prelude::*;

use super::search::MOST_PLACES;
use super::{Needles, SiteEnvironment};
use crate::domain::names::{AccountId, EnvironmentName};
use crate::domain::static_site::bundle::SitePath;
use crate::domain::static_site::runtime::RuntimeConfig;
use crate::domain::static_site::target::SiteTarget;

const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// All that an environment has.
struct BakedEnvironment {
    name: EnvironmentName,
    account: AccountId,
    url: String,
    site: SiteTarget,
    hosts: Vec<String>,
}

impl BakedEnvironment {
    fn new(name: &str, account: &str, values: &[(&str, &str)]) -> Self {
        let site = SiteTarget {
            bucket: format!("{name}-site").parse().unwrap(),
            artifacts: format!("{name}-releases").parse().unwrap(),
            runtime_config: Some(Box::new(RuntimeConfig::sample("config.js", values))),
            calls: vec![format!("https://api.{name}.example.com/v1").parse().unwrap()],
            ..SiteTarget::sample()
        };
        let url = format!("https://{name}.example.com");
        let hosts = vec![format!("d{account}.cloudfront.net")];
        Self { name: name.parse().unwrap(), account: account.parse().unwrap(), url, site, hosts }
    }

    fn side(&self) -> SiteEnvironment<'_> {
        let Self { name, account, url, site, hosts } = self;
        SiteEnvironment { environment: name, account: Some(account), url: Some(url), site, hosts }
    }
}

fn stage() -> BakedEnvironment {
    let values = [
        ("DSN", "https://a1b2@errors.example.io/1"),
        ("POOL", "eu-west-1_AbCdEfGhI"),
        ("REGION", "eu-west-1"),
        ("THEME", "dark-mode"),
        ("SHARED", "shared_key_123"),
        ("SOCKET", "wss://socket.stage.example.net/${release.sha}"),
        ("AUTH", "login.stage-shop.example.net"),
    ];
    BakedEnvironment::new("stage", "111111111111", &values)
}

fn production() -> BakedEnvironment {
    let values = [
        ("DSN", "https://c3d4@errors.example.io/2"),
        ("POOL", "us-east-1_ZzZzZzZzZ"),
        ("REGION", "us-east-1"),
        ("THEME", "light-mode"),
        ("SHARED", "shared_key_123"),
    ];
    BakedEnvironment::new("production", "222222222222", &values)
}

fn needles(other: &BakedEnvironment, own: &BakedEnvironment) -> Needles {
    Needles::new(&other.side(), &own.side(), &SHA.parse().unwrap())
}

fn found(path: &str, text: &str) -> Vec<String> {
    let found = needles(&stage(), &production()).search(&path.parse().unwrap(), text.as_bytes());
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_the_other_environments_is_named_without_its_value() {
    for (text, what) in [
        ("fetch('https://stage.example.com/x')", "host `stage.example.com` of `stage` (`url`)"),
        ("'//cdn.stage.example.com'", "host `stage.example.com` of `stage` (`url`)"),
        (
            r#""https:\/\/d111111111111.cloudfront.net""#,
            "host `d111111111111.cloudfront.net` of `stage` (`distribution`)",
        ),
        ("x=\"wss://socket.stage.example.net\"", "host `socket.stage.example.net` of `stage` (`SOCKET`)"),
        ("a:'login.stage-shop.example.net'", "host `login.stage-shop.example.net` of `stage` (`AUTH`)"),
        ("dsn:'https://a1b2@errors.example.io/1'", "value of `DSN` of `stage`"),
        (r"dsn:'https:\/\/a1b2@errors.example.io\/1'", "value of `DSN` of `stage`"),
        ("p='eu-west-1_AbCdEfGhI'", "value of `POOL` of `stage`"),
        ("b:'stage-site'", "bucket `stage-site` of `stage`"),
        ("s3://stage-releases/x", "bucket `stage-releases` of `stage`"),
        ("arn:aws:sns:eu-west-1:111111111111:topic", "account 111111111111 of `stage`"),
    ] {
        let (one, others): (Vec<_>, Vec<_>) = found("a.js", text).into_iter().partition(|it| it.ends_with(what));
        assert_eq!((one.len(), others), (1, Vec::new()), "{text}");
    }
}

#[test]
fn what_both_have_or_anybody_may_have_is_not_counted() {
    for text in [
        "https://production.example.com",
        "https://www.example.com",
        "https://prestage.example.com",
        "https://stage.example.com.evil.org",
        "https://errors.example.io",
        "https://a1b2@errors.example.io/12",
        "shared_key_123",
        "eu-west-1 dark-mode",
        "id:111111111111",
        "stage-site-2",
        "my-stage-site",
    ] {
        assert_eq!(found("a.js", text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_host_above_this_environments_is_only_itself() {
    let (mut stage, production) = (stage(), production());
    stage.url = "https://example.com".to_owned();
    let needles = needles(&stage, &production);
    let count = |text: &str| needles.search(&"a.html".parse().unwrap(), text.as_bytes()).len();
    assert_eq!(count("https://example.com/ https://docs.example.com/ https://production.example.com/"), 1);
}

#[test]
fn accounts_that_are_not_known_are_not_compared() {
    let (stage, production) = (stage(), production());
    let (text, path) = (b"arn:aws:sns:eu-west-1:111111111111:topic", "a.js".parse().unwrap());
    for (other, own, count) in [
        (Some(&stage.account), Some(&production.account), 1),
        (Some(&stage.account), Some(&stage.account), 0),
        (Some(&stage.account), None, 0),
        (None, Some(&production.account), 0),
    ] {
        let (other, own) =
            (SiteEnvironment { account: other, ..stage.side() }, SiteEnvironment { account: own, ..production.side() });
        assert_eq!(Needles::new(&other, &own, &SHA.parse().unwrap()).search(&path, text).len(), count);
    }
}

#[test]
fn a_part_of_this_environments_text_is_its_own() {
    let (stage, mut production) = (stage(), production());
    let values = [("LINK", "https://example.org/?from=stage.example.com&x")];
    production.site.runtime_config = Some(Box::new(RuntimeConfig::sample("config.js", &values)));
    let needles = needles(&stage, &production);
    let count = |text: &str| needles.search(&"a.js".parse().unwrap(), text.as_bytes()).len();
    assert_eq!(count("'https://example.org/?from=stage.example.com&x'"), 0);
    assert_eq!(count("'https://example.org/?from=stage.example.com&y'"), 1);
}

#[test]
fn a_place_has_a_line_and_a_character() {
    let text = "é stage.example.com\n\nx\r\n  “stage.example.com” stage.example.com";
    let expected = [(1, 3), (4, 4), (4, 23)];
    let found = needles(&stage(), &production()).search(&"a.html".parse().unwrap(), text.as_bytes());
    assert_eq!(found.iter().map(|it| (it.line, it.column)).collect::<Vec<_>>(), expected);
    let many = "stage.example.com\n".repeat(MOST_PLACES + 5);
    assert_eq!(self::found("a.js", &many).len(), MOST_PLACES);
}

#[test]
fn only_text_that_is_served_and_built_is_searched() {
    let mut production = production();
    production.site.exclude = vec!["drafts/**".parse().unwrap()];
    let needles = needles(&stage(), &production);
    for (path, is_searched) in [
        ("index.html", true),
        ("ASSETS/A.JS", true),
        ("sw.mjs", true),
        (".well-known/apple-app-site-association", true),
        ("drafts/index.html", false),
        ("config.js", false),
        ("a/config.js", true),
        ("a.js.map", false),
        ("logo.png", false),
        ("a.js.br", false),
    ] {
        let path: SitePath = path.parse().unwrap();
        assert_eq!(needles.search(&path, b"https://stage.example.com").len(), usize::from(is_searched), "{path}");
    }
}

proptest! {
    #[test]
    fn what_is_planted_is_found_and_nothing_else(
        parts in proptest::collection::vec("[ -~\n]{0,40}", 1..8),
        planted in proptest::collection::vec((0_usize..5, 0_usize..8), 0..6),
    ) {
        let (texts, before) = (
            ["stage.example.com", "eu-west-1_AbCdEfGhI", "stage-site", "api.stage.example.com", "111111111111"],
            ["https://", "\"", "'", "://", "arn:aws:iam::"],
        );
        let mut text = String::new();
        let mut count = 0;
        for (index, part) in parts.iter().enumerate() {
            text.push_str(part);
            for (which, _) in planted.iter().filter(|(_, at)| *at == index) {
                text.extend([" ", before[*which], texts[*which], ": "]);
                count += 1;
            }
        }
        let found = found("a.js", &text);
        prop_assert_eq!(found.len(), count, "{}\n{:?}", text, found);
    }

    #[test]
    fn no_file_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let needles = needles(&stage(), &production());
        drop(needles.search(&"a.js".parse().unwrap(), &bytes));
    }
}

/// Run by hand: `cargo test --release a_large_site -- --ignored --nocapture`.
#[test]
#[ignore = "measures 200 MB, in a release build"]
fn a_large_site_is_searched_in_a_second() {
    let line = "function a(e,t){return e.map((n=>({...n,url:`https://production.example.com/${t}`})))};";
    let file = line.repeat(2_000_000 / line.len());
    let needles = needles(&stage(), &production());
    let path = "a.js".parse().unwrap();
    let started = tokio::time::Instant::now();
    let count: usize = (0..100).map(|_| needles.search(&path, file.as_bytes()).len()).sum();
    let needed = started.elapsed();
    println!("200 MB: {needed:?}");
    assert_eq!(count, 0);
}
