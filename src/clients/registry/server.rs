//! A registry for tests, over the real protocol, that breaks when it is asked to: no other registry does that.
//!
//! By default it has the manners of ECR: it asks for a password, mounts nothing, and does not say where a manifest is.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use base64::Engine as _;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use serde_json::json;

use super::samples::{INDEX, Sample};
use crate::domain::image::Digest;
use crate::http_server::{Answer, Course, Request, serve_arriving};

pub const PASSWORD: &str = "a password";

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    Version,
    /// For a token, where the registry names itself for that.
    Token,
    HeadManifest,
    GetManifest,
    PutManifest,
    HeadBlob,
    GetBlob,
    Mount,
    Open,
    PutBlob,
    Referrers,
}

/// How a request goes wrong.
#[derive(Debug, Clone)]
pub enum RequestFault {
    /// Another answer.
    Answer(u16, String),
    /// Another answer with a place to go to.
    Redirect(String),
    /// Closed after a number of bytes of the body, of the answer or else of the request.
    Break(usize),
    /// Nothing more after a number of bytes of the body, of the answer or else of the request.
    Stall(usize),
    /// Nothing is done and nothing is answered.
    Silence,
    /// Done as asked, and closed without an answer.
    LoseAnswer,
    /// Other bytes than asked for.
    Bytes(Vec<u8>),
    /// The range asked for is ignored.
    Whole,
    /// As asked, and then for ever on, without saying how long it is.
    Endless,
    /// A byte of the answer every few milliseconds.
    Drip,
    /// Not done, and answered as if it had been done by another digest.
    Took(String),
    /// A piece of the request every few milliseconds.
    Sip,
}

/// The token that lets a request in where the registry asks for one.
const TOKEN: &str = "a token";

/// A request as it came.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    pub kind: RequestKind,
    /// The repository.
    pub repository: String,
    /// What is asked for: a digest or a tag.
    pub name: String,
    pub range: Option<String>,
    /// Bytes of the body that were read.
    pub received: usize,
    pub authorized: bool,
}

type ServerScript = Box<dyn FnMut(&ReceivedRequest, usize, &mut ServerState) -> Option<RequestFault> + Send>;

/// What the registry has, how it behaves, and what it saw.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one habit of a registry, by itself")]
pub struct ServerState {
    pub repositories: BTreeMap<String, StoredManifest>,
    pub scripts: Vec<ServerScript>,
    pub seen: Vec<ReceivedRequest>,
    pub mounts: bool,
    pub locations: bool,
    pub knows_referrers: bool,
    /// A blob is listed only when a manifest has it.
    pub lists_late: bool,
    /// What is asked for instead of the password.
    pub challenge: Option<String>,
}

#[derive(Default)]
pub struct StoredManifest {
    pub blobs: BTreeMap<String, Vec<u8>>,
    pub manifests: BTreeMap<String, (String, Vec<u8>)>,
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    state: Arc<Mutex<ServerState>>,
}

/// An error in the protocol's own form.
fn refused(status: u16, code: &str, message: &str) -> Answer {
    Answer::new(status, refusal(code, message))
}

/// The body of an error in the protocol's own form.
pub fn refusal(code: &str, message: &str) -> String {
    json!({"errors": [{"code": code, "message": message}]}).to_string()
}

impl Server {
    /// On a free loopback port until the test's process ends.
    pub fn start() -> Self {
        let state: Arc<Mutex<ServerState>> = Arc::default();
        let shared = Arc::clone(&state);
        let address = serve_arriving(async move |request, body| respond(&shared, &request, body).await).address;
        Self { address, state }
    }

