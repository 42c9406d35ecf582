//! A distribution of `CloudFront` as it is set up, and what about it lets a site go wrong.
//!
//! Source: [DistributionConfig](https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html).

use std::time::Duration;

use super::invalidation::Paths;
use super::names::{BucketName, DistributionId};
use crate::domain::failure::Failure;
use crate::domain::names::Region;
use crate::domain::neutral;

/// Edges keep an answer at least so long with the managed policies that people use, which is over before an invalidation
/// is
/// ([managed policies](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html)).
const BEARABLE_MINIMUM: Duration = Duration::from_secs(1);
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
    pub origins: Vec<Origin>,
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
pub struct Origin {
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

/// What about a distribution lets a site go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistributionWarning {
    /// What.
    pub text: String,
    /// What to do.
    pub hint: String,
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

/// What about a distribution lets the site of a bucket go wrong. A distribution that is [`wrong`] has nothing but that.
pub fn warnings(distribution: &Distribution, bucket: &BucketName, region: &Region) -> Vec<DistributionWarning> {
    let mut warnings = Vec::new();
    let mut warn = |text: String, hint: &str| {
        warnings.push(DistributionWarning { text: neutral::phrase(&text, 400), hint: hint.to_owned() });
    };
    if !distribution.is_enabled {
        warn("the distribution is disabled: nobody is answered".to_owned(), "enable the distribution");
    } else if !distribution.is_deployed {
        let text = "the settings of the distribution are being changed: some edges have the old ones";
        warn(text.to_owned(), "wait until its status is `Deployed`");
    }
    if !distribution.default.origins.iter().any(|id| distribution.is_of(id, bucket)) {
        let text = format!("the default behaviour of the distribution does not ask bucket `{bucket}`");
        let hint = format!("point it at the origin `{bucket}.s3.{region}.amazonaws.com`");
        warn(text, &hint);
    }
    for origin in distribution.origins.iter().filter(|origin| is_bucket(&origin.domain, bucket)) {
        if !origin.path.trim_matches('/').is_empty() {
            let text =
                format!("the origin path is `{}`: files of the site stand at the root of the bucket", origin.path);
            warn(text, "remove `OriginPath` from the origin of the bucket");
        }
    }
    if distribution.lacks_root(bucket) {
        let text = "the distribution has no default root object: `/` is an error, or a list of the bucket";
        warn(text.to_owned(), "set `DefaultRootObject` to `index.html`");
    }
    for behaviour in distribution.behaviours(bucket) {
        behaviour.warn(&mut warn);
    }
    for error in &distribution.errors {
        error.warn(&mut warn);
    }
    warnings
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
        let is_website = |origin: &Origin| origin.domain.contains(".s3-website");
        let mut origins = self.origins.iter().filter(|origin| is_bucket(&origin.domain, bucket));
        let has_root = self.default_root_object.as_ref().is_some_and(|root| !root.is_empty());
        !has_root && !self.default.has_functions && !origins.any(is_website)
    }
}

impl Behaviour {
    fn warn(&self, warn: &mut impl FnMut(String, &str)) {
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
    }
}

impl ErrorPage {
    /// Whether it stands for files that are missing: S3 answers 403 for them to who may not list.
    fn is_of_missing(&self) -> bool {
        matches!(self.status, 403 | 404)
    }

