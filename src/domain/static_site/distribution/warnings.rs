//! What about a distribution lets a site go wrong: said by `check` and in plans. Nothing of it stops a plan.

use std::time::Duration;

use super::{BEARABLE_ERROR, Behaviour, Caching, Distribution, ErrorPage, is_bucket};
use crate::domain::names::Region;
use crate::domain::static_site::names::BucketName;
use crate::domain::static_site::warning::SiteWarning;

/// Edges keep an answer at least so long with the managed policies that people use, which is over before an invalidation
/// is
/// ([managed policies](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html)).
const BEARABLE_MINIMUM: Duration = Duration::from_secs(1);

/// What about a distribution lets the site of a bucket go wrong. One that is [`wrong`](super::wrong) has nothing but that.
pub fn warnings(distribution: &Distribution, bucket: &BucketName, region: &Region) -> Vec<SiteWarning> {
    let of_behaviours = distribution.behaviours(bucket).flat_map(Behaviour::warnings);
    let of_errors = distribution.errors.iter().flat_map(ErrorPage::warnings);
    distribution.own_warnings(bucket, region).into_iter().chain(of_behaviours).chain(of_errors).collect()
}

impl Distribution {
    fn own_warnings(&self, bucket: &BucketName, region: &Region) -> Vec<SiteWarning> {
        let mut warnings = Vec::new();
        if !self.is_enabled {
            let text = "the distribution is disabled: no request is answered";
            warnings.push(SiteWarning::new(text, "enable the distribution"));
        } else if !self.is_deployed {
            let text = "the settings of the distribution are being changed: some edges have the old ones";
            warnings.push(SiteWarning::new(text, "wait until its status is `Deployed`"));
        }
        if !self.default.origins.iter().any(|id| self.is_of(id, bucket)) {
            let text = format!("the default behaviour of the distribution does not ask bucket `{bucket}`");
            let hint = format!("point it at the origin `{bucket}.s3.{region}.amazonaws.com`");
            warnings.push(SiteWarning::new(text, hint));
        }
        let ours = self.origins.iter().filter(|origin| is_bucket(&origin.domain, bucket));
        for origin in ours.filter(|origin| !origin.path.trim_matches('/').is_empty()) {
            let path = &origin.path;
            let text = format!("the origin path is `{path}`: files of the site are at the root of the bucket");
            warnings.push(SiteWarning::new(text, "remove `OriginPath` from the origin of the bucket"));
        }
        if self.lacks_root(bucket) {
            let text = "the distribution has no default root object: `/` is an error, or a list of the bucket";
            warnings.push(SiteWarning::new(text, "set `DefaultRootObject` to `index.html`"));
        }
        warnings
    }
}

impl Behaviour {
    fn warnings(&self) -> Vec<SiteWarning> {
        let mut warnings = Vec::new();
        let mut warn = |text: String, hint: &str| warnings.push(SiteWarning::new(text, hint));
        let which = self
            .pattern
            .as_ref()
            .map_or("the default behaviour".to_owned(), |pattern| format!("behaviour `{pattern}`"));
        match &self.caching {
            Caching::Known { policy, least, .. } if *least > BEARABLE_MINIMUM => {
                let of = policy.as_ref().map(|policy| format!(" (cache policy `{policy}`)")).unwrap_or_default();
                let seconds = least.as_secs();
                let text = format!(
                    "{which} keeps every answer for at least {seconds} s{of}: `no-cache` of pages is overridden, so \
                     the previous release is served until each edge is invalidated"
                );
                warn(text, "set its minimum TTL to 0, or use the managed policy CachingOptimized");
            }
            Caching::Known { .. } => {}
            Caching::Unknown { policy, why } => {
                let text =
                    format!("how long {which} keeps answers is unknown: cache policy {policy} cannot be read: {why}");
                warn(text, "allow `cloudfront:GetCachePolicy`");
            }
        }
        if self.allows_http {
            let text = format!("{which} answers without TLS: others on the way can read and change pages");
            warn(text, "set its viewer protocol policy to `redirect-to-https`");
        }
        warnings
    }
}

impl ErrorPage {
    fn warnings(&self) -> Vec<SiteWarning> {
        let mut warnings = Vec::new();
        if !self.is_of_missing() {
            return warnings;
        }
        let mut warn = |text: String, hint: &str| warnings.push(SiteWarning::new(text, hint));
        let status = self.status;
        if let (Some(page), Some(200)) = (&self.page, self.answered) {
            let text = format!(
                "a missing file is answered with 200 and `{page}` instead of {status}: a missing script \
                 looks like a page. The proof of a release goes by types, other monitors may not"
            );
            warn(
                text,
                "answer errors as they are, and let a CloudFront function send the paths of pages to the entry page",
            );
        }
        if self.least > BEARABLE_ERROR {
            let seconds = self.least.as_secs();
            let text = format!(
                "edges keep the answer to {status} for at least {seconds} s, also when the file is there by then"
            );
            warn(text, "set `ErrorCachingMinTTL` to 10 s or less");
        }
        warnings
    }
}