    pub fn state(&self) -> MutexGuard<'_, ServerState> {
        self.state.lock().unwrap()
    }

    /// With an empty repository.
    pub fn create(&self, repository: &str) {
        self.state().repositories.insert(repository.to_owned(), StoredManifest::default());
    }

    /// With a repository that has an image.
    pub fn publish(&self, repository: &str, sample: &Sample) {
        let mut state = self.state();
        let stored = state.repositories.entry(repository.to_owned()).or_default();
        stored.blobs.extend(sample.blobs.iter().map(|blob| (Digest::of(blob).to_string(), blob.clone())));
        for (media_type, bytes) in &sample.manifests {
            stored.manifests.insert(Digest::of(bytes).to_string(), ((*media_type).to_owned(), bytes.clone()));
        }
        for (tag, index) in &sample.referrer_tags {
            let digest = Digest::of(index).to_string();
            stored.manifests.insert(digest.clone(), (INDEX.to_owned(), index.clone()));
            stored.tags.insert(tag.clone(), digest);
        }
    }

    /// Lets requests of a kind go wrong. `fault` is given the request and which one of its kind for its thing it is.
    pub fn fault(
        &self,
        kind: RequestKind,
        mut fault: impl FnMut(&ReceivedRequest, usize, &mut ServerState) -> Option<RequestFault> + Send + 'static,
    ) {
        self.state().scripts.push(Box::new(
            move |seen, nth, state| {
                if seen.kind == kind { fault(seen, nth, state) } else { None }
            },
        ));
    }

    /// Lets the first requests of a kind for anything go wrong.
    pub fn first(&self, count: usize, kind: RequestKind, fault: RequestFault) {
        self.fault(kind, move |_, nth, _| (nth <= count).then(|| fault.clone()));
    }

    /// The requests of a kind.
    pub fn seen(&self, kind: RequestKind) -> Vec<ReceivedRequest> {
        self.state().seen.iter().filter(|seen| seen.kind == kind).cloned().collect()
    }
}

