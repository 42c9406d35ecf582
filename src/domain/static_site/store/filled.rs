//! What the store keeps of a release whose placeholders have values.

use serde::{Deserialize, Serialize};

use super::document::parsed;
use crate::domain::image::Digest;

/// The files of a bundle with the values of an environment in place of its markers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledBundle {
    /// The digest of the values.
    pub values: Digest,
    /// The digest of the manifest of these files. The store has its document as it has the bytes of files.
    pub manifest: Digest,
}

/// [`FilledBundle`] as documents have it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFilled {
    values: String,
    manifest: String,
}

impl RawFilled {
    pub(super) fn of(filled: &FilledBundle) -> Self {
        Self { values: filled.values.to_string(), manifest: filled.manifest.to_string() }
    }

    pub(super) fn read(self) -> Result<FilledBundle, String> {
        Ok(FilledBundle {
            values: parsed(&self.values, "`filled` has no digest of values")?,
            manifest: parsed(&self.manifest, "`filled` has no digest of a manifest")?,
        })
    }
}
