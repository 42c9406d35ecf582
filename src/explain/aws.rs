//! Why a call of AWS failed.

use crate::clients::aws::{AwsError, AwsErrorKind};
use crate::domain::failure::{Cause, CauseKind, Failure};
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
        let transient = matches!(error.kind, AwsErrorKind::Unreachable | AwsErrorKind::Throttled);
        let (failure, hint) = match error.kind {
            AwsErrorKind::Denied => (
                Self::failed(format!("permission `{action}` is missing")),
                format!("allow `{action}` in the policy of the role or user that runs shipgate{}", statements(action)),
            ),
            AwsErrorKind::Credentials => (
                Self::invalid("AWS does not accept the credentials"),
                "check which credentials are set: `shipgate whoami`, and that this machine's clock is right".to_owned(),
            ),
            AwsErrorKind::Unreachable => (
                Self::failed(format!("`{action}` cannot be asked")),
                "check the network, the region, and AWS_ENDPOINT_URL if it is set".to_owned(),
            ),
            AwsErrorKind::Throttled => (
                Self::failed(format!("`{action}` is throttled")),
                "run it again in a minute; other programs share the account's limit".to_owned(),
            ),
            AwsErrorKind::Service => (
                Self::failed(format!("`{action}` failed")),
                "correct what AWS names, and run it again; `-v` shows every call".to_owned(),
            ),
        };
        let kind = kind(error.kind);
        let cause = Cause::new(kind, error.to_string()).code(error.code.clone()).hint(&hint);
        Self { transient, ..failure.of(kind).because(cause).hint(hint) }
    }
}

fn kind(kind: AwsErrorKind) -> CauseKind {
    match kind {
        AwsErrorKind::Denied => CauseKind::Permission,
        AwsErrorKind::Unreachable | AwsErrorKind::Throttled => CauseKind::Dependency,
        AwsErrorKind::Credentials | AwsErrorKind::Service => CauseKind::Environment,
    }
}
