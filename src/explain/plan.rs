//! Why no plan can be made.

use crate::domain::ecs::task_definition::TaskDefinitionError;
use crate::domain::failure::Failure;
use crate::domain::plan::{ImageError, PlanError};

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let message = error.to_string();
        match error {
            PlanError::Image(ImageError::RepositoryMissing(_)) => Self::failed(message)
                .hint("create it, or write `create-repository = true` in the component's configuration"),
            PlanError::Image(ImageError::TagTaken { .. }) => Self::failed(message)
                .hint("the image was not built by shipgate from this commit: delete it, or deploy another commit"),
            PlanError::Image(ImageError::Expired(_)) => Self::failed(message).hint(
                "a lifecycle rule may have removed it: deploy the commit to the source again, or name another release",
            ),
            PlanError::Image(ImageError::OtherCommit { .. }) => Self::failed(message)
                .hint("somebody put another image under the release's name: deploy the commit to the source again"),
            PlanError::Image(ImageError::TagLeadsElsewhere { .. }) => Self::failed(message).hint(
                "shipgate never moves a release's tag: find out who pushed the other image, and delete it if it is wrong",
            ),
            PlanError::MissingVariables { .. } => Self::failed(message).hint(
                "add them to the live task definition or its file, or write `missing-variables = \"warning\"`",
            ),
            PlanError::TaskDefinition(TaskDefinitionError::UnknownContainer { .. }) => {
                Self::invalid(message).hint("correct `container` in the component's configuration")
            }
            PlanError::TaskDefinition(TaskDefinitionError::NotATaskDefinition) => Self::invalid(message),
            PlanError::NotObserved(_) => Self::failed(message).hint("please report this as a bug"),
        }
    }
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Self {
        PlanError::from(error).into()
    }
}
