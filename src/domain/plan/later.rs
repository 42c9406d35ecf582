//! What a plan may know only while it is carried out: the digest of an image that is not built yet.

use std::fmt;

use crate::domain::step::StepId;

/// A value of a plan that is known, or becomes known by a step of the same plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Later<T> {
    /// It is known.
    Known(T),
    /// It becomes known.
    After(StepId),
}

impl<T> Later<T> {
    /// The value, where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::After(_) => None,
        }
    }

    /// The step by which it becomes known.
    pub fn after(&self) -> Option<&StepId> {
        match self {
            Self::Known(_) => None,
            Self::After(step) => Some(step),
        }
    }

    /// Something that follows from the value.
    pub fn map<U>(&self, follow: impl FnOnce(&T) -> U) -> Later<U> {
        match self {
            Self::Known(value) => Later::Known(follow(value)),
            Self::After(step) => Later::After(step.clone()),
        }
    }

    /// The value, which has to be known by now.
    ///
    /// # Errors
    ///
    /// It is not.
    pub fn now(&self) -> Result<&T, StillUnknown> {
        match self {
            Self::Known(value) => Ok(value),
            Self::After(step) => Err(StillUnknown(step.clone())),
        }
    }
}

/// The end of a text of which a part becomes known later.
const OPEN: &str = "(known after ";

/// Whether a text of a plan has a part that becomes known later.
pub fn is_open(text: &str) -> bool {
    text.contains(OPEN)
}

/// Something is needed before the step by which it becomes known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what `{0}` makes known is not known yet")]
pub struct StillUnknown(pub StepId);

impl<T: fmt::Display> fmt::Display for Later<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(formatter),
            Self::After(step) => write!(formatter, "{OPEN}{})", step.verb),
        }
    }
}
