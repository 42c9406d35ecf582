//! A registry that fails half-way: a proxy of the test's own stands between docker and the emulator.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::cloud::Cloud;
use crate::harness::{Ran, Repository, assert_reported, texts};

/// Hands on every request but those with a word in their first line, which it answers with 500.
struct Proxy {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(upstream: &str, is_refused: fn(&str) -> bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (upstream, log) = (upstream.to_owned(), Arc::clone(&seen));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (upstream, log) = (upstream.clone(), Arc::clone(&log));
                std::thread::spawn(move || serve(client.unwrap(), &upstream, &log, is_refused));
            }
        });
        Self { port, seen }
    }

    fn saw(&self, is_meant: fn(&str) -> bool) -> bool {
        self.seen.lock().unwrap().iter().any(|line| is_meant(line))
    }
}

/// One request on one connection; both ends know that it is the last.
fn serve(mut client: TcpStream, upstream: &str, log: &Mutex<Vec<String>>, is_refused: fn(&str) -> bool) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match client.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let (first, rest) = head.split_once("\r\n").unwrap();
    log.lock().unwrap().push(first.to_owned());
    if is_refused(first) {
        let body = "the disk is full";
        let _answered = write!(
            client,
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let _closed = client.shutdown(Shutdown::Write);
        return;
    }
    let Ok(mut server) = TcpStream::connect(upstream) else { return };
    write!(server, "{first}\r\nConnection: close\r\n{rest}").unwrap();
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
    let _copied = std::io::copy(&mut server, &mut client);
    let _closed = client.shutdown(Shutdown::Both);
}

fn deploy_through(proxy: &Proxy, cloud: &Cloud, shop: &Repository) -> Ran {
    let hosts = format!("000000000000.dkr.ecr.us-east-1.amazonaws.com=http://localhost:{}", proxy.port);
    cloud.shipgate(shop, &["deploy", "stage", "--output", "json"]).env("SHIPGATE_REGISTRY_HOSTS", hosts).run()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_push_that_fails_half_way_changes_nothing_that_serves() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    // The layers arrive, the manifest does not.
    let proxy = Proxy::start(cloud.registry(), |line| line.starts_with("PUT") && line.contains("/manifests/"));
    let (serving, revisions) = (cloud.serving("backend"), cloud.revisions("backend"));

    let report = deploy_through(&proxy, &cloud, &shop).outcome("failed", 1);

    assert!(proxy.saw(|line| line.starts_with("PUT") && line.contains("/blobs/uploads/")), "nothing was uploaded");
    assert!(report["reason"].as_str().unwrap().contains("push"), "{}", report["reason"]);
    assert_reported(&report["causes"], &["500"]);
    assert!(!texts(&report["hints"]).is_empty());
    assert_eq!(report["components"][0]["outcome"], "failed");
    assert_eq!(report["components"][0]["changed"], false);
    assert_eq!(cloud.serving("backend"), serving);
    assert_eq!(cloud.revisions("backend"), revisions);
    assert_eq!(cloud.images().len(), 0);
    // The next run begins where this one ended.
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    assert_eq!(cloud.releases("backend"), [shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_registry_that_cannot_be_read_is_not_an_empty_one() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let images = cloud.images();
    let serving = cloud.serving("backend");
    let proxy = Proxy::start(cloud.registry(), |line| line.contains("/manifests/"));

    let report = deploy_through(&proxy, &cloud, &shop).outcome("failed", 1);

    assert_reported(&report["causes"], &["500"]);
    assert!(!proxy.saw(|line| line.starts_with("POST")), "it was taken for empty, and pushed to");
    assert_eq!(cloud.images(), images);
    assert_eq!(cloud.serving("backend"), serving);
}
