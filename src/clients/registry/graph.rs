//! What belongs to an image: its manifests, their blobs, and what refers to them.

use std::collections::HashSet;

use oci_client::errors::OciDistributionError;
use oci_client::manifest::{ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE};
use serde::Deserialize;

use super::answer::{is_mismatch, is_missing, is_unsupported};
use super::client::Registry;
use super::error::{NoManifest, RegistryError, RegistrySide};
use crate::domain::image::{Digest, ImageRepository};
use crate::domain::limits::{LAYERS, MANIFEST_BYTES, MANIFEST_LEVELS, MANIFESTS};
use crate::domain::names::InvalidName;

/// A manifest or an index, byte for byte.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The digest of the bytes.
    pub digest: Digest,
    /// What it is put as.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A layer or a configuration.
#[derive(Debug, Clone)]
pub struct Blob {
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its length as the manifest says.
    pub size: u64,
    /// Whether it is a layer.
    pub is_layer: bool,
}

/// What refers to a manifest.
#[derive(Debug, Clone)]
pub struct Referrers {
    /// The manifest.
    pub subject: Digest,
    /// The manifests that name it as their subject.
    pub entries: Vec<ImageIndexEntry>,
}

/// An image with all that belongs to it.
#[derive(Debug, Default)]
pub struct Graph {
    /// Each after those that it lists, and before those that refer to it.
    pub manifests: Vec<Manifest>,
    /// Each once.
    pub blobs: Vec<Blob>,
    /// Of the manifests that have any.
    pub referrers: Vec<Referrers>,
    /// The digests of the blobs.
    known: HashSet<Digest>,
    /// The bytes of the manifests.
    bytes: usize,
}

/// As much of any manifest as is needed. Field for field what Docker and OCI have in common.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestDocument {
    schema_version: u8,
    media_type: Option<String>,
    /// Of a single manifest.
    pub config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    /// Of an index.
    pub manifests: Option<Vec<Descriptor>>,
}

/// What a manifest says of one of its parts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    #[serde(default)]
    media_type: String,
    /// The digest of the part.
    pub digest: String,
    /// Its length in bytes.
    pub size: u64,
    platform: Option<Platform>,
}

#[derive(Debug, Deserialize)]
struct Platform {
    #[serde(default)]
    architecture: String,
}

impl Descriptor {
    /// Whether a child of an index is no attestation.
    pub fn is_runnable(&self) -> bool {
        self.platform.as_ref().is_none_or(|platform| platform.architecture != "unknown")
    }

    /// Layers that registries must not hand on; engines fetch them from elsewhere.
    fn stays_where_it_is(&self) -> bool {
        self.media_type.contains("nondistributable") || self.media_type.contains(".foreign.")
    }
}

/// A manifest that is to be pulled.
pub(super) struct ManifestRequest {
    digest: Digest,
    /// What lists it says that it is this.
    media_type: Option<String>,
    depth: usize,
}

pub(super) enum GraphStep {
    Pull(ManifestRequest),
    Keep(Manifest),
    Refer { subject: Digest, depth: usize },
}

/// Pulls a manifest, and insists that its bytes are those of the digest.
///
/// # Errors
///
/// It is not there, or is something else; the registry failed or refused.
pub async fn pull(
    registry: &Registry,
    repository: &ImageRepository,
    digest: &Digest,
    media_type: Option<&str>,
) -> Result<Manifest, RegistryError> {
    let name = digest.to_string();
    let pull = || registry.get_manifest(repository, &name);
    let (bytes, _) =
        registry.limits.patiently(pull).await.map_err(|error| not_pulled(registry, repository, digest, error))?;
    let document = parse(repository, digest, &bytes)?;
    let is_index = document.manifests.is_some();
    // Only OCI allows to leave the type out.
    let guess = if is_index { OCI_IMAGE_INDEX_MEDIA_TYPE } else { OCI_IMAGE_MEDIA_TYPE };
    let media_type = document.media_type.as_deref().or(media_type).unwrap_or(guess).to_owned();
    Ok(Manifest { digest: digest.clone(), media_type, bytes: bytes.to_vec() })
}

fn not_pulled(
    registry: &Registry,
    repository: &ImageRepository,
    digest: &Digest,
    error: OciDistributionError,
) -> RegistryError {
    let name = format!("{repository}@{digest}");
    if is_missing(&error) {
        return RegistryError::NoImage { image: name, source: Box::new(error) };
    }
    if is_mismatch(&error) {
        return RegistryError::ForgedManifest { manifest: name, source: Box::new(error) };
    }
    registry.failed(RegistrySide::Source, format!("read {name}"), error)
}

/// The manifest in some bytes.
///
/// # Errors
///
/// They are none that docker or buildx make.
pub fn parse(repository: &ImageRepository, digest: &Digest, bytes: &[u8]) -> Result<ManifestDocument, RegistryError> {
    let no_manifest = |why| RegistryError::NotAnImage { name: format!("{repository}@{digest}"), why };
    let document: ManifestDocument = serde_json::from_slice(bytes).map_err(|error| no_manifest(error.into()))?;
    if document.schema_version != 2 || (document.manifests.is_none() && document.config.is_none()) {
        return Err(no_manifest(NoManifest::OtherKind));
    }
    Ok(document)
}

