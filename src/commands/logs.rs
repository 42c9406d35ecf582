//! `logs`: what the containers of an environment wrote.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::cli::{self, OutputFormat};
use crate::clients::logs::{LogLine, sort};
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::neutral;
use crate::domain::poll::PollStep;
use crate::domain::role::RolePurpose;
use crate::domain::target::EnvironmentTarget;
use crate::domain::view::CommandAnswer;
use crate::domain::view::logs::{LogEntry, is_of_task, task_of};
use crate::kinds::driver;
use crate::observe::{self, Cloud};
use crate::poll::{Waiting, poll};
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
pub async fn run(session: &Session<'_>, arguments: &cli::LogsArguments) -> Result<CommandAnswer, Failure> {
    let context = session.context;
    if arguments.follow && session.global.format() == OutputFormat::Json {
        return Err(Failure::invalid("--follow and --output json exclude each other: a JSON document has an end")
            .hint("remove one of them"));
    }
    let configuration = session.configuration()?;
    let target = configuration.services(context, &arguments.environment, &arguments.components)?;
    let identities = session.identities(&configuration);
    let cloud = observe::cloud(&identities, &target, RolePurpose::Read).await?;
    let since = (session.clock)()
        .saturating_sub(arguments.since)
        .map_err(|error| Failure::invalid("--since is out of range").cause(error.to_string()))?;
    let mut task = None;
    let mut tail = Tail { seen: HashSet::new(), since };
    let ask = async |since: Timestamp| read(&cloud, &target, since).await;
    poll(Waiting::Silently, since, ask, |_, lines| {
        let lines = match lines {
            Ok(lines) => match of_task(tail.take(lines), arguments.task.as_deref(), &mut task) {
                Ok(lines) => lines,
                Err(failure) => return PollStep::Done(Err(failure)),
            },
            Err(failure) => return PollStep::Done(Err(failure)),
        };
        let entries: Vec<LogEntry> = lines.iter().map(|(component, line)| entry(component, line)).collect();
        let of_several = target.components.len() > 1;
        session.events.emit(RunEvent::Logged { entries: entries.clone(), of_several });
        if arguments.follow {
            return PollStep::Ask { after: INTERVAL, question: tail.since };
        }
        PollStep::Done(Ok(CommandAnswer::Logs { none_since: entries.is_empty().then_some(since), entries }))
    })
    .await
}

/// The end of a log that grows.
struct Tail {
    /// The ids of the lines that were read.
    seen: HashSet<String>,
    /// From when lines are read.
    since: Timestamp,
}

impl Tail {
    /// The lines that were not read before. The next read begins a little before the newest of them.
    fn take(&mut self, mut lines: Vec<(String, LogLine)>) -> Vec<(String, LogLine)> {
        lines.retain(|(_, line)| self.seen.insert(line.id.clone()));
        if let Some(newest) = lines.iter().filter_map(|(_, line)| line.time).max() {
            self.since = self.since.max(newest.saturating_sub(OVERLAP).unwrap_or(newest));
        }
        lines
    }
}

/// The lines of the task whose id begins so. `found`: the task that it was until now.
fn of_task(
    mut lines: Vec<(String, LogLine)>,
    start: Option<&str>,
    found: &mut Option<String>,
) -> Result<Vec<(String, LogLine)>, Failure> {
    let Some(start) = start else { return Ok(lines) };
    lines.retain(|(_, line)| is_of_task(&line.stream, start));
    for task in lines.iter().filter_map(|(_, line)| task_of(&line.stream)) {
        match found {
            Some(known) if known != task => {
                let (known, task) = (neutral::phrase(known, 64), neutral::phrase(task, 64));
                return Err(Failure::invalid(format!("--task {start} is the beginning of more than one task's id"))
                    .cause(format!("{known} and {task}"))
                    .hint("write more digits of it"));
            }
            Some(_) => {}
            None => *found = Some(task.to_owned()),
        }
    }
    Ok(lines)
}

fn entry(component: &str, line: &LogLine) -> LogEntry {
    LogEntry { component: component.to_owned(), time: line.time, stream: line.stream.clone(), text: line.text.clone() }
}

async fn read(cloud: &Cloud, target: &EnvironmentTarget, since: Timestamp) -> Result<Vec<(String, LogLine)>, Failure> {
    let mut lines = Vec::new();
    for component in &target.components {
        let name = component.name.to_string();
        let of_component = driver(component).logs(cloud, since).await?;
        lines.extend(of_component.into_iter().map(|line| (name.clone(), line)));
    }
    sort(&mut lines, |(_, line)| line);
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, second: i64) -> (String, LogLine) {
        let time = Some(Timestamp::from_second(second).unwrap());
        (
            "web".to_owned(),
            LogLine { id: id.to_owned(), time, ingested: None, stream: String::new(), text: String::new() },
        )
    }

    #[test]
    fn lines_of_one_moment_keep_the_order_of_their_stream() {
        let of = |id: &str, stream: &str, ingested: i64| {
            let ingested = Some(Timestamp::from_second(ingested).unwrap());
            ("web".to_owned(), LogLine { stream: stream.to_owned(), ingested, ..line(id, 1).1 })
        };
        let mut lines = vec![of("d", "b", 8), of("b", "a", 9), of("a", "a", 8), of("c", "a", 9), line("z", 0)];
        sort(&mut lines, |(_, line)| line);
        let ids: Vec<&str> = lines.iter().map(|(_, line)| line.id.as_str()).collect();
        assert_eq!(ids, ["z", "a", "b", "c", "d"]);
    }

    #[test]
    fn one_task_is_one_however_many_lines_there_are() {
        let of = |stream: &str| ("web".to_owned(), LogLine { stream: stream.to_owned(), ..line(stream, 1).1 });
        let lines = || vec![of("p/app/77ab01"), of("p/app/0c0c"), of("p/sidecar/77ab01")];
        assert_eq!(of_task(lines(), None, &mut None).unwrap().len(), 3);
        let mut found = None;
        assert_eq!(of_task(lines(), Some("77ab"), &mut found).unwrap().len(), 2);
        assert_eq!(found.as_deref(), Some("77ab01"));
        assert!(of_task(lines(), Some("ffff"), &mut None).unwrap().is_empty());
        // Another one with the same beginning, which starts while the log is followed.
        let failure = of_task(vec![of("p/app/77ab02")], Some("77ab"), &mut found).unwrap_err();
        assert!(failure.causes[0].text.contains("77ab01 and 77ab02"), "{failure:?}");
    }

    #[test]
    fn lines_are_read_once_and_late_ones_are_not_missed() {
        let mut tail = Tail { seen: HashSet::new(), since: Timestamp::from_second(1000).unwrap() };
        for (lines, new, since) in [
            (vec![], vec![], 1000),
            (vec![line("a", 1010)], vec!["a"], 1000),
            (vec![line("a", 1010), line("b", 1100)], vec!["b"], 1070),
            // Later than the newest, from before it.
            (vec![line("b", 1100), line("c", 1075)], vec!["c"], 1070),
            (vec![line("b", 1100), line("c", 1075)], vec![], 1070),
            (vec![line("d", 1200), line("e", 1150)], vec!["d", "e"], 1170),
        ] {
            let ids: Vec<String> = tail.take(lines).into_iter().map(|(_, line)| line.id).collect();
            assert_eq!((ids, tail.since.as_second()), (new.into_iter().map(str::to_owned).collect(), since));
        }
    }
}
