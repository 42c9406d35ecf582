//! An ECS service as it is configured.

use std::time::Duration;

use camino::Utf8PathBuf;

use super::iam;
use crate::domain::configured::Configured;
use crate::domain::ecs::names::{ClusterName, ContainerName, ServiceName};
use crate::domain::file_line::FileLine;
use crate::domain::iam::rights::Rights;
use crate::domain::names::{ComponentName, Region};
use crate::domain::probe::Probe;
use crate::domain::role::Partition;
use crate::domain::settle::Settle;
use crate::domain::template::Template;

/// An ECS service that runs an image.
#[derive(Debug, Clone, PartialEq)]
pub struct EcsTarget {
    /// The cluster.
    pub cluster: ClusterName,
    /// Where that is written.
    pub cluster_line: Option<Box<FileLine>>,
    /// The service. It exists: shipgate never creates one.
    pub service: ServiceName,
    /// Where that is written.
    pub service_line: Option<Box<FileLine>>,
    /// The container of the task definition that gets the image.
    pub container: ContainerName,
    /// The component that owns the image: this one, or the one named by `image-from`.
    pub image: ComponentName,
    /// Where the task definition comes from.
    pub task_definition: TaskDefinitionSource,
    /// The command of the one-off task before traffic.
    pub pre_deploy: Option<Vec<Template>>,
    /// Whether the release has such a command for the component, here or for another environment. `None`: unknown.
    pub has_pre_deploy: Option<bool>,
    /// The questions to ask the running release.
    pub probes: Vec<Probe>,
    /// Whether it is written that there are none.
    pub probes_left_out: bool,
    /// How long a rollout, and how long a pre-deploy task may take.
    pub timeout: Duration,
    /// Number of tasks of a release that end in the same way and end its rollout. 0: none do.
    pub fail_fast: u32,
    /// What a release must get through after its rollout is done.
    pub settle: Settle,
    /// What is done while a rollout of something else is in progress.
    pub busy: Busy,
    /// What it means when the source of a promotion has a variable that is not here.
    pub missing_variables: MissingVariables,
}

impl EcsTarget {
    /// How many tasks end a rollout where nothing is written: as many as a circuit breaker of ECS takes at least.
    pub const FAIL_FAST: u32 = 3;
}

impl Configured for EcsTarget {
    fn names(&self) -> Vec<&str> {
        vec![self.cluster.as_str(), self.service.as_str(), self.container.as_str()]
    }

    fn place(&self) -> String {
        format!("service {} of cluster {}", self.service, self.cluster)
    }

    fn rights() -> &'static [Rights] {
        iam::RIGHTS
    }

    fn has_references(&self) -> bool {
        true
    }

    fn console(&self, region: &Region) -> Option<String> {
        let host = Partition::of(region).console();
        let (cluster, service) = (&self.cluster, &self.service);
        Some(format!("https://{region}.{host}/ecs/v2/clusters/{cluster}/services/{service}/health?region={region}"))
    }

    fn image(&self) -> Option<&ComponentName> {
        Some(&self.image)
    }

    fn probes(&self) -> &[Probe] {
        &self.probes
    }

    fn pre_deploy(&self) -> Option<&[Template]> {
        self.pre_deploy.as_deref()
    }

    fn has_pre_deploy(&self) -> Option<bool> {
        self.has_pre_deploy
    }

    fn take_pre_deploy(&mut self, command: Option<Vec<Template>>, is_used: Option<bool>) {
        self.pre_deploy = command;
        self.has_pre_deploy = is_used;
    }

    fn uses_files(&self) -> bool {
        matches!(self.task_definition, TaskDefinitionSource::File(_))
    }
}

/// What is done while a rollout of something else is in progress on the service. A rollback supersedes it always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// It is waited for, as long as the component's own rollout may take.
    Wait,
    /// Nothing is changed.
    Refuse,
    /// It is replaced.
    Supersede,
}

/// What it means when the task definition of a promotion's source has a variable or secret that this environment's
/// lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingVariables {
    /// It is a warning.
    Warning,
    /// Nothing is promoted.
    Error,
}

/// Where a task definition comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskDefinitionSource {
    /// What the service runs now, with the image changed.
    Live,
    /// A JSON file of the repository, relative to the configuration file, with the image changed.
    File(Utf8PathBuf),
}
