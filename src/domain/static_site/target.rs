//! A static site as it is configured.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8Path;
use glob::Pattern;

use super::iam::InFront;
use super::names::{BucketName, DistributionId};
use super::runtime::RuntimeConfig;
use super::{iam, lint};
use crate::domain::check::outline::Outline;
use crate::domain::check::{AwsResource, Findings, RepositoryFiles};
use crate::domain::configured::Configured;
use crate::domain::contract::{Content, Values, VariableValue};
use crate::domain::iam::rights::Rights;
use crate::domain::names::{ComponentName, EnvironmentName, Region};
use crate::domain::placeholder::PlaceholderValues;
use crate::domain::probe::Probe;
use crate::domain::role::Partition;
use crate::domain::site_build::SiteBuild;
use crate::domain::template::Template;

/// Files that a bucket serves.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteTarget {
    /// The component that it is.
    pub name: ComponentName,
    /// The environment that it is of.
    pub environment: EnvironmentName,
    /// The bucket that serves them. It exists: shipgate creates none.
    pub bucket: BucketName,
    /// The bucket that keeps releases, and which one is served. It is never served itself.
    pub artifacts: BucketName,
    /// The distribution before the bucket.
    pub distribution: Option<DistributionId>,
    /// Whether the website of the bucket serves them, without a distribution.
    pub is_website: bool,
    /// How its files are built. `None`: nothing says, so only releases that are stored already can be put there.
    pub build: Option<Box<SiteBuild>>,
    /// The file that differs between environments.
    pub runtime_config: Option<Box<RuntimeConfig>>,
    /// What is put in place of markers in its files.
    pub placeholders: PlaceholderValues,
    /// The files of a release that are kept and not served, by their paths from the root of the site.
    pub exclude: Vec<Pattern>,
    /// Number of the newest releases that keep their files in the bucket.
    pub keep: usize,
    /// Where browsers find it. `None`: where the distribution answers, or the website of the bucket.
    pub url: Option<String>,
    /// Addresses of interfaces that its pages call.
    pub calls: Vec<Template>,
    /// The questions to ask the running release.
    pub probes: Vec<Probe>,
    /// How long the public address may go on serving what was served before.
    pub timeout: Duration,
}

impl SiteTarget {
    /// Number of releases that keep their files where nothing is written.
    pub const KEEP: usize = 5;
    /// How long the old pages may still come where nothing is written: invalidations take minutes.
    pub const TIMEOUT: Duration = Duration::from_mins(20);

    /// What AWS has in front of it, as far as it is looked at.
    pub fn in_front(&self) -> Option<InFront> {
        let distribution = self.distribution.clone().map(InFront::Distribution);
        distribution.or_else(|| self.is_website.then_some(InFront::Website))
    }

    /// What its runtime configuration has in its environment, and its placeholders. The release is in it as it is written.
    pub fn values(&self) -> Values {
        let of_file = |config: &RuntimeConfig| {
            let from = format!("runtime configuration {}", config.path);
            let value = |value: &Template| VariableValue {
                content: Content::Plain(value.to_string().into()),
                from: from.clone(),
            };
            config.values.iter().map(|(name, text)| (name.clone(), value(text))).collect()
        };
        let mut values: BTreeMap<_, _> = self.runtime_config.as_deref().map(of_file).unwrap_or_default();
        for (name, value) in &self.placeholders.0 {
            let content = Content::Plain(value.to_string().into());
            values.insert(name.to_string(), VariableValue { content, from: format!("placeholders of {}", self.name) });
        }
        Values(values)
    }
}

#[cfg(test)]
impl SiteTarget {
    /// A site behind a distribution, with all else as it is where nothing is written.
    pub fn sample() -> Self {
        Self {
            name: "frontend".parse().unwrap(),
            environment: "stage".parse().unwrap(),
            bucket: "stage-site".parse().unwrap(),
            artifacts: "stage-releases".parse().unwrap(),
            distribution: Some("E2QWRUHAPOMQZL".parse().unwrap()),
            is_website: false,
            build: None,
            runtime_config: None,
            placeholders: PlaceholderValues::default(),
            exclude: Vec::new(),
            keep: Self::KEEP,
            url: None,
            calls: Vec::new(),
            probes: Vec::new(),
            timeout: Self::TIMEOUT,
        }
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

    fn check(repository: &RepositoryFiles<'_>, outline: Option<&Outline>, _seen: &[AwsResource]) -> Findings {
        lint::check(repository, outline)
    }

    fn texts(&self) -> Vec<(&'static str, String)> {
        vec![("bucket", self.bucket.to_string()), ("artifacts", self.artifacts.to_string())]
    }

    fn rights() -> &'static [Rights] {
        iam::RIGHTS
    }

    fn probes(&self) -> &[Probe] {
        &self.probes
    }

    fn built_from(&self) -> Option<&Utf8Path> {
        self.build.as_ref().map(|build| build.directory.as_path())
    }

    fn node(&self) -> Option<&str> {
        self.build.as_ref()?.node.as_deref()
    }

    fn is_public(&self) -> bool {
        true
    }

    fn console(&self, region: &Region) -> Option<String> {
        let host = Partition::of(region).console();
        Some(format!("https://{region}.{host}/s3/buckets/{}?region={region}", self.bucket))
    }
}
