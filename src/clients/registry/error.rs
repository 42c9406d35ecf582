//! What the errors of a registry mean.

use oci_client::errors::{DigestError, OciDistributionError, OciEnvelope, OciErrorCode};

use super::Registry;
use crate::clients::aws;
use crate::domain::limits::PLATFORMS;
use crate::domain::names::InvalidName;
use crate::domain::neutral;

/// What a registry was asked for, which decides about the permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// To give.
    Source,
    /// To take.
    Target,
}

/// Why a registry does not do what it should, or what it has cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A request failed.
    #[error(transparent)]
    Call(Box<FailedCall>),
    /// A layer or a configuration does not come through.
    #[error("registry {host} cannot {action}")]
    Broken {
        /// The registry.
        host: String,
        /// What it should do.
        action: String,
        /// What happened.
        why: Vec<String>,
    },
    /// The same error came at each try.
    #[error("{error}")]
    Repeated {
        /// The last error.
        #[source]
        error: Box<Self>,
        /// How many tries there were.
        times: u32,
    },
    /// The repository's name cannot be asked for.
    #[error("registry {host} cannot {action}")]
    Name {
        /// The registry.
        host: String,
        /// What it should do.
        action: String,
        /// What is wrong with the name.
        source: InvalidName,
    },
    /// The repository that should take something does not exist.
    #[error("repository {repository} does not exist")]
    NoRepository {
        /// The repository.
        repository: String,
        /// What the registry says.
        source: Box<OciDistributionError>,
    },
    /// An image is not there.
    #[error("image {image} is not there any more")]
    NoImage {
        /// The image by its digest.
        image: String,
        /// What the registry says.
        source: Box<OciDistributionError>,
    },
    /// A layer or a configuration is not there.
    #[error("{name} is not there any more")]
    NoBlob {
        /// The blob with its repository.
        name: String,
        /// What the registry says.
        source: Box<OciDistributionError>,
    },
    /// A manifest is not what its digest says.
    #[error("manifest {manifest} has other bytes than its digest says")]
    ForgedManifest {
        /// The manifest by its digest.
        manifest: String,
        /// Which digests these are.
        source: Box<OciDistributionError>,
    },
    /// A layer or a configuration is not what its manifest says.
    #[error("{name} is not what the manifest says")]
    ForgedBlob {
        /// The blob with its repository.
        name: String,
        /// The difference.
        difference: String,
    },
    /// Something has a digest that is not supported.
    #[error("the registry uses a digest that is not supported")]
    Digest(#[source] InvalidName),
    /// It is no image.
    #[error("{name} is no image")]
    NotAnImage {
        /// What was read.
        name: String,
        /// Why it is none.
        #[source]
        why: NoManifest,
    },
    /// An image of too many platforms.
    #[error("image {name} has {platforms} platforms")]
    TooManyPlatforms {
        /// The image.
        name: String,
        /// How many.
        platforms: usize,
    },
    /// An image of too many parts or too deep a structure.
    #[error("image {image} has too many parts or too many levels")]
    TooManyParts {
        /// The image by its digest.
        image: String,
    },
    /// The list of what refers to a manifest cannot be written.
    #[error("what refers to {subject} cannot be listed")]
    Referrers {
        /// The manifest.
        subject: String,
        /// Why not.
        source: serde_json::Error,
    },
    /// A tag that was moved does not lead where it should.
    #[error("{tag} does not lead to {digest} after tagging")]
    NotMoved {
        /// The repository with the tag.
        tag: String,
        /// Where it should lead.
        digest: String,
    },
    /// Something that was put is not there.
    #[error("{what} is not there after it was put")]
    NotKept {
        /// What was put.
        what: String,
    },
    /// A tag leads to another image, and is never moved.
    #[error("tag {repository}:{tag} is taken: it leads to {found}")]
    TagTaken {
        /// The repository.
        repository: String,
        /// The tag.
        tag: String,
        /// Where it leads.
        found: String,
        /// Where it should lead.
        wanted: String,
    },
}

/// A request to a registry that failed.
#[derive(Debug, thiserror::Error)]
#[error("registry {host} cannot {action}")]
pub struct FailedCall {
    /// The registry.
    pub host: String,
    /// What it should do, in the words of a bare infinitive with its object.
    pub action: String,
    /// What it was asked for.
    pub side: Side,
    /// What it answered, if it did.
    pub source: OciDistributionError,
}

