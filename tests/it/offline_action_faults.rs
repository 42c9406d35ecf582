//! A server of releases that answers as it is set to, and what the action makes of bad answers.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::http_server::{Answer, Course, Request, serve};
use crate::offline_action_download::{Setup, assert_built, behind, good, release};

const MEBIBYTE: usize = 1024 * 1024;

/// Answers requests in their order, and those that come later with 404.
pub struct ReleaseServer {
    pub address: String,
    requests: Arc<Mutex<Vec<Request>>>,
    sent: Arc<AtomicUsize>,
}

impl ReleaseServer {
    pub fn start(answers: Vec<Answer>) -> Self {
        let (requests, answers) = (Arc::new(Mutex::new(Vec::new())), Mutex::new(answers.into_iter()));
        let heard = Arc::clone(&requests);
        let server = serve(move |request| {
            heard.lock().unwrap().push(request.clone());
            answers.lock().unwrap().next().unwrap_or_else(|| refused(404))
        });
        Self { address: format!("http://{}", server.address), requests, sent: server.sent }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// What was asked for.
    pub fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.target).collect()
    }
}

fn refused(status: u16) -> Answer {
    Answer::new(status, "no")
}

/// The connection is closed in the middle.
fn cut() -> Answer {
    Answer::truncated("#!/bin/sh\necho cut\n")
}

/// Nothing more comes after the head.
fn stalled() -> Answer {
    Answer::new(200, "#!/bin/sh\n").going(Course::Stall(0))
}

#[test]
fn bytes_with_another_digest_are_never_run_and_nothing_stands_in_for_them() {
    let changed = [release(), b"echo changed\n"].concat();
    let half = release()[..release().len() / 2].to_vec();
    for answer in [Answer::new(200, changed), Answer::new(200, half).going(Course::Unsized), Answer::new(200, "")] {
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
    let setup = Setup::new(vec![refused(404)]);
    let ran = setup.run().expect_code(0);
    assert_built(&ran);
    assert!(ran.log.contains("(HTTP 404)"), "{}", ran.log);
    assert_eq!(setup.server.paths().len(), 1);
}

#[test]
fn what_fails_for_a_moment_is_asked_for_again() {
    let setup = Setup::new(vec![refused(502), cut(), good()]);
    let ran = setup.run().expect_code(0);
    assert_eq!(setup.server.paths().len(), 3);
    assert_eq!(std::fs::read(setup.installed()).unwrap(), release());
    assert!(ran.annotations("warning").is_empty(), "{}", ran.log);
}

#[test]
fn a_server_that_never_gives_all_of_it_is_given_up() {
    for answers in [vec![cut(), cut(), cut()], vec![refused(503), refused(429), refused(500)]] {
        let setup = Setup::new(answers);
        let ran = setup.run().expect_code(0);
        assert_built(&ran);
        let [warning] = ran.annotations("warning")[..] else { panic!("{}", ran.log) };
        assert!(warning.contains("could not be downloaded"), "{warning}");
        assert_eq!(setup.server.paths().len(), 3);
        assert!(!setup.installed().exists());
    }
}

/// The disk of a runner is not filled with what could never be a release.
#[test]
fn more_than_a_release_could_have_is_not_taken() {
    let setup = Setup::new(vec![Answer::new(200, "").going(Course::Endless), good()]);
    setup.run().expect_code(0);
    assert_eq!(std::fs::read(setup.installed()).unwrap(), release());
    let taken = setup.server.sent.load(Ordering::Relaxed) / MEBIBYTE;
    assert!((60..100).contains(&taken), "{taken} MiB");
}

/// On this machine, another address is one that this machine named itself; from there, no redirect leads elsewhere.
#[test]
fn a_loopback_server_cannot_lead_elsewhere() {
    let elsewhere = ReleaseServer::start(vec![good()]);
    let setup = Setup::new((0..3).map(|_| Answer::new(302, "").with("Location", &elsewhere.address)).collect());
    assert_built(&setup.run().expect_code(0));
    assert!(elsewhere.paths().is_empty());
}

/// A `curl` that is the real one, and has a timeout of one second where the action gives it ten.
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
    let setup = Setup::new(vec![stalled(), stalled(), stalled()]);
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
    let setup = Setup::new(vec![stalled()]);
    let running = setup.runner.action("$/").input("command", "deploy").start();
    crate::harness::eventually("the server was asked", || !setup.server.paths().is_empty());
    let began = Instant::now();
    running.cancel();
    let ran = running.wait().expect_code(130);
    assert!(began.elapsed() < Duration::from_secs(7), "SIGINT was enough: {:?}", began.elapsed());
    assert_eq!(ran.outputs["outcome"], "interrupted");
    assert!(ran.log.contains("interrupted before shipgate was started"), "{}", ran.log);
}
