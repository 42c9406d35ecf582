//! The release store of a component: the objects of `domain::static_site::store` in the bucket `artifacts`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::client::{ObjectPlace, S3};
use super::client_write::{Body, Headers, Unless, is_other_bytes};
use crate::clients::static_site_error::{PutError, StoreError};
use crate::domain::gate::Permit;
use crate::domain::image::Digest;
use crate::domain::names::ComponentName;
use crate::domain::release::ReleaseName;
use crate::domain::static_site::bundle::BundleManifest;
use crate::domain::static_site::names::BucketName;
use crate::domain::static_site::store::{CurrentRelease, FilledBundle, KeptRelease, SiteHolds, SiteLedgerEntry, keys};
use crate::domain::static_site::sync::Version;
use crate::together::try_each;

/// A pointer, a lock or an entry is no larger.
const LARGEST: u64 = 1024 * 1024;
/// A manifest is no larger: 20,000 files with the longest names have 26 MB.
const LARGEST_MANIFEST: u64 = 64 * 1024 * 1024;

/// What was read of a store, by the digest of the bundle and that of its files with values, which say all that is in it:
/// releases of one content are read once in a run.
type StoreReads = BTreeMap<(Digest, Option<Digest>), Rc<StoredRelease>>;

/// The release store of a component.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) s3: S3,
    pub(super) bucket: BucketName,
    component: ComponentName,
    read: Rc<RefCell<StoreReads>>,
}

/// A release as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRelease {
    /// Its files, with values where it has placeholders.
    pub manifest: BundleManifest,
    /// The digest of its bundle: that of its files without values.
    pub digest: Digest,
}

/// What came of storing a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutRelease {
    /// It is stored, now or before, as it was to be.
    There,
    /// It was stored before with other files, and those are what is deployed: their digest.
    Differs(Digest),
}

/// The newest entries of a ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewestEntries {
    /// Those that can be read, newest first.
    pub readable: Vec<SiteLedgerEntry>,
    /// Why others cannot be, in words.
    pub unreadable: Vec<String>,
    /// Whether there are no older ones.
    pub is_all: bool,
}

impl Store {
    /// The store of a component in a bucket.
    pub fn new(s3: S3, bucket: BucketName, component: ComponentName) -> Self {
        Self { s3, bucket, component, read: Rc::default() }
    }

    /// The component.
    pub fn component(&self) -> &ComponentName {
        &self.component
    }

