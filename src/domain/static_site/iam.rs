//! What the roles of an environment may do with a static site.
//!
//! Sources: the [service authorization reference](https://docs.aws.amazon.com/service-authorization/latest/reference/) of
//! Amazon S3 and of Amazon `CloudFront`.

use super::names::{BucketName, DistributionId};
use crate::domain::iam::rights::{Need, NeededFor, ResourceScope, Rights, Statement};
use crate::domain::role::Partition;

/// Without the right to list, S3 answers the question for a missing object with a refusal.
const LIST_SITES: Rights = Rights { sid: "ListSites", actions: &["s3:ListBucket"] };
const READ_SITES: Rights = Rights { sid: "ReadSites", actions: &["s3:GetObject"] };
const READ_DISTRIBUTIONS: Rights =
    Rights { sid: "ReadDistributions", actions: &["cloudfront:GetDistribution", "cloudfront:GetCachePolicy"] };
const READ_WEBSITES: Rights = Rights {
    sid: "ReadWebsites",
    actions: &["s3:GetBucketWebsite", "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock"],
};
/// A file of more than 64 MiB goes up in parts.
const WRITE_SITES: Rights =
    Rights { sid: "WriteSites", actions: &["s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"] };
const STORE_RELEASES: Rights = Rights { sid: "StoreReleases", actions: &["s3:PutObject", "s3:AbortMultipartUpload"] };
const INVALIDATE: Rights =
    Rights { sid: "Invalidate", actions: &["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"] };

/// All rights that a site may need.
pub const RIGHTS: &[Rights] =
    &[LIST_SITES, READ_SITES, READ_DISTRIBUTIONS, READ_WEBSITES, WRITE_SITES, STORE_RELEASES, INVALIDATE];

/// What AWS has in front of a site, as far as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InFront {
    /// A distribution.
    Distribution(DistributionId),
    /// The website of its bucket.
    Website,
}

/// The rights that a site needs: on the bucket that serves it, on the one that keeps its releases, and on what is in front
/// of the first, its distribution or its website.
pub fn needs(bucket: &BucketName, artifacts: &BucketName, front: Option<&InFront>, place: &ResourceScope) -> Vec<Need> {
    let partition = Partition::of(&place.region);
    let arn = |name: &BucketName, keys: &str| format!("arn:{partition}:s3:::{name}{keys}");
    let (served, store) = (arn(bucket, "/*"), arn(artifacts, "/shipgate/*"));
    let need =
        |purpose, rights, resources| Need { purpose, statement: Statement { rights, resources, condition: None } };
    let mut needs = vec![
        need(NeededFor::Reading, LIST_SITES, vec![arn(bucket, ""), arn(artifacts, "")]),
        need(NeededFor::Reading, READ_SITES, vec![served.clone(), store.clone()]),
        need(NeededFor::Changing, WRITE_SITES, vec![served]),
        need(NeededFor::Changing, STORE_RELEASES, vec![store]),
    ];
    match front {
        Some(InFront::Distribution(id)) => needs.extend(of_distribution(id, place, &need)),
        Some(InFront::Website) => needs.push(need(NeededFor::Reading, READ_WEBSITES, vec![arn(bucket, "")])),
        None => {}
    }
    needs
}

/// A distribution is in no region, and its cache policies may be AWS's own.
fn of_distribution(
    id: &DistributionId,
    place: &ResourceScope,
    need: &impl Fn(NeededFor, Rights, Vec<String>) -> Need,
) -> [Need; 2] {
    let arn = |resource: String| {
        let partition = Partition::of(&place.region);
        format!("arn:{partition}:cloudfront::{}:{resource}", place.account)
    };
    let distribution = arn(format!("distribution/{id}"));
    [
        need(NeededFor::Reading, READ_DISTRIBUTIONS, vec![distribution.clone(), arn("cache-policy/*".to_owned())]),
        need(NeededFor::Changing, INVALIDATE, vec![distribution]),
    ]
}
