//! Service deployments: what ECS shows of a deployment beside its service, and how it is stopped.
//!
//! Their ARNs are not the ids of `deployments[]`. A service deployment is found by its target: the service revision, which
//! names the task-definition revision
//! ([ListServiceDeployments](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html)).

use aws_sdk_ecs::types::{self, StopServiceDeploymentStopType};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use super::aws::{AwsError, call};
use super::ecs::Ecs;
use super::ecs_write::EcsWriter;
use crate::domain::ecs::ids::{RevisionArn, ServiceDeploymentArn};
use crate::domain::ecs::lifecycle::{Lifecycle, LifecycleStatus};
use crate::domain::ecs::names::{ClusterName, ServiceName};
use crate::domain::neutral;

/// Maximum number that AWS describes at once.
const AT_ONCE: i32 = 20;

impl Ecs {
    /// The newest service deployment that rolls out a revision, created at a time or later. `None`: none is listed.
    ///
    /// # Errors
    ///
    /// A call failed: not every region, and not every role, has these.
    pub async fn service_deployment(
        &self,
        cluster: &ClusterName,
        service: &ServiceName,
        revision: &RevisionArn,
        since: Option<Timestamp>,
    ) -> Result<Option<ServiceDeploymentArn>, AwsError> {
        let request = self.client.list_service_deployments().cluster(cluster.as_str()).service(service.as_str());
        let output = call("ecs:ListServiceDeployments", service.as_str(), request.max_results(AT_ONCE).send()).await?;
        let is_later = |brief: &&types::ServiceDeploymentBrief| {
            let created = brief.created_at().map(DateTime::secs);
            since.zip(created).is_none_or(|(since, created)| created >= since.as_second())
        };
        let mut listed: Vec<_> = output.service_deployments().iter().filter(is_later).collect();
        listed.sort_by_key(|brief| std::cmp::Reverse(brief.created_at().map(DateTime::secs)));
        let targets =
            listed.iter().filter_map(|brief| brief.target_service_revision_arn()).map(str::to_owned).collect();
        let of_revision = self.service_revisions_of(revision, targets).await?;
        let is_its = |brief: &&&types::ServiceDeploymentBrief| {
            brief.target_service_revision_arn().is_some_and(|arn| of_revision.iter().any(|known| known == arn))
        };
        let found = listed.iter().find(is_its).and_then(|brief| brief.service_deployment_arn());
        Ok(found.map(|arn| neutral::phrase(arn, 2048).into()))
    }

    /// Those service revisions, by ARN, that have a task-definition revision.
    async fn service_revisions_of(&self, revision: &RevisionArn, arns: Vec<String>) -> Result<Vec<String>, AwsError> {
        if arns.is_empty() {
            return Ok(Vec::new());
        }
        let request = self.client.describe_service_revisions().set_service_revision_arns(Some(arns));
        let output = call("ecs:DescribeServiceRevisions", revision.short(), request.send()).await?;
        let of_revision =
            output.service_revisions().iter().filter(|it| it.task_definition() == Some(revision.as_str()));
        Ok(of_revision.filter_map(|it| it.service_revision_arn().map(str::to_owned)).collect())
    }

    /// How far a service deployment is. `None`: ECS does not know it.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn lifecycle(&self, arn: &ServiceDeploymentArn) -> Result<Option<Lifecycle>, AwsError> {
        let request = self.client.describe_service_deployments().service_deployment_arns(arn.as_str());
        let output = call("ecs:DescribeServiceDeployments", arn.as_str(), request.send()).await?;
        Ok(output.service_deployments().first().map(lifecycle))
    }
}

impl EcsWriter<'_> {
    /// Stops a service deployment, and has ECS go back to the one before it.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn stop_service_deployment(&self, arn: &ServiceDeploymentArn) -> Result<(), AwsError> {
        let request = self.client().stop_service_deployment().service_deployment_arn(arn.as_str());
        let request = request.stop_type(StopServiceDeploymentStopType::Rollback);
        call("ecs:StopServiceDeployment", arn.as_str(), request.send()).await?;
        Ok(())
    }
}

fn lifecycle(raw: &types::ServiceDeployment) -> Lifecycle {
    let word = |text: &str| neutral::phrase(text, 40);
    let is_waiting = |hook: &&types::DeploymentLifecycleHookDetail| {
        hook.status() == Some(&types::DeploymentLifecycleHookStatus::AwaitingAction)
    };
    let reason = raw.rollback().and_then(|rollback| rollback.reason()).or(raw.status_reason());
    Lifecycle {
        status: match raw.status().map_or("", types::ServiceDeploymentStatus::as_str) {
            "PENDING" | "IN_PROGRESS" => LifecycleStatus::GoesOn,
            "SUCCESSFUL" => LifecycleStatus::Successful,
            "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => LifecycleStatus::RollingBack,
            "ROLLBACK_SUCCESSFUL" => LifecycleStatus::RolledBack,
            "ROLLBACK_FAILED" => LifecycleStatus::RollbackFailed,
            "STOPPED" => LifecycleStatus::Stopped,
            other => LifecycleStatus::Other(word(other)),
        },
        stage: raw.lifecycle_stage().map(|stage| word(stage.as_str())),
        reason: reason.map(|reason| neutral::phrase(reason, 300)),
        waits_for: raw
            .lifecycle_hook_details()
            .iter()
            .find(is_waiting)
            .map(|hook| word(hook.hook_id().unwrap_or("PAUSE"))),
    }
}
