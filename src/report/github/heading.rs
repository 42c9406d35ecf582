//! The heading of a page: what is asked, or how it ended, in one line.

use indexmap::IndexSet;

use super::place::Links;
use crate::domain::github::markdown::code;
use crate::domain::outcome::Outcome;
use crate::domain::release::Commits;
use crate::report::record::{ComponentRecord, Record};
use crate::report::words;

/// What a command does with an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Deploy,
    Promote,
    Rollback,
    Unhold,
    Other,
}

impl Act {
    fn of(record: &Record) -> Self {
        match record.command.trim_start_matches("plan ") {
            "deploy" => Self::Deploy,
            "promote" => Self::Promote,
            "rollback" => Self::Rollback,
            "unhold" => Self::Unhold,
            _ => Self::Other,
        }
    }

    /// What is asked before it.
    fn question(self, release: &str, place: &str) -> String {
        match self {
            Self::Deploy => format!("Deploy{release} to {place}?"),
            Self::Promote => format!("Promote{release} to {place}?"),
            Self::Rollback => format!("Roll {place} back to{release}?"),
            Self::Unhold => format!("Take the holds off {place}?"),
            Self::Other => format!("Change {place}?"),
        }
    }

    /// What it did.
    fn done(self, release: &str, place: &str) -> String {
        match self {
            Self::Deploy => format!("Deployed{release} to {place}"),
            Self::Promote => format!("Promoted{release} to {place}"),
            Self::Rollback => format!("Rolled {place} back to{release}"),
            Self::Unhold | Self::Other => format!("Changed {place}"),
        }
    }

    /// Its name alone.
    fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Promote => "promotion",
            Self::Rollback => "rollback",
            Self::Unhold | Self::Other => "change",
        }
    }

    /// Its name, with what it is about.
    fn noun(self, record: &Record, release: &str, place: &str) -> String {
        let of = of_release(release);
        match self {
            Self::Deploy => format!("Deploy{of} to {place}"),
            Self::Promote => format!("Promotion{of} to {place}"),
            Self::Rollback if release.is_empty() => format!("Rollback of {place}"),
            Self::Rollback => format!("Rollback of {place} to{release}"),
            Self::Unhold | Self::Other if place.is_empty() => code(&record.command),
            Self::Unhold | Self::Other => format!("{} on {place}", code(&record.command)),
        }
    }
}

/// The heading.
pub fn of(record: &Record, outcome: Outcome, links: &Links) -> String {
    let (symbol, text) = if record.is_plan && outcome == Outcome::Planned {
        planned(record, links)
    } else {
        (symbol(outcome), ended(record, outcome, links))
    };
    format!("## {symbol} {text}\n")
}

fn symbol(outcome: Outcome) -> &'static str {
    if outcome.is_success() {
        "✅"
    } else if outcome.is_undecided() {
        "⚠️"
    } else {
        "❌"
    }
}

/// The release with a space before it. Empty: it is not known.
fn release(record: &Record, links: &Links) -> String {
    record.release.as_ref().map(|release| format!(" {}", links.release(release))).unwrap_or_default()
}

fn of_release(release: &str) -> String {
    if release.is_empty() { String::new() } else { format!(" of{release}") }
}

fn planned(record: &Record, links: &Links) -> (&'static str, String) {
    let (act, release, place) = (Act::of(record), release(record, links), code(&record.place));
    if let Some(plan) = &record.unhold {
        let holds: usize = plan.components.iter().map(|component| component.holds.len()).sum();
        if holds == 0 {
            return ("✅", format!("Nothing to do: there is no hold on {place}"));
        }
        let counted = words::count(holds, "hold", "holds");
        return asked(record, &format!("Take {counted} off {place}?"));
    }
    if !record.steps.iter().any(|step| step.step.verb.changes()) && !release.is_empty() {
        return ("✅", format!("Nothing to do: {place} runs{release}"));
    }
    asked(record, &act.question(&release, &place))
}

