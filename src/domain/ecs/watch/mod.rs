//! The judgement of a rollout over time: a state machine without a clock.
//!
//! What was observed goes in with the time that has passed since the watch began; what to observe next, or the verdict,
//! comes out. Poll the service → judge the deployment → while it goes on, look at the tasks that stopped → once ECS calls
//! it done, read the running tasks back. Only a read-back that matches is a success.
//!
//! A rollout ends early where its tasks end in the same way again and again (`stops`), and late where it is slow and sound
//! (`deadline`).

mod back;
mod deadline;
mod lifecycle;
mod next;
mod observation;
mod progress;
mod service;
mod settling;
mod state;
mod stops;
#[cfg(test)]
mod tests;
mod verdict;
mod words;

use std::mem;
use std::time::Duration;

pub use next::{Report, WatchQuery, WatchStep};
pub use observation::{NotObserved, Observation};
use state::{Action, NOTE_AFTER, Pending, SHORT, again, at_once};
pub use state::{RolloutWatch, STALE_READS, WatchSettings, WatchedDeployment};
pub use verdict::{DeploymentUnproven, RolloutEnd};
pub use words::failure;

use super::read_back::{ReadBack, read_back};
use crate::domain::poll::PollStep;

impl RolloutWatch {
    /// Takes what was observed so long after the beginning. Time never goes back. An answer to something that was not
    /// asked decides nothing.
    pub fn see(&mut self, elapsed: Duration, observed: Observation) -> WatchStep {
        self.now = self.now.max(elapsed);
        // The time that a note takes is not the rollout's: the poll that was due still comes.
        if let (Observation::Noted, Pending::Note(due)) = (&observed, &self.pending) {
            let after = due.saturating_sub(self.now).min(self.deadline().saturating_sub(self.now));
            self.pending = Pending::Service;
            return WatchStep { reports: Vec::new(), step: again(after) };
        }
        let mut reports = Vec::new();
        let step = match (observed, mem::replace(&mut self.pending, Pending::Service)) {
            (Observation::Service(service), _) => self.see_service(service, &mut reports),
            (Observation::Lifecycle(lifecycle), Pending::Lifecycle(service)) => {
                self.see_lifecycle(lifecycle, service, &mut reports)
            }
            (Observation::Stopped(tasks), Pending::Stopped(whose)) => self.see_stopped(&whose, &tasks, &mut reports),
            // They are evidence only: the rollout is judged without them.
            (Observation::Failed(error), Pending::Stopped(whose)) => self.miss_stopped(&whose, &error, &mut reports),
            (Observation::Tasks(tasks), Pending::Tasks(service)) => self.see_tasks(&service, &tasks),
            (Observation::Previous { expected, tasks }, Pending::Previous(service, rollback)) => {
                let now = self.now;
                let stalled = self.settling_back().stalled(now, &expected, &tasks);
                self.judge_previous(&service, read_back(&expected, &service, &tasks), stalled, rollback)
            }
            // The tasks that serve again may be readable at the next poll.
            (Observation::Failed(error), Pending::Previous(service, rollback)) => {
                let now = self.now;
                let stalled = self.settling_back().age(now);
                self.judge_previous(&service, ReadBack::NotYet(error.brief), stalled, rollback)
            }
            (Observation::Failed(error), _) => self.see_error(error, &mut reports),
            (
                Observation::Tasks(_)
                | Observation::Previous { .. }
                | Observation::Noted
                | Observation::Lifecycle(_)
                | Observation::Stopped(_),
                _,
            ) => again(SHORT),
        };
        self.events.get_or_insert_default();
        let step = self.within_timeout(step, &mut reports);
        WatchStep { reports, step: self.with_note(step) }
    }

    /// Notes the deployment before a pause, once.
    fn with_note(&mut self, step: Action) -> Action {
        let id = self.subject.deployment.id.as_ref().filter(|_| self.subject.note && !self.noted);
        match (step, id) {
            (PollStep::Ask { after, question: WatchQuery::Service }, Some(id)) if self.now >= NOTE_AFTER => {
                self.noted = true;
                self.pending = Pending::Note(self.now + after);
                at_once(WatchQuery::Note(id.clone()))
            }
            (step, _) => step,
        }
    }
}
