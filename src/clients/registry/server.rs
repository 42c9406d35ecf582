//! A registry for tests, over the real protocol, that breaks as it is told: no other one does that.
//!
//! By default it has the manners of ECR: it asks for a password, mounts nothing, and does not say where a manifest is.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use serde_json::json;

use super::samples::{INDEX, Sample};
use crate::domain::image::Digest;

pub const PASSWORD: &str = "a password";

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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
pub enum Fault {
    /// Another answer.
    Answer(u16, String),
    /// Another answer with a place to go to.
    Redirect(String),
    /// Closed after so many bytes of the body, of the answer or else of the request.
    Break(usize),
    /// Nothing more after so many bytes of the body, of the answer or else of the request.
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
pub struct Seen {
    pub kind: Kind,
    /// The repository.
    pub repository: String,
    /// What is asked for: a digest or a tag.
    pub name: String,
    pub range: Option<String>,
    /// Bytes of the body that were read.
    pub received: usize,
    pub authorized: bool,
}

type Script = Box<dyn FnMut(&Seen, usize, &mut State) -> Option<Fault> + Send>;

/// What the registry has, how it behaves, and what it saw.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one habit of a registry, by itself")]
pub struct State {
    pub repositories: BTreeMap<String, Stored>,
    pub scripts: Vec<Script>,
    pub seen: Vec<Seen>,
    pub mounts: bool,
    pub locations: bool,
    pub knows_referrers: bool,
    /// A blob is listed only when a manifest has it.
    pub lists_late: bool,
    /// What is asked for instead of the password.
    pub challenge: Option<String>,
}

#[derive(Default)]
pub struct Stored {
    pub blobs: BTreeMap<String, Vec<u8>>,
    pub manifests: BTreeMap<String, (String, Vec<u8>)>,
    pub tags: BTreeMap<String, String>,
}

/// Lets real time pass: the server is a thread of its own, which no test's clock reaches.
#[expect(clippy::disallowed_methods, reason = "it is not asynchronous")]
fn pause(milliseconds: u64) {
    std::thread::sleep(std::time::Duration::from_millis(milliseconds));
}

#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct Request {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    length: usize,
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn refusal(status: u16, code: &str, message: &str) -> Self {
        Self::new(status, refusal(code, message))
    }
}

/// The body of an error in the protocol's own form.
pub fn refusal(code: &str, message: &str) -> String {
    json!({"errors": [{"code": code, "message": message}]}).to_string()
}

