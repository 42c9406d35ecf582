//! An OCI registry, over the distribution protocol.

mod answer;
mod blob;
mod client;
#[cfg(test)]
mod cloud_copy;
mod copy;
mod error;
#[cfg(test)]
pub mod fuzzed;
mod graph;
mod limits;
mod login;
mod requests;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod server;
#[cfg(test)]
mod tests;
mod transport;

use oci_client::errors::OciDistributionError;

use self::answer::is_missing;
pub use self::client::Registry;
#[cfg_attr(not(test), expect(unused_imports, reason = "promote is the first to copy"))]
pub use self::copy::{Copied, copy, tag};
pub use self::error::{FailedCall, RegistryError, RegistrySide};
use self::graph::{Blob, ManifestDocument, parse_digest};
use crate::domain::gate::Permit;
use crate::domain::image::{Digest, ImageRepository, ImageTag};
use crate::domain::limits::PLATFORMS;
use crate::domain::origin::PUSH_LABEL;

/// The label of the commit that an image was built from
/// ([annotations](https://github.com/opencontainers/image-spec/blob/main/annotations.md)).
pub const REVISION_LABEL: &str = "org.opencontainers.image.revision";

/// The longest label that can be a revision or the text of a push: the longest revision is a commit, a mark and a time.
const LONGEST_LABEL: usize = 256;

/// An image as a registry has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundImage {
    /// The digest of the manifest or index.
    pub digest: Digest,
    /// The digests of an index's platforms; empty for a single manifest.
    pub platforms: Vec<Digest>,
    /// The revision label of each platform.
    pub revisions: Vec<Option<String>>,
    /// The label of each platform by which a push was announced.
    pub pushes: Vec<Option<String>>,
}

/// A registry for an authorized change.
#[derive(Debug, Clone, Copy)]
pub struct TargetRegistry<'a> {
    registry: &'a Registry,
    _permit: Permit<'a>,
}

impl TargetRegistry<'_> {
    /// Puts a tag beside the release's own on a manifest that is there, byte for byte, wherever it led before.
    ///
    /// # Errors
    ///
    /// The registry failed or refused, or the tag cannot be moved.
    pub async fn move_tag(
        self,
        repository: &ImageRepository,
        digest: &Digest,
        tag: &ImageTag,
    ) -> Result<(), RegistryError> {
        let manifest = graph::pull(self.registry, repository, digest, None).await?;
        let failed = |error| self.registry.failed(RegistrySide::Target, format!("tag {repository}:{tag}"), error);
        self.registry.put_manifest(repository, tag.as_str(), &manifest).await.map_err(failed)?;
        match self.registry.digest_of(RegistrySide::Target, repository, tag).await? {
            Some(found) if found == *digest => Ok(()),
            _ => Err(RegistryError::NotMoved { tag: format!("{repository}:{tag}"), digest: digest.to_string() }),
        }
    }
}

impl Registry {
    /// The same registry, for a change that is authorized.
    pub fn open<'a>(&'a self, permit: Permit<'a>) -> TargetRegistry<'a> {
        TargetRegistry { registry: self, _permit: permit }
    }

    /// The image under a tag with its labels. `None`: there is none, or the repository does not exist.
    ///
    /// # Errors
    ///
    /// The registry failed, refused, or returned bytes that do not match their digest.
    pub async fn find(
        &self,
        repository: &ImageRepository,
        tag: &ImageTag,
    ) -> Result<Option<FoundImage>, RegistryError> {
        tracing::debug!(%repository, %tag, "asking the registry");
        self.read(repository, tag.as_str(), &format!("{repository}:{tag}")).await
    }

    /// An image by its digest with its labels. `None`: there is none, or the repository does not exist.
    ///
    /// # Errors
    ///
    /// The registry failed, refused, or returned bytes that do not match their digest.
    pub async fn image(
        &self,
        repository: &ImageRepository,
        digest: &Digest,
    ) -> Result<Option<FoundImage>, RegistryError> {
        tracing::debug!(%repository, %digest, "asking the registry");
        self.read(repository, &digest.to_string(), &format!("{repository}@{digest}")).await
    }

