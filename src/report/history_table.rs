//! `history` for people: a table, with less in it on a terminal.

use std::time::Duration;

use super::style::{BAD, CAREFUL, FAINT, GOOD, Mark, STRONG, TextStyle, columns, cut, wrapped};
use super::table;
use super::words::{is_undecided, outcome_in_words};
use crate::domain::age;
use crate::domain::provenance::{LOCAL, Provenance};
use crate::domain::run;
use crate::domain::view::history::{Availability, PastRelease};

const HEADINGS: [&str; 9] = ["WHEN", "COMPONENT", "RELEASE", "OUTCOME", "TOOK", "REVISION", "DIGEST", "BY", "RUN"];
/// How much of who started a run is shown at least.
const LEAST_NAME: usize = 8;
/// How much of a component's name is shown where there is little room.
const LONGEST_COMPONENT: usize = 12;

/// The table, with who approved a release, and which gates were overridden for it, below its row. `None` when there is
/// nothing to show.
pub fn render(releases: &[(String, PastRelease)], look: TextStyle) -> Option<String> {
    if releases.is_empty() {
        return None;
    }
    // With `-v` a row has all there is, and does not fit any terminal.
    let is_short = look.width.is_some() && !look.exact;
    Some(if is_short { on_terminal(releases, look) } else { in_full(releases, look) }.join("\n"))
}

fn in_full(releases: &[(String, PastRelease)], look: TextStyle) -> Vec<String> {
    let headings = std::iter::once(HEADINGS.map(str::to_owned));
    let rows = releases.iter().map(|(component, release)| row(component, release, look));
    let rows: Vec<_> = headings.chain(rows).collect();
    let mut rows = table::lines(&rows).into_iter();
    let mut lines: Vec<String> = rows.by_ref().take(1).collect();
    for (row, (_, release)) in rows.zip(releases) {
        lines.push(row);
        lines.extend(decisions(&release.provenance).into_iter().map(|text| format!("  {text}")));
    }
    lines
}

fn row(component: &str, release: &PastRelease, look: TextStyle) -> [String; HEADINGS.len()] {
    let outcome = release.outcome.as_deref().unwrap_or("unknown");
    let restores = release.restores.as_ref().map(|restored| format!(", restores {}", restored.short()));
    let left = if release.was_left { ", then rolled back" } else { "" };
    let unknown = || "-".to_owned();
    [
        Some(table::time(release.at)).filter(|time| !time.is_empty()).unwrap_or_else(unknown),
        component.to_owned(),
        look.release(&release.release.to_string()),
        format!("{outcome}{left}{}", standing(release.standing)),
        // Without a blank before the unit, so that it is one word for programs.
        release.seconds().map_or_else(unknown, |seconds| took(seconds).replace(" s", "s")),
        format!("{}{}", release.place.short(), restores.unwrap_or_default()),
        release.digest.as_ref().map_or_else(unknown, |digest| look.digest(digest)),
        started(&release.provenance),
        release.provenance.run.clone().unwrap_or_else(unknown),
    ]
}

/// The table that fits: without the columns that are only shown on request.
fn on_terminal(releases: &[(String, PastRelease)], look: TextStyle) -> Vec<String> {
    let is_one = releases.iter().all(|(component, _)| *component == releases[0].0);
    let name = |component| if is_one { "" } else { component };
    let headings = ["WHEN", name("COMPONENT"), "RELEASE", "OUTCOME", "TOOK", "BY"];
    let headings = headings.map(|text| if text.is_empty() { String::new() } else { format!("{FAINT}{text}{FAINT:#}") });
    let rows = releases.iter().map(|(component, release)| short(name(component), release, look));
    let rows: Vec<_> = std::iter::once(headings).chain(rows).collect();
    let mut rows = table::lines(&fitting(rows, look.width)).into_iter();
    let mut lines: Vec<String> = rows.by_ref().take(1).collect();
    for (row, (_, release)) in rows.zip(releases) {
        lines.push(row);
        for text in decisions(&release.provenance) {
            lines.extend(wrapped(&text, look.width, "  ", "    "));
        }
    }
    lines
}

