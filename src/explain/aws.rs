//! Why a call of AWS failed.

use super::{Explain, explained};
use crate::clients::aws::{AwsError, AwsErrorKind, sources};
use crate::clients::logs::LogsError;
use crate::clients::role::SessionError;
use crate::domain::failure::{Cause, CauseKind, Failure};
use crate::domain::iam::policy::statements_with;

explained!(AwsError, LogsError);

/// What is encrypted with a key of KMS is written with one permission on it, and read and copied with another
/// ([SSE-KMS](https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms-permissions)).
const OF_A_KEY: &str = "what is read or written is encrypted with that key: allow `kms:GenerateDataKey` and `kms:Decrypt` on it, and let \
                        the key's policy allow the role too; `shipgate iam policy` names no keys";

/// Where the generated policy allows an action.
fn statements(action: &str) -> String {
    match statements_with(action).as_slice() {
        [] => String::new(),
        sids => format!(": statement {} of `shipgate iam policy`", sids.join(" or ")),
    }
}

impl Explain for AwsError {
    fn before(&self) -> Failure {
        if let Some(session) = no_session(self) {
            return session.before();
        }
        let action = self.denied_action.as_deref().unwrap_or(self.operation);
        let (failure, hint) = match self.kind {
            AwsErrorKind::Denied => (
                Failure::failed(format!("permission `{action}` is missing")),
                format!("allow `{action}` in the policy of the role or user that runs shipgate{}", statements(action)),
            ),
            AwsErrorKind::Credentials => (
                Failure::invalid("AWS does not accept the credentials"),
                "check which credentials are set: `shipgate whoami`, and that this machine's clock is right".to_owned(),
            ),
            AwsErrorKind::Unreachable => (
                Failure::failed(format!("`{action}` cannot be asked")),
                "check the network, the region, and AWS_ENDPOINT_URL if it is set".to_owned(),
            ),
            AwsErrorKind::Throttled => (
                Failure::failed(format!("`{action}` is throttled")),
                "run it again in a minute; other programs share the account's limit".to_owned(),
            ),
            AwsErrorKind::Service => (
                Failure::failed(format!("`{action}` failed")),
                "correct what AWS names, and run it again; `-v` shows every call".to_owned(),
            ),
            AwsErrorKind::Answer => return incomplete(self),
        };
        let failure = failure.of(kind(self.kind)).because(cause(self).hint(&hint)).hint(hint);
        let is_of_key = self.kind == AwsErrorKind::Denied && action.starts_with("kms:");
        let failure = if is_of_key { failure.hint(OF_A_KEY) } else { failure };
        Failure { is_transient: self.is_transient(), ..failure }
    }

    fn is_refused(&self) -> bool {
        self.refused
    }
}

impl Explain for LogsError {
    fn before(&self) -> Failure {
        match self {
            Self::NoGroup { error, .. } => {
                let hint = "create it, or correct `awslogs-group` in the task definition";
                Failure::failed(self.to_string()).because(cause(error).hint(hint)).hint(hint)
            }
            Self::Call(error) => error.before(),
        }
    }
}

/// The answer lacks what AWS documents.
fn incomplete(error: &AwsError) -> Failure {
    let failure = Failure::failed(format!("`{}` returned {}", error.operation, error.message));
    let failure = failure.of(CauseKind::Dependency);
    error.source.iter().fold(failure, |failure, source| failure.cause(source.to_string()))
}

/// Why there were no credentials to make the call with, where a role could not be assumed.
fn no_session(error: &AwsError) -> Option<&SessionError> {
    sources(error).find_map(|error| error.downcast_ref())
}

/// A call as a cause, with the service's code.
pub(super) fn cause(error: &AwsError) -> Cause {
    Cause::new(kind(error.kind), error.to_string()).code(error.code.clone())
}

