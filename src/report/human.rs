//! Lines for people, on standard error.

use std::cell::Cell;

use anstyle::{AnsiColor, Style};

use super::journal::{Between, Journal, Record};
use super::{Event, Reporter};
use crate::commands::hold::{Change as HoldChange, Changed};
use crate::domain::ecs::plan::EcsPlan;
use crate::domain::ecs::service::short_arn;
use crate::domain::ecs::task_definition::Change;
use crate::domain::failure::Failure;
use crate::domain::github::command::Command;
use crate::domain::names::EnvironmentName;
use crate::domain::neutral;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{ComponentPlan, KindPlan, Plan};
use crate::domain::release::Commits;
use crate::domain::target::{Kind, Target};
use crate::sink;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const CAREFUL: Style = AnsiColor::Yellow.on_default().bold();
const FAINT: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();

/// Writes one line for each event.
#[derive(Debug)]
pub struct Lines {
    level: Level,
    /// In the log of a workflow, output is folded; whether such a part is open. `None`: not in a workflow.
    group: Option<Cell<bool>>,
}

impl Lines {
    /// Shows what is not less important than a level.
    pub fn new(level: Level, in_workflow: bool) -> Self {
        Self { level, group: in_workflow.then(Cell::default) }
    }

    /// Opens or closes a group, so that the lines of an output are in one.
    fn fold(&self, event: &Event) {
        let Some(is_open) = &self.group else { return };
        match (event, is_open.get()) {
            (Event::Output { step, .. }, false) => sink::command(&Command::new("group", format!("output of {step}"))),
            (Event::Output { .. }, true) | (_, false) => return,
            (_, true) => sink::command(&Command::new("endgroup", "")),
        }
        is_open.set(!is_open.get());
    }
}

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Errors only, and the result.
    Quiet,
    /// Also warnings.
    Warnings,
    /// Also steps, progress and output.
    Everything,
}

impl Reporter for Lines {
    fn show(&self, event: &Event) {
        if let Some(line) = line(event, self.level) {
            self.fold(event);
            write_line(&line);
        }
    }
}

/// Writes a line to standard error, with colour where that is wanted. It is no command, whatever stands in it.
pub fn write_line(line: &str) {
    sink::line(line);
}

/// An event in one line; `None` where it is not shown.
pub fn line(event: &Event, level: Level) -> Option<String> {
    let least = if matches!(event, Event::Warning { .. }) { Level::Warnings } else { Level::Everything };
    if level < least {
        return None;
    }
    Some(match event {
        Event::Started { step } => format!("{STRONG}{step}{STRONG:#}"),
        Event::Finished { step, result: "done", seconds } => {
            format!("{step}: {GOOD}done{GOOD:#} {FAINT}in {seconds:.1} s{FAINT:#}")
        }
        Event::Finished { step, result, seconds } => {
            format!("{step}: {BAD}{result}{BAD:#} {FAINT}after {seconds:.1} s{FAINT:#}")
        }
        Event::Output { line, .. } => format!("{FAINT}  | {line}{FAINT:#}"),
        Event::Progress { text, .. } => format!("  {text}"),
        Event::Heartbeat { step, text, seconds } => format!("  still in `{step}` after {seconds} s: {text}"),
        Event::Note { text } => text.clone(),
        Event::Warning { text, hint } => {
            let hint = hint.as_ref().map(|hint| format!("\n{}", hint_line(hint))).unwrap_or_default();
            format!("{CAREFUL}warning:{CAREFUL:#} {text}{hint}")
        }
    })
}

fn hint_line(hint: &str) -> String {
    format!("{STRONG}hint:{STRONG:#} {hint}")
}

/// Shows an action beside what others have said.
pub fn show_hint(hint: &str) {
    write_line(&hint_line(hint));
}

