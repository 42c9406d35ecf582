//! How long a log that arrives late is waited for.

use std::time::Duration;

use crate::domain::poll::PollStep;

/// How many lines of a log are read, from its end.
pub const LINES_READ: u16 = 100;

/// A log may be a moment behind the task that wrote it: it is complete when nothing has come for so long.
const QUIET: Duration = Duration::from_millis(500);
const INTERVAL: Duration = Duration::from_millis(250);
/// A log that stays empty for so long is empty.
const LATEST: Duration = Duration::from_millis(1500);

/// The reading of a log's end.
#[derive(Debug, Default)]
pub struct Reading {
    lines: Vec<String>,
    since: Duration,
}

impl Reading {
    /// Takes what was read so long after the first time. `is_known`: there is a hint for one of the lines already.
    pub fn see(&mut self, elapsed: Duration, lines: Vec<String>, is_known: bool) -> PollStep<Vec<String>> {
        if lines != self.lines {
            self.lines = lines;
            self.since = elapsed;
        }
        let is_quiet = !self.lines.is_empty() && elapsed.saturating_sub(self.since) >= QUIET;
        if is_known || is_quiet || elapsed >= LATEST {
            return PollStep::Done(std::mem::take(&mut self.lines));
        }
        PollStep::again(INTERVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(reads: &[(u64, &[&str], bool)]) -> Option<(u64, usize)> {
        let mut reading = Reading::default();
        reads.iter().find_map(|(at, lines, known)| {
            let lines = lines.iter().map(|line| (*line).to_owned()).collect();
            match reading.see(Duration::from_millis(*at), lines, *known) {
                PollStep::Done(lines) => Some((*at, lines.len())),
                PollStep::Ask { .. } => None,
            }
        })
    }

    #[test]
    fn a_log_is_read_until_it_says_enough_or_is_quiet() {
        assert_eq!(ended(&[(0, &["a"], true)]), Some((0, 1)), "a known line is enough");
        assert_eq!(ended(&[(0, &["a"], false), (250, &["a"], false), (500, &["a"], false)]), Some((500, 1)));
        let late = [(0, &[][..], false), (250, &["a"], false), (500, &["a", "b"], false), (750, &["a", "b"], false)];
        assert_eq!(ended(&late), None, "there was something new");
        assert_eq!(ended(&[&late[..], &[(1000, &["a", "b"], false)]].concat()), Some((1000, 2)));
        assert_eq!(ended(&[(0, &[], false), (1250, &[], false), (1500, &[], false)]), Some((1500, 0)));
    }
}
