//! What people see: lines on standard error while a command runs, with moving ones on a terminal, and data on standard
//! output.

use std::cell::RefCell;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use super::closing::Closing;
use super::end::{CommandEnd, Sink};
use super::folded::Folded;
use super::line::ReportDetail;
use super::lines::{self, Showing};
use super::live::LiveLines;
use super::log_lines::LogLines;
use super::steps::Steps;
use super::style::TextStyle;
use super::{build_table, closing, gates_table, history_table, identity_table, status_table};
use crate::cli::OutputFormat;
use crate::context::{Context, Terminals};
use crate::domain::event::{RunEvent, StepResult};
use crate::domain::plan::PlanWarning;
use crate::domain::step::{StepId, StepVerb};
use crate::domain::view::approval::CountedApproval;
use crate::domain::view::{CommandAnswer, CommandRequest, Confirmation};
use crate::sink;

/// The terminal, or the log of a workflow.
#[derive(Debug)]
pub struct Terminal {
    level: ReportDetail,
    color: bool,
    format: OutputFormat,
    /// How text on standard error looks.
    error: TextStyle,
    /// How text on standard output looks.
    output: TextStyle,
    /// Whether somebody decides about a plan before it is carried out.
    asks: bool,
    logs: LogLines,
    view: TerminalView,
    steps: RefCell<Steps>,
    /// What was warned of before there is a plan. `None`: there is one, or there will be none.
    early: RefCell<Option<Vec<PlanWarning>>>,
    /// What was shown of the output of steps that failed.
    shown: RefCell<Vec<String>>,
}

#[derive(Debug)]
enum TerminalView {
    /// One line for each event.
    Plain,
    /// The same in the log of a workflow, in which output is folded.
    Folded(Folded),
    /// A line that moves for each step in progress, and above them what is over.
    Live(LiveLines),
}

impl Terminal {
    /// What people see of a command that begins now. `context`: absent where it is not known.
    pub fn new(
        context: Option<&Context>,
        request: &CommandRequest,
        (level, format): (ReportDetail, OutputFormat),
        now: Timestamp,
    ) -> Self {
        let Terminals { error, output, .. } = context.map(|context| context.terminals).unwrap_or_default();
        let look = |width| TextStyle { width, exact: level >= ReportDetail::Verbose, now };
        let (error, output) = (look(error), look(output));
        let view = match context {
            // Each call that `-v` shows would be written over lines that move.
            Some(context) if context.interactive && level == ReportDetail::Everything => {
                TerminalView::Live(LiveLines::new(error))
            }
            Some(context) if context.in_actions() => TerminalView::Folded(Folded::default()),
            Some(_) | None => TerminalView::Plain,
        };
        let color = context.is_some_and(|context| context.color);
        let (steps, shown) = (RefCell::default(), RefCell::default());
        let early = RefCell::new(request.plans.then(Vec::new));
        let logs = LogLines::new(output);
        Self {
            level,
            color,
            format,
            error,
            output,
            logs,
            asks: request.asks == Confirmation::Somebody,
            view,
            steps,
            early,
            shown,
        }
    }
}

impl Sink for Terminal {
    fn event(&self, event: &RunEvent) {
        if let (RunEvent::Logged { entries, of_several }, OutputFormat::Human) = (event, self.format) {
            for entry in entries {
                sink::data(&self.logs.line(entry, *of_several));
            }
        }
        // A plan within another run is shown as such; all else as if it happened here.
        let event = unwrapped(event);
        self.steps.borrow_mut().see(event);
        if self.is_kept(event) {
            return;
        }
        let with_early = self.with_early(event);
        let event = with_early.as_ref().unwrap_or(event);
        let several = self.steps.borrow().are_several();
        let lines = if self.is_only_live(event) { Vec::new() } else { self.lines(event) };
        match &self.view {
            TerminalView::Plain => sink::lines(&lines),
            TerminalView::Folded(folded) => folded.show(event, &lines, several),
            TerminalView::Live(live) => live.show(event, &lines, &self.label(event)),
        }
        if let RunEvent::StepEnded { step, result, .. } = event {
            self.show_output(step, *result);
        }
    }

    fn end(&self, end: CommandEnd<'_>) {
        match end.result {
            Ok(CommandAnswer::Document(document)) => sink::document(&format!("{document:#}")),
            Ok(CommandAnswer::Script(script)) => sink::data(script),
            Ok(CommandAnswer::Credential(document)) => sink::credential(document.expose_secret()),
            Ok(answer) if self.format == OutputFormat::Human => {
                if let Some(data) = data(answer, self.level, self.output) {
                    sink::data(&data);
                }
            }
            Ok(_) | Err(_) => {}
        }
        if let TerminalView::Live(live) = &self.view {
            live.clear();
        }
        for early in self.early.take().into_iter().flatten() {
            let PlanWarning { text, hint, .. } = early;
            sink::lines(&self.lines(&RunEvent::Warning { about: None, text, hint }));
        }
        let shown = self.shown.borrow();
        let closing = Closing { level: self.level, look: self.error, color: self.color, shown: &shown };
        sink::lines(&closing::of(end, closing));
    }
}

