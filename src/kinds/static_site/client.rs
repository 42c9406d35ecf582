//! Amazon S3, as far as a site is looked at.

use aws_config::SdkConfig;
use aws_sdk_s3::config::Builder;

use crate::clients::aws::{AwsError, call};
use crate::domain::static_site::names::BucketName;
use crate::observe::AwsClient;

/// An object that says which release is served is no larger.
const LARGEST: i64 = 64 * 1024;

/// Amazon S3 in one region.
#[derive(Debug, Clone)]
pub struct S3 {
    client: aws_sdk_s3::Client,
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
    /// Whether a bucket exists.
    ///
    /// # Errors
    ///
    /// The call failed for another reason.
    pub async fn bucket_exists(&self, bucket: &BucketName) -> Result<bool, AwsError> {
        let request = self.client.list_objects_v2().bucket(bucket.as_str()).max_keys(1);
        match call("s3:ListBucket", bucket.as_str(), request.send()).await {
            Ok(_) => Ok(true),
            Err(error) if error.is("NoSuchBucket") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A small object. `None`: there is none of that key.
    ///
    /// # Errors
    ///
    /// The call failed, or the object is too large to be what is looked for.
    pub async fn small_object(&self, bucket: &BucketName, key: &str) -> Result<Option<Vec<u8>>, AwsError> {
        const OPERATION: &str = "s3:GetObject";
        let request = self.client.get_object().bucket(bucket.as_str()).key(key);
        let output = match call(OPERATION, bucket.as_str(), request.send()).await {
            Ok(output) => output,
            Err(error) if error.is("NoSuchKey") => return Ok(None),
            Err(error) => return Err(error),
        };
        if output.content_length().is_none_or(|length| length > LARGEST) {
            return Err(AwsError::returned(OPERATION, "an object of more than 64 KiB"));
        }
        let body = output.body.collect().await;
        let body = body.map_err(|error| AwsError::returned(OPERATION, "half of an object").because(error))?;
        Ok(Some(body.to_vec()))
    }
}
