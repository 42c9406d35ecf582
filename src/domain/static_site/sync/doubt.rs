//! Which files have to be looked at although runs wrote them that came to their end: somebody may have been there since.

use std::collections::{BTreeMap, BTreeSet};

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
