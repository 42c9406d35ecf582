//! `status` on a terminal: a block for each environment.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::style::{BAD, CAREFUL, FAINT, Mark, STRONG, TextStyle, columns, cut, padded, wrapped};
use super::words::{count, difference, is_undecided, outcome_in_words, release};
use crate::domain::behind::Distance;
use crate::domain::hold::HoldScope;
use crate::domain::image::Digest;
use crate::domain::release::ReleaseName;
use crate::domain::run;
use crate::domain::view::status::{ComponentStatus, EnvironmentStatus, LastRelease, SeenComponent, SeenHold};

/// What stands between two columns.
const GAP: &str = "  ";
/// The columns of a label of what is exact.
const LABEL: usize = 7;
/// How much of a subject is shown at least.
const LEAST_SUBJECT: usize = 12;

/// The blocks, and a line that counts.
pub fn render(environments: &[EnvironmentStatus], look: TextStyle) -> Option<String> {
    if environments.is_empty() {
        return None;
    }
    let blocks: Vec<Block<'_>> = environments.iter().map(|environment| block(environment, look)).collect();
    let rows: Vec<&StatusRow<'_>> = blocks.iter().flat_map(|block| &block.rows).collect();
    let widths = Widths::of(&rows, look.width);
    let mut parts: Vec<String> = blocks
        .iter()
        .map(|block| block.rows.iter().flat_map(|row| shown(row, &widths, look)).collect::<Vec<_>>().join("\n"))
        .collect();
    parts.push(counted(&blocks, look).join("\n"));
    Some(parts.join("\n\n"))
}

/// What is shown of an environment.
struct Block<'a> {
    name: &'a str,
    rows: Vec<StatusRow<'a>>,
}

/// What is shown of components that run the same.
struct StatusRow<'a> {
    environment: &'a str,
    /// Empty: all of the environment.
    component: &'a str,
    release: String,
    subject: &'a str,
    tasks: String,
    age: String,
    remarks: Vec<BlockLine>,
}

/// A line below a row.
#[derive(Clone, PartialEq, Eq)]
struct BlockLine {
    mark: Option<Mark>,
    text: String,
    /// Whether somebody has to do something about it.
    is_odd: bool,
    /// How far what does not fit its first line is indented, beside the mark.
    hang: usize,
}

impl BlockLine {
    fn bad(text: impl Into<String>) -> Self {
        Self { mark: Some(Mark::Bad), text: text.into(), is_odd: true, hang: 0 }
    }

    fn careful(text: impl Into<String>) -> Self {
        Self { mark: Some(Mark::Careful), text: text.into(), is_odd: true, hang: 0 }
    }

    fn plain(text: impl Into<String>) -> Self {
        Self { mark: None, text: text.into(), is_odd: false, hang: 0 }
    }
}

impl Block<'_> {
    fn needs_attention(&self) -> bool {
        self.rows.iter().flat_map(|row| &row.remarks).any(|line| line.is_odd)
    }
}

fn block(environment: &EnvironmentStatus, look: TextStyle) -> Block<'_> {
    let name = environment.name.as_str();
    let groups: Vec<&[SeenComponent]> = if are_alike(&environment.components) && !look.exact {
        vec![&environment.components]
    } else {
        environment.components.chunks(1).collect()
    };
    let is_alone = groups.len() == 1;
    let mut rows: Vec<StatusRow<'_>> = groups.into_iter().map(|group| row(name, group, is_alone, look)).collect();
    if environment.failure.is_some() {
        let mut unknown = StatusRow { environment: name, ..unknown() };
        unknown.remarks.push(BlockLine::bad("cannot be read: the error is below"));
        rows.push(unknown);
    }
    // The name stands once.
    for row in rows.iter_mut().skip(1) {
        row.environment = "";
    }
    Block { name, rows }
}

/// Whether all components run the same release.
fn are_alike(components: &[SeenComponent]) -> bool {
    let release = |component: &SeenComponent| {
        let running = &component.seen.as_ref().ok()?.running_release;
        Some((running.sha.clone(), running.baseline.is_some()))
    };
    let mut releases = components.iter().map(release);
    releases.next().is_some_and(|first| first.is_some() && releases.all(|other| other == first))
}

