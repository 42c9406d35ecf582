//! From the SDK's types to those of shipgate. Its enums are open; these are closed with a variant for what is newer than this program.

use aws_sdk_ecs::types;
use serde_json::Value;

use super::aws::{AwsError, timestamp};
use super::ecs_settings;
use crate::domain::ecs::ids::ServiceArn;
use crate::domain::ecs::ledger;
use crate::domain::ecs::service::{
    Controller, Deployment, Health, RolloutState, Service, ServiceEvent, ServiceStatus, Task, TaskContainer,
    TaskRevision,
};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::{hold, neutral, origin};

/// A service.
pub fn service(raw: &types::Service) -> Service {
    let tags = service_tags(raw);
    Service {
        arn: name(raw.service_arn()).into(),
        status: match raw.status().unwrap_or_default() {
            "ACTIVE" => ServiceStatus::Active,
            "DRAINING" => ServiceStatus::Draining,
            "INACTIVE" => ServiceStatus::Inactive,
            other => ServiceStatus::Other(neutral::phrase(other, 40)),
        },
        controller: match raw.deployment_controller().map(|controller| controller.r#type().as_str()) {
            None | Some("ECS") => Controller::Ecs,
            Some(other) => Controller::Other(neutral::phrase(other, 40)),
        },
        desired: raw.desired_count(),
        running: raw.running_count(),
        deployments: raw.deployments().iter().map(deployment).collect(),
        events: raw.events().iter().take(10).map(event).collect(),
        holds: hold::read(&tags),
        tag_keys: ledger::keys(&tags),
        settings: Box::new(ecs_settings::settings(raw)),
        announced: origin::read(&tags),
    }
}

fn service_tags(raw: &types::Service) -> Vec<(String, String)> {
    let pair = |tag: &types::Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    raw.tags().iter().filter_map(pair).collect()
}

/// A name or an ARN: neutral at the border, since it is shown. A real one is not changed by that.
fn name(text: Option<&str>) -> String {
    neutral::phrase(text.unwrap_or_default(), 2048)
}

fn deployment(raw: &types::Deployment) -> Deployment {
    Deployment {
        id: name(raw.id()).into(),
        is_primary: raw.status() == Some("PRIMARY"),
        task_definition: name(raw.task_definition()).into(),
        rollout_state: raw.rollout_state().map(|state| match state.as_str() {
            "COMPLETED" => RolloutState::Completed,
            "FAILED" => RolloutState::Failed,
            "IN_PROGRESS" => RolloutState::InProgress,
            other => RolloutState::Other(neutral::phrase(other, 40)),
        }),
        reason: raw.rollout_state_reason().map(|reason| neutral::phrase(reason, 300)),
        desired: raw.desired_count(),
        running: raw.running_count(),
        pending: raw.pending_count(),
        failed: raw.failed_tasks(),
        created: timestamp(raw.created_at()),
        updated: timestamp(raw.updated_at()),
    }
}

fn event(raw: &types::ServiceEvent) -> ServiceEvent {
    ServiceEvent { id: raw.id().unwrap_or_default().to_owned(), message: event_message(raw) }
}

/// What an event says. The reason of a target stands behind two ARNs.
pub fn event_message(raw: &types::ServiceEvent) -> String {
    neutral::phrase(raw.message().unwrap_or_default(), 500)
}

/// How much is kept of a reason: ECS gives up to 1024 characters
/// ([Task](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html)).
const REASON: usize = 1024;

/// A task.
pub fn task(raw: &types::Task) -> Task {
    Task {
        arn: name(raw.task_arn()).into(),
        revision: name(raw.task_definition_arn()).into(),
        last_status: neutral::phrase(raw.last_status().unwrap_or_default(), 40),
        health: health(raw.health_status()),
        created: timestamp(raw.created_at()),
        stop_code: raw.stop_code().map(|code| neutral::phrase(code.as_str(), 60)),
        stopped_reason: raw.stopped_reason().map(|reason| neutral::phrase(reason, REASON)),
        containers: raw.containers().iter().map(container).collect(),
    }
}

fn container(raw: &types::Container) -> TaskContainer {
    TaskContainer {
        name: name(raw.name()),
        last_status: raw.last_status().map(|status| neutral::phrase(status, 40)),
        health: health(raw.health_status()),
        digest: raw.image_digest().and_then(|digest| digest.parse().ok()),
        exit_code: raw.exit_code(),
        reason: raw.reason().map(|reason| neutral::phrase(reason, REASON)),
    }
}

fn health(raw: Option<&types::HealthStatus>) -> Health {
    match raw.map(types::HealthStatus::as_str) {
        None | Some("UNKNOWN") => Health::Unknown,
        Some("HEALTHY") => Health::Healthy,
        Some("UNHEALTHY") => Health::Unhealthy,
        Some(other) => Health::Other(neutral::phrase(other, 40)),
    }
}

/// A revision from the raw answer of `DescribeTaskDefinition`, with shipgate's entry for a service.
///
/// # Errors
///
/// The answer is no task definition.
pub fn revision(document: Value, service: &ServiceArn) -> Result<TaskRevision, AwsError> {
    let unusable = || AwsError::returned("ecs:DescribeTaskDefinition", "no task definition");
    let arn = document.pointer("/taskDefinition/taskDefinitionArn").and_then(Value::as_str).ok_or_else(unusable)?;
    let arn = name(Some(arn)).into();
    let tags = tags(&document);
    let definition = TaskDefinition::from_json(document).map_err(|error| unusable().because(error))?;
    let ledger = ledger::read(&tags, service);
    let is_of_service = ledger::is_of(&tags, service);
    let holds = if is_of_service == Some(true) { hold::read(&tags) } else { Vec::new() };
    let tag_keys = ledger::keys(&tags);
    let other_tags = tags.into_iter().filter(|(key, _)| ledger::is_foreign(key)).collect();
    let of_another = is_of_service == Some(false);
    Ok(TaskRevision { arn, definition, ledger, other_tags, holds, tag_keys, of_another })
}

fn tags(document: &Value) -> Vec<(String, String)> {
    let tags = document.get("tags").and_then(Value::as_array).into_iter().flatten();
    tags.filter_map(|tag| {
        let text = |key: &str| tag.get(key).and_then(Value::as_str).map(str::to_owned);
        Some((text("key")?, text("value").unwrap_or_default()))
    })
    .collect()
}
