//! Amazon S3, as far as it reads.

use aws_config::SdkConfig;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::operation::head_object::{HeadObjectError, HeadObjectOutput};
use aws_sdk_s3::types::ChecksumMode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client_answer::{denied, response, status};
use crate::clients::aws::{AwsError, AwsErrorKind, call, timestamp};
use crate::domain::image::Digest;
use crate::domain::static_site::names::BucketName;
use crate::domain::static_site::sync::{ListedObject, SeenObject, Version};
use crate::observe::AwsClient;

/// Reading an object, in the words of IAM; whether it is there, too.
pub(super) const GET: &str = "s3:GetObject";
/// Listing a bucket, in the words of IAM; whether it is there, too.
pub(super) const LIST: &str = "s3:ListBucket";

/// The name of the metadata with the digest of an object's bytes, 64 hexadecimal digits.
pub const DIGEST: &str = "shipgate-sha256";

/// Amazon S3 in one region.
#[derive(Debug, Clone)]
pub struct S3 {
    pub(super) client: aws_sdk_s3::Client,
}

/// An object by where it is.
#[derive(Debug, Clone, Copy)]
pub struct ObjectPlace<'a> {
    /// The bucket.
    pub bucket: &'a BucketName,
    /// The key.
    pub key: &'a str,
}

impl AwsClient for S3 {
    const SERVICE: &'static str = "S3";

    fn new(config: &SdkConfig) -> Self {
        // An endpoint of one's own has no names for buckets.
        let has_endpoint = config.endpoint_url().is_some();
        let config = Builder::from(config).force_path_style(has_endpoint).build();
        Self { client: aws_sdk_s3::Client::from_conf(config) }
    }
}

impl S3 {
    /// An object of at most this many bytes, with its version. `None`: there is none of that key.
    ///
    /// # Errors
    ///
    /// The call failed, or the object is larger.
    pub async fn object(&self, place: ObjectPlace<'_>, most: u64) -> Result<Option<(Vec<u8>, Version)>, AwsError> {
        let request = self.client.get_object().bucket(place.bucket.as_str()).key(place.key);
        let output = match call(GET, place.key, request.send()).await {
            Ok(output) => output,
            Err(error) if error.is("NoSuchKey") => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = output.content_length().and_then(|length| u64::try_from(length).ok());
        if length.is_none_or(|length| length > most) {
            return Err(AwsError::returned(GET, "an object that is larger than expected"));
        }
        let version = version(GET, output.e_tag())?;
        let body = output.body.collect().await;
        let body = body.map_err(|error| AwsError::returned(GET, "a part of an object").because(error))?;
        Ok(Some((body.to_vec(), version)))
    }

    /// A number of bytes of an object, from an offset.
    ///
    /// # Errors
    ///
    /// The call failed, or there are fewer.
    pub async fn range(&self, place: ObjectPlace<'_>, offset: u64, length: u64) -> Result<Vec<u8>, AwsError> {
        let range = format!("bytes={offset}-{}", (offset + length).saturating_sub(1));
        let request = self.client.get_object().bucket(place.bucket.as_str()).key(place.key).range(range);
        let output = call(GET, place.key, request.send()).await?;
        let body = output.body.collect().await;
        let body = body.map_err(|error| AwsError::returned(GET, "a part of an object").because(error))?.to_vec();
        if body.len() as u64 == length { Ok(body) } else { Err(AwsError::returned(GET, "a part of an object")) }
    }

    /// An object without its bytes. `None`: there is none of that key.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn head(&self, place: ObjectPlace<'_>) -> Result<Option<SeenObject>, AwsError> {
        self.look(place).await?.map(|output| seen(&output)).transpose()
    }

    /// The size of an object, and whether S3 itself says that its bytes have a digest. `None`: S3 does not say, or there
    /// is no object.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn digest(&self, place: ObjectPlace<'_>, expected: &Digest) -> Result<Option<StoredObject>, AwsError> {
        Ok(self.look(place).await?.map(|output| held(&output, expected)))
    }

    async fn look(&self, place: ObjectPlace<'_>) -> Result<Option<HeadObjectOutput>, AwsError> {
        let request = self.client.head_object().bucket(place.bucket.as_str()).key(place.key);
        let request = request.checksum_mode(ChecksumMode::Enabled);
        match call(GET, place.key, request.send()).await {
            Ok(output) => Ok(Some(output)),
            // The answer has no body, and so no code.
            Err(error) => match response::<HeadObjectError>(&error).map(status) {
                Some(404) => Ok(None),
                Some(403) if error.kind == AwsErrorKind::Service => Err(denied(GET, error)),
                _ => Err(error),
            },
        }
    }

    /// The keys that begin with something, in the order of their bytes, at most this many.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn list(&self, bucket: &BucketName, prefix: &str, most: usize) -> Result<Vec<String>, AwsError> {
        let objects = self.list_objects(bucket, prefix, most).await?;
        Ok(objects.into_iter().map(|(key, _)| key).collect())
    }

    /// As [`Self::list`], with what the list says of each object.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn list_objects(
        &self,
        bucket: &BucketName,
        prefix: &str,
        most: usize,
    ) -> Result<Vec<(String, ListedObject)>, AwsError> {
        let mut keys: Vec<(String, ListedObject)> = Vec::new();
        let mut token = None;
        while keys.len() < most {
            let page = i32::try_from((most - keys.len()).min(1000)).unwrap_or(1000);
            let request = self.client.list_objects_v2().bucket(bucket.as_str()).prefix(prefix).max_keys(page);
            let output = call(LIST, prefix, request.set_continuation_token(token).send()).await?;
            let listed = output.contents().iter();
            keys.extend(listed.filter_map(|object| Some((object.key()?.to_owned(), listed_object(object)))));
            token = output.next_continuation_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        keys.truncate(most);
        Ok(keys)
    }
}

