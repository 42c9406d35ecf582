//! Probes on the real app, and on a server of the test's own where the app has nothing to say.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::cloud::{Cloud, ServiceOptions};
use crate::harness::{Repository, assert_reported};
use crate::http_server::{Answer, serve};

/// A service behind a load balancer, and the load balancer's address.
fn cloud_behind_balancer(variables: Vec<(&'static str, &'static str)>) -> (Cloud, String) {
    let cloud = Cloud::new();
    cloud.create_repository(aws_sdk_ecr::types::ImageTagMutability::Mutable);
    let (target_group, address) = cloud.create_load_balancer();
    cloud.create_service(&ServiceOptions { variables, target_group: Some(target_group), ..ServiceOptions::web() });
    (cloud, address)
}

fn shop_with_probe(cloud: &Cloud, probe: &str) -> Repository {
    cloud.shop(&cloud.config(&format!("probes = [{{ {probe}, interval = \"200ms\", retries = 3 }}]")))
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_release_itself_is_asked() {
    let (cloud, address) = cloud_behind_balancer(Vec::new());
    let probe = format!(
        "url = \"{address}/health?release=${{release.sha}}\", status = 200, text = '\"status\":\"ok\"', \
         json = {{ \"/release\" = \"${{release.sha}}\", \"/status\" = \"ok\" }}, \
         response-headers = {{ Content-Type = \"application/json\" }}, successes = 2"
    );
    let shop = shop_with_probe(&cloud, &probe);

    let report = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let steps = report["steps"].as_array().unwrap();
    let last = steps.last().unwrap();
    assert_eq!((&last["name"], &last["result"]), (&json!("probe backend"), &json!("done")));
    // Verified the same way when nothing is to change.
    let report = cloud.deploy(&shop, &[]).outcome("unchanged", 0);
    assert_eq!(report["steps"].as_array().unwrap().last().unwrap()["name"], "probe backend");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_release_that_answers_wrongly_is_broken() {
    let (cloud, address) = cloud_behind_balancer(vec![("UNHEALTHY", "1")]);
    let shop = shop_with_probe(&cloud, &format!("url = \"{address}/health?key=canary\""));

    let ran = cloud.deploy(&shop, &[]);

    let report = ran.outcome("broken", 6);
    assert_reported(&report["causes"], &["status 503, not 200"]);
    assert_reported(&report["hints"], &["correct the probe (shipgate.toml:"]);
    assert_eq!(report["components"][0]["outcome"], "broken");
    assert_eq!(report["components"][0]["changed"], true);
    assert_eq!(
        report["left_behind"].as_array().unwrap().iter().filter(|left| left.to_string().contains("revision")).count(),
        0,
        "the revision is what serves: {}",
        report["left_behind"]
    );
    assert!(!ran.stderr.contains("canary") && !ran.stdout.contains("canary"), "a query may hold a secret");
    let revision = cloud.revision("backend");
    assert_eq!(cloud.ledger(&revision)["shipgate:outcome"], "broken");

    // It stays broken when there is nothing to change.
    let report = cloud.deploy(&shop, &[]).outcome("broken", 6);
    assert_eq!(report["components"][0]["changed"], false);
    assert_eq!(cloud.revision("backend"), revision);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn each_difference_is_a_cause() {
    let (cloud, address) = cloud_behind_balancer(Vec::new());
    let shop = cloud.shop(&cloud.config(""));
    // A file that git ignores: other probes for the same commit.
    shop.write(".gitignore", "other.toml\n");
    shop.commit("Leave room for another configuration");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let serving = cloud.serving("backend");
    for (probe, difference) in [
        ("json = { \"/release\" = \"another\" }", "another"),
        ("json = { \"/missing\" = 1 }", "/missing"),
        ("text = \"closed on Sundays\"", "closed on Sundays"),
        ("response-headers = { Content-Type = \"text/html\" }", "text/html"),
        ("response-headers = { X-Shop = \"yes\" }", "X-Shop"),
    ] {
        let probe = format!("probes = [{{ url = \"{address}/health\", {probe}, interval = \"50ms\", retries = 1 }}]");
        shop.write("other.toml", cloud.config(&probe));
        let report = cloud.deploy(&shop, &["--config", "other.toml"]).outcome("broken", 6);
        assert_reported(&report["causes"], &[difference]);
        assert_eq!(report["components"][0]["changed"], false);
    }
    assert_eq!(cloud.serving("backend"), serving);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_probe_is_asked_as_it_is_written_until_it_is_satisfied() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    // A right answer between wrong ones does not count: two in a row are wanted.
    // The first question is from before the update.
    let statuses = Mutex::new([503, 503, 200, 503, 200, 200].into_iter());
    let server = serve(move |request| {
        let release = request.header("x-release").unwrap();
        heard.lock().unwrap().push(format!("{} {} {release}", request.method, request.target));
        Answer::new(statuses.lock().unwrap().next().unwrap(), "")
    });
    let url = format!("http://{}/ready", server.address);
    let cloud = Cloud::with_backend();
    let probe =
        format!("url = \"{url}\", method = \"HEAD\", headers = {{ X-Release = \"${{release.sha}}\" }}, successes = 2");
    let shop = shop_with_probe(&cloud, &probe);

    cloud.deploy(&shop, &[]).outcome("deployed", 0);

    assert_eq!(*asked.lock().unwrap(), vec![format!("HEAD /ready {}", shop.head()); 6]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_probe_that_nobody_answers_fails() {
    let cloud = Cloud::with_backend();
    // No process listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let shop = shop_with_probe(&cloud, &format!("url = \"http://127.0.0.1:{port}/health\""));

    let report = cloud.deploy(&shop, &[]).outcome("broken", 6);

    assert!(report["reason"].as_str().unwrap().contains(&format!("http://127.0.0.1:{port}/health")));
    assert_reported(&report["causes"], &["refused"]);
    assert_eq!(report["components"][0]["current"], Value::Null);
}
