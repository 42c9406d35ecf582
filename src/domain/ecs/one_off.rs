//! The waiting for a one-off task: when it is read again, when its log ends, and whether it succeeded.

use std::time::Duration;

use super::diagnosis::{DiagnosedRevision, ended};
use super::service::Task;
use crate::domain::failure::Cause;
use crate::domain::poll::PollStep;

const INTERVAL: Duration = Duration::from_millis(700);
/// The pause after a transient error.
const AFTER_ERROR: Duration = Duration::from_secs(5);
/// A log arrives late: it is read until nothing has come for so long after the task stopped.
const QUIET: Duration = Duration::from_millis(1500);
/// How often it is read then.
const LOG_INTERVAL: Duration = Duration::from_millis(300);

/// What to ask next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskQuery {
    /// Nothing: the task was seen a moment ago.
    Nothing,
    /// What is new in the log, and what the task does now.
    Task,
    /// What is new in the log.
    Log,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct TaskAnswer<E> {
    /// Whether there was anything new in the log.
    pub logged: bool,
    /// The task, where it was asked for.
    pub task: TaskReading<E>,
}

/// What a read of the task says.
#[derive(Debug, Clone)]
pub enum TaskReading<E> {
    /// It was not asked for, or is not known everywhere yet.
    Nothing,
    /// The task.
    Task(Box<Task>),
    /// The call failed, and the next attempt may succeed.
    Transient(E),
    /// The call failed.
    Permanent(E),
}

/// How the waiting ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OneOffEnd<E> {
    /// The task stopped.
    Stopped,
    /// It still ran at the timeout.
    TimedOut,
    /// It cannot be read.
    Lost(E),
    /// The time is over, and whether it still runs could not be seen.
    Unseen,
}

/// A one-off task that is waited for.
#[derive(Debug)]
pub struct OneOff<E> {
    /// The task as it was seen last.
    pub task: Task,
    timeout: Duration,
    has_log: bool,
    blind: bool,
    quiet_since: Option<Duration>,
    /// An error to warn of: the first of some that follow each other.
    pub warning: Option<E>,
}

impl<E> OneOff<E> {
    /// A task that was started or found a moment ago.
    pub fn new(task: Task, timeout: Duration, has_log: bool) -> Self {
        Self { task, timeout, has_log, blind: false, quiet_since: None, warning: None }
    }

    /// Takes an answer so long after the beginning.
    pub fn see(&mut self, elapsed: Duration, answer: TaskAnswer<E>) -> PollStep<OneOffEnd<E>, TaskQuery> {
        let mut pause = INTERVAL;
        self.warning = None;
        match answer.task {
            TaskReading::Permanent(error) => return PollStep::Done(OneOffEnd::Lost(error)),
            TaskReading::Transient(error) => {
                self.warning = (!self.blind).then_some(error);
                self.blind = true;
                pause = AFTER_ERROR;
            }
            TaskReading::Task(task) => {
                self.blind = false;
                self.task = *task;
            }
            TaskReading::Nothing => {}
        }
        if self.task.last_status == "STOPPED" {
            return self.rest_of_log(elapsed, answer.logged);
        }
        let left = self.timeout.saturating_sub(elapsed);
        if left.is_zero() {
            return PollStep::Done(if self.blind { OneOffEnd::Unseen } else { OneOffEnd::TimedOut });
        }
        let after = if self.blind { pause.min(left) } else { pause };
        PollStep::Ask { after, question: TaskQuery::Task }
    }

    fn rest_of_log(&mut self, elapsed: Duration, logged: bool) -> PollStep<OneOffEnd<E>, TaskQuery> {
        if !self.has_log {
            return PollStep::Done(OneOffEnd::Stopped);
        }
        let Some(since) = self.quiet_since else {
            self.quiet_since = Some(elapsed);
            return PollStep::Ask { after: Duration::ZERO, question: TaskQuery::Log };
        };
        let since = if logged { elapsed } else { since };
        self.quiet_since = Some(since);
        // The next read would come when the log counts as complete.
        if elapsed.saturating_sub(since) + LOG_INTERVAL >= QUIET {
            return PollStep::Done(OneOffEnd::Stopped);
        }
        PollStep::Ask { after: LOG_INTERVAL, question: TaskQuery::Log }
    }
}