impl Server {
    /// On a free loopback port until the test's process ends.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let answering = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (server, stream) = (answering.clone(), stream.unwrap());
                // A client that goes away is no failure of the test.
                std::thread::spawn(move || server.converse(&stream).err());
            }
        });
        server
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// With an empty repository.
    pub fn create(&self, repository: &str) {
        self.state().repositories.insert(repository.to_owned(), Stored::default());
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
    pub fn fault(&self, kind: Kind, mut fault: impl FnMut(&Seen, usize, &mut State) -> Option<Fault> + Send + 'static) {
        self.state().scripts.push(Box::new(
            move |seen, nth, state| {
                if seen.kind == kind { fault(seen, nth, state) } else { None }
            },
        ));
    }

    /// Lets the first requests of a kind for anything go wrong.
    pub fn first(&self, count: usize, kind: Kind, fault: Fault) {
        self.fault(kind, move |_, nth, _| (nth <= count).then(|| fault.clone()));
    }

    /// The requests of a kind.
    pub fn seen(&self, kind: Kind) -> Vec<Seen> {
        self.state().seen.iter().filter(|seen| seen.kind == kind).cloned().collect()
    }

    fn converse(&self, stream: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(request) = read(&mut reader)? {
            let (seen, fault) = self.note(&request);
            let mut body = Vec::new();
            let limit = match (&fault, request.length) {
                (Some(Fault::Break(limit) | Fault::Stall(limit)), 1..) => *limit,
                _ => request.length,
            };
            while body.len() < limit {
                let mut piece = vec![0; (limit - body.len()).min(64 * 1024)];
                if matches!(fault, Some(Fault::Sip)) {
                    pause(100);
                }
                let count = reader.read(&mut piece)?;
                if count == 0 {
                    return Ok(());
                }
                body.extend(&piece[..count]);
                self.state().seen[seen].received = body.len();
            }
            if body.len() < request.length {
                return end(stream, fault.as_ref());
            }
            let answer = self.answer(&request, seen, body, fault.as_ref());
            if let Some(answer) = answer {
                if !write(stream, &request, &answer, fault.as_ref())? {
                    return end(stream, fault.as_ref());
                }
            } else {
                return end(stream, fault.as_ref());
            }
        }
        Ok(())
    }

    /// Keeps a request, and asks the scripts.
    fn note(&self, request: &Request) -> (usize, Option<Fault>) {
        let (kind, repository, name) = request.meaning();
        let seen = Seen {
            kind,
            repository,
            name,
            range: request.headers.get("range").cloned(),
            received: 0,
            authorized: request.headers.contains_key("authorization"),
        };
        let mut state = self.state();
        let is_same =
            |other: &&Seen| (other.kind, &other.repository, &other.name) == (seen.kind, &seen.repository, &seen.name);
        let nth = state.seen.iter().filter(is_same).count() + 1;
        state.seen.push(seen.clone());
        let index = state.seen.len() - 1;
        let mut scripts = std::mem::take(&mut state.scripts);
        let fault = scripts.iter_mut().find_map(|script| script(&seen, nth, &mut state));
        state.scripts = scripts;
        (index, fault)
    }

    /// `None`: there is none.
    fn answer(&self, request: &Request, seen: usize, body: Vec<u8>, fault: Option<&Fault>) -> Option<Answer> {
        match fault {
            Some(Fault::Silence) => return None,
            Some(Fault::Answer(status, body)) => return Some(Answer::new(*status, body.as_str())),
            Some(Fault::Redirect(place)) => return Some(Answer::new(307, "").with("Location", place)),
            _ => {}
        }
        let mut state = self.state();
        let seen = state.seen[seen].clone();
        if let Some(refusal) = state.refusal(&seen, request) {
            return Some(refusal);
        }
        if let Some(Fault::Took(digest)) = fault {
            return Some(Answer::new(201, "").with("Docker-Content-Digest", digest));
        }
        let answer = state.answer(&seen, request, body);
        match fault {
            Some(Fault::LoseAnswer) => None,
            Some(Fault::Bytes(bytes)) => Some(Answer { body: bytes.clone(), ..answer }),
            Some(Fault::Whole) => Some(state.blob(&seen, None)),
            _ => Some(answer),
        }
    }
}

impl State {
    /// What is answered to somebody who is not logged in.
    fn refusal(&self, seen: &Seen, request: &Request) -> Option<Answer> {
        let password = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{PASSWORD}"));
        let expected = match &self.challenge {
            Some(_) if seen.kind != Kind::Token => format!("Bearer {TOKEN}"),
            _ => format!("Basic {password}"),
        };
        let challenge = "Basic realm=\"https://scripted/\",service=\"ecr.amazonaws.com\"";
        let challenge = self.challenge.as_deref().unwrap_or(challenge);
        (request.headers.get("authorization") != Some(&expected))
            .then(|| Answer::refusal(401, "UNAUTHORIZED", "Not Authorized").with("Www-Authenticate", challenge))
    }

    /// Whether a manifest of the repository has a blob.
    fn is_used(&mut self, seen: &Seen) -> bool {
        let manifests = self.stored(seen).manifests.values();
        manifests.map(|(_, bytes)| String::from_utf8_lossy(bytes)).any(|text| text.contains(&seen.name))
    }

