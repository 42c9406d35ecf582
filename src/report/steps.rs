//! The steps in progress, as far as lines are made of them: what a step led to, and what it wrote.

use std::collections::VecDeque;
use std::time::Duration;

use indexmap::IndexMap;
use tokio::time::Instant;

use super::style::{BAD, FAINT, Mark, STRONG, TextStyle, columns, padded};
use crate::domain::age;
use crate::domain::event::{RunEvent, StepResult};
use crate::domain::proof::ProbeAnswer;
use crate::domain::step::{StepId, StepSubject, StepVerb};

/// A step that took less has no line of its own, unless it led to something.
const NO_TIME: Duration = Duration::from_secs(1);
/// Progress of a step that is over soon is not shown in a log.
const SOON: Duration = Duration::from_secs(5);
/// Nor is it shown more often than so.
const OFTEN: Duration = Duration::from_secs(10);
/// The column in which the time of a step ends, on a terminal that is wide enough.
const TIMES: usize = 78;

/// The steps in progress.
#[derive(Debug, Default)]
pub struct Steps {
    open: IndexMap<StepId, ShownStep>,
    /// The longest name of a component, where the run has several.
    name_width: usize,
}

/// A step in progress.
#[derive(Debug)]
struct ShownStep {
    began: Instant,
    result: Option<String>,
    answers: Vec<ProbeAnswer>,
    /// What it wrote.
    output: OutputTail,
    /// When its progress was shown last.
    shown: Option<Instant>,
}

/// What a step wrote: the last of it, for a build may write without end.
#[derive(Debug, Default)]
struct OutputTail {
    lines: VecDeque<String>,
    /// How many lines there were before.
    left_out: usize,
}

impl OutputTail {
    /// How many lines of a build are kept.
    const MOST: usize = 10_000;

    fn push(&mut self, line: &str, most: usize) {
        self.lines.push_back(line.to_owned());
        if self.lines.len() > most {
            self.lines.pop_front();
            self.left_out += 1;
        }
    }

    fn shown(self) -> Vec<String> {
        let before =
            (self.left_out > 0).then(|| format!("({} lines before are left out: `-v` shows all)", self.left_out));
        before.into_iter().chain(self.lines).collect()
    }
}