async fn respond(state: &Mutex<ServerState>, request: &Request, mut body: Incoming) -> Answer {
    let (seen, fault) = state.lock().unwrap().note(request);
    let length = body.size_hint().exact().expect("ECR wants to know how long an upload is").try_into().unwrap();
    let limit = match fault {
        Some(RequestFault::Break(limit) | RequestFault::Stall(limit)) if length > 0 => limit,
        _ => length,
    };
    let mut taken = Vec::new();
    while taken.len() < limit
        && let Some(Ok(frame)) = body.frame().await
    {
        if let Ok(piece) = frame.into_data() {
            taken.extend(&piece[..piece.len().min(limit - taken.len())]);
        }
        state.lock().unwrap().seen[seen].received = taken.len();
        if matches!(fault, Some(RequestFault::Sip)) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    if taken.len() < length {
        let stalls = matches!(fault, Some(RequestFault::Stall(_)));
        return Answer::hang_up().going(if stalls { Course::Silence } else { Course::HangUp });
    }
    state.lock().unwrap().answer_with(request, seen, taken, fault)
}

impl ServerState {
    /// Keeps a request, and asks the scripts.
    fn note(&mut self, request: &Request) -> (usize, Option<RequestFault>) {
        let (kind, repository, name) = meaning(request);
        let seen = ReceivedRequest {
            kind,
            repository,
            name,
            range: request.header("range").map(str::to_owned),
            received: 0,
            authorized: request.header("authorization").is_some(),
        };
        let is_same = |other: &&ReceivedRequest| {
            (other.kind, &other.repository, &other.name) == (seen.kind, &seen.repository, &seen.name)
        };
        let nth = self.seen.iter().filter(is_same).count() + 1;
        self.seen.push(seen.clone());
        let index = self.seen.len() - 1;
        let mut scripts = std::mem::take(&mut self.scripts);
        let fault = scripts.iter_mut().find_map(|script| script(&seen, nth, self));
        self.scripts = scripts;
        (index, fault)
    }

    fn answer_with(&mut self, request: &Request, seen: usize, body: Vec<u8>, fault: Option<RequestFault>) -> Answer {
        match &fault {
            Some(RequestFault::Silence) => return Answer::hang_up().going(Course::Silence),
            Some(RequestFault::Answer(status, body)) => return Answer::new(*status, body.as_str()),
            Some(RequestFault::Redirect(place)) => return Answer::new(307, "").with("Location", place),
            _ => {}
        }
        let seen = self.seen[seen].clone();
        if let Some(refusal) = self.refusal(&seen, request) {
            return refusal;
        }
        if let Some(RequestFault::Took(digest)) = fault {
            return Answer::new(201, "").with("Docker-Content-Digest", digest);
        }
        let answer = self.answer(&seen, request, body);
        match fault {
            Some(RequestFault::LoseAnswer) => Answer::hang_up(),
            Some(RequestFault::Bytes(bytes)) => Answer { body: bytes, ..answer },
            Some(RequestFault::Whole) => self.blob(&seen, None),
            Some(RequestFault::Break(limit)) => answer.going(Course::Break(limit)),
            Some(RequestFault::Stall(limit)) => answer.going(Course::Stall(limit)),
            Some(RequestFault::Endless) => answer.going(Course::Endless),
            Some(RequestFault::Drip) => answer.going(Course::Drip),
            _ => answer,
        }
    }

    /// What is answered to somebody who is not logged in.
    fn refusal(&self, seen: &ReceivedRequest, request: &Request) -> Option<Answer> {
        let password = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{PASSWORD}"));
        let expected = match &self.challenge {
            Some(_) if seen.kind != RequestKind::Token => format!("Bearer {TOKEN}"),
            _ => format!("Basic {password}"),
        };
        let challenge = "Basic realm=\"https://scripted/\",service=\"ecr.amazonaws.com\"";
        let challenge = self.challenge.as_deref().unwrap_or(challenge);
        (request.header("authorization") != Some(expected.as_str()))
            .then(|| refused(401, "UNAUTHORIZED", "Not Authorized").with("Www-Authenticate", challenge))
    }

    /// Whether a manifest of the repository has a blob.
    fn is_used(&mut self, seen: &ReceivedRequest) -> bool {
        let manifests = self.stored(seen).manifests.values();
        manifests.map(|(_, bytes)| String::from_utf8_lossy(bytes)).any(|text| text.contains(&seen.name))
    }

    fn answer(&mut self, seen: &ReceivedRequest, request: &Request, body: Vec<u8>) -> Answer {
        if seen.kind == RequestKind::Version {
            return Answer::new(200, "{}");
        }
        if seen.kind == RequestKind::Token {
            return Answer::new(200, json!({"token": TOKEN}).to_string());
        }
        if !self.repositories.contains_key(&seen.repository) {
            return refused(404, "NAME_UNKNOWN", "The repository does not exist");
        }
        match seen.kind {
            RequestKind::HeadManifest | RequestKind::GetManifest => self.manifest(seen),
            RequestKind::PutManifest => self.put_manifest(seen, request, body),
            RequestKind::HeadBlob if self.lists_late && !self.is_used(seen) => Answer::new(404, ""),
            RequestKind::HeadBlob | RequestKind::GetBlob => self.blob(seen, seen.range.as_deref()),
            RequestKind::Mount => self.mount(seen, request),
            RequestKind::Open => {
                Answer::new(202, "").with("Location", format!("/v2/{}/blobs/uploads/1?state=x", seen.repository))
            }
            RequestKind::PutBlob => self.put_blob(seen, body),
            RequestKind::Referrers => self.referrers(seen),
            RequestKind::Version | RequestKind::Token => Answer::new(500, ""),
        }
    }

    fn stored(&mut self, seen: &ReceivedRequest) -> &mut StoredManifest {
        self.repositories.get_mut(&seen.repository).unwrap()
    }

    fn manifest(&mut self, seen: &ReceivedRequest) -> Answer {
        let stored = self.stored(seen);
        let digest = stored.tags.get(&seen.name).unwrap_or(&seen.name);
        match stored.manifests.get(digest) {
            Some((media_type, bytes)) => Answer::new(200, bytes.as_slice())
                .with("Content-Type", media_type)
                .with("Docker-Content-Digest", digest),
            None => refused(404, "MANIFEST_UNKNOWN", "Requested image not found"),
        }
    }

    /// Refuses what has no layers or children here.
    fn put_manifest(&mut self, seen: &ReceivedRequest, request: &Request, body: Vec<u8>) -> Answer {
        let (knows_referrers, locations) = (self.knows_referrers, self.locations);
        let stored = self.stored(seen);
        let manifest: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let list = |key: &str| manifest[key].as_array().cloned().unwrap_or_default();
        let mut blobs = list("layers");
        blobs.extend(manifest.get("config").cloned());
        let has = |known: bool, what: &serde_json::Value| if known { None } else { Some(what["digest"].to_string()) };
        let blob = blobs.iter().find_map(|blob| has(stored.blobs.contains_key(blob["digest"].as_str().unwrap()), blob));
        let children = list("manifests");
        let child = children
            .iter()
            .find_map(|child| has(stored.manifests.contains_key(child["digest"].as_str().unwrap()), child));
        if let Some(missing) = blob.or(child) {
            return refused(400, "MANIFEST_BLOB_UNKNOWN", &missing);
        }
        assert!(!knows_referrers || !seen.name.starts_with("sha256-"), "no test needs {}", seen.name);
        let digest = Digest::of(&body).to_string();
        stored.manifests.insert(digest.clone(), (request.header("content-type").unwrap().to_owned(), body));
        if seen.name.starts_with("sha256:") {
            assert_eq!(seen.name, digest);
        } else {
            stored.tags.insert(seen.name.clone(), digest.clone());
        }
        let answer = Answer::new(201, "").with("Docker-Content-Digest", &digest);
        if locations { answer.with("Location", format!("/v2/{}/manifests/{digest}", seen.repository)) } else { answer }
    }

    fn blob(&mut self, seen: &ReceivedRequest, range: Option<&str>) -> Answer {
        let Some(bytes) = self.stored(seen).blobs.get(&seen.name) else {
            return refused(404, "BLOB_UNKNOWN", "blob unknown to registry");
        };
        match range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok()) {
            Some(from) => Answer::new(206, &bytes[from..])
                .with("Content-Range", format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len())),
            None => Answer::new(200, bytes.as_slice()),
        }
    }

    fn mount(&mut self, seen: &ReceivedRequest, request: &Request) -> Answer {
        let from = query(request, "from").unwrap();
        let bytes = self.repositories.get(&from).and_then(|source| source.blobs.get(&seen.name)).cloned();
        match bytes.filter(|_| self.mounts) {
            Some(bytes) => {
                self.stored(seen).blobs.insert(seen.name.clone(), bytes);
                Answer::new(201, "").with("Location", format!("/v2/{}/blobs/{}", seen.repository, seen.name))
            }
            None => Answer::new(202, "").with("Location", format!("/v2/{}/blobs/uploads/1?state=x", seen.repository)),
        }
    }

    fn put_blob(&mut self, seen: &ReceivedRequest, body: Vec<u8>) -> Answer {
        if Digest::of(&body).to_string() != seen.name {
            return refused(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
        }
        self.stored(seen).blobs.insert(seen.name.clone(), body);
        Answer::new(201, "").with("Location", format!("/v2/{}/blobs/{}", seen.repository, seen.name))
    }

    fn referrers(&mut self, seen: &ReceivedRequest) -> Answer {
        if !self.knows_referrers {
            return Answer::new(404, "404 page not found");
        }
        let manifests = self.stored(seen).manifests.iter();
        let refers = manifests.filter_map(|(digest, (media_type, bytes))| {
            let manifest: serde_json::Value = serde_json::from_slice(bytes).ok()?;
            let entry = json!({"mediaType": media_type, "digest": digest, "size": bytes.len(),
                               "artifactType": manifest["artifactType"]});
            (manifest["subject"]["digest"] == seen.name.as_str()).then_some(entry)
        });
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": refers.collect::<Vec<_>>()});
        Answer::new(200, index.to_string()).with("Content-Type", INDEX)
    }
}

