//! What S3 answers a call with where the SDK gives no code: such answers have no body.

use aws_sdk_s3::error::SdkError;
use aws_smithy_runtime_api::http::Response;

use crate::clients::aws::{AwsError, AwsErrorKind};

/// The answer behind an error. `E`: the error of the operation.
pub(super) fn response<E: std::error::Error + 'static>(error: &AwsError) -> Option<&Response> {
    error.source.as_deref()?.downcast_ref::<SdkError<E, Response>>()?.raw_response()
}

pub(super) fn status(answer: &Response) -> u16 {
    answer.status().as_u16()
}

/// The error of a call that is not allowed.
pub(super) fn denied(action: &'static str, error: AwsError) -> AwsError {
    AwsError {
        kind: AwsErrorKind::Denied,
        denied_action: Some(action.into()),
        code: Some("AccessDenied".to_owned()),
        message: "AccessDenied".to_owned(),
        refused: true,
        ..error
    }
}
