//! A distribution of `CloudFront` as it is set up, and what about it lets a site go wrong.
//!
//! Source: [DistributionConfig](https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html).

#[cfg(test)]
mod tests;
pub mod warnings;

use std::time::Duration;

use super::invalidation::Paths;
use super::names::{BucketName, DistributionId};
use crate::domain::failure::Failure;
use crate::domain::neutral;

/// Edges may keep an error for so long: what replaces it is seen in time.
const BEARABLE_ERROR: Duration = Duration::from_mins(1);
/// For so long edges keep an error where nothing is set
/// ([`ErrorCachingMinTTL`](https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CustomErrorResponse.html)).
pub const USUAL_ERROR: Duration = Duration::from_secs(10);

/// A distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// The name that AWS gave it: `d111111abcdef8.cloudfront.net`.
    pub domain: String,
    /// The names that it answers to beside that.
    pub aliases: Vec<String>,
    /// Whether it answers at all.
    pub is_enabled: bool,
    /// Whether all edges have its settings.
    pub is_deployed: bool,
    /// What it asks.
    pub origins: Vec<DistributionOrigin>,
    /// What it answers `/` with, from the root of the origin. `None`: what the origin answers.
    pub default_root_object: Option<String>,
    /// What it does with all that no other behaviour is for.
    pub default: Behaviour,
    /// What it does with paths that match a pattern, in their order.
    pub others: Vec<Behaviour>,
    /// What it answers errors of the origin with.
    pub errors: Vec<ErrorPage>,
}

/// What a distribution asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistributionOrigin {
    /// What behaviours name it by.
    pub id: String,
    /// Its name: `stage-site.s3.us-east-1.amazonaws.com`.
    pub domain: String,
    /// What is put before each path. Empty: nothing.
    pub path: String,
}

/// What a distribution does with some of the paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// Which paths. `None`: all that no other behaviour is for.
    pub pattern: Option<String>,
    /// The ids of the origins that may be asked: several of an origin group.
    pub origins: Vec<String>,
    /// Whether a viewer may ask without TLS, and is answered so.
    pub allows_http: bool,
    /// Whether a function may change the path on the way.
    pub has_functions: bool,
    /// How long answers are kept.
    pub caching: Caching,
}

/// How long edges keep answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caching {
    /// It is known.
    Known {
        /// The policy that says so, by name. `None`: the behaviour itself.
        policy: Option<String>,
        /// At least so long, whatever `Cache-Control` says.
        least: Duration,
        /// So long where `Cache-Control` says nothing.
        usual: Option<Duration>,
        /// No longer than this.
        most: Option<Duration>,
        /// Whether there is an answer for each query string.
        has_query_strings: bool,
    },
    /// Its cache policy cannot be read.
    Unknown {
        /// The id of the policy.
        policy: String,
        /// Why not, in words.
        why: String,
    },
}

/// What a distribution answers an error of the origin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorPage {
    /// The status of the origin.
    pub status: u16,
    /// The page, as `/index.html`. `None`: what the origin answered.
    pub page: Option<String>,
    /// The status that viewers get. `None`: that of the origin.
    pub answered: Option<u16>,
    /// Edges keep it at least so long.
    pub least: Duration,
}

/// Why a distribution cannot serve a site: it asks another bucket, or none.
pub fn wrong(id: &DistributionId, distribution: &Distribution, bucket: &BucketName) -> Option<Failure> {
    if distribution.origins.iter().any(|origin| is_bucket(&origin.domain, bucket)) {
        return None;
    }
    let failure = Failure::invalid(format!("distribution {id} does not serve bucket `{bucket}`"));
    let asked = distribution.origins.iter().map(|origin| format!("it asks {}", neutral::phrase(&origin.domain, 200)));
    let hint = format!("correct `distribution` or `bucket`, or add `{bucket}` to the origins of the distribution");
    Some(asked.take(5).fold(failure, Failure::cause).hint(hint))
}

/// Where browsers find a site: the first of its own names, or the one that AWS gave it. A distribution answers over TLS
/// whatever else it allows.
pub fn address(distribution: &Distribution) -> Option<String> {
    let names = distribution.aliases.iter().chain([&distribution.domain]);
    let mut whole = names.filter(|name| !name.is_empty() && !name.contains('*'));
    whole.next().map(|name| format!("https://{name}/"))
}

/// How viewers find the files of a bucket.
pub fn found(distribution: &Distribution, bucket: &BucketName) -> Paths {
    let origin = distribution.origins.iter().find(|origin| is_bucket(&origin.domain, bucket));
    let has_query_strings = |behaviour: &Behaviour| match &behaviour.caching {
        Caching::Known { has_query_strings, .. } => *has_query_strings,
        // Nothing is stale for want of a `*`.
        Caching::Unknown { .. } => true,
    };
    let fallbacks = distribution.errors.iter().filter(|error| error.least > BEARABLE_ERROR);
    Paths {
        origin_path: origin.map(|origin| origin.path.clone()).unwrap_or_default(),
        root: distribution.default_root_object.clone(),
        has_query_strings: distribution.behaviours(bucket).any(has_query_strings),
        fallbacks: fallbacks.filter_map(|error| error.page.clone()).collect(),
    }
}

/// How long an edge may answer that a file is missing after it is there.
pub fn errors_stay(distribution: &Distribution) -> Duration {
    let missing = distribution.errors.iter().filter(|error| error.is_of_missing());
    missing.map(|error| error.least).fold(USUAL_ERROR, Duration::max)
}

impl Distribution {
    fn is_of(&self, id: &str, bucket: &BucketName) -> bool {
        self.origins.iter().any(|origin| origin.id == id && is_bucket(&origin.domain, bucket))
    }

    /// The behaviours that ask a bucket.
    fn behaviours(&self, bucket: &BucketName) -> impl Iterator<Item = &Behaviour> {
        let asks = |behaviour: &&Behaviour| behaviour.origins.iter().any(|id| self.is_of(id, bucket));
        [&self.default].into_iter().chain(&self.others).filter(asks)
    }

    /// Whether nothing makes a page of `/`. The website of a bucket does so itself, and a function may.
    fn lacks_root(&self, bucket: &BucketName) -> bool {
        let is_website = |origin: &DistributionOrigin| origin.domain.contains(".s3-website");
        let mut origins = self.origins.iter().filter(|origin| is_bucket(&origin.domain, bucket));
        let has_root = self.default_root_object.as_ref().is_some_and(|root| !root.is_empty());
        !has_root && !self.default.has_functions && !origins.any(is_website)
    }
}

impl ErrorPage {
    /// Whether it stands for files that are missing: S3 answers 403 for them to who may not list.
    fn is_of_missing(&self) -> bool {
        matches!(self.status, 403 | 404)
    }
}

/// Whether an origin is a bucket, by any of its names
/// ([endpoints](https://docs.aws.amazon.com/general/latest/gr/s3.html)).
fn is_bucket(domain: &str, bucket: &BucketName) -> bool {
    let domain = domain.to_ascii_lowercase();
    let Some(rest) = domain.strip_prefix(bucket.as_str()).and_then(|rest| rest.strip_prefix(".s3")) else {
        return false;
    };
    let Some(place) = rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn")) else {
        return false;
    };
    let is_region = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let forms = [".dualstack.", "-website.", "-website-", ".", "-"];
    place.is_empty() || forms.iter().any(|form| place.strip_prefix(form).is_some_and(is_region))
}
