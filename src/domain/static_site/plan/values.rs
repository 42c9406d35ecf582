//! What a plan says of the values of placeholders.

use super::{SiteFacts, SitePlan};
use crate::domain::neutral;
use crate::domain::placeholder::{PlaceholderName, PlaceholderValue};
use crate::domain::static_site::store::{CurrentRelease, WrittenConfig};

impl SitePlan {
    /// The plan with the files that have its values already: those that are served, where they are of the same bundle.
    pub(super) fn known_by(self, facts: &SiteFacts) -> Self {
        let path = |config: Option<&WrittenConfig>| config.map(|config| config.path.clone());
        let is_same = |current: &&CurrentRelease| {
            self.digest.known() == Some(&current.digest)
                && self.exclude == current.exclude
                && path(self.config.as_ref()) == path(current.config.as_ref())
        };
        let filled = facts.current.as_ref().filter(is_same).and_then(|current| current.filled.clone());
        let filled = filled.filter(|filled| !self.values.0.is_empty() && filled.values == self.values.digest());
        Self { filled, ..self }
    }

    /// Whether its values are still to be put into its files.
    pub fn is_unfilled(&self) -> bool {
        !self.values.0.is_empty() && self.filled.is_none()
    }

    /// What is done with its values, for people.
    pub(super) fn put_values(&self) -> String {
        let named = |(name, value): (&PlaceholderName, &PlaceholderValue)| {
            format!("{name}={}", neutral::phrase(value.as_str(), 200))
        };
        let values: Vec<String> = self.values.0.iter().map(named).collect();
        format!(
            ", {} in place of its marker; the digest of the release is that of the files with markers",
            values.join(", ")
        )
    }
}
