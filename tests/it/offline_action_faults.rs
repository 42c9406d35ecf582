//! A server of releases that answers as it is told, and what the action makes of bad answers.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::offline_action_download::{Setup, assert_built, behind, good, release};

const MEBIBYTE: usize = 1024 * 1024;

/// What the server does with one request.
pub enum Answer {
    Good(Vec<u8>),
    Status(u16),
    /// Sends the client elsewhere.
    To(String),
    /// Promises this many bytes and hangs up before.
    Cut(usize),
    /// Sends the bytes without saying how many they are.
    Unsized(Vec<u8>),
    /// Says nothing more after the head.
    Stall,
    /// Sends 200 MiB without having said so, or as much as the client takes.
    Endless,
}

/// Answers requests in their order, and those that come later with 404.
pub struct ReleaseServer {
    pub address: String,
    requests: Arc<Mutex<Vec<String>>>,
    sent: Arc<AtomicUsize>,
}

impl ReleaseServer {
    pub fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&requests);
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        std::thread::spawn(move || {
            let mut answers = answers.into_iter();
            // What stalls stays open.
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                heard.lock().unwrap().push(head(&mut stream));
                // A client may have gone: then nobody reads the answer.
                let _unread = answer(&mut stream, answers.next().unwrap_or(Answer::Status(404)), &mut open, &counted);
            }
        });
        Self { address, requests, sent }
    }

    /// The heads of all requests.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// What was asked for.
    pub fn paths(&self) -> Vec<String> {
        self.requests().iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect()
    }
}

fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn answer(
    stream: &mut TcpStream,
    answer: Answer,
    open: &mut Vec<TcpStream>,
    sent: &AtomicUsize,
) -> std::io::Result<()> {
    match answer {
        Answer::Good(bytes) => {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len())?;
            stream.write_all(&bytes)
        }
        Answer::Status(status) => {
            write!(stream, "HTTP/1.1 {status} No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        }
        Answer::To(place) => {
            write!(stream, "HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        Answer::Cut(size) => write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n#!/bin/sh\necho cut\n"),
        Answer::Unsized(bytes) => {
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            stream.write_all(&bytes)
        }
        Answer::Stall => {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n#!/bin/sh\n")?;
            open.push(stream.try_clone()?);
            Ok(())
        }
        Answer::Endless => {
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            for _ in 0..200 {
                stream.write_all(&vec![0; MEBIBYTE])?;
                sent.fetch_add(MEBIBYTE, Ordering::Relaxed);
            }
            Ok(())
        }
    }
}

#[test]
fn bytes_with_another_digest_are_never_run_and_nothing_stands_in_for_them() {
    let changed = [release(), b"echo changed\n"].concat();
    let half = release()[..release().len() / 2].to_vec();
    for answer in [Answer::Good(changed), Answer::Unsized(half), Answer::Good(Vec::new())] {
        let setup = Setup::new(vec![answer, good()]);
        let ran = setup.run().expect_code(1);
        let [error] = ran.annotations("error")[..] else { panic!("{}", ran.log) };
        assert!(error.contains("nothing of it was run\nhint: "), "{error}");
        assert_eq!(ran.outputs["outcome"], "failed");
        assert!(!ran.log.contains("changed\n") && !ran.log.contains("Compiling"), "{}", ran.log);
        assert!(!setup.installed().exists());
        assert_eq!(setup.server.paths().len(), 1, "it was not tried again");
    }
}

#[test]
fn a_release_that_is_not_there_is_built_after_one_question() {
    let setup = Setup::new(vec![Answer::Status(404)]);
    let ran = setup.run().expect_code(0);
    assert_built(&ran);
    assert!(ran.log.contains("(HTTP 404)"), "{}", ran.log);
    assert_eq!(setup.server.paths().len(), 1);
}

#[test]
fn what_fails_for_a_moment_is_asked_for_again() {
    let setup = Setup::new(vec![Answer::Status(502), Answer::Cut(999), good()]);
    let ran = setup.run().expect_code(0);
    assert_eq!(setup.server.paths().len(), 3);
    assert_eq!(std::fs::read(setup.installed()).unwrap(), release());
    assert!(ran.annotations("warning").is_empty(), "{}", ran.log);
}

#[test]
fn a_server_that_never_gives_all_of_it_is_given_up() {
    for answers in [
        vec![Answer::Cut(999), Answer::Cut(999), Answer::Cut(999)],
        vec![Answer::Status(503), Answer::Status(429), Answer::Status(500)],
    ] {
        let setup = Setup::new(answers);
        let ran = setup.run().expect_code(0);
        assert_built(&ran);
        let [warning] = ran.annotations("warning")[..] else { panic!("{}", ran.log) };
        assert!(warning.contains("could not be downloaded"), "{warning}");
        assert_eq!(setup.server.paths().len(), 3);
        assert!(!setup.installed().exists());
    }
}

/// Nobody fills the disk of a runner with what could never be a release.
#[test]
fn more_than_a_release_could_have_is_not_taken() {
    let setup = Setup::new(vec![Answer::Endless, good()]);
    setup.run().expect_code(0);
    assert_eq!(std::fs::read(setup.installed()).unwrap(), release());
    let taken = setup.server.sent.load(Ordering::Relaxed) / MEBIBYTE;
    assert!((60..100).contains(&taken), "{taken} MiB");
}

/// On this machine, another address is one that we were told ourselves; from there, nobody leads elsewhere.
#[test]
fn a_loopback_server_cannot_lead_elsewhere() {
    let elsewhere = ReleaseServer::start(vec![good()]);
    let setup = Setup::new((0..3).map(|_| Answer::To(elsewhere.address.clone())).collect());
    assert_built(&setup.run().expect_code(0));
    assert!(elsewhere.paths().is_empty());
}

/// A `curl` that is the real one, and has one second of patience where the action gives it ten.
const HASTY_CURL: &str = r#"#!/usr/bin/env bash
set -euo pipefail
arguments=("$@")
for index in "${!arguments[@]}"; do
    if [[ ${arguments[index]} == --speed-time ]]; then
        [[ ${arguments[index + 1]} == 10 ]] || exit 99
        arguments[index + 1]=1
    fi
done
exec /usr/bin/curl "${arguments[@]}"
"#;

#[test]
fn a_server_that_says_nothing_more_is_given_up() {
    let setup = Setup::new(vec![Answer::Stall, Answer::Stall, Answer::Stall]);
    let programs = setup.program("curl", HASTY_CURL);
    let runner = setup.runner.clone().variable("PATH", &behind(&programs));
    assert_built(&runner.action("$/").input("command", "deploy").run().expect_code(0));
    assert_eq!(setup.server.paths().len(), 3);
}

#[test]
fn nobody_at_the_address_means_a_build() {
    let setup = Setup::new(Vec::new());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let runner = setup.runner.clone().variable("SHIPGATE_RELEASE_URL", &format!("http://127.0.0.1:{port}"));
    assert_built(&runner.action("$/").input("command", "deploy").run().expect_code(0));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test waits in real time")]
fn cancelling_ends_a_download_at_once() {
    let setup = Setup::new(vec![Answer::Stall]);
    let running = setup.runner.action("$/").input("command", "deploy").start();
    crate::harness::eventually("the server was asked", || !setup.server.paths().is_empty());
    let began = Instant::now();
    running.cancel();
    let ran = running.wait().expect_code(130);
    assert!(began.elapsed() < Duration::from_secs(7), "SIGINT was enough: {:?}", began.elapsed());
    assert_eq!(ran.outputs["outcome"], "interrupted");
    assert!(ran.log.contains("interrupted before shipgate was started"), "{}", ran.log);
}
