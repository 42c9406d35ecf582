//! Proofs in virtual time: a world says what each address answers at each moment, and nothing waits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use url::Url;

use super::*;
use crate::domain::failure::Failure;
use crate::domain::image::Digest;
use crate::domain::limits::SITE_PAGES;
use crate::domain::outcome::Outcome;
use crate::domain::poll::PollStep;
use crate::domain::static_site::bundle::{Cache, SiteFile, SitePath};
use crate::domain::static_site::page::PageReferences;

const TIMEOUT: Duration = Duration::from_mins(20);
const ERRORS_STAY: Duration = Duration::from_secs(10);

/// A release with two pages, a script, a style and a runtime configuration, after one without the page `new.html`.
struct ProofWorld {
    address: Url,
    pages: BTreeMap<SitePath, Digest>,
    before: BTreeMap<SitePath, Option<Digest>>,
    served: BTreeMap<SitePath, SiteFile>,
    left_over: BTreeSet<SitePath>,
    config: (SitePath, Digest),
}

impl ProofWorld {
    fn new() -> Self {
        let path = |text: &str| text.parse::<SitePath>().unwrap();
        let file = |text: &str, kind: &str| SiteFile {
            digest: Digest::of(text),
            size: 9,
            content_type: kind.to_owned(),
            cache: Cache::Revalidate,
            encoding: None,
        };
        let html = "text/html; charset=utf-8";
        let served = [
            ("index.html", file("index", html)),
            ("new.html", file("new", html)),
            ("assets/a b+c.js", file("script", "text/javascript; charset=utf-8")),
            ("assets/large.js", SiteFile { size: 20 << 20, ..file("large", "text/javascript") }),
            ("style.css", file("style", "text/css")),
        ];
        let before = [("index.html", Some("old")), ("new.html", None), ("style.css", Some("old style"))];
        Self {
            address: Url::parse("https://shop.example/").unwrap(),
            pages: ["index", "new"].map(|name| (path(&format!("{name}.html")), Digest::of(name))).into(),
            before: before.map(|(name, digest)| (path(name), digest.map(Digest::of))).into(),
            served: served.map(|(name, file)| (path(name), file)).into(),
            left_over: [path("old.js")].into(),
            config: (path("config.js"), Digest::of("config")),
        }
    }

    fn site(&self) -> ServedSite<'_> {
        let Self { address, pages, before, served, left_over, config } = self;
        ServedSite { address, pages, before, served, left_over, config: Some(config) }
    }

    fn needed(&self, html: &str) -> Result<Vec<ProofQuestion>, SiteUnproven> {
        self.site().needed(&[(self.address.clone(), PageReferences::read(html.as_bytes(), &self.address))])
    }
}

