//! `status` for people: a table.

use super::table;
use crate::domain::behind::Behind;
use crate::domain::release::ReleaseName;
use crate::domain::view::plan::Running;
use crate::domain::view::status::EnvironmentStatus;

const HEADINGS: [&str; 7] = ["ENVIRONMENT", "COMPONENT", "RELEASE", "DIGEST", "TASKS", "SINCE", "LAST OUTCOME"];

/// The table, with the remarks below it. `None` when there is nothing to show.
pub fn render(environments: &[EnvironmentStatus]) -> Option<String> {
    if environments.iter().all(|environment| environment.components.is_empty()) {
        return None;
    }
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    let mut remarks = Vec::new();
    for environment in environments {
        for component in &environment.components {
            let name = &component.name;
            let Ok(status) = &component.seen else {
                rows.push([&environment.name, name, "unknown", "", "", "", ""].map(ToString::to_string));
                continue;
            };
            let count = |count: Option<i32>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
            rows.push([
                environment.name.clone(),
                name.clone(),
                release(&status.running_release),
                status.running_release.digest.as_ref().map_or("not pinned", |digest| digest.short()).to_owned(),
                format!("{}/{}", count(status.running), count(status.desired)),
                table::time(status.since),
                status.last_outcome.clone().unwrap_or_else(|| "-".to_owned()),
            ]);
            let all = status.remarks.iter().cloned().chain(component.behind.as_ref().map(Behind::described));
            remarks.extend(all.map(|remark| format!("{} {name}: {remark}", environment.name)));
        }
    }
    Some(table::lines(&rows).into_iter().chain(remarks).collect::<Vec<_>>().join("\n"))
}

fn release(running: &Running) -> String {
    match (&running.sha, &running.baseline) {
        (Some(sha), _) => short(sha),
        (None, Some(_)) => ReleaseName::BASELINE.to_owned(),
        (None, None) => "unknown".to_owned(),
    }
}

/// Seven digits of the commit, and what comes after all forty.
fn short(release: &str) -> String {
    match release.split_once('-') {
        Some((sha, _)) => format!("{}-dirty", sha.get(..7).unwrap_or(sha)),
        None => release.get(..7).unwrap_or(release).to_owned(),
    }
}
