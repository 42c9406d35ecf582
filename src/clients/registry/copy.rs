//! Copies an image to another repository by digest, never through an engine.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE, OciImageIndex};
use tokio::sync::Mutex;

use super::TargetRegistry;
use super::answer::{is_missing, text};
use super::blob::{Transfer, missing_repository};
use super::client::Registry;
use super::error::{RegistryError, RegistrySide};
use super::graph::{self, Blob, Graph, Manifest, Referrers, referrers_tag};
use crate::domain::image::{Digest, ImageRepository, ImageTag};

/// How many blobs are on their way at once.
const PARALLEL: usize = 4;

/// How often there is a report.
const REPORT_EVERY: Duration = Duration::from_secs(2);

/// What a copy moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// The bytes of layers and configurations that came through here.
    pub bytes: u64,
    /// How many of those the target took from its other repository.
    pub mounted: usize,
    /// How many of those the target had.
    pub present: usize,
    /// How many of those came through here.
    pub uploaded: usize,
}

impl fmt::Display for Copied {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, mounted, present, uploaded } = self;
        write!(formatter, "{uploaded} layers and configurations copied ({bytes} bytes), ")?;
        write!(formatter, "{mounted} taken from the other repository, {present} were there")
    }
}

/// Copies the manifest or index `digest` from one repository to another, with all children, blobs and referrers, byte
/// for byte; proves that the target has it under the digest; then puts `tag` on it and proves that too.
///
/// # Errors
///
/// A registry failed or refused, something is not what its digest says, or the tag leads elsewhere. The tag is put last,
/// so that it never leads to half an image.
pub async fn copy(
    source: &Registry,
    from: &ImageRepository,
    target: TargetRegistry<'_>,
    to: &ImageRepository,
    digest: &Digest,
    tag: &ImageTag,
    progress: impl Fn(&str),
) -> Result<Copied, RegistryError> {
    let job = CopyJob { source, from, target: target.registry, to };
    job.run(digest, tag, &progress).await
}

/// Puts a tag on what a repository has already, and proves it. A tag that leads elsewhere is never moved.
///
/// # Errors
///
/// The registry failed or refused, or the tag leads elsewhere.
pub async fn tag(
    registry: TargetRegistry<'_>,
    repository: &ImageRepository,
    digest: &Digest,
    tag: &ImageTag,
) -> Result<(), RegistryError> {
    copy(registry.registry, repository, registry, repository, digest, tag, |_| ()).await.map(|_| ())
}

/// One copy.
#[derive(Debug, Clone, Copy)]
struct CopyJob<'a> {
    source: &'a Registry,
    from: &'a ImageRepository,
    target: &'a Registry,
    to: &'a ImageRepository,
}

/// What became of a blob.
enum CopiedBlob {
    Present,
    Mounted,
    Uploaded(u64),
}

/// What is reported.
struct Progress {
    layers: usize,
    layers_done: Cell<usize>,
    bytes: u64,
    /// Including those of blobs that need not be sent.
    bytes_done: Arc<AtomicU64>,
}

