//! What a release did while it was watched after its rollout, in words.

use super::ids::TaskArn;
use crate::domain::alarm::Alarm;
use crate::domain::failure::{Cause, CauseKind, Failure};
use crate::domain::outcome::Outcome;

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlingLine {
    /// The stream that it is in: it ends with the task's id.
    pub stream: String,
    /// What the container wrote.
    pub text: String,
}

/// The first line of some tasks that contains one of some texts, with that text.
pub fn unwanted<'l, 'p>(
    lines: &'l [SettlingLine],
    tasks: &[TaskArn],
    patterns: &'p [String],
) -> Option<(&'p str, &'l SettlingLine)> {
    let is_of = |line: &&SettlingLine| tasks.iter().any(|task| line.stream.rsplit('/').next() == Some(task.id()));
    lines.iter().filter(is_of).find_map(|line| {
        let pattern = patterns.iter().find(|pattern| line.text.contains(pattern.as_str()))?;
        Some((pattern.as_str(), line))
    })
}

/// A task of the release ended.
pub fn died(task: &TaskArn, ending: &str) -> Failure {
    let cause = Cause::new(CauseKind::Application, format!("task {}: {ending}", task.id()));
    unsettled(
        "the release does not stay up after its rollout",
        cause,
        "the release was on and its task ended: ship a commit that stays up",
    )
}

/// An alarm went off.
pub fn alarmed(alarm: &Alarm) -> Failure {
    let reason = alarm.reason.as_deref().unwrap_or("CloudWatch gives no reason");
    let cause = Cause::new(CauseKind::Application, reason).code("alarm".to_owned());
    let hint = format!("see what alarm `{}` measures, and ship a commit that does not set it off", alarm.name);
    unsettled(&format!("alarm `{}` went off after the rollout", alarm.name), cause, &hint)
}

/// Its log has what it must not have.
pub fn logged(pattern: &str, line: &SettlingLine) -> Failure {
    let cause = Cause::new(CauseKind::Application, format!("its log: {}", line.text)).code("log".to_owned());
    let hint = "ship a commit that does not write it, or correct `logs-without`";
    unsettled(&format!("the log of the release contains `{pattern}`"), cause, hint)
}

fn unsettled(reason: &str, cause: Cause, hint: &str) -> Failure {
    Failure::new(Outcome::Broken, reason).of(CauseKind::Application).because(cause.hint(hint)).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_of_the_releases_tasks_speak_against_it() {
        let line = |task: &str, text: &str| SettlingLine { stream: format!("web/web/{task}"), text: text.to_owned() };
        let tasks = ["arn:aws:ecs:us-east-1:123456789012:task/stage/new".into()];
        let patterns = ["ERROR".to_owned(), "Traceback".to_owned()];
        let old = line("old", "ERROR: of before");
        let fine = line("new", "all is well, no error");
        let bad = line("new", "Traceback (most recent call last):");
        assert_eq!(unwanted(&[old.clone(), fine.clone()], &tasks, &patterns), None);
        let lines = [old, fine, bad.clone()];
        assert_eq!(unwanted(&lines, &tasks, &patterns), Some(("Traceback", &bad)));
        assert_eq!(unwanted(&lines, &tasks, &[]), None);
    }
}
