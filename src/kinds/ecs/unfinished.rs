//! Why a component was not proven to run the release, and whether that is known.

use crate::domain::failure::Failure;

/// Why a component was not proven to run the release.
#[derive(Debug)]
pub struct Unfinished {
    /// What is reported.
    pub failure: Failure,
    /// Whether how it ended is known. What is not is left out of the ledger: the next run may find out.
    pub is_known: bool,
    /// Whether the release failed while it is on, and nothing brings back what served before.
    pub is_of_the_release: bool,
}

impl Unfinished {
    /// How it ended is unknown: the release may serve.
    pub fn unknown(failure: Failure) -> Self {
        Self { failure, is_known: false, is_of_the_release: false }
    }

    /// The release failed while it is on.
    pub fn of_the_release(failure: Failure) -> Self {
        Self { failure, is_known: true, is_of_the_release: true }
    }

    /// The same with another failure.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Failure) -> Failure) -> Self {
        Self { failure: change(self.failure), ..self }
    }
}

impl<E> From<E> for Unfinished
where
    Failure: From<E>,
{
    fn from(error: E) -> Self {
        Self { failure: error.into(), is_known: true, is_of_the_release: false }
    }
}

impl AsRef<Failure> for Unfinished {
    fn as_ref(&self) -> &Failure {
        &self.failure
    }
}
