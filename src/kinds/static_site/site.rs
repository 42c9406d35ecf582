//! A site with what looks at it and changes it.

use std::collections::BTreeSet;

use super::client::S3;
use super::client_head::BucketPlace;
use super::cloudfront::CloudFront;
use super::store::Store;
use super::writes::ServingBucket;
use crate::clients::aws::AwsError;
use crate::domain::failure::Failure;
use crate::domain::names::Region;
use crate::domain::static_site::Target;
use crate::domain::static_site::names::BucketName;
use crate::domain::static_site::served::Served;
use crate::domain::static_site::store::{CurrentRelease, KeptRelease};
use crate::domain::static_site::sync::{Care, Listing, RecordedFiles, Sync, doubted, plan, to_look_at};
use crate::domain::static_site::website::Setup;
use crate::observe::Cloud;
use crate::together::try_each;

/// Maximum number of objects of a bucket that are listed: a hundred calls.
const MOST_LISTED: usize = 100_000;

/// A site with what looks at it and changes it.
#[derive(Debug, Clone)]
pub struct SiteConnection {
    /// As it is configured.
    pub target: Target,
    /// The bucket that serves it.
    pub bucket: ServingBucket,
    /// The store of its environment.
    pub store: Store,
    s3: S3,
}

/// What is known of a bucket by the documents of its store.
#[derive(Debug, Default)]
pub struct StoreDocuments {
    /// What is served.
    pub before: Option<Served>,
    /// The releases that keep their files.
    pub kept: Vec<Served>,
    /// What runs began to write and did not end.
    pub begun: Vec<Served>,
}

impl StoreDocuments {
    /// It as a plan takes it.
    pub fn known(&self) -> RecordedFiles<'_> {
        RecordedFiles { before: self.before.as_ref(), kept: &self.kept, begun: &self.begun, doubted: None }
    }
}

impl SiteConnection {
    /// A site of an environment.
    ///
    /// # Errors
    ///
    /// Credentials would be sent without encryption.
    pub fn new(cloud: &Cloud, target: &Target) -> Result<Self, Failure> {
        let s3: S3 = cloud.client()?;
        let store = Store::new(s3.clone(), target.artifacts.clone(), target.name.clone());
        let bucket = ServingBucket::new(s3.clone(), target.bucket.clone());
        Ok(Self { target: target.clone(), bucket, store, s3 })
    }

    /// The client of its distribution. `None`: it has none.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn cloudfront(&self, cloud: &Cloud) -> Result<Option<CloudFront>, Failure> {
        Ok(self.target.distribution.as_ref().map(|_| cloud.client()).transpose()?)
    }

    /// How its bucket is set up to be read by everyone.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn setup(&self) -> Result<Setup, AwsError> {
        self.s3.setup(&self.target.bucket).await
    }

    /// Makes sure that its buckets exist.
    ///
    /// # Errors
    ///
    /// One does not, or cannot be looked at.
    pub async fn has_buckets(&self) -> Result<(), Failure> {
        let buckets = [(&self.target.bucket, "bucket"), (&self.target.artifacts, "artifacts")];
        let exist = try_each(&buckets, |(bucket, key)| async move {
            match self.s3.find_bucket(bucket).await? {
                BucketPlace::Here => Ok(()),
                BucketPlace::Elsewhere(region) => Err(in_other_region(bucket, key, region)),
                BucketPlace::Nowhere => Err(missing(bucket, key)),
            }
        });
        exist.await.map(drop)
    }

    /// Whether its bucket has any file.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn has_files(&self) -> Result<bool, Failure> {
        Ok(!self.s3.list(&self.target.bucket, "", 1).await?.is_empty())
    }

    /// What is served by the pointer.
    ///
    /// # Errors
    ///
    /// Its files are not in the store.
    pub async fn served(&self, current: &CurrentRelease) -> Result<Served, Failure> {
        Ok(Served::now(&self.store.kept(&current.kept()).await?.manifest, current))
    }

    /// What is known of the bucket. `begun`: what the lock says that runs began.
    ///
    /// # Errors
    ///
    /// What is served cannot be read. Of the others one that cannot be read is left out: its files are looked at then.
    pub async fn written(
        &self,
        current: Option<&CurrentRelease>,
        begun: &[KeptRelease],
    ) -> Result<StoreDocuments, Failure> {
        let Some(current) = current else {
            return Ok(StoreDocuments { begun: self.of_kept(begun).await, ..StoreDocuments::default() });
        };
        Ok(StoreDocuments {
            before: Some(self.served(current).await?),
            kept: self.of_kept(current.recent.get(1..).unwrap_or_default()).await,
            begun: self.of_kept(begun).await,
        })
    }

    /// What releases have in the bucket, as far as the store has them.
    pub async fn of_kept(&self, kept: &[KeptRelease]) -> Vec<Served> {
        let read = futures_util::future::join_all(kept.iter().map(|one| self.store.kept(one))).await;
        let read = read.into_iter().zip(kept);
        read.filter_map(|(stored, one)| Some(Served::then(&stored.ok()?.manifest, one))).collect()
    }

    /// What has to be written so that the bucket serves some files. `current`: the pointer, if there is one, and how closely
    /// the files are looked at that caches keep for ever. The answer says whether each was.
    ///
    /// # Errors
    ///
    /// A file cannot be looked at.
    pub async fn sync(
        &self,
        wanted: &Served,
        known: RecordedFiles<'_>,
        current: Option<(&CurrentRelease, Care)>,
    ) -> Result<(Sync, bool), Failure> {
        let doubt = async |current: &CurrentRelease| doubted(wanted, &self.listing().await, current.listed);
        let is_listed = |(current, care): &(&CurrentRelease, Care)| care.lists(wanted.0.len(), current.listed);
        let doubted = match current.filter(is_listed) {
            Some((current, _)) => doubt(current).await,
            None => BTreeSet::new(),
        };
        let known = RecordedFiles { doubted: Some(&doubted), ..known };
        let mut seen = self.bucket.look(to_look_at(wanted, known)).await?;
        let sync = plan(wanted, known, &seen);
        let Some((current, _)) = current.filter(|one| !is_listed(one)) else { return Ok((sync, true)) };
        // Who was at a page may have been at more.
        if !sync.odd.iter().any(|(_, oddity)| oddity.is_drift()) {
            return Ok((sync, false));
        }
        let doubted = doubt(current).await;
        seen.extend(self.bucket.look(&doubted).await?);
        Ok((plan(wanted, RecordedFiles { doubted: Some(&doubted), ..known }, &seen), true))
    }

    /// What is in the bucket. What a list does not say, a request for each file does: a failure is only slow.
    async fn listing(&self) -> Listing {
        let listed = self.s3.list_objects(&self.target.bucket, "", MOST_LISTED).await.unwrap_or_default();
        Listing(listed.into_iter().collect())
    }
}

fn in_other_region(bucket: &BucketName, key: &str, region: Option<Region>) -> Failure {
    let place = region.map_or_else(|| "another region".to_owned(), |region| format!("region {region}"));
    Failure::failed(format!("bucket `{bucket}` is in {place}")).hint(format!("correct `{key}`, `prefix` or `region`"))
}

fn missing(bucket: &BucketName, key: &str) -> Failure {
    Failure::failed(format!("bucket `{bucket}` does not exist"))
        .hint(format!("create it (shipgate never does), or correct `{key}`, `prefix`, `region` or the account"))
}