fn unknown() -> StatusRow<'static> {
    StatusRow {
        environment: "",
        component: "",
        release: "unknown".to_owned(),
        subject: "",
        tasks: String::new(),
        age: String::new(),
        remarks: Vec::new(),
    }
}

/// The row of a group. `is_alone`: it is all of the environment.
fn row<'a>(environment: &'a str, group: &'a [SeenComponent], is_alone: bool, look: TextStyle) -> StatusRow<'a> {
    let first = group.first();
    let component = first.map_or("", |first| first.name.as_str());
    let remarks = together(group, look);
    let seen: Vec<&ComponentStatus> = group.iter().filter_map(|component| component.seen.as_ref().ok()).collect();
    let Some(status) = seen.first() else {
        return StatusRow { environment, component: if is_alone { "" } else { component }, remarks, ..unknown() };
    };
    let since = seen.iter().filter_map(|status| status.since).max();
    StatusRow {
        environment,
        component: if is_alone { "" } else { component },
        release: release(&status.running_release, TextStyle { exact: false, ..look }),
        subject: first.and_then(|first| first.subject.as_deref()).unwrap_or_default(),
        tasks: tasks(&seen),
        age: since.map(|since| TextStyle { exact: false, ..look }.time(since)).unwrap_or_default(),
        remarks,
    }
}

fn tasks(seen: &[&ComponentStatus]) -> String {
    let sum =
        |of: fn(&ComponentStatus) -> Option<i32>| seen.iter().filter_map(|status| of(status)).reduce(|a, b| a + b);
    let counts = (sum(|status| status.whereabouts.running), sum(|status| status.whereabouts.desired));
    let (Some(running), Some(desired)) = counts else { return String::new() };
    let text = format!("{running}/{desired} tasks");
    if running < desired { format!("{CAREFUL}{text}{CAREFUL:#}") } else { text }
}

/// The remarks of a group: what all of its components have stands once, and what others have after their names.
fn together(group: &[SeenComponent], look: TextStyle) -> Vec<BlockLine> {
    let each: Vec<(&str, Vec<BlockLine>)> =
        group.iter().map(|component| (component.name.as_str(), lines(component, look))).collect();
    let mut all: Vec<BlockLine> = Vec::new();
    for line in each.iter().flat_map(|(_, lines)| lines) {
        if !all.contains(line) {
            all.push(line.clone());
        }
    }
    for line in &mut all {
        let names: Vec<&str> = each.iter().filter(|(_, lines)| lines.contains(line)).map(|(name, _)| *name).collect();
        if names.len() < each.len() {
            line.text = format!("{}: {}", names.join(", "), line.text);
        }
    }
    all
}

fn lines(component: &SeenComponent, look: TextStyle) -> Vec<BlockLine> {
    let Ok(status) = &component.seen else { return vec![BlockLine::bad("cannot be read: the error is below")] };
    let mut lines = if look.exact { exactly(status, look) } else { Vec::new() };
    // In full it stands above.
    lines.extend(status.last.as_ref().and_then(|last| of_last(last, TextStyle { exact: false, ..look })));
    lines.extend(behind(component, look));
    lines.extend(status.holds.iter().filter(|hold| !hold.is_over()).map(|hold| held(hold, look)));
    lines.extend(status.drift.iter().map(|drift| {
        let mut text = drift.text.clone();
        for change in &drift.changes {
            let _written = write!(text, "\n{}", look.text(&difference(change)));
        }
        text.push_str(match drift.is_kept {
            Some(true) if drift.changes.iter().any(|change| change.path.ends_with("].image")) => {
                "\na deploy ships its own image and keeps the rest"
            }
            Some(true) => "\na deploy keeps it",
            Some(false) if !drift.files.is_empty() => "\na deploy of the release writes its own files again",
            Some(false) => "\na deploy replaces it by what the task-definition file has",
            None => "",
        });
        BlockLine::careful(text)
    }));
    let remarks = status.remarks.iter();
    lines.extend(remarks.map(|remark| {
        let plain = BlockLine { mark: Some(Mark::Neutral), ..BlockLine::plain(&remark.text) };
        if remark.is_odd { BlockLine::careful(&remark.text) } else { plain }
    }));
    lines.extend(status.too_few().map(BlockLine::careful));
    lines
}

