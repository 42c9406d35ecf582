//! What was seen of an ECS service, its deployments, revisions and tasks.

use jiff::Timestamp;

use super::ids::{DeploymentId, RevisionArn, ServiceArn, TaskArn};
use super::settings::RolloutSettings;
use super::task_definition::TaskDefinition;
use crate::domain::ecs::ledger::LedgerEntry;
use crate::domain::ecs::names::ContainerName;
use crate::domain::hold::Hold;
use crate::domain::image::Digest;
use crate::domain::origin::Announcement;
use crate::domain::release::ReleaseName;

/// A service as `DescribeServices` shows it
/// ([Service](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html)).
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The service's ARN.
    pub arn: ServiceArn,
    /// Whether it takes deployments.
    pub status: ServiceStatus,
    /// Who makes its deployments.
    pub controller: Controller,
    /// How many tasks it should run.
    pub desired: i32,
    /// How many tasks it runs, of any deployment.
    pub running: i32,
    /// The deployments in progress and the one that serves, newest first.
    pub deployments: Vec<Deployment>,
    /// The newest events, newest first.
    pub events: Vec<ServiceEvent>,
    /// The holds on it.
    pub holds: Vec<Hold>,
    /// The keys of its tags, but for those of AWS, which take no room.
    pub tag_keys: Vec<String>,
    /// How it rolls out.
    pub settings: Box<RolloutSettings>,
    /// The image that a run announced on it before pushing.
    pub announced: Option<Announcement>,
}

impl Service {
    /// The deployment that the service is meant to run.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.is_primary)
    }

    /// A deployment by id.
    pub fn deployment(&self, id: &DeploymentId) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.id == *id)
    }
}

/// The status of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceStatus {
    /// It takes deployments.
    Active,
    /// It was deleted and its tasks are stopping.
    Draining,
    /// It was deleted.
    Inactive,
    /// A status newer than this program.
    Other(String),
}

/// The deployment controller of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Controller {
    /// ECS itself, the only one that is supported.
    Ecs,
    /// `CODE_DEPLOY`, `EXTERNAL`, or one newer than this program.
    Other(String),
}

/// One deployment of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// Whether the service is meant to run this one.
    pub is_primary: bool,
    /// The ARN of its task-definition revision.
    pub task_definition: RevisionArn,
    /// How far ECS says it is. Absent for load balancers of the classic kind.
    pub rollout_state: Option<RolloutState>,
    /// What ECS says about that.
    pub reason: Option<String>,
    /// How many tasks it should run.
    pub desired: i32,
    /// How many tasks it runs.
    pub running: i32,
    /// How many tasks are starting.
    pub pending: i32,
    /// How many tasks failed in a row.
    pub failed: i32,
    /// When it began.
    pub created: Option<Timestamp>,
    /// When it last changed.
    pub updated: Option<Timestamp>,
}

/// `rolloutState` of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutState {
    /// It goes on.
    InProgress,
    /// ECS calls it done. A first deployment is called so with nothing running.
    Completed,
    /// ECS gave up.
    Failed,
    /// A state newer than this program: never taken for success.
    Other(String),
}

/// A service event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEvent {
    /// The event's id.
    pub id: String,
    /// What happened, in the words of ECS: foreign text.
    pub message: String,
}

/// A task-definition revision with what shipgate wrote on it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRevision {
    /// The ARN, with the revision's number.
    pub arn: RevisionArn,
    /// Its content.
    pub definition: TaskDefinition,
    /// The entry of shipgate, when shipgate registered it.
    pub ledger: Option<LedgerEntry>,
    /// The tags of others, to be kept.
    pub other_tags: Vec<(String, String)>,
    /// The holds on it that are about the service: their second home.
    pub holds: Vec<Hold>,
    /// The keys of its tags, but for those of AWS, which take no room.
    pub tag_keys: Vec<String>,
    /// Whether its tags say that it was registered for another service.
    pub of_another: bool,
}

