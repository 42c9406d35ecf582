//! The moving lines of a terminal: one for each step in progress.

use std::cell::RefCell;
use std::time::Duration;

use indexmap::IndexMap;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::domain::event::Event;
use crate::domain::step::StepId;
use crate::sink;

/// The moving lines.
#[derive(Debug, Default)]
pub struct Live {
    all: MultiProgress,
    bars: RefCell<IndexMap<StepId, ProgressBar>>,
}

impl Live {
    /// Shows an event: in the line of its step, or in lines above them.
    #[expect(clippy::disallowed_methods, reason = "what is set here is clean")]
    #[expect(clippy::wildcard_enum_match_arm, reason = "what does not move a line is shown above them")]
    pub fn show(&self, event: &Event, lines: &[String]) {
        match event {
            Event::StepStarted(step) => {
                let bar = self.all.add(moving_line());
                bar.set_prefix(sink::clean(&step.to_string()).into_owned());
                bar.enable_steady_tick(Duration::from_millis(120));
                self.bars.borrow_mut().insert(step.clone(), bar);
                return;
            }
            Event::Progress { step, text } => {
                if let Some(bar) = self.bars.borrow().get(step) {
                    bar.set_message(sink::clean(text).into_owned());
                }
                return;
            }
            // The moving line is sign of life enough.
            Event::Heartbeat { .. } => return,
            Event::StepEnded { step, .. } => {
                if let Some(bar) = self.bars.borrow_mut().shift_remove(step) {
                    bar.finish_and_clear();
                    self.all.remove(&bar);
                }
            }
            Event::Within { event, .. } => return self.show(event, lines),
            _ => {}
        }
        if !lines.is_empty() {
            self.all.suspend(|| sink::lines(lines));
        }
    }
}

fn moving_line() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {wide_msg} {elapsed}") {
        bar.set_style(style);
    }
    bar
}
