//! The lines of `logs` for people: when, which task, which component, and what it wrote.

use std::cell::RefCell;

use anstyle::{AnsiColor, Style};

use super::style::{FAINT, TextStyle};
use crate::domain::view::logs::{LogEntry, task_of};

/// How many digits of a task's id are shown.
const SHOWN: usize = 7;
/// The colours of tasks. Red and green mean something elsewhere.
const COLOURS: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Magenta,
    AnsiColor::Yellow,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightMagenta,
];

/// Shows lines one after the other.
#[derive(Debug)]
pub struct LogLines {
    look: TextStyle,
    /// The tasks in the order in which they came: each has its own colour, as far as there are enough.
    tasks: RefCell<Vec<String>>,
}

impl LogLines {
    /// Shows nothing yet.
    pub fn new(look: TextStyle) -> Self {
        Self { look, tasks: RefCell::default() }
    }

    /// A line. `names_component`: there are several.
    pub fn line(&self, entry: &LogEntry, names_component: bool) -> String {
        let task = task_of(&entry.stream).map(|task| {
            let style = self.style(task);
            let shown = if self.look.exact { task } else { task.get(..SHOWN).unwrap_or(task) };
            format!(" {style}{shown}{style:#}")
        });
        let component = if names_component { format!(" {}", entry.component) } else { String::new() };
        format!("{FAINT}{}{FAINT:#}{}{component} {}", self.time(entry), task.unwrap_or_default(), entry.text)
    }

    /// The time; of another day than today with its date, UTC.
    fn time(&self, entry: &LogEntry) -> String {
        let Some(time) = entry.time else { return "-".to_owned() };
        let date = |time: jiff::Timestamp| time.strftime("%Y-%m-%d").to_string();
        if self.look.exact {
            return time.strftime("%Y-%m-%d %H:%M:%S.%3fZ").to_string();
        }
        let clock = time.strftime("%H:%M:%S");
        if date(time) == date(self.look.now) { clock.to_string() } else { format!("{} {clock}", date(time)) }
    }

    fn style(&self, task: &str) -> Style {
        let mut tasks = self.tasks.borrow_mut();
        let place = tasks.iter().position(|known| known == task).unwrap_or_else(|| {
            tasks.push(task.to_owned());
            tasks.len() - 1
        });
        COLOURS[place % COLOURS.len()].on_default()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn entry(time: &str, task: &str) -> LogEntry {
        LogEntry {
            component: "web".to_owned(),
            time: time.parse().ok(),
            stream: format!("shop/web/{task}"),
            text: "GET / 200".to_owned(),
        }
    }

    fn look(exact: bool) -> TextStyle {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        TextStyle { width: Some(80), exact, now }
    }

    #[test]
    fn a_line_says_when_and_which_task() {
        let plain = |exact, several, entry: &LogEntry| {
            anstream::adapter::strip_str(&LogLines::new(look(exact)).line(entry, several)).to_string()
        };
        let today = entry("2026-11-21T09:59:01.5Z", "77ab0c12ef");
        assert_eq!(plain(false, false, &today), "09:59:01 77ab0c1 GET / 200");
        assert_eq!(plain(false, true, &today), "09:59:01 77ab0c1 web GET / 200");
        assert_eq!(plain(true, false, &today), "2026-11-21 09:59:01.500Z 77ab0c12ef GET / 200");
        let before = entry("2026-11-20T23:59:59Z", "77");
        assert_eq!(plain(false, false, &before), "2026-11-20 23:59:59 77 GET / 200");
        let bare = LogEntry { stream: "stream".to_owned(), time: None, ..today };
        assert_eq!(plain(false, false, &bare), "- GET / 200");
    }

    #[test]
    fn each_task_has_a_colour_and_keeps_it() {
        let lines = LogLines::new(look(false));
        let colour = |task: &str| {
            let line = lines.line(&entry("2026-11-21T09:59:01Z", task), false);
            line.split(task).next().unwrap().to_owned()
        };
        let seen = ["a", "b", "a", "c", "b"].map(colour);
        assert_eq!((&seen[0], &seen[1]), (&seen[2], &seen[4]));
        assert!(seen[0] != seen[1] && seen[1] != seen[3] && seen[0] != seen[3]);
    }
}
