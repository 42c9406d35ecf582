//! Amazon ECS: one method for each question. What changes something is in `ecs_write`.

use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_sdk_ecs::types::{DesiredStatus, SortOrder, TaskDefinitionField};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use serde_json::Value;

use super::aws::{AwsError, call, timestamp};
use super::ecs_batch::Batches;
use super::ecs_convert as convert;
pub use super::ecs_error::EcsError;
use super::ecs_retry::RetryRaces;
use crate::domain::ecs::ids::{RevisionArn, ServiceArn, TaskArn};
use crate::domain::ecs::names::{ClusterName, ServiceName};
use crate::domain::ecs::service::{Service, Task, TaskRevision};

/// Maximum number of tasks in one `DescribeTasks`.
const TASKS_AT_ONCE: usize = 100;

/// Amazon ECS in one region.
#[derive(Debug, Clone)]
pub struct Ecs {
    pub(super) client: aws_sdk_ecs::Client,
    services: Batches,
}

/// How a service places its tasks, for a one-off task beside it.
#[derive(Debug, Clone)]
pub struct Placement(pub(super) aws_sdk_ecs::types::Service);

impl Ecs {
    /// A client.
    pub fn new(config: &SdkConfig) -> Self {
        let config = aws_sdk_ecs::config::Builder::from(config).retry_classifier(RetryRaces).build();
        Self { client: aws_sdk_ecs::Client::from_conf(config), services: Batches::default() }
    }

    /// A service with its placement. `None`: there is none of that name in the cluster.
    ///
    /// # Errors
    ///
    /// The call failed, or the cluster does not exist.
    pub async fn service(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
    ) -> Result<Option<(Service, Placement)>, EcsError> {
        self.find(cluster, service).await.map_err(|error| {
            if error.is("ClusterNotFoundException") {
                return EcsError::NoCluster { cluster: cluster.clone(), error: Box::new(error) };
            }
            error.into()
        })
    }