    /// A release. `None`: it is not stored.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub async fn release(&self, release: &ReleaseName) -> Result<Option<Rc<StoredRelease>>, StoreError> {
        let key = keys::release(&self.component, release);
        let Some((text, _)) = self.s3.object(self.at(&key), LARGEST_MANIFEST).await? else { return Ok(None) };
        let digest = Digest::of(&text);
        if let Some(stored) = self.was_read(&digest, None) {
            return Ok(Some(stored));
        }
        let manifest = BundleManifest::read(&text).map_err(|why| self.unreadable(&key, why))?;
        if digest != manifest.digest() {
            return Err(self.unreadable(&key, "it is not written as shipgate writes it".to_owned()));
        }
        Ok(Some(self.note(StoredRelease { manifest, digest }, None)))
    }

    /// A release that the pointer or a lock names, with the values of its placeholders where it has any.
    ///
    /// # Errors
    ///
    /// It cannot be read, is not stored, or has other files than is said there.
    pub async fn kept(&self, kept: &KeptRelease) -> Result<Rc<StoredRelease>, StoreError> {
        if let Some(stored) = self.was_read(&kept.digest, kept.filled.as_ref()) {
            return Ok(stored);
        }
        let key = keys::release(&self.component, &kept.release);
        let missing = || StoreError::Missing { bucket: self.bucket.clone(), key: key.clone() };
        let stored = self.release(&kept.release).await?.ok_or_else(missing)?;
        if stored.digest != kept.digest {
            return Err(self.unreadable(&key, format!("its digest is not {}", kept.digest)));
        }
        let Some(filled) = &kept.filled else { return Ok(stored) };
        let text = self.blob(&filled.manifest, LARGEST_MANIFEST).await?;
        let unreadable = |why| self.unreadable(&keys::blob(&filled.manifest), why);
        let manifest = BundleManifest::read(&text).map_err(unreadable)?;
        Ok(self.note(StoredRelease { manifest, digest: kept.digest.clone() }, Some(filled)))
    }

    fn was_read(&self, digest: &Digest, filled: Option<&FilledBundle>) -> Option<Rc<StoredRelease>> {
        let key = (digest.clone(), filled.map(|filled| filled.manifest.clone()));
        self.read.borrow().get(&key).cloned()
    }

    fn note(&self, stored: StoredRelease, filled: Option<&FilledBundle>) -> Rc<StoredRelease> {
        let key = (stored.digest.clone(), filled.map(|filled| filled.manifest.clone()));
        let stored = Rc::new(stored);
        self.read.borrow_mut().insert(key, stored.clone());
        stored
    }

    /// Stores a release, whose files are stored already. It is written once.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub async fn put_release(
        &self,
        release: &ReleaseName,
        manifest: &BundleManifest,
        permit: Permit<'_>,
    ) -> Result<PutRelease, StoreError> {
        let key = keys::release(&self.component, release);
        match self.put(&key, manifest.document(), Unless::Exists, permit).await {
            Ok(_) => {
                self.note(StoredRelease { manifest: manifest.clone(), digest: manifest.digest() }, None);
                Ok(PutRelease::There)
            }
            Err(error) if error.is_overtaken() => match self.release(release).await? {
                Some(stored) if stored.digest == manifest.digest() => Ok(PutRelease::There),
                Some(stored) => Ok(PutRelease::Differs(stored.digest.clone())),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Which release is served. `None`: none that shipgate put there.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub async fn current(&self) -> Result<Option<(CurrentRelease, Version)>, StoreError> {
        self.read(&keys::current(&self.component), CurrentRelease::read).await
    }

    /// Moves the pointer, over the version that was seen.
    ///
    /// # Errors
    ///
    /// Somebody else moved it meanwhile, or it cannot be written.
    pub async fn move_current(
        &self,
        current: &CurrentRelease,
        over: Option<&Version>,
        permit: Permit<'_>,
    ) -> Result<Version, StoreError> {
        self.put(&keys::current(&self.component), current.document(), unless(over), permit).await
    }

    /// Writes an entry of the ledger, once.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub async fn append(&self, entry: &SiteLedgerEntry, permit: Permit<'_>) -> Result<(), StoreError> {
        let key = keys::entry(&self.component, entry.id().as_str());
        self.put(&key, entry.document(), Unless::Exists, permit).await.map(drop)
    }

    /// The newest entries of the ledger, at most this many.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    pub async fn entries(&self, most: usize) -> Result<NewestEntries, StoreError> {
        let mut keys = self.s3.list(&self.bucket, &keys::ledger(&self.component), most.saturating_add(1)).await?;
        let is_all = keys.len() <= most;
        keys.truncate(most);
        let read = try_each(keys, async |key| self.entry(&key).await).await?;
        let mut entries = NewestEntries { is_all, ..NewestEntries::default() };
        for one in read.into_iter().flatten() {
            match one {
                Ok(entry) => entries.readable.push(entry),
                Err(why) => entries.unreadable.push(why),
            }
        }
        Ok(entries)
    }

    /// An entry, or why it cannot be understood. `None`: it was deleted meanwhile.
    async fn entry(&self, key: &str) -> Result<Option<Result<SiteLedgerEntry, String>>, StoreError> {
        let Some((text, _)) = self.s3.object(self.at(key), LARGEST).await? else { return Ok(None) };
        let is_here = |entry: &SiteLedgerEntry| keys::id_of(&self.component, key) == Some(entry.id().as_str());
        let read = match SiteLedgerEntry::read(&text) {
            Ok(entry) if is_here(&entry) => Ok(entry),
            Ok(_) => Err(self.unreadable(key, "it is of another time or release".to_owned()).to_string()),
            Err(why) => Err(self.unreadable(key, why).to_string()),
        };
        Ok(Some(read))
    }

    /// The holds, with the version of their object where there is one. What cannot be read stops every release.
    ///
    /// # Errors
    ///
    /// They cannot be asked for.
    pub async fn holds(&self) -> Result<(SiteHolds, Option<Version>), StoreError> {
        let key = keys::holds(&self.component);
        let found = self.s3.object(self.at(&key), LARGEST).await?;
        Ok(found.map_or_else(Default::default, |(text, version)| (SiteHolds::of(&text, &key), Some(version))))
    }

    /// Writes the holds, over the version that was seen.
    ///
    /// # Errors
    ///
    /// Somebody else wrote them meanwhile, or they cannot be written.
    pub async fn put_holds(
        &self,
        holds: &SiteHolds,
        over: Option<&Version>,
        permit: Permit<'_>,
    ) -> Result<Version, StoreError> {
        self.put(&keys::holds(&self.component), holds.document(), unless(over), permit).await
    }

    pub(super) async fn read<T>(
        &self,
        key: &str,
        read: impl FnOnce(&[u8]) -> Result<T, String>,
    ) -> Result<Option<(T, Version)>, StoreError> {
        let Some((text, version)) = self.s3.object(self.at(key), LARGEST).await? else { return Ok(None) };
        Ok(Some((read(&text).map_err(|why| self.unreadable(key, why))?, version)))
    }

    pub(super) async fn put(
        &self,
        key: &str,
        document: String,
        unless: Unless<'_>,
        permit: Permit<'_>,
    ) -> Result<Version, StoreError> {
        let headers = Headers::kept(Digest::of(&document), "application/json");
        let put = self.s3.put(self.at(key), &Body::Bytes(document.into()), (&headers, unless), permit).await;
        put.map_err(|error| self.not_put(key, error))
    }

    pub(super) fn at<'a>(&'a self, key: &'a str) -> ObjectPlace<'a> {
        ObjectPlace { bucket: &self.bucket, key }
    }

    pub(super) fn not_put(&self, key: &str, error: PutError) -> StoreError {
        not_put(self.at(key), error)
    }

    fn unreadable(&self, key: &str, why: String) -> StoreError {
        StoreError::Unreadable { bucket: self.bucket.clone(), key: key.to_owned(), why }
    }
}

pub(super) fn unless(over: Option<&Version>) -> Unless<'_> {
    over.map_or(Unless::Exists, Unless::IsNot)
}

/// Why an object was not written.
pub(super) fn not_put(place: ObjectPlace<'_>, error: PutError) -> StoreError {
    let (bucket, key) = (place.bucket.clone(), place.key.to_owned());
    match error {
        PutError::NotWritten => StoreError::Overtaken { bucket, key },
        PutError::OtherBytes(_) => StoreError::OtherBytes { bucket, key },
        PutError::File { .. } => StoreError::File(error),
        PutError::Call(call) if is_other_bytes(&call) => StoreError::OtherBytes { bucket, key },
        PutError::Call(call) => StoreError::Call(call),
    }
}
