//! The rights that an IAM policy has to give for an ECS service.

use crate::domain::ecs::iam::{LogGroup, PolicySubject};
use crate::domain::ecs::target::{EcsTarget, TaskDefinitionSource};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::failure::Failure;
use crate::domain::iam::rights::ResourceScope;
use crate::domain::target::Component;
use crate::kinds::Needs;
use crate::observe::{Cloud, DefinitionFiles};

use super::observe::{live_revision, task_definition};

/// Looks at what the service runs, and into its file: a rollback may return from the one to the other. A service that
/// does not exist yet has no families, roles and log groups to name.
///
/// # Errors
///
/// The service cannot be looked at, or the file is unusable: `invalid` where a name in it would stand for others too.
pub async fn needs(
    component: &Component,
    target: &EcsTarget,
    place: &ResourceScope,
    (cloud, files): (&Cloud, &DefinitionFiles),
) -> Result<Needs, Failure> {
    let subject = subject(cloud, target, place, files).await?;
    let missing = subject.families.is_empty().then(|| {
        format!(
            "service `{}` of {} does not exist yet, so what its tasks need is missing: print this again when it does",
            subject.service, component.name
        )
    });
    Ok(Needs { rights: subject.needs(place), missing })
}

async fn subject(
    cloud: &Cloud,
    target: &EcsTarget,
    place: &ResourceScope,
    files: &DefinitionFiles,
) -> Result<PolicySubject, Failure> {
    let mut definitions: Vec<TaskDefinition> = Vec::new();
    if let Some((service, _)) = cloud.ecs().service_if_any(&target.cluster, &target.service).await? {
        definitions.push(live_revision(cloud, target, &service).await?.definition);
    }
    if let TaskDefinitionSource::File(path) = &target.task_definition {
        let file = files.read(path).await?.map(|text| task_definition(path, &text)).transpose()?;
        definitions.extend(file);
    }
    let mut log_groups = Vec::new();
    for destination in definitions.iter().flat_map(TaskDefinition::log_destinations) {
        let group = LogGroup { name: destination.group, region: destination.region.filter(|it| *it != place.region) };
        if !log_groups.contains(&group) {
            log_groups.push(group);
        }
    }
    let subject = PolicySubject {
        cluster: target.cluster.clone(),
        service: target.service.clone(),
        families: definitions.iter().map(|definition| definition.family().to_owned()).collect(),
        roles: definitions.iter().flat_map(TaskDefinition::roles).collect(),
        log_groups,
        pre_deploy: target.pre_deploy.is_some(),
        alarms: target.settle.alarms.clone(),
    };
    subject.check().map_err(|error| {
        Failure::invalid(format!("a policy cannot name what service `{}` needs", target.service))
            .cause(error.to_string())
            .hint("correct it in the task-definition file")
    })?;
    Ok(subject)
}
