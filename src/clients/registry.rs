//! An OCI registry, over the distribution protocol.

mod blob;
#[cfg(test)]
mod cloud_copy;
mod copy;
mod error;
mod graph;
mod limits;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod server;
#[cfg(test)]
mod tests;

use std::time::Duration;

use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{ImageIndexEntry, OciImageIndex, OciImageManifest, OciManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use secrecy::ExposeSecret as _;

#[cfg_attr(not(test), expect(unused_imports, reason = "promote is the first to copy"))]
pub use self::copy::{Copied, copy, tag};
pub use self::error::Side;
use self::error::is_missing;
use self::limits::Limits;
use super::ecr::RegistryLogin;
use crate::context::RegistryAddress;
use crate::domain::image::{Digest, ImageTag, Repository};
use crate::error::Failure;

/// The label of the commit that an image was built from
/// ([annotations](https://github.com/opencontainers/image-spec/blob/main/annotations.md)).
pub const REVISION_LABEL: &str = "org.opencontainers.image.revision";

/// A registry that we are logged in to.
#[derive(Clone)]
pub struct Registry {
    client: Client,
    /// For streaming uploads. An answer comes only when all bytes are sent, so that the other client's patience for an
    /// answer would be a limit for the size of a layer: here there is none, and the sender watches that bytes flow.
    uploads: Client,
    auth: RegistryAuth,
    limits: Limits,
    /// The host as engines and this program address it.
    pub host: String,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Registry").field("host", &self.host).finish_non_exhaustive()
    }
}

/// An image as a registry has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundImage {
    /// The digest of the manifest or index.
    pub digest: Digest,
    /// The digests of an index's platforms; empty for a single manifest.
    pub platforms: Vec<Digest>,
    /// The revision label of each platform.
    pub revisions: Vec<Option<String>>,
}

impl Registry {
    /// A registry at its AWS name, or at another address where one is given.
    pub fn new(login: &RegistryLogin, address: Option<&RegistryAddress>) -> Self {
        let host = address.map_or_else(|| login.host.clone(), |address| address.host.clone());
        let tls = address.is_none_or(|address| address.tls);
        let client = |read_timeout: Option<Duration>| {
            Client::new(ClientConfig {
                protocol: if tls { ClientProtocol::Https } else { ClientProtocol::Http },
                connect_timeout: Some(Duration::from_secs(10)),
                read_timeout,
                use_monolithic_push: true,
                user_agent: concat!("shipgate/", env!("CARGO_PKG_VERSION")),
                ..ClientConfig::default()
            })
        };
        let auth = RegistryAuth::Basic(login.user.clone(), login.password.expose_secret().to_owned());
        Self { client: client(Some(Duration::from_mins(1))), uploads: client(None), auth, limits: Limits::USUAL, host }
    }

    /// The image under a tag with its labels. `None`: there is none, or the repository does not exist.
    ///
    /// # Errors
    ///
    /// The registry failed, refused, or returned bytes that do not match their digest.
    pub async fn find(&self, repository: &Repository, tag: &ImageTag) -> Result<Option<FoundImage>, Failure> {
        tracing::debug!(%repository, %tag, "asking the registry");
        self.read(&tagged(repository, tag), &format!("{repository}:{tag}")).await
    }

    /// An image by its digest with its labels. `None`: there is none, or the repository does not exist.
    ///
    /// # Errors
    ///
    /// The registry failed, refused, or returned bytes that do not match their digest.
    pub async fn image(&self, repository: &Repository, digest: &Digest) -> Result<Option<FoundImage>, Failure> {
        tracing::debug!(%repository, %digest, "asking the registry");
        self.read(&self.pinned(repository, digest), &format!("{repository}@{digest}")).await
    }

