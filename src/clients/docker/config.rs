//! A docker configuration directory of its own. It has no password in it: docker is given a credential helper, which
//! asks this process.

use std::ffi::OsString;

use base64::Engine as _;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::net::UnixListener;

use super::DockerError;
use super::login::{self, DockerLogin, HELPER, Logins, PROGRAM, SOCKET};
use crate::clients::ecr::RegistryLogin;
use crate::domain::image::Digest;

/// The longest path of a socket that Linux and macOS take, in bytes, without the NUL at its end
/// ([unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html); macOS has 104 with it).
const LONGEST_SOCKET: usize = 103;

/// The user's docker: other registries' logins, plugins, contexts and builders stay usable.
#[derive(Debug, Clone, Default)]
pub struct UserDocker {
    /// The configuration directory: `DOCKER_CONFIG`, else `~/.docker`.
    pub config: Option<Utf8PathBuf>,
    /// `PATH`, on which docker finds its helpers.
    pub path: OsString,
    /// Where private directories may be made; the first that can be used is.
    pub temporary: Vec<Utf8PathBuf>,
}

/// A private directory, and the logins that docker finds by it. Removed when dropped.
#[derive(Debug)]
pub struct DockerConfig {
    _directory: TempDir,
    path: Utf8PathBuf,
    builders: Option<Utf8PathBuf>,
    search: OsString,
    listener: UnixListener,
    logins: Logins,
}

