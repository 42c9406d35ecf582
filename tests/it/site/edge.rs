//! The public address of a site: what lies between browsers and the local cloud's `CloudFront`, which keeps nothing. It
//! keeps answers as an edge of `CloudFront` does, until their time is over or an invalidation names them, and it goes
//! wrong as a test says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use aws_sdk_cloudfront::Client;
use percent_encoding::percent_decode_str;

use super::forward::forward;
use crate::http_server::{Answer, Course, Request, Server, serve_arriving};

/// How long answers are kept, by the cache policy of the distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    /// At least so long, whatever the answer says.
    pub minimum: Duration,
    /// So long where the answer says nothing.
    pub default: Duration,
}

impl Keeping {
    /// As `Managed-CachingOptimized` has it.
    pub const OPTIMIZED: Self = Self { minimum: Duration::from_secs(1), default: Duration::from_hours(24) };
    /// As a policy has it that leaves `no-cache` alone.
    pub const AS_SAID: Self = Self { minimum: Duration::ZERO, ..Self::OPTIMIZED };
}

/// How the address behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conduct {
    /// As an edge does.
    Good,
    /// What it has it goes on serving, whatever is invalidated.
    Stale,
    /// Every request is answered with this status.
    Status(u16),
    /// Every connection is closed without an answer.
    HangsUp,
    /// What is missing is answered with this page and 200, as error pages for single-page applications do.
    Fallback(&'static str),
}

/// An answer that somebody got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    pub method: String,
    /// With its query.
    pub path: String,
    /// 0: the connection was closed.
    pub status: u16,
    /// Whether it was kept from an earlier request.
    pub is_kept: bool,
}

#[derive(Debug)]
struct Kept {
    answer: Answer,
    until: Instant,
}

#[derive(Debug)]
struct State {
    keeping: Keeping,
    conduct: Conduct,
    until: Option<Instant>,
    kept: BTreeMap<String, Kept>,
    changed: BTreeMap<String, Answer>,
    served: Vec<Served>,
    /// Invalidations that were seen, by their ids.
    known: BTreeSet<String>,
    /// When which paths go.
    invalidated: Vec<(Instant, Vec<String>)>,
    takes: Duration,
}

/// On a loopback port of its own, until the test's process ends.
#[derive(Debug, Clone)]
pub struct Edge {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// What an edge is before.
struct Behind {
    /// The local cloud: `localhost:4566`.
    cloud: String,
    distribution: String,
    domain: String,
    cloudfront: Client,
}

impl Edge {
    /// Before a distribution of a cloud (`http://localhost:4566`). No other test may use this client.
    pub fn before(cloud: &str, distribution: &str, domain: &str, cloudfront: Client) -> Self {
        let state = Arc::new(Mutex::new(State {
            keeping: Keeping::AS_SAID,
            conduct: Conduct::Good,
            until: None,
            kept: BTreeMap::new(),
            changed: BTreeMap::new(),
            served: Vec::new(),
            known: BTreeSet::new(),
            invalidated: Vec::new(),
            takes: Duration::ZERO,
        }));
        let behind = Behind {
            cloud: cloud.trim_start_matches("http://").to_owned(),
            distribution: distribution.to_owned(),
            domain: domain.to_owned(),
            cloudfront,
        };
        let own = Arc::clone(&state);
        let server = serve_arriving(async move |request: Request, _body| {
            let (answer, is_kept) = answer(&own, &behind, &request).await;
            let status = if answer.course == Course::HangUp { 0 } else { answer.status };
            let served = Served { method: request.method, path: request.target, status, is_kept };
            own.lock().unwrap().served.push(served);
            answer
        });
        Self { server, state }
    }

    /// Where browsers find the site.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// Answers are kept so long from now on.
    pub fn keep(&self, keeping: Keeping) {
        self.lock().keeping = keeping;
    }

    /// It behaves so from now on.
    pub fn conduct(&self, conduct: Conduct) {
        self.conduct_until(conduct, None);
    }

    /// It behaves so for a time, and well after it.
    #[expect(clippy::disallowed_methods, reason = "a server of the tests has real time")]
    pub fn conduct_for(&self, conduct: Conduct, time: Duration) {
        self.conduct_until(conduct, Some(Instant::now() + time));
    }

    fn conduct_until(&self, conduct: Conduct, until: Option<Instant>) {
        let mut state = self.lock();
        (state.conduct, state.until) = (conduct, until);
    }

    /// Answers a path so, whatever the bucket has.
    pub fn change(&self, path: &str, answer: Answer) {
        self.lock().changed.insert(path.to_owned(), answer);
    }

    /// Answers a path as the bucket has it again.
    pub fn change_back(&self, path: &str) {
        self.lock().changed.remove(path);
    }

    /// An invalidation reaches the edge so long after it was made.
    pub fn invalidations_take(&self, time: Duration) {
        self.lock().takes = time;
    }

    /// Forgets paths, as an invalidation of them does.
    #[expect(clippy::disallowed_methods, reason = "a server of the tests has real time")]
    pub fn invalidate(&self, paths: &[&str]) {
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        self.lock().invalidated.push((Instant::now(), paths));
    }

