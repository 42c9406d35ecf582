//! What an answer of a registry is, in the terms of the protocol.

use oci_client::errors::{DigestError, OciDistributionError, OciEnvelope, OciErrorCode};

use crate::clients::aws;
use crate::domain::neutral;

/// The status that an error has or stands for.
fn status(error: &OciDistributionError) -> Option<u16> {
    if let OciDistributionError::RequestError(error) = error {
        return error.status().map(|status| status.as_u16());
    }
    if let OciDistributionError::ServerError { code, .. } = error {
        return Some(*code);
    }
    if let OciDistributionError::UnauthorizedError { .. } | OciDistributionError::AuthenticationFailure(_) = error {
        return Some(401);
    }
    envelope(error).map(|envelope| envelope.errors.first().map_or(400, |first| status_of(&first.code)))
}

/// An answer with an error of the protocol is distinguished by its code alone.
fn status_of(code: &OciErrorCode) -> u16 {
    let known = [
        (OciErrorCode::Unauthorized, 401),
        (OciErrorCode::Denied, 403),
        (OciErrorCode::Toomanyrequests, 429),
        (OciErrorCode::BlobUnknown, 404),
        (OciErrorCode::ManifestUnknown, 404),
        (OciErrorCode::NameUnknown, 404),
        (OciErrorCode::NotFound, 404),
    ];
    known.iter().find(|(known, _)| known == code).map_or(400, |(_, status)| *status)
}

/// What the registry said in the protocol's own form. The crate reads it for some requests only.
fn envelope(error: &OciDistributionError) -> Option<OciEnvelope> {
    if let OciDistributionError::RegistryError { envelope, .. } = error {
        return serde_json::to_value(envelope).and_then(serde_json::from_value).ok();
    }
    if let OciDistributionError::ServerError { message, .. } = error {
        return serde_json::from_str(message).ok();
    }
    None
}

/// Whether the registry said a code of the protocol.
fn says(error: &OciDistributionError, code: &OciErrorCode) -> bool {
    envelope(error).is_some_and(|envelope| envelope.errors.iter().any(|error| error.code == *code))
}

/// The credentials are wrong, or not allowed to do this.
pub fn is_denied(error: &OciDistributionError) -> bool {
    matches!(status(error), Some(401 | 403)) || says(error, &OciErrorCode::Denied)
}

/// What was asked for is not there.
pub fn is_missing(error: &OciDistributionError) -> bool {
    status(error) == Some(404) && !says(error, &OciErrorCode::BlobUploadUnknown)
}

/// The bytes are not those of the digest.
pub fn is_mismatch(error: &OciDistributionError) -> bool {
    matches!(error, OciDistributionError::DigestError(DigestError::VerificationError { .. }))
}

/// The registry does not know this kind of question.
pub fn is_unsupported(error: &OciDistributionError) -> bool {
    matches!(status(error), Some(400 | 404 | 405 | 406 | 501))
}

/// It may be over at the next attempt: there was no answer, the connection broke, the registry failed or is busy, or has
/// forgotten an upload.
pub fn is_transient(error: &OciDistributionError) -> bool {
    if says(error, &OciErrorCode::BlobUploadUnknown) || says(error, &OciErrorCode::Toomanyrequests) {
        return true;
    }
    if let Some(status) = status(error) {
        return matches!(status, 408 | 425 | 429 | 500 | 502..);
    }
    if let OciDistributionError::RequestError(error) = error {
        return !error.is_builder() && !error.is_redirect();
    }
    matches!(error, OciDistributionError::IoError(_))
}

/// The error in words, neutral and without the signatures that addresses of a store carry.
pub fn text(error: &OciDistributionError) -> String {
    let text = match (error, envelope(error)) {
        (_, Some(envelope)) => {
            let said = |error: &oci_client::errors::OciError| format!("{}: {}", code_text(&error.code), error.message);
            envelope.errors.iter().map(said).collect::<Vec<_>>().join("; ")
        }
        (OciDistributionError::ServerError { code, message, .. }, None) => format!("status {code}: {message}"),
        (
            OciDistributionError::AuthenticationFailure(reason) | OciDistributionError::SpecViolationError(reason),
            None,
        ) => reason.clone(),
        (OciDistributionError::UnauthorizedError { .. }, None) => "the login is not accepted".to_owned(),
        (_, None) => aws::chain(error),
    };
    neutral::phrase(&without_queries(&text), 600)
}

/// The first code of the protocol in an answer, or its status.
pub fn code(error: &OciDistributionError) -> Option<String> {
    let said = envelope(error).and_then(|envelope| envelope.errors.first().map(|error| code_text(&error.code)));
    said.or_else(|| status(error).map(|status| format!("http-{status}")))
}

fn code_text(code: &OciErrorCode) -> String {
    let value = serde_json::to_value(code).unwrap_or_default();
    value.as_str().unwrap_or("error").to_owned()
}

/// Cuts addresses at their query.
fn without_queries(text: &str) -> String {
    let cut = |word: &str| match (word.contains("://"), word.split_once('?')) {
        (true, Some((address, query))) => {
            let end = query.trim_start_matches(|c: char| !matches!(c, ')' | '"' | '\'' | '>' | ','));
            format!("{address}{end}")
        }
        _ => word.to_owned(),
    };
    text.split(' ').map(cut).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_of_an_address_is_not_told() {
        for (said, reported) in [
            ("error for url (https://s3/x?X-Amz-Signature=5ec3e7&a=b): closed", "error for url (https://s3/x): closed"),
            ("at \"https://s3/x?X-Amz-Signature=5ec3e7\", closed", "at \"https://s3/x\", closed"),
            ("what is this? https://s3/x", "what is this? https://s3/x"),
        ] {
            let error = OciDistributionError::IoError(std::io::Error::other(said));
            assert_eq!(text(&error), reported);
        }
    }
}
