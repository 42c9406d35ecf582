//! The variables of a service, as it runs and as it will run.

use super::names::ContainerName;
use super::plan::{EcsFacts, EcsPlan, NextRevision};
use super::service::Revision;
use super::target::{EcsTarget, TaskDefinitionSource};
use super::task_definition::{TaskDefinition, TaskDefinitionError};
use super::values::values;
use crate::domain::contract::ReadValues;

/// The values of a revision.
///
/// # Errors
///
/// [`TaskDefinitionError::UnknownContainer`]
pub fn of_revision(revision: &Revision, container: &ContainerName) -> Result<ReadValues, TaskDefinitionError> {
    values(&revision.definition, container, &format!("task definition {}", revision.short()))
}

/// The values that a service has once its plan is carried out. What an image that is not built yet changes is no variable.
///
/// # Errors
///
/// [`TaskDefinitionError::UnknownContainer`]
pub fn planned(target: &EcsTarget, facts: &EcsFacts, plan: &EcsPlan) -> Result<ReadValues, TaskDefinitionError> {
    let container = &target.container;
    let of_file = |file: &TaskDefinition| {
        let from = match &target.task_definition {
            TaskDefinitionSource::File(path) => path.to_string(),
            TaskDefinitionSource::Live => format!("task definition {}", file.family()),
        };
        values(file, container, &from)
    };
    match (&plan.next, &facts.file) {
        (NextRevision::Live, _) => of_revision(&plan.live, container),
        (NextRevision::Registered(revision), _) => of_revision(revision, container),
        (NextRevision::New(_), Some(file)) if plan.restores.is_none() => of_file(file),
        (NextRevision::New(definition), _) => {
            let definition = definition.known().unwrap_or(&plan.live.definition);
            values(definition, container, &format!("task definition {}", plan.live.short()))
        }
    }
}
