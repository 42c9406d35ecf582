//! `logs`: what the containers of an environment wrote.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::cli::{self, OutputFormat};
use crate::clients::logs::LogLine;
use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::role::Access;
use crate::domain::target::Target;
use crate::domain::view::Answer;
use crate::domain::view::logs::LogEntry;
use crate::kinds;
use crate::observe::{self, Cloud};
use crate::session::Session;

/// How often new lines are asked for.
const INTERVAL: Duration = Duration::from_secs(2);
/// Lines arrive out of order: so far back is asked for again.
const OVERLAP: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);

/// Emits the lines of all components, oldest first, then new ones until interrupted if asked to follow.
///
/// # Errors
///
/// `invalid` for the configuration, `failed` when a log cannot be read.
pub async fn run(session: &Session<'_>, arguments: &cli::Logs) -> Result<Answer, Failure> {
    let context = session.context;
    if arguments.follow && session.global.output == OutputFormat::Json {
        return Err(Failure::invalid("--follow and --output json exclude each other: a JSON document has an end")
            .hint("leave one of them out"));
    }
    let configuration = session.configuration()?;
    let target = configuration.services(context, &arguments.environment, &arguments.components)?;
    let identities = session.identities(&configuration);
    let cloud = observe::cloud(&identities, &target, Access::Read).await?;
    let mut since = (session.clock)()
        .saturating_sub(arguments.since)
        .map_err(|error| Failure::invalid("--since is out of range").cause(error.to_string()))?;
    let mut seen = HashSet::new();
    loop {
        let mut lines = read(&cloud, &target, since).await?;
        lines.retain(|(_, line)| seen.insert(line.id.clone()));
        let entries: Vec<LogEntry> = lines.iter().map(|(component, line)| entry(component, line)).collect();
        let of_several = arguments.components.len() != 1;
        session.events.emit(Event::Logged { entries: entries.clone(), of_several });
        if !arguments.follow {
            return Ok(Answer::Logs { entries, none_since: lines.is_empty().then_some(since) });
        }
        if let Some(newest) = lines.iter().filter_map(|(_, line)| line.time).max() {
            since = since.max(newest.saturating_sub(OVERLAP).unwrap_or(newest));
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

fn entry(component: &str, line: &LogLine) -> LogEntry {
    LogEntry { component: component.to_owned(), time: line.time, stream: line.stream.clone(), text: line.text.clone() }
}

async fn read(cloud: &Cloud, target: &Target, since: Timestamp) -> Result<Vec<(String, LogLine)>, Failure> {
    let mut lines = Vec::new();
    for component in &target.components {
        let name = component.name.to_string();
        let of_component = kinds::logs(cloud, component, since).await?;
        lines.extend(of_component.into_iter().map(|line| (name.clone(), line)));
    }
    lines.sort_by_key(|(_, line)| line.time);
    Ok(lines)
}
