//! The commits that come or go.

use super::place::Links;
use crate::domain::github::markdown::{code, folded};
use crate::domain::release::{CommitLine, Commits};
use crate::domain::view::plan::CommitRange;
use crate::report::record::Record;

/// The commits, open: they are why somebody says yes or no.
pub fn open(record: &Record, links: &Links) -> Option<String> {
    let range = record.commits.as_ref().filter(|range| range.commits.count > 0)?;
    let counted = Commits::counted(range.commits.count);
    let counted = compared(record, range, links).map_or(counted.clone(), |address| format!("[{counted}]({address})"));
    let what = if range.taken_back { format!("Takes back {counted}") } else { counted };
    Some(format!("**{what}**\n\n{}", listed(range, links)))
}

/// The same, folded, where something else matters more.
pub fn closed(record: &Record, links: &Links) -> Option<String> {
    let range = record.commits.as_ref().filter(|range| range.commits.count > 0)?;
    let what = if range.taken_back { "Takes back" } else { "Brings" };
    let compared =
        compared(record, range, links).map(|address| format!("\n[Compare]({address})\n")).unwrap_or_default();
    let listed = format!("{}{compared}", listed(range, links));
    Some(folded(&format!("{what} {}", Commits::counted(range.commits.count)), &listed))
}

/// The page that compares what runs with the release, where all components run the same commit.
fn compared(record: &Record, range: &CommitRange, links: &Links) -> Option<String> {
    let release = record.release.as_ref()?.sha()?.to_string();
    let mut runs = record.components.iter().map(|component| component.previous.as_ref()?.sha.clone());
    let first = runs.next()??;
    let is_one = runs.all(|other| other.as_ref() == Some(&first));
    let (from, to) = if range.taken_back { (release, first) } else { (first, release) };
    if is_one { links.compared(&from, &to) } else { range.compare.clone() }
}

fn listed(range: &CommitRange, links: &Links) -> String {
    let commits = &range.commits;
    let mut shown: Vec<String> = commits.newest.iter().map(|commit| listed_commit(commit, links)).collect();
    let more = commits.count.saturating_sub(commits.newest.len());
    if Commits::is_beyond(commits.count) {
        shown.push("- and more".to_owned());
    } else if more > 0 {
        shown.push(format!("- and {more} more"));
    }
    shown.join("\n") + "\n"
}

fn listed_commit(commit: &CommitLine, links: &Links) -> String {
    let sha = links.commit(&commit.sha.to_string());
    let link = |number: u64| match &links.repository {
        Some(url) => format!(" [#{number}]({url}/pull/{number})"),
        None => format!(" {}", code(&format!("#{number}"))),
    };
    let pull_request = commit.pull_request.map(link).unwrap_or_default();
    let by = if commit.author.is_empty() { String::new() } else { format!(" · {}", code(&commit.author)) };
    format!("- {sha} {}{pull_request}{by}", code(&commit.subject))
}
