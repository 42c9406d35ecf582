//! Races that ECS reports as plain `ClientException`, and that are over a moment later.

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use serde_json::Value;

/// Two registrations of one family at the same time, and a revision registered a moment ago that is not known
/// everywhere yet. The code is that of every bad request, so here, and only here, the message decides; the SDK's own
/// retries do the waiting.
#[derive(Debug)]
pub struct RetryRaces;

impl ClassifyRetry for RetryRaces {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let body = context.response().and_then(|response| response.body().bytes()).unwrap_or_default();
        if is_race(body) { RetryAction::transient_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "RetryRaces"
    }
}

fn is_race(body: &[u8]) -> bool {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| document.get(key).and_then(Value::as_str);
    let message = text("message").or(text("Message")).unwrap_or_default();
    text("__type").is_some_and(|code| code.ends_with("ClientException"))
        && (message.contains("Too many concurrent attempts to create a new revision")
            || message.contains("TaskDefinition not found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_races_are_tried_again() {
        for (body, race) in [
            (
                r#"{"__type":"ClientException","message":"Too many concurrent attempts to create a new revision of the specified family."}"#,
                true,
            ),
            (r#"{"__type":"com.amazonaws.ecs#ClientException","message":"TaskDefinition not found."}"#, true),
            (r#"{"__type":"ClientException","message":"Role is not valid"}"#, false),
            (r#"{"__type":"ServerException","message":"TaskDefinition not found."}"#, false),
            ("not json", false),
            ("", false),
        ] {
            assert_eq!(is_race(body.as_bytes()), race, "{body}");
        }
    }
}
