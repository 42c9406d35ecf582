//! `status` for people: blocks on a terminal, elsewhere a table that programs can read.

use super::style::TextStyle;
use super::words::release;
use super::{status_blocks, table};
use crate::domain::view::status::EnvironmentStatus;

const HEADINGS: [&str; 8] =
    ["ENVIRONMENT", "COMPONENT", "RELEASE", "DIGEST", "TASKS", "SINCE", "LAST OUTCOME", "LAST RELEASE"];

/// What fits the place. `None` when there is nothing to show.
pub fn render(environments: &[EnvironmentStatus], look: TextStyle) -> Option<String> {
    if look.width.is_some() { status_blocks::render(environments, look) } else { as_table(environments, look) }
}

/// The table, with the remarks below it. The last column has the release whose outcome the one before it has, where another
/// one runs.
fn as_table(environments: &[EnvironmentStatus], look: TextStyle) -> Option<String> {
    if environments.iter().all(|environment| environment.components.is_empty()) {
        return None;
    }
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    let mut remarks = Vec::new();
    for environment in environments {
        for component in &environment.components {
            let name = &component.name;
            let Ok(status) = &component.seen else {
                rows.push([&environment.name, name, "unknown", "", "", "", "", ""].map(ToString::to_string));
                continue;
            };
            let count = |count: Option<i32>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
            let last = status.last.as_ref();
            let digest = status.running_release.digest.as_ref();
            rows.push([
                environment.name.clone(),
                name.clone(),
                release(&status.running_release, look),
                digest.map_or_else(|| "not pinned".to_owned(), |digest| look.digest(digest)),
                format!("{}/{}", count(status.whereabouts.running), count(status.whereabouts.desired)),
                table::time(status.since),
                last.and_then(|last| last.outcome.clone()).unwrap_or_else(|| "-".to_owned()),
                last.filter(|last| !last.is_live)
                    .map(|last| look.release(&last.release.to_string()))
                    .unwrap_or_default(),
            ]);
            remarks
                .extend(component.remarks().into_iter().map(|remark| format!("{} {name}: {remark}", environment.name)));
        }
    }
    Some(table::lines(&rows).into_iter().chain(remarks).collect::<Vec<_>>().join("\n"))
}