/// Whether a stopped task did its work. `lines`: what it wrote last.
///
/// # Errors
///
/// How it ended, and why.
pub fn judge(task: &Task, subject: DiagnosedRevision<'_>, lines: &[String]) -> Result<(), (String, Cause)> {
    let code = task.container(subject.container.as_str()).and_then(|container| container.exit_code);
    // Stopped from outside a command may well exit with 0, and has not done its work.
    let by_itself = task.stop_code.as_deref() == Some("EssentialContainerExited");
    let how = match code {
        Some(0) if by_itself => return Ok(()),
        Some(0) => "was stopped before its end".to_owned(),
        Some(code) => format!("exited with code {code}"),
        None => "did not run".to_owned(),
    };
    Err((how, ended(task, subject, lines)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::read_back::tests::task as some_task;

    fn task(status: &str) -> Task {
        Task { last_status: status.to_owned(), ..some_task("backend:8", Some('a')) }
    }

    fn seen(status: &str) -> TaskReading<&'static str> {
        TaskReading::Task(Box::new(task(status)))
    }

    /// Milliseconds, whether there was something in the log, what was seen of the task; then the pause in milliseconds and
    /// the question, or the end.
    type OneOffRow = (u64, bool, TaskReading<&'static str>, Result<(u64, TaskQuery), OneOffEnd<&'static str>>);

    fn check(mut one_off: OneOff<&'static str>, table: Vec<OneOffRow>) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        for (at, logged, seen, expected) in table {
            let shown = format!("at {at} ms: {seen:?}");
            let step = one_off.see(Duration::from_millis(at), TaskAnswer { logged, task: seen });
            let expected = match expected {
                Ok((after, question)) => PollStep::Ask { after: Duration::from_millis(after), question },
                Err(end) => PollStep::Done(end),
            };
            assert_eq!(step, expected, "{shown}");
            warnings.extend(one_off.warning.take());
        }
        warnings
    }

    fn started(has_log: bool) -> OneOff<&'static str> {
        OneOff::new(task("PENDING"), Duration::from_mins(1), has_log)
    }

    #[test]
    fn it_is_read_until_it_stops_and_its_log_until_that_is_quiet() {
        let table = vec![
            (0, false, TaskReading::Nothing, Ok((700, TaskQuery::Task))),
            // Not known everywhere yet.
            (700, false, TaskReading::Nothing, Ok((700, TaskQuery::Task))),
            (1400, true, seen("RUNNING"), Ok((700, TaskQuery::Task))),
            (2100, true, seen("STOPPED"), Ok((0, TaskQuery::Log))),
            (2100, false, TaskReading::Nothing, Ok((300, TaskQuery::Log))),
            (2400, true, TaskReading::Nothing, Ok((300, TaskQuery::Log))),
            (2700, false, TaskReading::Nothing, Ok((300, TaskQuery::Log))),
            (3000, false, TaskReading::Nothing, Ok((300, TaskQuery::Log))),
            (3300, false, TaskReading::Nothing, Ok((300, TaskQuery::Log))),
            (3600, false, TaskReading::Nothing, Err(OneOffEnd::Stopped)),
        ];
        assert_eq!(check(started(true), table), [""; 0]);
        let table = vec![
            (0, false, TaskReading::Nothing, Ok((700, TaskQuery::Task))),
            (700, false, seen("STOPPED"), Err(OneOffEnd::Stopped)),
        ];
        check(started(false), table);
        check(
            OneOff::new(task("STOPPED"), Duration::ZERO, false),
            vec![(0, false, TaskReading::Nothing, Err(OneOffEnd::Stopped))],
        );
    }

    #[test]
    fn it_has_until_the_timeout() {
        let table = vec![
            (59_999, false, seen("RUNNING"), Ok((700, TaskQuery::Task))),
            (60_000, false, seen("RUNNING"), Err(OneOffEnd::TimedOut)),
        ];
        check(started(true), table);
        // What has stopped by then has stopped.
        check(started(false), vec![(61_000, false, seen("STOPPED"), Err(OneOffEnd::Stopped))]);
    }

    /// As a rollout is waited for: a throttled call ends no migration.
    #[test]
    fn transient_errors_are_waited_out_and_warned_of_once() {
        let table = vec![
            (0, false, TaskReading::Transient("throttled"), Ok((5000, TaskQuery::Task))),
            (5000, false, TaskReading::Transient("throttled again"), Ok((5000, TaskQuery::Task))),
            (10_000, false, seen("RUNNING"), Ok((700, TaskQuery::Task))),
            (58_000, false, TaskReading::Transient("and again"), Ok((2000, TaskQuery::Task))),
            (60_000, false, TaskReading::Transient("to the end"), Err(OneOffEnd::Unseen)),
        ];
        assert_eq!(check(started(true), table), ["throttled", "and again"]);
        check(started(true), vec![(0, false, TaskReading::Permanent("denied"), Err(OneOffEnd::Lost("denied")))]);
    }

    #[test]
    fn only_an_exit_with_0_by_itself_is_a_success() {
        let stopped = |stop_code: Option<&str>, exit_code| {
            let mut task = task("STOPPED");
            task.stop_code = stop_code.map(str::to_owned);
            task.containers[0].exit_code = exit_code;
            let subject = DiagnosedRevision { definition: None, container: &"web".parse().unwrap() };
            judge(&task, subject, &[]).map_err(|(ended, _)| ended)
        };
        let by_itself = Some("EssentialContainerExited");
        for (stop_code, exit_code, expected) in [
            (by_itself, Some(0), Ok(())),
            (by_itself, Some(3), Err("exited with code 3")),
            (by_itself, None, Err("did not run")),
            (Some("UserInitiated"), Some(0), Err("was stopped before its end")),
            (None, Some(0), Err("was stopped before its end")),
            (Some("TaskFailedToStart"), None, Err("did not run")),
        ] {
            assert_eq!(stopped(stop_code, exit_code), expected.map_err(str::to_owned), "{stop_code:?} {exit_code:?}");
        }
    }
}
