//! The lock of a site, as long as a run has it.

use std::cell::RefCell;
use std::time::Duration;

use uuid::Uuid;

use super::site::Site;
use super::store::Lost;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::poll::Step;
use crate::domain::static_site::store::{Kept, Lock, Owner};
use crate::domain::static_site::sync::Version;
use crate::domain::step::StepId;
use crate::kinds::Run;
use crate::poll::{Waiting, poll};

/// The pause between two looks at a lock that somebody else has.
const PAUSE: Duration = Duration::from_secs(2);

/// The lock of a site while this run has it.
#[derive(Debug)]
pub struct Lease<'a> {
    site: &'a Site,
    run: &'a Run<'a>,
    held: RefCell<(Lock, Version)>,
}

/// What came of a try to take the lock.
enum Try {
    Taken(Lock, Version),
    Busy(String),
}

impl<'a> Lease<'a> {
    /// Takes the lock, and waits for it where another run has it: at most for as long as a site waits for its pages.
    ///
    /// # Errors
    ///
    /// The store cannot be read or written, or another run keeps the lock.
    pub async fn take(run: &'a Run<'a>, site: &'a Site, release: &Kept, step: &StepId) -> Result<Self, Failure> {
        let owner = Owner { id: Uuid::new_v4().to_string(), run: run.provenance.author().to_owned() };
        let longest = site.target.timeout;
        let attempt = async |()| Self::attempt(run, site, &owner, release).await;
        let taken = poll(Waiting::In(&run.events, step), (), attempt, |elapsed, tried| match tried {
            Err(failure) => Step::Done(Err(failure)),
            Ok(Try::Taken(lock, version)) => Step::Done(Ok((lock, version))),
            Ok(Try::Busy(who)) if elapsed < longest => {
                run.events.progress(step, &format!("waits: {who}"));
                Step::again(PAUSE)
            }
            Ok(Try::Busy(who)) => Step::Done(Err(busy(site, &who))),
        });
        let held = RefCell::new(taken.await?);
        Ok(Self { site, run, held })
    }

    async fn attempt(run: &Run<'_>, site: &Site, owner: &Owner, release: &Kept) -> Result<Try, Failure> {
        let before = site.store.lock().await?;
        let now = run.now();
        if let Some((lock, _)) = before.as_ref().filter(|(lock, _)| !lock.may_take(owner, now)) {
            return Ok(Try::Busy(lock.described()));
        }
        let lock = Lock::taken(owner.clone(), now, release.clone(), before.as_ref().map(|(lock, _)| lock));
        let over = before.as_ref().map(|(_, version)| version);
        Ok(match site.store.put_lock(&lock, over, run.writer.permit()).await? {
            Ok(version) => Try::Taken(lock, version),
            Err(Lost) => Try::Busy("another run takes the lock".to_owned()),
        })
    }

    /// What other runs began and did not end.
    pub fn begun(&self) -> Vec<Kept> {
        self.held.borrow().0.begun.clone()
    }

    /// Makes sure that this run has the lock still, and keeps it for some more time.
    ///
    /// # Errors
    ///
    /// `superseded`: somebody else has it. Or the store cannot be written.
    pub async fn renew(&self) -> Result<(), Failure> {
        let renewed = self.held.borrow().0.renewed(self.run.now());
        self.write(renewed).await?.map_err(|Lost| {
            Failure::new(Outcome::Superseded, format!("another run took the lock of site `{}`", self.site.target.bucket))
                .cause("this run was paused for longer than the lock lasts, or somebody wrote over it")
                .hint("`shipgate status` shows what is served; run it again if that is not what you want")
        })
    }

    /// Gives the lock back. `is_finished`: what the site serves is what the pointer says. A lock that cannot be given back
    /// runs out by itself.
    pub async fn give_back(self, is_finished: bool) {
        let back = self.held.borrow().0.given_back(is_finished);
        let failure = match self.write(back).await {
            Ok(Ok(()) | Err(Lost)) => return,
            Err(failure) => failure,
        };
        let text = format!("the lock of site `{}` could not be given back: {}", self.site.target.bucket, failure.brief());
        self.run.events.warning(text, Some("the next run takes it 10 minutes later".to_owned()));
    }

    async fn write(&self, lock: Lock) -> Result<Result<(), Lost>, Failure> {
        let over = self.held.borrow().1.clone();
        let written = self.site.store.put_lock(&lock, Some(&over), self.run.writer.permit()).await?;
        Ok(written.map(|version| *self.held.borrow_mut() = (lock, version)))
    }
}

fn busy(site: &Site, who: &str) -> Failure {
    Failure::new(Outcome::Refused, format!("another run changes site `{}`", site.target.bucket))
        .cause(who.to_owned())
        .hint("wait for that run, and run this again")
}
