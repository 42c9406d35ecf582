//! A static site as it is configured.

use indexmap::IndexMap;

use super::iam;
use super::names::{BucketName, DistributionId};
use crate::domain::configured::Configured;
use crate::domain::contract::{Content, Value, Values};
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

impl SiteTarget {
    /// What its runtime configuration has in its environment. The release stands in it as it is written.
    pub fn values(&self) -> Values {
        let of_file = |config: &RuntimeConfig| {
            let from = format!("runtime configuration {}", config.path);
            let value =
                |value: &Template| Value { content: Content::Plain(value.to_string().into()), from: from.clone() };
            config.values.iter().map(|(name, text)| (name.clone(), value(text))).collect()
        };
        Values(self.runtime_config.as_ref().map(of_file).unwrap_or_default())
    }
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

    fn is_public(&self) -> bool {
        true
    }

    fn console(&self, region: &Region) -> Option<String> {
        let host = Partition::of(region).console();
        Some(format!("https://{region}.{host}/s3/buckets/{}?region={region}", self.bucket))
    }
}