fn kind(kind: AwsErrorKind) -> CauseKind {
    match kind {
        AwsErrorKind::Denied => CauseKind::Permission,
        AwsErrorKind::Unreachable | AwsErrorKind::Throttled | AwsErrorKind::Answer => CauseKind::Dependency,
        AwsErrorKind::Credentials | AwsErrorKind::Service => CauseKind::Environment,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use aws_credential_types::provider::error::CredentialsError;
    use aws_sdk_sts::operation::assume_role::AssumeRoleError;
    use aws_smithy_runtime_api::client::result::SdkError;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::outcome::Outcome::{self, Failed, Invalid};
    use crate::explain::tests::{assert_explained, has_source};
    use crate::explain::{Phase, explain};

    /// An error as it is made of an answer.
    pub fn answered(kind: AwsErrorKind, code: &str) -> AwsError {
        AwsError {
            kind,
            refused: !matches!(kind, AwsErrorKind::Unreachable | AwsErrorKind::Answer),
            code: Some(code.to_owned()),
            ..AwsError::unexpected("ecs:UpdateService", &format!("{code}: no"))
        }
    }

    #[test]
    fn each_kind_of_refusal_is_explained() {
        use AwsErrorKind::{Credentials, Denied, Service, Throttled, Unreachable};
        for (kind, code, expected) in [
            (Denied, "AccessDenied", (Failed, CauseKind::Permission, "allow `ecs:UpdateService` in the policy")),
            (Credentials, "ExpiredToken", (Invalid, CauseKind::Environment, "`shipgate whoami`")),
            (Unreachable, "ServerException", (Failed, CauseKind::Dependency, "check the network, the region")),
            (Throttled, "ThrottlingException", (Failed, CauseKind::Dependency, "run it again in a minute")),
            (Service, "ClientException", (Failed, CauseKind::Environment, "correct what AWS names")),
        ] {
            let (outcome, expected_kind, hint) = expected;
            let error = answered(kind, code);
            assert_explained(&error, (outcome, expected_kind, Some(code), hint));
            assert_eq!(error.is_transient(), expected_kind == CauseKind::Dependency);
            assert_eq!(error.before().causes[0].hint.as_ref(), error.before().hints.first());
        }
    }

    #[test]
    fn a_denied_action_is_named_with_its_statement() {
        let denied = Some("iam:PassRole".into());
        let failure = AwsError { denied_action: denied, ..answered(AwsErrorKind::Denied, "AccessDenied") }.before();
        assert_eq!(failure.reason, "permission `iam:PassRole` is missing");
        assert!(failure.hints[0].ends_with(": statement PassRoles of `shipgate iam policy`"), "{failure:?}");
        assert_eq!(failure.hints.len(), 1, "{failure:?}");
    }

    #[test]
    fn a_key_that_may_not_be_used_is_no_matter_of_the_generated_policy() {
        for action in ["kms:GenerateDataKey", "kms:Decrypt"] {
            let denied = Some(action.into());
            let failure = AwsError { denied_action: denied, ..answered(AwsErrorKind::Denied, "AccessDenied") }.before();
            assert_eq!(failure.reason, format!("permission `{action}` is missing"));
            assert!(failure.hints[1].contains("`kms:GenerateDataKey` and `kms:Decrypt`"), "{failure:?}");
        }
    }

    #[test]
    fn an_answer_that_lacks_something_says_what() {
        let error = AwsError::returned("ecs:RegisterTaskDefinition", "no ARN");
        assert_explained(&error, (Failed, CauseKind::Dependency, None, ""));
        assert_eq!(error.before().reason, "`ecs:RegisterTaskDefinition` returned no ARN");
        let unreadable = serde_json::from_str::<u8>("x").unwrap_err();
        let text = unreadable.to_string();
        let error = AwsError::returned("ecs:DescribeTaskDefinition", "no JSON").because(unreadable);
        assert_eq!(error.before().causes[0].text, text);
        assert!(has_source::<serde_json::Error>(&error));
    }

    #[test]
    fn a_missing_log_group_is_named() {
        let error = answered(AwsErrorKind::Service, "ResourceNotFoundException");
        let error = LogsError::NoGroup { group: "/shop".to_owned(), error };
        let expected = (Failed, CauseKind::Environment, Some("ResourceNotFoundException"), "correct `awslogs-group`");
        assert_explained(&error, expected);
        assert!(has_source::<AwsError>(&error));
    }

    #[test]
    fn a_session_that_cannot_be_had_is_found_behind_the_call() {
        let no_credentials = CredentialsError::provider_error(SessionError::NoRole);
        let error = SdkError::<AssumeRoleError, _>::construction_failure(no_credentials);
        let error = AwsError::new("sts:AssumeRole", error);
        assert_eq!(error.kind, AwsErrorKind::Credentials);
        assert!(has_source::<SessionError>(&error));
        assert_eq!(explain(&error, Phase::Before).reason, "there is no role to assume");
    }

    proptest! {
        #[test]
        fn after_a_change_nothing_is_called_failed(
            kind in 0..6_usize, code in "[A-Za-z]{0,20}", text in "\\PC{0,40}", refused: bool,
        ) {
            use AwsErrorKind::{Answer, Credentials, Denied, Service, Throttled, Unreachable};
            let kind = [Answer, Credentials, Denied, Service, Throttled, Unreachable][kind];
            let error = AwsError { refused, message: text, ..answered(kind, &code) };
            let after = explain(&error, Phase::After);
            prop_assert_eq!(after.outcome, Outcome::Broken);
            let during = explain(&error, Phase::During);
            prop_assert_eq!(during.outcome == Outcome::Broken, !refused);
        }
    }
}
