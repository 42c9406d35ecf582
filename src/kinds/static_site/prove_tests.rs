//! Proofs against a server in this process. When what is decided, `domain/static_site/proof` tests in virtual time.

use std::rc::Rc;
use std::sync::Mutex;

use super::*;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::static_site::bundle::Cache;
use crate::domain::step::StepVerb;
use crate::events::EventRecorder;
use crate::http_server::{Answer, Course, Request, Server, serve};

const PAGE: &str = "<script src=/assets/a.js></script><link rel=stylesheet href=a.css><script src=config.js></script>";

/// A release with one page, and what stood there before.
struct TestRelease {
    pages: BTreeMap<SitePath, Digest>,
    before: BTreeMap<SitePath, Option<Digest>>,
    served: BTreeMap<SitePath, SiteFile>,
    config: (SitePath, Digest),
    calls: Vec<String>,
    timeout: Duration,
}

impl TestRelease {
    fn new() -> Self {
        let file = |text: &str, kind: &str| SiteFile {
            digest: Digest::of(text),
            size: text.len() as u64,
            content_type: kind.to_owned(),
            cache: Cache::Revalidate,
            encoding: None,
        };
        let served = [
            ("index.html", file(PAGE, "text/html; charset=utf-8")),
            ("assets/a.js", file("script", "text/javascript")),
            ("a.css", file("style", "text/css")),
        ];
        let index: SitePath = "index.html".parse().unwrap();
        Self {
            pages: [(index.clone(), Digest::of(PAGE))].into(),
            before: [(index, Some(Digest::of("old")))].into(),
            served: served.map(|(path, file)| (path.parse().unwrap(), file)).into(),
            config: ("config.js".parse().unwrap(), Digest::of("config")),
            calls: Vec::new(),
            timeout: Duration::from_secs(1),
        }
    }

    /// Proves it at a server. Returns what was shown too.
    async fn prove(&self, server: &Server) -> (Result<ProvenSite, SiteUnproven>, Vec<String>) {
        let recorder = Rc::new(EventRecorder::default());
        let step = StepId::new(StepVerb::Probe, &"site".parse().unwrap());
        let proof = SiteProof {
            http: &Http::new().unwrap(),
            events: &Events::new(Rc::clone(&recorder) as _),
            step: &step,
            address: &address(server),
            pages: &self.pages,
            before: &self.before,
            left_over: &BTreeSet::new(),
            served: &self.served,
            config: Some(&self.config),
            config_values: &[],
            calls: &self.calls,
            timeout: self.timeout,
            errors_stay: Duration::ZERO,
        };
        let result = prove(&proof).await;
        let events = recorder.0.borrow();
        let shown = events
            .iter()
            .filter_map(|event| if let RunEvent::Progress { text, .. } = event { Some(text) } else { None });
        (result, shown.cloned().collect())
    }
}

fn address(server: &Server) -> Url {
    Url::parse(&format!("http://{}/", server.address)).unwrap()
}

fn of_type(text: &str, kind: &str) -> Answer {
    Answer::new(200, text).with("content-type", kind)
}

/// What a server answers that serves the release.
fn right(request: &Request) -> Answer {
    match request.target.as_str() {
        "/" => of_type(PAGE, "text/html; charset=utf-8"),
        "/assets/a.js" => of_type("script", "text/javascript"),
        "/a.css" => of_type("style", "text/css"),
        "/config.js" => of_type("config", "text/javascript"),
        _ => Answer::new(404, ""),
    }
}

#[tokio::test]
async fn a_site_that_serves_the_release_is_proven() {
    let requests: std::sync::Arc<Mutex<Vec<Request>>> = std::sync::Arc::default();
    let seen = std::sync::Arc::clone(&requests);
    let server = serve(move |request| {
        seen.lock().unwrap().push(request.clone());
        right(request)
    });
    let (result, shown) = TestRelease::new().prove(&server).await;
    assert_eq!(result, Ok(ProvenSite { pages: 2, left_out: 0, needed: 3, calls: 0 }));
    assert_eq!(shown, ["2 of 2 answer as they should", "3 of 3 answer as they should"]);
    let requests = requests.lock().unwrap();
    // The first one asks for a way to TLS.
    let targets: Vec<&str> = requests.iter().map(|request| request.target.as_str()).collect();
    assert_eq!((targets.len(), targets[0]), (6, "/"));
    for request in requests.iter().skip(1) {
        assert_eq!((request.method.as_str(), request.header("accept-encoding")), ("GET", Some("identity")));
        assert_eq!((request.header("authorization"), request.header("cookie")), (None, None));
    }
}

