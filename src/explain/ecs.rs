//! Why a call of ECS failed.

use super::aws::cause;
use super::{Explain, explained};
use crate::clients::ecs::EcsError;
use crate::domain::failure::Failure;

explained!(EcsError);

impl Explain for EcsError {
    fn before(&self) -> Failure {
        match self {
            Self::Call(error) => error.before(),
            Self::NoCluster { error, .. } => {
                let hint = "create it, or correct `cluster`, `prefix`, `region` or the account";
                Failure::failed(self.to_string()).because(cause(error).hint(hint)).hint(hint)
            }
            Self::NotPlaced { reasons } => {
                let failure = Failure::failed(self.to_string());
                reasons.iter().fold(failure, |failure, reason| failure.causes([reason], code_in(reason), None))
            }
        }
    }

    fn is_refused(&self) -> bool {
        match self {
            Self::Call(error) => error.is_refused(),
            Self::NoCluster { .. } | Self::NotPlaced { .. } => true,
        }
    }
}

/// ECS gives a code for a reason in some answers: `RESOURCE:MEMORY`.
fn code_in(reason: &str) -> Option<String> {
    let is_code = !reason.is_empty() && reason.bytes().all(|byte| byte.is_ascii_uppercase() || b":_".contains(&byte));
    is_code.then(|| reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::aws::{AwsError, AwsErrorKind};
    use crate::domain::failure::CauseKind;
    use crate::domain::outcome::Outcome::Failed;
    use crate::explain::aws::tests::answered;
    use crate::explain::tests::{assert_explained, has_source};

    #[test]
    fn what_ecs_does_not_have_is_named() {
        let error = Box::new(answered(AwsErrorKind::Service, "ClusterNotFoundException"));
        let error = EcsError::NoCluster { cluster: "stage".parse().unwrap(), error };
        let code = Some("ClusterNotFoundException");
        assert_explained(&error, (Failed, CauseKind::Environment, code, "correct `cluster`, `prefix`, `region`"));
        assert!(has_source::<Box<AwsError>>(&error));
        let reasons = vec!["RESOURCE:MEMORY".to_owned(), "no instance".to_owned()];
        let error = EcsError::NotPlaced { reasons };
        assert_explained(&error, (Failed, CauseKind::Environment, Some("RESOURCE:MEMORY"), ""));
        assert_eq!(error.before().causes[1].code, None);
        let error = EcsError::from(answered(AwsErrorKind::Throttled, "ThrottlingException"));
        assert!(error.is_transient());
        assert_explained(&error, (Failed, CauseKind::Dependency, Some("ThrottlingException"), "in a minute"));
    }
}
