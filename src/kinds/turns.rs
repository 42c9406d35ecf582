//! Lets the steps of a plan be taken when it is their turn, so that what is carried out is exactly the plan. When that is,
//! the schedule says ([`Schedule`]).

use std::cell::RefCell;
use std::collections::HashSet;
use std::future::{Future, pending};
use std::num::NonZeroUsize;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::plan::PlanStep;
use crate::domain::plan::schedule::{Lane, LaneEnd, Schedule, StepTurn};
use crate::domain::step::StepId;

/// The turns of the steps of one plan.
#[derive(Debug)]
pub struct Turns {
    schedule: RefCell<Schedule>,
    /// For changes that are made at once.
    slots: Semaphore,
    /// For those who have a slot next, and check meanwhile whether they may go on. As many as there are slots, so that none
    /// waits for longer than the changes take that are being made.
    places: Semaphore,
    /// Whenever a step or a lane ends.
    moved: Notify,
    /// The lanes that wait for a step whose turn never comes.
    given_up: RefCell<HashSet<Lane>>,
}

impl Turns {
    /// The turns of a plan's steps, of which a limited number make changes at once.
    pub fn new(steps: &[PlanStep], parallel: NonZeroUsize) -> Self {
        Self {
            schedule: RefCell::new(Schedule::new(steps)),
            slots: Semaphore::new(parallel.get()),
            places: Semaphore::new(parallel.get()),
            moved: Notify::new(),
            given_up: RefCell::default(),
        }
    }

    /// Waits for the turn of a step, and for a slot where it takes one. It waits for ever where the turn never comes: who
    /// carries out the lane drops it then ([`Self::lane`]).
    ///
    /// # Errors
    ///
    /// The step is not in the plan.
    pub(super) async fn begin(&self, step: &StepId) -> Result<Option<SemaphorePermit<'_>>, Failure> {
        loop {
            self.comes(step).await?;
            let slot = if step.verb.takes_slot() { self.slot().await } else { None };
            // Something may have failed while the slot was waited for.
            if self.schedule.borrow().turn(step) == StepTurn::Now {
                self.schedule.borrow_mut().begin(step);
                return Ok(slot);
            }
        }
    }

    /// Waits until a step may be taken.
    ///
    /// # Errors
    ///
    /// The step is not in the plan.
    pub(super) async fn comes(&self, step: &StepId) -> Result<(), Failure> {
        loop {
            let moved = self.moved.notified();
            let turn = self.schedule.borrow().turn(step);
            match turn {
                StepTurn::Now => return Ok(()),
                StepTurn::Later => moved.await,
                StepTurn::Never => self.give_up(step).await,
                StepTurn::Unplanned => {
                    let reason = format!("step `{step}` is not in the plan, so it is not taken");
                    return Err(Failure::failed(reason).hint("run it again: it plans from what runs now"));
                }
            }
        }
    }

    /// Waits for the turn of a step, and for a place among those that have a slot next, where it takes one.
    ///
    /// # Errors
    ///
    /// The step is not in the plan.
    pub(super) async fn comes_next(&self, step: &StepId) -> Result<Option<SemaphorePermit<'_>>, Failure> {
        self.comes(step).await?;
        let place = if step.verb.takes_slot() { self.places.acquire().await.ok() } else { None };
        // Something may have failed while the place was waited for.
        self.comes(step).await?;
        Ok(place)
    }

    async fn give_up(&self, step: &StepId) {
        self.given_up.borrow_mut().extend(Lane::of(step));
        self.moved.notify_waiters();
        pending::<()>().await;
    }

    /// A slot for a change within a step that has begun.
    ///
    /// # Errors
    ///
    /// Something failed meanwhile.
    pub(super) async fn slot_in(&self, step: &StepId) -> Result<Option<SemaphorePermit<'_>>, Failure> {
        let slot = self.slot().await;
        if self.schedule.borrow().goes_on(step) {
            return Ok(slot);
        }
        Err(Failure::failed(format!("`{step}` did not begin")).cause("something else failed"))
    }

    /// A slot for a change. `None`: there are no more, which is when the run ends.
    async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.acquire().await.ok()
    }

    /// A step that has begun ends.
    pub(super) fn end(&self, step: &StepId, failure: Option<&Failure>) {
        self.schedule.borrow_mut().end(step, lane_end(failure));
        self.moved.notify_waiters();
    }

    /// Carries out a lane. `None`: it was to take a step whose turn never comes, because something else failed.
    pub async fn lane<T>(
        &self,
        lane: &Lane,
        work: impl Future<Output = T>,
        failure: impl FnOnce(&T) -> Option<&Failure>,
    ) -> Option<T> {
        tokio::select! {
            biased;
            result = work => {
                self.schedule.borrow_mut().end_lane(lane, lane_end(failure(&result)));
                self.moved.notify_waiters();
                Some(result)
            }
            () = self.is_given_up(lane) => None,
        }
    }

    /// Whether anything was prepared in a lane.
    pub fn has_prepared(&self, lane: &Lane) -> bool {
        self.schedule.borrow().has_prepared(lane)
    }

    async fn is_given_up(&self, lane: &Lane) {
        loop {
            let moved = self.moved.notified();
            if self.given_up.borrow().contains(lane) {
                return;
            }
            moved.await;
        }
    }
}

/// Nothing is wrong with a component that is meant to run nothing: the others go on.
fn lane_end(failure: Option<&Failure>) -> LaneEnd {
    match failure {
        Some(failure) if failure.outcome != Outcome::Unproven => LaneEnd::Failed,
        Some(_) | None => LaneEnd::Done,
    }
}
