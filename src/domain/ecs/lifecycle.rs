//! How far a service deployment is that shifts traffic, as ECS shows it beside the service.
//!
//! The facts are those of [`ServiceDeployment`](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html).

/// A service deployment that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    /// How it is.
    pub status: LifecycleStatus,
    /// The stage that it is in, in the word of AWS: `BAKE_TIME`.
    pub stage: Option<String>,
    /// Why it is so, in the words of ECS: foreign text.
    pub reason: Option<String>,
    /// What waits until somebody lets it continue: the id of the hook.
    pub waits_for: Option<String>,
}

impl Lifecycle {
    /// Why it does not go on. `None`: it goes on, or ECS does not say.
    pub fn end_reason(&self) -> Option<&String> {
        self.reason.as_ref().filter(|_| self.status != LifecycleStatus::GoesOn)
    }
}

/// The status of a service deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LifecycleStatus {
    /// It goes on.
    GoesOn,
    /// It is done.
    Successful,
    /// It failed, or somebody stopped it, and ECS is going back.
    RollingBack,
    /// ECS went back.
    RolledBack,
    /// ECS could not go back.
    RollbackFailed,
    /// Another one took its place.
    Stopped,
    /// A status newer than this program: never taken for success.
    Other(String),
}