/// Rows that fit: a long name is cut off, and where that is not enough, how long it took is left out.
fn fitting(mut rows: Vec<[String; 6]>, width: Option<usize>) -> Vec<[String; 6]> {
    let Some(width) = width else { return rows };
    let taken = |rows: &[[String; 6]]| -> usize {
        let widest = |column: usize| rows.iter().map(|row| columns(&row[column])).max().unwrap_or_default();
        (0..5).map(widest).filter(|width| *width > 0).map(|width| width + 2).sum()
    };
    if taken(&rows) + LEAST_NAME > width {
        for row in &mut rows {
            row[4].clear();
            if columns(&row[1]) > LONGEST_COMPONENT {
                row[1] = cut(&row[1], Some(LONGEST_COMPONENT));
            }
        }
    }
    let room = width.saturating_sub(taken(&rows)).max(LEAST_NAME);
    for row in &mut rows {
        if columns(&row[5]) > room {
            row[5] = cut(&row[5], Some(room));
        }
    }
    rows
}

fn short(component: &str, release: &PastRelease, look: TextStyle) -> [String; 6] {
    let name = look.release(&release.release.to_string());
    let is_live = release.standing != Availability::Past;
    let unknown = || "-".to_owned();
    [
        release.at.map_or_else(unknown, |at| look.time(at)),
        component.to_owned(),
        if is_live { format!("{STRONG}{name}{STRONG:#}") } else { name },
        outcome(release, look),
        release.seconds().map_or_else(unknown, took),
        by(&release.provenance),
    ]
}

/// How it ended, with its mark. What a rollback put there says so, and so does what one left.
fn outcome(release: &PastRelease, look: TextStyle) -> String {
    let rollback = release.restores.is_some();
    let to = look.release(&release.release.to_string());
    let standing = if release.standing == Availability::Current { " (now)" } else { standing(release.standing) };
    let left = if release.was_left { ", then rolled back" } else { "" };
    let (mark, style, text) = match release.outcome.as_deref() {
        Some("deployed") => {
            let (mark, style) = if release.was_left { (Mark::Careful, CAREFUL) } else { (Mark::Good, GOOD) };
            (mark, style, if rollback { format!("rolled back to {to}") } else { "deployed".to_owned() })
        }
        None => (Mark::Neutral, FAINT, "unknown".to_owned()),
        Some(outcome) => {
            let (mark, style) = if is_undecided(outcome) { (Mark::Careful, CAREFUL) } else { (Mark::Bad, BAD) };
            let what = if rollback { "rollback " } else { "" };
            (mark, style, format!("{what}{}", outcome_in_words(outcome)))
        }
    };
    format!("{} {style}{text}{style:#}{left}{standing}", mark.shown())
}

fn standing(standing: Availability) -> &'static str {
    match standing {
        Availability::Past => "",
        Availability::RollingOut => " (rolling out)",
        Availability::Current => " (current)",
    }
}

/// Who started a run, or the run.
fn by(provenance: &Provenance) -> String {
    let run = provenance.run.as_deref().filter(|run| *run != LOCAL).map(run::author);
    provenance.by.clone().or(run).unwrap_or_else(|| "-".to_owned())
}

/// Who started a run, and with which event of GitHub.
fn started(Provenance { by, trigger, .. }: &Provenance) -> String {
    let by = by.as_deref().unwrap_or("-");
    match trigger.as_deref().filter(|trigger| *trigger != LOCAL) {
        Some(trigger) => format!("{by} ({trigger})"),
        None => by.to_owned(),
    }
}

fn decisions(Provenance { approvers, overrides, .. }: &Provenance) -> Vec<String> {
    let approved = (!approvers.is_empty()).then(|| format!("approved by {}", approvers.join(", ")));
    let overridden = overrides.iter().map(|it| format!("gate {} overridden: {}", it.gate, it.reason));
    approved.into_iter().chain(overridden).collect()
}

/// Times of the ledger have whole seconds.
fn took(seconds: i64) -> String {
    let seconds = u64::try_from(seconds).unwrap_or_default();
    if seconds < 10 { format!("{seconds} s") } else { age::took(Duration::from_secs(seconds)) }
}

#[cfg(test)]
pub mod tests;
