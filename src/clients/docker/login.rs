//! Logins for docker's credential helper, which is this program under another name. They are in no file, no variable and
//! on no command line: the helper asks for them over a socket, as long as this process lives.
//!
//! The helper writes the registry's address and closes its side; the answer is the document that docker reads, or
//! nothing for a registry that is not known.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream as Connection;
use std::time::Duration;

use camino::Utf8Path;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

/// What the helper is called in docker's configuration, and as a program.
pub const HELPER: &str = "shipgate-login";
/// The name that this program is started under to be the helper.
pub const PROGRAM: &str = "docker-credential-shipgate-login";
/// Where the helper finds the socket.
pub const SOCKET: &str = "SHIPGATE_DOCKER_LOGIN";

/// The longest address of a registry, and the longest document, in bytes.
const LONGEST: u64 = 64 * 1024;
/// How long the helper has to ask, and to read its answer.
const WITHIN: Duration = Duration::from_secs(5);

/// A user with a password.
#[derive(Debug, Clone)]
pub struct DockerLogin {
    /// The user.
    pub user: String,
    /// The password.
    pub secret: SecretString,
}

/// Logins by the addresses of registries.
pub type Logins = BTreeMap<String, DockerLogin>;

/// The host in the address of a registry, as docker understands it.
pub fn host(address: &str) -> &str {
    let rest = ["https://", "http://"].iter().find_map(|scheme| address.strip_prefix(scheme)).unwrap_or(address);
    rest.split('/').next().unwrap_or(rest)
}

/// Answers the helper, for ever. Another user gets no answer.
pub async fn serve(listener: &UnixListener, logins: &Logins) -> std::convert::Infallible {
    let own = rustix::process::geteuid().as_raw();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // For want of file descriptors, which others give back.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        if stream.peer_cred().is_ok_and(|peer| peer.uid() == own) {
            // The helper reports what is missing.
            let _answered = tokio::time::timeout(WITHIN, answer(stream, logins)).await;
        }
    }
}

async fn answer(mut stream: UnixStream, logins: &Logins) -> std::io::Result<()> {
    let mut asked = String::new();
    (&mut stream).take(LONGEST).read_to_string(&mut asked).await?;
    let asked = asked.trim();
    if let Some(login) = logins.get(asked).or_else(|| logins.get(host(asked))) {
        let document = json!({
            "ServerURL": asked,
            "Username": login.user,
            "Secret": login.secret.expose_secret(),
        });
        stream.write_all(document.to_string().as_bytes()).await?;
    }
    stream.shutdown().await
}

/// Asks for the login of a registry. `None`: it is not known.
///
/// # Errors
///
/// There is no socket, or no answer from it: the build is over.
pub fn ask(socket: &Utf8Path, server: &str) -> std::io::Result<Option<String>> {
    let mut connection = Connection::connect(socket)?;
    connection.set_read_timeout(Some(WITHIN))?;
    connection.set_write_timeout(Some(WITHIN))?;
    connection.write_all(server.as_bytes())?;
    connection.shutdown(std::net::Shutdown::Write)?;
    let mut document = String::new();
    connection.take(LONGEST).read_to_string(&mut document)?;
    Ok(Some(document).filter(|document| !document.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_known_registry_is_answered_as_long_as_somebody_serves() {
        let directory = tempfile::tempdir().unwrap();
        let socket = camino::Utf8PathBuf::from_path_buf(directory.path().join("login")).unwrap();
        let listener = UnixListener::bind(&socket).unwrap();
        let login = DockerLogin { user: "AWS".to_owned(), secret: "secret".to_owned().into() };
        let logins = Logins::from([("r.example".to_owned(), login)]);
        let asked = |server: &'static str| {
            let socket = socket.clone();
            tokio::task::spawn_blocking(move || ask(&socket, server))
        };
        let asking = async {
            let known = asked("https://r.example/v2/\n").await.unwrap().unwrap().unwrap();
            let known: serde_json::Value = serde_json::from_str(&known).unwrap();
            assert_eq!(known, json!({"ServerURL": "https://r.example/v2/", "Username": "AWS", "Secret": "secret"}));
            assert_eq!(asked("other.example").await.unwrap().unwrap(), None);
        };
        tokio::select! {
            () = asking => {}
            never = serve(&listener, &logins) => match never {},
        }
        drop(listener);
        assert!(ask(&socket, "r.example").is_err());
    }

    #[test]
    fn hosts_are_taken_from_addresses() {
        for (address, host) in [
            ("https://index.docker.io/v1/", "index.docker.io"),
            ("http://localhost:5000", "localhost:5000"),
            ("ghcr.io", "ghcr.io"),
            ("ghcr.io/acme", "ghcr.io"),
        ] {
            assert_eq!(super::host(address), host);
        }
    }
}