impl CopyJob<'_> {
    async fn run(&self, digest: &Digest, tag: &ImageTag, progress: &impl Fn(&str)) -> Result<Copied, RegistryError> {
        tracing::debug!(from = %self.from, to = %self.to, %digest, %tag, "copying an image");
        // Nothing is sent for a tag that cannot be put.
        let is_tagged = self.is_tagged(digest, tag).await?;
        let copied = if self.source.host == self.target.host && self.from.name == self.to.name {
            Copied::default()
        } else {
            self.contents(digest, progress).await?
        };
        if !is_tagged {
            self.tag(digest, tag).await?;
        }
        self.prove(digest).await?;
        Ok(copied)
    }

    /// Everything but the tag.
    async fn contents(&self, digest: &Digest, progress: &impl Fn(&str)) -> Result<Copied, RegistryError> {
        let graph = Graph::of(self.source, self.from, digest).await?;
        let copied = self.blobs(&graph.blobs, progress).await?;
        for manifest in &graph.manifests {
            self.manifest(manifest).await?;
        }
        for referrers in &graph.referrers {
            self.referrers(referrers).await?;
        }
        Ok(copied)
    }

    async fn blobs(&self, blobs: &[Blob], say: &impl Fn(&str)) -> Result<Copied, RegistryError> {
        let progress = Progress::new(blobs);
        let mounts = Mutex::new(self.source.host == self.target.host);
        let work = stream::iter(blobs).map(|blob| self.blob(blob, &mounts, &progress)).buffer_unordered(PARALLEL);
        let settled: Vec<CopiedBlob> = tokio::select! {
            result = work.try_collect() => result?,
            never = progress.report(say) => match never {},
        };
        let mut copied = Copied::default();
        for one in settled {
            match one {
                CopiedBlob::Present => copied.present += 1,
                CopiedBlob::Mounted => copied.mounted += 1,
                CopiedBlob::Uploaded(bytes) => {
                    copied.uploaded += 1;
                    copied.bytes += bytes;
                }
            }
        }
        Ok(copied)
    }

    async fn blob(&self, blob: &Blob, mounts: &Mutex<bool>, progress: &Progress) -> Result<CopiedBlob, RegistryError> {
        let settled = if self.target.has_blob(self.to, &blob.digest).await? {
            CopiedBlob::Present
        } else if self.mount(blob, mounts).await {
            CopiedBlob::Mounted
        } else {
            let Self { source, from, target, to } = *self;
            let counter = Arc::clone(&progress.bytes_done);
            Transfer { source, from, target, to, blob, counter }.run().await?;
            CopiedBlob::Uploaded(blob.size)
        };
        if !matches!(settled, CopiedBlob::Uploaded(_)) {
            progress.bytes_done.fetch_add(blob.size, Ordering::Relaxed);
        }
        progress.layers_done.set(progress.layers_done.get() + usize::from(blob.is_layer));
        Ok(settled)
    }

    /// Lets the target take a blob from its other repository. A registry that refuses this once is not asked again: on
    /// ECR it is a setting of the account.
    async fn mount(&self, blob: &Blob, mounts: &Mutex<bool>) -> bool {
        let mut allowed = mounts.lock().await;
        if !*allowed {
            return false;
        }
        *allowed = match self.target.mount(self.to, self.from, &blob.digest).await {
            Ok(mounted) => mounted,
            Err(error) => {
                tracing::debug!(error = text(&error), "the registry does not mount");
                false
            }
        };
        *allowed
    }

    async fn manifest(&self, manifest: &Manifest) -> Result<(), RegistryError> {
        if self.has_manifest(&manifest.digest).await? {
            return Ok(());
        }
        let name = manifest.digest.to_string();
        let put = || self.target.put_manifest(self.to, &name, manifest);
        self.target.limits.patiently(put).await.map_err(|error| self.not_put(&name, error))?;
        self.prove(&manifest.digest).await
    }

    fn not_put(&self, name: &str, error: OciDistributionError) -> RegistryError {
        if is_missing(&error) {
            return missing_repository(self.to, error);
        }
        self.target.failed(RegistrySide::Target, format!("put {name} into {}", self.to), error)
    }

    async fn has_manifest(&self, digest: &Digest) -> Result<bool, RegistryError> {
        let name = digest.to_string();
        match self.target.limits.patiently(|| self.target.head_manifest(self.to, &name)).await {
            Ok(found) => Ok(found == name),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(self.target.failed(RegistrySide::Target, format!("find {}@{digest}", self.to), error)),
        }
    }

    async fn prove(&self, digest: &Digest) -> Result<(), RegistryError> {
        if self.has_manifest(digest).await? {
            return Ok(());
        }
        Err(RegistryError::NotKept { what: format!("{}@{digest}", self.to) })
    }

    /// Sees to it that the target knows what refers to a manifest, by itself or by the index that replaces it.
    async fn referrers(&self, referrers: &Referrers) -> Result<(), RegistryError> {
        let subject = &referrers.subject;
        let listed = self.target.referrers(RegistrySide::Target, self.to, subject).await?;
        let is_listed = |entry: &&ImageIndexEntry| !listed.iter().any(|known| known.digest == entry.digest);
        let missing: Vec<ImageIndexEntry> = referrers.entries.iter().filter(is_listed).cloned().collect();
        if missing.is_empty() {
            return Ok(());
        }
        let index = OciImageIndex {
            schema_version: 2,
            media_type: Some(OCI_IMAGE_INDEX_MEDIA_TYPE.to_owned()),
            manifests: [listed, missing].concat(),
            artifact_type: None,
            annotations: None,
        };
        let unusable = |source| RegistryError::Referrers { subject: subject.to_string(), source };
        let bytes = serde_json::to_vec(&index).map_err(unusable)?;
        let media_type = OCI_IMAGE_INDEX_MEDIA_TYPE.to_owned();
        let manifest = Manifest { digest: Digest::of(&bytes), media_type, bytes };
        let tag = referrers_tag(subject);
        let put = || self.target.put_manifest(self.to, &tag, &manifest);
        self.target.limits.patiently(put).await.map_err(|error| self.not_put(&tag, error))
    }

    /// Whether the tag leads to the digest already. That it leads elsewhere is an error.
    async fn is_tagged(&self, digest: &Digest, tag: &ImageTag) -> Result<bool, RegistryError> {
        match self.target.digest_of(RegistrySide::Target, self.to, tag).await? {
            None => Ok(false),
            Some(found) if found == *digest => Ok(true),
            Some(found) => Err(RegistryError::TagTaken {
                repository: self.to.to_string(),
                tag: tag.to_string(),
                found: found.to_string(),
                wanted: digest.to_string(),
            }),
        }
    }

    async fn tag(&self, digest: &Digest, tag: &ImageTag) -> Result<(), RegistryError> {
        let manifest = graph::pull(self.source, self.from, digest, None).await?;
        let put = || self.target.put_manifest(self.to, tag.as_str(), &manifest);
        let result = self.target.limits.patiently(put).await;
        // Whatever it said: somebody may have been faster, with this digest or with another one.
        if self.is_tagged(digest, tag).await? {
            return Ok(());
        }
        Err(match result {
            Err(error) => self.not_put(tag.as_str(), error),
            Ok(()) => RegistryError::NotKept { what: format!("tag {}:{tag}", self.to) },
        })
    }
}

