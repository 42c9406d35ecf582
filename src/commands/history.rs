//! `history`: which releases an environment got, and how they ended.

use std::collections::VecDeque;

use crate::cli;
use crate::domain::failure::Failure;
use crate::domain::role::RolePurpose;
use crate::domain::run::RunName;
use crate::domain::view::history::{FoundReleases, PastRelease, mark_left};
use crate::kinds::driver;
use crate::observe;
use crate::session::Session;
use crate::together::try_each;

/// Reads the releases of all components, newest first.
///
/// # Errors
///
/// `invalid` for the configuration, `failed` when a component's releases cannot be read.
pub async fn run(session: &Session<'_>, arguments: &cli::HistoryArguments) -> Result<FoundReleases, Failure> {
    let context = session.context;
    let configuration = session.configuration()?;
    let target = configuration.services(context, &arguments.environment, &arguments.components)?;
    let cloud = observe::cloud(&session.identities(&configuration), &target, RolePurpose::Read).await?;
    let mut of_components = Vec::new();
    let mut notes = Vec::new();
    let read = async |component| {
        let history = driver(component).history(&cloud, arguments.limit.get()).await;
        history.map(|history| (component.name.to_string(), history))
    };
    for (name, mut history) in try_each(&target.components, read).await? {
        mark_left(&mut history.releases);
        for release in &mut history.releases {
            let run = release.provenance.run.as_deref().and_then(RunName::named);
            release.url = run.map(|run| run.page(context.github_server()));
        }
        if let Some(looked_at) = history.looked_at {
            notes.push(format!("{name}: only the newest {looked_at} revisions were read"));
        }
        let contradicted =
            history.releases.iter().filter_map(|it| Some((it.place.short(), it.contradiction.as_ref()?)));
        notes.extend(
            contradicted.map(|(revision, why)| format!("{name}: the tags of {revision} are not believed: {why}")),
        );
        of_components.push(history.releases.into_iter().map(|release| (name.clone(), release)).collect());
    }
    let mut releases = newest_first(of_components);
    releases.truncate(arguments.limit.get());
    if releases.is_empty() {
        notes.push(format!("shipgate has put no release on {} yet", target.environment));
    }
    Ok(FoundReleases { releases, notes })
}

/// One list of several, by time. Each stays in its own order, which is that of its revisions: a time is the one of the
/// outcome, and may be later than that of the revision that came next.
fn newest_first(mut lists: Vec<VecDeque<(String, PastRelease)>>) -> Vec<(String, PastRelease)> {
    let mut merged = Vec::new();
    // The first of equals comes first: `max_by_key` takes the last one.
    while let Some(list) = lists.iter_mut().rev().filter(|list| !list.is_empty()).max_by_key(|list| {
        // Without a time nothing says that it is old.
        list.front().map(|(_, release)| release.at.unwrap_or(jiff::Timestamp::MAX))
    }) {
        merged.extend(list.pop_front());
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(component: &str, times: &[Option<i64>]) -> VecDeque<(String, PastRelease)> {
        let release = |(index, second): (usize, &Option<i64>)| PastRelease {
            at: second.map(|second| jiff::Timestamp::from_second(second).unwrap()),
            ..PastRelease::sample(&format!("{component}:{index}"))
        };
        times.iter().enumerate().map(|release_of| (component.to_owned(), release(release_of))).collect()
    }

    #[test]
    fn components_are_merged_by_time_and_keep_their_own_order() {
        let lists = vec![
            list("backend", &[Some(50), Some(60), None, Some(10)]),
            list("worker", &[Some(55), Some(50), Some(10)]),
            VecDeque::new(),
        ];
        let places: Vec<String> =
            newest_first(lists).into_iter().map(|(_, release)| release.place.to_string()).collect();
        assert_eq!(places, ["worker:0", "backend:0", "backend:1", "backend:2", "worker:1", "backend:3", "worker:2"]);
    }
}
