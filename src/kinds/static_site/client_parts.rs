//! Amazon S3, as far as it writes objects in parts: those that are too large for one piece, and copies that are bound to
//! what they are written over.
//!
//! Source: [multipart uploads](https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html), which have at most 10,000
//! parts, each but the last of at least 5 MiB. What is left of one that was cut off is nothing that can be read; a rule of the
//! bucket's lifecycle takes it away.

use std::os::unix::fs::FileExt as _;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use backon::Retryable as _;
use futures_util::stream::{FuturesOrdered, StreamExt as _, TryStreamExt as _, iter};
use sha2::{Digest as _, Sha256};

use super::client::{DIGEST, ObjectPlace, S3, base64, version};
use super::client_write::{Headers, PUT, Unless, conflict_pauses, is_conflict, patience, source};
use super::file_part::FilePart;
use crate::clients::aws::{AwsError, call};
use crate::clients::static_site_error::PutError;
use crate::domain::gate::Permit;
use crate::domain::image::Digest;
use crate::domain::static_site::sync::Version;

/// Bytes of a part, or more where there would be too many parts.
const PART: u64 = 16 * 1024 * 1024;
/// Bytes of a part that S3 copies.
const COPIED_PART: u64 = 512 * 1024 * 1024;
/// The most parts.
const MOST_PARTS: u64 = 10_000;
/// Number of parts that are on their way at once: 64 MiB of memory.
const AT_ONCE: usize = 4;

/// Where the bytes of a large object are.
#[derive(Debug, Clone, Copy)]
pub enum Large<'a> {
    /// In a file.
    File(&'a FilePart),
    /// In another store, which other credentials read.
    Object(&'a S3, ObjectPlace<'a>, u64),
}

/// An upload that is not complete yet.
struct Upload<'a> {
    place: ObjectPlace<'a>,
    id: String,
}

impl Large<'_> {
    fn length(self) -> u64 {
        match self {
            Self::File(part) => part.length,
            Self::Object(_, _, length) => length,
        }
    }

    async fn read(self, offset: u64, length: u64) -> Result<Vec<u8>, PutError> {
        match self {
            Self::Object(s3, place, _) => Ok(s3.range(place, offset, length).await?),
            Self::File(FilePart { path, offset: begin, .. }) => {
                let read = || {
                    let mut bytes = vec![0; usize::try_from(length).map_err(std::io::Error::other)?];
                    std::fs::File::open(path)?.read_exact_at(&mut bytes, begin + offset)?;
                    Ok(bytes)
                };
                read().map_err(|error| PutError::File { path: path.clone(), why: Some(error) })
            }
        }
    }
}

/// The parts of a number of bytes, each with its number, offset and length.
fn parts(size: u64, part: u64) -> Vec<(i32, u64, u64)> {
    let part = part.max(size.div_ceil(MOST_PARTS)).max(1);
    let offsets = (0..size.div_ceil(part)).map(|number| number * part);
    (1..).zip(offsets).map(|(number, offset)| (number, offset, part.min(size - offset))).collect()
}

