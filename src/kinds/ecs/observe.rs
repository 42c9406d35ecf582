//! Looks at an ECS service before planning.

use crate::clients::ecs::EcsError;
use crate::domain::contract::ReadValues;
use crate::domain::ecs::ids::RevisionArn;
use crate::domain::ecs::plan::{EcsFacts, was_deployed};
use crate::domain::ecs::service::{Controller, Service, ServiceStatus, TaskRevision};
use crate::domain::ecs::target::{EcsTarget, TaskDefinitionSource};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::ecs::values;
use crate::domain::failure::{Cause, Failure};
use crate::domain::file_line::{FileLine, in_brackets};
use crate::domain::plan::PlanError;
use crate::explain::{Phase, explain};
use crate::observe::{Cloud, DefinitionFiles};
use crate::together;

/// How many revisions of a family are looked at in the end, besides the live one. Where the live one is of shipgate and the
/// newest, as it is after every release, that is none.
pub const REVISIONS_READ: usize = 100;
/// How many are asked for together.
const TOGETHER: usize = 5;

/// Everything that planning needs to know.
///
/// # Errors
///
/// The service is missing, cannot take a deployment, or cannot be looked at; the task-definition file is unusable.
pub async fn facts(cloud: &Cloud, target: &EcsTarget, files: &DefinitionFiles) -> Result<EcsFacts, Failure> {
    let file = match &target.task_definition {
        TaskDefinitionSource::Live => None,
        TaskDefinitionSource::File(path) => {
            files.read(path).await?.map(|text| task_definition(path, &text)).transpose()?
        }
    };
    let service = deployable_service(cloud, target).await?;
    let ecs = cloud.ecs();
    // Neither needs the other: the ARN has the family.
    let listed = async {
        let family = service.primary().and_then(|primary| primary.task_definition.family());
        Ok(ecs.newest_revisions(family.unwrap_or("-"), REVISIONS_READ).await?)
    };
    let (live, listed) = together::try_both(live_revision(cloud, target, &service), listed).await?;
    let others = described(cloud, &service, &live, &listed).await?;
    Ok(EcsFacts { service, live, others, listed, file, source: None })
}

/// The service, whatever its state.
///
/// # Errors
///
/// It is missing, or cannot be looked at.
pub async fn service(cloud: &Cloud, target: &EcsTarget) -> Result<Service, Failure> {
    match cloud.ecs().service(&target.cluster, &target.service).await {
        Ok(Some((service, _))) => Ok(service),
        Ok(None) => Err(missing(cloud, &name(target), "service", target.service_line.as_deref())),
        Err(error @ EcsError::NoCluster { .. }) => {
            let cluster = format!("cluster `{}`", target.cluster);
            let failure = missing(cloud, &cluster, "cluster", target.cluster_line.as_deref());
            let hint = failure.hints.first().cloned();
            let causes = explain(&error, Phase::Before).causes.into_iter();
            Err(causes.map(|cause| Cause { hint: hint.clone(), ..cause }).fold(failure, Failure::because))
        }
        Err(error) => Err(error.into()),
    }
}

/// Nothing of a name where the environment is. `line`: where the key is written that names it.
fn missing(cloud: &Cloud, what: &str, key: &str, line: Option<&FileLine>) -> Failure {
    let (region, account, line) = (cloud.region(), &cloud.account, in_brackets(line));
    Failure::failed(format!("{what} does not exist in {region} of {account}"))
        .hint(format!("create it (shipgate never does), or correct `{key}`{line}, `prefix`, `region` or the account"))
}

/// The service, when it was not deleted.
///
/// # Errors
///
/// It is missing or deleted, or cannot be looked at.
pub async fn active_service(cloud: &Cloud, target: &EcsTarget) -> Result<Service, Failure> {
    active(service(cloud, target).await?, target)
}

