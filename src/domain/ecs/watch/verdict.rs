//! How a watch ends.

use std::time::Duration;

use super::observation::NotObserved;
use crate::domain::ecs::failing::Ending;
use crate::domain::ecs::ids::{RevisionArn, TaskArn};

/// The deployment is the primary one and done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutEnd {
    /// Every running task runs the digest that was shipped; where tasks were verified before, it is those.
    Proven {
        /// The ARNs of the tasks.
        tasks: Vec<TaskArn>,
    },
    /// The same, but tasks that were verified before have been replaced by others.
    Replaced {
        /// The ARNs of the tasks that run now.
        tasks: Vec<TaskArn>,
    },
    /// No task is meant to run.
    NothingDesired,
}

/// Why a deployment is not proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeploymentUnproven {
    /// It failed, and a previous revision serves again.
    RolledBack {
        /// The ARN of that revision.
        to: RevisionArn,
        /// Why it failed, in the words of ECS.
        reason: Option<String>,
    },
    /// It failed, and the service is scaled to zero.
    RolledBackToNothing {
        /// The ARN of the revision that the service is meant to run again.
        to: RevisionArn,
        /// Why it failed, in the words of ECS.
        reason: Option<String>,
    },
    /// It failed, and what ECS calls rolled back is not seen to serve.
    NotSeenBack {
        /// The ARN of the revision that should serve again.
        to: RevisionArn,
        /// What differs.
        difference: String,
        /// Why it failed, in the words of ECS.
        reason: Option<String>,
    },
    /// It failed, and ECS did not begin a rollback.
    NotRolledBack {
        /// Why it failed, in the words of ECS.
        reason: String,
    },
    /// Its tasks end in the same way again and again, and ECS does not give it up.
    KeepsFailing {
        /// How they end.
        ending: Ending,
        /// How many did.
        count: usize,
    },
    /// ECS calls it done, and what runs differs from what was shipped.
    Mismatch {
        /// What differs.
        difference: String,
    },
    /// Another deployment took its place.
    Superseded {
        /// The ARN of that deployment's revision.
        by: RevisionArn,
    },
    /// The service was deleted.
    Gone {
        /// The service's status.
        status: String,
    },
    /// It is still in progress at the timeout.
    TimedOut {
        /// What is still missing, where that is known.
        missing: Option<String>,
        /// How long it was waited for.
        after: Duration,
    },
    /// It failed, and the rollback is still in progress at the timeout.
    RollbackTimedOut {
        /// Why it failed, in the words of ECS.
        reason: Option<String>,
        /// How long it was waited for.
        after: Duration,
    },
    /// It could not be observed until the timeout.
    Blind {
        /// Whether it was seen to fail before.
        failed: bool,
    },
    /// It cannot be observed any more.
    LostSight {
        /// Whether it was seen to fail before.
        failed: bool,
        /// Why.
        error: NotObserved,
    },
}

impl DeploymentUnproven {
    /// Whether the release failed while it is on, and nothing brings back what served before.
    pub fn is_of_the_release(&self) -> bool {
        matches!(self, Self::NotRolledBack { .. } | Self::KeepsFailing { .. } | Self::Mismatch { .. })
    }

    /// Whether how it ended is unknown: the release may serve.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Blind { failed: false } | Self::LostSight { failed: false, .. })
    }
}
