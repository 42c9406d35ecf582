//! What the errors of a release store, and of a bucket that serves a site, mean.

use super::Explain;
use crate::clients::aws::{AwsError, AwsErrorKind};
use crate::clients::static_site_error::StoreError;
use crate::domain::failure::{CauseKind, Failure};
use crate::domain::outcome::Outcome;

impl Explain for StoreError {
    fn before(&self) -> Failure {
        let of = |outcome, hint: &str| Failure::new(outcome, self.to_string()).of(CauseKind::Environment).hint(hint);
        match self {
            Self::Call(error) => of_call(error),
            Self::Unreadable { .. } => of(
                Outcome::Failed,
                "restore the object from an older version of it, or use the version of shipgate that wrote it",
            ),
            Self::Missing { .. } | Self::OtherBytes { .. } => of(
                Outcome::Failed,
                "delete the object if it is there, and deploy a new commit that has the file: its build is stored whole",
            ),
            Self::File(error) => {
                let failure = Failure::failed(self.to_string()).cause(error.to_string());
                failure.hint("let nothing write to the files while they are deployed, and run it again")
            }
            Self::Busy(_) => of(
                Outcome::Refused,
                "wait until that run ends, or until the lock of one that was killed does; then run it again",
            ),
            Self::Overtaken { .. } => of(
                Outcome::Superseded,
                "check what is there with `shipgate status`; run it again if this release is to be served",
            ),
        }
    }

    fn is_refused(&self) -> bool {
        match self {
            Self::Call(error) => error.refused,
            Self::Unreadable { .. }
            | Self::Missing { .. }
            | Self::OtherBytes { .. }
            | Self::File(_)
            | Self::Busy(_)
            | Self::Overtaken { .. } => true,
        }
    }
}

fn of_call(error: &AwsError) -> Failure {
    let failure = error.before();
    if error.kind == AwsErrorKind::Denied && error.denied_action.as_deref() == Some("s3:GetObject") {
        return failure.hint("allow `s3:ListBucket` on the bucket too: without it S3 denies what is only missing");
    }
    failure
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        error.before()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::{Phase, explain};

    fn denied(action: &str) -> AwsError {
        AwsError {
            kind: AwsErrorKind::Denied,
            denied_action: Some(action.into()),
            ..AwsError::unexpected("s3:GetObject", "no")
        }
    }

    #[test]
    fn a_missing_right_to_list_is_named_where_it_looks_like_another() {
        let hints = |action| StoreError::Call(denied(action)).before().hints.join("\n");
        assert!(hints("s3:GetObject").contains("s3:ListBucket"));
        assert!(!hints("s3:PutObject").contains("s3:ListBucket"));
    }

    #[test]
    fn who_was_overtaken_is_superseded_whenever_that_is_seen() {
        let error = StoreError::Overtaken { bucket: "stage-site".parse().unwrap(), key: "index.html".to_owned() };
        for phase in [Phase::Before, Phase::During] {
            assert_eq!(explain(&error, phase).outcome, Outcome::Superseded);
        }
        assert_eq!(StoreError::Busy("x".to_owned()).before().outcome, Outcome::Refused);
    }
}
