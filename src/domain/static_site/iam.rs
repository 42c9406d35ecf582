//! What the roles of an environment may do with a static site: it is looked at, and not changed yet.
//!
//! Source: the [service authorization reference](https://docs.aws.amazon.com/service-authorization/latest/reference/) of
//! Amazon S3.

use super::live::CURRENT;
use super::names::BucketName;
use crate::domain::iam::rights::{Need, NeededFor, Place, Rights, Statement};
use crate::domain::role::Partition;

/// Without the right to list, S3 answers the question for a missing object with a refusal.
const LIST_SITES: Rights = Rights { sid: "ListSites", actions: &["s3:ListBucket"] };
const READ_SITES: Rights = Rights { sid: "ReadSites", actions: &["s3:GetObject"] };

/// All rights that a site may need.
pub const RIGHTS: &[Rights] = &[LIST_SITES, READ_SITES];

/// The rights that a site needs: on the bucket that serves it, and on the one that keeps its releases.
pub fn needs(bucket: &BucketName, artifacts: &BucketName, place: &Place) -> Vec<Need> {
    let partition = Partition::of(&place.region);
    let arn = |path: String| format!("arn:{partition}:s3:::{path}");
    let buckets = vec![arn(bucket.to_string()), arn(artifacts.to_string())];
    let current = vec![arn(format!("{artifacts}/{CURRENT}"))];
    let need = |rights, resources| Need {
        purpose: NeededFor::Reading,
        statement: Statement { rights, resources, condition: None },
    };
    vec![need(LIST_SITES, buckets), need(READ_SITES, current)]
}