    fn answer(&mut self, seen: &Seen, request: &Request, body: Vec<u8>) -> Answer {
        if seen.kind == Kind::Version {
            return Answer::new(200, "{}");
        }
        if seen.kind == Kind::Token {
            return Answer::new(200, json!({"token": TOKEN}).to_string());
        }
        if !self.repositories.contains_key(&seen.repository) {
            return Answer::refusal(404, "NAME_UNKNOWN", "The repository does not exist");
        }
        match seen.kind {
            Kind::HeadManifest | Kind::GetManifest => self.manifest(seen),
            Kind::PutManifest => self.put_manifest(seen, request, body),
            Kind::HeadBlob if self.lists_late && !self.is_used(seen) => Answer::new(404, ""),
            Kind::HeadBlob | Kind::GetBlob => self.blob(seen, seen.range.as_deref()),
            Kind::Mount => self.mount(seen, request),
            Kind::Open => {
                Answer::new(202, "").with("Location", format!("/v2/{}/blobs/uploads/1?state=x", seen.repository))
            }
            Kind::PutBlob => self.put_blob(seen, body),
            Kind::Referrers => self.referrers(seen),
            Kind::Version | Kind::Token => Answer::new(500, ""),
        }
    }

    fn stored(&mut self, seen: &Seen) -> &mut Stored {
        self.repositories.get_mut(&seen.repository).unwrap()
    }

    fn manifest(&mut self, seen: &Seen) -> Answer {
        let stored = self.stored(seen);
        let digest = stored.tags.get(&seen.name).unwrap_or(&seen.name);
        match stored.manifests.get(digest) {
            Some((media_type, bytes)) => Answer::new(200, bytes.as_slice())
                .with("Content-Type", media_type)
                .with("Docker-Content-Digest", digest),
            None => Answer::refusal(404, "MANIFEST_UNKNOWN", "Requested image not found"),
        }
    }

    /// Refuses what has no layers or children here.
    fn put_manifest(&mut self, seen: &Seen, request: &Request, body: Vec<u8>) -> Answer {
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
            return Answer::refusal(400, "MANIFEST_BLOB_UNKNOWN", &missing);
        }
        assert!(!knows_referrers || !seen.name.starts_with("sha256-"), "nobody needs {}", seen.name);
        let digest = Digest::of(&body).to_string();
        stored.manifests.insert(digest.clone(), (request.headers["content-type"].clone(), body));
        if seen.name.starts_with("sha256:") {
            assert_eq!(seen.name, digest);
        } else {
            stored.tags.insert(seen.name.clone(), digest.clone());
        }
        let answer = Answer::new(201, "").with("Docker-Content-Digest", &digest);
        if locations { answer.with("Location", format!("/v2/{}/manifests/{digest}", seen.repository)) } else { answer }
    }

    fn blob(&mut self, seen: &Seen, range: Option<&str>) -> Answer {
        let Some(bytes) = self.stored(seen).blobs.get(&seen.name) else {
            return Answer::refusal(404, "BLOB_UNKNOWN", "blob unknown to registry");
        };
        match range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok()) {
            Some(from) => Answer::new(206, &bytes[from..])
                .with("Content-Range", format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len())),
            None => Answer::new(200, bytes.as_slice()),
        }
    }

    fn mount(&mut self, seen: &Seen, request: &Request) -> Answer {
        let from = request.query("from").unwrap();
        let bytes = self.repositories.get(&from).and_then(|source| source.blobs.get(&seen.name)).cloned();
        match bytes.filter(|_| self.mounts) {
            Some(bytes) => {
                self.stored(seen).blobs.insert(seen.name.clone(), bytes);
                Answer::new(201, "").with("Location", format!("/v2/{}/blobs/{}", seen.repository, seen.name))
            }
            None => Answer::new(202, "").with("Location", format!("/v2/{}/blobs/uploads/1?state=x", seen.repository)),
        }
    }

    fn put_blob(&mut self, seen: &Seen, body: Vec<u8>) -> Answer {
        if Digest::of(&body).to_string() != seen.name {
            return Answer::refusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
        }
        self.stored(seen).blobs.insert(seen.name.clone(), body);
        Answer::new(201, "").with("Location", format!("/v2/{}/blobs/{}", seen.repository, seen.name))
    }

    fn referrers(&mut self, seen: &Seen) -> Answer {
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

impl Request {
    fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        Some(found.replace("%3A", ":").replace("%2F", "/"))
    }

    /// The kind, the repository, and the name of what is asked for.
    fn meaning(&self) -> (Kind, String, String) {
        let path = self.target.split('?').next().unwrap().trim_start_matches("/v2/");
        let is_head = self.method == "HEAD";
        if let Some((repository, name)) = path.split_once("/manifests/") {
            let kind = match self.method.as_str() {
                "PUT" => Kind::PutManifest,
                _ if is_head => Kind::HeadManifest,
                _ => Kind::GetManifest,
            };
            return (kind, repository.to_owned(), name.to_owned());
        }
        if let Some((repository, _)) = path.split_once("/blobs/uploads/") {
            let (kind, name) = match (self.method.as_str(), self.query("mount")) {
                ("PUT", _) => (Kind::PutBlob, self.query("digest").unwrap()),
                (_, Some(digest)) => (Kind::Mount, digest),
                _ => (Kind::Open, String::new()),
            };
            return (kind, repository.to_owned(), name);
        }
        if let Some((repository, name)) = path.split_once("/blobs/") {
            return (if is_head { Kind::HeadBlob } else { Kind::GetBlob }, repository.to_owned(), name.to_owned());
        }
        if let Some((repository, name)) = path.split_once("/referrers/") {
            return (Kind::Referrers, repository.to_owned(), name.to_owned());
        }
        let kind = if path.starts_with("/token") { Kind::Token } else { Kind::Version };
        (kind, String::new(), self.target.clone())
    }
}