/// What `-v` adds: each id in full.
fn exactly(status: &ComponentStatus, look: TextStyle) -> Vec<BlockLine> {
    let place = &status.whereabouts;
    let service = place.service.as_ref().map(|service| {
        let cluster = place.cluster.as_ref().map(|cluster| format!(" in cluster {cluster}")).unwrap_or_default();
        let revision = place.revision.as_ref().map(|revision| format!(", {revision}")).unwrap_or_default();
        format!("{service}{cluster}{revision}")
    });
    let last = status.last.as_ref().map(|last| {
        let outcome = last.outcome.as_deref().map_or("outcome not recorded".to_owned(), outcome_in_words);
        let by = last.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let run = last.run.as_ref().map(|run| format!(" ({run})")).unwrap_or_default();
        let at = last.at.map(|at| format!(" {}", look.time(at))).unwrap_or_default();
        format!("{} {outcome}{at}{by}{run}", look.release(&last.release.to_string()))
    });
    let image = status.running_release.digest.as_ref().map_or("not pinned".to_owned(), Digest::to_string);
    let parts = [
        ("commit", Some(release(&status.running_release, look))),
        ("image", Some(image)),
        ("where", service),
        ("since", status.since.map(|since| look.time(since))),
        ("last", last),
    ];
    let label = |(label, text): (&str, Option<String>)| {
        Some(BlockLine { hang: LABEL, ..BlockLine::plain(format!("{label:<LABEL$}{}", text?)) })
    };
    parts.into_iter().filter_map(label).collect()
}

/// How the last deploy ended, where what runs does not say that.
fn of_last(last: &LastRelease, look: TextStyle) -> Option<BlockLine> {
    let outcome = last.outcome.as_deref();
    if outcome == Some("deployed") || (outcome.is_none() && last.is_live) {
        return None;
    }
    let at = last.at.map(|at: Timestamp| format!(" {}", look.time(at))).unwrap_or_default();
    let release = look.release(&last.release.to_string());
    let text = match outcome {
        Some(outcome) => format!("last deploy: {release} {}{at}", outcome_in_words(outcome)),
        None => format!("last deploy: {release} began{at}, and how it ended is not recorded"),
    };
    let url = last.url.as_ref().map(|url| format!("\n{url}")).unwrap_or_default();
    let text = format!("{text}{url}");
    Some(if outcome.is_none_or(is_undecided) { BlockLine::careful(text) } else { BlockLine::bad(text) })
}

fn behind(component: &SeenComponent, look: TextStyle) -> Option<BlockLine> {
    let behind = component.behind.as_ref().filter(|behind| behind.distance != Distance::Same)?;
    let mut text = behind.described();
    if let Distance::Commits(count) = behind.distance {
        let ids: Vec<String> = behind.newest.iter().map(|sha| look.release(&sha.to_string())).collect();
        let more = if count > ids.len() { " …" } else { "" };
        if !ids.is_empty() {
            text = format!("{text}: {}{more}", ids.join(" "));
        }
    }
    let mark = (behind.distance == Distance::Diverged).then_some(Mark::Careful);
    Some(BlockLine { mark, ..BlockLine::plain(text) })
}

fn held(seen: &SeenHold, look: TextStyle) -> BlockLine {
    let hold = &seen.hold;
    let at = hold.at.map(|at| format!(" {}", look.time(at))).unwrap_or_default();
    let author = |by: &str| if look.exact { by.to_owned() } else { run::author(by) };
    let by = hold.run.as_deref().map(|by| format!(" by {}", author(by))).unwrap_or_default();
    let alone = if seen.is_on_service { "" } else { "; on the revision alone, the service does not have the tag" };
    match &hold.scope {
        HoldScope::Left { left, returned } => {
            let left = look.release(&left.to_string());
            let returned =
                returned.as_ref().map_or(ReleaseName::BASELINE.to_owned(), |sha| look.release(&sha.to_string()));
            let text = format!("{left} is barred: rolled back to {returned}{at}{by}; newer commits pass{alone}");
            BlockLine { is_odd: false, ..BlockLine::careful(text) }
        }
        HoldScope::All { .. } | HoldScope::Unreadable => {
            let origin = format!("{at}{by}");
            let origin = if origin.is_empty() { origin } else { format!(" ({})", origin.trim_start()) };
            BlockLine::bad(format!("{BAD}held:{BAD:#} {}{origin}{alone}", hold.reason()))
        }
    }
}

