//! The website of a bucket: where it answers, and what about it keeps browsers from a site.
//!
//! Sources: [website endpoints](https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints),
//! [permissions for website access](https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteAccessPermissionsReqd.html),
//! [Block Public Access](https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html).

mod readers;
#[cfg(test)]
mod tests;

pub use readers::{Readers, readers};
use serde_json::json;

use super::names::BucketName;
use super::warning::SiteWarning;
use crate::domain::failure::Failure;
use crate::domain::names::Region;
use crate::domain::neutral;
use crate::domain::role::Partition;

/// What `/` answers with: the entry page of a site.
const ENTRY: &str = "index.html";
/// The regions whose endpoint has `-` before the region. All others, the newer ones, have `.`.
const WITH_DASH: &[&str] = &[
    "ap-northeast-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-west-1",
    "sa-east-1",
    "us-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// A bucket as it is set up to be read by everyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Its website. `None`: it has none.
    pub website: Option<Website>,
    /// Whether Block Public Access makes S3 refuse whom a public policy lets read (`RestrictPublicBuckets`).
    pub restricts: bool,
    /// Whom its policy lets read all objects.
    pub readers: Readers,
}

/// The website of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Website {
    /// What stands for `/`, and for each path that ends with it.
    pub index: Option<String>,
    /// The object that errors are answered with, with the status of the error.
    pub error: Option<String>,
    /// The host that all requests are sent to instead.
    pub redirects_to: Option<String>,
}

/// The host that the website of a bucket answers at, without TLS.
pub fn host(bucket: &BucketName, region: &Region) -> String {
    let region = region.as_str();
    let between = if WITH_DASH.contains(&region) { '-' } else { '.' };
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("{bucket}.s3-website{between}{region}.amazonaws.com{suffix}")
}

/// Why the website of a bucket cannot serve a site, with the command that changes it.
pub fn wrong(bucket: &BucketName, region: &Region, setup: &Setup) -> Option<Failure> {
    let named = |text: &str| neutral::phrase(text, 200);
    let Some(website) = &setup.website else {
        let failure = Failure::invalid(format!("bucket `{bucket}` has no website, and `website = true` is written"));
        return Some(failure.hint(format!("run `{}`", put_website(bucket))));
    };
    if let Some(host) = &website.redirects_to {
        let reason = format!("the website of bucket `{bucket}` redirects all requests to {}", named(host));
        let hint = format!("run `{}`, or write what answers there in `url`", put_website(bucket));
        return Some(Failure::invalid(reason).hint(hint));
    }
    if website.index.as_deref() != Some(ENTRY) {
        let index = named(website.index.as_deref().unwrap_or("nothing"));
        let reason = format!("the website of bucket `{bucket}` answers `/` with `{index}`, not with `{ENTRY}`");
        return Some(Failure::invalid(reason).hint(format!("run `{}`", put_website(bucket))));
    }
    match setup.readers {
        Readers::NoOne => Some(
            Failure::invalid(format!(
                "the public may not read bucket `{bucket}`: its website answers every browser with 403"
            ))
            .cause("no statement of the bucket policy lets everyone have its objects")
            .hint(format!("run `{}`", put_policy(bucket, region)))
            .hint(format!("if that is refused, run `{}` before", put_block(bucket))),
        ),
        Readers::Everyone if setup.restricts => Some(
            Failure::invalid(format!(
                "Block Public Access keeps everyone from bucket `{bucket}`: its website answers every browser with 403"
            ))
            .cause("its policy lets everyone read, and `RestrictPublicBuckets` is on")
            .hint(format!("run `{}`", put_block(bucket))),
        ),
        Readers::Everyone | Readers::Some => None,
    }
}

/// What about the website of a bucket lets a site go wrong. One that is [`wrong`] has nothing but that.
pub fn warnings(bucket: &BucketName, setup: &Setup) -> Vec<SiteWarning> {
    let mut warnings = Vec::new();
    if setup.readers == Readers::Some {
        let text = format!("the policy of bucket `{bucket}` lets browsers read under conditions alone");
        let hint = "the proof asks from where shipgate runs: see that the conditions hold there";
        warnings.push(SiteWarning::new(text, hint));
    }
    let error = setup.website.as_ref().and_then(|website| website.error.as_deref());
    if error == Some(ENTRY) {
        let text = format!(
            "a path without a file is answered with `{ENTRY}` and an error's status, 404 or 403: browsers show the page, \
             search engines and monitors see an error"
        );
        let hint =
            "a website cannot answer such a path with 200: put a distribution before the bucket if one has to be";
        warnings.push(SiteWarning::new(text, hint));
    }
    warnings
}

/// The command that gives a bucket a website.
fn put_website(bucket: &BucketName) -> String {
    format!("aws s3 website s3://{bucket} --index-document {ENTRY} --error-document {ENTRY}")
}

/// The command that lets a public policy count.
fn put_block(bucket: &BucketName) -> String {
    format!(
        "aws s3api put-public-access-block --bucket {bucket} --public-access-block-configuration \
         BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=false,RestrictPublicBuckets=false"
    )
}

/// The command that lets everyone read.
fn put_policy(bucket: &BucketName, region: &Region) -> String {
    let resource = format!("arn:{}:s3:::{bucket}/*", Partition::of(region));
    let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    format!("aws s3api put-bucket-policy --bucket {bucket} --policy '{policy}'")
}