#[tokio::test]
async fn the_page_of_before_is_asked_again() {
    let looks = Mutex::new(0);
    let server = serve(move |request| {
        let mut looks = looks.lock().unwrap();
        *looks += usize::from(request.target == "/");
        if *looks <= 2 && request.target == "/" { of_type("old", "text/html") } else { right(request) }
    });
    let (result, shown) = TestRelease { timeout: Duration::from_secs(20), ..TestRelease::new() }.prove(&server).await;
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(
        shown[0],
        format!("1 of 2 answer as they should; {}: what was there before still comes", address(&server))
    );
}

#[tokio::test]
async fn a_site_that_goes_on_with_what_was_there_times_out() {
    let server = serve(|request| match request.target.as_str() {
        "/" => of_type("old", "text/html").with("age", "120").with("x-cache", "Hit from cloudfront\u{9}x"),
        _ => right(request),
    });
    let failure = Failure::from(TestRelease::new().prove(&server).await.0.unwrap_err());
    assert_eq!(failure.outcome, Outcome::TimedOut);
    let why = "what was there before still comes (age 120 s, Hit from cloudfront x)";
    assert_eq!(failure.causes[0].text, format!("{}: {why}", address(&server)));
    assert_eq!(failure.causes.len(), 1);
}

#[tokio::test]
async fn a_site_that_does_not_answer_is_no_wrong_site() {
    let hangs_up = serve(|_| Answer::hang_up());
    let breaks = serve(|request| right(request).going(Course::Break(1)));
    let is_down = serve(|_| Answer::new(503, ""));
    for (server, why) in [(hangs_up, "no answer"), (breaks, "no answer"), (is_down, "status 503")] {
        let verdict = TestRelease::new().prove(&server).await.0.unwrap_err();
        assert!(!verdict.is_of_the_release());
        let failure = Failure::from(verdict);
        assert!(failure.outcome == Outcome::Broken && failure.causes[0].text.contains(why), "{failure:?}");
    }
}

#[tokio::test]
async fn a_page_is_found_under_its_other_name() {
    let server = serve(|request| match request.target.as_str() {
        "/about.html" => Answer::new(301, "").with("location", "/about"),
        "/about" => of_type("about", "text/html"),
        _ => right(request),
    });
    let mut release = TestRelease::new();
    let about: SitePath = "about.html".parse().unwrap();
    release.pages.insert(about, Digest::of("about"));
    assert_eq!(release.prove(&server).await.0.map(|proven| proven.pages), Ok(3));
}

#[tokio::test]
async fn no_more_is_read_than_is_needed() {
    let endless = serve(|request| match request.target.as_str() {
        "/" => of_type("", "text/html").going(Course::Endless),
        _ => right(request),
    });
    let failure = Failure::from(TestRelease::new().prove(&endless).await.0.unwrap_err());
    assert!(failure.causes[0].text.ends_with("more comes than is read"), "{failure:?}");
}

#[tokio::test]
async fn pages_are_given_leave_by_what_they_call() {
    let api = |allowed: &'static str| {
        serve(move |request| {
            let is_preflight =
                request.method == "OPTIONS" && request.header("access-control-request-method") == Some("GET");
            let origin = request.header("origin").unwrap_or_default();
            let allowed = if allowed == "that" { origin } else { allowed };
            Answer::new(if is_preflight { 204 } else { 400 }, "").with("access-control-allow-origin", allowed)
        })
    };
    for (api, is_proven) in [(api("that"), true), (api("*"), true), (api("https://elsewhere.example"), false)] {
        let release = TestRelease { calls: vec![address(&api).to_string()], ..TestRelease::new() };
        let (result, _) = release.prove(&serve(right)).await;
        let calls = result.as_ref().map(|proven| proven.calls);
        assert_eq!((result.is_ok(), calls.unwrap_or(1)), (is_proven, 1), "{result:?}");
    }
}
