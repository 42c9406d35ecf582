//! A live view on a terminal: one line that moves, and above it what is over.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::human::{Level, line};
use super::{Event, Reporter};
use crate::sink;

/// The live view.
#[derive(Debug)]
pub struct Live {
    bar: ProgressBar,
    level: Level,
}

impl Live {
    /// A view that shows nothing yet.
    pub fn new(level: Level) -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {wide_msg} {elapsed}") {
            bar.set_style(style);
        }
        Self { bar, level }
    }
}

impl Reporter for Live {
    #[expect(clippy::disallowed_methods, reason = "what is set here is clean")]
    fn show(&self, event: &Event) {
        match event {
            Event::Started { step } => {
                self.bar.reset();
                self.bar.set_prefix(sink::clean(step).into_owned());
                self.bar.set_message("");
                self.bar.enable_steady_tick(Duration::from_millis(120));
                return;
            }
            Event::Progress { text, .. } => {
                self.bar.set_message(sink::clean(text).into_owned());
                return;
            }
            // The moving line is sign of life enough.
            Event::Heartbeat { .. } => return,
            Event::Finished { .. } => {
                self.bar.disable_steady_tick();
                self.bar.finish_and_clear();
            }
            Event::Output { .. } | Event::Note { .. } | Event::Warning { .. } => {}
        }
        if let Some(line) = line(event, self.level) {
            self.bar.suspend(|| super::human::write_line(&line));
        }
    }
}