fn seen(status: u16, text: &str, kind: &str) -> AddressResult {
    let headers = [("content-type", kind), ("age", "7"), ("x-cache", "Hit from cloudfront")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    AddressResult::Answered(Box::new(ProofAnswer::new(status, &headers, Some(Digest::of(text)))))
}

fn page(text: &str) -> AddressResult {
    seen(200, text, "text/html; charset=utf-8")
}

fn down() -> AddressResult {
    AddressResult::Unanswered("no answer: Connection refused".to_owned())
}

/// How a proof ended, after how many seconds, with what it showed.
struct ProofEnd {
    result: Result<(), SiteUnproven>,
    seconds: f64,
    progress: Vec<String>,
    asked: Vec<usize>,
}

impl ProofEnd {
    fn failure(self) -> (Outcome, u64, Vec<String>) {
        let seconds = Duration::from_secs_f64(self.seconds + 0.5).as_secs();
        let failure: Failure = self.result.unwrap_err().into();
        (failure.outcome, seconds, failure.causes.into_iter().map(|cause| cause.text).collect())
    }
}

/// Asks a world until it is decided. The world gets the seconds, and the path that is asked for.
fn run(asked: Vec<ProofQuestion>, world: impl Fn(f64, &str) -> AddressResult) -> ProofEnd {
    let mut watch = ProofWatch::new(asked, TIMEOUT, ERRORS_STAY);
    let (mut elapsed, mut progress, mut numbers) = (Duration::ZERO, Vec::new(), Vec::new());
    let mut question = watch.first();
    loop {
        numbers.push(question.len());
        let answer = |index: usize| (index, world(elapsed.as_secs_f64(), watch.asked()[index].url.path()));
        let looks: Vec<(usize, AddressResult)> = question.into_iter().map(answer).collect();
        let next = watch.see(elapsed, &looks);
        if progress.last() != Some(&next.progress) {
            progress.push(next.progress);
        }
        match next.step {
            PollStep::Done(result) => {
                return ProofEnd { result, seconds: elapsed.as_secs_f64(), progress, asked: numbers };
            }
            PollStep::Ask { after, question: next } => {
                assert!(after > Duration::ZERO && after <= Duration::from_secs(5), "{after:?}");
                elapsed += after;
                question = next;
            }
        }
    }
}

/// What each path answers when all is as it should be.
fn right(path: &str) -> AddressResult {
    match path {
        "/" => page("index"),
        "/new.html" => page("new"),
        "/config.js" => seen(200, "config", "text/javascript"),
        "/style.css" => seen(200, "style", "text/css"),
        "/assets/a%20b%2Bc.js" | "/assets/a%20b+c.js" => seen(200, "script", "Application/JavaScript"),
        _ => seen(404, "", "application/xml"),
    }
}

#[test]
fn the_entry_page_is_asked_for_first_and_every_page_is() {
    let world = ProofWorld::new();
    let (asked, left_out) = world.site().pages();
    let urls: Vec<&str> = asked.iter().map(|asked| asked.url.as_str()).collect();
    let at = |path: &str| format!("https://shop.example/{path}");
    assert_eq!((urls, left_out), (vec![&*at(""), &*at("new.html"), &*at("config.js")], 0));
    let end = run(asked, |_, path| right(path));
    assert_eq!((end.result, end.seconds, end.asked), (Ok(()), 0.0, vec![3]));
    assert_eq!(end.progress, ["3 of 3 answer as they should"]);
}

#[test]
fn so_many_pages_are_asked_for_and_no_more() {
    let most = SITE_PAGES.count();
    let mut world = ProofWorld::new();
    world.pages.extend((0..most).map(|number| (format!("a/{number}.html").parse().unwrap(), Digest::of("x"))));
    let (asked, left_out) = world.site().pages();
    assert_eq!((asked.len(), left_out), (most + 1, 2), "the runtime configuration is no page");
    assert_eq!(asked[0].url.as_str(), "https://shop.example/");
}

#[test]
fn what_was_there_before_is_not_yet_the_release_and_no_failure() {
    let before = |path: &str| match path {
        "/" => page("old"),
        "/new.html" => seen(404, "no such page", "text/html"),
        other => right(other),
    };
    let asked = ProofWorld::new().site().pages().0;
    let end = run(asked.clone(), |at, path| if at < 100.0 { before(path) } else { right(path) });
    assert_eq!(end.result, Ok(()));
    assert!((100.0..105.0).contains(&end.seconds), "{}", end.seconds);
    assert_eq!(end.asked[..2], [3, 2], "what is proven is not asked for again");
    let waits = "1 of 3 answer as they should; https://shop.example/: what was there before still comes";
    assert_eq!(end.progress, [waits, "3 of 3 answer as they should"]);
    let (outcome, seconds, causes) = run(asked, |_, path| before(path)).failure();
    let kept = "(age 7 s, Hit from cloudfront)";
    let causes_expected = [
        format!("https://shop.example/: what was there before still comes {kept}"),
        format!("https://shop.example/new.html: it is still missing {kept}"),
    ];
    assert_eq!((outcome, seconds, causes), (Outcome::TimedOut, TIMEOUT.as_secs(), causes_expected.to_vec()));
}

#[test]
fn another_page_in_the_place_of_a_new_one_is_not_yet_the_release() {
    for stand_in in ["old", "index"] {
        let asked = ProofWorld::new().site().pages().0;
        let world = |at: f64, path: &str| match path {
            "/new.html" if at < 60.0 => page(stand_in),
            other => right(other),
        };
        let end = run(asked, world);
        assert!(end.result.is_ok() && end.seconds >= 60.0, "{stand_in}: {:?}", end.result);
    }
}

#[test]
fn a_wrong_page_has_to_come_three_times_over_five_seconds() {
    let asked = || ProofWorld::new().site().pages().0;
    let (outcome, seconds, causes) =
        run(asked(), |_, path| if path == "/" { page("whose?") } else { right(path) }).failure();
    assert_eq!((outcome, seconds), (Outcome::Broken, 8));
    let found = Digest::of("whose?");
    let kept = "(age 7 s, Hit from cloudfront)";
    assert_eq!(causes, [format!("https://shop.example/: another file comes, {} {kept}", found.short())]);
    for (until, is_proven) in [(3.0, true), (7.0, true), (20.0, false)] {
        let world = |at: f64, path: &str| if path == "/" && at < until { page("whose?") } else { right(path) };
        assert_eq!(run(asked(), world).result.is_ok(), is_proven, "{until}");
    }
    // Two edges: one has the release, the other the page before, and one answer in between is neither.
    let world = |at: f64, path: &str| match path {
        "/" if at < 3.0 || (6.0..12.0).contains(&at) => page("whose?"),
        "/" if at < 40.0 => page("old"),
        _ => right(path),
    };
    assert_eq!(run(asked(), world).result, Ok(()), "wrong answers in a row count, not in all");
}

#[test]
fn what_is_no_page_is_said_as_it_is() {
    let redirect = {
        let headers = [("location".to_owned(), "https://login.example/?token=canary".to_owned())].into();
        AddressResult::Answered(Box::new(ProofAnswer::new(302, &headers, Some(Digest::of("")))))
    };
    let large = AddressResult::Answered(Box::new(ProofAnswer::new(
        200,
        &[("content-type".to_owned(), "text/html".to_owned())].into(),
        None,
    )));
    for (look, why) in [
        (redirect, "status 302, it redirects to https://login.example/"),
        (seen(404, "", "application/xml"), "status 404 (age 7 s"),
        (seen(200, "index", "binary/octet-stream"), "it comes as `binary/octet-stream`, not as `text/html`"),
        (large, "more comes than is read"),
        (page(""), "another file comes, sha256:e3b0c44298fc"),
    ] {
        let asked = ProofWorld::new().site().pages().0;
        let end = run(asked, |_, path| if path == "/" { look.clone() } else { right(path) });
        let (outcome, _, causes) = end.failure();
        assert_eq!((outcome, causes.len()), (Outcome::Broken, 1));
        assert!(causes[0].contains(why) && !causes[0].contains("canary"), "{why}: {causes:?}");
    }
}

#[test]
fn headers_of_before_are_not_yet_the_release() {
    let mut world = ProofWorld::new();
    world.before.insert("index.html".parse().unwrap(), Some(Digest::of("index")));
    let asked = world.site().pages().0;
    let kept = |at: f64, path: &str| match path {
        "/" if at < 60.0 => seen(200, "index", "binary/octet-stream"),
        other => right(other),
    };
    let end = run(asked, kept);
    assert!(end.result.is_ok() && end.seconds >= 60.0, "{:?}", end.result);
}

#[test]
fn who_does_not_answer_is_asked_until_the_time_is_over() {
    let asked = || ProofWorld::new().site().pages().0;
    let end = run(asked(), |at, path| if at < 300.0 { down() } else { right(path) });
    assert!(end.result.is_ok() && end.seconds >= 300.0, "{:?}", end.result);
    let end = run(asked(), |at, path| if at < 30.0 { seen(503, "", "text/html") } else { right(path) });
    assert!(end.result.is_ok(), "{:?}", end.result);
    let (outcome, seconds, causes) = run(asked(), |_, path| if path == "/" { down() } else { right(path) }).failure();
    assert_eq!((outcome, seconds), (Outcome::Broken, TIMEOUT.as_secs()));
    assert_eq!(causes, ["https://shop.example/: no answer: Connection refused"]);
    let verdict = run(asked(), |_, _| down()).result.unwrap_err();
    assert!(!verdict.is_of_the_release(), "nothing is known of it");
}

#[test]
fn each_script_and_style_of_the_release_has_its_bytes_and_its_type() {
    let html = "<script src='/assets/a b+c.js'></script><link rel=stylesheet href=style.css>\
                <script src=https://cdn.example/x.js></script><script src=config.js></script>";
    let asked = ProofWorld::new().needed(html).unwrap();
    assert_eq!(asked.len(), 3, "other origins are not asked");
    assert_eq!(run(asked.clone(), |_, path| right(path)).result, Ok(()));
    let style = |look: AddressResult| {
        run(asked.clone(), move |_, path| if path == "/style.css" { look.clone() } else { right(path) })
    };
    for (look, seconds, why) in [
        (page("index"), 15, "a page comes instead of the style"),
        (seen(404, "", "text/html"), 15, "status 404"),
        (seen(200, "style", "text/plain"), 8, "the style comes as `text/plain`"),
        (seen(200, "whose?", "text/css"), 8, "another file comes"),
    ] {
        let (outcome, after, causes) = style(look).failure();
        assert_eq!(outcome, Outcome::Broken);
        assert!(after >= seconds && after < seconds + 5, "{why}: {after}");
        assert!(causes.len() == 1 && causes[0].contains(why), "{why}: {causes:?}");
    }
    let old = style(seen(200, "old style", "text/css")).failure();
    assert_eq!(old.0, Outcome::TimedOut, "it is kept, and comes in time");
    let error_kept = |at: f64, path: &str| match path {
        "/style.css" if at < 12.0 => page("index"),
        other => right(other),
    };
    assert_eq!(run(asked.clone(), error_kept).result, Ok(()), "an edge keeps an error for ten seconds");
    let other = |_: f64, path: &str| match path {
        "/config.js" => seen(200, "of another environment", "text/javascript"),
        other => right(other),
    };
    assert_eq!(run(asked.clone(), other).failure().0, Outcome::Broken);
}

#[test]
fn what_a_page_names_beside_the_release_has_to_be_there() {
    let asked = ProofWorld::new().needed("<script src=/legacy/x.js></script>").unwrap();
    let with = |look: AddressResult| run(asked.clone(), move |_, _| look.clone()).result.is_ok();
    assert!(with(seen(200, "anything", "text/javascript")));
    assert!(!with(page("index")), "an error page is no script");
    assert!(!with(seen(403, "", "text/javascript")));
    let asked = ProofWorld::new().needed("<script src=/assets/large.js></script>").unwrap();
    let large = ProofAnswer::new(200, &[("content-type".to_owned(), "text/javascript".to_owned())].into(), None);
    assert_eq!(
        run(asked, |_, _| AddressResult::Answered(Box::new(large.clone()))).result,
        Ok(()),
        "its bytes are not compared"
    );
}

#[test]
fn what_browsers_block_is_wrong_without_asking() {
    let world = ProofWorld::new();
    let verdict = world.needed("<script src=http://cdn.example/x.js?canary></script>").unwrap_err();
    let failure = Failure::from(verdict);
    assert_eq!(
        failure.causes[0].text,
        "https://shop.example/: it names http://cdn.example/x.js without TLS, which browsers block"
    );
    let value = |value: &str| world.site().check_values(&[("API_URL".to_owned(), value.to_owned())]);
    for good in ["https://api.example", "wss://api.example", "", "http", "see http://api.example"] {
        assert_eq!(value(good), Ok(()), "{good}");
    }
    for bad in ["http://api.example/canary", " HTTP://canary", "ws://canary"] {
        let failure = Failure::from(value(bad).unwrap_err());
        let text = &failure.causes[0].text;
        assert!(text.starts_with("value `API_URL`") && !text.contains("canary"), "{text}");
    }
    assert!(world.site().calls(&["http://api.example/".to_owned()]).is_err());
    assert!(world.site().calls(&["api.example".to_owned()]).is_err());
    let plain = ProofWorld { address: Url::parse("http://localhost:4566/").unwrap(), ..world };
    assert_eq!(plain.site().check_values(&[("API_URL".to_owned(), "http://localhost:1".to_owned())]), Ok(()));
    assert!(plain.needed("<script src=http://cdn.example/x.js></script>").is_ok());
}

#[test]
fn pages_need_the_leave_of_what_they_call() {
    let world = ProofWorld::new();
    let own = "https://shop.example/api".to_owned();
    let asked = world.site().calls(&["https://api.example/v1".to_owned(), own]).unwrap();
    assert_eq!(asked.len(), 1, "the own origin needs no leave");
    assert_eq!(asked[0].question, RequestForm::Preflight { origin: "https://shop.example".to_owned() });
    let with = |status, allowed: Option<&str>| {
        let headers = allowed.map(|origin| ("access-control-allow-origin".to_owned(), origin.to_owned()));
        let look = AddressResult::Answered(Box::new(ProofAnswer::new(status, &headers.into_iter().collect(), None)));
        run(asked.clone(), move |_, _| look.clone())
    };
    for (status, allowed, is_proven) in [
        (204, Some("*"), true),
        (200, Some("https://shop.example"), true),
        (302, Some("*"), true),
        (200, Some("https://shop.example.attacker"), false),
        (200, Some("http://shop.example"), false),
        (200, None, false),
        (404, Some("*"), false),
    ] {
        assert_eq!(with(status, allowed).result.is_ok(), is_proven, "{status} {allowed:?}");
    }
    let (outcome, _, causes) = with(200, None).failure();
    assert_eq!(outcome, Outcome::Broken);
    let why = "pages of https://shop.example may not call it: there is no `Access-Control-Allow-Origin`";
    assert_eq!(causes, [format!("OPTIONS https://api.example/v1: {why}")]);
}

#[test]
fn only_the_own_address_with_tls_is_gone_on_with() {
    for (address, location, is_own) in [
        ("http://shop.example/", "https://shop.example/", true),
        ("http://shop.example/app/", "https://shop.example/app/", true),
        ("http://shop.example/", "https://shop.example/login", false),
        ("http://shop.example/", "https://www.shop.example/", false),
        ("https://shop.example/", "http://shop.example/", false),
        ("https://shop.example/", "https://shop.example/", false),
        ("http://shop.example/", "https://[", false),
    ] {
        let address = Url::parse(address).unwrap();
        assert_eq!(upgraded(&address, location).is_some(), is_own, "{address} {location}");
    }
}

#[test]
fn a_page_may_redirect_to_another_name_of_itself() {
    for (page, location, to) in [
        ("docs/index.html", "/docs/", Some("docs/")),
        ("docs/index.html", "../docs", Some("docs")),
        ("about.html", "/about", Some("about")),
        ("about.html", "https://shop.example/about/", Some("about/")),
        ("about.html", "/about.html", None),
        ("about.html", "/login", None),
        ("about.html", "/", None),
        ("about.html", "/about?x", None),
        ("about.html", "https://other.example/about", None),
    ] {
        let page = Url::parse(&format!("https://shop.example/{page}")).unwrap();
        let to = to.map(|to| format!("https://shop.example/{to}"));
        assert_eq!(alias(&page, location).map(String::from), to, "{page} {location}");
    }
}

#[test]
fn a_site_may_stand_below_a_path() {
    let world = ProofWorld { address: Url::parse("https://shop.example/app/").unwrap(), ..ProofWorld::new() };
    let urls: Vec<String> = world.site().pages().0.iter().map(|asked| asked.url.to_string()).collect();
    let expected = ["", "new.html", "config.js"].map(|path| format!("https://shop.example/app/{path}"));
    assert_eq!(urls, expected);
    let asked = world.needed("<link rel=stylesheet href=style.css><script src=/other.js>").unwrap();
    assert!(matches!(asked[0].expected, ExpectedAnswer::File { .. }), "{asked:?}");
    assert!(matches!(asked[1].expected, ExpectedAnswer::Typed(_)), "{asked:?}");
}

proptest! {
    /// Whatever comes in whatever order: it is proven only by the right answer of each, and it always ends.
    #[test]
    fn nothing_is_proven_but_by_the_right_answers(answers in proptest::collection::vec(0..6_usize, 1..40), last in 0..6_usize) {
        let asked = ProofWorld::new().site().pages().0;
        let began = std::cell::Cell::new(0_usize);
        let was_right = std::cell::Cell::new(false);
        let end = run(asked, |_, path| {
            if path != "/" {
                return right(path);
            }
            let answer = answers.get(began.get()).copied().unwrap_or(last);
            began.set(began.get() + 1);
            was_right.set(answer == 0);
            match answer {
                0 => page("index"),
                1 => page("old"),
                2 => page("whose?"),
                3 => seen(404, "", "text/html"),
                4 => seen(503, "", "text/html"),
                _ => down(),
            }
        });
        prop_assert_eq!(end.result.is_ok(), was_right.get());
        prop_assert!(end.seconds <= TIMEOUT.as_secs_f64());
    }
}