impl UserDocker {
    fn read(&self) -> Map<String, Value> {
        let text =
            self.config.as_ref().and_then(|directory| std::fs::read_to_string(directory.join("config.json")).ok());
        match text.and_then(|text| serde_json::from_str(&text).ok()) {
            Some(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }
}

impl DockerConfig {
    /// Makes the directory, readable by this user alone.
    ///
    /// # Errors
    ///
    /// No temporary directory can be used.
    pub fn create(around: &UserDocker, host: &str, login: &RegistryLogin) -> Result<Self, DockerError> {
        let (directory, path) = private_directory(&around.temporary)?;
        let (config, logins) = with_helper(around.read(), host, login);
        std::fs::write(path.join("config.json"), config.to_string())?;
        for name in ["cli-plugins", "contexts"] {
            if let Some(source) = around.config.as_ref().map(|old| old.join(name)).filter(|source| source.exists()) {
                std::os::unix::fs::symlink(&source, path.join(name))?;
            }
        }
        let search = with_program(&path, &around.path)?;
        let listener = UnixListener::bind(path.join("login"))?;
        let builders = around.config.as_ref().map(|old| old.join("buildx"));
        Ok(Self { _directory: directory, path, builders, search, listener, logins })
    }

    /// Answers docker's credential helper, for ever: as long as docker runs.
    pub async fn serve(&self) -> std::convert::Infallible {
        login::serve(&self.listener, &self.logins).await
    }

    /// Where `docker buildx build` is to write what it has made.
    pub fn metadata_file(&self) -> Utf8PathBuf {
        self.path.join("build-metadata.json")
    }

    /// The variables that make docker use it.
    pub fn variables(&self) -> Vec<(&'static str, OsString)> {
        let mut variables = vec![
            ("DOCKER_CONFIG", OsString::from(&self.path)),
            ("PATH", self.search.clone()),
            (SOCKET, self.path.join("login").into()),
            // A digest that stays the same for one platform: ECS does not read attestations.
            ("BUILDX_NO_DEFAULT_ATTESTATIONS", "1".into()),
        ];
        variables.extend(self.builders.as_ref().map(|builders| ("BUILDX_CONFIG", OsString::from(builders))));
        variables
    }

    /// The digest in the metadata file of `docker buildx build`.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn read_digest(&self) -> Result<Digest, DockerError> {
        let text = std::fs::read_to_string(self.metadata_file()).unwrap_or_default();
        let document: Value = serde_json::from_str(&text).unwrap_or_default();
        let digest = document.get("containerimage.digest").and_then(Value::as_str);
        digest.and_then(|digest| digest.parse().ok()).ok_or(DockerError::NoMetadata)
    }
}

/// The user's configuration without a password in it, and the logins that are asked for instead: shipgate's in place of
/// whatever it says of that host, and those that it had.
///
/// A `credsStore` would be asked for every host, shipgate's registries too: it is kept only for the hosts it is known to serve.
fn with_helper(mut fields: Map<String, Value>, host: &str, login: &RegistryLogin) -> (Value, Logins) {
    let object = |value: Option<Value>| match value {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let known = object(fields.remove("auths"));
    let mut helpers = object(fields.remove("credHelpers"));
    let store = fields.remove("credsStore");
    let mut logins = Logins::new();
    let ours = DockerLogin { user: login.user.clone(), secret: login.password.clone() };
    for (address, entry) in known.iter().filter(|(address, _)| login::host(address) != host) {
        if let Some(store) = &store {
            helpers.entry(address.clone()).or_insert_with(|| store.clone());
        } else if let Some(login) = login_in(entry) {
            for name in [address, login::host(address)] {
                if !helpers.contains_key(name) {
                    helpers.insert(name.to_owned(), json!(HELPER));
                    logins.insert(name.to_owned(), login.clone());
                }
            }
        }
    }
    helpers.insert(host.to_owned(), json!(HELPER));
    logins.insert(host.to_owned(), ours);
    fields.insert("credHelpers".to_owned(), Value::Object(helpers));
    (Value::Object(fields), logins)
}

/// The login in an entry of `auths`
/// ([AuthConfig](https://pkg.go.dev/github.com/docker/cli/cli/config/types#AuthConfig)). An identity token has a user's
/// name of its own in the protocol of helpers; a `registrytoken` has no place in it.
fn login_in(entry: &Value) -> Option<DockerLogin> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let login = |user: &str, secret: &str| DockerLogin { user: user.to_owned(), secret: secret.to_owned().into() };
    if let Some(token) = text("identitytoken") {
        return Some(login("<token>", token));
    }
    if let (Some(user), Some(password)) = (text("username"), text("password")) {
        return Some(login(user, password));
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(text("auth")?).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some(login(user, password.trim_matches('\0')))
}

/// A directory of this user alone, in the first place that can be used. Without permissions of its own a temporary
/// directory is readable by everybody.
fn private_directory(places: &[Utf8PathBuf]) -> std::io::Result<(TempDir, Utf8PathBuf)> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut problem = std::io::Error::other("there is no temporary directory");
    for place in places {
        let only_us = std::fs::Permissions::from_mode(0o700);
        let made = tempfile::Builder::new().prefix("shipgate-docker-").permissions(only_us).tempdir_in(place);
        match made {
            Ok(directory) => match Utf8PathBuf::from_path_buf(directory.path().to_owned()) {
                Ok(path) if path.join("login").as_str().len() <= LONGEST_SOCKET => return Ok((directory, path)),
                Ok(_) | Err(_) => problem = std::io::Error::other(format!("the path of {place} is too long")),
            },
            Err(error) => problem = error,
        }
    }
    Err(problem)
}

/// `PATH` with a directory before it that has this program under the helper's name and nothing else.
fn with_program(path: &Utf8Path, search: &OsString) -> std::io::Result<OsString> {
    let programs = path.join("bin");
    std::fs::create_dir(&programs)?;
    let own = std::env::current_exe()?;
    if own.is_file() {
        std::os::unix::fs::symlink(own, programs.join(PROGRAM))?;
    } else {
        // Replaced since it was started: Linux still has it.
        std::fs::copy("/proc/self/exe", programs.join(PROGRAM))?;
    }
    let all = std::iter::once(programs.into_std_path_buf()).chain(std::env::split_paths(search));
    std::env::join_paths(all).map_err(std::io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    fn login() -> RegistryLogin {
        RegistryLogin { host: "r.example".to_owned(), user: "AWS".to_owned(), password: "secret".to_owned().into() }
    }

    fn configured(existing: Value) -> (Value, Vec<(String, String, String)>) {
        let Value::Object(existing) = existing else { panic!() };
        let (config, logins) = with_helper(existing, "r.example", &login());
        let shown = |(host, login): (String, DockerLogin)| (host, login.user, login.secret.expose_secret().to_owned());
        (config, logins.into_iter().map(shown).collect())
    }

    fn triple(host: &str, user: &str, secret: &str) -> (String, String, String) {
        (host.to_owned(), user.to_owned(), secret.to_owned())
    }

    #[test]
    fn other_logins_stay_and_ours_wins() {
        let (config, logins) = configured(json!({
            "auths": {"https://index.docker.io/v1/": {}, "r.example": {"auth": "old"}},
            "credsStore": "desktop",
            "credHelpers": {"r.example": "ecr-login", "gcr.io": "gcloud"},
            "currentContext": "remote",
        }));
        assert_eq!(
            config,
            json!({
                "currentContext": "remote",
                "credHelpers": {
                    "r.example": "shipgate-login",
                    "gcr.io": "gcloud",
                    "https://index.docker.io/v1/": "desktop",
                },
            })
        );
        assert_eq!(logins, [triple("r.example", "AWS", "secret")]);
    }

    #[test]
    fn no_password_of_another_registry_is_written_down() {
        let (config, logins) = configured(json!({
            "auths": {
                "https://index.docker.io/v1/": {"auth": "dXNlcjpodWI6cGFzcw=="},
                "ghcr.io": {"username": "u", "password": "plain"},
                "azure.example": {"auth": "eDo=", "identitytoken": "token"},
                "odd.example": {"registrytoken": "bearer"},
                "https://r.example/": {"auth": "b2xkOm9sZA=="},
            },
        }));
        let ours = "shipgate-login";
        assert_eq!(
            config,
            json!({
                "credHelpers": {
                    "https://index.docker.io/v1/": ours,
                    "index.docker.io": ours,
                    "ghcr.io": ours,
                    "azure.example": ours,
                    "r.example": ours,
                },
            })
        );
        assert_eq!(
            logins,
            [
                triple("azure.example", "<token>", "token"),
                triple("ghcr.io", "u", "plain"),
                triple("https://index.docker.io/v1/", "user", "hub:pass"),
                triple("index.docker.io", "user", "hub:pass"),
                triple("r.example", "AWS", "secret"),
            ]
        );
    }

    #[tokio::test]
    async fn the_directory_is_private_has_no_password_and_goes_away() {
        use std::os::unix::fs::PermissionsExt as _;
        let temporary = tempfile::tempdir().unwrap();
        let long = temporary.path().join("x".repeat(90));
        std::fs::create_dir(&long).unwrap();
        let places = [long, temporary.path().to_owned()].map(|path| Utf8PathBuf::from_path_buf(path).unwrap());
        let around = UserDocker { path: "/usr/bin".into(), temporary: places.to_vec(), ..UserDocker::default() };
        let config = DockerConfig::create(&around, "r.example", &login()).unwrap();
        let path = config.path.clone();
        assert_eq!(path.parent().unwrap(), places[1], "a socket has no room in the other");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0);
        let text = std::fs::read_to_string(path.join("config.json")).unwrap();
        assert!(!text.contains("secret") && !text.contains("c2VjcmV0"), "{text}");
        assert!(config.variables().iter().all(|(_, value)| !value.to_string_lossy().contains("secret")));
        assert!(path.join("bin").join(PROGRAM).exists());
        drop(config);
        assert!(!path.exists());
    }
}
