//! Why tasks of a revision stopped, or their container did, for people. Best effort: it never changes an outcome.

use crate::clients::ecs::WhichTasks;
use crate::clients::logs::Cursor;
use crate::domain::ecs::ids::RevisionArn;
use crate::domain::ecs::service::Task;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::failure::{Cause, CauseKind, Failure};
use crate::domain::target::EcsTarget;
use crate::observe::Cloud;

/// How many different stops, and how many lines of a log are told.
const STOPS: usize = 3;
const LINES: usize = 10;

/// The reasons why tasks of a revision stopped, each once, and the last lines that the newest of them wrote: where a task
/// runs on without its container, that one.
pub async fn causes(
    cloud: &Cloud,
    target: &EcsTarget,
    revision: &RevisionArn,
    definition: &TaskDefinition,
) -> Vec<Cause> {
    let mut tasks = match cloud.ecs.tasks(&target.cluster, &target.service, WhichTasks::Stopped).await {
        Ok(tasks) => tasks,
        Err(failure) => {
            let text = format!("the stopped tasks cannot be looked at: {}", failure.brief());
            return vec![Cause::new(failure.kind, text)];
        }
    };
    tasks.retain(|task| task.revision == *revision);
    tasks.sort_by_key(|task| std::cmp::Reverse(task.created));
    let mut causes: Vec<Cause> = Vec::new();
    for cause in tasks.iter().map(stop) {
        if causes.len() < STOPS && !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    let running = cloud.ecs.tasks(&target.cluster, &target.service, WhichTasks::MeantToRun).await.unwrap_or_default();
    let without_container = |task: &&Task| {
        let container = task.container(target.container.as_str());
        task.revision == *revision && container.is_some_and(|container| container.exit_code.is_some())
    };
    if let Some(task) = running.iter().find(without_container).or(tasks.first()) {
        causes.extend(last_lines(cloud, target, definition, task).await);
    }
    causes
}

/// One stopped task as a cause.
pub fn stop(task: &Task) -> Cause {
    let exit = task.containers.iter().find_map(|container| container.exit_code.filter(|code| *code != 0));
    let code = task.stop_code.clone().or_else(|| exit.map(|code| format!("exit-{code}")));
    Cause::new(CauseKind::Application, why_stopped(task)).code(code)
}

/// One stopped task in a sentence.
pub fn why_stopped(task: &Task) -> String {
    let code = task.stop_code.as_deref().unwrap_or("no stop code");
    let mut text = format!("a task stopped ({code})");
    if let Some(reason) = &task.stopped_reason {
        text = format!("{text}: {reason}");
    }
    for container in &task.containers {
        let exit = container.exit_code.map(|code| format!("container {} exited with code {code}", container.name));
        let reason = container.reason.as_ref().map(|reason| format!("container {}: {reason}", container.name));
        for part in [exit, reason].into_iter().flatten() {
            text = format!("{text}; {part}");
        }
    }
    text
}

async fn last_lines(cloud: &Cloud, target: &EcsTarget, definition: &TaskDefinition, task: &Task) -> Vec<Cause> {
    let Some(destination) = definition.log_destination(&target.container) else {
        return Vec::new();
    };
    match cloud.logs.read(&destination, task.id(), &mut Cursor::default()).await {
        Ok(lines) => {
            let skipped = lines.len().saturating_sub(LINES);
            let cause = |line: &String| Cause::new(CauseKind::Application, format!("its log: {line}"));
            lines.iter().skip(skipped).map(cause).collect()
        }
        Err(error) => {
            let failure = Failure::from(error);
            let text = format!("its log cannot be read: {} ({})", failure.brief(), failure.hints.join("; "));
            vec![Cause::new(failure.kind, text)]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::service::{Health, TaskContainer};

    #[test]
    fn a_stop_is_told_with_code_reason_and_exit() {
        let task = Task {
            arn: "arn:aws:ecs:us-east-1:123456789012:task/stage/abc".into(),
            revision: "".into(),
            last_status: "STOPPED".to_owned(),
            health: Health::Unknown,
            created: None,
            stop_code: Some("EssentialContainerExited".to_owned()),
            stopped_reason: Some("Essential container in task exited".to_owned()),
            containers: vec![TaskContainer {
                name: "web".to_owned(),
                last_status: Some("STOPPED".to_owned()),
                health: Health::Unknown,
                digest: None,
                exit_code: Some(137),
                reason: Some("OutOfMemoryError: killed".to_owned()),
            }],
        };
        assert_eq!(
            why_stopped(&task),
            "a task stopped (EssentialContainerExited): Essential container in task exited; \
             container web exited with code 137; container web: OutOfMemoryError: killed"
        );
    }
}
