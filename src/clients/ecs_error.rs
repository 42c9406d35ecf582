//! Why Amazon ECS does not do what it should.

use super::aws::AwsError;
use crate::domain::ecs::names::ClusterName;

/// A question or a change that ECS does not take.
#[derive(Debug, thiserror::Error)]
pub enum EcsError {
    /// The call failed.
    #[error(transparent)]
    Call(#[from] AwsError),
    /// There is no such cluster.
    #[error("cluster `{cluster}` does not exist")]
    NoCluster {
        /// Its name.
        cluster: ClusterName,
        /// What AWS says.
        #[source]
        error: Box<AwsError>,
    },
    /// There is no room for a task.
    #[error("the one-off task cannot be placed")]
    NotPlaced {
        /// Why not, in the words of ECS: foreign text.
        reasons: Vec<String>,
    },
}

impl EcsError {
    /// Whether it may be over at the next try.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Call(error) if error.is_transient())
    }
}
