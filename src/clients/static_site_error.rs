//! Why a release store, or a bucket that serves a site, does not do what it should.

use camino::Utf8PathBuf;

use super::aws::AwsError;
use crate::domain::image::Digest;
use crate::domain::static_site::names::BucketName;

/// Why an object is not written.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// Something else is there than what it was to be written over.
    #[error("something else is there")]
    NotWritten,
    /// The file on disk cannot be read, or is not what it was.
    #[error("{path} cannot be read as it was")]
    File {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        why: Option<std::io::Error>,
    },
    /// The bytes that were read are others.
    #[error("the bytes are not those of {0}")]
    OtherBytes(Digest),
    /// The call failed.
    #[error(transparent)]
    Call(#[from] AwsError),
}

/// Why a release store, or a bucket that serves a site, does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The call failed.
    #[error(transparent)]
    Call(#[from] AwsError),
    /// An object is not what it should be.
    #[error("object `{key}` of bucket `{bucket}` cannot be read: {why}")]
    Unreadable {
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: String,
        /// Why, in words.
        why: String,
    },
    /// The store has no bytes of a file that a release has.
    #[error("bucket `{bucket}` has no object `{key}`, which a release needs")]
    Missing {
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: String,
    },
    /// The bytes of a file are others than its digest says.
    #[error("object `{key}` of bucket `{bucket}` does not have the bytes that its name says")]
    OtherBytes {
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: String,
    },
    /// A file on disk is not what it was when it was hashed.
    #[error("a file of the bundle cannot be read as it was")]
    File(#[source] PutError),
    /// Another run changes the site: who, in words.
    #[error("another run changes the site: {0}")]
    Busy(String),
    /// Another run took the site over, or somebody wrote what this run was to write: the object.
    #[error("another program wrote object `{key}` of bucket `{bucket}` meanwhile")]
    Overtaken {
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: String,
    },
}

impl StoreError {
    /// Whether somebody else was faster.
    pub fn is_overtaken(&self) -> bool {
        matches!(self, Self::Overtaken { .. })
    }
}
