//! A site whose address has TLS, and a site whose buckets are encrypted with a key of KMS.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::{Ran, assert_reported, texts};
use crate::http_server::{Answer, serve};
use crate::offline_action::write_program;
use crate::site::proxy::{Does, Rule};
use crate::site::shop::{Shop, page_of};
use crate::site::tls::Tls;

const DEPLOY: [&str; 2] = ["deploy", "stage"];

/// A shop whose stage is found at an address with TLS.
struct SecureShop {
    shop: Shop,
    tls: Tls,
}

impl SecureShop {
    fn new() -> Self {
        let shop = Shop::new("");
        let tls = Tls::before(&shop.site.stage.edge.url());
        Self { shop, tls }
    }

    /// Commits another configuration of the component.
    fn configure(&self, more: &str) {
        let config = self.shop.site.laptop_config(more).replace(&self.shop.site.stage.edge.url(), &self.tls.url());
        assert!(config.contains(&format!("url = \"{}\"", self.tls.url())), "{config}");
        self.shop.repository.write("shipgate.toml", config);
        self.shop.repository.commit("Another configuration");
    }

    fn deploy(&self) -> Ran {
        let deploy = self.shop.site.laptop(&self.shop.repository, &DEPLOY);
        deploy.env("SSL_CERT_FILE", self.tls.authority().to_str().unwrap()).run()
    }
}

/// Browsers block what a page with TLS calls without it, and the reason would not be visible.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_interface_without_tls_is_refused_on_a_site_that_has_it() {
    let asked = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&asked);
    let api = serve(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Answer::new(204, "").with("access-control-allow-origin", "*")
    });
    let secure = SecureShop::new();
    secure.configure("");
    secure.deploy().outcome("deployed", 0);
    let before = secure.shop.pointer();

    secure.configure(&format!("calls = [\"http://{}/products\"]\n", api.address));
    let report = secure.deploy().outcome("rolled-back", 5);

    assert_reported(&report["causes"], &["/products", "no TLS, so browsers block calls of it"]);
    assert_eq!(asked.load(Ordering::Relaxed), 0, "it is wrong, whatever the interface answers");
    assert_eq!(secure.shop.pointer(), before);

    let config =
        "runtime-config = { path = \"config.js\", values = { API_URL = \"http://api.example/secret-path\" } }\n";
    secure.configure(config);
    let report = secure.deploy().outcome("rolled-back", 5);
    assert_reported(&report["causes"], &["API_URL", "without TLS, which browsers block"]);
    assert!(!report["causes"].to_string().contains("secret-path"), "{report:#}");

    secure.configure(&config.replace("http://", "https://"));
    secure.deploy().outcome("deployed", 0);
    secure.shop.assert_whole(&[1]);
}

/// Only a browser sees an address that a script puts together when the page runs.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_call_without_tls_that_a_script_puts_together_is_seen_by_a_browser() {
    // Chrome takes every certificate and finds the names of the test on this machine. It trusts `localhost` without TLS, too.
    let chrome = "#!/bin/sh\nfor name in chromium chromium-browser google-chrome; do\n\
        command -v $name >/dev/null && exec $name --ignore-certificate-errors \
        '--host-resolver-rules=MAP *.shop.example 127.0.0.1' \"$@\"\ndone\n";
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("chrome");
    write_program(&program, chrome);
    let api = serve(|_| Answer::new(200, "[]").with("access-control-allow-origin", "*"));
    let port = api.address.port();
    let secure = SecureShop::new();
    let deploy = |call: &str| {
        let page = format!("<!doctype html><p>Laptop</p><script>fetch({call}).catch(() => 0)</script>");
        secure.shop.repository.write("site/calls.html", page);
        let host = secure.tls.url().replace("localhost", "www.shop.example");
        secure.configure(&format!("probes = [{{ browser = \"{host}/calls.html\", text = \"Laptop\" }}]\n"));
        let deploy = secure.shop.site.laptop(&secure.shop.repository, &DEPLOY);
        let deploy = deploy.env("SSL_CERT_FILE", secure.tls.authority().to_str().unwrap());
        deploy.env("CHROME_BIN", program.to_str().unwrap()).run()
    };
    deploy("'/calls.html'").outcome("deployed", 0);

    let report = deploy(&format!("'http' + '://api.shop.example:{port}/products'")).outcome("rolled-back", 5);

    let wanted = ["/products has no TLS, and the page does: it is blocked (mixed content)"];
    assert_reported(&report["causes"], &wanted);
}