fn query(request: &Request, name: &str) -> Option<String> {
    let (_, query) = request.target.split_once('?')?;
    let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(found.replace("%3A", ":").replace("%2F", "/"))
}

/// The kind, the repository, and the name of what is asked for.
fn meaning(request: &Request) -> (RequestKind, String, String) {
    let path = request.target.split('?').next().unwrap().trim_start_matches("/v2/");
    let is_head = request.method == "HEAD";
    if let Some((repository, name)) = path.split_once("/manifests/") {
        let kind = match request.method.as_str() {
            "PUT" => RequestKind::PutManifest,
            _ if is_head => RequestKind::HeadManifest,
            _ => RequestKind::GetManifest,
        };
        return (kind, repository.to_owned(), name.to_owned());
    }
    if let Some((repository, _)) = path.split_once("/blobs/uploads/") {
        let (kind, name) = match (request.method.as_str(), query(request, "mount")) {
            ("PUT", _) => (RequestKind::PutBlob, query(request, "digest").unwrap()),
            (_, Some(digest)) => (RequestKind::Mount, digest),
            _ => (RequestKind::Open, String::new()),
        };
        return (kind, repository.to_owned(), name);
    }
    if let Some((repository, name)) = path.split_once("/blobs/") {
        return (
            if is_head { RequestKind::HeadBlob } else { RequestKind::GetBlob },
            repository.to_owned(),
            name.to_owned(),
        );
    }
    if let Some((repository, name)) = path.split_once("/referrers/") {
        return (RequestKind::Referrers, repository.to_owned(), name.to_owned());
    }
    let kind = if path.starts_with("/token") { RequestKind::Token } else { RequestKind::Version };
    (kind, String::new(), request.target.clone())
}