impl TaskRevision {
    /// The release that a container of it is, as far as its content says so: the image's tag, or shipgate's label. Never by
    /// the tags of the revision, which can be changed. The image's tag comes first: who edits the image by hand leaves
    /// shipgate's label as it was.
    pub fn release(&self, container: &ContainerName) -> Option<ReleaseName> {
        let from_tag = self.definition.image_of(container).ok().and_then(|image| image.tag?.parse().ok());
        from_tag.or_else(|| self.definition.release_label(container))
    }

    /// The release that shipgate put there with it: [`Self::release`], or the baseline where a rollback restored that, by
    /// the ledger. What has shipgate's label is a release, whatever its tags say.
    pub fn put_there(&self, container: &ContainerName) -> Option<ReleaseName> {
        let is_baseline = self.ledger.as_ref().is_some_and(|entry| entry.release.is_baseline());
        if is_baseline && self.definition.release_label(container).is_none() {
            return Some(ReleaseName::Baseline);
        }
        self.release(container)
    }

    /// The digest that a container of it is pinned to.
    pub fn digest(&self, container: &ContainerName) -> Option<Digest> {
        self.definition.image_of(container).ok()?.digest
    }

    /// `family:number`, for people.
    pub fn short(&self) -> &str {
        self.arn.short()
    }
}

/// A task as `DescribeTasks` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The task's ARN.
    pub arn: TaskArn,
    /// The ARN of its revision.
    pub revision: RevisionArn,
    /// `RUNNING`, `STOPPED`, …
    pub last_status: String,
    /// What the health checks of its essential containers say together.
    pub health: Health,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Why it stopped, as a code.
    pub stop_code: Option<String>,
    /// Why it stopped, in the words of ECS: foreign text.
    pub stopped_reason: Option<String>,
    /// Its containers.
    pub containers: Vec<TaskContainer>,
}

impl Task {
    /// The last part of the ARN.
    pub fn id(&self) -> &str {
        self.arn.id()
    }

    /// A container by name.
    pub fn container(&self, name: &str) -> Option<&TaskContainer> {
        self.containers.iter().find(|container| container.name == name)
    }
}

/// `healthStatus` of a task or a container
/// ([HealthCheck](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// The check passes.
    Healthy,
    /// It fails.
    Unhealthy,
    /// It has no result yet, or there is none.
    Unknown,
    /// A word newer than this program: never taken for success.
    Other(String),
}

/// A container of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskContainer {
    /// The container's name.
    pub name: String,
    /// `PENDING`, `RUNNING` or `STOPPED`.
    pub last_status: Option<String>,
    /// What its health check says.
    pub health: Health,
    /// What the engine pulled. Absent until it has.
    pub digest: Option<Digest>,
    /// The exit code, once it has stopped.
    pub exit_code: Option<i32>,
    /// What the engine said, for example of an image that cannot be pulled: foreign text.
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use crate::domain::ecs::ledger::LedgerEntry;
    use crate::domain::ecs::plan::tests::revision;
    use crate::domain::ecs::task_definition::TaskDefinition;
    use crate::domain::release::ReleaseName;

    #[test]
    fn an_image_that_was_edited_by_hand_is_the_release_of_its_tag() {
        let name = |digit: &str| digit.repeat(40);
        let (ours, theirs): (ReleaseName, ReleaseName) = (name("a").parse().unwrap(), name("b").parse().unwrap());
        let entry = || Some(LedgerEntry::new(ours.clone(), &"arn".into()));
        let dirty = format!("{}-dirty-20261120T234749Z", name("b"));
        for (image, ledger, release) in [
            (format!("repo:{}", name("b")), None, &theirs),
            (format!("repo:{dirty}"), None, &dirty.parse().unwrap()),
            ("repo:latest".to_owned(), None, &ours),
            (format!("repo@sha256:{}", "c".repeat(64)), None, &ours),
            (format!("repo:{}", name("b")), entry(), &theirs),
            ("repo:latest".to_owned(), entry(), &ours),
        ] {
            let mut revision = revision(3, &image, "x", ledger);
            let mut document = revision.definition.to_json();
            document["containerDefinitions"][0]["dockerLabels"] = serde_json::json!({"shipgate.sha": name("a")});
            revision.definition = TaskDefinition::from_json(document).unwrap();
            assert_eq!(revision.release(&"web".parse().unwrap()).as_ref(), Some(release), "{image}");
        }
    }
}
