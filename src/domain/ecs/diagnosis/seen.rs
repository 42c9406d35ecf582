//! What a diagnosis is made from.

use crate::domain::ecs::ids::TaskArn;
use crate::domain::ecs::names::ContainerName;
use crate::domain::ecs::service::Task;
use crate::domain::ecs::task_definition::TaskDefinition;

/// What was seen of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeploymentEvidence {
    /// The tasks of its revision that stopped, each once.
    pub stopped: Vec<Task>,
    /// Those of its revision that are meant to run.
    pub running: Vec<Task>,
    /// The events of the service since it began, newest first, in the words of ECS: foreign text.
    pub events: Vec<String>,
}

impl DeploymentEvidence {
    /// Adds tasks that stopped. What was seen of a task last is what counts.
    pub fn add_stopped(&mut self, tasks: impl IntoIterator<Item = Task>) {
        for task in tasks {
            self.stopped.retain(|known| known.arn != task.arn);
            self.stopped.push(task);
        }
    }
}

/// What the tasks were made from.
#[derive(Debug, Clone, Copy)]
pub struct DiagnosedRevision<'a> {
    /// The content of their revision. Absent: less can be said of limits and roles.
    pub definition: Option<&'a TaskDefinition>,
    /// The container that gets the image.
    pub container: &'a ContainerName,
}

/// The log of a container in a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOf {
    /// The container.
    pub container: ContainerName,
    /// The task.
    pub task: TaskArn,
}

/// The last lines of a log, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogTail {
    /// Whose it is.
    pub of: LogOf,
    /// The lines: foreign text, neutral.
    pub lines: Vec<String>,
}
