//! Amazon `CloudWatch`: the state of alarms.
//!
//! One signed request of its JSON protocol
//! ([`DescribeAlarms`](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html)): the SDK's client speaks
//! CBOR, which takes twelve more crates, an old `http` among them, for this one call.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use serde_json::{Value, json};

use super::aws::AwsError;
use super::endpoint;
use super::http::no_answer;
use crate::domain::alarm::{Alarm, AlarmState};
use crate::domain::neutral;

const OPERATION: &str = "cloudwatch:DescribeAlarms";
const TARGET: &str = "GraniteServiceVersion20100801.DescribeAlarms";
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);
const JSON: &str = "application/x-amz-json-1.0";

/// The alarms of one region.
#[derive(Debug, Clone)]
pub struct Alarms {
    config: SdkConfig,
    client: Arc<OnceLock<reqwest::Client>>,
}

impl Alarms {
    /// The id of the service in the SDK.
    pub const SERVICE: &'static str = "CloudWatch";

    /// A client.
    pub fn new(config: &SdkConfig) -> Self {
        Self { config: config.clone(), client: Arc::default() }
    }

    /// The alarms of some names, as far as there are any: at most 100.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn named(&self, names: &[String]) -> Result<Vec<Alarm>, AwsError> {
        let body = json!({ "AlarmNames": names, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100 });
        let answer = self.ask(&body.to_string()).await?;
        let of =
            |list: &str| answer.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(alarm).collect();
        let metric: Vec<Alarm> = of("MetricAlarms");
        let composite: Vec<Alarm> = of("CompositeAlarms");
        Ok(metric.into_iter().chain(composite).collect())
    }

    async fn ask(&self, body: &str) -> Result<Value, AwsError> {
        let unsent = |error: reqwest::Error| AwsError::unsent(OPERATION, no_answer(&error.without_url()));
        let url = self.url();
        let headers = self.signed(&url, body).await?;
        let client = self.client.get_or_init(reqwest::Client::new);
        let mut request = client.post(&url).timeout(TIMEOUT).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(unsent)?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(unsent)?;
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        if status != 200 {
            return Err(AwsError::answered(OPERATION, status, &answer));
        }
        if answer.get("MetricAlarms").is_none() && answer.get("CompositeAlarms").is_none() {
            return Err(AwsError::returned(OPERATION, "no alarms"));
        }
        Ok(answer)
    }

    fn url(&self) -> String {
        let own = endpoint::of_service(&self.config, Self::SERVICE);
        own.or_else(|| self.config.endpoint_url().map(str::to_owned)).unwrap_or_else(|| {
            let region = self.region();
            let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            format!("https://monitoring.{region}.{suffix}")
        })
    }

    fn region(&self) -> &str {
        self.config.region().map_or("us-east-1", |region| region.as_ref())
    }

    /// The headers of a request, with its signature.
    async fn signed(&self, url: &str, body: &str) -> Result<Vec<(String, String)>, AwsError> {
        let unsigned = |what: &'static str| AwsError::unexpected(OPERATION, what);
        let provider = self.config.credentials_provider().ok_or_else(|| unsigned("there are no credentials"))?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| AwsError::without_credentials(OPERATION, error))?;
        let identity: Identity = credentials.into();
        let time = self.config.time_source().map(|source| source.now()).ok_or_else(|| unsigned("there is no clock"))?;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region())
            .name("monitoring")
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| unsigned("it cannot be signed").because(error))?
            .into();
        let own = [("content-type", JSON), ("x-amz-target", TARGET)];
        let signed = SignableRequest::new("POST", url, own.into_iter(), SignableBody::Bytes(body.as_bytes()))
            .and_then(|request| sign(request, &parameters))
            .map_err(|error| unsigned("it cannot be signed").because(error))?;
        let (instructions, _) = signed.into_parts();
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Ok(own.into_iter().map(pair).chain(instructions.headers().map(pair)).collect())
    }
}

fn alarm(raw: &Value) -> Option<Alarm> {
    let text = |key: &str| raw.get(key).and_then(Value::as_str);
    Some(Alarm {
        name: neutral::phrase(text("AlarmName")?, 255),
        state: match text("StateValue") {
            Some("OK") => AlarmState::Ok,
            Some("ALARM") => AlarmState::Alarm,
            Some("INSUFFICIENT_DATA") => AlarmState::NoData,
            other => AlarmState::Other(neutral::phrase(other.unwrap_or_default(), 40)),
        },
        reason: text("StateReason").map(|reason| neutral::phrase(reason, 300)),
    })
}
