//! Which files have to be looked at although runs wrote them that came to their end: somebody may have been there since.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::static_site::bundle::{Cache, SiteFile, SitePath};
use crate::domain::static_site::served::Served;

/// What a bucket has, as S3 lists it
/// ([ListObjectsV2](https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html)).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing(pub BTreeMap<String, ListedObject>);

/// An object as S3 lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedObject {
    /// How many bytes there are.
    pub size: u64,
    /// When it was written last. `None`: it is not known.
    pub modified: Option<Timestamp>,
}

/// Maximum number of files of a site that is listed at every poll, with one call.
const LISTED_ALWAYS: usize = 1000;
/// A larger one is listed by a run that finds it listed longer ago.
const LISTED_AGAIN: Duration = Duration::from_hours(1);

/// How closely a bucket is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// Each file, whatever it costs.
    EachFile,
    /// Files that caches keep for ever only where the site is small, or where something says that somebody was there.
    /// `is_suspect`: the last run did not come to its end, or proved nothing.
    Suspect { is_suspect: bool },
    /// As before, and where the last whole look was too long ago. The time is that of this run.
    Due { is_suspect: bool, now: Timestamp },
}

impl Care {
    /// Whether a bucket is listed, before anything else of it is known. `files`: the number that is to be served. `listed`: when a
    /// run compared all of them last.
    pub fn lists(self, files: usize, listed: Timestamp) -> bool {
        match self {
            Self::EachFile => true,
            Self::Suspect { is_suspect } => is_suspect || files <= LISTED_ALWAYS,
            Self::Due { is_suspect, now } => {
                let is_old = now.duration_since(listed).unsigned_abs() > LISTED_AGAIN;
                is_suspect || is_old || files <= LISTED_ALWAYS
            }
        }
    }
}

/// The files that caches keep for ever, and that are missing, have another size, or were written since a release was
/// served: whether they are the release's, a list does not say. What a list does not have is doubted, too. `since`: when
/// the release was whole, by the clock of its run.
pub fn doubted(wanted: &Served, listing: &Listing, since: Timestamp) -> BTreeSet<SitePath> {
    let is_as_written = |path: &SitePath, file: &SiteFile| {
        let object = listing.0.get(path.as_str());
        object.is_some_and(|object| object.size == file.size && object.modified.is_some_and(|at| at <= since))
    };
    let kept_for_ever = wanted.0.iter().filter(|(_, file)| file.cache == Cache::Immutable);
    kept_for_ever.filter(|(path, file)| !is_as_written(path, file)).map(|(path, _)| path.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::static_site::served::tests::file;

    #[test]
    fn a_large_site_is_listed_where_something_says_that_somebody_was_there() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let suspect = |is_suspect| Care::Suspect { is_suspect };
        let due = |is_suspect, now| Care::Due { is_suspect, now: at(now) };
        for (care, files, is_listed) in [
            (Care::EachFile, 20_000, true),
            (suspect(false), 1000, true),
            (suspect(false), 1001, false),
            (suspect(true), 1001, true),
            (due(false, 3600), 1000, true),
            (due(false, 3600), 1001, false),
            (due(false, 3601), 1001, true),
            (due(true, 0), 1001, true),
            // A clock that went back says nothing.
            (due(false, -3601), 1001, true),
        ] {
            assert_eq!(care.lists(files, at(0)), is_listed, "{care:?} {files}");
        }
    }

    #[test]
    fn what_is_missing_or_has_another_size_or_is_newer_is_doubted() {
        let since = Timestamp::from_second(100).unwrap();
        let object = |size: u64, second: i64| ListedObject { size, modified: Timestamp::from_second(second).ok() };
        for (listed, cache, is_doubted) in [
            (Some(object(3, 100)), Cache::Immutable, false),
            (Some(object(3, 101)), Cache::Immutable, true),
            (Some(object(4, 99)), Cache::Immutable, true),
            (Some(ListedObject { modified: None, ..object(3, 0) }), Cache::Immutable, true),
            (None, Cache::Immutable, true),
            // It is looked at anyway.
            (None, Cache::Revalidate, false),
        ] {
            let path: SitePath = "a.js".parse().unwrap();
            let wanted = Served(BTreeMap::from([(path.clone(), file("abc", cache))]));
            let listing = Listing(listed.map(|object| ("a.js".to_owned(), object)).into_iter().collect());
            assert_eq!(doubted(&wanted, &listing, since).contains(&path), is_doubted, "{listed:?} {cache:?}");
        }
    }
}