impl Progress {
    fn new(blobs: &[Blob]) -> Self {
        Self {
            layers: blobs.iter().filter(|blob| blob.is_layer).count(),
            layers_done: Cell::new(0),
            bytes: blobs.iter().map(|blob| blob.size).sum(),
            bytes_done: Arc::default(),
        }
    }

    fn line(&self) -> String {
        const MEGA: u64 = 1_000_000;
        let done = self.bytes_done.load(Ordering::Relaxed);
        let (layers, total) = (self.layers, (self.bytes / MEGA).max(1));
        format!("{} of {layers} layers, {} of {total} MB", self.layers_done.get(), done / MEGA)
    }

    /// Says a line where it has changed, and never returns.
    async fn report(&self, say: &impl Fn(&str)) -> std::convert::Infallible {
        let mut last = String::new();
        loop {
            tokio::time::sleep(REPORT_EVERY).await;
            let line = self.line();
            if line != last {
                say(&line);
                last = line;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn people_are_told_every_two_seconds_and_only_what_is_new() {
        let blob = |size, is_layer| Blob { digest: Digest::of("x"), size, is_layer };
        let progress = Progress::new(&[blob(600_000_000, true), blob(300_000_000, true), blob(2000, false)]);
        let said = RefCell::new(Vec::new());
        let say = |line: &str| said.borrow_mut().push(line.to_owned());
        let work = async {
            // Never at the same moment as a line.
            tokio::time::sleep(Duration::from_millis(50)).await;
            for _ in 0..100 {
                tokio::time::sleep(Duration::from_millis(100)).await;
                progress.bytes_done.fetch_add(1_000_000, Ordering::Relaxed);
            }
            progress.layers_done.set(1);
            tokio::time::sleep(Duration::from_mins(1)).await;
        };
        tokio::select! {
            // Which of the two comes first at the tenth second would decide how many lines there are.
            biased;
            never = progress.report(&say) => match never {},
            () = work => {},
        }
        let said = said.into_inner();
        // Until 10.05 s and once after it, then there is nothing new for a minute.
        assert_eq!(said.len(), 6, "{said:?}");
        assert_eq!(said[5], "1 of 2 layers, 100 of 900 MB");
    }
}
