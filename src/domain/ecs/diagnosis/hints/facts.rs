//! What a hint names: the things that the tasks were made from.

use super::super::definition::{health_check, memory_limit, port};
use super::super::finding::DiagnosedCause;
use super::super::seen::DiagnosedRevision;
use crate::domain::ecs::names::ContainerName;
use crate::domain::neutral;

/// The places of a hint with what is in them. What is not known is named by its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts([(&'static str, String); 8]);

impl Facts {
    /// The facts about a finding.
    pub fn new(finding: &DiagnosedCause, subject: DiagnosedRevision<'_>) -> Self {
        let name = |text: &str| format!("`{}`", neutral::phrase(text, 120));
        let container: Option<ContainerName> = match &finding.container {
            Some(container) => container.parse().ok(),
            None => Some(subject.container.clone()),
        };
        let known = subject.definition.zip(container.as_ref());
        let limit = known.and_then(|(definition, container)| memory_limit(definition, container));
        let limit = match limit {
            Some(limit) if limit.of_task => format!("the task's `memory` of {} MiB", limit.mebibytes),
            Some(limit) => format!("the container's `memory` of {} MiB", limit.mebibytes),
            None => "the container's `memory`".to_owned(),
        };
        let role = |role: Option<&str>, what: &str| match role.and_then(|arn| arn.rsplit('/').next()) {
            Some(role) => format!("{what} {}", name(role)),
            None => format!("the {what}"),
        };
        let (execution, task) = subject.definition.map_or((None, None), |it| (it.execution_role(), it.task_role()));
        let log = known.and_then(|(definition, container)| definition.log_destination(container));
        let check = known.and_then(|(definition, container)| health_check(definition, container));
        let its_port = finding.port.or_else(|| known.and_then(|(definition, container)| port(definition, container)));
        let or = |text: Option<String>, otherwise: &str| text.unwrap_or_else(|| otherwise.to_owned());
        Self([
            ("{container}", or(container.map(|it| format!("container {}", name(it.as_str()))), "the container")),
            ("{limit}", limit),
            ("{execution-role}", role(execution, "execution role")),
            ("{task-role}", role(task, "task role")),
            (
                "{target-group}",
                or(finding.target_group.as_deref().map(|it| format!("target group {}", name(it))), "the target group"),
            ),
            ("{port}", or(its_port.map(|port| format!("port {port}")), "the container's port")),
            ("{log-group}", or(log.map(|it| format!("log group {}", name(&it.group))), "the log group")),
            ("{check}", or(check.map(|check| format!("`{check}`")), "its command")),
        ])
    }

    /// A hint with the facts in its places.
    pub fn fill(&self, hint: &str) -> String {
        self.0.iter().fold(hint.to_owned(), |hint, (place, fact)| hint.replace(place, fact))
    }
}