/// The service, when it can take a deployment of shipgate.
async fn deployable_service(cloud: &Cloud, target: &EcsTarget) -> Result<Service, Failure> {
    let service = service(cloud, target).await?;
    match &service.controller {
        Controller::Ecs => active(service, target),
        Controller::Other(controller) => {
            Err(Failure::invalid(format!("{} has deployment controller {controller}", name(target)))
                .hint("shipgate deploys services whose deployment controller is ECS"))
        }
    }
}

fn active(service: Service, target: &EcsTarget) -> Result<Service, Failure> {
    match &service.status {
        ServiceStatus::Active => Ok(service),
        ServiceStatus::Draining | ServiceStatus::Inactive | ServiceStatus::Other(_) => {
            Err(Failure::failed(format!("{} is not active: it was deleted, or is being deleted", name(target)))
                .hint("create it again, or correct `service`"))
        }
    }
}

fn name(target: &EcsTarget) -> String {
    format!("service `{}` of cluster `{}`", target.service, target.cluster)
}

/// The revision that the primary deployment runs.
///
/// # Errors
///
/// There is none, or it cannot be read.
pub async fn live_revision(cloud: &Cloud, target: &EcsTarget, service: &Service) -> Result<TaskRevision, Failure> {
    let primary = service.primary().ok_or_else(|| {
        Failure::failed(format!("service `{}` has no primary deployment", target.service))
            .hint("open the service in the console; run it again when it has one")
    })?;
    Ok(cloud.ecs().revision(&primary.task_definition, &service.arn).await?)
}

/// The variables of the configured container, as the primary deployment has them.
///
/// # Errors
///
/// The service is missing or cannot be looked at, or has no such container.
pub async fn values(cloud: &Cloud, target: &EcsTarget) -> Result<ReadValues, Failure> {
    let service = active_service(cloud, target).await?;
    let live = live_revision(cloud, target, &service).await?;
    Ok(values::of_revision(&live, &target.container).map_err(PlanError::from)?)
}

/// Revisions of the family that matter beside the live one: newer ones, which an earlier run may have left unused, and
/// where the live one is not of shipgate, older ones down to the last that shipgate deployed. It has the holds that stand.
///
/// # Errors
///
/// They cannot be read.
pub async fn other_revisions(
    cloud: &Cloud,
    service: &Service,
    live: &TaskRevision,
) -> Result<Vec<TaskRevision>, Failure> {
    let listed = cloud.ecs().newest_revisions(live.definition.family(), REVISIONS_READ).await?;
    described(cloud, service, live, &listed).await
}

async fn described(
    cloud: &Cloud,
    service: &Service,
    live: &TaskRevision,
    listed: &[RevisionArn],
) -> Result<Vec<TaskRevision>, Failure> {
    let arns: Vec<&RevisionArn> = listed.iter().filter(|arn| **arn != live.arn).collect();
    let is_newer = |arn: &RevisionArn| arn.number() > live.arn.number();
    let mut others: Vec<TaskRevision> = Vec::new();
    for some in arns.chunks(TOGETHER) {
        let ours_is_known = live.ledger.is_some() || others.iter().any(was_deployed);
        let some: Vec<RevisionArn> =
            some.iter().copied().filter(|arn| is_newer(arn) || !ours_is_known).cloned().collect();
        if some.is_empty() {
            break;
        }
        for revision in cloud.ecs().revisions(some, &service.arn).await? {
            let ours_is_known = live.ledger.is_some() || others.iter().any(was_deployed);
            if is_newer(&revision.arn) || !ours_is_known {
                others.push(revision);
            }
        }
    }
    Ok(others)
}

/// The definition in a file.
///
/// # Errors
///
/// `invalid`: it is none.
pub fn task_definition(path: &camino::Utf8Path, text: &str) -> Result<TaskDefinition, Failure> {
    let invalid = |cause: String| {
        Failure::invalid(format!("task-definition file {path} cannot be used"))
            .cause(cause)
            .hint("it is JSON as `aws ecs register-task-definition --cli-input-json` takes it")
    };
    // As the check reads it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
    TaskDefinition::from_json(document).map_err(|error| invalid(error.to_string()))
}
