//! Amazon S3, as far as it says how browsers may read a bucket.

use super::client::S3;
use crate::clients::aws::{AwsError, call};
use crate::domain::static_site::names::BucketName;
use crate::domain::static_site::website::{Setup, Website, readers};

impl S3 {
    /// How a bucket is set up to be read by everyone.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn setup(&self, bucket: &BucketName) -> Result<Setup, AwsError> {
        let (website, restricts, policy) =
            futures_util::try_join!(self.website(bucket), self.restricts(bucket), self.policy(bucket))?;
        Ok(Setup { website, restricts, readers: readers(policy.as_deref(), bucket) })
    }

    async fn website(&self, bucket: &BucketName) -> Result<Option<Website>, AwsError> {
        let request = self.client.get_bucket_website().bucket(bucket.as_str());
        let found = call("s3:GetBucketWebsite", bucket.as_str(), request.send()).await;
        let Some(found) = unless(found, "NoSuchWebsiteConfiguration")? else { return Ok(None) };
        Ok(Some(Website {
            index: found.index_document.map(|document| document.suffix),
            error: found.error_document.map(|document| document.key),
            redirects_to: found.redirect_all_requests_to.map(|to| to.host_name),
        }))
    }

    async fn restricts(&self, bucket: &BucketName) -> Result<bool, AwsError> {
        let request = self.client.get_public_access_block().bucket(bucket.as_str());
        let found = call("s3:GetBucketPublicAccessBlock", bucket.as_str(), request.send()).await;
        let found = unless(found, "NoSuchPublicAccessBlockConfiguration")?;
        let block = found.and_then(|found| found.public_access_block_configuration);
        Ok(block.and_then(|block| block.restrict_public_buckets).unwrap_or(false))
    }

    async fn policy(&self, bucket: &BucketName) -> Result<Option<String>, AwsError> {
        let request = self.client.get_bucket_policy().bucket(bucket.as_str());
        let found = call("s3:GetBucketPolicy", bucket.as_str(), request.send()).await;
        Ok(unless(found, "NoSuchBucketPolicy")?.and_then(|found| found.policy))
    }
}

/// What there is. `code`: what S3 answers where there is none.
fn unless<T>(found: Result<T, AwsError>, code: &str) -> Result<Option<T>, AwsError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is(code) => Ok(None),
        Err(error) => Err(error),
    }
}