    /// The same where neither has to exist.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn service_if_any(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
    ) -> Result<Option<(Service, Placement)>, AwsError> {
        match self.find(cluster, service).await {
            Err(error) if error.is("ClusterNotFoundException") => Ok(None),
            found => found,
        }
    }

    async fn find(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
    ) -> Result<Option<(Service, Placement)>, AwsError> {
        let found = self.services.ask(&self.client, cluster, service).await?;
        Ok(found.map(|raw| (convert::service(&raw), Placement(raw))))
    }

    /// A revision by ARN, in raw JSON, with shipgate's entry for a service, by the service's ARN.
    ///
    /// # Errors
    ///
    /// The call failed, or the answer is no task definition.
    pub async fn revision(&self, arn: &RevisionArn, service: &ServiceArn) -> Result<TaskRevision, AwsError> {
        let body = CaptureBody::default();
        let request = self
            .client
            .describe_task_definition()
            .task_definition(arn.as_str())
            .include(TaskDefinitionField::Tags)
            .customize()
            .interceptor(body.clone());
        call("ecs:DescribeTaskDefinition", arn.short(), request.send()).await?;
        let document = body.json("ecs:DescribeTaskDefinition")?;
        convert::revision(document, service)
    }

    /// The ARNs of a family's active revisions, newest first, at most `most`.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn newest_revisions(&self, family: &str, most: usize) -> Result<Vec<RevisionArn>, AwsError> {
        // AWS gives at most 100 a page.
        let page = i32::try_from(most.min(100)).unwrap_or(100);
        let request = self.client.list_task_definitions().family_prefix(family).sort(SortOrder::Desc).max_results(page);
        // The prefix also matches families with a longer name.
        let of_family = |arn: &RevisionArn| arn.family() == Some(family);
        let mut arns = Vec::new();
        let mut next = None;
        while arns.len() < most {
            let request = request.clone().set_next_token(next.take());
            let output = call("ecs:ListTaskDefinitions", family, request.send()).await?;
            let found = output.task_definition_arns.unwrap_or_default().into_iter().map(RevisionArn::from);
            arns.extend(found.filter(of_family));
            next = output.next_token;
            if next.is_none() {
                break;
            }
        }
        arns.truncate(most);
        Ok(arns)
    }

    /// Revisions by ARN, in the same order, several at a time, with shipgate's entries for a service.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn revisions(&self, arns: Vec<RevisionArn>, service: &ServiceArn) -> Result<Vec<TaskRevision>, AwsError> {
        const AT_ONCE: usize = 8;
        let described = arns.into_iter().map(|arn| async move { self.revision(&arn, service).await });
        stream::iter(described).buffered(AT_ONCE).try_collect().await
    }

    /// The tasks of a service that are meant to run, or the stopped ones that ECS still remembers (about an hour).
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn tasks(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
        which: WhichTasks,
    ) -> Result<Vec<Task>, AwsError> {
        let status = match which {
            WhichTasks::MeantToRun => DesiredStatus::Running,
            WhichTasks::Stopped => DesiredStatus::Stopped,
        };
        let arns = self.task_arns(cluster, service, status).await?;
        self.describe_tasks(cluster, &arns).await
    }

    /// The ARNs of a service's tasks that stopped, or were asked to, as far as ECS remembers them (about an hour).
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn stopped_tasks(&self, cluster: &ClusterName, service: &ServiceName) -> Result<Vec<TaskArn>, AwsError> {
        self.task_arns(cluster, service, DesiredStatus::Stopped).await
    }

    async fn task_arns(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
        status: DesiredStatus,
    ) -> Result<Vec<TaskArn>, AwsError> {
        let request = self.client.list_tasks().cluster(cluster.as_str()).service_name(service.as_str());
        let mut pages = request.desired_status(status).into_paginator().items().send();
        let mut arns = Vec::new();
        while let Some(arn) = pages.next().await {
            arns.push(arn.map_err(|error| AwsError::new("ecs:ListTasks", error))?.into());
        }
        Ok(arns)
    }

    /// The events of a service since the deployment of a revision began, newest first; where that is no longer in its list,
    /// since `otherwise`.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn events(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
        revision: &RevisionArn,
        otherwise: Option<Timestamp>,
    ) -> Result<Vec<String>, AwsError> {
        let Some(raw) = self.services.ask(&self.client, cluster, service).await? else { return Ok(Vec::new()) };
        let ours = raw.deployments().iter().filter(|it| it.task_definition() == Some(revision.as_str()));
        let began = ours.filter_map(|deployment| timestamp(deployment.created_at())).min().or(otherwise);
        let Some(began) = began else { return Ok(Vec::new()) };
        let events = raw.events().iter().filter(|event| timestamp(event.created_at()).is_some_and(|at| at >= began));
        Ok(events.map(convert::event_message).collect())
    }

    /// Tasks that run and were started by a name.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn tasks_started_by(&self, cluster: &ClusterName, started_by: &str) -> Result<Vec<Task>, AwsError> {
        let request = self.client.list_tasks().cluster(cluster.as_str()).started_by(started_by);
        let output = call("ecs:ListTasks", cluster.as_str(), request.send()).await?;
        let arns: Vec<TaskArn> = output.task_arns.unwrap_or_default().into_iter().map(Into::into).collect();
        self.describe_tasks(cluster, &arns).await
    }

    /// Tasks by ARN. Those that ECS does not know (yet, or any more) are left out.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn describe_tasks(&self, cluster: &ClusterName, arns: &[TaskArn]) -> Result<Vec<Task>, AwsError> {
        let mut tasks = Vec::with_capacity(arns.len());
        for some in arns.chunks(TASKS_AT_ONCE) {
            let request = self
                .client
                .describe_tasks()
                .cluster(cluster.as_str())
                .set_tasks(Some(some.iter().map(ToString::to_string).collect()));
            let output = call("ecs:DescribeTasks", cluster.as_str(), request.send()).await?;
            tasks.extend(output.tasks().iter().map(convert::task));
        }
        Ok(tasks)
    }
}

/// Which of a service's tasks are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichTasks {
    /// Running, or on the way there.
    MeantToRun,
    /// Stopped, or asked to stop.
    Stopped,
}

/// Keeps the body of an answer as it came.
#[derive(Clone, Default)]
struct CaptureBody(Arc<Mutex<Option<Vec<u8>>>>);

impl std::fmt::Debug for CaptureBody {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CaptureBody")
    }
}

impl CaptureBody {
    fn json(&self, operation: &'static str) -> Result<Value, AwsError> {
        let bytes = self.0.lock().ok().and_then(|mut body| body.take()).unwrap_or_default();
        serde_json::from_slice(&bytes).map_err(|error| AwsError::returned(operation, "no JSON").because(error))
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for CaptureBody {
    fn name(&self) -> &'static str {
        "CaptureBody"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let (Some(bytes), Ok(mut body)) = (context.response().body().bytes(), self.0.lock()) {
            *body = Some(bytes.to_vec());
        }
        Ok(())
    }
}
