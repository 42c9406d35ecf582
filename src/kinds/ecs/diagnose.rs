//! Why tasks of a revision stopped, or their container did, for people. Best effort: it never changes an outcome.

use crate::clients::ecs::WhichTasks;
use crate::clients::logs::Cursor;
use crate::domain::ecs::ids::RevisionArn;
use crate::domain::ecs::service::Task;
use crate::domain::ecs::stopped::stop;
use crate::domain::ecs::target::EcsTarget;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::failure::{Cause, CauseKind};
use crate::explain::{Phase, explain};
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
    let mut tasks = match cloud.ecs().tasks(&target.cluster, &target.service, WhichTasks::Stopped).await {
        Ok(tasks) => tasks,
        Err(error) => {
            let failure = explain(&error, Phase::Before);
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
    let running = cloud.ecs().tasks(&target.cluster, &target.service, WhichTasks::MeantToRun).await.unwrap_or_default();
    let without_container = |task: &&Task| {
        let container = task.container(target.container.as_str());
        task.revision == *revision && container.is_some_and(|container| container.exit_code.is_some())
    };
    if let Some(task) = running.iter().find(without_container).or(tasks.first()) {
        causes.extend(last_lines(cloud, target, definition, task).await);
    }
    causes
}

async fn last_lines(cloud: &Cloud, target: &EcsTarget, definition: &TaskDefinition, task: &Task) -> Vec<Cause> {
    let Some(destination) = definition.log_destination(&target.container) else {
        return Vec::new();
    };
    match cloud.logs.read(&destination.group, &destination.stream(task.id()), &mut Cursor::default()).await {
        Ok(lines) => {
            let skipped = lines.len().saturating_sub(LINES);
            let cause = |line: &String| Cause::new(CauseKind::Application, format!("its log: {line}"));
            lines.iter().skip(skipped).map(cause).collect()
        }
        Err(error) => {
            let failure = explain(&error, Phase::Before);
            let text = format!("its log cannot be read: {} ({})", failure.brief(), failure.hints.join("; "));
            vec![Cause::new(failure.kind, text)]
        }
    }
}
