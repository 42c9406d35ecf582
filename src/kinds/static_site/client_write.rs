//! Amazon S3, as far as it writes. Only a change that gates have let through writes.
//!
//! Nothing is said of encryption: what the bucket is set to applies. Source:
//! [conditional writes](https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html),
//! [checksums](https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html).

use std::time::Duration;

use aws_sdk_s3::config::Builder;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{ChecksumAlgorithm, Delete, MetadataDirective, ObjectIdentifier};
use backon::{ExponentialBuilder, Retryable as _};
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use super::client::{DIGEST, ObjectPlace, S3, base64, version};
use super::file_part::FilePart;
use crate::clients::aws::{AwsError, call};
use crate::clients::static_site_error::PutError;
use crate::domain::gate::Permit;
use crate::domain::image::Digest;
use crate::domain::limits::AWS_ATTEMPT;
use crate::domain::neutral;
use crate::domain::static_site::bundle::{Encoding, SiteFile};
use crate::domain::static_site::names::BucketName;
use crate::domain::static_site::sync::Version;

/// Writing an object, in the words of IAM.
pub(super) const PUT: &str = "s3:PutObject";

/// What has no more bytes is read at once, 32 times side by side: read piece by piece, a small file costs more than what is
/// in it.
const AT_A_TIME: u64 = 1024 * 1024;

/// The slowest rate that a transfer gets time for, in bytes a second.
const SLOWEST: u64 = 128 * 1024;

/// Maximum number of keys that are deleted in one call
/// ([DeleteObjects](https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html)).
const DELETED_AT_ONCE: usize = 1000;

/// Bytes to write.
#[derive(Debug, Clone)]
pub enum Body {
    /// In memory.
    Bytes(Bytes),
    /// In a file.
    File(FilePart),
}

/// What an object is written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    /// The digest of its bytes: with others S3 refuses it.
    pub digest: Digest,
    /// The header `Content-Type`.
    pub content_type: String,
    /// The header `Cache-Control`.
    pub cache: Option<&'static str>,
    /// The header `Content-Encoding`.
    pub encoding: Option<&'static str>,
}

/// What has to be there for an object to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unless<'a> {
    /// It is written over anything.
    Always,
    /// Nothing.
    Exists,
    /// This version.
    IsNot(&'a Version),
}

impl Headers {
    /// Those of a file of a site.
    pub fn of(file: &SiteFile) -> Self {
        Self {
            digest: file.digest.clone(),
            content_type: file.content_type.clone(),
            cache: Some(file.cache.header()),
            encoding: file.encoding.map(Encoding::header),
        }
    }

    /// Those of an object of a store. It is never served.
    pub fn kept(digest: Digest, content_type: &str) -> Self {
        Self { digest, content_type: content_type.to_owned(), cache: None, encoding: None }
    }
}

impl Body {
    /// How many bytes there are.
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(part) => part.length,
        }
    }

    async fn stream(&self) -> Result<ByteStream, PutError> {
        let part = match self {
            Self::Bytes(bytes) => return Ok(ByteStream::from(bytes.clone())),
            Self::File(part) if part.length <= AT_A_TIME => {
                let bytes = part.read_part(0, part.length).map_err(|error| of_file(part, error))?;
                return Ok(ByteStream::from(bytes));
            }
            Self::File(part) => part,
        };
        let stream = ByteStream::read_from().path(part.path.as_std_path()).offset(part.offset);
        let stream = stream.length(Length::Exact(part.length)).build().await;
        stream.map_err(|error| of_file(part, error))
    }
}

fn of_file(part: &FilePart, error: impl std::error::Error + Send + Sync + 'static) -> PutError {
    PutError::File { path: part.path.clone(), why: Some(std::io::Error::other(error)) }
}

impl Unless<'_> {
    pub(super) fn if_none_match(self) -> Option<String> {
        matches!(self, Self::Exists).then(|| "*".to_owned())
    }

    pub(super) fn if_match(self) -> Option<String> {
        match self {
            Self::IsNot(version) => Some(version.to_string()),
            Self::Always | Self::Exists => None,
        }
    }
}