/// An answer behind a certificate that no authority signed does not count.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_certificate_that_nobody_trusts_proves_nothing() {
    let secure = SecureShop::new();
    secure.configure("timeout = \"3s\"\n");
    let report = secure.shop.run(&DEPLOY).outcome("broken", 6);
    assert!(report["reason"].as_str().unwrap().contains("did not answer"), "{report:#}");
    assert_reported(&report["hints"], &["certificate"]);
}

/// An `ETag` of such a bucket is no hash of the bytes.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_site_in_encrypted_buckets_is_deployed_and_rolled_back_and_its_drift_is_seen() {
    let shop = Shop::new("keep = 1\n");
    shop.proxy.rule(Rule::on_all(Does::Encrypts));
    for number in [1, 2, 3] {
        shop.change(number);
        shop.run(&DEPLOY).outcome("deployed", 0);
        shop.assert_whole(&[number]);
    }
    let before = shop.proxy.changes();
    shop.run(&DEPLOY).outcome("unchanged", 0);
    assert_eq!(shop.proxy.changes(), before);
    shop.run(&["rollback", "stage", "--yes"]).outcome("deployed", 0);
    shop.assert_whole(&[2]);
    let drift = || shop.run(&["status", "stage"]).json()["environments"][0]["components"][0]["drift"].clone();
    assert!(drift().is_null(), "{}", drift());
    shop.site.put(&shop.site.stage.bucket, "index.html", "text/html; charset=utf-8", page_of(1));
    assert_eq!(drift()["files"][0]["path"], "index.html");
}

const MAY_NOT_WRITE: &str = "User: arn:aws:sts::123456789012:assumed-role/shipgate-stage/x is not authorized to perform: \
     kms:GenerateDataKey on resource: arn:aws:kms:us-east-1:123456789012:key/1234 because no identity-based policy allows \
     the kms:GenerateDataKey action";
const MAY_NOT_READ: &str = "User: arn:aws:sts::123456789012:assumed-role/shipgate-stage/x is not authorized to perform: \
     kms:Decrypt on resource: arn:aws:kms:us-east-1:123456789012:key/1234 because no resource-based policy allows the \
     kms:Decrypt action";

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_key_that_may_not_be_used_is_named_with_what_to_allow() {
    for (operation, key, message, action) in [
        ("PutObject", "shipgate/blobs/", MAY_NOT_WRITE, "kms:GenerateDataKey"),
        ("CopyObject", "index.html", MAY_NOT_WRITE, "kms:GenerateDataKey"),
        ("PutObject", "index.html", MAY_NOT_WRITE, "kms:GenerateDataKey"),
        ("GetObject", "current.json", MAY_NOT_READ, "kms:Decrypt"),
    ] {
        let shop = Shop::new("");
        shop.deploy(1);
        shop.change(2);
        shop.proxy.rule(Rule::on(operation, Does::Denies(message)).with_key(key));
        let ran = shop.run(&DEPLOY);
        if shop.proxy.calls().iter().all(|call| call.operation != operation || !call.key.contains(key)) {
            assert_eq!(operation, "CopyObject", "pages are put over the version that was seen");
            continue;
        }
        assert_ne!(ran.code, 0, "{operation} {key}");
        let report = ran.json();
        let all = format!("{} {}", report["reason"], report["causes"]);
        assert!(all.contains(&format!("`{action}` is missing")), "{operation} {key}: {report:#}");
        assert!(all.contains("key/1234"), "{operation} {key}: {report:#}");
        let hints = texts(&report["hints"]).join("\n");
        assert!(hints.contains("`kms:GenerateDataKey` and `kms:Decrypt`"), "{operation} {key}: {hints}");
        shop.assert_whole(&[1]);
        shop.proxy.reset();
        let ran = shop.run(&DEPLOY);
        ran.outcome("deployed", 0);
        shop.assert_whole(&[2]);
    }
}
