//! The moving lines of a terminal: one for each step in progress, with what is known of it below.

use std::cell::RefCell;
use std::time::Duration;

use indexmap::IndexMap;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::lines::expectation;
use super::style::{BAD, CAREFUL, FAINT, GOOD, TextStyle, padded};
use crate::domain::age;
use crate::domain::event::{RunEvent, SeenTask};
use crate::domain::step::StepId;
use crate::sink;

/// The moving lines.
#[derive(Debug)]
pub struct LiveLines {
    look: TextStyle,
    all: MultiProgress,
    steps: RefCell<IndexMap<StepId, Moving>>,
}

/// A step in progress.
#[derive(Debug)]
struct Moving {
    line: ProgressBar,
    /// The lines below it.
    below: Vec<ProgressBar>,
    tasks: Vec<SeenTask>,
    /// What it wrote last: of a build, or an event of ECS.
    last: Option<String>,
    /// When it is expected to end.
    expected: Option<String>,
}

impl LiveLines {
    /// No lines yet.
    pub fn new(look: TextStyle) -> Self {
        Self { look, all: MultiProgress::new(), steps: RefCell::default() }
    }

    /// Shows an event: in the lines of its step, or in lines above them. `label`: what its step is called.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what does not move a line is shown above them")]
    pub fn show(&self, event: &RunEvent, lines: &[String], label: &str) {
        match event {
            RunEvent::StepStarted(step) => return self.begin(step, label),
            RunEvent::Progress { step, text } => {
                self.with(step, |moving, look| say(&moving.line, &look.text(text)));
                return;
            }
            RunEvent::Tasks { step, tasks } => return self.with_below(step, |moving| moving.tasks.clone_from(tasks)),
            RunEvent::Output { step, line } if lines.is_empty() => {
                return self.with_below(step, |moving| moving.last = Some(line.clone()));
            }
            RunEvent::Expected { step, usual, timeout } => {
                let expected = format!("{}. Ctrl-C ends the watching, not ECS", expectation(*usual, *timeout));
                return self.with_below(step, |moving| moving.expected = Some(expected));
            }
            // The moving line is sign of life enough.
            RunEvent::Heartbeat { .. } => return,
            RunEvent::StepEnded { step, .. } => self.end(step),
            _ => {}
        }
        self.above(lines);
    }

    /// Shows lines above those that move.
    pub fn above(&self, lines: &[String]) {
        if !lines.is_empty() {
            self.all.suspend(|| sink::lines(lines));
        }
    }

    /// Ends all lines, before something else is written.
    pub fn clear(&self) {
        let steps: Vec<StepId> = self.steps.borrow().keys().cloned().collect();
        for step in &steps {
            self.end(step);
        }
    }

    #[expect(clippy::disallowed_methods, reason = "what is set here is clean")]
    fn begin(&self, step: &StepId, label: &str) {
        let line = hidden("  {spinner} {prefix}  {wide_msg} {elapsed}");
        line.set_prefix(sink::clean(&sink::shown(label)).into_owned());
        let line = self.all.add(line);
        line.enable_steady_tick(Duration::from_millis(120));
        let moving = Moving { line, below: Vec::new(), tasks: Vec::new(), last: None, expected: None };
        self.steps.borrow_mut().insert(step.clone(), moving);
    }

    fn end(&self, step: &StepId) {
        let Some(moving) = self.steps.borrow_mut().shift_remove(step) else { return };
        for line in moving.below.iter().chain([&moving.line]) {
            // One that is finished first stays on the screen.
            line.disable_steady_tick();
            self.all.remove(line);
        }
    }

    fn with(&self, step: &StepId, change: impl FnOnce(&mut Moving, TextStyle)) {
        if let Some(moving) = self.steps.borrow_mut().get_mut(step) {
            change(moving, self.look);
        }
    }

    /// Changes what is below the line of a step, and draws it.
    fn with_below(&self, step: &StepId, change: impl FnOnce(&mut Moving)) {
        self.with(step, |moving, look| {
            change(moving);
            let lines = below(moving, look);
            while moving.below.len() > lines.len() {
                if let Some(line) = moving.below.pop() {
                    self.all.remove(&line);
                }
            }
            while moving.below.len() < lines.len() {
                let after = moving.below.last().unwrap_or(&moving.line);
                let line = self.all.insert_after(after, hidden("{wide_msg}"));
                moving.below.push(line);
            }
            for (bar, line) in moving.below.iter().zip(lines) {
                say(bar, &line);
            }
        });
    }
}

/// A line that is not on the screen yet: one of its own would be drawn there as soon as anything of it is set.
fn hidden(template: &str) -> ProgressBar {
    let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    if let Ok(style) = ProgressStyle::with_template(template) {
        line.set_style(style);
    }
    line
}

#[expect(clippy::disallowed_methods, reason = "what is set here is clean")]
fn say(line: &ProgressBar, text: &str) {
    line.set_message(sink::clean(&sink::shown(text)).into_owned());
    line.tick();
}

/// The lines below that of a step.
fn below(moving: &Moving, look: TextStyle) -> Vec<String> {
    let mut lines: Vec<String> = moving.tasks.iter().map(task).collect();
    lines.extend(moving.last.as_ref().map(|line| format!("      {FAINT}{}{FAINT:#}", look.text(line))));
    lines.extend(moving.expected.as_ref().map(|text| format!("      {FAINT}{text}{FAINT:#}")));
    lines
}

fn task(task: &SeenTask) -> String {
    let style = match task.state {
        "running" => GOOD,
        "not ready" => BAD,
        "starting" => CAREFUL,
        _ => FAINT,
    };
    let age = task.age.map(age::took).unwrap_or_default();
    let state = padded(&format!("{style}{}{style:#}", task.state), 9);
    let line = format!("      {}  {state}  {}", task.id, padded(&age, 7));
    if task.detail.is_empty() {
        return line.trim_end().to_owned();
    }
    format!("{line}  {FAINT}{}{FAINT:#}", task.detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_has_its_state_and_age() {
        let seen = |state, detail: &str, age| SeenTask { id: "9c02".to_owned(), state, detail: detail.to_owned(), age };
        let plain = |seen: &SeenTask| anstream::adapter::strip_str(&task(seen)).to_string();
        let age = Some(Duration::from_secs(48));
        assert_eq!(plain(&seen("running", "", age)), "      9c02  running    48 s");
        assert_eq!(plain(&seen("starting", "pending", None)), "      9c02  starting            pending");
        let expected = "usually 1m 30s; gives up after 1h";
        assert_eq!(expectation(Some(Duration::from_secs(90)), Duration::from_hours(1)), expected);
    }
}
