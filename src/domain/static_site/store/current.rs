//! Which release a site serves: the pointer that moves when the pages of a release are in place.

use glob::Pattern;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::{self, maybe, parsed, plain};
use super::filled::{FilledBundle, RawFilled};
use crate::domain::image::Digest;
use crate::domain::release::ReleaseName;
use crate::domain::static_site::bundle::{Cache, SiteFile, SitePath};

/// The only form of the object that is known.
const SCHEMA: &str = "shipgate/site/v1";

/// The release that a site serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentRelease {
    /// The release.
    pub release: ReleaseName,
    /// The digest of its bundle.
    pub digest: Digest,
    /// Since when.
    pub since: Timestamp,
    /// When all files in the bucket were known to be of shipgate: a run compared each then.
    pub listed: Timestamp,
    /// The file that differs between environments, as it was written.
    pub config: Option<WrittenConfig>,
    /// The patterns of the files of the release that are not served, as they were then.
    pub exclude: Vec<Pattern>,
    /// Its files with the values of its placeholders. `None`: it has none.
    pub filled: Option<FilledBundle>,
    /// The run that put it there. `None`: it is not known.
    pub run: Option<String>,
    /// The releases that were served last, this one first: what keeps their files in the bucket.
    pub recent: Vec<KeptRelease>,
    /// The releases that are not kept any more, and those of runs that did not come to their end: their files may be in
    /// the bucket still.
    pub leaving: Vec<KeptRelease>,
}

/// A release whose files are, or were, in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRelease {
    /// The release.
    pub release: ReleaseName,
    /// The digest of its bundle.
    pub digest: Digest,
    /// The patterns of its files that were not served.
    pub exclude: Vec<Pattern>,
    /// Its files with the values of its placeholders. `None`: it has none.
    pub filled: Option<FilledBundle>,
}

/// The file that differs between environments, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenConfig {
    /// Where it is.
    pub path: SitePath,
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many bytes there are.
    pub size: u64,
    /// The header `Content-Type`.
    pub content_type: String,
}

/// What a run put on a site.
#[derive(Debug, Clone)]
pub struct FinishedRelease {
    /// The release, and which of its files are not served.
    pub kept: KeptRelease,
    /// When that was known.
    pub at: Timestamp,
    /// Whether the run compared each file in the bucket.
    pub is_listed: bool,
    /// The file that differs between environments.
    pub config: Option<WrittenConfig>,
    /// The run.
    pub run: Option<String>,
}

impl WrittenConfig {
    /// It as a file: caches ask for it each time.
    pub fn file(&self) -> SiteFile {
        SiteFile {
            digest: self.digest.clone(),
            size: self.size,
            content_type: self.content_type.clone(),
            cache: Cache::Revalidate,
            encoding: None,
        }
    }
}

impl CurrentRelease {
    /// The pointer after a run. `before`: the one that it saw. `begun`: what runs began to put there and did not end
    /// ([`Lock::begun`](super::Lock)). `keep`: the number of releases that keep their files.
    pub fn after(finished: FinishedRelease, before: Option<&Self>, begun: &[KeptRelease], keep: usize) -> Self {
        let FinishedRelease { kept, at, is_listed, config, run } = finished;
        let is_same = |one: &KeptRelease, other: &KeptRelease| {
            one.release == other.release && one.exclude == other.exclude && one.filled == other.filled
        };
        let mut recent = vec![kept.clone()];
        let mut leaving = Vec::new();
        let mut add = |list: &mut Vec<KeptRelease>, one: &KeptRelease, most: usize| {
            let is_there = list.iter().any(|there| is_same(there, one));
            if !is_there && list.len() < most {
                list.push(one.clone());
            } else if !is_there && !leaving.contains(one) {
                leaving.push(one.clone());
            }
        };
        let served = before.map_or(&[][..], |before| &before.recent);
        for one in served {
            add(&mut recent, one, keep.max(1));
        }
        let others = begun.iter().chain(before.map_or(&[][..], |before| &before.leaving));
        for one in others {
            add(&mut recent, one, 0);
        }
        Self {
            release: kept.release,
            digest: kept.digest,
            since: at,
            listed: before.filter(|_| !is_listed).map_or(at, |before| before.listed),
            config,
            exclude: kept.exclude,
            filled: kept.filled,
            run,
            recent,
            leaving,
        }
    }

