//! Why a release store, or a bucket that serves a site, does not do what it should.

use super::client_write::PutError;
use crate::clients::aws::{AwsError, AwsErrorKind};
use crate::domain::failure::{CauseKind, Failure};
use crate::domain::outcome::Outcome;
use crate::domain::static_site::names::BucketName;
use crate::explain::{Explain, Phase, explain};

/// Why a release store, or a bucket that serves a site, does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The call failed.
    #[error(transparent)]
    Call(#[from] AwsError),
    /// An object is not what it should be.
    #[error("object `{key}` of bucket `{bucket}` cannot be read: {why}")]
    Unreadable {
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: String,
        /// Why, in words.
        why: String,
    },
    /// The store has no bytes of a file that a release has.
    #[error("bucket `{bucket}` has no object `{key}`, which a release needs")]
    Missing {
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: String,
    },
    /// The bytes of a file are others than its digest says.
    #[error("object `{key}` of bucket `{bucket}` does not have the bytes that its name says")]
    OtherBytes {
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: String,
    },
    /// A file on disk is not what it was when it was hashed.
    #[error("a file of the bundle cannot be read as it was")]
    File(#[source] PutError),
    /// Another run changes the site: who, in words.
    #[error("another run changes the site: {0}")]
    Busy(String),
    /// Another run took the site over, or somebody wrote what this run was to write: the object.
    #[error("somebody else wrote object `{key}` of bucket `{bucket}` meanwhile")]
    Overtaken {
        /// The bucket.
        bucket: BucketName,
        /// The key.
        key: String,
    },
}

impl StoreError {
    /// Whether somebody else was faster.
    pub fn is_overtaken(&self) -> bool {
        matches!(self, Self::Overtaken { .. })
    }

    /// It as it means when it happened in a phase of a run.
    pub fn failure(&self, phase: Phase) -> Failure {
        if self.is_overtaken() { self.before() } else { explain(self, phase) }
    }
}

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
                "delete the object if it is there, and deploy the release again: that puts its bytes back",
            ),
            Self::File(error) => {
                let failure = Failure::failed(self.to_string()).cause(error.to_string());
                failure.hint("let nothing write to the files while they are deployed, and run it again")
            }
            Self::Busy(_) => of(Outcome::Refused, "wait until that run ends, and run it again"),
            Self::Overtaken { .. } => of(
                Outcome::Superseded,
                "look at what is there with `shipgate status`; run it again if this release is to be served",
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
        for phase in [Phase::Before, Phase::During, Phase::After] {
            assert_eq!(error.failure(phase).outcome, Outcome::Superseded);
        }
        assert_eq!(StoreError::Busy("x".to_owned()).failure(Phase::Before).outcome, Outcome::Refused);
    }
}
