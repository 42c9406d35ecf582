//! As much of an HTTP/1.1 server as a test needs, and what no library's server does: hang up, stop half-way.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// The path with its query.
    pub target: String,
    headers: Vec<(String, String)>,
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
pub enum Answer {
    /// A whole answer.
    Whole { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// An answer that promises more than comes, then the connection is closed.
    Truncated { body: Vec<u8> },
    /// The connection is closed without a word.
    HangUp,
    /// Blanks for ever, without saying how many.
    Endless,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Whole { status, headers: Vec::new(), body: body.into() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        if let Self::Whole { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// Listens on a free loopback port, one thread for each connection, until the test's process ends.
pub fn serve(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, answer) = (stream.unwrap(), Arc::clone(&answer));
            // A client that goes away in the middle is no failure of the test.
            std::thread::spawn(move || converse(&stream, answer.as_ref()).err());
        }
    });
    address
}

fn converse(stream: &TcpStream, answer: &dyn Fn(&Request) -> Answer) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = read(&mut reader)? {
        match answer(&request) {
            Answer::Whole { status, headers, body } => {
                let headers =
                    headers.iter().fold(String::new(), |all, (name, value)| format!("{all}{name}: {value}\r\n"));
                let head = format!("HTTP/1.1 {status} Scripted\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
                let body = if request.method == "HEAD" { Vec::new() } else { body };
                (&*stream).write_all(&[head.into_bytes(), body].concat())?;
            }
            Answer::Endless => {
                (&*stream).write_all(b"HTTP/1.1 200 Scripted\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                let piece = [b"100000\r\n".as_slice(), &vec![b' '; 0x10_0000], b"\r\n"].concat();
                loop {
                    (&*stream).write_all(&piece)?;
                }
            }
            Answer::Truncated { body } => {
                let head = format!("HTTP/1.1 200 Scripted\r\nContent-Length: {}\r\n\r\n", body.len() + 1000);
                (&*stream).write_all(&[head.into_bytes(), body].concat())?;
                return stream.shutdown(Shutdown::Both);
            }
            Answer::HangUp => return stream.shutdown(Shutdown::Both),
        }
    }
    Ok(())
}

/// The next request; `None` when the client has closed the connection.
fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request::new(&method, &target, headers, Vec::new());
    assert_eq!(request.header("transfer-encoding"), None, "chunked requests are not understood here");
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body)?;
    Ok(Some(request))
}
