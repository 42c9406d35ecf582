//! How a proof ends that does not succeed.

use std::time::Duration;

use crate::domain::failure::{CauseKind, Failure};
use crate::domain::limits::LISTED;
use crate::domain::outcome::Outcome;

/// Why a release is not proven at its public address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SiteUnproven {
    /// What comes is neither of this release nor what came before it.
    Wrong(Vec<AddressFault>),
    /// What came before it still comes.
    Old {
        /// Where.
        faults: Vec<AddressFault>,
        /// For how long it was asked.
        after: Duration,
    },
    /// There was no answer.
    Unanswered {
        /// Where.
        faults: Vec<AddressFault>,
        /// For how long it was asked.
        after: Duration,
    },
}

/// What is wrong with one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressFault {
    /// What was asked, for people.
    pub asked: String,
    /// What came.
    pub why: String,
}

impl SiteUnproven {
    /// One fault that no time changes.
    pub fn wrong(asked: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Wrong(vec![AddressFault { asked: asked.into(), why: why.into() }])
    }

    /// Whether the release is at fault, so that what served before is put back.
    pub fn is_of_the_release(&self) -> bool {
        matches!(self, Self::Wrong(_))
    }

    fn faults(&self) -> &[AddressFault] {
        match self {
            Self::Wrong(faults) | Self::Old { faults, .. } | Self::Unanswered { faults, .. } => faults,
        }
    }

    /// As a failure of the component, whose files are in its bucket by then.
    pub fn failure(&self) -> Failure {
        let seconds = |after: &Duration| after.as_secs();
        let failure = match self {
            Self::Wrong(_) => Failure::new(Outcome::Broken, "the site does not serve this release")
                .hint("compare the answer with the file in the bucket: an error page, a function or another behaviour of the distribution may answer instead"),
            Self::Old { after, .. } => {
                let reason = format!("the site does not serve this release yet, {} s after the change", seconds(after));
                Failure::new(Outcome::TimedOut, reason)
                    .hint("run the same command again: the files are in place, and it goes on asking")
                    .hint("if that does not end: see whether the invalidation is completed, and what else keeps answers on the way")
            }
            Self::Unanswered { after, .. } => {
                let reason = format!("the site did not answer for {} s", seconds(after));
                Failure::new(Outcome::Broken, reason)
                    .of(CauseKind::Dependency)
                    .hint("check the name, the certificate and the distribution; run the same command again when the site answers")
            }
        };
        let faults = self.faults();
        let text = |fault: &AddressFault| format!("{}: {}", fault.asked, fault.why);
        let failure = faults.iter().take(LISTED.count()).map(text).fold(failure, Failure::cause);
        match faults.len().saturating_sub(LISTED.count()) {
            0 => failure,
            more => failure.cause(format!("and {more} more")),
        }
    }
}

impl From<SiteUnproven> for Failure {
    fn from(verdict: SiteUnproven) -> Self {
        verdict.failure()
    }
}
