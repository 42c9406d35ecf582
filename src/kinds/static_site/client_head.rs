//! Amazon S3, as far as it answers with a status and headers alone.

use aws_sdk_s3::operation::head_bucket::HeadBucketError;
use aws_smithy_runtime_api::http::Response;

use super::client::{LIST, S3};
use super::client_answer::{denied, response, status};
use crate::clients::aws::{AwsError, AwsErrorKind, call};
use crate::domain::names::Region;
use crate::domain::static_site::names::BucketName;

/// Where a bucket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BucketPlace {
    /// In the client's region.
    Here,
    /// In another region, which S3 names or not
    /// ([`HeadBucket`](https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html)).
    Elsewhere(Option<Region>),
    /// No account has it.
    Nowhere,
}

impl S3 {
    /// Where a bucket is.
    ///
    /// # Errors
    ///
    /// The call failed for another reason.
    pub async fn find_bucket(&self, bucket: &BucketName) -> Result<BucketPlace, AwsError> {
        let request = self.client.head_bucket().bucket(bucket.as_str());
        let Err(error) = call(LIST, bucket.as_str(), request.send()).await else { return Ok(BucketPlace::Here) };
        let answer = response::<HeadBucketError>(&error);
        match answer.map(status) {
            Some(404) => Ok(BucketPlace::Nowhere),
            Some(301) => Ok(BucketPlace::Elsewhere(answer.and_then(region))),
            Some(403) if error.kind == AwsErrorKind::Service => Err(denied(LIST, error)),
            _ => Err(error),
        }
    }
}

fn region(answer: &Response) -> Option<Region> {
    answer.headers().get("x-amz-bucket-region")?.parse().ok()
}