/// Why something is no image.
#[derive(Debug, thiserror::Error)]
pub enum NoManifest {
    /// It is no manifest at all.
    #[error(transparent)]
    Unreadable(#[from] serde_json::Error),
    /// It is of another kind.
    #[error("it is neither a manifest of schema 2 nor an index")]
    OtherKind,
}

impl RegistryError {
    /// Whether it may be over at the next try.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Call(call) => is_transient(&call.source),
            Self::Broken { .. } => true,
            Self::Repeated { error, .. } => error.is_transient(),
            Self::Name { .. }
            | Self::NoRepository { .. }
            | Self::NoImage { .. }
            | Self::NoBlob { .. }
            | Self::ForgedManifest { .. }
            | Self::ForgedBlob { .. }
            | Self::Digest(_)
            | Self::NotAnImage { .. }
            | Self::TooManyPlatforms { .. }
            | Self::TooManyParts { .. }
            | Self::Referrers { .. }
            | Self::NotMoved { .. }
            | Self::NotKept { .. }
            | Self::TagTaken { .. } => false,
        }
    }

    /// What is behind it, in words without secrets.
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::Call(call) => vec![text(&call.source)],
            Self::Broken { why, .. } => why.clone(),
            Self::Repeated { error, times } => [error.details(), vec![format!("it was begun {times} times")]].concat(),
            Self::Name { source, .. } | Self::Digest(source) => vec![source.to_string()],
            Self::NoRepository { source, .. }
            | Self::NoImage { source, .. }
            | Self::NoBlob { source, .. }
            | Self::ForgedManifest { source, .. } => vec![text(source)],
            Self::ForgedBlob { difference, .. } => vec![difference.clone()],
            Self::NotAnImage { why, .. } => vec![why.to_string()],
            Self::TooManyPlatforms { .. } => vec![format!("at most {PLATFORMS} are read")],
            Self::Referrers { source, .. } => vec![source.to_string()],
            Self::TagTaken { wanted, .. } => {
                vec![format!("it should lead to {wanted}, and a tag is never moved")]
            }
            Self::TooManyParts { .. } | Self::NotMoved { .. } | Self::NotKept { .. } => Vec::new(),
        }
    }

    /// The code of the protocol that the registry answered with, or `http-` with the status.
    pub fn code(&self) -> Option<String> {
        match self {
            Self::Call(call) => code(&call.source),
            Self::Repeated { error, .. } => error.code(),
            Self::NoRepository { source, .. }
            | Self::NoImage { source, .. }
            | Self::NoBlob { source, .. }
            | Self::ForgedManifest { source, .. } => code(source),
            Self::Broken { .. }
            | Self::Name { .. }
            | Self::ForgedBlob { .. }
            | Self::Digest(_)
            | Self::NotAnImage { .. }
            | Self::TooManyPlatforms { .. }
            | Self::TooManyParts { .. }
            | Self::Referrers { .. }
            | Self::NotMoved { .. }
            | Self::NotKept { .. }
            | Self::TagTaken { .. } => None,
        }
    }
}

impl FailedCall {
    /// The action that AWS names as denied.
    pub fn denied_action(&self) -> Option<String> {
        aws::denied_action(&text(&self.source)).map(str::to_owned)
    }

    /// Whether the credentials are wrong, or not allowed to do this.
    pub fn is_denied(&self) -> bool {
        is_denied(&self.source)
    }

    /// Whether the registry asks for a login that is not given to it.
    pub fn is_login_refused(&self) -> bool {
        matches!(self.source, OciDistributionError::AuthenticationFailure(_))
    }
}

impl Registry {
    /// An error of a request, with what was asked for in the words of a bare infinitive with its object.
    pub(super) fn failed(&self, side: Side, action: String, source: OciDistributionError) -> RegistryError {
        RegistryError::Call(Box::new(FailedCall { host: self.host.clone(), action, side, source }))
    }
}

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

/// An answer with an error of the protocol is told apart by its code alone.
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

/// It may be over at the next try: nobody answered, the connection broke, the registry is in trouble or busy, or has
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
fn code(error: &OciDistributionError) -> Option<String> {
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
        for (said, told) in [
            ("error for url (https://s3/x?X-Amz-Signature=5ec3e7&a=b): closed", "error for url (https://s3/x): closed"),
            ("at \"https://s3/x?X-Amz-Signature=5ec3e7\", closed", "at \"https://s3/x\", closed"),
            ("what is this? https://s3/x", "what is this? https://s3/x"),
        ] {
            let error = OciDistributionError::IoError(std::io::Error::other(said));
            assert_eq!(text(&error), told);
        }
    }
}
