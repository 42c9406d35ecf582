//! Reads what a diagnosis is made from: tasks, events, logs. Best effort: it never changes an outcome.

use crate::clients::aws::AwsError;
use crate::clients::ecs::WhichTasks;
use crate::domain::ecs::diagnosis::{
    self, DeploymentEvidence, DiagnosedRevision, LINES_READ, LogOf, LogTail, Reading, hint_of_log,
};
use crate::domain::ecs::ids::RevisionArn;
use crate::domain::ecs::target::EcsTarget;
use crate::domain::ecs::task_definition::{LogDestination, TaskDefinition};
use crate::domain::failure::Cause;
use crate::domain::poll::PollStep;
use crate::explain::{Phase, explain};
use crate::observe::Cloud;
use crate::poll::{Waiting, poll};
use crate::together::each;

/// What a diagnosis came to.
#[derive(Debug, Default)]
pub struct Diagnosis {
    /// Why tasks stopped, or are not healthy: the most specific first.
    pub found: Vec<Cause>,
    /// What could not be read, each refusal once.
    pub unseen: Vec<Cause>,
}

/// Why tasks of a revision stopped or are not healthy, each reason once, with the last lines that the container wrote
/// which failed. `seen`: what was seen while waiting; what is there now is added.
pub async fn causes(
    cloud: &Cloud,
    target: &EcsTarget,
    revision: &RevisionArn,
    definition: &TaskDefinition,
    mut seen: DeploymentEvidence,
) -> Diagnosis {
    let mut unseen = read_tasks(cloud, target, revision, &mut seen).await;
    if seen.events.is_empty() {
        let first = seen.stopped.iter().chain(&seen.running).filter_map(|task| task.created).min();
        // Who may not read them could not have waited either, and that was said.
        let events = cloud.ecs().events(&target.cluster, &target.service, revision, first).await;
        seen.events = events.unwrap_or_default();
    }
    let subject = DiagnosedRevision { definition: Some(definition), container: &target.container };
    let read = each(diagnosis::logs(&seen, subject), async |of| read_log(cloud, definition, of).await).await;
    let mut logs = Vec::new();
    for log in read {
        match log {
            Ok(log) => logs.push(log),
            Err(error) => add(&mut unseen, "its log cannot be read", &error),
        }
    }
    Diagnosis { found: diagnosis::causes(&seen, subject, &logs), unseen }
}

/// Adds the tasks of the revision that there are now.
async fn read_tasks(
    cloud: &Cloud,
    target: &EcsTarget,
    revision: &RevisionArn,
    seen: &mut DeploymentEvidence,
) -> Vec<Cause> {
    let mut unseen = Vec::new();
    let ours = async |which| {
        let tasks = cloud.ecs().tasks(&target.cluster, &target.service, which).await?;
        Ok::<_, AwsError>(tasks.into_iter().filter(|task| task.revision == *revision).collect::<Vec<_>>())
    };
    match ours(WhichTasks::Stopped).await {
        Ok(tasks) => seen.add_stopped(tasks),
        Err(error) => add(&mut unseen, "the stopped tasks cannot be read", &error),
    }
    match ours(WhichTasks::MeantToRun).await {
        Ok(tasks) => seen.running = tasks,
        Err(error) => add(&mut unseen, "the running tasks cannot be read", &error),
    }
    unseen
}

/// Says what could not be read. The same refusal is said once.
fn add(unseen: &mut Vec<Cause>, what: &str, error: &AwsError) {
    let failure = explain(error, Phase::Before);
    let code = failure.causes.first().and_then(|cause| cause.code.clone());
    let is_known = |known: &Cause| known.code == code && known.hint.as_ref() == failure.hints.first();
    if !unseen.iter().any(is_known) {
        let cause = Cause::new(failure.kind, format!("{what}: {}", failure.brief())).code(code);
        unseen.push(Cause { hint: failure.hints.first().cloned(), ..cause });
    }
}

/// The end of a container's log. It is empty where the container does not log to `CloudWatch` Logs.
async fn read_log(cloud: &Cloud, definition: &TaskDefinition, of: LogOf) -> Result<LogTail, AwsError> {
    let lines = match definition.log_destination(&of.container) {
        Some(destination) => last_lines(cloud, &destination, of.task.id()).await?,
        None => Vec::new(),
    };
    Ok(LogTail { of, lines })
}

async fn last_lines(cloud: &Cloud, destination: &LogDestination, task_id: &str) -> Result<Vec<String>, AwsError> {
    let (logs, stream) = (cloud.logs_in(destination.region.as_ref()), destination.stream(task_id));
    let mut reading = Reading::default();
    let ask = async |()| logs.last(&destination.group, &stream, LINES_READ).await;
    poll(Waiting::Silently, (), ask, |elapsed, read| match read {
        Ok(lines) => {
            let is_known = hint_of_log(&lines).is_some();
            reading.see(elapsed, lines, is_known).map(Ok)
        }
        Err(error) => PollStep::Done(Err(error)),
    })
    .await
}
