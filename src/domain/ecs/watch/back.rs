//! A previous revision that is said to serve again.

use std::time::Duration;

use super::next::WatchQuery;
use super::settling::SettlingTasks;
use super::state::{Action, GRACE, Pending, RolledBack, RolloutWatch, SHORT, again, at_once};
use super::verdict::DeploymentUnproven;
use crate::domain::ecs::ids::RevisionArn;
use crate::domain::ecs::lifecycle::Lifecycle;
use crate::domain::ecs::read_back::ReadBack;
use crate::domain::ecs::service::Service;
use crate::domain::poll::PollStep;

/// How long a service has to show the previous revision before that is believed, where it does not say that the new one failed:
/// one read may be older than the one before.
const CONFIRMED: Duration = Duration::from_secs(2);

impl RolloutWatch {
    /// The service shows a previous revision as the one that it runs.
    pub(super) fn see_back(&mut self, service: Service, to: RevisionArn, reason: Option<String>) -> Action {
        let listed = self.subject.deployment.listed(&service);
        let is_certain = listed.is_some() || self.is_going_back;
        let said = self.lifecycle.as_ref().and_then(Lifecycle::end_reason);
        let reason = said.cloned().or(reason).or_else(|| self.reason.clone());
        let now = self.now;
        if !is_certain && self.settling_back().age(now) < CONFIRMED {
            return again(SHORT);
        }
        self.settling_back();
        let question = WatchQuery::Previous { revision: to.clone(), service: service.arn.clone() };
        self.pending = Pending::Previous(service, RolledBack { to, reason });
        at_once(question)
    }

    pub(super) fn settling_back(&mut self) -> &mut SettlingTasks {
        let now = self.now;
        self.rolled_back.get_or_insert_with(|| SettlingTasks::new(now))
    }

    /// ECS says that a previous revision is back: `serves` says whether it is.
    pub(super) fn judge_previous(
        &mut self,
        service: &Service,
        serves: ReadBack,
        stalled: Duration,
        rollback: RolledBack,
    ) -> Action {
        let RolledBack { to, reason } = rollback;
        PollStep::Done(Err(match serves {
            ReadBack::Verified { .. } => DeploymentUnproven::RolledBack { to, reason },
            // Nothing serves, so nothing serves again.
            ReadBack::NothingDesired => DeploymentUnproven::RolledBackToNothing { to, reason },
            // The last tasks of the failed release may take their time to end.
            ReadBack::Draining(_) => return again(SHORT),
            ReadBack::NotYet(_) | ReadBack::TooFew { .. } if stalled < GRACE => {
                return self.with_stopped_previous(service, SHORT);
            }
            ReadBack::NotYet(difference)
            | ReadBack::TooFew { missing: difference, .. }
            | ReadBack::Wrong(difference) => DeploymentUnproven::NotSeenBack { to, difference, reason },
        }))
    }
}
