//! The values of a component as they were read.

use super::Values;

/// The values of a component, and what of them was not read.
#[derive(Debug, Clone, Default)]
pub struct ReadValues {
    /// What was read.
    pub values: Values,
    /// What else sets variables and was not read, each with why in words: `environment files of container web: …`.
    pub unread: Vec<(String, String)>,
}

impl From<Values> for ReadValues {
    fn from(values: Values) -> Self {
        Self { values, unread: Vec::new() }
    }
}