/// How wide the columns are.
struct Widths {
    environment: usize,
    component: usize,
    release: usize,
    subject: usize,
    tasks: usize,
}

impl Widths {
    /// Of rows that fit a width.
    fn of(rows: &[&StatusRow<'_>], width: Option<usize>) -> Self {
        let widest = |of: &dyn Fn(&StatusRow<'_>) -> usize| rows.iter().map(|row| of(row)).max().unwrap_or_default();
        let mut widths = Self {
            environment: widest(&|row| columns(row.environment)),
            component: widest(&|row| columns(row.component)),
            release: widest(&|row| columns(&row.release)),
            subject: widest(&|row| columns(row.subject)),
            tasks: widest(&|row| columns(&row.tasks)),
        };
        if let Some(width) = width {
            let age = widest(&|row| columns(&row.age));
            let others = [widths.environment, widths.component, widths.release, widths.tasks, age];
            let taken: usize = others.iter().filter(|width| **width > 0).map(|width| width + GAP.len()).sum();
            widths.subject = widths.subject.min(width.saturating_sub(taken).max(LEAST_SUBJECT));
        }
        widths
    }

    /// Where the release stands.
    fn indent(&self) -> usize {
        [self.environment, self.component].iter().filter(|width| **width > 0).map(|width| width + GAP.len()).sum()
    }
}

fn shown(row: &StatusRow<'_>, widths: &Widths, look: TextStyle) -> Vec<String> {
    let bold = |text: &str| if text.is_empty() { String::new() } else { format!("{STRONG}{text}{STRONG:#}") };
    let cells = [
        (bold(row.environment), widths.environment),
        (row.component.to_owned(), widths.component),
        (bold(&row.release), widths.release),
        (cut(row.subject, Some(widths.subject)), widths.subject),
        (row.tasks.clone(), widths.tasks),
        (if row.age.is_empty() { String::new() } else { format!("{FAINT}{}{FAINT:#}", row.age) }, columns(&row.age)),
    ];
    let cells = cells.iter().filter(|(_, width)| *width > 0).map(|(text, width)| padded(text, *width));
    let mut lines = vec![cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()];
    let indent = if look.exact { GAP.to_owned() } else { " ".repeat(widths.indent()) };
    for BlockLine { mark, text, hang, .. } in &row.remarks {
        let mut begin = mark.map_or_else(|| indent.clone(), |mark| format!("{indent}{} ", mark.shown()));
        let rest = format!("{indent}{}", " ".repeat(hang + if mark.is_some() { 2 } else { 0 }));
        for line in text.lines() {
            lines.extend(wrapped(line, look.width, &begin, &rest));
            begin.clone_from(&rest);
        }
    }
    lines
}

/// How many need attention, and what shows more.
fn counted(blocks: &[Block<'_>], look: TextStyle) -> Vec<String> {
    let odd = blocks.iter().filter(|block| block.needs_attention()).count();
    let environments = count(blocks.len(), "environment", "environments");
    let mut lines = vec![match odd {
        0 => format!("{environments}, nothing needs attention"),
        1 => format!("{environments}, {CAREFUL}1 needs attention{CAREFUL:#}"),
        _ => format!("{environments}, {CAREFUL}{odd} need attention{CAREFUL:#}"),
    }];
    if !look.exact {
        let only = if let [only] = blocks { format!(" {}", only.name) } else { String::new() };
        lines.push(format!("{FAINT}digests, revisions, exact times:{FAINT:#} shipgate status{only} -v"));
    }
    lines
}

#[cfg(test)]
pub mod tests;
