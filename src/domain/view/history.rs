//! The releases that an environment got.

use jiff::Timestamp;

use crate::domain::ids::{DeploymentId, RecordId};
use crate::domain::image::Digest;
use crate::domain::provenance::Provenance;
use crate::domain::release::ReleaseName;

/// What `history` found.
#[derive(Debug)]
pub struct FoundReleases {
    /// The releases with the names of their components, newest first.
    pub releases: Vec<(String, PastRelease)>,
    /// What was not looked at, in words.
    pub notes: Vec<String>,
}

/// What the ledger of a component says.
#[derive(Debug, Clone)]
pub struct History {
    /// The releases, newest first.
    pub releases: Vec<PastRelease>,
    /// How many records were looked at, where that was not all there are and fewer releases than asked for were found.
    pub looked_at: Option<usize>,
}

/// A release in the history of a component.
#[derive(Debug, Clone)]
pub struct PastRelease {
    /// The release.
    pub release: ReleaseName,
    /// The digest of its image.
    pub digest: Option<Digest>,
    /// How it ended. `None`: nobody wrote it down.
    pub outcome: Option<String>,
    /// When it ended; without an outcome, when it began.
    pub at: Option<Timestamp>,
    /// Who put it there, and when that began.
    pub provenance: Provenance,
    /// Where it is recorded: the ARN of the revision.
    pub place: RecordId,
    /// The place whose content it restores, in a rollback.
    pub restores: Option<RecordId>,
    /// The deployment that rolled it out last.
    pub deployment: Option<DeploymentId>,
    /// What its tags say that the revision contradicts; they are then not believed.
    pub contradiction: Option<String>,
    /// Whether it is there now.
    pub standing: Standing,
}

impl PastRelease {
    /// How long it took from the begin of the run to the outcome, in seconds. `None`: one of them is unknown, or somebody
    /// has written times that cannot be.
    pub fn seconds(&self) -> Option<i64> {
        let (began, ended) = (self.provenance.began?, self.at.filter(|_| self.outcome.is_some())?);
        let seconds = ended.duration_since(began).as_secs();
        (seconds >= 0).then_some(seconds)
    }
}

/// Whether a release is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not any more, or it never was.
    Past,
    /// The component is meant to run it, and is on the way there.
    RollingOut,
    /// The component is meant to run it.
    Current,
}