impl Steps {
    /// Takes an event in, before its lines are made.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others say nothing of a step")]
    pub fn see(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Planned(plan) if plan.components.len() > 1 => {
                let names = plan.components.iter().map(|component| columns(component.name.as_str()));
                self.name_width = names.max().unwrap_or_default();
            }
            RunEvent::StepStarted(step) => {
                let (result, answers, output, shown) = (None, Vec::new(), OutputTail::default(), None);
                self.open.insert(step.clone(), ShownStep { began: Instant::now(), result, answers, output, shown });
            }
            RunEvent::StepResult { step, text } => self.of(step, |open| open.result = Some(text.clone())),
            RunEvent::Output { step, line } => {
                let most = if matches!(step.verb, StepVerb::Build | StepVerb::Bundle) { OutputTail::MOST } else { 1 };
                self.of(step, |open| open.output.push(line, most));
            }
            RunEvent::ProbeAnswered { subject, answer } => {
                let asks = |step: &StepId| step.verb == StepVerb::Probe && step.subject == *subject;
                if let Some((_, open)) = self.open.iter_mut().find(|(step, _)| asks(step)) {
                    open.answers.push(answer.clone());
                }
            }
            _ => {}
        }
    }

    fn of(&mut self, step: &StepId, change: impl FnOnce(&mut ShownStep)) {
        if let Some(open) = self.open.get_mut(step) {
            change(open);
        }
    }

    /// A step has ended: returns what it wrote.
    pub fn ended(&mut self, step: &StepId) -> Vec<String> {
        self.open.shift_remove(step).map(|open| open.output.shown()).unwrap_or_default()
    }

    /// Whether several are in progress.
    pub fn are_several(&self) -> bool {
        self.open.len() > 1
    }

    /// Whether progress of a step is worth a line in a log now. It is counted as shown.
    pub fn is_progress_due(&mut self, step: &StepId) -> bool {
        let now = Instant::now();
        let Some(open) = self.open.get_mut(step) else { return true };
        let is_late = open.shown.is_none_or(|shown| now.duration_since(shown) >= OFTEN);
        let is_due = is_late && (waits_for_others(step) || now.duration_since(open.began) >= SOON);
        if is_due {
            open.shown = Some(now);
        }
        is_due
    }

    /// The last line that a step wrote.
    pub fn last_output(&self, step: &StepId) -> Option<&str> {
        self.open.get(step)?.output.lines.back().map(String::as_str)
    }

    /// The lines of a step that has ended: what it led to, and how long it took. None where there is nothing to say.
    pub fn line_of_end(&self, step: &StepId, took: Duration, result: StepResult, look: TextStyle) -> Vec<String> {
        let open = self.open.get(step);
        let answers = open.map(|open| open.answers.as_slice()).unwrap_or_default();
        let reported = open.and_then(|open| open.result.clone());
        let is_good = result == StepResult::Done;
        let of_source = matches!(step.subject, StepSubject::Source(..));
        let is_dull = is_good && reported.is_none() && (answers.is_empty() || of_source) && took < NO_TIME;
        if is_dull && !look.exact {
            return Vec::new();
        }
        let mark = if is_good { Mark::Good } else { Mark::Bad };
        let first = format!("  {} {}", mark.shown(), self.label(step));
        let took = shown_time(took, look);
        if answers.is_empty() {
            let text = if is_good { reported.unwrap_or_default() } else { failed(reported, result) };
            return vec![with_time(&format!("{first}  {}", look.text(&text)), &took, look)];
        }
        let rest = " ".repeat(columns(&first));
        let mut lines: Vec<String> = answers
            .iter()
            .enumerate()
            .map(|(index, answer)| format!("{}  {}", if index == 0 { &first } else { &rest }, shown_answer(answer)))
            .collect();
        if let Some(line) = lines.first_mut() {
            *line = with_time(line, &took, look);
        }
        lines
    }

    /// What a step does, for people, in columns.
    pub fn label(&self, step: &StepId) -> String {
        /// The longest of them.
        const WIDTH: usize = 10;
        let verb = verb(step.verb);
        match &step.subject {
            StepSubject::Component(component) if self.name_width > 0 => {
                let name = padded(component.as_str(), self.name_width);
                format!("{STRONG}{name}{STRONG:#}  {}", padded(verb, WIDTH))
            }
            StepSubject::Component(_) => padded(verb, WIDTH),
            StepSubject::Source(environment, component) => format!("{verb} {environment} {component}"),
            StepSubject::Statuses => format!("{verb} statuses"),
        }
    }
}

/// Whether a step waits for somebody else, which may take any time: what it waits for is shown at once.
fn waits_for_others(step: &StepId) -> bool {
    step.verb == StepVerb::WaitForOthers || step.subject == StepSubject::Statuses
}

/// What a step does, in a word or two.
fn verb(verb: StepVerb) -> &'static str {
    match verb {
        StepVerb::CreateRepository => "repository",
        StepVerb::Build | StepVerb::Bundle => "build",
        StepVerb::Tag => "tag",
        StepVerb::Copy => "copy",
        StepVerb::Store => "store",
        StepVerb::UseRevision => "revision",
        StepVerb::Register => "register",
        StepVerb::PreDeploy => "pre-deploy",
        StepVerb::Hold => "bar",
        StepVerb::Update => "update",
        StepVerb::Publish => "publish",
        StepVerb::WaitForOthers => "wait",
        StepVerb::WaitFor => "roll out",
        StepVerb::Prove => "prove",
        StepVerb::Verify => "verify",
        StepVerb::Probe => "probe",
        StepVerb::Settle => "settle",
        StepVerb::RollBack => "roll back",
        StepVerb::MoveTags => "move tags",
        StepVerb::CleanUp => "clean up",
    }
}

fn failed(reported: Option<String>, result: StepResult) -> String {
    match reported {
        Some(reported) => reported,
        None => format!("{BAD}{}{BAD:#}", result.as_str()),
    }
}

/// What was asked, and what was answered.
fn shown_answer(answer: &ProbeAnswer) -> String {
    let asked = format!("{} {} → ", answer.method, answer.url);
    if answer.passed() {
        return format!("{asked}{}", answer.answered());
    }
    format!("{asked}{BAD}{}{BAD:#}", answer.answered())
}

fn shown_time(took: Duration, look: TextStyle) -> String {
    if took < NO_TIME && !look.exact { String::new() } else { age::took(took) }
}

