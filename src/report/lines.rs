//! What is shown on standard error while a command runs, in lines.

use std::time::Duration;

use super::line::{ReportDetail, ReportLine, note, warning};
use super::merging;
use super::plan_lines::{self, warning_text};
use super::steps::Steps;
use super::style::{FAINT, TextStyle, cut, wrapped};
use crate::domain::age;
use crate::domain::event::RunEvent;
use crate::domain::names::ComponentName;
use crate::domain::neutral;
use crate::domain::step::{StepId, StepSubject};
use crate::domain::view::plan::ShownPlan;

/// What the lines of an event depend on beside the event.
#[derive(Debug, Clone, Copy)]
pub struct Showing<'s> {
    /// How much is shown.
    pub level: ReportDetail,
    /// How it looks.
    pub look: TextStyle,
    /// Whether somebody decides about the plan before it is carried out, so that all of it is shown.
    pub asks: bool,
    /// The steps in progress.
    pub steps: &'s Steps,
}

/// An event in lines; none where it is not shown. While steps of several components are in progress, each line names its own.
pub fn of(event: &RunEvent, showing: Showing<'_>) -> Vec<String> {
    let lines = all(event, showing);
    lines.into_iter().filter(|line| line.least <= showing.level).map(|line| line.text).collect()
}

fn all(event: &RunEvent, showing: Showing<'_>) -> Vec<ReportLine> {
    let Showing { look, steps, .. } = showing;
    let several = steps.are_several();
    let about = |about: &Option<ComponentName>| match about {
        Some(component) if several => format!("{component}: "),
        Some(_) | None => String::new(),
    };
    match event {
        RunEvent::StepStarted(step) => {
            vec![ReportLine { least: ReportDetail::Verbose, ..note(format!("  {FAINT}{step}{FAINT:#}")) }]
        }
        RunEvent::StepEnded { step, took, result, .. } => {
            steps.line_of_end(step, *took, *result, look).into_iter().map(note).collect()
        }
        RunEvent::Output { step, line } => vec![note(output(step, line, several))],
        RunEvent::Progress { step, text } => {
            vec![note(format!("    {}: {}", steps.label(step).trim_end(), look.text(text)))]
        }
        RunEvent::Expected { step, usual, timeout } => {
            vec![note(format!("    {}: {}", steps.label(step).trim_end(), expectation(*usual, *timeout)))]
        }
        RunEvent::TaskFailed { step, text, last_line } => {
            task_failed(&steps.label(step), text, last_line.as_deref(), look)
        }
        RunEvent::Heartbeat { step, text, elapsed } => {
            let text = if text.is_empty() { steps.last_output(step).unwrap_or_default() } else { text };
            let (label, elapsed) = (steps.label(step), age::took(*elapsed));
            vec![note(format!("    {}: {elapsed} so far: {}", label.trim_end(), look.text(text)))]
        }
        RunEvent::Note { about: component, text } => {
            let text = look.text(&format!("{}{}", about(component), text.trim_start()));
            wrapped(&text, look.width, "  ", "    ").into_iter().map(note).collect()
        }
        RunEvent::Warning { about: component, text, hint } => {
            vec![warning(&format!("{}{text}", about(component)), hint.as_deref(), look)]
        }
        RunEvent::Planned(plan) => plan_lines::of_plan(plan, look, plan.is_all || showing.asks),
        RunEvent::UnholdPlanned(planned) => plan_lines::of_unhold(planned, look),
        RunEvent::NothingToPromote(nothing) if nothing.is_all => plan_lines::nothing_to_promote(nothing, look),
        RunEvent::NotReported { what, hint: Some(hint) } => {
            vec![ReportLine { least: ReportDetail::Quiet, ..warning(what, Some(hint), look) }]
        }
        RunEvent::NotReported { what, hint: None } => {
            vec![ReportLine { least: ReportDetail::Quiet, ..note(format!("note: {what}")) }]
        }
        RunEvent::Within { event, .. } => {
            let RunEvent::Planned(plan) = event.as_ref() else { return all(event, showing) };
            within(plan, look)
        }
        RunEvent::ReleaseChosen(_)
        | RunEvent::NothingToPromote(_)
        | RunEvent::ImagesReused(_)
        | RunEvent::ApplyStarted
        | RunEvent::ImageKnown { .. }
        | RunEvent::Refined { .. }
        | RunEvent::Made { .. }
        | RunEvent::ChangeStarted { .. }
        | RunEvent::ChangeRefused { .. }
        | RunEvent::DeploymentFollowed { .. }
        | RunEvent::RevisionKnown { .. }
        | RunEvent::TasksProven { .. }
        | RunEvent::ProbeAnswered { .. }
        | RunEvent::StepResult { .. }
        | RunEvent::Tasks { .. }
        | RunEvent::Serves { .. }
        | RunEvent::ComponentEnded { .. }
        | RunEvent::Continues { .. }
        | RunEvent::Logged { .. } => Vec::new(),
    }
}

