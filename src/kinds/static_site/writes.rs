//! Puts a release on the bucket that serves it, wave by wave, from the store, which has every byte before the first write.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::bundle::Bundle;
use super::client::{ObjectPlace, S3};
use super::client_many::{AT_ONCE, each_of};
use super::client_write::{Body, Headers, Unless, is_other_bytes};
use super::store::{Store, not_put};
use crate::clients::static_site_error::{PutError, StoreError};
use crate::domain::gate::Permit;
use crate::domain::image::Digest;
use crate::domain::static_site::bundle::{SiteFile, SitePath};
use crate::domain::static_site::names::BucketName;
use crate::domain::static_site::store::keys;
use crate::domain::static_site::sync::{Over, SeenObject, Write};

/// What has no more bytes goes through memory where it is bound to what it is written over: 32 times as much.
const SMALL: u64 = 1024 * 1024;
/// What has more bytes is copied within S3, wherever else it is.
const SENT: u64 = 16 * 1024 * 1024;
/// What has more bytes is copied in parts: one call copies at most 5 GB
/// ([CopyObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html)), and a long one is cut off.
const LARGE: u64 = 256 * 1024 * 1024;

/// Where the bytes of a release are. All are in the store before the first write.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseBytes<'a> {
    /// The store.
    pub store: &'a Store,
    /// The bundle, where this run has it on the disk: its files are sent from there, once and without a question.
    pub bundle: Option<&'a Bundle>,
}

/// The bucket that serves a site.
#[derive(Debug, Clone)]
pub struct ServingBucket {
    s3: S3,
    bucket: BucketName,
}

impl ServingBucket {
    /// The bucket, with a client that may also read the store.
    pub fn new(s3: S3, bucket: BucketName) -> Self {
        Self { s3, bucket }
    }

    /// The objects at some paths, those that are there.
    ///
    /// # Errors
    ///
    /// One cannot be asked for.
    pub async fn look(
        &self,
        paths: impl IntoIterator<Item = &SitePath>,
    ) -> Result<BTreeMap<SitePath, SeenObject>, StoreError> {
        let seen = RefCell::new(BTreeMap::new());
        let look = async |path: &SitePath| {
            if let Some(object) = self.s3.head(self.at(path)).await? {
                seen.borrow_mut().insert(path.clone(), object);
            }
            Ok::<_, StoreError>(())
        };
        each_of(paths, AT_ONCE, look).await.map(|()| seen.into_inner())
    }

    /// Carries out one wave. `ready`: is asked before each file. `done`: is called after each file.
    ///
    /// # Errors
    ///
    /// The first that happens: something else is there than what was seen, or a file cannot be written.
    pub async fn write<E: From<StoreError>>(
        &self,
        (source, wave): (ReleaseBytes<'_>, &[Write]),
        ready: impl AsyncFn() -> Result<(), E>,
        done: &dyn Fn(&Write),
        permit: Permit<'_>,
    ) -> Result<(), E> {
        let write = async |write: &Write| {
            ready().await?;
            self.write_one(source, write, permit).await?;
            done(write);
            Ok(())
        };
        each_of(wave, AT_ONCE, write).await
    }

    async fn write_one(&self, source: ReleaseBytes<'_>, write: &Write, permit: Permit<'_>) -> Result<(), StoreError> {
        let Write { path, file, over } = write;
        let to = self.at(path);
        let unless = match over {
            Over::Nothing => Unless::Exists,
            Over::Version(version) => Unless::IsNot(version),
            Over::Anything => Unless::Always,
        };
        let with = (&Headers::of(file), unless);
        let here = source.bundle.filter(|_| file.size <= SENT).and_then(|bundle| bundle.body(&file.digest));
        if let Some(part) = here {
            match self.s3.put(to, &Body::File(part), with, permit).await {
                // It was changed or deleted since it was stored. The store has what it was.
                Err(error) if is_of_the_disk(&error) => (),
                put => return put.map(drop).map_err(|error| not_put(to, error)),
            }
        }
        self.copy_one(source.store, (file, to), with, permit).await
    }

    async fn copy_one(
        &self,
        store: &Store,
        (file, to): (&SiteFile, ObjectPlace<'_>),
        (headers, unless): (&Headers, Unless<'_>),
        permit: Permit<'_>,
    ) -> Result<(), StoreError> {
        let key = keys::blob(&file.digest);
        let from = (store.at(&key), file.size);
        let has_digest = match unless {
            Unless::Always if file.size <= LARGE => self.s3.copy(from, to, headers, permit).await?,
            Unless::Exists | Unless::IsNot(_) if file.size <= SMALL => {
                let bytes = store.blob(&file.digest, file.size).await?;
                let put = self.s3.put(to, &Body::Bytes(bytes), (headers, unless), permit).await;
                put.map_err(|error| not_put(to, error))?;
                Some(true)
            }
            Unless::Exists | Unless::IsNot(_) | Unless::Always => {
                let copied = self.s3.copy_in_parts(from, to, (headers, unless), permit).await;
                // What was stored in parts was hashed then.
                copied.map_err(|error| not_put(to, error))?.or((file.size > LARGE).then_some(true))
            }
        };
        let is_right = match has_digest {
            Some(is_right) => is_right,
            None => self.reads_as(to, file.size, &file.digest).await?,
        };
        if is_right { Ok(()) } else { Err(not_put(to, PutError::OtherBytes(file.digest.clone()))) }
    }

    /// Whether an object has some bytes. Asked where S3 does not say what it copied.
    async fn reads_as(&self, place: ObjectPlace<'_>, size: u64, digest: &Digest) -> Result<bool, StoreError> {
        let read = self.s3.object(place, size).await?;
        Ok(read.is_some_and(|(bytes, _)| Digest::of(bytes) == *digest))
    }

    /// Deletes files.
    ///
    /// # Errors
    ///
    /// One is not deleted.
    pub async fn delete(&self, paths: &[SitePath], permit: Permit<'_>) -> Result<(), StoreError> {
        let keys: Vec<&str> = paths.iter().map(SitePath::as_str).collect();
        Ok(self.s3.delete(&self.bucket, &keys, permit).await?)
    }

    fn at<'a>(&'a self, path: &'a SitePath) -> ObjectPlace<'a> {
        ObjectPlace { bucket: &self.bucket, key: path.as_str() }
    }
}

/// Whether a file on the disk is why it was not written.
fn is_of_the_disk(error: &PutError) -> bool {
    match error {
        PutError::File { .. } | PutError::OtherBytes(_) => true,
        PutError::Call(call) => is_other_bytes(call),
        PutError::NotWritten => false,
    }
}
