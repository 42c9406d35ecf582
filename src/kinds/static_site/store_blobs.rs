//! The bytes of a store: each file's once, by its digest.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::client::StoredObject;
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
/// What has more bytes is copied from another store in parts of this size; the parts that are copied at once are in memory.
const LARGE_IN_MEMORY: u64 = 4 * 1024 * 1024;

/// What has more bytes is asked for before it is sent. Sending what is there already costs no more than the question, below.
const UNASKED: u64 = 128 * 1024;

/// What came of bringing the bytes of a release into a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filled {
    /// Number of files that were not there.
    pub files: usize,
    /// Number of bytes that they have.
    pub bytes: u64,
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
            Some(StoredObject { size: held, has_digest: Some(true) | None, is_marked: true }) if held == size => {
                Ok(true)
            }
            Some(_) => Err(StoreError::OtherBytes { bucket: self.bucket.clone(), key }),
        }
    }

    /// Stores some bytes, once. Returns their digest.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub async fn put_bytes(&self, bytes: Bytes, permit: Permit<'_>) -> Result<Digest, StoreError> {
        let digest = Digest::of(&bytes);
        // What is written of one environment is mostly there already.
        if !self.has_blob(&digest, bytes.len() as u64).await? {
            self.put_small(&digest, &Body::Bytes(bytes), permit).await?;
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
        let put = async |digest: &Digest, size: u64| {
            if self.is_large_and_there(digest, size).await? {
                return Ok(false);
            }
            let nowhere = || StoreError::Missing { bucket: self.bucket.clone(), key: keys::blob(digest) };
            self.put_file(digest, &body(digest).ok_or_else(nowhere)?, permit).await
        };
        each(&missing(manifest, known), LARGE, put).await
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
        let put = async |digest: &Digest, size: u64| {
            if self.is_large_and_there(digest, size).await? {
                return Ok(false);
            }
            if size <= LARGE_IN_MEMORY {
                let bytes = other.blob(digest, size).await?;
                return self.put_small(digest, &Body::Bytes(bytes), permit).await;
            }
            let key = keys::blob(digest);
            self.put_large(digest, Large::Object(&other.s3, other.at(&key), size), permit).await.map(|()| true)
        };
        each(&missing(manifest, known), LARGE_IN_MEMORY, put).await
    }

    /// Whether bytes are there that are too many to be sent for nothing. What has fewer is not asked for.
    async fn is_large_and_there(&self, digest: &Digest, size: u64) -> Result<bool, StoreError> {
        Ok(size > UNASKED && self.has_blob(digest, size).await?)
    }

    /// Stores some bytes of a file on disk, once. Returns whether they are new.
    async fn put_file(&self, digest: &Digest, part: &FilePart, permit: Permit<'_>) -> Result<bool, StoreError> {
        let put = if part.length > LARGE {
            self.put_large(digest, Large::File(part), permit).await.map(|()| true)
        } else {
            self.put_small(digest, &Body::File(part.clone()), permit).await
        };
        put.map_err(|error| {
            let is_changed = matches!(error, StoreError::OtherBytes { .. });
            if is_changed { StoreError::File(PutError::OtherBytes(digest.clone())) } else { error }
        })
    }

    /// Stores some bytes where there are none. Returns whether there were none.
    async fn put_small(&self, digest: &Digest, body: &Body, permit: Permit<'_>) -> Result<bool, StoreError> {
        let key = keys::blob(digest);
        let headers = Headers::kept(digest.clone(), TYPE);
        let put = self.s3.put_new(self.at(&key), body, &headers, permit).await;
        if put.map_err(|error| self.not_put(&key, error))? {
            return Ok(true);
        }
        if self.has_blob(digest, body.length()).await? {
            Ok(false)
        } else {
            // Somebody deleted it between the two calls.
            Err(StoreError::Overtaken { bucket: self.bucket.clone(), key })
        }
    }

    async fn put_large(&self, digest: &Digest, from: Large<'_>, permit: Permit<'_>) -> Result<(), StoreError> {
        let key = keys::blob(digest);
        let headers = Headers::kept(digest.clone(), TYPE);
        let put = self.s3.put_in_parts(self.at(&key), from, (&headers, Unless::Exists), permit).await;
        put.map(drop).map_err(|error| self.not_put(&key, error))
    }
}

/// The contents of a bundle that a store may lack, with their sizes.
fn missing<'m>(manifest: &'m BundleManifest, known: &BTreeSet<Digest>) -> BTreeMap<&'m Digest, u64> {
    let files = manifest.files.values().filter(|file| !known.contains(&file.digest));
    files.map(|file| (&file.digest, file.size)).collect()
}

/// Stores each content: small ones side by side, then large ones in turn, whose parts are side by side. `put` says whether
/// its content is new.
async fn each<'m, W: Future<Output = Result<bool, StoreError>>>(
    missing: &BTreeMap<&'m Digest, u64>,
    large: u64,
    put: impl Fn(&'m Digest, u64) -> W,
) -> Result<Filled, StoreError> {
    let filled = Cell::new(Filled::default());
    let count = async |(digest, size): (&'m Digest, u64)| {
        if put(digest, size).await? {
            let Filled { files, bytes } = filled.get();
            filled.set(Filled { files: files + 1, bytes: bytes.saturating_add(size) });
        }
        Ok::<_, StoreError>(())
    };
    let (large, small): (Vec<_>, Vec<_>) = missing.iter().map(|(d, s)| (*d, *s)).partition(|(_, size)| *size > large);
    each_of(small, AT_ONCE, &count).await?;
    each_of(large, 1, &count).await?;
    Ok(filled.get())
}
