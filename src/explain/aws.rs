//! Why a call of AWS failed.

use crate::clients::aws::{AwsError, AwsErrorKind};
use crate::domain::failure::Failure;
use crate::domain::iam::policy::statements_with;

/// Where the generated policy allows an action.
fn statements(action: &str) -> String {
    match statements_with(action).as_slice() {
        [] => String::new(),
        sids => format!(": statement {} of `shipgate iam policy`", sids.join(" or ")),
    }
}

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Self {
        if let Some(failure) = error.no_session {
            return *failure;
        }
        let action = error.denied_action.as_deref().unwrap_or(error.operation);
        let message = error.to_string();
        let transient = matches!(error.kind, AwsErrorKind::Unreachable | AwsErrorKind::Throttled);
        let failure = match error.kind {
            AwsErrorKind::Denied => Self::failed(format!("permission `{action}` is missing")).cause(message).hint(
                format!("allow `{action}` in the policy of the role or user that runs shipgate{}", statements(action)),
            ),
            AwsErrorKind::Credentials => Self::invalid("AWS does not accept the credentials")
                .cause(message)
                .hint("check which credentials are set: `shipgate whoami`, and that this machine's clock is right"),
            AwsErrorKind::Unreachable => Self::failed(format!("`{action}` cannot be asked"))
                .cause(message)
                .hint("check the network, the region, and AWS_ENDPOINT_URL if it is set"),
            AwsErrorKind::Throttled => Self::failed(format!("`{action}` is throttled"))
                .cause(message)
                .hint("run it again in a minute; other programs share the account's limit"),
            AwsErrorKind::Service => Self::failed(format!("`{action}` failed"))
                .cause(message)
                .hint("correct what AWS names, and run it again; `-v` shows every call"),
        };
        Self { transient, ..failure }
    }
}
