//! Sessions that really end while a rollout is waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::BodyExt as _;

use crate::cloud::{Cloud, ServiceOptions};
use crate::http_server::{Answer, serve_arriving};

/// Shorter than the rollout, and than what AWS would allow. The emulator ends such sessions on time.
const LASTS: Duration = Duration::from_secs(12);

/// In front of the emulator's STS: every session lasts as long as [`LASTS`]. Returns its address, and how many were made.
fn short_sessions(endpoint: &str) -> (String, Arc<AtomicUsize>) {
    let (made, endpoint) = (Arc::new(AtomicUsize::new(0)), endpoint.to_owned());
    let counted = Arc::clone(&made);
    let server = serve_arriving(async move |request, body| {
        let mut body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        if body.contains("Action=AssumeRoleWithWebIdentity") {
            body = format!("{body}&DurationSeconds={}", LASTS.as_secs());
            counted.fetch_add(1, Ordering::Relaxed);
        }
        let mut forward = reqwest::Client::new().post(&endpoint).body(body);
        // The host is part of the signature.
        for (name, value) in request.headers.iter().filter(|(name, _)| name != "content-length") {
            forward = forward.header(name, value);
        }
        let answer = forward.send().await.unwrap();
        let status = answer.status().as_u16();
        Answer::new(status, answer.text().await.unwrap()).with("Content-Type", "text/xml")
    });
    (format!("http://{}", server.address), made)
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_rollout_outlives_the_session_it_began_with() {
    let cloud = Cloud::with(&ServiceOptions::without_room());
    let shop = cloud.shop(&cloud.config(""));
    let (sts, made) = short_sessions(cloud.endpoint());

    let deploy =
        cloud.shipgate(&shop, &["deploy", "stage", "--output", "json"]).env("AWS_ENDPOINT_URL_STS", sts).start();
    deploy.until_stderr("roll out: ");
    cloud.wait(async { tokio::time::sleep(LASTS + Duration::from_secs(2)).await });
    cloud.make_room("backend");

    deploy.wait().outcome("deployed", 0);
    assert_eq!(cloud.releases("backend"), [shop.head()]);
    assert!(made.load(Ordering::Relaxed) >= 3, "{made:?} sessions of {LASTS:?}");
}