    async fn read(&self, reference: &Reference, name: &str) -> Result<Option<FoundImage>, Failure> {
        let failed = |error: OciDistributionError| self.failure(Side::Source, &format!("read {name}"), &error);
        let (manifest, digest) = match self.client.pull_manifest(reference, &self.auth).await {
            Ok(found) => found,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let digest = parse_digest(&digest)?;
        let (children, platforms) = match manifest {
            OciManifest::Image(image) => (vec![image], Vec::new()),
            OciManifest::ImageIndex(index) => {
                let mut images = Vec::new();
                let mut platforms = Vec::new();
                for child in runnable(&index) {
                    let reference = reference.clone_with_digest(child.digest.clone());
                    match self.client.pull_manifest(&reference, &self.auth).await.map_err(failed)? {
                        (OciManifest::Image(image), _) => images.push(image),
                        (OciManifest::ImageIndex(_), _) => {}
                    }
                    platforms.push(parse_digest(&child.digest)?);
                }
                (images, platforms)
            }
        };
        let mut revisions = Vec::new();
        for child in &children {
            revisions.push(self.revision(reference, child).await.map_err(failed)?);
        }
        Ok(Some(FoundImage { digest, platforms, revisions }))
    }

    /// The platforms of an image by digest; none for a single manifest, or for an image of another registry.
    ///
    /// # Errors
    ///
    /// The registry failed or refused.
    pub async fn platforms(&self, repository: &str, digest: &Digest) -> Result<Vec<Digest>, Failure> {
        let Some(name) = repository.strip_prefix(&format!("{}/", self.host)) else {
            return Ok(Vec::new());
        };
        let reference = Reference::with_digest(self.host.clone(), name.to_owned(), digest.to_string());
        let pulled = self.client.pull_manifest(&reference, &self.auth).await;
        match pulled.map_err(|error| self.failure(Side::Source, &format!("read {repository}@{digest}"), &error))?.0 {
            OciManifest::Image(_) => Ok(Vec::new()),
            OciManifest::ImageIndex(index) => runnable(&index).map(|child| parse_digest(&child.digest)).collect(),
        }
    }

    /// The digest under a tag. `None`: there is none. The side decides which permissions are named.
    ///
    /// # Errors
    ///
    /// The registry failed or refused.
    pub async fn digest_of(
        &self,
        side: Side,
        repository: &Repository,
        tag: &ImageTag,
    ) -> Result<Option<Digest>, Failure> {
        let reference = tagged(repository, tag);
        match self.limits.patiently(|| self.client.fetch_manifest_digest(&reference, &self.auth)).await {
            Ok(digest) => parse_digest(&digest).map(Some),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.failure(side, &format!("read {repository}:{tag}"), &error)),
        }
    }

    /// Puts a tag beside the release's own on a manifest that is there, byte for byte, wherever it led before.
    ///
    /// # Errors
    ///
    /// The registry failed or refused, or the tag cannot be moved.
    pub async fn move_tag(&self, repository: &Repository, digest: &Digest, tag: &ImageTag) -> Result<(), Failure> {
        let manifest = graph::pull(self, repository, digest, None).await?;
        let failed = |error| self.failure(Side::Target, &format!("tag {repository}:{tag}"), &error);
        self.push(repository, tag.as_str(), &manifest).await.map_err(failed)?;
        match self.digest_of(Side::Target, repository, tag).await? {
            Some(found) if found == *digest => Ok(()),
            _ => Err(Failure::failed(format!("{repository}:{tag} does not lead to {digest} after tagging"))),
        }
    }

    async fn revision(
        &self,
        reference: &Reference,
        manifest: &OciImageManifest,
    ) -> Result<Option<String>, OciDistributionError> {
        let mut bytes = Vec::new();
        self.client.pull_blob(reference, &manifest.config, &mut bytes).await?;
        let config: serde_json::Value = serde_json::from_slice(&bytes)?;
        let label = config.pointer("/config/Labels").and_then(|labels| labels.get(REVISION_LABEL));
        Ok(label.and_then(serde_json::Value::as_str).map(str::to_owned))
    }

    /// Puts a manifest, byte for byte, under a tag or under its own digest.
    async fn push(
        &self,
        repository: &Repository,
        name: &str,
        manifest: &graph::Manifest,
    ) -> Result<(), OciDistributionError> {
        let media_type = reqwest::header::HeaderValue::from_str(&manifest.media_type)
            .map_err(|error| OciDistributionError::UnsupportedMediaTypeError(error.to_string()))?;
        // A digest goes where the tag belongs, too: for a reference with a digest of its own the crate panics when the
        // answer has no `Location`, and that of ECR has none.
        let reference = Reference::with_tag(self.host.clone(), repository.name.to_string(), name.to_owned());
        self.client.store_auth_if_needed(&self.host, &self.auth).await;
        self.client.push_manifest_raw(&reference, manifest.bytes.clone(), media_type).await?;
        Ok(())
    }

    fn pinned(&self, repository: &Repository, digest: &Digest) -> Reference {
        Reference::with_digest(self.host.clone(), repository.name.to_string(), digest.to_string())
    }
}

/// The children that can run: attestations are children of the platform `unknown/unknown`.
fn runnable(index: &OciImageIndex) -> impl Iterator<Item = &ImageIndexEntry> {
    index
        .manifests
        .iter()
        .filter(|child| child.platform.as_ref().is_none_or(|platform| platform.architecture.to_string() != "unknown"))
}

fn tagged(repository: &Repository, tag: &ImageTag) -> Reference {
    Reference::with_tag(repository.host.clone(), repository.name.to_string(), tag.to_string())
}

fn parse_digest(text: &str) -> Result<Digest, Failure> {
    text.parse().map_err(|error: crate::domain::names::InvalidName| {
        Failure::failed("the registry uses a digest that is not supported").cause(error.to_string())
    })
}
