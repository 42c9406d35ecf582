//! From findings to causes in words.

use super::definition::{health_check, memory_limit};
use super::events::{self, http_code};
use super::exit::{exit, is_stop};
use super::finding::{DiagnosedCause, What};
use super::hints::{self, Facts, HintRow};
use super::seen::{DeploymentEvidence, DiagnosedRevision, LogOf, LogTail};
use super::stops;
use crate::domain::ecs::service::Task;
use crate::domain::failure::{Cause, CauseKind};
use crate::domain::neutral;

/// How many distinct reasons are shown, the most specific ones.
const SHOWN: usize = 5;
/// How many lines of a log are shown, of the first reason and of others, and how much of each.
const LINES: usize = 10;
const LINES_OF_OTHERS: usize = 4;
const LINE: usize = 400;

/// The logs that say more about what was seen: of the container that failed, in the newest task of each reason.
pub fn logs(seen: &DeploymentEvidence, subject: DiagnosedRevision<'_>) -> Vec<LogOf> {
    let mut logs: Vec<LogOf> = Vec::new();
    for log in ranked(seen, subject, &[]).into_iter().filter_map(|found| found.finding.log) {
        if logs.len() < SHOWN && !logs.contains(&log) {
            logs.push(log);
        }
    }
    logs
}

/// The causes, the most specific first, each followed by the last lines of its log. `logs`: those that could be read.
pub fn causes(seen: &DeploymentEvidence, subject: DiagnosedRevision<'_>, logs: &[LogTail]) -> Vec<Cause> {
    let found = ranked(seen, subject, logs);
    let more = found.len().saturating_sub(SHOWN);
    let mut causes = Vec::new();
    for (place, found) in found.into_iter().take(SHOWN).enumerate() {
        causes.push(found.cause(subject));
        causes.extend(found.log_lines(if place == 0 { LINES } else { LINES_OF_OTHERS }));
    }
    if more > 0 {
        causes.push(Cause::new(CauseKind::Deployment, format!("and {more} more reasons")));
    }
    causes
}

/// Why one task ended, with the last lines of its log where they were read.
pub fn ended(task: &Task, subject: DiagnosedRevision<'_>, lines: &[String]) -> Cause {
    RankedFinding::new(stops::stop(task, subject), lines).cause(subject)
}

/// A finding with what is known about it.
struct RankedFinding<'l> {
    finding: DiagnosedCause,
    lines: &'l [String],
    /// The place of the line that the row is about.
    line: Option<usize>,
    row: Option<&'static HintRow>,
}

fn ranked<'l>(
    seen: &DeploymentEvidence,
    subject: DiagnosedRevision<'_>,
    logs: &'l [LogTail],
) -> Vec<RankedFinding<'l>> {
    let mut findings = stops::findings(seen, subject);
    let others = events::join(&mut findings, events::findings(&seen.events));
    findings.extend(others);
    let lines = |finding: &DiagnosedCause| {
        let log = finding.log.as_ref().and_then(|of| logs.iter().find(|log| log.of == *of));
        log.map_or(&[][..], |log| &log.lines)
    };
    let mut found: Vec<RankedFinding<'_>> = findings
        .into_iter()
        .map(|finding| {
            let lines = lines(&finding);
            RankedFinding::new(finding, lines)
        })
        .collect();
    // ECS says the same again in an event.
    let said: Vec<&HintRow> =
        found.iter().filter(|it| it.finding.what != What::Event).filter_map(|it| it.row).collect();
    found.retain(|it| it.finding.what != What::Event || !it.row.is_some_and(|row| said.contains(&row)));
    found.sort_by_key(RankedFinding::rank);
    found
}

impl<'l> RankedFinding<'l> {
    fn new(finding: DiagnosedCause, lines: &'l [String]) -> Self {
        let said = || {
            let texts = [&finding.reason, &finding.said, &finding.code];
            texts.into_iter().flatten().find_map(|text| hints::of_ecs(text))
        };
        let logged = || hints::of_log(lines).map(|(line, row)| (Some(line), row));
        let said = || said().map(|row| (None, row));
        // Who fails a check runs, and its log may say why it is not ready.
        let known = match finding.what {
            What::Stopped | What::RunsOn | What::Event => said().or_else(logged),
            What::HealthCheck | What::Target => logged().or_else(said),
        };
        let (line, row) = known.map_or((None, None), |(line, row)| (line, Some(row)));
        Self { finding, lines, line, row }
    }

    /// The most specific first. What ends a container is more than what follows from that for a load balancer.
    fn rank(&self) -> u8 {
        match (self.finding.what, self.finding.exit) {
            (What::Stopped | What::Event | What::RunsOn, _) if self.row.is_some() => 0,
            (What::HealthCheck | What::Target, _) if self.line.is_some() => 0,
            (What::Stopped | What::RunsOn, Some(code)) if !is_stop(code) => 1,
            (What::HealthCheck | What::Target, _) => 2,
            (What::Stopped | What::Event | What::RunsOn, _) => 3,
        }
    }

