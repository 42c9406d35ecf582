//! The stopped tasks of a service, collected while it is watched: ECS forgets them after about an hour.

use std::cell::RefCell;

use crate::clients::aws::AwsError;
use crate::domain::ecs::ids::TaskArn;
use crate::domain::ecs::service::Task;
use crate::domain::ecs::target::EcsTarget;
use crate::observe::Cloud;

/// What was seen of them.
#[derive(Debug, Default)]
pub struct StoppedTasks(RefCell<Vec<Task>>);

impl StoppedTasks {
    /// Looks at those that are new, or were still stopping, and returns all that were seen.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn look(&self, cloud: &Cloud, target: &EcsTarget) -> Result<Vec<Task>, AwsError> {
        let listed = cloud.ecs().stopped_tasks(&target.cluster, &target.service).await?;
        let is_known =
            |arn: &TaskArn| self.0.borrow().iter().any(|task| task.arn == *arn && task.last_status == "STOPPED");
        let new: Vec<TaskArn> = listed.into_iter().filter(|arn| !is_known(arn)).collect();
        if !new.is_empty() {
            let found = cloud.ecs().describe_tasks(&target.cluster, &new).await?;
            let mut known = self.0.borrow_mut();
            known.retain(|task| !new.contains(&task.arn));
            known.extend(found);
        }
        Ok(self.all())
    }

    /// All that were seen.
    pub fn all(&self) -> Vec<Task> {
        self.0.borrow().clone()
    }
}