impl S3 {
    /// Writes a large object whose bytes come from elsewhere. They are hashed on the way: with other bytes there is no object.
    ///
    /// # Errors
    ///
    /// As [`S3::put`], or the bytes are others.
    pub async fn put_in_parts(
        &self,
        place: ObjectPlace<'_>,
        from: Large<'_>,
        (headers, unless): (&Headers, Unless<'_>),
        _permit: Permit<'_>,
    ) -> Result<Version, PutError> {
        let upload = self.begin(place, headers).await?;
        let sent = self.send_parts(&upload, from, &headers.digest).await;
        self.end(upload, sent, headers, unless).await
    }

    async fn send_parts(
        &self,
        upload: &Upload<'_>,
        from: Large<'_>,
        expected: &Digest,
    ) -> Result<Vec<CompletedPart>, PutError> {
        let (mut hash, mut sending, mut sent) = (Sha256::new(), FuturesOrdered::new(), Vec::new());
        for (number, offset, length) in parts(from.length(), PART) {
            if sending.len() == AT_ONCE {
                sent.extend(sending.try_next().await?);
            }
            let bytes = from.read(offset, length).await?;
            hash.update(&bytes);
            sending.push_back(self.send_part(upload, number, bytes));
        }
        sent.extend(sending.try_collect::<Vec<_>>().await?);
        if Digest::from_hash(hash) == *expected { Ok(sent) } else { Err(PutError::OtherBytes(expected.clone())) }
    }

    async fn send_part(&self, upload: &Upload<'_>, number: i32, bytes: Vec<u8>) -> Result<CompletedPart, PutError> {
        let Upload { place, id } = upload;
        let (checksum, length) = (base64(&Digest::of(&bytes)), bytes.len() as u64);
        let request = self.client.upload_part().bucket(place.bucket.as_str()).key(place.key).upload_id(id);
        let request = request.part_number(number).checksum_sha256(&checksum).body(ByteStream::from(bytes));
        let request = request.customize().config_override(patience(length));
        let output = call(PUT, place.key, request.send()).await?;
        let etag = version(PUT, output.e_tag())?;
        let part = CompletedPart::builder().part_number(number).e_tag(etag.as_str()).checksum_sha256(checksum);
        Ok(part.build())
    }

    /// Copies an object within S3, of any size, bound to what it is written over. Returns whether S3 found the digest in the
    /// bytes; `None`: it does not say, as of one that has more than one part.
    ///
    /// # Errors
    ///
    /// As [`S3::put`].
    pub async fn copy_in_parts(
        &self,
        (from, size): (ObjectPlace<'_>, u64),
        to: ObjectPlace<'_>,
        (headers, unless): (&Headers, Unless<'_>),
        _permit: Permit<'_>,
    ) -> Result<Option<bool>, PutError> {
        let upload = self.begin(to, headers).await?;
        let each = parts(size, COPIED_PART).into_iter().map(|part| self.copy_part(&upload, from, part));
        let copied: Result<Vec<CompletedPart>, PutError> = iter(each).buffered(AT_ONCE).try_collect().await;
        let checksum = match copied.as_deref() {
            Ok([only]) => only.checksum_sha256().map(|checksum| checksum == base64(&headers.digest)),
            _ => None,
        };
        let copied = match checksum {
            Some(false) => Err(PutError::OtherBytes(headers.digest.clone())),
            _ => copied,
        };
        self.end(upload, copied, headers, unless).await?;
        Ok(checksum)
    }

    async fn copy_part(
        &self,
        upload: &Upload<'_>,
        from: ObjectPlace<'_>,
        (number, offset, length): (i32, u64, u64),
    ) -> Result<CompletedPart, PutError> {
        let Upload { place, id } = upload;
        let range = format!("bytes={offset}-{}", (offset + length).saturating_sub(1));
        let request = self.client.upload_part_copy().bucket(place.bucket.as_str()).key(place.key).upload_id(id);
        let request = request.part_number(number).copy_source(source(from)).copy_source_range(range);
        let request = request.customize().config_override(patience(length));
        let output = call(PUT, place.key, request.send()).await?;
        let copied = output.copy_part_result();
        let etag = version(PUT, copied.and_then(|copied| copied.e_tag()))?;
        let checksum = copied.and_then(|copied| copied.checksum_sha256()).map(str::to_owned);
        let part = CompletedPart::builder().part_number(number).e_tag(etag.as_str()).set_checksum_sha256(checksum);
        Ok(part.build())
    }

    async fn begin<'p>(&self, place: ObjectPlace<'p>, headers: &Headers) -> Result<Upload<'p>, PutError> {
        let request = self.client.create_multipart_upload().bucket(place.bucket.as_str()).key(place.key);
        let request = request
            .content_type(&headers.content_type)
            .set_cache_control(headers.cache.map(str::to_owned))
            .set_content_encoding(headers.encoding.map(str::to_owned))
            .metadata(DIGEST, headers.digest.hex())
            .checksum_algorithm(ChecksumAlgorithm::Sha256);
        let output = call(PUT, place.key, request.send()).await?;
        let id = output.upload_id().ok_or_else(|| AwsError::returned(PUT, "no upload"))?;
        Ok(Upload { place, id: id.to_owned() })
    }

    /// Makes one object of the parts, or none where one is missing.
    async fn end(
        &self,
        upload: Upload<'_>,
        parts: Result<Vec<CompletedPart>, PutError>,
        headers: &Headers,
        unless: Unless<'_>,
    ) -> Result<Version, PutError> {
        let place = upload.place;
        let ended = match parts {
            Ok(parts) => {
                let complete = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
                let once = || self.complete(&upload, &complete, unless);
                let completed = once.retry(conflict_pauses()).when(is_conflict).await;
                self.settled(place, headers, completed).await
            }
            Err(error) => Err(error),
        };
        if ended.is_err() {
            let request = self.client.abort_multipart_upload().bucket(place.bucket.as_str()).key(place.key);
            // The failure is reported; parts that stay are no object.
            let _aborted = call("s3:AbortMultipartUpload", place.key, request.upload_id(&upload.id).send()).await;
        }
        ended
    }

    async fn complete(
        &self,
        upload: &Upload<'_>,
        complete: &CompletedMultipartUpload,
        unless: Unless<'_>,
    ) -> Result<Version, PutError> {
        let Upload { place, id } = upload;
        let request = self.client.complete_multipart_upload().bucket(place.bucket.as_str()).key(place.key);
        let request = request
            .upload_id(id)
            .multipart_upload(complete.clone())
            .set_if_none_match(unless.if_none_match())
            .set_if_match(unless.if_match());
        let request = request.customize().config_override(patience(PART));
        let output = call(PUT, place.key, request.send()).await?;
        Ok(version(PUT, output.e_tag())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_all_bytes_and_are_never_too_many() {
        assert_eq!(parts(10, 4), [(1, 0, 4), (2, 4, 4), (3, 8, 2)]);
        assert_eq!(parts(8, 4), [(1, 0, 4), (2, 4, 4)]);
        for size in [1, PART, 6 * 1024 * PART / 16, 5 * 1024 * 1024 * 1024 * 1024] {
            let parts = parts(size, PART);
            assert!(parts.len() as u64 <= MOST_PARTS);
            assert_eq!(parts.iter().map(|(_, _, length)| length).sum::<u64>(), size);
            assert!(parts.iter().rev().skip(1).all(|(_, _, length)| *length >= PART));
        }
    }
}
