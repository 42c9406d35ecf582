//! What people see: lines on standard error while a command runs, with a moving one on a terminal, and data on standard
//! output.

use std::cell::Cell;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use secrecy::ExposeSecret as _;

use super::end::{End, Sink};
use super::lines::{self, Level};
use super::{closing, history_table, identity_table, status_table};
use crate::cli::OutputFormat;
use crate::context::Context;
use crate::domain::event::Event;
use crate::domain::github::command::Command;
use crate::domain::step::StepId;
use crate::domain::view::Answer;
use crate::domain::view::logs::LogEntry;
use crate::sink;

/// The terminal, or the log of a workflow.
#[derive(Debug)]
pub struct Terminal {
    level: Level,
    color: bool,
    format: OutputFormat,
    view: View,
}

#[derive(Debug)]
enum View {
    /// One line for each event.
    Plain,
    /// The same in the log of a workflow, in which output is folded. Holds whether such a part is open.
    Folded(Cell<bool>),
    /// One line that moves, and above it what is over.
    Live(ProgressBar),
}

impl Terminal {
    /// What people see of a command. `context`: absent where it is not known.
    pub fn new(context: Option<&Context>, level: Level, format: OutputFormat) -> Self {
        let view = match context {
            Some(context) if context.interactive && level == Level::Everything => View::Live(moving_line()),
            Some(context) if context.in_actions() => View::Folded(Cell::default()),
            Some(_) | None => View::Plain,
        };
        Self { level, color: context.is_some_and(|context| context.color), format, view }
    }
}

impl Sink for Terminal {
    fn event(&self, event: &Event) {
        if let (Event::Logged { entries, of_several }, OutputFormat::Human) = (event, self.format) {
            for entry in entries {
                sink::data(&log_line(entry, *of_several));
            }
        }
        let lines = lines::of(event, self.level);
        match &self.view {
            View::Plain => print(&lines),
            View::Folded(is_open) => {
                if !lines.is_empty() {
                    fold(is_open, event);
                }
                print(&lines);
            }
            View::Live(bar) => live(bar, event, &lines),
        }
    }

    fn end(&self, end: End<'_>) {
        match end.result {
            Ok(Answer::Document(document)) => sink::document(&format!("{document:#}")),
            Ok(Answer::Credential(document)) => sink::credential(document.expose_secret()),
            Ok(answer) if self.format == OutputFormat::Human => {
                if let Some(data) = data(answer) {
                    sink::data(&data);
                }
            }
            Ok(_) | Err(_) => {}
        }
        print(&closing::of(end, self.level, self.color));
    }
}

/// Writes lines to standard error.
fn print(lines: &[String]) {
    for line in lines {
        sink::line(line);
    }
}

/// What people read on standard output.
fn data(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Status(environments) => status_table::render(environments),
        Answer::History(found) => history_table::render(&found.releases),
        Answer::Identities(seen) => Some(identity_table::render(seen)),
        Answer::Change(_)
        | Answer::Check(_)
        | Answer::Logs { .. }
        | Answer::Holds(_)
        | Answer::Document(_)
        | Answer::Credential(_) => None,
    }
}

fn log_line(entry: &LogEntry, names_component: bool) -> String {
    let time = entry.time.map(|time| time.strftime("%H:%M:%S").to_string()).unwrap_or_default();
    let component = if names_component { format!(" {}", entry.component) } else { String::new() };
    format!("{time}{component} {}", entry.text)
}

/// Opens or closes a group, so that the lines of an output are in one.
fn fold(is_open: &Cell<bool>, event: &Event) {
    match (output_of(event), is_open.get()) {
        (Some(step), false) => sink::command(&Command::new("group", format!("output of {step}"))),
        (Some(_), true) | (None, false) => return,
        (None, true) => sink::command(&Command::new("endgroup", "")),
    }
    is_open.set(!is_open.get());
}

/// The step that an event is a line of output of.
#[expect(clippy::wildcard_enum_match_arm, reason = "only these have output")]
fn output_of(event: &Event) -> Option<&StepId> {
    match event {
        Event::Output { step, .. } => Some(step),
        Event::Within { event, .. } => output_of(event),
        _ => None,
    }
}

fn moving_line() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {wide_msg} {elapsed}") {
        bar.set_style(style);
    }
    bar
}

#[expect(clippy::disallowed_methods, reason = "what is set here is clean")]
#[expect(clippy::wildcard_enum_match_arm, reason = "what does not move the line is shown above it")]
fn live(bar: &ProgressBar, event: &Event, lines: &[String]) {
    match event {
        Event::StepStarted(step) => {
            bar.reset();
            bar.set_prefix(sink::clean(&step.to_string()).into_owned());
            bar.set_message("");
            bar.enable_steady_tick(Duration::from_millis(120));
            return;
        }
        Event::Progress { text, .. } => {
            bar.set_message(sink::clean(text).into_owned());
            return;
        }
        // The moving line is sign of life enough.
        Event::Heartbeat { .. } => return,
        Event::StepEnded { .. } => {
            bar.disable_steady_tick();
            bar.finish_and_clear();
        }
        Event::Within { event, .. } => return live(bar, event, lines),
        _ => {}
    }
    if !lines.is_empty() {
        bar.suspend(|| print(lines));
    }
}
