//! A site with what looks at it and changes it.

use std::collections::BTreeMap;

use super::client::S3;
use super::cloudfront::CloudFront;
use super::store::Store;
use crate::domain::failure::Failure;
use crate::domain::static_site::Target;
use crate::domain::static_site::bundle::{BundleManifest, SitePath};
use crate::domain::static_site::names::BucketName;
use crate::domain::static_site::served::Served;
use crate::domain::static_site::store::{Current, Kept};
use crate::domain::static_site::sync::{Known, SeenObject};
use crate::observe::Cloud;
use crate::together::try_each;

/// A site with what looks at it and changes it.
#[derive(Debug, Clone)]
pub struct Site {
    /// As it is configured.
    pub target: Target,
    /// Amazon S3.
    pub s3: S3,
    /// The store of its environment.
    pub store: Store,
}

/// What is known of a bucket by the documents of its store.
#[derive(Debug, Default)]
pub struct Written {
    /// What is served.
    pub before: Option<Served>,
    /// The releases that keep their files.
    pub kept: Vec<Served>,
    /// What runs began to write and did not end.
    pub begun: Vec<Served>,
}

impl Written {
    /// It as a plan takes it.
    pub fn known(&self) -> Known<'_> {
        Known { before: self.before.as_ref(), kept: &self.kept, begun: &self.begun }
    }
}

impl Site {
    /// A site of an environment.
    ///
    /// # Errors
    ///
    /// Credentials would be sent without encryption.
    pub fn new(cloud: &Cloud, target: &Target) -> Result<Self, Failure> {
        let s3: S3 = cloud.client()?;
        let store = Store::new(s3.clone(), target.artifacts.clone(), target.name.clone());
        Ok(Self { target: target.clone(), s3, store })
    }

    /// The client of its distribution. `None`: it has none.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn cloudfront(&self, cloud: &Cloud) -> Result<Option<CloudFront>, Failure> {
        Ok(self.target.distribution.as_ref().map(|_| cloud.client()).transpose()?)
    }

    /// Makes sure that its buckets exist.
    ///
    /// # Errors
    ///
    /// One does not, or cannot be looked at.
    pub async fn has_buckets(&self) -> Result<(), Failure> {
        let buckets = [(&self.target.bucket, "bucket"), (&self.target.artifacts, "artifacts")];
        let exist = try_each(&buckets, |(bucket, key)| async move {
            if self.s3.bucket_exists(bucket).await? { Ok(()) } else { Err(missing(bucket, key)) }
        });
        exist.await.map(drop)
    }

    /// The manifest of a release that the store has to have.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is not there.
    pub async fn manifest(&self, kept: &Kept) -> Result<BundleManifest, Failure> {
        let found = self.store.release(&kept.release).await?;
        let found = found.filter(|found| found.digest == kept.digest).ok_or_else(|| {
            let release = kept.release.short();
            Failure::failed(format!("store `{}` has no files of release {release}", self.target.artifacts))
                .cause(format!("`{}` is served, or was, and its manifest is missing or is another one", self.target.name))
                .hint("restore the object from a version or a backup of the bucket, or deploy the commit again")
        })?;
        Ok(found.manifest)
    }

    /// What is served by the pointer.
    ///
    /// # Errors
    ///
    /// As [`Self::manifest`].
    pub async fn served(&self, current: &Current) -> Result<Served, Failure> {
        let kept = Kept {
            release: current.release.clone(),
            digest: current.digest.clone(),
            exclude: current.exclude.clone(),
        };
        Ok(Served::now(&self.manifest(&kept).await?, current))
    }

    /// What is known of the bucket. `begun`: what the lock says that runs began.
    ///
    /// # Errors
    ///
    /// What is served cannot be read. Of the others one that cannot be read is left out: its files are looked at then.
    pub async fn written(&self, current: Option<&Current>, begun: &[Kept]) -> Result<Written, Failure> {
        let Some(current) = current else { return Ok(Written { begun: self.of_kept(begun).await, ..Written::default() }) };
        Ok(Written {
            before: Some(self.served(current).await?),
            kept: self.of_kept(current.recent.get(1..).unwrap_or_default()).await,
            begun: self.of_kept(begun).await,
        })
    }

    /// What releases have in the bucket, as far as the store has them.
    pub async fn of_kept(&self, kept: &[Kept]) -> Vec<Served> {
        let read = futures_util::future::join_all(kept.iter().map(|one| self.manifest(one))).await;
        let read = read.into_iter().zip(kept);
        read.filter_map(|(manifest, one)| Some(Served::then(&manifest.ok()?, one))).collect()
    }

    /// Looks at objects of the bucket that serves. Those that are not there are left out.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn look_at(&self, paths: &[&SitePath]) -> Result<BTreeMap<SitePath, SeenObject>, Failure> {
        let seen = super::store::each_of(paths, |path| self.s3.head(&self.target.bucket, path.as_str())).await?;
        let seen = paths.iter().zip(seen);
        Ok(seen.filter_map(|(path, object)| Some(((*path).clone(), object?))).collect())
    }

    /// The sizes of all objects of the bucket that serves, as far as their keys are paths of a site.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub async fn sizes(&self) -> Result<BTreeMap<SitePath, u64>, Failure> {
        let listed = self.s3.list(&self.target.bucket, "", None).await?;
        Ok(listed.into_iter().filter_map(|object| Some((object.key.parse().ok()?, object.size))).collect())
    }
}

fn missing(bucket: &BucketName, key: &str) -> Failure {
    Failure::failed(format!("bucket `{bucket}` does not exist"))
        .hint(format!("create it (shipgate never does), or correct `{key}`, `prefix`, `region` or the account"))
}
