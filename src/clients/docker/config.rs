//! A docker configuration directory of our own, so that a password is on no command line and stays in no home.

use std::ffi::OsString;

use base64::Engine as _;
use camino::{Utf8Path, Utf8PathBuf};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::clients::ecr::RegistryLogin;
use crate::domain::image::Digest;
use crate::error::Failure;

/// The user's docker configuration directory: other registries' logins, plugins, contexts and builders stay usable.
#[derive(Debug, Clone, Default)]
pub struct ExistingConfig(Option<Utf8PathBuf>);

/// A private directory with the login for one registry. Removed when dropped.
#[derive(Debug)]
pub struct DockerConfig {
    _directory: TempDir,
    path: Utf8PathBuf,
    builders: Option<Utf8PathBuf>,
}

impl ExistingConfig {
    /// Where docker would look: `DOCKER_CONFIG`, else `~/.docker`.
    pub fn new(docker_config: Option<&str>, home: Option<&str>) -> Self {
        Self(docker_config.map(Into::into).or_else(|| home.map(|home| Utf8Path::new(home).join(".docker"))))
    }

    fn read(&self) -> Map<String, Value> {
        let text = self.0.as_ref().and_then(|directory| std::fs::read_to_string(directory.join("config.json")).ok());
        match text.and_then(|text| serde_json::from_str(&text).ok()) {
            Some(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }
}

impl DockerConfig {
    /// Makes the directory, readable by us alone.
    ///
    /// # Errors
    ///
    /// `failed` when the temporary directory cannot be written.
    pub fn create(existing: &ExistingConfig, host: &str, login: &RegistryLogin) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| {
            Failure::failed("a private docker configuration cannot be written").cause(error.to_string())
        };
        let directory = private_directory().map_err(failed)?;
        let path = Utf8PathBuf::from_path_buf(directory.path().to_owned())
            .map_err(|_| Failure::failed("the temporary directory's path is not UTF-8"))?;
        let text = with_login(existing.read(), host, login).to_string();
        std::fs::write(path.join("config.json"), text).map_err(failed)?;
        let kept = ["cli-plugins", "contexts"];
        for name in kept {
            if let Some(source) = existing.0.as_ref().map(|old| old.join(name)).filter(|source| source.exists()) {
                link(&source, &path.join(name)).map_err(failed)?;
            }
        }
        let builders = existing.0.as_ref().map(|old| old.join("buildx"));
        Ok(Self { _directory: directory, path, builders })
    }

    /// Where `docker buildx build` is to write what it has made.
    pub fn metadata_file(&self) -> Utf8PathBuf {
        self.path.join("build-metadata.json")
    }

    /// The variables that make docker use it.
    pub fn variables(&self) -> Vec<(&'static str, OsString)> {
        let mut variables = vec![
            ("DOCKER_CONFIG", OsString::from(&self.path)),
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
    /// `failed` when there is none.
    pub fn read_digest(&self) -> Result<Digest, Failure> {
        let text = std::fs::read_to_string(self.metadata_file()).unwrap_or_default();
        let document: Value = serde_json::from_str(&text).unwrap_or_default();
        let digest = document.get("containerimage.digest").and_then(Value::as_str);
        digest.and_then(|digest| digest.parse().ok()).ok_or_else(|| {
            Failure::failed("`docker buildx build` wrote no `containerimage.digest` in its metadata file")
        })
    }
}

/// The user's configuration with our login in place of whatever it says of that host.
///
/// A `credsStore` would be asked for every host, ours too: it is kept only for the hosts it is known to serve.
fn with_login(mut fields: Map<String, Value>, host: &str, login: &RegistryLogin) -> Value {
    let object = |value: Option<Value>| match value {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let mut logins = object(fields.remove("auths"));
    let mut helpers = object(fields.remove("credHelpers"));
    if let Some(store) = fields.remove("credsStore") {
        for known in logins.keys() {
            helpers.entry(known.clone()).or_insert_with(|| store.clone());
        }
    }
    helpers.remove(host);
    let token = format!("{}:{}", login.user, login.password.expose_secret());
    logins.insert(host.to_owned(), json!({"auth": base64::engine::general_purpose::STANDARD.encode(token)}));
    fields.insert("auths".to_owned(), Value::Object(logins));
    if !helpers.is_empty() {
        fields.insert("credHelpers".to_owned(), Value::Object(helpers));
    }
    Value::Object(fields)
}

/// Without permissions of its own a temporary directory is readable by everybody.
#[cfg(unix)]
fn private_directory() -> std::io::Result<TempDir> {
    use std::os::unix::fs::PermissionsExt as _;
    let only_us = std::fs::Permissions::from_mode(0o700);
    tempfile::Builder::new().prefix("shipgate-docker-").permissions(only_us).tempdir()
}

#[cfg(not(unix))]
fn private_directory() -> std::io::Result<TempDir> {
    tempfile::Builder::new().prefix("shipgate-docker-").tempdir()
}

#[cfg(unix)]
fn link(source: &Utf8Path, target: &Utf8Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(source, target)
}

#[cfg(not(unix))]
fn link(_source: &Utf8Path, _target: &Utf8Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> RegistryLogin {
        RegistryLogin { host: "r.example".to_owned(), user: "AWS".to_owned(), password: "secret".to_owned().into() }
    }

    #[test]
    fn other_logins_stay_and_ours_wins() {
        let existing = json!({
            "auths": {"https://index.docker.io/v1/": {}, "r.example": {"auth": "old"}},
            "credsStore": "desktop",
            "credHelpers": {"r.example": "ecr-login", "gcr.io": "gcloud"},
            "currentContext": "remote",
        });
        let Value::Object(existing) = existing else { panic!() };
        let result = with_login(existing, "r.example", &login());
        assert_eq!(
            result,
            json!({
                "currentContext": "remote",
                "auths": {"https://index.docker.io/v1/": {}, "r.example": {"auth": "QVdTOnNlY3JldA=="}},
                "credHelpers": {"gcr.io": "gcloud", "https://index.docker.io/v1/": "desktop"},
            })
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_directory_is_private_and_goes_away() {
        use std::os::unix::fs::PermissionsExt as _;
        let config = DockerConfig::create(&ExistingConfig::default(), "r.example", &login()).unwrap();
        let path = config.path.clone();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0);
        drop(config);
        assert!(!path.exists());
    }
}
