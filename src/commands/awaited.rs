//! Statuses of the commit that a command waits for before it changes anything.

use super::change::{ChangeRun, PreparedChange, StopPoint};
use crate::domain::gate::{Fact, StatusesEvidence, awaits_statuses, evaluate};
use crate::domain::plan::ExpectedPlan;
use crate::domain::release::ReleaseName;
use crate::evidence;

/// Waits for statuses that have not ended, where no other gate refuses already. `None`: there was nothing to wait for. After
/// a wait everything else is to be observed again.
pub async fn wait_for_statuses(
    invocation: &ChangeRun<'_>,
    prepared: &PreparedChange,
    expected: Option<&ExpectedPlan>,
) -> Option<AwaitedStatuses> {
    let PreparedChange { plan, evidence, .. } = prepared;
    let is_expected = expected.is_none_or(|expected| expected.is(&plan.digest()));
    if invocation.until == StopPoint::Planned || !is_expected || !awaits_statuses(&evaluate(plan, evidence)) {
        return None;
    }
    let statuses = evidence::wait_for_statuses(&invocation.hosted, plan, invocation.events).await;
    Some(AwaitedStatuses { release: plan.release.clone(), statuses })
}

/// Statuses that were waited for.
#[derive(Debug)]
pub struct AwaitedStatuses {
    release: ReleaseName,
    statuses: Fact<StatusesEvidence>,
}

impl AwaitedStatuses {
    /// Lets a plan that was made after the wait have them, where it is of the same release.
    pub fn give_to(self, prepared: &mut PreparedChange) {
        if prepared.plan.release == self.release {
            prepared.evidence.statuses = self.statuses;
        }
    }
}
