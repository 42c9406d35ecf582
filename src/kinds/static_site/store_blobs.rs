//! The bytes of a store: each file's once, by its digest.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::client::Held;
use super::client_many::{AT_ONCE, each_of};
use super::client_parts::Large;
use super::client_write::{Body, Headers, Unless};
use super::file_part::FilePart;
use super::store::Store;
use crate::clients::static_site_error::{PutError, StoreError};
use crate::domain::gate::Permit;
use crate::domain::image::Digest;
use crate::domain::static_site::bundle::BundleManifest;
use crate::domain::static_site::store::keys;

/// An object of a store is never served, so it has no type of its own.
const TYPE: &str = "application/octet-stream";

/// What has more bytes is sent in parts.
const LARGE: u64 = 64 * 1024 * 1024;
/// What has more bytes is copied from another store in parts: so much of it, so many times at once, is in memory.
const LARGE_IN_MEMORY: u64 = 4 * 1024 * 1024;

/// What came of bringing the bytes of a release into a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filled {
    /// So many files were not there.
    pub files: usize,
    /// So many bytes they have.
    pub bytes: u64,
}

/// The distinct contents of a bundle, with their sizes.
fn contents(manifest: &BundleManifest) -> BTreeMap<&Digest, u64> {
    manifest.files.values().map(|file| (&file.digest, file.size)).collect()
}

impl Store {
    /// Whether the store has some bytes, as far as S3 knows them.
    ///
    /// # Errors
    ///
    /// It cannot be asked, or has other bytes there.
    pub async fn has_blob(&self, digest: &Digest, size: u64) -> Result<bool, StoreError> {
        let key = keys::blob(digest);
        match self.s3.digest(self.at(&key), digest).await? {
            None => Ok(false),
            Some(Held { size: held, has_digest: Some(true) | None, is_marked: true }) if held == size => Ok(true),
            Some(_) => Err(StoreError::OtherBytes { bucket: self.bucket.clone(), key }),
        }
    }

    /// Stores some bytes of a file on disk, once.
    ///
    /// # Errors
    ///
    /// They are others than the digest says, or cannot be written.
    pub async fn put_blob(&self, digest: &Digest, part: &FilePart, permit: Permit<'_>) -> Result<(), StoreError> {
        let put = if part.length > LARGE {
            self.put_large(digest, Large::File(part), permit).await
        } else {
            self.put_small(digest, Body::File(part.clone()), permit).await
        };
        put.map_err(|error| {
            let is_changed = matches!(error, StoreError::OtherBytes { .. });
            if is_changed { StoreError::File(PutError::OtherBytes(digest.clone())) } else { error }
        })
    }

    /// Stores some bytes, once. Returns their digest.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub async fn put_bytes(&self, bytes: Bytes, permit: Permit<'_>) -> Result<Digest, StoreError> {
        let digest = Digest::of(&bytes);
        if !self.has_blob(&digest, bytes.len() as u64).await? {
            self.put_small(&digest, Body::Bytes(bytes), permit).await?;
        }
        Ok(digest)
    }

    /// Some bytes, which are hashed.
    ///
    /// # Errors
    ///
    /// The store does not have them.
    pub async fn blob(&self, digest: &Digest, size: u64) -> Result<Bytes, StoreError> {
        let key = keys::blob(digest);
        match self.s3.object(self.at(&key), size).await? {
            Some((bytes, _)) if Digest::of(&bytes) == *digest => Ok(bytes.into()),
            Some(_) => Err(StoreError::OtherBytes { bucket: self.bucket.clone(), key }),
            None => Err(StoreError::Missing { bucket: self.bucket.clone(), key }),
        }
    }

    /// Stores what is missing of a bundle's bytes. `known`: what the store has for sure, since a release that is stored has
    /// it. `body`: where the bytes are.
    ///
    /// # Errors
    ///
    /// The first that happens. What is stored by then stays, and is not sent again.
    pub async fn fill(
        &self,
        manifest: &BundleManifest,
        known: &BTreeSet<Digest>,
        body: &dyn Fn(&Digest) -> Option<FilePart>,
        permit: Permit<'_>,
    ) -> Result<Filled, StoreError> {
        let missing = self.missing(manifest, known).await?;
        let put = async |digest: &Digest| {
            let nowhere = || StoreError::Missing { bucket: self.bucket.clone(), key: keys::blob(digest) };
            self.put_blob(digest, &body(digest).ok_or_else(nowhere)?, permit).await
        };
        each(&missing, LARGE, put).await
    }

    /// Copies what is missing of a bundle's bytes from another store. Every byte is hashed.
    ///
    /// # Errors
    ///
    /// As [`Self::fill`].
    pub async fn fill_from(
        &self,
        other: &Self,
        manifest: &BundleManifest,
        known: &BTreeSet<Digest>,
        permit: Permit<'_>,
    ) -> Result<Filled, StoreError> {
        let missing = self.missing(manifest, known).await?;
        let put = async |digest: &Digest| {
            let size = missing.get(digest).copied().unwrap_or_default();
            if size <= LARGE_IN_MEMORY {
                let bytes = other.blob(digest, size).await?;
                return self.put_small(digest, Body::Bytes(bytes), permit).await;
            }
            let key = keys::blob(digest);
            self.put_large(digest, Large::Object(&other.s3, other.at(&key), size), permit).await
        };
        each(&missing, LARGE_IN_MEMORY, put).await
    }

    /// The contents that the store does not have.
    async fn missing<'m>(
        &self,
        manifest: &'m BundleManifest,
        known: &BTreeSet<Digest>,
    ) -> Result<BTreeMap<&'m Digest, u64>, StoreError> {
        let found = RefCell::new(BTreeMap::new());
        let open = contents(manifest).into_iter().filter(|(digest, _)| !known.contains(digest));
        let look = async |(digest, size): (&'m Digest, u64)| {
            if !self.has_blob(digest, size).await? {
                found.borrow_mut().insert(digest, size);
            }
            Ok(())
        };
        each_of(open, AT_ONCE, look).await.map(|()| found.into_inner())
    }

    async fn put_small(&self, digest: &Digest, body: Body, permit: Permit<'_>) -> Result<(), StoreError> {
        let key = keys::blob(digest);
        let headers = Headers::kept(digest.clone(), TYPE);
        let put = self.s3.put(self.at(&key), &body, (&headers, Unless::Exists), permit).await;
        put.map(drop).map_err(|error| self.not_put(&key, error))
    }

    async fn put_large(&self, digest: &Digest, from: Large<'_>, permit: Permit<'_>) -> Result<(), StoreError> {
        let key = keys::blob(digest);
        let headers = Headers::kept(digest.clone(), TYPE);
        let put = self.s3.put_in_parts(self.at(&key), from, (&headers, Unless::Exists), permit).await;
        put.map(drop).map_err(|error| self.not_put(&key, error))
    }
}

/// Does the work for each content: small ones side by side, then large ones in turn, whose parts are side by side.
async fn each<'m, W: Future<Output = Result<(), StoreError>>>(
    missing: &BTreeMap<&'m Digest, u64>,
    large: u64,
    put: impl Fn(&'m Digest) -> W,
) -> Result<Filled, StoreError> {
    let (large, small): (Vec<_>, Vec<_>) = missing.iter().partition(|(_, size)| **size > large);
    each_of(small, AT_ONCE, |(digest, _)| put(digest)).await?;
    each_of(large, 1, |(digest, _)| put(digest)).await?;
    Ok(Filled { files: missing.len(), bytes: missing.values().sum() })
}
