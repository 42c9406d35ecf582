//! From the types of the SDK to a distribution as it is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_cloudfront::types::{
    self as sdk, CacheBehavior, CachePolicyConfig, CachePolicyQueryStringBehavior, CustomErrorResponse,
    DefaultCacheBehavior, DistributionConfig, EventType, ForwardedValues, FunctionAssociations,
    LambdaFunctionAssociations, ViewerProtocolPolicy,
};

use crate::domain::neutral;
use crate::domain::static_site::distribution::{
    Behaviour, Caching, Distribution, DistributionOrigin, ErrorPage, USUAL_ERROR,
};

/// The settings of a cache policy, or why they cannot be read.
pub type CachePolicyResult = Result<CachePolicyConfig, String>;

/// What the two kinds of behaviours of the SDK have in common.
struct BehaviorParts<'a> {
    pattern: Option<&'a str>,
    origin: &'a str,
    protocol: &'a ViewerProtocolPolicy,
    functions: Option<&'a FunctionAssociations>,
    lambdas: Option<&'a LambdaFunctionAssociations>,
    policy: Option<&'a str>,
    forwarded: Option<&'a ForwardedValues>,
    least: Option<i64>,
    usual: Option<i64>,
    most: Option<i64>,
}

/// The ids of the cache policies that a distribution names, each once.
pub fn policies(config: &DistributionConfig) -> BTreeSet<String> {
    let default = config.default_cache_behavior().and_then(DefaultCacheBehavior::cache_policy_id);
    let others = others(config).iter().filter_map(CacheBehavior::cache_policy_id);
    default.into_iter().chain(others).map(str::to_owned).collect()
}

/// A distribution as it is judged. `None`: its settings lack what all have.
pub fn distribution(
    found: &sdk::Distribution,
    config: &DistributionConfig,
    policies: &BTreeMap<String, CachePolicyResult>,
) -> Option<Distribution> {
    let default = default_parts(config.default_cache_behavior()?);
    let convert = |parts: &BehaviorParts<'_>| behaviour(parts, config, policies);
    let origins = config.origins().map(sdk::Origins::items).unwrap_or_default();
    let errors = config.custom_error_responses().map(sdk::CustomErrorResponses::items).unwrap_or_default();
    Some(Distribution {
        domain: found.domain_name().to_owned(),
        aliases: config.aliases().map(|aliases| aliases.items().to_vec()).unwrap_or_default(),
        is_enabled: config.enabled(),
        is_deployed: found.status().eq_ignore_ascii_case("Deployed"),
        origins: origins.iter().map(origin).collect(),
        default_root_object: config.default_root_object().filter(|root| !root.is_empty()).map(str::to_owned),
        default: convert(&default),
        others: others(config).iter().map(|other| convert(&parts(other))).collect(),
        errors: errors.iter().filter_map(error_page).collect(),
    })
}

fn others(config: &DistributionConfig) -> &[CacheBehavior] {
    config.cache_behaviors().map(sdk::CacheBehaviors::items).unwrap_or_default()
}

fn origin(origin: &sdk::Origin) -> DistributionOrigin {
    DistributionOrigin {
        id: origin.id().to_owned(),
        domain: origin.domain_name().to_owned(),
        path: origin.origin_path().unwrap_or_default().to_owned(),
    }
}

#[expect(deprecated, reason = "distributions that were made before cache policies have these fields, and no policy")]
fn default_parts(found: &DefaultCacheBehavior) -> BehaviorParts<'_> {
    BehaviorParts {
        pattern: None,
        origin: found.target_origin_id(),
        protocol: found.viewer_protocol_policy(),
        functions: found.function_associations(),
        lambdas: found.lambda_function_associations(),
        policy: found.cache_policy_id(),
        forwarded: found.forwarded_values(),
        least: found.min_ttl(),
        usual: found.default_ttl(),
        most: found.max_ttl(),
    }
}

#[expect(deprecated, reason = "distributions that were made before cache policies have these fields, and no policy")]
fn parts(found: &CacheBehavior) -> BehaviorParts<'_> {
    BehaviorParts {
        pattern: Some(found.path_pattern()),
        origin: found.target_origin_id(),
        protocol: found.viewer_protocol_policy(),
        functions: found.function_associations(),
        lambdas: found.lambda_function_associations(),
        policy: found.cache_policy_id(),
        forwarded: found.forwarded_values(),
        least: found.min_ttl(),
        usual: found.default_ttl(),
        most: found.max_ttl(),
    }
}

fn behaviour(
    parts: &BehaviorParts<'_>,
    config: &DistributionConfig,
    policies: &BTreeMap<String, CachePolicyResult>,
) -> Behaviour {
    let is_request = |event: &EventType| matches!(event, EventType::ViewerRequest | EventType::OriginRequest);
    let functions = parts.functions.map(FunctionAssociations::items).unwrap_or_default();
    let lambdas = parts.lambdas.map(LambdaFunctionAssociations::items).unwrap_or_default();
    Behaviour {
        pattern: parts.pattern.map(|pattern| neutral::phrase(pattern, 200)),
        origins: members(parts.origin, config),
        allows_http: *parts.protocol == ViewerProtocolPolicy::AllowAll,
        has_functions: functions.iter().any(|function| is_request(function.event_type()))
            || lambdas.iter().any(|function| is_request(function.event_type())),
        caching: caching(parts, policies),
    }
}

/// The origins that a behaviour asks: those of a group where it names one.
fn members(id: &str, config: &DistributionConfig) -> Vec<String> {
    let groups = config.origin_groups().map(sdk::OriginGroups::items).unwrap_or_default();
    let group = groups.iter().find(|group| group.id() == id).and_then(sdk::OriginGroup::members);
    group.map_or_else(
        || vec![id.to_owned()],
        |group| group.items().iter().map(|member| member.origin_id().to_owned()).collect(),
    )
}

fn caching(parts: &BehaviorParts<'_>, policies: &BTreeMap<String, CachePolicyResult>) -> Caching {
    let Some(id) = parts.policy else {
        return Caching::Known {
            policy: None,
            least: seconds(parts.least.unwrap_or_default()),
            usual: parts.usual.map(seconds),
            most: parts.most.map(seconds),
            has_query_strings: parts.forwarded.is_some_and(ForwardedValues::query_string),
        };
    };
    match policies.get(id) {
        Some(Ok(policy)) => Caching::Known {
            policy: Some(neutral::phrase(policy.name(), 128)),
            least: seconds(policy.min_ttl()),
            usual: policy.default_ttl().map(seconds),
            most: policy.max_ttl().map(seconds),
            has_query_strings: has_query_strings(policy),
        },
        Some(Err(why)) => Caching::Unknown { policy: id.to_owned(), why: neutral::phrase(why, 200) },
        None => Caching::Unknown { policy: id.to_owned(), why: "it was not read".to_owned() },
    }
}

fn has_query_strings(policy: &CachePolicyConfig) -> bool {
    let key = policy.parameters_in_cache_key_and_forwarded_to_origin();
    let strings = key.and_then(|key| key.query_strings_config());
    strings.is_some_and(|strings| *strings.query_string_behavior() != CachePolicyQueryStringBehavior::None)
}

fn error_page(found: &CustomErrorResponse) -> Option<ErrorPage> {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Some(ErrorPage {
        status: u16::try_from(found.error_code()).ok()?,
        page: text(found.response_page_path()),
        answered: found.response_code().and_then(|code| code.parse().ok()),
        least: found.error_caching_min_ttl().map_or(USUAL_ERROR, seconds),
    })
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}