impl Graph {
    /// Everything that belongs to the image.
    ///
    /// # Errors
    ///
    /// A part is missing or no manifest, or the registry failed or refused.
    pub async fn of(registry: &Registry, repository: &ImageRepository, digest: &Digest) -> Result<Self, RegistryError> {
        let mut graph = Self::default();
        let mut seen = HashSet::new();
        let mut steps = vec![GraphStep::Pull(ManifestRequest { digest: digest.clone(), media_type: None, depth: 0 })];
        while let Some(step) = steps.pop() {
            match step {
                GraphStep::Pull(wanted) => {
                    if !seen.insert(wanted.digest.clone()) {
                        continue;
                    }
                    if wanted.depth > MANIFEST_LEVELS.count() || seen.len() > MANIFESTS.count() {
                        return Err(absurd(repository, digest));
                    }
                    let manifest = pull(registry, repository, &wanted.digest, wanted.media_type.as_deref()).await?;
                    let document = parse(repository, &wanted.digest, &manifest.bytes)?;
                    graph.bytes += manifest.bytes.len();
                    steps.push(GraphStep::Refer { subject: wanted.digest, depth: wanted.depth });
                    steps.push(GraphStep::Keep(manifest));
                    steps.extend(graph.add(document, wanted.depth)?);
                    if graph.bytes > MANIFEST_BYTES.count() || graph.blobs.len() > LAYERS.count() {
                        return Err(absurd(repository, digest));
                    }
                }
                GraphStep::Keep(manifest) => graph.manifests.push(manifest),
                GraphStep::Refer { subject, depth } => {
                    let entries = registry.referrers(RegistrySide::Source, repository, &subject).await?;
                    for entry in &entries {
                        let digest = parse_digest(&entry.digest)?;
                        let media_type = Some(entry.media_type.clone());
                        steps.push(GraphStep::Pull(ManifestRequest { digest, media_type, depth: depth + 1 }));
                    }
                    if !entries.is_empty() {
                        graph.referrers.push(Referrers { subject, entries });
                    }
                }
            }
        }
        Ok(graph)
    }

    /// Takes a manifest's blobs, and returns the steps to its children.
    pub(super) fn add(&mut self, document: ManifestDocument, depth: usize) -> Result<Vec<GraphStep>, RegistryError> {
        let blobs = document.config.map(|config| (config, false)).into_iter();
        for (blob, is_layer) in blobs.chain(document.layers.into_iter().map(|layer| (layer, true))) {
            let digest = parse_digest(&blob.digest)?;
            if !blob.stays_where_it_is() && self.known.insert(digest.clone()) {
                self.blobs.push(Blob { digest, size: blob.size, is_layer });
            }
        }
        let children = document.manifests.into_iter().flatten().rev();
        let step = |child: Descriptor| {
            let media_type = Some(child.media_type).filter(|text| !text.is_empty());
            Ok(GraphStep::Pull(ManifestRequest { digest: parse_digest(&child.digest)?, media_type, depth: depth + 1 }))
        };
        children.map(step).collect()
    }
}

fn absurd(repository: &ImageRepository, digest: &Digest) -> RegistryError {
    RegistryError::TooManyParts { image: format!("{repository}@{digest}") }
}

impl Registry {
    /// What refers to a manifest, natively or in the index under the
    /// [tag](https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema) for it.
    ///
    /// # Errors
    ///
    /// The registry failed or refused.
    pub(super) async fn referrers(
        &self,
        side: RegistrySide,
        repository: &ImageRepository,
        subject: &Digest,
    ) -> Result<Vec<ImageIndexEntry>, RegistryError> {
        match self.limits.patiently(|| self.get_referrers(repository, subject)).await {
            Ok(entries) => Ok(entries),
            Err(error) if is_unsupported(&error) => self.referrers_by_tag(side, repository, subject).await,
            Err(error) => Err(self.failed(side, format!("list what refers to {repository}@{subject}"), error)),
        }
    }

    async fn referrers_by_tag(
        &self,
        side: RegistrySide,
        repository: &ImageRepository,
        subject: &Digest,
    ) -> Result<Vec<ImageIndexEntry>, RegistryError> {
        match self.limits.patiently(|| self.get_referrers_tag(repository, subject)).await {
            Ok(entries) => Ok(entries),
            Err(error) if is_missing(&error) => Ok(Vec::new()),
            Err(error) => {
                let tag = referrers_tag(subject);
                Err(self.failed(side, format!("read {repository}:{tag}"), error))
            }
        }
    }
}

/// The tag of the index of what refers to a manifest, where the registry keeps none itself.
pub fn referrers_tag(subject: &Digest) -> String {
    format!("sha256-{}", subject.hex())
}

/// A digest in the words of a registry.
pub fn parse_digest(text: &str) -> Result<Digest, RegistryError> {
    text.parse().map_err(|error: InvalidName| RegistryError::Digest(error))
}
