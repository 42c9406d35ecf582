//! What people see: lines on standard error while a command runs, with moving ones on a terminal, and data on standard
//! output.

use std::cell::RefCell;

use secrecy::ExposeSecret as _;

use super::end::{End, Sink};
use super::folded::Folded;
use super::lines::{self, Level};
use super::live::Live;
use super::{closing, gates_table, history_table, identity_table, status_table};
use crate::cli::OutputFormat;
use crate::context::Context;
use crate::domain::event::Event;
use crate::domain::step::StepId;
use crate::domain::view::Answer;
use crate::domain::view::approval::CountedApproval;
use crate::domain::view::logs::LogEntry;
use crate::sink;

/// The terminal, or the log of a workflow.
#[derive(Debug)]
pub struct Terminal {
    level: Level,
    color: bool,
    format: OutputFormat,
    view: View,
    /// The steps in progress.
    open: RefCell<Vec<StepId>>,
}

#[derive(Debug)]
enum View {
    /// One line for each event.
    Plain,
    /// The same in the log of a workflow, in which output is folded.
    Folded(Folded),
    /// A line that moves for each step in progress, and above them what is over.
    Live(Live),
}

impl Terminal {
    /// What people see of a command. `context`: absent where it is not known.
    pub fn new(context: Option<&Context>, level: Level, format: OutputFormat) -> Self {
        let view = match context {
            Some(context) if context.interactive && level >= Level::Everything => View::Live(Live::default()),
            Some(context) if context.in_actions() => View::Folded(Folded::default()),
            Some(_) | None => View::Plain,
        };
        let color = context.is_some_and(|context| context.color);
        Self { level, color, format, view, open: RefCell::default() }
    }
}

impl Sink for Terminal {
    fn event(&self, event: &Event) {
        if let (Event::Logged { entries, of_several }, OutputFormat::Human) = (event, self.format) {
            for entry in entries {
                sink::data(&log_line(entry, *of_several));
            }
        }
        if let Event::StepStarted(step) = event {
            self.open.borrow_mut().push(step.clone());
        }
        let several = self.open.borrow().len() > 1;
        let lines = lines::of(event, self.level, several);
        match &self.view {
            View::Plain => sink::lines(&lines),
            View::Folded(folded) => folded.show(event, &lines, several),
            View::Live(live) => live.show(event, &lines),
        }
        if let Event::StepEnded { step, .. } = event {
            self.open.borrow_mut().retain(|open| open != step);
        }
    }

    fn end(&self, end: End<'_>) {
        match end.result {
            Ok(Answer::Document(document)) => sink::document(&format!("{document:#}")),
            Ok(Answer::Script(script)) => sink::data(script),
            Ok(Answer::Credential(document)) => sink::credential(document.expose_secret()),
            Ok(answer) if self.format == OutputFormat::Human => {
                if let Some(data) = data(answer, self.level) {
                    sink::data(&data);
                }
            }
            Ok(_) | Err(_) => {}
        }
        sink::lines(&closing::of(end, self.level, self.color));
    }
}

/// What people read on standard output.
fn data(answer: &Answer, level: Level) -> Option<String> {
    match answer {
        Answer::Approval(counted) => Some(approved(counted)),
        Answer::Gates(asked) => Some(gates_table::render(asked)),
        Answer::Status(environments) => status_table::render(environments),
        Answer::History(found) => history_table::render(&found.releases),
        Answer::Identities(seen) => Some(identity_table::render(seen, level)),
        Answer::Change(_)
        | Answer::Check(_)
        | Answer::Logs { .. }
        | Answer::Holds(_)
        | Answer::Document(_)
        | Answer::Script(_)
        | Answer::Credential(_) => None,
    }
}

/// How far an approval is.
fn approved(counted: &CountedApproval) -> String {
    let next = if counted.is_complete() { "the plan can be carried out" } else { counted.next_step.as_str() };
    format!("{}\n{}\n{next}", counted.counted(), counted.what())
}

fn log_line(entry: &LogEntry, names_component: bool) -> String {
    let time = entry.time.map(|time| time.strftime("%H:%M:%S").to_string()).unwrap_or_default();
    let component = if names_component { format!(" {}", entry.component) } else { String::new() };
    format!("{time}{component} {}", entry.text)
}