/// What S3 says of an object that should have some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredObject {
    /// How many bytes there are.
    pub size: u64,
    /// Whether S3 found the digest in all of them. `None`: it did not look.
    pub has_digest: Option<bool>,
    /// Whether its metadata says that it has the digest.
    pub is_marked: bool,
}

fn listed_object(object: &aws_sdk_s3::types::Object) -> ListedObject {
    ListedObject {
        size: object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        modified: timestamp(object.last_modified()),
    }
}

fn held(output: &HeadObjectOutput, expected: &Digest) -> StoredObject {
    // That of an object that was written in parts is one of the parts' checksums, with their number behind it.
    let whole = output.checksum_sha256().filter(|checksum| !checksum.contains('-'));
    StoredObject {
        size: output.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or_default(),
        has_digest: whole.map(|checksum| checksum == base64(expected)),
        is_marked: marked(output).as_ref() == Some(expected),
    }
}

fn marked(output: &HeadObjectOutput) -> Option<Digest> {
    let hex = output.metadata()?.get(DIGEST)?;
    format!("sha256:{hex}").parse().ok()
}

fn seen(output: &HeadObjectOutput) -> Result<SeenObject, AwsError> {
    Ok(SeenObject {
        version: version(GET, output.e_tag())?,
        size: output.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or_default(),
        digest: marked(output),
        content_type: output.content_type().map(str::to_owned),
        cache: output.cache_control().map(str::to_owned),
        encoding: output.content_encoding().map(str::to_owned),
    })
}

/// The version that an answer names.
pub(super) fn version(operation: &'static str, etag: Option<&str>) -> Result<Version, AwsError> {
    etag.map(Version::from).ok_or_else(|| AwsError::returned(operation, "no ETag"))
}

/// A digest as S3 has checksums.
pub fn base64(digest: &Digest) -> String {
    let nibble =
        |digit: u8| (digit as char).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or_default();
    let byte = |pair: &[u8]| pair.iter().fold(0_u8, |byte, digit| (byte << 4) | nibble(*digit));
    STANDARD.encode(digest.hex().as_bytes().chunks(2).map(byte).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::static_site::bundle::{Cache, Encoding, SiteFile};

    fn file() -> SiteFile {
        SiteFile {
            digest: Digest::of("abc"),
            size: 3,
            content_type: "text/css".to_owned(),
            cache: Cache::Immutable,
            encoding: Some(Encoding::Gzip),
        }
    }

    fn output() -> HeadObjectOutput {
        HeadObjectOutput::builder()
            .e_tag("\"1\"")
            .content_length(3)
            .content_type("text/css")
            .cache_control(Cache::Immutable.header())
            .content_encoding("gzip")
            .metadata(DIGEST, file().digest.hex())
            .checksum_sha256(base64(&file().digest))
            .build()
    }

    #[test]
    fn a_digest_is_a_checksum_of_s3() {
        assert_eq!(base64(&Digest::of("abc")), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    }

    #[test]
    fn an_object_is_seen_with_its_headers_and_its_mark() {
        assert!(seen(&output()).unwrap().is(&file()));
        for other in [
            HeadObjectOutput::builder().e_tag("\"1\"").content_length(3).build(),
            HeadObjectOutput::builder().e_tag("\"1\"").metadata(DIGEST, "../x").build(),
        ] {
            assert_eq!(seen(&other).unwrap().digest, None, "somebody else wrote it");
        }
        assert!(seen(&HeadObjectOutput::builder().build()).is_err(), "without a version it cannot be written over");
    }

    #[test]
    fn the_checksum_of_parts_is_not_taken_for_one_of_the_bytes() {
        let expected = |has_digest| StoredObject { size: 3, has_digest, is_marked: true };
        assert_eq!(held(&output(), &file().digest), expected(Some(true)));
        let with = |checksum: Option<&str>| {
            let mut output = output();
            output.checksum_sha256 = checksum.map(str::to_owned);
            held(&output, &file().digest)
        };
        assert_eq!(with(None), expected(None));
        assert_eq!(with(Some(&format!("{}-3", base64(&file().digest)))), expected(None));
        assert_eq!(with(Some(&base64(&Digest::of("x")))), expected(Some(false)));
    }
}
