//! Sessions that really end while a rollout is waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tiny_http::{Header, Response, Server};

use crate::cloud::{Cloud, ServiceOptions};

/// Shorter than the rollout, and than what AWS would allow. The emulator ends such sessions on time.
const LASTS: Duration = Duration::from_secs(12);

/// In front of the emulator's STS: every session lasts as long as [`LASTS`]. Returns its address, and how many were made.
fn short_sessions(endpoint: &str) -> (String, Arc<AtomicUsize>) {
    let server = Server::http("127.0.0.1:0").unwrap();
    let address = format!("http://{}", server.server_addr());
    let (made, endpoint) = (Arc::new(AtomicUsize::new(0)), endpoint.to_owned());
    let counted = Arc::clone(&made);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for mut request in server.incoming_requests() {
            let mut body = String::new();
            request.as_reader().read_to_string(&mut body).unwrap();
            if body.contains("Action=AssumeRoleWithWebIdentity") {
                body = format!("{body}&DurationSeconds={}", LASTS.as_secs());
                counted.fetch_add(1, Ordering::Relaxed);
            }
            let mut forward = reqwest::Client::new().post(&endpoint).body(body);
            // The host is part of the signature.
            for header in request.headers().iter().filter(|header| !header.field.equiv("content-length")) {
                forward = forward.header(header.field.as_str().as_str(), header.value.as_str());
            }
            let (status, text) = runtime.block_on(async {
                let answer = forward.send().await.unwrap();
                (answer.status().as_u16(), answer.text().await.unwrap())
            });
            let kind = Header::from_bytes("Content-Type", "text/xml").unwrap();
            request.respond(Response::from_string(text).with_status_code(status).with_header(kind)).unwrap();
        }
    });
    (address, made)
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_rollout_outlives_the_session_it_began_with() {
    let cloud = Cloud::with(&ServiceOptions::without_room());
    let shop = cloud.shop(&cloud.config(""));
    let (sts, made) = short_sessions(cloud.endpoint());

    let deploy =
        cloud.shipgate(&shop, &["deploy", "stage", "--output", "json"]).env("AWS_ENDPOINT_URL_STS", sts).start();
    deploy.until_stderr("wait for backend\n");
    cloud.wait(async { tokio::time::sleep(LASTS + Duration::from_secs(2)).await });
    cloud.make_room("backend");

    deploy.wait().outcome("deployed", 0);
    assert_eq!(cloud.releases("backend"), [shop.head()]);
    assert!(made.load(Ordering::Relaxed) >= 3, "{made:?} sessions of {LASTS:?}");
}