    /// What was served so far.
    pub fn served(&self) -> Vec<Served> {
        self.lock().served.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// An answer, and whether it was kept from an earlier request.
#[expect(clippy::disallowed_methods, reason = "a server of the tests has real time")]
async fn answer(state: &Mutex<State>, behind: &Behind, request: &Request) -> (Answer, bool) {
    learn_invalidations(state, behind).await;
    let now = Instant::now();
    let conduct = {
        let mut state = state.lock().unwrap();
        if state.until.is_some_and(|until| until <= now) {
            (state.conduct, state.until) = (Conduct::Good, None);
        }
        if state.conduct != Conduct::Stale {
            state.forget(now);
        }
        let path = request.target.split('?').next().unwrap_or_default();
        if let Some(answer) = state.changed.get(path) {
            return (answer.clone(), false);
        }
        let is_stale = state.conduct == Conduct::Stale;
        let kept = state.kept.get(&request.target).filter(|kept| kept.until > now || is_stale);
        match (&state.conduct, kept) {
            (Conduct::Status(status), _) => return (Answer::new(*status, "as the test wants it"), false),
            (Conduct::HangsUp, _) => return (Answer::hang_up(), false),
            (Conduct::Good | Conduct::Stale | Conduct::Fallback(_), Some(kept)) if request.method == "GET" => {
                return (to_browser(request, kept.answer.clone()), true);
            }
            (conduct, _) => conduct.clone(),
        }
    };
    let found = fetch(behind, request, &request.target).await;
    let found = match conduct {
        Conduct::Fallback(page) if [403, 404].contains(&found.status) => {
            Answer { status: 200, ..fetch(behind, request, page).await }
        }
        Conduct::Good | Conduct::Stale | Conduct::Status(_) | Conduct::HangsUp | Conduct::Fallback(_) => found,
    };
    if request.method == "GET" {
        let mut state = state.lock().unwrap();
        let time = keeping_time(&found, state.keeping);
        if !time.is_zero() {
            let kept = Kept { answer: found.clone(), until: Instant::now() + time };
            state.kept.insert(request.target.clone(), kept);
        }
    }
    (to_browser(request, found), false)
}

impl State {
    /// Forgets what invalidations name that have reached the edge.
    fn forget(&mut self, now: Instant) {
        let (due, later): (Vec<_>, _) =
            std::mem::take(&mut self.invalidated).into_iter().partition(|(at, _)| *at <= now);
        self.invalidated = later;
        for (_, paths) in due {
            self.kept.retain(|target, _| !paths.iter().any(|path| names(path, target)));
        }
    }
}

/// Whether an invalidation's path names what was asked for. One that is not encoded names nothing.
fn names(path: &str, target: &str) -> bool {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let is_encoded = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    match path.strip_suffix('*') {
        _ if !is_encoded => false,
        Some(begin) => decoded(target).starts_with(&decoded(begin)),
        None => decoded(target) == decoded(path),
    }
}

/// Asks `CloudFront` which invalidations there are, and notes what new ones name.
#[expect(clippy::disallowed_methods, reason = "a server of the tests has real time")]
async fn learn_invalidations(state: &Mutex<State>, behind: &Behind) {
    let request = behind.cloudfront.list_invalidations().distribution_id(&behind.distribution);
    let list = request.send().await.expect("the local cloud lists invalidations").invalidation_list.unwrap();
    for summary in list.items() {
        if !state.lock().unwrap().known.insert(summary.id().to_owned()) {
            continue;
        }
        let request = behind.cloudfront.get_invalidation().distribution_id(&behind.distribution).id(summary.id());
        let found = request.send().await.expect("the local cloud shows an invalidation").invalidation.unwrap();
        let paths = found.invalidation_batch.and_then(|batch| batch.paths).map(|paths| paths.items.unwrap_or_default());
        let mut state = state.lock().unwrap();
        let at = Instant::now() + state.takes;
        state.invalidated.push((at, paths.unwrap_or_default()));
    }
}

async fn fetch(behind: &Behind, request: &Request, target: &str) -> Answer {
    // All of it is kept, whatever part a browser has or wants.
    let of_browser = ["host", "range", "if-none-match", "if-modified-since"];
    let kept = request.headers.iter().filter(|(name, _)| !of_browser.contains(&name.as_str()));
    let mut headers: Vec<(String, String)> = kept.cloned().collect();
    headers.push(("host".to_owned(), behind.domain.clone()));
    let request = Request::new(&request.method, target, headers, Vec::new());
    forward(&behind.cloud, &request).await.unwrap_or_else(|_| Answer::new(502, "the local cloud does not answer"))
}

/// The answer as a browser gets it that may have it already.
fn to_browser(request: &Request, answer: Answer) -> Answer {
    let header = |name: &str| {
        let found = answer.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    if header("etag").is_some() && header("etag") == request.header("if-none-match") {
        return Answer { status: 304, body: Vec::new(), ..answer }.going(Course::Unsized);
    }
    answer
}

/// How long an answer is kept. Errors are kept for no time here: tests look again at once.
fn keeping_time(answer: &Answer, keeping: Keeping) -> Duration {
    if answer.status >= 400 {
        return Duration::ZERO;
    }
    let said = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("cache-control"));
    let Some((_, said)) = said else { return keeping.default.max(keeping.minimum) };
    let said = said.to_ascii_lowercase();
    let directives: Vec<&str> = said.split(',').map(str::trim).collect();
    let seconds = |name: &str| directives.iter().find_map(|it| it.strip_prefix(name)?.parse().ok());
    let is_none = ["no-cache", "no-store", "private"].iter().any(|name| directives.contains(name));
    let time = if is_none { Some(0) } else { seconds("s-maxage=").or_else(|| seconds("max-age=")) };
    time.map_or(keeping.default, Duration::from_secs).max(keeping.minimum)
}

#[test]
fn an_invalidation_that_is_not_encoded_names_nothing() {
    assert!(names("/a%20b.html", "/a%20b.html") && names("/%c3%a9", "/%C3%A9"));
    assert!(!names("/a b.html", "/a%20b.html") && !names("/é", "/%C3%A9") && !names("index.html", "/index.html"));
    assert!(names("/docs/*", "/docs/x?y") && !names("/docs/*", "/docs") && !names("/docs", "/docs/"));
}
