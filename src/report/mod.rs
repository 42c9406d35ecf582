//! What people, programs and GitHub read: events while a command runs, and how it ended.
//!
//! Nothing in here is read to decide anything. A sink is a file here and a line in [`sinks`].

mod check_lines;
mod closing;
mod github;
mod history_table;
mod identity_table;
mod json;
pub mod lines;
mod record;
mod status_table;
mod table;
mod terminal;

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use crate::cli::OutputFormat;
use crate::context::Context;
use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::interruption::OpenWork;
use crate::domain::outcome::Outcome;
use crate::domain::view::{Answer, Request};
use crate::events::{Events, Listener};
use lines::Level;
use record::Record;

/// How a command ended, with all that is reported of it.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// The command.
    pub request: &'a Request,
    /// The fold of its events.
    pub record: &'a Record,
    /// What it returned.
    pub result: Result<&'a Answer, &'a Failure>,
}

impl End<'_> {
    /// The outcome.
    pub fn outcome(&self) -> Outcome {
        match self.result {
            Ok(answer) => answer.outcome(),
            Err(failure) => failure.outcome,
        }
    }
}

/// Somewhere that a run is reported to.
trait Sink: fmt::Debug {
    /// Something happened.
    fn event(&self, _event: &Event) {}

    /// The command has ended: reports what may fail, so that the other sinks can report that it did.
    fn settle<'s>(&'s self, _end: End<'s>, _events: &'s Events) -> LocalBoxFuture<'s, ()> {
        Box::pin(std::future::ready(()))
    }

    /// The command has ended.
    fn end(&self, _end: End<'_>) {}
}

/// The sinks of a run, in the order in which they are reported to.
fn sinks(context: &Context, request: &Request, level: Level, format: OutputFormat) -> Vec<Box<dyn Sink>> {
    let mut sinks: Vec<Box<dyn Sink>> = vec![
        Box::new(github::Statuses::new(context, request)),
        Box::new(terminal::Terminal::new(context, level, format)),
    ];
    sinks.extend(github::Workflow::of(context).map(|workflow| Box::new(workflow) as _));
    sinks.extend((format == OutputFormat::Json).then(|| Box::new(json::Document) as _));
    sinks
}

/// The report of one run.
#[derive(Debug)]
pub struct Reporting {
    hub: Rc<Hub>,
    events: Events,
}

#[derive(Debug)]
struct Hub {
    request: Request,
    sinks: Vec<Box<dyn Sink>>,
    record: RefCell<Record>,
    open: RefCell<OpenWork>,
}

impl Listener for Hub {
    fn event(&self, event: Event) {
        self.record.borrow_mut().see(&event);
        self.open.borrow_mut().see(&event);
        for sink in &self.sinks {
            sink.event(&event);
        }
    }
}

impl Reporting {
    /// The report of a command that begins now.
    pub fn new(context: &Context, request: Request, level: Level, format: OutputFormat) -> Self {
        let sinks = sinks(context, &request, level, format);
        let record = RefCell::new(Record::new(&request));
        let hub = Rc::new(Hub { request, sinks, record, open: RefCell::default() });
        Self { events: Events::new(Rc::clone(&hub) as _), hub }
    }

    /// Where the command's events go.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Names what was in progress when a signal came.
    pub fn interrupted(&self, failure: Failure) -> Failure {
        let found = self.hub.open.borrow().interrupted();
        for component in found.components {
            let (outcome, causes, released) = (Outcome::Interrupted, Vec::new(), None);
            self.events.emit(Event::ComponentEnded { component, outcome, causes, released });
        }
        let failure =
            found.steps.iter().fold(failure, |failure, step| failure.cause(format!("`{step}` was in progress")));
        found.continues.into_iter().fold(failure, Failure::hint)
    }

    /// Reports what may fail.
    pub async fn settle(&self, result: Result<&Answer, &Failure>) {
        let record = self.record();
        for sink in &self.hub.sinks {
            sink.settle(End { request: &self.hub.request, record: &record, result }, &self.events).await;
        }
    }

    /// Reports how the command ended.
    pub fn end(&self, result: Result<&Answer, &Failure>) -> Outcome {
        let record = self.record();
        let end = End { request: &self.hub.request, record: &record, result };
        for sink in &self.hub.sinks {
            sink.end(end);
        }
        end.outcome()
    }

    fn record(&self) -> Record {
        self.hub.record.borrow().clone()
    }
}

/// Reports that the command line is not understood. People have read that already.
pub fn unparsed(context: Option<&Context>, request: &Request, format: OutputFormat, failure: &Failure) -> Outcome {
    let mut record = Record::new(request);
    "the command line".clone_into(&mut record.place);
    let end = End { request, record: &record, result: Err(failure) };
    if let Some(workflow) = context.and_then(github::Workflow::of) {
        workflow.end(end);
    }
    if format == OutputFormat::Json {
        json::Document.end(end);
    }
    end.outcome()
}

/// Reports that the program cannot start: where it runs is not known.
pub fn without_context(format: OutputFormat, failure: &Failure) -> Outcome {
    let request = Request::default();
    let record = Record::new(&request);
    let end = End { request: &request, record: &record, result: Err(failure) };
    terminal::print(&closing::of(end, Level::Everything, false));
    if format == OutputFormat::Json {
        json::Document.end(end);
    }
    end.outcome()
}
