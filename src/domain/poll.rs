//! What a poll leads to, as data: the loop itself is in `src/poll.rs`.

use std::time::Duration;

/// What to do after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PollStep<T, Q = ()> {
    /// Ask again.
    Ask {
        /// After this pause.
        after: Duration,
        /// What to ask.
        question: Q,
    },
    /// Nothing: the result.
    Done(T),
}

impl<T> PollStep<T> {
    /// Asks the same again after a pause.
    pub fn again(after: Duration) -> Self {
        Self::Ask { after, question: () }
    }
}

impl<T, Q> PollStep<T, Q> {
    /// Makes something else of the result.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> PollStep<U, Q> {
        match self {
            Self::Ask { after, question } => PollStep::Ask { after, question },
            Self::Done(result) => PollStep::Done(change(result)),
        }
    }
}

/// A fixed number of attempts with growing pauses, for a read after a write: what ECS says of tags can be some seconds
/// old.
#[derive(Debug, Default)]
pub struct Attempts {
    made: usize,
}

impl Attempts {
    const PAUSES: [Duration; 5] = [
        Duration::from_millis(250),
        Duration::from_millis(500),
        Duration::from_secs(1),
        Duration::from_secs(2),
        Duration::from_secs(4),
    ];

    /// Takes an answer. One that is not as wanted is the result only when it is the last.
    pub fn take<T>(&mut self, is_wanted: bool, answer: T) -> PollStep<T> {
        match Self::PAUSES.get(self.made).filter(|_| !is_wanted) {
            Some(pause) => {
                self.made += 1;
                PollStep::again(*pause)
            }
            None => PollStep::Done(answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_wanted_ends_the_attempts_and_so_does_the_sixth() {
        let mut attempts = Attempts::default();
        for (attempt, pause) in [250, 500, 1000, 2000, 4000].into_iter().enumerate() {
            assert_eq!(attempts.take(false, attempt), PollStep::again(Duration::from_millis(pause)));
        }
        assert_eq!(attempts.take(false, 5), PollStep::Done(5));
        let mut attempts = Attempts::default();
        assert_eq!(attempts.take(false, 0), PollStep::again(Duration::from_millis(250)));
        assert_eq!(attempts.take(true, 1), PollStep::Done(1));
    }
}
