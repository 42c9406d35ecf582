//! What is shown on standard error, in lines.

use super::style::{BAD, CAREFUL, FAINT, GOOD, STRONG};
use super::{approval, merging};
use crate::domain::event::{Event, StepResult};
use crate::domain::gate::{Gate, GatePolicy};
use crate::domain::image::Digest;
use crate::domain::names::ComponentName;
use crate::domain::plan::{Change, PlanWarning};
use crate::domain::release::{CommitLine, Commits};
use crate::domain::step::{StepId, Subject};
use crate::domain::view::holds::PlannedUnhold;
use crate::domain::view::plan::{CommitRange, NothingToPromote, ShownPlan};

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Errors only, and the result.
    Quiet,
    /// Also warnings.
    Warnings,
    /// Also steps, progress and output.
    Everything,
    /// Also what has nothing to say.
    Verbose,
}

/// An event in lines; none where it is not shown. `several`: whether steps of several components are in progress, so that
/// each line names its own.
pub fn of(event: &Event, level: Level, several: bool) -> Vec<String> {
    let of = |step: &StepId| if several { format!("{} ", subject(step)) } else { String::new() };
    let about = |about: &Option<ComponentName>| match about {
        Some(component) if several => format!("{component}: "),
        Some(_) | None => String::new(),
    };
    let lines = match event {
        Event::StepStarted(step) => vec![note(format!("{STRONG}{step}{STRONG:#}"))],
        Event::StepEnded { step, took, result: StepResult::Done, .. } => {
            let seconds = took.as_secs_f64();
            vec![note(format!("{step}: {GOOD}done{GOOD:#} {FAINT}in {seconds:.1} s{FAINT:#}"))]
        }
        Event::StepEnded { step, took, result, .. } => {
            let (result, seconds) = (result.as_str(), took.as_secs_f64());
            vec![note(format!("{step}: {BAD}{result}{BAD:#} {FAINT}after {seconds:.1} s{FAINT:#}"))]
        }
        Event::Output { step, line } => vec![note(format!("{FAINT}  {}| {line}{FAINT:#}", of(step)))],
        Event::Progress { step, text } if several => vec![note(format!("  {}: {text}", subject(step)))],
        Event::Progress { text, .. } => vec![note(format!("  {text}"))],
        Event::Heartbeat { step, text, elapsed } => {
            vec![note(format!("  still in `{step}` after {} s: {text}", elapsed.as_secs()))]
        }
        Event::Note { about: component, text } if several => {
            vec![note(format!("  {}{}", about(component), text.trim_start()))]
        }
        Event::Note { text, .. } => vec![note(text.clone())],
        Event::Warning { about: component, text, hint } => {
            vec![warning(&format!("{}{text}", about(component)), hint.as_deref())]
        }
        Event::Planned(plan) => of_plan(plan),
        Event::UnholdPlanned(planned) => of_unhold(planned),
        Event::NothingToPromote(nothing) if nothing.is_all => nothing_to_promote(nothing),
        Event::NotReported { what, hint: Some(hint) } => {
            vec![Line { least: Level::Quiet, ..warning(what, Some(hint)) }]
        }
        Event::NotReported { what, hint: None } => {
            vec![Line { least: Level::Quiet, ..note(format!("note: {what}")) }]
        }
        Event::Within { event, .. } => {
            let Event::Planned(plan) = &**event else { return self::of(event, level, several) };
            within(plan)
        }
        Event::ReleaseChosen(_)
        | Event::NothingToPromote(_)
        | Event::ImagesReused(_)
        | Event::ApplyStarted
        | Event::ImageKnown { .. }
        | Event::Refined { .. }
        | Event::Made { .. }
        | Event::ChangeStarted { .. }
        | Event::ChangeRefused { .. }
        | Event::DeploymentFollowed { .. }
        | Event::RevisionKnown { .. }
        | Event::TasksProven { .. }
        | Event::ProbeAnswered { .. }
        | Event::StepResult { .. }
        | Event::Serves { .. }
        | Event::ComponentEnded { .. }
        | Event::Continues { .. }
        | Event::Logged { .. } => Vec::new(),
    };
    lines.into_iter().filter(|line| line.least <= level).map(|line| line.text).collect()
}

