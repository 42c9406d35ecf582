//! Amazon `CloudFront`: how a distribution is set up, and the end of what its edges keep.
//!
//! Source: the [API reference](https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Operations.html).

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};

use super::cloudfront_convert::{self as convert, CachePolicyResult};
use crate::clients::aws::{AwsError, call};
use crate::domain::failure::Failure;
use crate::domain::gate::Permit;
use crate::domain::poll::PollStep;
use crate::domain::static_site::distribution::Distribution;
use crate::domain::static_site::names::DistributionId;
use crate::domain::step::StepId;
use crate::events::Events;
use crate::observe::AwsClient;
use crate::poll::{Waiting, poll};
use crate::together;

/// What AWS answers to a reference that it knows with other paths.
const KNOWN_REFERENCE: &str = "InvalidationBatchAlreadyExists";
/// What it answers while as many invalidations are in progress as there may be.
const TOO_MANY: &str = "TooManyInvalidationsInProgress";
/// The pause between two polls of an invalidation, which takes seconds to minutes.
const PAUSE: Duration = Duration::from_secs(5);

/// Amazon `CloudFront`, which has no regions.
#[derive(Debug, Clone)]
pub struct CloudFront {
    client: aws_sdk_cloudfront::Client,
}

/// An invalidation, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidationId(String);

/// How far an invalidation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalidation {
    /// Every edge has taken it.
    Done,
    /// Not every edge has.
    InProgress,
}

impl AwsClient for CloudFront {
    const SERVICE: &'static str = "CloudFront";

    fn new(config: &SdkConfig) -> Self {
        let config = aws_sdk_cloudfront::config::Builder::from(config).retry_classifier(RetryTooMany).build();
        Self { client: aws_sdk_cloudfront::Client::from_conf(config) }
    }
}

impl InvalidationId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CloudFront {
    /// A distribution with the cache policies that it names. A policy that cannot be read is unknown. `None`: the account
    /// has no such distribution.
    ///
    /// # Errors
    ///
    /// The call failed for another reason.
    pub async fn distribution(&self, id: &DistributionId) -> Result<Option<Distribution>, AwsError> {
        const OPERATION: &str = "cloudfront:GetDistribution";
        let request = self.client.get_distribution().id(id.as_str());
        let output = match call(OPERATION, id.as_str(), request.send()).await {
            Ok(output) => output,
            Err(error) if error.is("NoSuchDistribution") => return Ok(None),
            Err(error) => return Err(error),
        };
        let incomplete = || AwsError::returned(OPERATION, "no settings of a distribution");
        let found = output.distribution.ok_or_else(incomplete)?;
        let config = found.distribution_config().ok_or_else(incomplete)?;
        let read = |id: String| async move { (id.clone(), self.policy(&id).await) };
        let policies: BTreeMap<String, CachePolicyResult> =
            together::each(convert::policies(config), read).await.into_iter().collect();
        convert::distribution(&found, config, &policies).ok_or_else(incomplete).map(Some)
    }

    async fn policy(&self, id: &str) -> CachePolicyResult {
        let request = self.client.get_cache_policy().id(id);
        let output = call("cloudfront:GetCachePolicy", id, request.send()).await.map_err(|error| error.to_string())?;
        let config = output.cache_policy.and_then(|policy| policy.cache_policy_config);
        config.ok_or_else(|| "AWS returned no settings of it".to_owned())
    }

    /// Ends what edges keep of some paths. Asked for again with the same reference and paths, it is the same invalidation.
    /// `paths`: as `domain::static_site::invalidation` writes them, at least one.
    ///
    /// # Errors
    ///
    /// The call failed, after the SDK's own retries. See [`not_invalidated`].
    pub async fn invalidate(
        &self,
        id: &DistributionId,
        paths: &[String],
        reference: &str,
        _permit: Permit<'_>,
    ) -> Result<InvalidationId, AwsError> {
        const OPERATION: &str = "cloudfront:CreateInvalidation";
        let quantity = i32::try_from(paths.len()).unwrap_or(i32::MAX);
        let wrong = |error| AwsError::unexpected(OPERATION, "the request cannot be made").because(error);
        let paths = Paths::builder().quantity(quantity).set_items(Some(paths.to_vec())).build().map_err(wrong)?;
        let batch = InvalidationBatch::builder().paths(paths).caller_reference(reference).build().map_err(wrong)?;
        let request = self.client.create_invalidation().distribution_id(id.as_str()).invalidation_batch(batch);
        let output = call(OPERATION, id.as_str(), request.send()).await?;
        let made = output.invalidation.ok_or_else(|| AwsError::returned(OPERATION, "no invalidation"))?;
        Ok(InvalidationId(made.id))
    }

    /// How far an invalidation is.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn invalidation(&self, id: &DistributionId, made: &InvalidationId) -> Result<Invalidation, AwsError> {
        const OPERATION: &str = "cloudfront:GetInvalidation";
        let request = self.client.get_invalidation().distribution_id(id.as_str()).id(made.as_str());
        let output = call(OPERATION, made.as_str(), request.send()).await?;
        let found = output.invalidation.ok_or_else(|| AwsError::returned(OPERATION, "no invalidation"))?;
        let is_done = found.status.eq_ignore_ascii_case("Completed");
        Ok(if is_done { Invalidation::Done } else { Invalidation::InProgress })
    }

    /// Waits until every edge has taken an invalidation, in a step. `InProgress`: not within the time, which proves nothing
    /// of what is served.
    ///
    /// # Errors
    ///
    /// A call failed for good.
    pub async fn wait(
        &self,
        (events, step): (&Events, &StepId),
        (id, made): (&DistributionId, &InvalidationId),
        timeout: Duration,
    ) -> Result<Invalidation, AwsError> {
        let ask = async |()| self.invalidation(id, made).await;
        poll(Waiting::In(events, step), (), ask, |elapsed, answer| match answer {
            Ok(Invalidation::InProgress) if elapsed < timeout => {
                events.progress(step, &format!("invalidation {} is in progress", made.as_str()));
                PollStep::again(PAUSE.min(timeout.saturating_sub(elapsed)))
            }
            Err(error) if error.is_transient() && elapsed < timeout => {
                PollStep::again(PAUSE.min(timeout.saturating_sub(elapsed)))
            }
            answer => PollStep::Done(answer),
        })
        .await
    }
}

/// Why edges still keep what was there before: the invalidation was not made. The outcome is for the caller to say: the
/// files are in the bucket by then.
pub fn not_invalidated(id: &DistributionId, error: AwsError) -> Failure {
    let hint = if error.is(KNOWN_REFERENCE) {
        "another run has invalidated other paths for this release at this moment: run the same command again"
    } else if error.is(TOO_MANY) {
        "wait until other invalidations of the distribution are completed, and run the same command again"
    } else {
        "run the same command again: it invalidates what is left"
    };
    let mut failure = Failure::from(error).hint(hint);
    let reason = std::mem::replace(&mut failure.reason, format!("distribution {id} keeps what was there before"));
    failure.cause_first(reason)
}

/// More invalidations than may be in progress are over a moment later; the SDK's own retries do the waiting. It knows all
/// other such answers.
#[derive(Debug)]
struct RetryTooMany;

impl ClassifyRetry for RetryTooMany {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let body = context.response().and_then(|response| response.body().bytes()).unwrap_or_default();
        let is_too_many = memchr::memmem::find(body, b"<Code>TooManyInvalidationsInProgress</Code>").is_some();
        if is_too_many { RetryAction::throttling_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "RetryTooMany"
    }
}

#[cfg(test)]
#[path = "cloudfront_tests.rs"]
mod tests;