    fn cause(&self, subject: DiagnosedRevision<'_>) -> Cause {
        let DiagnosedCause { what, exit, code, .. } = &self.finding;
        let kind = match (self.row, what) {
            (Some(row), _) => row.kind,
            (None, What::Target | What::Event) => CauseKind::Deployment,
            (None, What::Stopped) if exit.is_none() => CauseKind::Deployment,
            (None, What::Stopped | What::RunsOn | What::HealthCheck) => CauseKind::Application,
        };
        let http = self.finding.reason.as_deref().filter(|_| *what == What::Target).and_then(http_code);
        let http = http.map(|code| format!("http-{code}"));
        let code = http.or_else(|| code.clone()).or_else(|| exit.map(|code| format!("exit-{code}")));
        let hint = match (self.row, what) {
            (Some(row), _) => Some(row.hint),
            (None, What::HealthCheck) => hints::of_ecs("failed container health checks").map(|row| row.hint),
            (None, What::Target) => hints::of_ecs("failed ELB health checks").map(|row| row.hint),
            (None, What::Stopped | What::RunsOn) => exit.and_then(hints::of_exit),
            (None, What::Event) => None,
        };
        let cause = Cause::new(kind, text(&self.finding, subject)).code(code);
        let hint = hint.map(|hint| Facts::new(&self.finding, subject).fill(hint));
        Cause { hint, ..cause }
    }

    /// The last lines, and the one that is known before them if it is none of them.
    fn log_lines(&self, count: usize) -> impl Iterator<Item = Cause> {
        let known = self.line.filter(|line| line + count < self.lines.len());
        let count = if known.is_some() { count - 1 } else { count };
        let last = self.lines.iter().skip(self.lines.len().saturating_sub(count));
        let lines = known.and_then(|line| self.lines.get(line)).into_iter().chain(last);
        lines.map(|line| Cause::new(CauseKind::Application, format!("its log: {}", neutral::phrase(line, LINE))))
    }
}

fn text(finding: &DiagnosedCause, subject: DiagnosedRevision<'_>) -> String {
    let DiagnosedCause { container, exit, reason, code, said, .. } = finding;
    let name = container.as_deref().map_or_else(|| "the task".to_owned(), |container| format!("container {container}"));
    let what = match (finding.what, exit) {
        (What::Stopped, Some(exit)) => format!("{name} exited with code {exit}{}", meaning(*exit, finding, subject)),
        (What::RunsOn, exit) => {
            let exit = exit.unwrap_or_default();
            format!("{name} exited with code {exit}{}, and its task runs on", meaning(exit, finding, subject))
        }
        (What::Stopped, None) if code.as_deref() == Some("TaskFailedToStart") => format!("{name} did not start"),
        (What::Stopped, None) => format!("{name} stopped"),
        (What::HealthCheck, _) => format!("the health check of {name} fails{}", check(finding, subject)),
        (What::Target, _) => {
            let group = finding.target_group.as_deref().unwrap_or("of the service");
            let port = finding.port.map(|port| format!(" on port {port}")).unwrap_or_default();
            format!("target group {group} finds a task unhealthy{port}")
        }
        (What::Event, _) => "ECS says".to_owned(),
    };
    let stop = match (code, said) {
        (Some(code), Some(said)) => Some(format!("{code}: {said}")),
        (code, said) => code.clone().or_else(|| said.clone()),
    };
    // ECS repeats in the stopped reason what the engine said of a container.
    let reason = reason.clone().filter(|reason| !said.as_ref().is_some_and(|said| said.contains(reason.as_str())));
    let what = reason.into_iter().fold(what, |what, reason| format!("{what}: {reason}"));
    let separator = if finding.what == What::Event { ": " } else { "; " };
    let text = stop.into_iter().fold(what, |what, stop| format!("{what}{separator}{stop}"));
    if finding.tasks > 1 { format!("{} tasks: {text}", finding.tasks) } else { text }
}

/// What an exit code means, in parentheses.
fn meaning(code: i32, finding: &DiagnosedCause, subject: DiagnosedRevision<'_>) -> String {
    let said = [&finding.reason, &finding.said].into_iter().flatten();
    let of_memory = said.into_iter().any(|text| text.contains("OutOfMemory"));
    let means = if of_memory { Some("out of memory") } else { exit(code).map(|exit| exit.means) };
    let container = finding.container.as_deref().and_then(|name| name.parse().ok());
    let limit = subject.definition.zip(container).filter(|_| of_memory || code == 137);
    let limit = limit.and_then(|(definition, container)| memory_limit(definition, &container)).map(|limit| {
        let whose = if limit.of_task { " of the task" } else { "" };
        format!("limit{whose} {} MiB", limit.mebibytes)
    });
    let parts: Vec<String> = means.map(str::to_owned).into_iter().chain(limit).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// The command of the health check.
fn check(finding: &DiagnosedCause, subject: DiagnosedRevision<'_>) -> String {
    let container = finding.container.as_deref().and_then(|name| name.parse().ok());
    let command = subject.definition.zip(container).and_then(|(definition, name)| health_check(definition, &name));
    command.map(|command| format!(" (`{command}`)")).unwrap_or_default()
}