    /// The release that is served, as one whose files are there.
    pub fn kept(&self) -> KeptRelease {
        KeptRelease {
            release: self.release.clone(),
            digest: self.digest.clone(),
            exclude: self.exclude.clone(),
            filled: self.filled.clone(),
        }
    }

    /// It when the files of a number of the releases that are leaving were deleted, from the end of their list.
    #[must_use]
    pub fn without_leaving(mut self, gone: usize) -> Self {
        self.leaving.truncate(self.leaving.len().saturating_sub(gone));
        self
    }

    /// Reads the object.
    ///
    /// # Errors
    ///
    /// Why it cannot be understood, in words.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let document = document::read(text, SCHEMA)?;
        let CurrentDocument { release, digest, since, listed, config, exclude, filled, run, recent, leaving } =
            document;
        let kept = |list: Vec<RawKept>| list.into_iter().map(RawKept::read).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            release: parsed(&release, "`release` is not a release")?,
            digest: parsed(&digest, "`digest` is not a digest")?,
            since: parsed(&since, "`since` is not a time")?,
            listed: parsed(listed.as_ref().unwrap_or(&since), "`listed` is not a time")?,
            config: config.map(RawSiteConfig::read).transpose()?,
            exclude: patterns(&exclude)?,
            filled: filled.map(RawFilled::read).transpose()?,
            run: plain(run),
            recent: kept(recent)?,
            leaving: kept(leaving)?,
        })
    }

    /// The object.
    pub fn document(&self) -> String {
        let kept = |list: &[KeptRelease]| list.iter().map(RawKept::of).collect();
        let document = CurrentDocument {
            release: self.release.to_string(),
            digest: self.digest.to_string(),
            since: document::time(self.since),
            listed: (self.listed != self.since).then(|| document::time(self.listed)),
            config: self.config.as_ref().map(RawSiteConfig::of),
            exclude: texts(&self.exclude),
            filled: self.filled.as_ref().map(RawFilled::of),
            run: self.run.clone(),
            recent: kept(&self.recent),
            leaving: kept(&self.leaving),
        };
        document::write(&document, SCHEMA)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CurrentDocument {
    release: String,
    digest: String,
    since: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    listed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    config: Option<RawSiteConfig>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    exclude: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filled: Option<RawFilled>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    #[serde(default)]
    recent: Vec<RawKept>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    leaving: Vec<RawKept>,
}

/// [`WrittenConfig`] as documents have it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSiteConfig {
    path: String,
    digest: String,
    size: u64,
    #[serde(rename = "type")]
    content_type: String,
}

/// [`KeptRelease`] as documents have it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKept {
    release: String,
    digest: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    exclude: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filled: Option<RawFilled>,
}

impl RawSiteConfig {
    pub(super) fn of(config: &WrittenConfig) -> Self {
        Self {
            path: config.path.to_string(),
            digest: config.digest.to_string(),
            size: config.size,
            content_type: config.content_type.clone(),
        }
    }

    pub(super) fn read(self) -> Result<WrittenConfig, String> {
        if !self.content_type.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err("its `config` has no type".to_owned());
        }
        Ok(WrittenConfig {
            path: parsed(&self.path, "`config` has no path of a site")?,
            digest: parsed(&self.digest, "`config` has no digest")?,
            size: self.size,
            content_type: self.content_type,
        })
    }
}

impl RawKept {
    pub(super) fn of(kept: &KeptRelease) -> Self {
        let KeptRelease { release, digest, exclude, filled } = kept;
        Self {
            release: release.to_string(),
            digest: digest.to_string(),
            exclude: texts(exclude),
            filled: filled.as_ref().map(RawFilled::of),
        }
    }

    pub(super) fn read(self) -> Result<KeptRelease, String> {
        Ok(KeptRelease {
            release: parsed(&self.release, "list has what is not a release")?,
            digest: parsed(&self.digest, "list has what is not a digest")?,
            exclude: patterns(&self.exclude)?,
            filled: self.filled.map(RawFilled::read).transpose()?,
        })
    }
}

/// Patterns as documents have them.
pub(super) fn texts(patterns: &[Pattern]) -> Vec<String> {
    patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect()
}

/// Reads patterns.
pub(super) fn patterns(texts: &[String]) -> Result<Vec<Pattern>, String> {
    let patterns = texts.iter().map(|text| maybe(Some(text), "`exclude` has what is not a pattern"));
    patterns.filter_map(Result::transpose).collect()
}

#[cfg(test)]
mod tests;
