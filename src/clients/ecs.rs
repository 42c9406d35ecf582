//! Amazon ECS: one method for each question and each change.

use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_sdk_ecs::types::{
    ContainerOverride, DesiredStatus, LaunchType, NetworkConfiguration, SortOrder, Tag, TaskDefinitionField,
    TaskOverride,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use super::aws::{AwsError, call};
use super::ecs_batch::Batches;
use super::ecs_convert as convert;
pub use super::ecs_error::EcsError;
use super::ecs_retry::RetryRaces;
use crate::domain::ecs::ids::{RevisionArn, ServiceArn, Taggable, TaskArn};
use crate::domain::ecs::names::{ClusterName, ContainerName, ServiceName};
use crate::domain::ecs::service::{Revision, Service, Task};
use crate::domain::ecs::task_definition::TaskDefinition;

/// `DescribeTasks` takes so many at once.
const TASKS_AT_ONCE: usize = 100;

/// Amazon ECS in one region.
#[derive(Debug, Clone)]
pub struct Ecs {
    client: aws_sdk_ecs::Client,
    services: Batches,
}

/// How a service places its tasks, for a one-off task beside it.
#[derive(Debug, Clone)]
pub struct Placement(aws_sdk_ecs::types::Service);

/// A one-off task to start.
#[derive(Debug)]
pub struct OneOffTask<'a> {
    /// The cluster.
    pub cluster: &'a ClusterName,
    /// The revision.
    pub task_definition: &'a RevisionArn,
    /// The container whose command is replaced.
    pub container: &'a ContainerName,
    /// The command.
    pub command: Vec<String>,
    /// How the service places its tasks.
    pub placement: &'a Placement,
    /// What the task is found by while it runs, at most 128 characters.
    pub started_by: &'a str,
    /// The same token starts the same task, not a second one.
    pub client_token: &'a str,
}

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

    /// A revision by ARN, in raw JSON, with our entry for a service, by the service's ARN.
    ///
    /// # Errors
    ///
    /// The call failed, or the answer is no task definition.
    pub async fn revision(&self, arn: &RevisionArn, service: &ServiceArn) -> Result<Revision, AwsError> {
        let body = CaptureBody::default();
        let request = self
            .client
            .describe_task_definition()
            .task_definition(arn.as_str())
            .include(TaskDefinitionField::Tags)
            .customize()
            .interceptor(body.clone());
        call("ecs:DescribeTaskDefinition", request.send()).await?;
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
            let output = call("ecs:ListTaskDefinitions", request.send()).await?;
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

    /// Revisions by ARN, in the same order, several at a time, with our entries for a service.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn revisions(&self, arns: Vec<RevisionArn>, service: &ServiceArn) -> Result<Vec<Revision>, AwsError> {
        const AT_ONCE: usize = 8;
        let described = arns.into_iter().map(|arn| async move { self.revision(&arn, service).await });
        stream::iter(described).buffered(AT_ONCE).try_collect().await
    }

    /// Registers a revision from raw JSON, so that no field is lost that this SDK does not know.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn register(
        &self,
        definition: &TaskDefinition,
        tags: &[(String, String)],
    ) -> Result<RevisionArn, AwsError> {
        let mut document = definition.to_json();
        if let (false, Some(fields)) = (tags.is_empty(), document.as_object_mut()) {
            let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
            fields.insert("tags".to_owned(), Value::from(tags));
        }
        let request = self
            .client
            .register_task_definition()
            .family(definition.family())
            .customize()
            .interceptor(ReplaceBody(document.to_string()));
        let output = call("ecs:RegisterTaskDefinition", request.send()).await?;
        let arn = output.task_definition().and_then(|registered| registered.task_definition_arn());
        arn.map(RevisionArn::from).ok_or_else(|| AwsError::returned("ecs:RegisterTaskDefinition", "no ARN"))
    }

    /// Points a service at a revision, and changes nothing else. Returns the service afterwards.
    ///
    /// # Errors
    ///
    /// The call failed. Unless it was refused, the service may have taken the update.
    pub async fn update_service(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
        task_definition: &RevisionArn,
    ) -> Result<Service, AwsError> {
        let request = self
            .client
            .update_service()
            .cluster(cluster.as_str())
            .service(service.as_str())
            .task_definition(task_definition.as_str());
        let output = call("ecs:UpdateService", request.send()).await?;
        let service = output.service().map(convert::service);
        service.ok_or_else(|| AwsError::returned("ecs:UpdateService", "no service"))
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
        let request = self.client.list_tasks().cluster(cluster.as_str()).service_name(service.as_str());
        let status = match which {
            WhichTasks::MeantToRun => DesiredStatus::Running,
            WhichTasks::Stopped => DesiredStatus::Stopped,
        };
        let mut pages = request.desired_status(status).into_paginator().items().send();
        let mut arns = Vec::new();
        while let Some(arn) = pages.next().await {
            arns.push(arn.map_err(|error| AwsError::new("ecs:ListTasks", error))?.into());
        }
        self.describe_tasks(cluster, &arns).await
    }

    /// Tasks that run and were started by a name.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn tasks_started_by(&self, cluster: &ClusterName, started_by: &str) -> Result<Vec<Task>, AwsError> {
        let request = self.client.list_tasks().cluster(cluster.as_str()).started_by(started_by);
        let output = call("ecs:ListTasks", request.send()).await?;
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
            let output = call("ecs:DescribeTasks", request.send()).await?;
            tasks.extend(output.tasks().iter().map(convert::task));
        }
        Ok(tasks)
    }

    /// Starts a one-off task where the service's tasks run.
    ///
    /// # Errors
    ///
    /// The call failed, or no task could be placed.
    pub async fn run_task(&self, task: &OneOffTask<'_>) -> Result<Task, EcsError> {
        let Placement(service) = task.placement;
        let container =
            ContainerOverride::builder().name(task.container.as_str()).set_command(Some(task.command.clone())).build();
        let strategy = service.capacity_provider_strategy.clone().filter(|strategy| !strategy.is_empty());
        let launch_type: Option<LaunchType> = service.launch_type.clone().filter(|_| strategy.is_none());
        let network: Option<NetworkConfiguration> = service.network_configuration.clone();
        let request = self
            .client
            .run_task()
            .cluster(task.cluster.as_str())
            .task_definition(task.task_definition.as_str())
            .set_network_configuration(network)
            .set_launch_type(launch_type)
            .set_capacity_provider_strategy(strategy)
            .set_platform_version(service.platform_version.clone())
            .overrides(TaskOverride::builder().container_overrides(container).build())
            .started_by(task.started_by)
            .client_token(task.client_token)
            .count(1);
        let output = call("ecs:RunTask", request.send()).await?;
        // RunTask answers 200 with failures and no task when there is no room.
        output.tasks().first().map(convert::task).ok_or_else(|| {
            let failures = output.failures().iter();
            let reasons = failures.filter_map(|failure| failure.reason().or(failure.detail()));
            EcsError::NotPlaced { reasons: reasons.map(str::to_owned).collect() }
        })
    }

    /// Stops a task.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn stop_task(&self, cluster: &ClusterName, arn: &TaskArn, reason: &str) -> Result<(), AwsError> {
        let request = self.client.stop_task().cluster(cluster.as_str()).task(arn.as_str()).reason(reason);
        call("ecs:StopTask", request.send()).await?;
        Ok(())
    }

    /// Takes tags off a resource, by key.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn untag<'a>(&self, resource: impl Into<Taggable<'a>>, keys: &[String]) -> Result<(), AwsError> {
        let request =
            self.client.untag_resource().resource_arn(resource.into().arn()).set_tag_keys(Some(keys.to_vec()));
        call("ecs:UntagResource", request.send()).await?;
        Ok(())
    }

    /// Writes tags on a resource.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn tag<'a>(&self, resource: impl Into<Taggable<'a>>, tags: &[(String, String)]) -> Result<(), AwsError> {
        self.write_tags(resource.into(), tags).await
    }

    /// The same where the resource may have no room for them.
    ///
    /// # Errors
    ///
    /// The call failed for another reason.
    pub async fn tag_if_room<'a>(
        &self,
        resource: impl Into<Taggable<'a>>,
        tags: &[(String, String)],
    ) -> Result<Tagged, AwsError> {
        let resource = resource.into();
        match self.write_tags(resource, tags).await {
            Ok(()) => Ok(Tagged::Written),
            Err(error) if NO_ROOM.iter().any(|code| error.is(code)) => Ok(Tagged::NoRoom(error.message)),
            // A revision that was deregistered takes no tags.
            Err(error) if matches!(resource, Taggable::Revision(_)) && error.is("ClientException") => {
                Ok(Tagged::NoRoom(error.message))
            }
            Err(error) => Err(error),
        }
    }

    async fn write_tags(&self, resource: Taggable<'_>, tags: &[(String, String)]) -> Result<(), AwsError> {
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        let request = self.client.tag_resource().resource_arn(resource.arn()).set_tags(Some(tags));
        call("ecs:TagResource", request.send()).await?;
        Ok(())
    }
}

/// Whether a tag was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tagged {
    /// It was.
    Written,
    /// AWS says that the resource cannot have it: it has as many as there may be, or takes none.
    NoRoom(String),
}

/// The codes with which AWS refuses a tag for what the resource is or has
/// ([TagResource](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html)).
const NO_ROOM: [&str; 3] = ["InvalidParameterException", "LimitExceededException", "TooManyTagsException"];

/// Which of a service's tasks are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichTasks {
    /// Running, or on the way there.
    MeantToRun,
    /// Stopped, or told to stop.
    Stopped,
}

/// Sends another body than the one that the typed request makes. It runs before signing, at each attempt.
struct ReplaceBody(String);

impl std::fmt::Debug for ReplaceBody {
    /// The body holds the values of variables, and the SDK's logs show interceptors.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ReplaceBody")
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for ReplaceBody {
    fn name(&self) -> &'static str {
        "ReplaceBody"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.headers_mut().insert("content-length", self.0.len().to_string());
        *request.body_mut() = SdkBody::from(self.0.as_str());
        Ok(())
    }
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
