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

/// The values of a component as the configuration or a file of the repository has them.
#[derive(Debug, Clone)]
pub struct WrittenValues {
    /// The values.
    pub read: ReadValues,
    /// Whether they are in a file that is searched for values by itself.
    pub is_searched: bool,
}

impl From<Values> for ReadValues {
    fn from(values: Values) -> Self {
        Self { values, unread: Vec::new() }
    }
}
