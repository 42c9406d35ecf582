//! The log of a workflow, in which the output of a step is one group that is folded. Groups cannot be in each other: with
//! several steps in progress the output of each is kept until the step ends.

use std::cell::RefCell;

use indexmap::IndexMap;

use crate::domain::event::RunEvent;
use crate::domain::github::command::RunnerCommand;
use crate::domain::step::StepId;
use crate::sink;

/// What is shown of output in the log of a workflow.
#[derive(Debug, Default)]
pub struct Folded {
    /// The step whose group is open.
    open: RefCell<Option<StepId>>,
    /// The output of steps that ran beside others.
    kept: RefCell<IndexMap<StepId, Vec<String>>>,
}

/// Something that is written to the log.
#[derive(Debug, PartialEq, Eq)]
enum LogPart {
    /// A group begins.
    Begin(StepId),
    /// Lines.
    Lines(Vec<String>),
    /// The group ends.
    End,
}

/// Ends the group that is open.
pub fn end_group() {
    sink::command(&RunnerCommand::new("endgroup", ""));
}

impl Folded {
    /// Shows an event in lines. `several`: whether several steps are in progress.
    pub fn show(&self, event: &RunEvent, lines: &[String], several: bool) {
        for part in self.parts(event, lines, several) {
            match part {
                LogPart::Begin(step) => sink::command(&RunnerCommand::new("group", format!("output of {step}"))),
                LogPart::Lines(lines) => sink::lines(&lines),
                LogPart::End => end_group(),
            }
        }
    }

    /// Shows the output of a step that has ended, in a group of its own.
    pub fn group(&self, step: &StepId, lines: &[String]) {
        if self.close().is_some() {
            end_group();
        }
        sink::command(&RunnerCommand::new("group", format!("output of {step}")));
        sink::lines(lines);
        end_group();
    }

    fn parts(&self, event: &RunEvent, lines: &[String], several: bool) -> Vec<LogPart> {
        let mut parts = Vec::new();
        if let Some(step) = output_of(event) {
            if lines.is_empty() {
                return parts;
            }
            let mut kept = self.kept.borrow_mut();
            if several || kept.contains_key(step) {
                kept.entry(step.clone()).or_default().extend_from_slice(lines);
                return parts;
            }
            if self.open.borrow().as_ref() != Some(step) {
                parts.extend(self.close());
                self.open.replace(Some(step.clone()));
                parts.push(LogPart::Begin(step.clone()));
            }
        } else if let Some(kept) = ended(event).and_then(|step| self.kept.borrow_mut().shift_remove_entry(step)) {
            parts.extend(self.close());
            parts.extend([LogPart::Begin(kept.0), LogPart::Lines(kept.1), LogPart::End]);
        } else if !lines.is_empty() {
            parts.extend(self.close());
        }
        if !lines.is_empty() {
            parts.push(LogPart::Lines(lines.to_vec()));
        }
        parts
    }

    fn close(&self) -> Option<LogPart> {
        self.open.take().map(|_| LogPart::End)
    }
}

/// The step that an event is a line of output of.
#[expect(clippy::wildcard_enum_match_arm, reason = "only these have output")]
fn output_of(event: &RunEvent) -> Option<&StepId> {
    match event {
        RunEvent::Output { step, .. } => Some(step),
        RunEvent::Within { event, .. } => output_of(event),
        _ => None,
    }
}

/// The step that ends by an event.
#[expect(clippy::wildcard_enum_match_arm, reason = "only these end a step")]
fn ended(event: &RunEvent) -> Option<&StepId> {
    match event {
        RunEvent::StepEnded { step, .. } => Some(step),
        RunEvent::Within { event, .. } => ended(event),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::event::StepResult;
    use crate::domain::step::StepVerb;

    fn build(component: &str) -> StepId {
        StepId::new(StepVerb::Build, &component.parse().unwrap())
    }

    fn output(component: &str, line: &str) -> RunEvent {
        RunEvent::Output { step: build(component), line: line.to_owned() }
    }

    fn end(component: &str) -> RunEvent {
        let (began, took) = (Duration::ZERO, Duration::ZERO);
        RunEvent::StepEnded { step: build(component), began, took, result: StepResult::Done }
    }

    /// What is written to the log, a line each.
    fn log(events: &[(RunEvent, &str, bool)]) -> Vec<String> {
        let folded = Folded::default();
        let parts = events.iter().flat_map(|(event, line, several)| {
            let lines: Vec<String> = (!line.is_empty()).then(|| (*line).to_owned()).into_iter().collect();
            folded.parts(event, &lines, *several)
        });
        let lines = parts.flat_map(|part| match part {
            LogPart::Begin(step) => vec![format!("[{step}")],
            LogPart::Lines(lines) => lines,
            LogPart::End => vec!["]".to_owned()],
        });
        lines.collect()
    }

    #[test]
    fn the_output_of_one_step_is_shown_as_it_comes() {
        let events = [
            (output("backend", ""), "1", false),
            (output("backend", ""), "2", false),
            (RunEvent::Note { about: None, text: String::new() }, "note", false),
            (output("backend", ""), "3", false),
            (end("backend"), "done", false),
        ];
        assert_eq!(log(&events), ["[build backend", "1", "2", "]", "note", "[build backend", "3", "]", "done"]);
    }

    #[test]
    fn the_groups_of_several_steps_do_not_mix() {
        let events = [
            (output("backend", ""), "b1", false),
            (RunEvent::StepStarted(build("site")), "build site", true),
            (output("site", ""), "s1", true),
            (output("backend", ""), "b2", true),
            (output("site", ""), "s2", true),
            (end("site"), "site done", true),
            // What was kept comes first.
            (output("backend", ""), "b3", false),
            (end("backend"), "backend done", false),
        ];
        let expected = [
            &["[build backend", "b1", "]", "build site"][..],
            &["[build site", "s1", "s2", "]", "site done"],
            &["[build backend", "b2", "b3", "]", "backend done"],
        ];
        assert_eq!(log(&events), expected.concat());
    }
}
