//! The one loop that polls, and the only place that sleeps between polls. What an answer leads to is decided by data.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::domain::poll::PollStep;
use crate::domain::step::StepId;
use crate::events::Events;

/// Where it is shown that a wait goes on.
#[derive(Debug, Clone, Copy)]
pub enum Waiting<'a> {
    /// In a step: there is a sign of life when the silence gets long.
    In(&'a Events, &'a StepId),
    /// Nowhere: the wait is short, or it is all that the command does.
    Silently,
}

/// Asks, decides and pauses until there is a result. `decide` gets the time since the first question.
pub async fn poll<T, Q, A>(
    waiting: Waiting<'_>,
    first: Q,
    mut ask: impl AsyncFnMut(Q) -> A,
    mut decide: impl FnMut(Duration, A) -> PollStep<T, Q>,
) -> T {
    let began = Instant::now();
    let mut question = first;
    loop {
        let answer = ask(question).await;
        match decide(began.elapsed(), answer) {
            PollStep::Done(result) => return result,
            PollStep::Ask { after, question: next } => {
                pause(waiting, began, after).await;
                question = next;
            }
        }
    }
}

/// Pauses in a wait that began some time ago.
async fn pause(waiting: Waiting<'_>, began: Instant, pause: Duration) {
    if pause.is_zero() {
        return;
    }
    let mut until = Instant::now() + pause;
    if let Waiting::In(events, step) = waiting {
        until = together(events.began(), until, pause);
        loop {
            let due = events.heartbeat_due();
            if due > until {
                break;
            }
            sleep_until(due).await;
            // Another step may have shown something meanwhile.
            if events.heartbeat_due() <= due {
                events.heartbeat(step, began.elapsed());
            }
        }
    }
    sleep_until(until).await;
}

/// The end of a pause, moved to the nearest of the moments at which others end theirs: where several steps wait side by side,
/// they ask at the same moments, and a client can put their questions into one call. A pause gets shorter or longer by
/// half at most, and on the whole by nothing.
fn together(run_began: Instant, until: Instant, pause: Duration) -> Instant {
    const GRIDS: [Duration; 6] = [
        Duration::from_secs(5),
        Duration::from_millis(2500),
        Duration::from_secs(1),
        Duration::from_millis(500),
        Duration::from_millis(250),
        Duration::from_millis(100),
    ];
    let Some(grid) = GRIDS.iter().find(|grid| **grid <= pause) else { return until };
    let past = until.duration_since(run_began).as_nanos() % grid.as_nanos();
    let past = Duration::from_nanos(u64::try_from(past).unwrap_or(0));
    if past <= *grid / 2 { until - past } else { until + grid.saturating_sub(past) }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::domain::event::RunEvent;
    use crate::domain::step::StepVerb;
    use crate::events::EventRecorder;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Counts up to a number, with a pause in between.
    async fn count(waiting: Waiting<'_>, to: u64, pause: Duration, mut each: impl FnMut(u64)) -> Duration {
        let ask = async |number: u64| number;
        poll(waiting, 0, ask, |elapsed, number| {
            each(number);
            if number < to { PollStep::Ask { after: pause, question: number + 1 } } else { PollStep::Done(elapsed) }
        })
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn questions_are_asked_in_turn_and_pauses_are_kept() {
        assert_eq!(count(Waiting::Silently, 4, Duration::from_millis(250), |_| ()).await, seconds(1));
        assert_eq!(count(Waiting::Silently, 3, Duration::ZERO, |_| ()).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_that_an_answer_takes_is_elapsed_too() {
        let ask = async |()| tokio::time::sleep(seconds(2)).await;
        let mut asked = 0;
        let elapsed = poll(Waiting::Silently, (), ask, |elapsed, ()| {
            asked += 1;
            if asked < 3 { PollStep::again(seconds(1)) } else { PollStep::Done(elapsed) }
        });
        assert_eq!(elapsed.await, seconds(8));
    }

    #[tokio::test(start_paused = true)]
    async fn progress_is_shown_once_and_silence_is_broken_every_thirty_seconds() {
        for pause in [1, 5, 90] {
            let recorder = Rc::new(EventRecorder::default());
            let events = Events::new(Rc::clone(&recorder) as _);
            let step = StepId::new(StepVerb::WaitFor, &"backend".parse().unwrap());
            let show = |number: u64| events.progress(&step, if number * pause < 60 { "0 of 1" } else { "1 of 1" });
            count(Waiting::In(&events, &step), 90 / pause, seconds(pause), show).await;
            let progress = |text: &str| RunEvent::Progress { step: step.clone(), text: text.to_owned() };
            let heartbeat = |elapsed, text: &str| RunEvent::Heartbeat {
                step: step.clone(),
                text: text.to_owned(),
                elapsed: seconds(elapsed),
            };
            let before = [progress("0 of 1"), heartbeat(30, "0 of 1"), heartbeat(60, "0 of 1")];
            let after = if pause < 90 {
                [progress("1 of 1"), heartbeat(90, "1 of 1")]
            } else {
                [heartbeat(90, "0 of 1"), progress("1 of 1")]
            };
            assert_eq!(*recorder.0.borrow(), [&before[..], &after[..]].concat(), "every {pause} s");
        }
    }
}
