//! The components of a change: what runs and what will, or how it ended for each.

use super::place::Links;
use crate::domain::github::markdown::{code, table};
use crate::domain::outcome::Outcome;
use crate::domain::plan::{PlanChange, Running, beside_the_release};
use crate::domain::release::ReleaseName;
use crate::report::record::{ComponentRecord, Record};

/// The table. `None`: there are none, or nothing is known of them but their holds.
pub fn of(record: &Record, outcome: Outcome, links: &Links) -> Option<String> {
    if record.components.is_empty() || record.unhold.is_some() {
        return None;
    }
    Some(if outcome == Outcome::Planned {
        planned(record, "will run", links)
    } else if matches!(outcome, Outcome::Refused | Outcome::Stale) && record.components.iter().all(|it| !it.changed) {
        planned(record, "would have run", links)
    } else {
        ended(record, outcome, links)
    })
}

fn planned(record: &Record, then: &str, links: &Links) -> String {
    let row = |component: &ComponentRecord| {
        vec![
            name(component),
            previous(component, links),
            component.planned.as_ref().map(|running| shown(running, links)).unwrap_or_default(),
            what_changes(&component.changes),
        ]
    };
    table(&["", "runs", then, "what changes"], &record.components.iter().map(row).collect::<Vec<_>>())
}

fn ended(record: &Record, outcome: Outcome, links: &Links) -> String {
    // The heading says it of all of them.
    let differs = record.components.iter().any(|component| component.outcome != Some(outcome));
    let row = |component: &ComponentRecord| {
        let running = |running: &Option<Running>| running.as_ref().map(|running| shown(running, links));
        let digest = component.current.as_ref().and_then(|running| running.digest.as_ref());
        let mut cells = vec![
            name(component),
            previous(component, links),
            // What it ran before is known by its revision, whatever that is.
            if component.current.is_some() && component.current == component.previous {
                previous(component, links)
            } else {
                running(&component.current).unwrap_or_else(|| "not verified".to_owned())
            },
            digest.map(|digest| code(digest.short())).unwrap_or_default(),
        ];
        cells.extend(differs.then(|| component.outcome.map_or("skipped", Outcome::as_str).to_owned()));
        cells
    };
    let mut heads = vec!["", "ran", "runs now", "digest"];
    heads.extend(differs.then_some("outcome"));
    table(&heads, &record.components.iter().map(row).collect::<Vec<_>>())
}

fn name(component: &ComponentRecord) -> String {
    let name = code(component.name.as_str());
    component.console.as_ref().map_or(name.clone(), |console| format!("[{name}]({console})"))
}

/// What it ran: where no release is recorded, the revision.
fn previous(component: &ComponentRecord, links: &Links) -> String {
    match (&component.previous, &component.whereabouts.revision) {
        (Some(Running { sha: None, baseline: None, .. }), Some(revision)) => code(revision),
        (Some(running), _) => shown(running, links),
        (None, _) => String::new(),
    }
}

/// What runs.
pub fn shown(running: &Running, links: &Links) -> String {
    match (&running.sha, &running.baseline) {
        (Some(sha), _) => links.commit(sha),
        (None, Some(place)) => format!("{} ({})", ReleaseName::BASELINE, code(place)),
        (None, None) => "unknown".to_owned(),
    }
}

/// What a plan changes, in few words: the differences themselves are folded.
pub fn what_changes(changes: &[PlanChange]) -> String {
    let settings = beside_the_release(changes).len();
    let has_release = settings < changes.len();
    match (has_release, settings) {
        (false, 0) => "nothing".to_owned(),
        (true, 0) => "only the image".to_owned(),
        (false, 1) => "1 setting".to_owned(),
        (false, settings) => format!("{settings} settings"),
        (true, 1) => "the image and 1 setting".to_owned(),
        (true, settings) => format!("the image and {settings} settings"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_counted_beside_the_image() {
        let change = |path: &str| PlanChange { path: path.to_owned(), from: None, to: Some("b".to_owned()) };
        let image =
            [change("containerDefinitions[web].image"), change("containerDefinitions[web].dockerLabels[shipgate.sha]")];
        let with = |more: &[&str]| [&image[..], &more.iter().map(|path| change(path)).collect::<Vec<_>>()].concat();
        for (changes, expected) in [
            (Vec::new(), "nothing"),
            (with(&[]), "only the image"),
            (vec![change("release")], "only the image"),
            (with(&["cpu"]), "the image and 1 setting"),
            (with(&["cpu", "containerDefinitions[web].dockerLabels[team]"]), "the image and 2 settings"),
            (vec![change("cpu")], "1 setting"),
        ] {
            assert_eq!(what_changes(&changes), expected);
        }
    }
}
