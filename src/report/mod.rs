//! What people, programs and GitHub read: events while a command runs, and how it ended.
//!
//! Nothing in here is read to decide anything. A sink is a module here and a line in [`sinks`].

mod approval;
mod build_table;
mod check_lines;
mod closing;
mod decision_lines;
mod end;
mod folded;
mod gates_table;
mod github;
#[cfg(test)]
mod golden;
mod history_table;
mod hold_lines;
mod identity_table;
mod json;
pub mod line;
mod lines;
mod live;
mod log_lines;
mod merging;
mod plan_lines;
mod record;
mod status_blocks;
mod status_table;
mod steps;
mod style;
mod table;
mod terminal;
mod words;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use crate::cli::OutputFormat;
use crate::context::Context;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::interruption::OpenWork;
use crate::domain::outcome::Outcome;
use crate::domain::view::{CommandAnswer, CommandRequest};
use crate::events::{Events, Listener};
use end::{CommandEnd, Sink};
use line::ReportDetail;
use record::Record;

/// Who is reported to.
#[derive(Debug, Clone, Copy)]
struct Audience<'a> {
    /// Where the program runs. Absent: that is not known.
    context: Option<&'a Context>,
    /// How much people see. Absent: they have read it already.
    level: Option<ReportDetail>,
    /// What goes to standard output.
    format: OutputFormat,
    /// The present, which ages are counted from. Absent: none is shown.
    now: Option<Timestamp>,
}

/// The sinks of a run, in the order in which they are reported to.
fn sinks(audience: Audience<'_>, request: &CommandRequest) -> Vec<Box<dyn Sink>> {
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    sinks.extend(audience.context.map(|context| Box::new(github::StatusReporter::new(context, request)) as _));
    sinks.extend(sinks_here(audience, request));
    sinks
}

/// Those of them that need neither network nor runtime.
fn sinks_here(audience: Audience<'_>, request: &CommandRequest) -> Vec<Box<dyn Sink>> {
    let Audience { context, level, format, now } = audience;
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    sinks.extend(level.map(|level| {
        Box::new(terminal::Terminal::new(context, request, (level, format), now.unwrap_or_default())) as _
    }));
    sinks.extend(context.and_then(github::WorkflowLink::of).map(|workflow| Box::new(workflow) as _));
    sinks.extend((format == OutputFormat::Json).then(|| Box::new(json::DocumentV1) as _));
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
    request: CommandRequest,
    sinks: Vec<Box<dyn Sink>>,
    record: RefCell<Record>,
    open: RefCell<OpenWork>,
    /// Reads the wall clock.
    clock: fn() -> Timestamp,
    /// Whether a change was begun, for a thread that breaks off.
    has_changed: Arc<AtomicBool>,
}

impl Listener for Hub {
    fn event(&self, event: RunEvent) {
        if matches!(event, RunEvent::ChangeStarted { .. }) {
            self.has_changed.store(true, Ordering::Relaxed);
        }
        self.record.borrow_mut().see(&event);
        self.open.borrow_mut().see(&event);
        for sink in &self.sinks {
            sink.event(&event);
        }
    }
}

impl Reporting {
    /// The report of a command that begins now.
    pub fn new(
        context: &Context,
        request: CommandRequest,
        (level, format): (ReportDetail, OutputFormat),
        clock: fn() -> Timestamp,
    ) -> Self {
        let now = clock();
        let sinks = sinks(Audience { context: Some(context), level: Some(level), format, now: Some(now) }, &request);
        let mut record = Record::new(&request);
        record.began = Some(now);
        record.run = context.run_url();
        record.by = context.started_by();
        let record = RefCell::new(record);
        let (open, has_changed) = (RefCell::default(), Arc::default());
        let hub = Rc::new(Hub { request, sinks, record, open, clock, has_changed });
        Self { events: Events::new(Rc::clone(&hub) as _), hub }
    }