impl S3 {
    /// Writes an object in one piece.
    ///
    /// # Errors
    ///
    /// Something else is there than what it was to be written over, or it cannot be written.
    pub async fn put(
        &self,
        place: ObjectPlace<'_>,
        body: &Body,
        (headers, unless): (&Headers, Unless<'_>),
        _permit: Permit<'_>,
    ) -> Result<Version, PutError> {
        let once = || self.put_once(place, body, headers, unless);
        let put = once.retry(conflict_pauses()).when(is_conflict).await;
        self.settled(place, headers, put).await
    }

    /// Writes an object in one piece where there is none. Returns whether there was none: what is there then stays, and is
    /// not looked at.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub async fn put_new(
        &self,
        place: ObjectPlace<'_>,
        body: &Body,
        headers: &Headers,
        _permit: Permit<'_>,
    ) -> Result<bool, PutError> {
        let once = || self.put_once(place, body, headers, Unless::Exists);
        match once.retry(conflict_pauses()).when(is_conflict).await {
            Ok(_) => Ok(true),
            Err(PutError::Call(error)) if is_precondition(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn put_once(
        &self,
        place: ObjectPlace<'_>,
        body: &Body,
        headers: &Headers,
        unless: Unless<'_>,
    ) -> Result<Version, PutError> {
        let request = self.client.put_object().bucket(place.bucket.as_str()).key(place.key);
        let request = request
            .content_type(&headers.content_type)
            .set_cache_control(headers.cache.map(str::to_owned))
            .set_content_encoding(headers.encoding.map(str::to_owned))
            .metadata(DIGEST, headers.digest.hex())
            .checksum_sha256(base64(&headers.digest))
            .set_if_none_match(unless.if_none_match())
            .set_if_match(unless.if_match())
            .body(body.stream().await?);
        let request = request.customize().config_override(patience(body.length()));
        let output = call(PUT, place.key, request.send()).await?;
        Ok(version(PUT, output.e_tag())?)
    }

    /// What came of a write. A refusal after an answer that was lost is none: the object is there as it is wanted.
    pub(super) async fn settled(
        &self,
        place: ObjectPlace<'_>,
        headers: &Headers,
        put: Result<Version, PutError>,
    ) -> Result<Version, PutError> {
        match put {
            Err(PutError::Call(error)) if is_precondition(&error) => {
                let there = self.head(place).await?;
                let ours = there.filter(|there| {
                    there.digest.as_ref() == Some(&headers.digest)
                        && there.content_type.as_ref() == Some(&headers.content_type)
                        && there.cache.as_deref() == headers.cache
                        && there.encoding.as_deref() == headers.encoding
                });
                ours.map(|there| there.version).ok_or(PutError::NotWritten)
            }
            put => put,
        }
    }

    /// Copies an object of at most 5 GB within S3, over whatever is there. Returns whether S3 found the digest in the bytes;
    /// `None`: it does not say.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn copy(
        &self,
        (from, size): (ObjectPlace<'_>, u64),
        to: ObjectPlace<'_>,
        headers: &Headers,
        _permit: Permit<'_>,
    ) -> Result<Option<bool>, AwsError> {
        let request = self.client.copy_object().bucket(to.bucket.as_str()).key(to.key).copy_source(source(from));
        let request = request
            .metadata_directive(MetadataDirective::Replace)
            .content_type(&headers.content_type)
            .set_cache_control(headers.cache.map(str::to_owned))
            .set_content_encoding(headers.encoding.map(str::to_owned))
            .metadata(DIGEST, headers.digest.hex())
            .checksum_algorithm(ChecksumAlgorithm::Sha256);
        let request = request.customize().config_override(patience(size));
        let output = call(PUT, to.key, request.send()).await?;
        let checksum = output.copy_object_result().and_then(|copied| copied.checksum_sha256());
        Ok(checksum.filter(|checksum| !checksum.contains('-')).map(|checksum| checksum == base64(&headers.digest)))
    }

    /// Deletes objects. That one is not there is fine.
    ///
    /// # Errors
    ///
    /// A call failed, or S3 did not delete one of them.
    pub async fn delete(&self, bucket: &BucketName, keys: &[&str], _permit: Permit<'_>) -> Result<(), AwsError> {
        const OPERATION: &str = "s3:DeleteObject";
        let unusable = |error| AwsError::unexpected(OPERATION, "a key is missing").because(error);
        for keys in keys.chunks(DELETED_AT_ONCE) {
            let objects = keys.iter().map(|key| ObjectIdentifier::builder().key(*key).build());
            let objects = objects.collect::<Result<Vec<_>, _>>().map_err(unusable)?;
            let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(unusable)?;
            let request = self.client.delete_objects().bucket(bucket.as_str()).delete(delete);
            let output = call(OPERATION, bucket.as_str(), request.send()).await?;
            if let Some(error) = output.errors().first() {
                let [code, message, key] = [error.code(), error.message(), error.key()].map(Option::unwrap_or_default);
                let text = neutral::phrase(&format!("{code}: {message}: {key}"), 600);
                let error = AwsError::unexpected(OPERATION, &text);
                return Err(AwsError { code: Some(neutral::phrase(code, 64)), ..error });
            }
        }
        Ok(())
    }
}

/// An object as the source of a copy.
pub(super) fn source(from: ObjectPlace<'_>) -> String {
    let key = from.key.split('/').map(|part| percent_encode(part.as_bytes(), NON_ALPHANUMERIC).to_string());
    format!("{}/{}", from.bucket, key.collect::<Vec<_>>().join("/"))
}

/// How long a transfer of a number of bytes may take.
pub(super) fn patience(bytes: u64) -> Builder {
    let attempt = AWS_ATTEMPT.time() + Duration::from_secs(bytes / SLOWEST);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(attempt)
        .operation_timeout(attempt * 5)
        .build();
    Builder::new().timeout_config(timeouts)
}

/// Pauses after somebody else wrote the same object at the same moment.
pub(super) fn conflict_pauses() -> ExponentialBuilder {
    ExponentialBuilder::default().with_min_delay(Duration::from_millis(200)).with_max_times(4).with_jitter()
}

/// Whether somebody else wrote the same object at the same moment, and S3 did not decide who was first.
pub(super) fn is_conflict(error: &PutError) -> bool {
    matches!(error, PutError::Call(error) if error.is("ConditionalRequestConflict"))
}

/// Whether S3 refused bytes that do not have the checksum that was sent with them.
pub(super) fn is_other_bytes(error: &AwsError) -> bool {
    error.is("BadDigest") || error.is("XAmzContentChecksumMismatch")
}

/// Whether S3 says that something else is there, or nothing where there was something, or could not decide.
fn is_precondition(error: &AwsError) -> bool {
    ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"].into_iter().any(|code| error.is(code))
}

#[cfg(test)]
mod tests;
