//! A real server with TLS before an address that has none. Its certificate is made for the test by `openssl`, and signed by
//! an authority that no other program trusts.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use tempfile::TempDir;

use crate::harness::command;

/// A server with TLS, until it is dropped.
pub struct Tls {
    directory: TempDir,
    server: Child,
    port: u16,
}

impl Tls {
    /// Before `http://HOST:PORT`.
    pub fn before(url: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        make_certificate(directory.path());
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/site/tls.py");
        let files = ["site.pem", "site.key"].map(|file| directory.path().join(file));
        let mut python = command("python3");
        python.arg(program).args(&files).arg(url.trim_start_matches("http://")).stdout(Stdio::piped());
        let mut server = python.spawn().expect("python3 is there, as for the local cloud");
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { directory, server, port: line.trim().parse().expect("its port") }
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The certificate of the authority, for `SSL_CERT_FILE`.
    pub fn authority(&self) -> PathBuf {
        self.directory.path().join("authority.pem")
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _killed = self.server.kill();
        let _waited = self.server.wait();
    }
}

/// An authority, and a certificate of `localhost` that it signs.
fn make_certificate(directory: &Path) {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    std::fs::write(directory.join("names"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").unwrap();
    let authority =
        ["req", "-x509", "-days", "2", "-subj", "/CN=test", "-keyout", "authority.key", "-out", "authority.pem"];
    let asked = ["req", "-subj", "/CN=localhost", "-keyout", "site.key", "-out", "site.csr"];
    let signed = ["x509", "-req", "-days", "2", "-in", "site.csr", "-CA", "authority.pem", "-CAkey", "authority.key"];
    let more = ["-CAcreateserial", "-extfile", "names", "-out", "site.pem"];
    for arguments in [[&authority[..], &key].concat(), [&asked[..], &key].concat(), [&signed[..], &more].concat()] {
        let ran = command("openssl").args(&arguments).current_dir(directory).output();
        let ran = ran.expect("openssl is there");
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}