/// Shows a plan before it is carried out.
pub fn show_plan(journal: &Journal, plan: &Plan) {
    let target = &plan.target;
    journal.note(format!(
        "{STRONG}plan{STRONG:#} to {} {} {}: release {} (account {}, {})",
        plan.intent.verb(),
        target.app,
        plan.intent.direction(&target.environment),
        plan.release,
        plan.account,
        target.region
    ));
    show_commits(journal);
    let steps = plan.steps();
    for step in &steps {
        journal.note(format!("  {STRONG}{}{STRONG:#}: {}", step.name, step.summary));
        for change in &step.changes {
            journal.note(format!("      {}", shown_change(change)));
        }
    }
    if steps.is_empty() {
        journal.note("  nothing to change");
    }
    for component in &plan.components {
        show_missing(journal, component);
        let KindPlan::Ecs(ecs_plan) = &component.kind;
        show_room(journal, ecs_plan);
        if let Some(drift) = &ecs_plan.drift {
            let mut lines = vec![format!(
                "{} runs {}, not {}, which shipgate deployed last: it was changed by hand{}",
                component.name,
                ecs_plan.live.short(),
                short_arn(&drift.last),
                if drift.by_ecs { ", or ECS rolled it back" } else { "" }
            )];
            lines.extend(drift.changes.iter().map(|change| format!("      {}", shown_change(change))));
            journal.warning(lines.join("\n"), None);
        }
    }
    show_gates(journal);
    journal.note(format!("  {FAINT}plan {}{FAINT:#}", plan.digest()));
}

/// Shows that there is no plan, because the source has proven no release.
pub fn show_nothing_to_promote(journal: &Journal, target: &Target, source: &EnvironmentName) {
    journal.note(format!(
        "{STRONG}plan{STRONG:#} to promote {} from {source} to {}: {CAREFUL}there is nothing to promote{CAREFUL:#}",
        target.app, target.environment
    ));
    show_gates(journal);
    for hint in journal.record().gates.iter().filter_map(|gate| gate.hint.as_deref()) {
        journal.note(hint_line(hint));
    }
}

fn show_gates(journal: &Journal) {
    for gate in &journal.record().gates {
        journal.note(format!("  {FAINT}gate {}: {} ({}){FAINT:#}", gate.name, gate.verdict.as_str(), gate.reason));
    }
}

fn show_commits(journal: &Journal) {
    let Some(Between { taken_back, commits }) = journal.record().commits else {
        return;
    };
    let what = if taken_back { "takes back" } else { "brings" };
    journal.note(format!("  {what} {}", Commits::counted(commits.count)));
    for commit in &commits.newest {
        journal.note(format!("      {FAINT}{}{FAINT:#} {}", commit.sha.short(), commit.subject));
    }
    let more = commits.count.saturating_sub(commits.newest.len());
    if Commits::is_beyond(commits.count) {
        journal.note("      and more".to_owned());
    } else if more > 0 {
        journal.note(format!("      and {more} more"));
    }
}

/// AWS has room for fifty tags on a service or a revision.
fn show_room(journal: &Journal, plan: &EcsPlan) {
    for planned in &plan.to_hold {
        let Kind::Ecs(target) = &planned.component.kind;
        let place = match (planned.homes.on_service, &planned.homes.revision) {
            (true, Some(_)) => continue,
            (true, None) => format!("service {} alone: the revision that it runs has no room for it", target.service),
            (false, Some(arn)) => {
                format!("revision {} alone: service {} has no room for a tag", short_arn(arn), target.service)
            }
            (false, None) => format!(
                "the next revision of service {} alone: it has no room for a tag, and the revision that it runs neither",
                target.service
            ),
        };
        journal.warning(
            format!("the hold on {} goes on {place}", planned.component.name),
            Some("take tags off that nothing needs".to_owned()),
        );
    }
    let dropped: Vec<String> = plan.kept_tags().1.iter().map(|key| neutral::phrase(key, 128)).collect();
    if !plan.is_empty() && !dropped.is_empty() {
        let live = plan.live.short();
        journal.warning(
            format!(
                "these tags of {live} are not on the next revision, which has no room for them: {}",
                dropped.join(", ")
            ),
            Some(format!("take tags off {live} that nothing needs")),
        );
    }
}

/// The classic reason why what ran on stage does not run on production.
fn show_missing(journal: &Journal, component: &ComponentPlan) {
    for missing in component.missing_variables() {
        journal.warning(
            format!("{} lacks {missing}, which the source has", component.name),
            Some("add it to the task definition if the release needs it".to_owned()),
        );
    }
}

/// Shows something to look at, outside of a run's record.
pub fn show_warning(text: &str, hint: &str) {
    write_line(&format!("{CAREFUL}warning:{CAREFUL:#} {text}"));
    show_hint(hint);
}

