//! Puts a release on the bucket that serves it, wave by wave, from the store, which has every byte before the first write.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::client::{Place, S3};
use super::client_many::{AT_ONCE, each_of};
use super::client_write::{Body, Headers, Unless};
use super::store::{Store, not_put};
use crate::clients::static_site_error::{PutError, StoreError};
use crate::domain::gate::Permit;
use crate::domain::image::Digest;
use crate::domain::static_site::bundle::SitePath;
use crate::domain::static_site::names::BucketName;
use crate::domain::static_site::store::keys;
use crate::domain::static_site::sync::{Over, SeenObject, Write};

/// What has no more bytes goes through memory where it is bound to what it is written over: 32 times so much.
const SMALL: u64 = 1024 * 1024;
/// What has more bytes is copied in parts: one call copies at most 5 GB
/// ([CopyObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html)), and a long one is cut off.
const LARGE: u64 = 256 * 1024 * 1024;

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
        (store, wave): (&Store, &[Write]),
        ready: impl AsyncFn() -> Result<(), E>,
        done: &dyn Fn(&Write),
        permit: Permit<'_>,
    ) -> Result<(), E> {
        let write = async |write: &Write| {
            ready().await?;
            self.write_one(store, write, permit).await?;
            done(write);
            Ok(())
        };
        each_of(wave, AT_ONCE, write).await
    }

    async fn write_one(&self, store: &Store, write: &Write, permit: Permit<'_>) -> Result<(), StoreError> {
        let Write { path, file, over } = write;
        let (headers, to) = (Headers::of(file), self.at(path));
        let unless = match over {
            Over::Nothing => Unless::Exists,
            Over::Version(version) => Unless::IsNot(version),
            Over::Anything => Unless::Always,
        };
        let key = keys::blob(&file.digest);
        let from = (store.at(&key), file.size);
        let has_digest = match over {
            Over::Anything if file.size <= LARGE => self.s3.copy(from, to, &headers, permit).await?,
            Over::Nothing | Over::Version(_) if file.size <= SMALL => {
                let bytes = store.blob(&file.digest, file.size).await?;
                let put = self.s3.put(to, &Body::Bytes(bytes), (&headers, unless), permit).await;
                put.map_err(|error| not_put(to, error))?;
                Some(true)
            }
            Over::Nothing | Over::Version(_) | Over::Anything => {
                let copied = self.s3.copy_in_parts(from, to, (&headers, unless), permit).await;
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
    async fn reads_as(&self, place: Place<'_>, size: u64, digest: &Digest) -> Result<bool, StoreError> {
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

    fn at<'a>(&'a self, path: &'a SitePath) -> Place<'a> {
        Place { bucket: &self.bucket, key: path.as_str() }
    }
}