/// The plan of a run within this one, about which no person decides.
fn within(plan: &ShownPlan, look: TextStyle) -> Vec<ReportLine> {
    let warnings = plan.warnings.iter().map(|found| warning(&warning_text(found), found.hint.as_deref(), look));
    warnings.chain(merging::lines(plan).into_iter().map(note)).collect()
}

/// How long a step usually takes, and when it is given up.
pub fn expectation(usual: Option<Duration>, timeout: Duration) -> String {
    let usual = usual.map(|usual| format!("usually {}; ", age::took(usual))).unwrap_or_default();
    format!("{usual}gives up after {}", age::took(timeout))
}

/// How much of the last line of a task that failed is shown as it fails, in characters.
const LONGEST_LAST_LINE: usize = 300;

fn task_failed(label: &str, text: &str, last_line: Option<&str>, look: TextStyle) -> Vec<ReportLine> {
    let mut lines = wrapped(&look.text(text), look.width, &format!("    {}: ", label.trim_end()), "      ");
    // The diagnosis has more of it; here it is one line, whatever the container wrote.
    let shown = |line| cut(&neutral::phrase(line, LONGEST_LAST_LINE), look.width.map(|width| width.saturating_sub(8)));
    lines.extend(last_line.map(|line| format!("      {FAINT}| {}{FAINT:#}", shown(line))));
    lines.into_iter().map(note).collect()
}

/// A line of a child process or a container. `several`: whether it names its component.
pub fn output(step: &StepId, line: &str, several: bool) -> String {
    let of = if several { format!("{} ", subject(step)) } else { String::new() };
    format!("{FAINT}    {of}| {line}{FAINT:#}")
}

/// What a step is about, as it stands before its output.
fn subject(step: &StepId) -> String {
    match &step.subject {
        StepSubject::Component(component) => component.to_string(),
        StepSubject::Source(environment, component) => format!("{environment} {component}"),
        StepSubject::Statuses => "statuses".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::step::StepVerb;
    use crate::report::style::columns;

    fn plain(event: &RunEvent, level: ReportDetail, steps: &Steps) -> Vec<String> {
        let look = TextStyle { width: Some(40), exact: level >= ReportDetail::Verbose, now: Timestamp::UNIX_EPOCH };
        let lines = of(event, Showing { level, look, asks: false, steps });
        lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    fn build(component: &str) -> StepId {
        StepId::new(StepVerb::Build, &component.parse().unwrap())
    }

    #[test]
    fn quiet_shows_neither_notes_nor_warnings() {
        let note = RunEvent::Note { about: None, text: "known".to_owned() };
        let hint = Some("run `a command that is longer than the line is wide`".to_owned());
        let warning = RunEvent::Warning { about: None, text: "odd".to_owned(), hint };
        let plain = |event, level| plain(event, level, &Steps::default());
        assert_eq!(plain(&note, ReportDetail::Everything), ["  known"]);
        assert!(plain(&note, ReportDetail::Warnings).is_empty());
        assert!(plain(&warning, ReportDetail::Quiet).is_empty());
        let shown = "warning: odd\nhint: run\n  `a command that is longer than the line is wide`";
        assert_eq!(plain(&warning, ReportDetail::Warnings), [shown]);
    }

    #[test]
    fn the_last_line_of_a_task_that_failed_is_one_line() {
        for last in ["x".repeat(10_000), "界".repeat(10_000), "a\n::error::forged\r".repeat(100)] {
            let event = RunEvent::TaskFailed {
                step: build("backend"),
                text: "task 1 failed".to_owned(),
                last_line: Some(last),
            };
            let lines = plain(&event, ReportDetail::Everything, &Steps::default());
            let line = lines.last().unwrap();
            assert!(line.starts_with("      | ") && line.ends_with('…'), "{line}");
            assert!(columns(line) <= 40 && !line.contains(['\n', '\r']), "{line}");
        }
    }

    #[test]
    fn with_several_in_progress_each_line_names_its_component() {
        let mut steps = Steps::default();
        for component in ["backend", "site"] {
            steps.see(&RunEvent::StepStarted(build(component)));
        }
        let plain = |event: RunEvent| plain(&event, ReportDetail::Everything, &steps);
        let (step, text, name) = (build("backend"), || "text".to_owned(), "backend".parse::<ComponentName>().unwrap());
        assert_eq!(plain(RunEvent::Output { step, line: text() }), ["    backend | text"]);
        assert_eq!(plain(RunEvent::Note { about: Some(name.clone()), text: "  text".to_owned() }), ["  backend: text"]);
        let warning = RunEvent::Warning { about: Some(name), text: text(), hint: None };
        assert_eq!(plain(warning), ["warning: backend: text"]);
    }
}