/// A change in one line, as in a diff.
pub fn shown_change(change: &Change) -> String {
    let path = &change.path;
    match (&change.from, &change.to) {
        (Some(from), Some(to)) if from == to => format!("~ {path}: changed {FAINT}{from}{FAINT:#}"),
        (Some(from), Some(to)) => format!("~ {path}: {from} → {to}"),
        (None, Some(to)) => format!("+ {path}: {to}"),
        (Some(from), None) => format!("- {path}: {from}"),
        (None, None) => format!("~ {path}"),
    }
}

/// The last lines of a run: the outcome first.
pub fn show_result(record: &Record, outcome: Outcome, failure: Option<&Failure>, color: bool) {
    if let Some(failure) = failure {
        show_failure(failure, color);
    }
    let style = match outcome {
        outcome if outcome.is_success() => GOOD,
        outcome if outcome.is_undecided() => CAREFUL,
        _ => BAD,
    };
    for left in record.left_behind().iter().filter(|_| !outcome.is_success()) {
        write_line(&format!("{FAINT}left behind: {left}{FAINT:#}"));
    }
    if record.components.len() > 1 {
        for component in &record.components {
            let result = component.outcome.map_or("skipped", Outcome::as_str);
            write_line(&format!("  {}: {result}", component.name));
        }
    }
    let release = record.release.as_ref().map(|release| format!(" {}", release.short())).unwrap_or_default();
    let place = &record.place;
    let note = outcome_note(outcome);
    write_line(&format!("{style}{outcome}{style:#}: {place}{release}{FAINT}{note}{FAINT:#}"));
}

/// How the word of success is known to be true.
pub fn outcome_note(outcome: Outcome) -> &'static str {
    if outcome == Outcome::Deployed {
        " (runs, read back)"
    } else if outcome == Outcome::Unchanged {
        " (ran already, read back)"
    } else if outcome == Outcome::Planned {
        " (nothing was changed)"
    } else {
        ""
    }
}

/// How `hold` or `unhold` ended: what is there now, and what is not any more.
pub fn show_holds(change: HoldChange, environment: &str, changed: &Changed, color: bool) {
    for component in &changed.components {
        let name = format!("{environment} {}", component.name);
        for hold in &component.lifted {
            write_line(&format!("{GOOD}lifted{GOOD:#}: {name}: {}", hold.described()));
        }
        for hold in &component.holds {
            write_line(&format!("{CAREFUL}held{CAREFUL:#}: {name}: {}", hold.described()));
        }
        if change == HoldChange::Lift && component.lifted.is_empty() && component.holds.is_empty() {
            write_line(&format!("{name}: there is no hold"));
        }
    }
    if let Some(failure) = &changed.failure {
        show_failure(failure, color);
    }
}

/// An error with its causes and hints.
pub fn show_failure(failure: &Failure, color: bool) {
    if let Some(diagnostics) = &failure.diagnostics {
        write_line(diagnostics.render(color));
        return;
    }
    write_line(&format!("{BAD}error:{BAD:#} {}", failure.reason));
    for cause in &failure.causes {
        write_line(&format!("  {cause}"));
    }
    for hint in &failure.hints {
        write_line(&hint_line(hint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_shows_neither_steps_nor_warnings() {
        let step = Event::Started { step: "build backend".to_owned() };
        let warning = Event::Warning { text: "odd".to_owned(), hint: Some("look".to_owned()) };
        assert_eq!(line(&step, Level::Warnings), None);
        assert_eq!(line(&warning, Level::Quiet), None);
        let plain = |text: String| anstream::adapter::strip_str(&text).to_string();
        assert_eq!(plain(line(&warning, Level::Warnings).unwrap()), "warning: odd\nhint: look");
    }

    #[test]
    fn changes_read_as_a_diff() {
        let change = |from: Option<&str>, to: Option<&str>| {
            let change = Change { path: "a".to_owned(), from: from.map(str::to_owned), to: to.map(str::to_owned) };
            anstream::adapter::strip_str(&shown_change(&change)).to_string()
        };
        assert_eq!(change(Some("1"), Some("2")), "~ a: 1 → 2");
        assert_eq!(change(None, Some("2")), "+ a: 2");
        assert_eq!(change(Some("1"), None), "- a: 1");
        assert_eq!(change(Some("(not shown)"), Some("(not shown)")), "~ a: changed (not shown)");
    }
}
