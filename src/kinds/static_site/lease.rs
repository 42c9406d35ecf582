//! The lock of a site, as long as a run has it.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::sync::Mutex;
use uuid::Uuid;

use super::site::SiteConnection;
use super::store_lock::HeldLock;
use crate::clients::static_site_error::StoreError;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::poll::PollStep;
use crate::domain::static_site::store::{KeptRelease, Owner};
use crate::domain::step::StepId;
use crate::kinds::ApplyRun;
use crate::poll::{Waiting, poll};

/// The pause between two polls of a lock that somebody else has.
const PAUSE: Duration = Duration::from_secs(2);

/// The lock of a site while this run has it.
#[derive(Debug)]
pub struct Lease<'a> {
    site: &'a SiteConnection,
    run: &'a ApplyRun<'a>,
    held: RefCell<HeldLock>,
    /// It is written by one at a time.
    turn: Mutex<()>,
}

impl<'a> Lease<'a> {
    /// A run as the owner of locks. It may take one again that it could not give back.
    pub fn owner(run: &ApplyRun<'_>) -> Owner {
        Owner { id: Uuid::new_v4().to_string(), run: run.provenance.author().to_owned() }
    }

    /// Takes the lock, and waits so long for it where another run has it. `release`: what is to be put there.
    ///
    /// # Errors
    ///
    /// The store cannot be read or written, or another run keeps the lock.
    pub async fn take(
        (run, site): (&'a ApplyRun<'a>, &'a SiteConnection),
        (owner, release): (&Owner, &KeptRelease),
        step: &StepId,
        longest: Duration,
    ) -> Result<Self, Failure> {
        let permit = run.writer.permit();
        let is_reported = Cell::new(false);
        let attempt = async |()| site.store.take_lock(owner, release.clone(), run.now(), permit).await;
        let taken = poll(Waiting::In(&run.events, step), (), attempt, |elapsed, tried| match tried {
            Err(StoreError::Busy(who)) if elapsed < longest => {
                // A log does not show at once what a step is doing.
                if !is_reported.replace(true) {
                    run.events.note(format!("waits for the lock of site `{}`: {who}", site.target.bucket));
                }
                run.events.progress(step, &format!("waits: {who}, and this one goes on"));
                PollStep::again(PAUSE)
            }
            tried => PollStep::Done(tried),
        });
        let held = RefCell::new(taken.await?);
        Ok(Self { site, run, held, turn: Mutex::default() })
    }

    /// What runs began to put there and did not end, this one too, where a release is put there: how far they came is not
    /// known. Of the release itself all is known: what any run wrote of it is the same.
    pub fn unfinished(&self, wanted: &KeptRelease) -> Vec<KeptRelease> {
        self.held.borrow().lock.begun.iter().filter(|one| *one != wanted).cloned().collect()
    }

    /// Whether runs before began something and did not end it.
    pub fn is_after_unfinished(&self) -> bool {
        self.held.borrow().is_after_unfinished
    }

    /// Makes sure that this run has the lock still, and keeps it for some more time.
    ///
    /// # Errors
    ///
    /// `superseded`: somebody else has it. Or the store cannot be written.
    pub async fn renew(&self) -> Result<(), Failure> {
        let _turn = self.turn.lock().await;
        self.write().await
    }

    /// Makes sure of it before each of many writes, without a call each time: a run that was paused finds out by the clock
    /// that it has to ask.
    ///
    /// # Errors
    ///
    /// As [`Self::renew`].
    pub async fn keep(&self) -> Result<(), Failure> {
        let _turn = self.turn.lock().await;
        let is_due = self.held.borrow().lock.is_due(self.run.now());
        if is_due { self.write().await } else { Ok(()) }
    }

    async fn write(&self) -> Result<(), Failure> {
        let mut held = self.held.borrow().clone();
        let renewed = self.site.store.renew(&mut held, self.run.now(), self.run.writer.permit()).await;
        *self.held.borrow_mut() = held;
        renewed.map_err(|error| match error {
            error if error.is_overtaken() => Failure::new(
                Outcome::Superseded,
                format!("another run took the lock of site `{}`", self.site.target.bucket),
            )
            .cause("this run was paused for longer than the lock lasts")
            .hint("`shipgate status` shows what is served; run it again if that is not what you want"),
            error => error.into(),
        })
    }

    /// Gives the lock back. `is_finished`: what the site serves is what the pointer says. A lock that cannot be given back
    /// runs out by itself.
    pub async fn give_back(self, is_finished: bool) {
        let held = self.held.into_inner();
        let back = self.site.store.give_back(held, is_finished, self.run.writer.permit()).await;
        let Err(error) = back else { return };
        if error.is_overtaken() {
            return;
        }
        let text = format!("the lock of site `{}` could not be given back: {error}", self.site.target.bucket);
        self.run.events.warning(text, Some("the next run takes it 10 minutes later".to_owned()));
    }
}