/// A line, or some that belong together.
struct Line {
    text: String,
    /// The level from which on it is shown.
    least: Level,
}

fn note(text: impl Into<String>) -> Line {
    Line { text: text.into(), least: Level::Everything }
}

fn warning(text: &str, hint: Option<&str>) -> Line {
    Line { text: warned(text, hint), least: Level::Warnings }
}

/// A warning with what to do.
pub fn warned(text: &str, hint: Option<&str>) -> String {
    let hint = hint.map(|hint| format!("\n{}", self::hint(hint))).unwrap_or_default();
    format!("{CAREFUL}warning:{CAREFUL:#} {text}{hint}")
}

/// An action beside what others have said.
pub fn hint(hint: &str) -> String {
    format!("{STRONG}hint:{STRONG:#} {hint}")
}

/// What a step is about, as it stands before its lines.
fn subject(step: &StepId) -> String {
    match &step.subject {
        Subject::Component(component) => component.to_string(),
        Subject::Source(environment, component) => format!("{environment} {component}"),
        Subject::Statuses => "statuses".to_owned(),
    }
}

fn of_plan(plan: &ShownPlan) -> Vec<Line> {
    let mut lines = vec![note(format!(
        "{STRONG}plan{STRONG:#} to {} {} {}: release {} (account {}, {})",
        plan.intent.verb(),
        plan.app,
        plan.intent.direction(&plan.environment),
        plan.release,
        plan.account,
        plan.region
    ))];
    lines.extend(plan.commits.iter().flat_map(commits));
    let changes = || plan.steps.iter().filter(|step| step.id.verb.changes());
    for step in changes() {
        lines.push(note(format!("  {STRONG}{}{STRONG:#}: {}", step.id, step.summary)));
        lines.extend(step.changes.iter().map(|change| note(format!("      {}", shown_change(change)))));
    }
    if changes().next().is_none() {
        lines.push(note("  nothing to change"));
    }
    lines.extend(plan.warnings.iter().map(|found| warning(&warning_text(found), found.hint.as_deref())));
    lines.extend(decided(&plan.gates, &plan.policy, &plan.digest));
    lines
}

/// The plan of a run within this one, which nobody decides about.
fn within(plan: &ShownPlan) -> Vec<Line> {
    let warnings = plan.warnings.iter().map(|found| warning(&warning_text(found), found.hint.as_deref()));
    warnings.chain(merging::lines(plan).into_iter().map(note)).collect()
}

/// What whoever decides about a plan reads last.
fn decided(gates: &[Gate], policy: &GatePolicy, digest: &Digest) -> Vec<Line> {
    let mut lines: Vec<Line> = gates.iter().map(gate).collect();
    lines.extend(approval::asked(policy, gates).map(|line| note(format!("  {FAINT}{line}{FAINT:#}"))));
    lines.extend(policy.checklist.iter().map(|item| note(format!("  [ ] {item}"))));
    lines.push(note(format!("  {FAINT}plan {digest}{FAINT:#}")));
    lines
}

fn of_unhold(PlannedUnhold { plan, gates }: &PlannedUnhold) -> Vec<Line> {
    let mut lines = vec![note(format!(
        "{STRONG}plan{STRONG:#} to unhold {} on {}: {} (account {}, {})",
        plan.app, plan.environment, plan.reason, plan.account, plan.region
    ))];
    for component in &plan.components {
        let name = &component.name;
        lines.extend(
            component
                .holds
                .iter()
                .map(|hold| note(format!("  {STRONG}unhold {name}{STRONG:#}: take off: {}", hold.described()))),
        );
        if component.holds.is_empty() {
            lines.push(note(format!("  {name}: there is no hold")));
        }
    }
    lines.extend(decided(gates, &plan.policy, &plan.digest()));
    lines
}

