//! What people see: lines on standard error while a command runs, with moving ones on a terminal, and data on standard
//! output.

use std::cell::RefCell;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use super::end::{End, Sink};
use super::folded::Folded;
use super::lines::{self, Level};
use super::live::Live;
use super::log_lines::LogLines;
use super::style::Look;
use super::{closing, gates_table, history_table, identity_table, status_table};
use crate::cli::OutputFormat;
use crate::context::{Context, Terminals};
use crate::domain::event::Event;
use crate::domain::step::StepId;
use crate::domain::view::Answer;
use crate::domain::view::approval::CountedApproval;
use crate::sink;

/// The terminal, or the log of a workflow.
#[derive(Debug)]
pub struct Terminal {
    level: Level,
    color: bool,
    format: OutputFormat,
    /// How text on standard error looks.
    error: Look,
    /// How text on standard output looks.
    output: Look,
    logs: LogLines,
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
    /// What people see of a command that begins now. `context`: absent where it is not known.
    pub fn new(context: Option<&Context>, level: Level, format: OutputFormat, now: Timestamp) -> Self {
        let Terminals { error, output, .. } = context.map(|context| context.terminals).unwrap_or_default();
        let look = |width| Look { width, exact: level >= Level::Verbose, now };
        let view = match context {
            Some(context) if context.interactive && level >= Level::Everything => View::Live(Live::default()),
            Some(context) if context.in_actions() => View::Folded(Folded::default()),
            Some(_) | None => View::Plain,
        };
        let color = context.is_some_and(|context| context.color);
        Self {
            level,
            color,
            format,
            error: look(error),
            output: look(output),
            logs: LogLines::new(look(output)),
            view,
            open: RefCell::default(),
        }
    }
}

impl Sink for Terminal {
    fn event(&self, event: &Event) {
        if let (Event::Logged { entries, of_several }, OutputFormat::Human) = (event, self.format) {
            for entry in entries {
                sink::data(&self.logs.line(entry, *of_several));
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
            Ok(Answer::Credential(document)) => sink::credential(document.expose_secret()),
            Ok(answer) if self.format == OutputFormat::Human => {
                if let Some(data) = data(answer, self.output) {
                    sink::data(&data);
                }
            }
            Ok(_) | Err(_) => {}
        }
        sink::lines(&closing::of(end, self.level, self.color, self.error));
    }
}

/// What people read on standard output.
fn data(answer: &Answer, look: Look) -> Option<String> {
    match answer {
        Answer::Approval(counted) => Some(approved(counted)),
        Answer::Gates(asked) => Some(gates_table::render(asked, look)),
        Answer::Status(environments) => status_table::render(environments, look),
        Answer::History(found) => history_table::render(&found.releases, look),
        Answer::Identities(seen) => Some(identity_table::render(seen)),
        Answer::Change(_)
        | Answer::Check(_)
        | Answer::Logs { .. }
        | Answer::Holds(_)
        | Answer::Document(_)
        | Answer::Credential(_) => None,
    }
}

/// How far an approval is.
fn approved(counted: &CountedApproval) -> String {
    let next = if counted.is_complete() { "the plan can be carried out" } else { counted.next_step.as_str() };
    format!("{}\n{}\n{next}", counted.counted(), counted.what())
}
