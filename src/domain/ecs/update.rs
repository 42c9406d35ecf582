//! An `UpdateService` without a service in its answer: did the service take it?

use std::time::Duration;

use super::watch::STALE_READS;
use crate::domain::poll::PollStep;

/// What is known of an update that returned no service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unconfirmed {
    /// AWS refused it. An attempt before that, whose answer was lost, may have been taken nevertheless.
    Refused,
    /// Nothing was answered, or nothing that can be read.
    Unanswered,
}

/// What a read of the service says about an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateReading<S> {
    /// The service is meant to run the revision.
    Taken(S),
    /// It is not.
    NotTaken,
    /// It could not be read.
    Nothing {
        /// Whether the next attempt may succeed.
        transient: bool,
    },
}

/// What became of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update<S> {
    /// The service took it.
    Taken(S),
    /// It did not.
    NotTaken,
    /// It may still arrive.
    Unknown,
}

impl Unconfirmed {
    /// Judges a read so long after the answer. Reads are eventually consistent: one that shows what was before proves
    /// nothing, unless the update was refused.
    pub fn judge<S>(self, elapsed: Duration, seen: UpdateReading<S>) -> PollStep<Update<S>> {
        match (self, seen) {
            (_, UpdateReading::Taken(service)) => PollStep::Done(Update::Taken(service)),
            (Self::Refused, UpdateReading::NotTaken) => PollStep::Done(Update::NotTaken),
            (Self::Refused, UpdateReading::Nothing { .. })
            | (Self::Unanswered, UpdateReading::Nothing { transient: false }) => PollStep::Done(Update::Unknown),
            (Self::Unanswered, UpdateReading::NotTaken | UpdateReading::Nothing { transient: true })
                if elapsed < STALE_READS =>
            {
                PollStep::again(Duration::from_secs(1))
            }
            (Self::Unanswered, UpdateReading::NotTaken | UpdateReading::Nothing { transient: true }) => {
                PollStep::Done(Update::Unknown)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_service_that_shows_the_revision_took_it() {
        use Unconfirmed::{Refused, Unanswered};
        let again = || PollStep::again(Duration::from_secs(1));
        let blind = |transient| UpdateReading::Nothing { transient };
        for (unconfirmed, milliseconds, seen, step) in [
            (Refused, 0, UpdateReading::Taken("service"), PollStep::Done(Update::Taken("service"))),
            (Unanswered, 20_000, UpdateReading::Taken("service"), PollStep::Done(Update::Taken("service"))),
            (Refused, 0, UpdateReading::NotTaken, PollStep::Done(Update::NotTaken)),
            (Refused, 0, blind(true), PollStep::Done(Update::Unknown)),
            (Refused, 0, blind(false), PollStep::Done(Update::Unknown)),
            (Unanswered, 0, UpdateReading::NotTaken, again()),
            (Unanswered, 9_999, UpdateReading::NotTaken, again()),
            (Unanswered, 10_000, UpdateReading::NotTaken, PollStep::Done(Update::Unknown)),
            (Unanswered, 9_999, blind(true), again()),
            (Unanswered, 10_000, blind(true), PollStep::Done(Update::Unknown)),
            (Unanswered, 0, blind(false), PollStep::Done(Update::Unknown)),
        ] {
            let shown = format!("{unconfirmed:?} {milliseconds} ms {seen:?}");
            assert_eq!(unconfirmed.judge(Duration::from_millis(milliseconds), seen), step, "{shown}");
        }
    }

    /// The loop as `src/poll.rs` runs it, in no time.
    #[test]
    fn an_update_that_never_arrives_is_unknown_after_ten_seconds() {
        let mut elapsed = Duration::ZERO;
        let mut reads = 1;
        while let PollStep::Ask { after, .. } = Unconfirmed::Unanswered.judge::<()>(elapsed, UpdateReading::NotTaken) {
            elapsed += after;
            reads += 1;
        }
        assert_eq!((elapsed.as_secs(), reads), (10, 11));
    }
}