/// There is no plan, because the source has proven no release.
fn nothing_to_promote(nothing: &NothingToPromote) -> Vec<Line> {
    let NothingToPromote { app, environment, source, gates, .. } = nothing;
    let heading = format!(
        "{STRONG}plan{STRONG:#} to promote {app} from {source} to {environment}: \
         {CAREFUL}there is nothing to promote{CAREFUL:#}"
    );
    let hints = gates.iter().filter_map(|gate| gate.hint.as_deref()).map(|text| note(hint(text)));
    std::iter::once(note(heading)).chain(gates.iter().map(gate)).chain(hints).collect()
}

fn gate(gate: &Gate) -> Line {
    let overridden = gate.overridden.as_ref().map(|why| format!(", overridden: {why}")).unwrap_or_default();
    let text = format!("gate {}: {} ({}){overridden}", gate.name, gate.verdict.as_str(), gate.reason);
    // What refuses is what people came to read.
    let style = if gate.refuses_already() {
        BAD
    } else if overridden.is_empty() {
        FAINT
    } else {
        CAREFUL
    };
    let least = if gate.is_shown() { Level::Everything } else { Level::Verbose };
    Line { text: format!("  {style}{text}{style:#}"), least }
}

fn commits(CommitRange { taken_back, commits }: &CommitRange) -> Vec<Line> {
    let what = if *taken_back { "takes back" } else { "brings" };
    let mut lines = vec![note(format!("  {what} {}", Commits::counted(commits.count)))];
    let newest = commits.newest.iter();
    lines.extend(newest.map(|commit| note(format!("      {}", one_commit(commit)))));
    let more = commits.count.saturating_sub(commits.newest.len());
    if Commits::is_beyond(commits.count) {
        lines.push(note("      and more"));
    } else if more > 0 {
        lines.push(note(format!("      and {more} more")));
    }
    lines
}

fn one_commit(commit: &CommitLine) -> String {
    let pull_request = commit.unnamed_pull_request().map(|number| format!(" (#{number})")).unwrap_or_default();
    let by = if commit.author.is_empty() { String::new() } else { format!(" {FAINT}by {}{FAINT:#}", commit.author) };
    format!("{FAINT}{}{FAINT:#} {}{pull_request}{by}", commit.sha.short(), commit.subject)
}

/// A warning of a plan with the differences that it is about, for a terminal.
pub fn warning_text(warning: &PlanWarning) -> String {
    let changes = warning.changes.iter().map(|change| format!("      {}", shown_change(change)));
    std::iter::once(warning.text.clone()).chain(changes).collect::<Vec<_>>().join("\n")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::step::Verb;

    fn plain(event: &Event, level: Level) -> Vec<String> {
        of(event, level, false).iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn quiet_shows_neither_steps_nor_warnings() {
        let step = Event::StepStarted(StepId::new(Verb::Build, &"backend".parse().unwrap()));
        let warning = Event::Warning { about: None, text: "odd".to_owned(), hint: Some("look".to_owned()) };
        assert_eq!(plain(&step, Level::Everything), ["build backend"]);
        assert!(plain(&step, Level::Warnings).is_empty());
        assert!(plain(&warning, Level::Quiet).is_empty());
        assert_eq!(plain(&warning, Level::Warnings), ["warning: odd\nhint: look"]);
    }

    #[test]
    fn with_several_in_progress_each_line_names_its_component() {
        let name: ComponentName = "backend".parse().unwrap();
        let step = StepId::new(Verb::Build, &name);
        let plain = |event: Event| {
            let lines = of(&event, Level::Everything, true);
            lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect::<Vec<_>>()
        };
        let text = || "text".to_owned();
        assert_eq!(plain(Event::Output { step: step.clone(), line: text() }), ["  backend | text"]);
        assert_eq!(plain(Event::Progress { step, text: text() }), ["  backend: text"]);
        assert_eq!(plain(Event::Note { about: Some(name.clone()), text: "  text".to_owned() }), ["  backend: text"]);
        let warning = Event::Warning { about: Some(name), text: text(), hint: None };
        assert_eq!(plain(warning), ["warning: backend: text"]);
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