/// The head of the next request; `None` when the client has closed the connection.
fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    assert_eq!(headers.get("transfer-encoding"), None, "ECR wants to know how long an upload is");
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    Ok(Some(Request { method, target, headers, length }))
}

/// Whether all of the answer was written.
fn write(mut stream: &TcpStream, request: &Request, answer: &Answer, fault: Option<&Fault>) -> std::io::Result<bool> {
    let headers = answer.headers.iter().fold(String::new(), |all, (name, value)| format!("{all}{name}: {value}\r\n"));
    let length = match fault {
        Some(Fault::Endless) => "Transfer-Encoding: chunked".to_owned(),
        _ => format!("Content-Length: {}", answer.body.len()),
    };
    stream.write_all(format!("HTTP/1.1 {} Scripted\r\n{headers}{length}\r\n\r\n", answer.status).as_bytes())?;
    if request.method == "HEAD" {
        return Ok(true);
    }
    match fault {
        Some(Fault::Break(limit) | Fault::Stall(limit)) => {
            stream.write_all(&answer.body[..*limit])?;
            Ok(false)
        }
        Some(Fault::Endless) => loop {
            stream.write_all(b"10000\r\n")?;
            stream.write_all(&vec![b' '; 0x10000])?;
            stream.write_all(b"\r\n")?;
        },
        Some(Fault::Drip) => {
            for byte in &answer.body {
                stream.write_all(&[*byte])?;
                pause(20);
            }
            Ok(true)
        }
        _ => stream.write_all(&answer.body).map(|()| true),
    }
}

/// Closes the connection, or leaves it as it is until the test ends.
fn end(stream: &TcpStream, fault: Option<&Fault>) -> std::io::Result<()> {
    if matches!(fault, Some(Fault::Stall(_) | Fault::Silence)) {
        let (sender, never) = std::sync::mpsc::channel::<()>();
        let _nothing = never.recv();
        drop(sender);
    }
    stream.shutdown(Shutdown::Both)
}