    /// Where the command's events go.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Whether a change was begun. It may have been made, or not.
    pub fn has_changed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.hub.has_changed)
    }

    /// Names what was in progress when a signal came.
    pub fn interrupted(&self, failure: Failure) -> Failure {
        let found = self.hub.open.borrow().interrupted();
        for component in found.components {
            let (outcome, causes, released) = (Outcome::Interrupted, Vec::new(), None);
            self.events.emit(RunEvent::ComponentEnded { component, outcome, causes, released });
        }
        let failure =
            found.steps.iter().fold(failure, |failure, step| failure.cause(format!("`{step}` was in progress")));
        let failure = self.with_ended(failure);
        found.continues.into_iter().fold(failure, Failure::hint)
    }

    /// Adds how components had ended before the signal that did not end well. The total is the worst, as always.
    fn with_ended(&self, mut failure: Failure) -> Failure {
        let record = self.record();
        let ended =
            record.components.iter().filter_map(|component| Some((&component.name, component.outcome?, component)));
        for (name, outcome, component) in ended.filter(|(_, outcome, _)| !outcome.is_success()) {
            if outcome != Outcome::Interrupted {
                let why: Vec<String> = component.causes.iter().map(ToString::to_string).collect();
                failure = failure.cause(format!("{name} had ended: {outcome} {}", why.join("; ")).trim_end());
                failure.outcome = Outcome::worst([failure.outcome, outcome]).unwrap_or(failure.outcome);
            }
        }
        failure
    }

    /// Reports what may fail.
    pub async fn settle(&self, result: Result<&CommandAnswer, &Failure>) {
        for sink in &self.hub.sinks {
            let record = self.record();
            sink.settle(CommandEnd { request: &self.hub.request, record: &record, result }, &self.events).await;
        }
    }

    /// Reports how the command ended.
    pub fn end(&self, result: Result<&CommandAnswer, &Failure>) -> Outcome {
        let mut record = self.record();
        record.ended = Some((self.hub.clock)());
        let end = CommandEnd { request: &self.hub.request, record: &record, result };
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
pub fn unparsed(
    context: Option<&Context>,
    request: &CommandRequest,
    format: OutputFormat,
    failure: &Failure,
) -> Outcome {
    let mut record = Record::new(request);
    "the command line".clone_into(&mut record.place);
    end_without_run(Audience { context, level: None, format, now: None }, request, &record, failure)
}

/// Reports that the program cannot start: where it runs is not known.
pub fn without_context(format: OutputFormat, failure: &Failure) -> Outcome {
    let request = CommandRequest::default();
    let record = Record::new(&request);
    end_without_run(
        Audience { context: None, level: Some(ReportDetail::Everything), format, now: None },
        &request,
        &record,
        failure,
    )
}

/// Reports that the program breaks off, on whatever thread, beside the report of its run: that is not there any more.
pub fn broken_off(
    context: &Context,
    request: &CommandRequest,
    level: ReportDetail,
    format: OutputFormat,
    failure: &Failure,
) {
    let record = Record::new(request);
    let end = CommandEnd { request, record: &record, result: Err(failure) };
    if context.in_actions() {
        // Or this would be folded with the output of the step that was shown.
        folded::end_group();
    }
    for sink in sinks_here(Audience { context: Some(context), level: Some(level), format, now: None }, request) {
        sink.end(end);
    }
}

fn end_without_run(audience: Audience<'_>, request: &CommandRequest, record: &Record, failure: &Failure) -> Outcome {
    let end = CommandEnd { request, record, result: Err(failure) };
    for sink in sinks(audience, request) {
        sink.end(end);
    }
    end.outcome()
}

#[cfg(test)]
mod tests {
    use futures_util::future::LocalBoxFuture;

    use super::*;
    use crate::domain::step::{StepId, StepVerb};

    /// Keeps what it sees, by the name of the sink.
    #[derive(Debug)]
    struct SinkRecorder {
        name: &'static str,
        settles: bool,
        seen: Rc<RefCell<Vec<String>>>,
    }

    impl SinkRecorder {
        fn saw(&self, what: &str) {
            self.seen.borrow_mut().push(format!("{} {what}", self.name));
        }
    }

    impl Sink for SinkRecorder {
        fn event(&self, event: &RunEvent) {
            if let RunEvent::Note { text, .. } = event {
                self.saw(text);
            }
        }

        fn settle<'s>(&'s self, end: CommandEnd<'s>, events: &'s Events) -> LocalBoxFuture<'s, ()> {
            Box::pin(async move {
                self.saw(&format!("settles after {:?}", warnings(end)));
                if self.settles {
                    events.note("not recorded");
                    events.warning("late", None);
                }
            })
        }

        fn end(&self, end: CommandEnd<'_>) {
            self.saw(&format!("end {} {:?}", end.outcome(), warnings(end)));
        }
    }

    fn warnings(end: CommandEnd<'_>) -> Vec<&str> {
        end.record.warnings.iter().map(|warning| warning.text.as_str()).collect()
    }

    fn reporting(seen: &Rc<RefCell<Vec<String>>>) -> Reporting {
        let sink = |name, settles| Box::new(SinkRecorder { name, settles, seen: Rc::clone(seen) }) as Box<dyn Sink>;
        let request = CommandRequest {
            command: "deploy".to_owned(),
            environment: Some("stage".to_owned()),
            ..CommandRequest::default()
        };
        let record = RefCell::new(Record::new(&request));
        let sinks = vec![sink("first", true), sink("second", false)];
        let (open, has_changed) = (RefCell::default(), Arc::default());
        let hub = Rc::new(Hub { request, sinks, record, open, clock: || Timestamp::UNIX_EPOCH, has_changed });
        Reporting { events: Events::new(Rc::clone(&hub) as _), hub }
    }

    /// What one sink cannot report is part of what all of them report in the end.
    #[tokio::test]
    async fn every_sink_sees_every_event_and_the_end_comes_when_all_have_settled() {
        let seen = Rc::default();
        let reporting = reporting(&seen);
        reporting.events().note("begun");
        let answer = CommandAnswer::Change(Outcome::Deployed);
        reporting.settle(Ok(&answer)).await;
        assert_eq!(reporting.end(Ok(&answer)), Outcome::Deployed);
        assert_eq!(
            *seen.borrow(),
            [
                "first begun",
                "second begun",
                "first settles after []",
                "first not recorded",
                "second not recorded",
                "second settles after [\"late\"]",
                "first end deployed [\"late\"]",
                "second end deployed [\"late\"]",
            ]
        );
    }

    #[tokio::test]
    async fn an_interruption_names_the_steps_that_were_open() {
        let reporting = reporting(&Rc::default());
        let step = StepId::new(StepVerb::Build, &"backend".parse().unwrap());
        let work = reporting.events().step(&step, std::future::pending::<Result<(), Failure>>());
        tokio::select! {
            biased;
            _ = work => {}
            () = std::future::ready(()) => {}
        }
        let failure = reporting.interrupted(Failure::new(Outcome::Interrupted, "interrupted by SIGINT"));
        assert_eq!(failure.brief(), "interrupted by SIGINT: `build backend` was in progress");
        assert_eq!(reporting.end(Err(&failure)), Outcome::Interrupted);
    }
}