fn with_time(line: &str, took: &str, look: TextStyle) -> String {
    let line = line.trim_end();
    if took.is_empty() {
        return line.to_owned();
    }
    let Some(width) = look.width else { return format!("{line} {FAINT}({took}){FAINT:#}") };
    let room = width.min(TIMES).saturating_sub(columns(took) + 2);
    format!("{}  {FAINT}{took}{FAINT:#}", padded(line, room))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn step(verb: StepVerb) -> StepId {
        StepId::new(verb, &"backend".parse().unwrap())
    }

    fn ended(steps: &Steps, step: &StepId, millis: u64, result: StepResult, width: Option<usize>) -> Vec<String> {
        let look = TextStyle { width, exact: false, now: Timestamp::UNIX_EPOCH };
        let lines = steps.line_of_end(step, Duration::from_millis(millis), result, look);
        lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_says_what_it_led_to_and_one_that_took_no_time_nothing() {
        let mut steps = Steps::default();
        let (update, build) = (step(StepVerb::Update), step(StepVerb::Build));
        for step in [&update, &build] {
            steps.see(&RunEvent::StepStarted(step.clone()));
        }
        assert!(ended(&steps, &update, 400, StepResult::Done, None).is_empty());
        assert_eq!(ended(&steps, &update, 1_500, StepResult::Done, None), ["  ✓ update (1.5 s)"]);
        assert_eq!(ended(&steps, &update, 400, StepResult::Failed, None), ["  ✗ update      failed"]);
        let text = format!("shop:{} pushed", "a".repeat(40));
        steps.see(&RunEvent::StepResult { step: build.clone(), text });
        assert_eq!(
            ended(&steps, &build, 34_000, StepResult::Done, None),
            ["  ✓ build       shop:aaaaaaa pushed (34 s)"]
        );
        let on_a_terminal = ended(&steps, &build, 34_000, StepResult::Done, Some(60));
        assert_eq!(on_a_terminal, [format!("  ✓ build       shop:aaaaaaa pushed{}34 s", " ".repeat(21))]);
    }

    #[tokio::test(start_paused = true)]
    async fn each_probe_has_a_line_with_what_was_answered() {
        let mut steps = Steps::default();
        let probe = step(StepVerb::Probe);
        steps.see(&RunEvent::StepStarted(probe.clone()));
        for (path, difference) in [("health", None), ("ready", Some("status 503, not 200".to_owned()))] {
            let answer = ProbeAnswer {
                method: "GET".to_owned(),
                url: format!("http://shop/{path}"),
                status: Some(200),
                release: Some("734f951".to_owned()),
                difference,
            };
            steps.see(&RunEvent::ProbeAnswered { subject: probe.subject.clone(), answer });
        }
        let lines = [
            "  ✗ probe       GET http://shop/health → 200, release 734f951",
            "                GET http://shop/ready → status 503, not 200",
        ];
        assert_eq!(ended(&steps, &probe, 10, StepResult::Failed, None), lines);
    }

    /// A rollout says how far it is now and then; what somebody else is waited for is said at once.
    #[tokio::test(start_paused = true)]
    async fn progress_is_shown_now_and_then() {
        let mut steps = Steps::default();
        let (rollout, others) = (step(StepVerb::WaitFor), step(StepVerb::WaitForOthers));
        for step in [&rollout, &others] {
            steps.see(&RunEvent::StepStarted(step.clone()));
        }
        let due = |steps: &mut Steps| [steps.is_progress_due(&rollout), steps.is_progress_due(&others)];
        assert_eq!(due(&mut steps), [false, true]);
        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(due(&mut steps), [true, false]);
        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(due(&mut steps), [false, true]);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(due(&mut steps), [true, false]);
    }

    #[test]
    fn of_a_build_without_end_the_last_lines_are_kept() {
        let mut steps = Steps::default();
        let step = StepId::new(StepVerb::Build, &"backend".parse().unwrap());
        steps.see(&RunEvent::StepStarted(step.clone()));
        for number in 0..OutputTail::MOST + 2 {
            steps.see(&RunEvent::Output { step: step.clone(), line: number.to_string() });
        }
        assert_eq!(steps.last_output(&step), Some("10001"));
        let kept = steps.ended(&step);
        assert_eq!(kept.len(), OutputTail::MOST + 1);
        assert_eq!(kept[..2], ["(2 lines before are left out: `-v` shows all)", "2"]);
    }
}