/// A question with what is refused, or what comes with it.
fn asked(record: &Record, question: &str) -> (&'static str, String) {
    let refusing: Vec<String> =
        record.gates.iter().filter(|gate| gate.refuses_already()).map(|gate| code(gate.name.as_str())).collect();
    if let [all @ .., last] = refusing.as_slice() {
        let names = if all.is_empty() { last.clone() } else { format!("{} and {last}", all.join(", ")) };
        let gates = if all.is_empty() { "Gate" } else { "Gates" };
        let verb = if all.is_empty() { "refuses" } else { "refuse" };
        return ("⛔", format!("{question} {gates} {names} {verb}"));
    }
    let commits = record.commits.as_ref().filter(|range| range.commits.count > 0).map(|range| {
        let counted = Commits::counted(range.commits.count);
        if range.taken_back { format!("takes back {counted}") } else { counted }
    });
    let warnings = match record.warnings.len() {
        0 => None,
        count => Some(words::count(count, "warning", "warnings")),
    };
    let tail: Vec<String> = commits.into_iter().chain(warnings).collect();
    ("⏸", format!("{question} {}", tail.join(", ")).trim_end().to_owned())
}

fn ended(record: &Record, outcome: Outcome, links: &Links) -> String {
    let (act, release, place) = (Act::of(record), release(record, links), code(&record.place));
    let noun = || act.noun(record, &release, &place);
    match outcome {
        Outcome::Deployed => {
            let was = (act == Act::Rollback).then(|| left(record, links)).flatten();
            let was = was.map(|was| format!(", was {was}")).unwrap_or_default();
            format!("{}{was}", act.done(&release, &place))
        }
        Outcome::Unchanged | Outcome::Planned if release.is_empty() => format!("{}: nothing was changed", noun()),
        Outcome::Unchanged | Outcome::Planned => format!("Nothing to do: {place} runs{release}"),
        Outcome::RolledBack => match served(record, links) {
            Some(served) => format!("{} failed: it serves {served} again", noun()),
            None => match back(record) {
                Some(names) => format!("{} failed: what served before serves again in {names}", noun()),
                None => format!("{} failed: what served before serves again", noun()),
            },
        },
        Outcome::Broken => format!("{place} is broken after the {}{}", act.word(), of_release(&release)),
        Outcome::Failed => format!("{} failed", noun()),
        Outcome::Invalid => format!("{} is invalid", noun()),
        Outcome::Refused => format!("{} was refused", noun()),
        Outcome::Stale => format!("{} is stale: something moved since the plan", noun()),
        Outcome::Superseded => format!("{} was superseded by another deployment", noun()),
        Outcome::TimedOut => format!("{} timed out", noun()),
        Outcome::Unproven => format!("{} is unproven: no task runs it", noun()),
        Outcome::Interrupted => format!("{} was interrupted", noun()),
    }
}

/// What a rollback left, where that is one release.
fn left(record: &Record, links: &Links) -> Option<String> {
    let left: IndexSet<&str> =
        record.components.iter().filter_map(|component| component.previous.as_ref()?.sha.as_deref()).collect();
    if let [left] = left.iter().collect::<Vec<_>>()[..] { Some(links.commit(left)) } else { None }
}

/// The components that were rolled back, where others were changed and stayed so.
fn back(record: &Record) -> Option<String> {
    let is_back = |component: &&ComponentRecord| component.outcome == Some(Outcome::RolledBack);
    let has_others = record.components.iter().any(|component| component.changed && !is_back(&component));
    let names = record.components.iter().filter(is_back).map(|component| code(component.name.as_str()));
    has_others.then(|| names.collect::<Vec<_>>().join(", "))
}

/// What serves now, where that is one release.
fn served(record: &Record, links: &Links) -> Option<String> {
    let mut served: IndexSet<Option<&str>> = IndexSet::new();
    served.extend(record.components.iter().map(|component| component.current.as_ref()?.sha.as_deref()));
    if let [Some(served)] = served.iter().copied().collect::<Vec<_>>()[..] { Some(links.commit(served)) } else { None }
}