impl Terminal {
    fn lines(&self, event: &RunEvent) -> Vec<String> {
        let steps = self.steps.borrow();
        // A plan that is not shown cannot be approved.
        let is_asked = self.asks && matches!(event, RunEvent::Planned(_));
        let level = if is_asked { self.level.max(ReportDetail::Everything) } else { self.level };
        lines::of(event, Showing { level, look: self.error, asks: self.asks, steps: &steps })
    }

    fn is_live(&self) -> bool {
        matches!(self.view, TerminalView::Live(_))
    }

    /// Whether an event is shown in the moving lines alone: what a build writes, and the events of ECS.
    fn is_only_live(&self, event: &RunEvent) -> bool {
        let of_build = matches!(event, RunEvent::Output { step, .. } if writes_much(step.verb));
        of_build && self.is_live()
    }

    /// What the step that begins is called.
    fn label(&self, event: &RunEvent) -> String {
        if let RunEvent::StepStarted(step) = event { self.steps.borrow().label(step) } else { String::new() }
    }

    /// A plan with what was warned of while it was made: the plan is shown first.
    fn with_early(&self, event: &RunEvent) -> Option<RunEvent> {
        let RunEvent::Planned(plan) = event else { return None };
        let mut plan = plan.clone();
        let early = self.early.take().unwrap_or_default();
        plan.warnings.splice(0..0, early);
        Some(RunEvent::Planned(plan))
    }

    /// Keeps a warning until the plan is there that it is about.
    fn keeps_early(&self, event: &RunEvent) -> bool {
        let mut early = self.early.borrow_mut();
        let (RunEvent::Warning { about, text, hint }, Some(early)) = (event, early.as_mut()) else {
            return false;
        };
        let text = about.as_ref().map_or_else(|| text.clone(), |about| format!("{about}: {text}"));
        early.push(PlanWarning { text, changes: Vec::new(), hint: hint.clone() });
        true
    }

    /// Whether an event is not shown when it happens: what a build writes is kept until it ends, and in a log progress is
    /// shown now and then.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these come often")]
    fn is_kept(&self, event: &RunEvent) -> bool {
        if self.keeps_early(event) {
            return true;
        }
        if self.level >= ReportDetail::Verbose {
            return false;
        }
        match event {
            RunEvent::Output { step, .. } => writes_much(step.verb) && !self.is_live(),
            RunEvent::Progress { step, .. } => !self.is_live() && !self.steps.borrow_mut().is_progress_due(step),
            _ => false,
        }
    }

    /// Shows what a build wrote: in the log of a workflow folded, and whole where it failed.
    fn show_output(&self, step: &StepId, result: StepResult) {
        let output = self.steps.borrow_mut().ended(step);
        if !matches!(step.verb, StepVerb::Build | StepVerb::Bundle)
            || self.level != ReportDetail::Everything
            || output.is_empty()
        {
            return;
        }
        let lines: Vec<String> = output.iter().map(|line| lines::output(step, line, false)).collect();
        match (&self.view, result) {
            (TerminalView::Folded(folded), StepResult::Done) => folded.group(step, &lines),
            (_, StepResult::Done) => {}
            (view, StepResult::Failed | StepResult::Interrupted) => {
                match view {
                    TerminalView::Live(live) => live.above(&lines),
                    TerminalView::Plain | TerminalView::Folded(_) => sink::lines(&lines),
                }
                self.shown.borrow_mut().extend(output);
            }
        }
    }
}

fn unwrapped(event: &RunEvent) -> &RunEvent {
    let RunEvent::Within { event: inner, .. } = event else { return event };
    if matches!(**inner, RunEvent::Planned(_)) { event } else { inner }
}

/// Whether the output of a step is that of a build, which is only of use if it fails.
fn writes_much(verb: StepVerb) -> bool {
    matches!(
        verb,
        StepVerb::Build
            | StepVerb::Bundle
            | StepVerb::WaitFor
            | StepVerb::Prove
            | StepVerb::Settle
            | StepVerb::RollBack
    )
}

/// What people read on standard output.
fn data(answer: &CommandAnswer, level: ReportDetail, look: TextStyle) -> Option<String> {
    match answer {
        CommandAnswer::Approval(counted) => Some(approved(counted)),
        CommandAnswer::Built(built) => Some(build_table::render(built, look)),
        CommandAnswer::Contract(asked) => asked.proposal.clone(),
        CommandAnswer::Gates(asked) => Some(gates_table::render(asked, look)),
        CommandAnswer::Status(environments) => status_table::render(environments, look),
        CommandAnswer::History(found) => history_table::render(&found.releases, look),
        CommandAnswer::Identities(seen) => Some(identity_table::render(seen, level)),
        CommandAnswer::Change(_)
        | CommandAnswer::Check(_)
        | CommandAnswer::Logs { .. }
        | CommandAnswer::Holds(_)
        | CommandAnswer::Document(_)
        | CommandAnswer::Script(_)
        | CommandAnswer::Credential(_) => None,
    }
}

/// How far an approval is.
fn approved(counted: &CountedApproval) -> String {
    let next = if counted.is_complete() { "the plan can be carried out" } else { counted.next_step.as_str() };
    format!("{}\n{}\n{next}", counted.counted(), counted.what())
}
