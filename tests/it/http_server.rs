//! The one HTTP server of the tests, the unit tests' too: hyper, and what no library's server does: hang up, stop
//! half-way, never end.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, LocalBoxStream, StreamExt as _};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::Response;
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

const PIECE: usize = 1 << 16;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// Their names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// A request with the names of its headers in lower case.
    pub fn new(method: &str, target: &str, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), headers, body }
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub course: Course,
}

/// What becomes of an answer on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// It arrives.
    Whole,
    /// It arrives, without a word about how long it is.
    Unsized,
    /// The connection is closed after a number of bytes of the body.
    Break(usize),
    /// Nothing more comes after a number of bytes of the body.
    Stall(usize),
    /// A byte of the body every few milliseconds.
    Drip,
    /// Blanks for ever instead of the body, without a word about how many.
    Endless,
    /// The connection is closed without a word.
    HangUp,
    /// Nothing comes at all.
    Silence,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), course: Course::Whole }
    }

    /// No answer.
    pub fn hang_up() -> Self {
        Self::new(500, "").going(Course::HangUp)
    }

    /// An answer that promises more than comes, then the connection is closed.
    pub fn truncated(body: &str) -> Self {
        Self::new(200, format!("{body:1000}")).going(Course::Break(body.len()))
    }

    pub fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    pub fn going(self, course: Course) -> Self {
        Self { course, ..self }
    }

    async fn response(self, sent: Arc<AtomicUsize>) -> io::Result<Response<Body>> {
        let broken = || io::Error::other("as the test wants it");
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        if !matches!(self.course, Course::Unsized | Course::Endless) {
            response = response.header("Content-Length", self.body.len());
        }
        let body = Bytes::from(self.body);
        // Piece by piece, so that the first of a long body does not wait for the last.
        let piece = |start: usize, end: usize| Ok(body.slice(start..end.min(start + PIECE)));
        let until = |end| stream::iter((0..end).step_by(PIECE).map(|start| piece(start, end)).collect::<Vec<_>>());
        let pieces = match self.course {
            Course::Whole | Course::Unsized => until(body.len()).boxed_local(),
            Course::Break(limit) => until(limit)
                .chain(stream::once(async move {
                    // What is before the break is written while the body is waited for.
                    tokio::task::yield_now().await;
                    Err(broken())
                }))
                .boxed_local(),
            Course::Stall(limit) => until(limit).chain(stream::pending()).boxed_local(),
            Course::Drip => stream::iter(body)
                .then(async |byte| {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok(Bytes::from(vec![byte]))
                })
                .boxed_local(),
            Course::Endless => stream::repeat(Bytes::from(vec![b' '; PIECE])).map(Ok).boxed_local(),
            Course::HangUp => return Err(broken()),
            Course::Silence => pending().await,
        };
        let frames = pieces.map(move |piece: io::Result<Bytes>| {
            let piece = piece?;
            sent.fetch_add(piece.len(), Ordering::Relaxed);
            Ok(Frame::data(piece))
        });
        response.body(StreamBody::new(frames.boxed_local())).map_err(io::Error::other)
    }
}

type Body = StreamBody<LocalBoxStream<'static, io::Result<Frame<Bytes>>>>;

/// On a free loopback port until the test's process ends.
#[derive(Debug, Clone)]
pub struct Server {
    pub address: SocketAddr,
    /// Number of bytes of bodies that went out.
    pub sent: Arc<AtomicUsize>,
}

/// Answers requests that arrived whole.
pub fn serve(answer: impl Fn(&Request) -> Answer + Send + 'static) -> Server {
    serve_arriving(async move |mut request: Request, body: Incoming| {
        let Ok(body) = body.collect().await else { return Answer::hang_up() };
        request.body = body.to_bytes().to_vec();
        answer(&request)
    })
}

/// Answers requests whose body is still to be read.
pub fn serve_arriving(answer: impl AsyncFn(Request, Incoming) -> Answer + Send + 'static) -> Server {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let server = Server { address: listener.local_addr().unwrap(), sent: Arc::default() };
    let sent = Arc::clone(&server.sent);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, async move {
            let (listener, answer) = (TcpListener::from_std(listener).unwrap(), Rc::new(answer));
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::task::spawn_local(converse(stream, Rc::clone(&answer), Arc::clone(&sent)));
            }
        });
    });
    server
}

async fn converse(
    stream: TcpStream,
    answer: Rc<impl AsyncFn(Request, Incoming) -> Answer + 'static>,
    sent: Arc<AtomicUsize>,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (answer, sent) = (Rc::clone(&answer), Arc::clone(&sent));
        async move {
            let (head, body) = request.into_parts();
            let headers = head.headers.iter();
            let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
            let request = Request::new(head.method.as_str(), &head.uri.to_string(), headers, Vec::new());
            answer(request, body).await.response(sent).await
        }
    });
    // hyper gives up a connection that breaks at once. What it has written until then arrives all the same.
    let (from_client, mut to_client) = stream.into_split();
    let (written, mut arriving) = tokio::io::duplex(1 << 20);
    let connection =
        http1::Builder::new().serve_connection(TokioIo::new(tokio::io::join(from_client, written)), service);
    let handing_on = async move {
        tokio::io::copy(&mut arriving, &mut to_client).await?;
        to_client.shutdown().await
    };
    // A client that goes away in the middle is no failure of the test.
    let (_ended, _handed) = tokio::join!(connection, handing_on);
}
