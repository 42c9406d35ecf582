//! Hands a request on as it came: with its path, its `Host` and its signature untouched.

use std::io;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::http_server::{Answer, Course, Request};

/// What is between two programs, and not between the first and the last.
const OF_A_CONNECTION: [&str; 5] = ["connection", "expect", "keep-alive", "transfer-encoding", "content-length"];

/// The answer of `address` (`localhost:4566`).
pub async fn forward(address: &str, request: &Request) -> io::Result<Answer> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::task::spawn_local(connection);
    let mut outgoing = hyper::Request::builder().method(request.method.as_str()).uri(&request.target);
    for (name, value) in request.headers.iter().filter(|(name, _)| !OF_A_CONNECTION.contains(&name.as_str())) {
        outgoing = outgoing.header(name, value);
    }
    outgoing = outgoing.header("content-length", request.body.len());
    let outgoing = outgoing.body(Full::new(Bytes::from(request.body.clone()))).map_err(io::Error::other)?;
    let (head, body) = sender.send_request(outgoing).await.map_err(io::Error::other)?.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let status = head.status.as_u16();
    let mut answer = Answer::new(status, body);
    // The length of a body that does not come.
    let has_no_body = request.method == "HEAD" || [204, 304].contains(&status);
    if has_no_body {
        answer = answer.going(Course::Unsized);
    }
    for (name, value) in &head.headers {
        let is_length = name == "content-length";
        if !OF_A_CONNECTION.contains(&name.as_str()) || is_length && has_no_body {
            answer = answer.with(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
        }
    }
    Ok(answer)
}
