//! Why a registry does not do what it should.

use std::fmt;

use oci_client::errors::OciDistributionError;

use super::answer::{code, is_denied, is_transient, text};
use crate::clients::aws;
use crate::domain::limits::PLATFORMS;
use crate::domain::names::InvalidName;

/// What a registry was asked for, which decides about the permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrySide {
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
#[derive(thiserror::Error)]
#[error("registry {host} cannot {action}")]
pub struct FailedCall {
    /// The registry.
    pub host: String,
    /// What it should do, in the words of a bare infinitive with its object.
    pub action: String,
    /// What it was asked for.
    pub side: RegistrySide,
    /// What it answered, if it did.
    pub source: OciDistributionError,
}

/// Without the source: it may hold an address with a signature.
impl fmt::Debug for FailedCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FailedCall({self})")
    }
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
