//! The holds of a rollback. They are about the environment: whatever one component leaves is stopped on all of them, before
//! anything that serves is changed.

use crate::domain::hold::Hold;
use crate::domain::names::ComponentName;
use crate::domain::release::GitSha;

/// A rollback's hold to be: what is reachable from one release and not from the other. What ran before the first release has
/// no commit: then all that is reachable from the one that is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftRelease {
    /// The release that is left.
    pub left: GitSha,
    /// The release that is returned to. `None`: the baseline.
    pub returned: Option<GitSha>,
}

/// A hold of a rollback that is to be put on a component.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedHold {
    /// The component.
    pub component: ComponentName,
    /// The commits to stop.
    pub left: LeftRelease,
    /// Holds of earlier rollbacks on the component that stop nothing but what this one stops, too.
    pub covers: Vec<Hold>,
    /// Where it goes, in words of the component's kind: `service a and revision b:7`. Absent: to what comes next alone.
    pub places: Option<String>,
    /// Why it does not go everywhere that it should.
    pub warning: Option<String>,
}
