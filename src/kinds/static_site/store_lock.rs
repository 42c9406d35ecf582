//! The lock of a site: one run at a time changes it.

use jiff::Timestamp;

use super::client_write::Unless;
use super::store::{Store, unless};
use crate::clients::static_site_error::StoreError;
use crate::domain::gate::Permit;
use crate::domain::static_site::store::{KeptRelease, Lock, Owner, keys};
use crate::domain::static_site::sync::Version;

/// A lock that this run has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLock {
    /// The lock.
    pub lock: Lock,
    /// Whether runs before began something and did not end it: what they wrote is not known, nor what caches have of it.
    pub is_after_unfinished: bool,
    version: Version,
}

impl Store {
    /// Whether a run began something on the site and did not end it, or has not yet.
    ///
    /// # Errors
    ///
    /// The lock cannot be read.
    pub async fn has_unfinished(&self) -> Result<bool, StoreError> {
        let found = self.read(&keys::lock(self.component()), Lock::read).await?;
        Ok(found.is_some_and(|(lock, _)| lock.is_unfinished()))
    }

    /// Takes the lock for a run that begins to put a release there.
    ///
    /// # Errors
    ///
    /// Another run has it, or it cannot be taken.
    pub async fn take_lock(
        &self,
        owner: &Owner,
        release: KeptRelease,
        now: Timestamp,
        permit: Permit<'_>,
    ) -> Result<HeldLock, StoreError> {
        let key = keys::lock(self.component());
        let found = self.read(&key, Lock::read).await?;
        let (before, over) = found.map_or((None, None), |(lock, version)| (Some(lock), Some(version)));
        if let Some(busy) = before.as_ref().filter(|lock| !lock.may_take(owner, now)) {
            return Err(StoreError::Busy(busy.described()));
        }
        let lock = Lock::taken(owner.clone(), now, release, before.as_ref());
        match self.put(&key, lock.document(), unless(over.as_ref()), permit).await {
            Ok(version) => {
                Ok(HeldLock { lock, is_after_unfinished: before.is_some_and(|lock| lock.is_unfinished()), version })
            }
            Err(error) if error.is_overtaken() => Err(self.busy().await?.unwrap_or(error)),
            Err(error) => Err(error),
        }
    }

    async fn busy(&self) -> Result<Option<StoreError>, StoreError> {
        let found = self.read(&keys::lock(self.component()), Lock::read).await?;
        Ok(found.map(|(lock, _)| StoreError::Busy(lock.described())))
    }

    /// Makes sure that the lock is still this run's, and has it for some more time.
    ///
    /// # Errors
    ///
    /// Another run took it, or it cannot be written.
    pub async fn renew(&self, held: &mut HeldLock, now: Timestamp, permit: Permit<'_>) -> Result<(), StoreError> {
        let lock = held.lock.renewed(now);
        self.write_lock(held, lock, permit).await
    }

    /// Gives the lock back. `is_finished`: what the site serves is what the pointer says.
    ///
    /// # Errors
    ///
    /// As [`Self::renew`].
    pub async fn give_back(&self, mut held: HeldLock, is_finished: bool, permit: Permit<'_>) -> Result<(), StoreError> {
        let lock = held.lock.given_back(is_finished);
        self.write_lock(&mut held, lock, permit).await
    }

    async fn write_lock(&self, held: &mut HeldLock, lock: Lock, permit: Permit<'_>) -> Result<(), StoreError> {
        let over = Unless::IsNot(&held.version);
        let version = self.put(&keys::lock(self.component()), lock.document(), over, permit).await?;
        *held = HeldLock { lock, version, ..*held };
        Ok(())
    }
}
