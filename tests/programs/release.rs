//! A release for tests and for the bench: one static program that does what its arguments say, one after the other.
//!
//! `print TEXT`, `wait SECONDS`, `exit CODE`, and `serve STATUS`, which answers HTTP on port 8000 with that status and
//! `{"release": "$RELEASE"}` until it is stopped; `answer STATUS` does so beside what comes next. Without arguments it
//! serves 200.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::exit;
use std::thread::{sleep, spawn};
use std::time::Duration;

unsafe extern "C" {
    fn signal(number: i32, handler: usize) -> usize;
}

const SIGTERM: i32 = 15;

/// The first process of a container is not ended by a signal that it does not handle.
extern "C" fn stop(_number: i32) {
    exit(0);
}

fn main() {
    // SAFETY: the handler only ends the process.
    unsafe { signal(SIGTERM, stop as *const () as usize) };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_else(|| panic!("{word} needs a value"));
        match word.as_str() {
            "print" => println!("{value}"),
            "wait" => sleep(Duration::from_secs(value.parse().expect("seconds"))),
            "exit" => exit(value.parse().expect("a code")),
            "answer" => drop(spawn(move || serve(value.parse().expect("a status")))),
            "serve" => serve(value.parse().expect("a status")),
            other => panic!("unknown word {other}"),
        }
    }
    serve(200);
}

fn serve(status: u16) {
    let release = std::env::var("RELEASE").unwrap_or_default();
    let body = format!("{{\"release\": \"{release}\"}}");
    let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    let listener = TcpListener::bind("0.0.0.0:8000").expect("port 8000");
    for mut stream in listener.incoming().flatten() {
        let mut request = [0; 4096];
        if stream.read(&mut request).is_ok() {
            drop(stream.write_all(answer.as_bytes()));
        }
    }
}