    async fn read(
        &self,
        repository: &ImageRepository,
        asked: &str,
        name: &str,
    ) -> Result<Option<FoundImage>, RegistryError> {
        let failed = |error: OciDistributionError| self.failed(RegistrySide::Source, format!("read {name}"), error);
        let (bytes, digest) = match self.get_manifest(repository, asked).await {
            Ok(found) => found,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let document = graph::parse(repository, &digest, &bytes)?;
        let platforms = platforms(name, &document)?;
        let mut labels = Vec::new();
        if document.manifests.is_none() {
            labels.push(self.labels(repository, &document, name).await?);
        }
        for platform in &platforms {
            let (bytes, _) = self.get_manifest(repository, &platform.to_string()).await.map_err(failed)?;
            let child = graph::parse(repository, platform, &bytes)?;
            if child.manifests.is_none() {
                labels.push(self.labels(repository, &child, name).await?);
            }
        }
        let (revisions, pushes) = labels.into_iter().map(|[revision, push]| (revision, push)).unzip();
        Ok(Some(FoundImage { digest, platforms, revisions, pushes }))
    }

    /// The platforms of an image by digest; none for a single manifest, or for an image of another registry.
    ///
    /// # Errors
    ///
    /// The registry failed or refused.
    pub async fn platforms(&self, repository: &str, digest: &Digest) -> Result<Vec<Digest>, RegistryError> {
        let Some(name) = repository.strip_prefix(&format!("{}/", self.host)) else {
            return Ok(Vec::new());
        };
        let action = format!("read {repository}@{digest}");
        let name = match name.parse() {
            Ok(name) => name,
            Err(source) => return Err(RegistryError::Name { host: self.host.clone(), action, source }),
        };
        let repository = ImageRepository { host: self.host.clone(), name };
        let pulled = self.get_manifest(&repository, &digest.to_string()).await;
        let (bytes, _) = pulled.map_err(|error| self.failed(RegistrySide::Source, action, error))?;
        platforms(&format!("{repository}@{digest}"), &graph::parse(&repository, digest, &bytes)?)
    }

    /// The digest under a tag. `None`: there is none. The side decides which permissions are named.
    ///
    /// # Errors
    ///
    /// The registry failed or refused.
    pub async fn digest_of(
        &self,
        side: RegistrySide,
        repository: &ImageRepository,
        tag: &ImageTag,
    ) -> Result<Option<Digest>, RegistryError> {
        match self.limits.patiently(|| self.head_manifest(repository, tag.as_str())).await {
            Ok(digest) => parse_digest(&digest).map(Some),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.failed(side, format!("read {repository}:{tag}"), error)),
        }
    }

    /// The labels with the revision and the push, in a single manifest's configuration.
    async fn labels(
        &self,
        repository: &ImageRepository,
        manifest: &ManifestDocument,
        name: &str,
    ) -> Result<[Option<String>; 2], RegistryError> {
        let failed = |error: OciDistributionError| self.failed(RegistrySide::Source, format!("read {name}"), error);
        let Some(described) = &manifest.config else { return Ok([None, None]) };
        let blob = Blob { digest: parse_digest(&described.digest)?, size: described.size, is_layer: false };
        let bytes = self.get_configuration(repository, &blob).await.map_err(failed)?;
        labels(&bytes).map_err(|error| failed(error.into()))
    }
}

/// The labels with the revision and the push in an image's configuration.
fn labels(configuration: &[u8]) -> Result<[Option<String>; 2], serde_json::Error> {
    let configuration: serde_json::Value = serde_json::from_slice(configuration)?;
    let labels = configuration.pointer("/config/Labels");
    let label = |name: &str| Some(labels?.get(name)?.as_str()?.chars().take(LONGEST_LABEL).collect());
    Ok([label(REVISION_LABEL), label(PUSH_LABEL)])
}

/// The children of an index that can run: attestations are children of the platform `unknown/unknown`.
fn platforms(name: &str, document: &ManifestDocument) -> Result<Vec<Digest>, RegistryError> {
    let runnable = document.manifests.iter().flatten().filter(|child| child.is_runnable());
    let platforms: Vec<Digest> = runnable.map(|child| parse_digest(&child.digest)).collect::<Result<_, _>>()?;
    if platforms.len() > PLATFORMS.count() {
        return Err(RegistryError::TooManyPlatforms { name: name.to_owned(), platforms: platforms.len() });
    }
    Ok(platforms)
}
