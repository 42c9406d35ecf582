//! A static site as it is configured.

use indexmap::IndexMap;

use super::iam;
use super::names::{BucketName, DistributionId};
use crate::domain::configured::Configured;
use crate::domain::iam::rights::Rights;
use crate::domain::names::Region;
use crate::domain::role::Partition;
use crate::domain::template::Template;

/// Files that a bucket serves.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteTarget {
    /// The bucket that serves them. It exists: shipgate creates none.
    pub bucket: BucketName,
    /// The bucket that keeps releases, and which one is served. It is never served itself.
    pub artifacts: BucketName,
    /// The distribution before the bucket.
    pub distribution: Option<DistributionId>,
    /// The file that differs between environments.
    pub runtime_config: Option<RuntimeConfig>,
}

/// A file that a site reads when it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct RuntimeConfig {
    /// Where it is, from the root of the site.
    pub path: String,
    /// What is in it, by name.
    pub values: IndexMap<String, Template>,
}

impl Configured for SiteTarget {
    fn names(&self) -> Vec<&str> {
        let distribution = self.distribution.as_ref().map(DistributionId::as_str);
        [self.bucket.as_str(), self.artifacts.as_str()].into_iter().chain(distribution).collect()
    }

    fn place(&self) -> String {
        format!("bucket {}", self.bucket)
    }

    fn rights() -> &'static [Rights] {
        iam::RIGHTS
    }

    fn console(&self, region: &Region) -> Option<String> {
        let host = Partition::of(region).console();
        Some(format!("https://{region}.{host}/s3/buckets/{}?region={region}", self.bucket))
    }
}