    fn warn(&self, warn: &mut impl FnMut(String, &str)) {
        if !self.is_of_missing() {
            return;
        }
        let status = self.status;
        if let (Some(page), Some(200)) = (&self.page, self.answered) {
            let text = format!(
                "a missing file is answered with 200 and `{page}` instead of {status}: a script that is missing looks \
                 like a page. The proof of a release goes by types, other monitors may not"
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

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A distribution that nothing is to be said about.
    pub fn sample() -> Distribution {
        Distribution {
            domain: "d111111abcdef8.cloudfront.net".to_owned(),
            aliases: vec!["shop.example".to_owned()],
            is_enabled: true,
            is_deployed: true,
            origins: vec![Origin {
                id: "site".to_owned(),
                domain: "stage-site.s3.us-east-1.amazonaws.com".to_owned(),
                path: String::new(),
            }],
            default_root_object: Some("index.html".to_owned()),
            default: behaviour(1),
            others: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn behaviour(least: u64) -> Behaviour {
        Behaviour {
            pattern: None,
            origins: vec!["site".to_owned()],
            allows_http: false,
            has_functions: false,
            caching: Caching::Known {
                policy: Some("Mine".to_owned()),
                least: Duration::from_secs(least),
                usual: None,
                most: None,
                has_query_strings: false,
            },
        }
    }

    fn bucket() -> BucketName {
        "stage-site".parse().unwrap()
    }

    fn said(distribution: &Distribution) -> Vec<String> {
        let warnings = warnings(distribution, &bucket(), &"us-east-1".parse().unwrap());
        assert!(warnings.iter().all(|warning| !warning.hint.is_empty()), "{warnings:?}");
        warnings.into_iter().map(|warning| warning.text).collect()
    }

    #[test]
    fn a_bucket_is_known_by_each_of_its_names() {
        for (domain, is_ours) in [
            ("stage-site.s3.us-east-1.amazonaws.com", true),
            ("stage-site.s3.amazonaws.com", true),
            ("STAGE-site.s3.amazonaws.com", true),
            ("stage-site.s3-us-west-2.amazonaws.com", true),
            ("stage-site.s3.dualstack.eu-west-1.amazonaws.com", true),
            ("stage-site.s3-website-us-east-1.amazonaws.com", true),
            ("stage-site.s3-website.eu-central-1.amazonaws.com", true),
            ("stage-site.s3.cn-north-1.amazonaws.com.cn", true),
            ("stage-site2.s3.us-east-1.amazonaws.com", false),
            ("prod-site.s3.us-east-1.amazonaws.com", false),
            ("stage-site.s3.us-east-1.amazonaws.com.attacker.example", false),
            ("stage-site.s3.x.y.amazonaws.com", false),
            ("stage-site.example", false),
            ("stage-site", false),
        ] {
            assert_eq!(is_bucket(domain, &bucket()), is_ours, "{domain}");
            let mut distribution = sample();
            distribution.origins[0].domain = domain.to_owned();
            let wrong = wrong(&"E2QWRUHAPOMQZL".parse().unwrap(), &distribution, &bucket());
            assert_eq!(wrong.is_none(), is_ours, "{domain}");
        }
        let mut distribution = sample();
        distribution.origins[0].domain = "x\u{1b}[31m.example".to_owned();
        let failure = wrong(&"E2QWRUHAPOMQZL".parse().unwrap(), &distribution, &bucket()).unwrap();
        assert_eq!(failure.reason, "distribution E2QWRUHAPOMQZL does not serve bucket `stage-site`");
        assert_eq!(failure.causes[0].text, "it asks x.example");
    }

    #[test]
    fn what_is_as_it_should_be_is_not_warned_of() {
        assert_eq!(said(&sample()), [""; 0]);
        let ten =
            ErrorPage { status: 404, page: Some("/404.html".to_owned()), answered: Some(404), least: USUAL_ERROR };
        let server = ErrorPage { status: 503, page: None, answered: None, least: Duration::from_hours(1) };
        assert_eq!(said(&Distribution { errors: vec![ten, server], ..sample() }), [""; 0]);
        let mut api = behaviour(3600);
        (api.pattern, api.origins, api.allows_http) = (Some("/api/*".to_owned()), vec!["api".to_owned()], true);
        assert_eq!(said(&Distribution { others: vec![api], ..sample() }), [""; 0], "it does not ask the bucket");
        let mut function = behaviour(0);
        function.has_functions = true;
        assert_eq!(said(&Distribution { default: function, default_root_object: None, ..sample() }), [""; 0]);
        let mut website = Distribution { default_root_object: None, ..sample() };
        website.origins[0].domain = "stage-site.s3-website-us-east-1.amazonaws.com".to_owned();
        assert_eq!(said(&website), [""; 0]);
    }

    #[test]
    fn each_thing_that_goes_wrong_is_said_once() {
        let once = |distribution: Distribution, text: &str| {
            let said = said(&distribution);
            assert!(said.len() == 1 && said[0].contains(text), "{text}: {said:?}");
        };
        once(Distribution { is_enabled: false, is_deployed: false, ..sample() }, "is disabled");
        once(Distribution { is_deployed: false, ..sample() }, "are being changed");
        once(Distribution { default_root_object: Some(String::new()), ..sample() }, "no default root object");
        once(Distribution { default_root_object: None, ..sample() }, "no default root object");
        once(Distribution { default: behaviour(60), ..sample() }, "at least 60 s (cache policy `Mine`): `no-cache`");
        once(Distribution { default: Behaviour { allows_http: true, ..behaviour(0) }, ..sample() }, "without TLS");
        let other = Behaviour { pattern: Some("/docs/*".to_owned()), ..behaviour(60) };
        once(Distribution { others: vec![other], ..sample() }, "behaviour `/docs/*` keeps");
        let unknown = Caching::Unknown { policy: "658327ea".to_owned(), why: "permission is missing".to_owned() };
        once(
            Distribution { default: Behaviour { caching: unknown, ..behaviour(0) }, ..sample() },
            "is unknown: cache policy",
        );
        let mut below = sample();
        below.origins[0].path = "/site".to_owned();
        once(below, "origin path is `/site`");
        let mut elsewhere = sample();
        elsewhere.default.origins = vec!["api".to_owned()];
        once(elsewhere, "does not ask bucket `stage-site`");
        let error = |page: Option<&str>, answered, seconds| ErrorPage {
            status: 403,
            page: page.map(str::to_owned),
            answered,
            least: Duration::from_secs(seconds),
        };
        let with = |error| Distribution { errors: vec![error], ..sample() };
        once(with(error(Some("/index.html"), Some(200), 10)), "looks like a page");
        once(with(error(None, None, 300)), "at least 300 s");
    }

    #[test]
    fn a_site_is_found_under_its_own_name() {
        assert_eq!(address(&sample()).as_deref(), Some("https://shop.example/"));
        let wildcard = Distribution { aliases: vec!["*.shop.example".to_owned()], ..sample() };
        assert_eq!(address(&wildcard).as_deref(), Some("https://d111111abcdef8.cloudfront.net/"));
        assert_eq!(address(&Distribution { domain: String::new(), aliases: Vec::new(), ..sample() }), None);
    }

    #[test]
    fn what_is_invalidated_follows_the_settings() {
        let plain = Paths { root: Some("index.html".to_owned()), ..Paths::default() };
        assert_eq!(found(&sample(), &bucket()), plain);
        let error = |seconds| ErrorPage {
            status: 404,
            page: Some("/index.html".to_owned()),
            answered: Some(200),
            least: Duration::from_secs(seconds),
        };
        let mut distribution = Distribution { errors: vec![error(10)], ..sample() };
        assert_eq!((found(&distribution, &bucket()), errors_stay(&distribution)), (plain.clone(), USUAL_ERROR));
        distribution.errors = vec![error(300)];
        distribution.origins[0].path = "/site".to_owned();
        distribution.default.caching = Caching::Unknown { policy: "1".to_owned(), why: "no".to_owned() };
        let changed = Paths {
            origin_path: "/site".to_owned(),
            has_query_strings: true,
            fallbacks: vec!["/index.html".to_owned()],
            ..plain
        };
        assert_eq!(found(&distribution, &bucket()), changed);
        assert_eq!(errors_stay(&distribution), Duration::from_mins(5));
    }
}
