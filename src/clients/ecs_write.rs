//! What changes something in Amazon ECS. Only a change that gates have let through opens it.

use aws_sdk_ecs::types::{ContainerOverride, LaunchType, NetworkConfiguration, Tag, TaskOverride};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::{Value, json};

use super::aws::{AwsError, call};
use super::ecs::{Ecs, Placement};
use super::ecs_convert as convert;
use super::ecs_error::EcsError;
use crate::domain::ecs::ids::{RevisionArn, Taggable, TaskArn};
use crate::domain::ecs::names::{ClusterName, ContainerName, ServiceName};
use crate::domain::ecs::service::{Service, Task};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::gate::Permit;

/// Amazon ECS in one region, for an authorized change.
#[derive(Debug, Clone)]
pub struct EcsWriter<'p> {
    ecs: Ecs,
    _permit: Permit<'p>,
}

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

impl<'p> EcsWriter<'p> {
    /// The same client, for a change that is authorized.
    pub fn new(ecs: Ecs, permit: Permit<'p>) -> Self {
        Self { ecs, _permit: permit }
    }

    pub(super) fn client(&self) -> &aws_sdk_ecs::Client {
        &self.ecs.client
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
            .ecs
            .client
            .register_task_definition()
            .family(definition.family())
            .customize()
            .interceptor(ReplaceBody(document.to_string()));
        let output = call("ecs:RegisterTaskDefinition", definition.family(), request.send()).await?;
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
            .ecs
            .client
            .update_service()
            .cluster(cluster.as_str())
            .service(service.as_str())
            .task_definition(task_definition.as_str());
        let output = call("ecs:UpdateService", service.as_str(), request.send()).await?;
        let service = output.service().map(convert::service);
        service.ok_or_else(|| AwsError::returned("ecs:UpdateService", "no service"))
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
            .ecs
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
        let output = call("ecs:RunTask", task.task_definition.short(), request.send()).await?;
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
        let request = self.ecs.client.stop_task().cluster(cluster.as_str()).task(arn.as_str()).reason(reason);
        call("ecs:StopTask", arn.id(), request.send()).await?;
        Ok(())
    }

    /// Takes tags off a resource, by key.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn untag<'a>(&self, resource: impl Into<Taggable<'a>>, keys: &[String]) -> Result<(), AwsError> {
        let resource = resource.into();
        let about = resource.arn();
        let request = self.ecs.client.untag_resource().resource_arn(about).set_tag_keys(Some(keys.to_vec()));
        call("ecs:UntagResource", about, request.send()).await?;
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
        let request = self.ecs.client.tag_resource().resource_arn(resource.arn()).set_tags(Some(tags));
        call("ecs:TagResource", resource.arn(), request.send()).await?;
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
