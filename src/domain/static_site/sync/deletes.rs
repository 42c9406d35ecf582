//! What may be deleted from a bucket: what only releases have that are not kept any more.

use std::collections::{BTreeMap, BTreeSet};

use super::seen::SeenObject;
use crate::domain::static_site::bundle::SitePath;
use crate::domain::static_site::served::Served;

/// What may be deleted from a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deletes {
    /// The files, in order.
    pub paths: Vec<SitePath>,
    /// Number of the releases that are leaving, from the end of their list, that have nothing in the bucket afterwards.
    pub gone: usize,
    /// Why the others stay.
    pub refused: Option<TooMany>,
}

/// More would be deleted than is kept. That is not what a release is like that follows another, so nothing of it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{more} files that no kept release has stay in the bucket: {kept} are kept, and no more than that are deleted at once"
)]
pub struct TooMany {
    /// Number of files that would be deleted.
    pub more: usize,
    /// Number of files that are kept.
    pub kept: usize,
}

/// What may be deleted when a release is proven. `now`: what is served. `kept`: the releases that keep their files.
/// `leaving`: those that do not, the newest first: the oldest go first, and never more files at once than are kept.
pub fn deletes(now: &Served, kept: &[Served], leaving: &[Served]) -> Deletes {
    let stays: BTreeSet<&SitePath> = kept.iter().chain([now]).flat_map(|served| served.0.keys()).collect();
    let mut paths: BTreeSet<&SitePath> = BTreeSet::new();
    let mut gone = 0;
    let mut refused = None;
    for served in leaving.iter().rev() {
        let more: Vec<_> = served.0.keys().filter(|path| !stays.contains(path) && !paths.contains(path)).collect();
        if paths.len() + more.len() > stays.len() {
            refused = Some(TooMany { more: more.len(), kept: stays.len() });
            break;
        }
        paths.extend(more);
        gone += 1;
    }
    Deletes { paths: paths.into_iter().cloned().collect(), gone, refused }
}

/// Which files of a bucket are those of releases, and which were changed by hand since. One that is not there is neither.
pub fn of_releases(
    paths: Vec<SitePath>,
    leaving: &[Served],
    seen: &BTreeMap<SitePath, SeenObject>,
) -> (Vec<SitePath>, Vec<SitePath>) {
    let is_own = |path: &SitePath, object: &SeenObject| {
        leaving.iter().filter_map(|served| served.0.get(path)).any(|file| object.has_bytes_of(file))
    };
    let there = paths.into_iter().filter_map(|path| seen.get(&path).map(|object| (is_own(&path, object), path)));
    let (own, foreign): (Vec<_>, Vec<_>) = there.partition(|(is_own, _)| *is_own);
    let names = |all: Vec<(bool, SitePath)>| all.into_iter().map(|(_, path)| path).collect();
    (names(own), names(foreign))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::static_site::bundle::Cache;
    use crate::domain::static_site::served::tests::file;

    fn served(paths: &str) -> Served {
        let files = paths.chars().map(|path| (path.to_string().parse().unwrap(), file("x", Cache::Immutable)));
        Served(files.collect())
    }

    #[test]
    fn a_file_that_was_changed_by_hand_is_not_deleted() {
        let object = |text: &str| SeenObject {
            version: "\"1\"".into(),
            size: text.len() as u64,
            digest: Some(crate::domain::image::Digest::of(text)),
            content_type: None,
            cache: None,
            encoding: None,
        };
        let path = |name: &str| -> SitePath { name.parse().unwrap() };
        let leaving =
            [Served([(path("a"), file("x", Cache::Immutable)), (path("b"), file("x", Cache::Immutable))].into())];
        let seen = [(path("a"), object("x")), (path("b"), object("other"))].into();
        let (own, foreign) = of_releases(["a", "b", "c"].map(path).into(), &leaving, &seen);
        assert_eq!((own, foreign), (vec![path("a")], vec![path("b")]), "c is gone already");
    }

    #[test]
    fn only_what_no_kept_release_has_is_deleted_and_never_more_than_is_kept() {
        for (now, kept, leaving, deleted, gone, refused) in [
            ("ab", &["bc"][..], &["cd"][..], "d", 1, None),
            ("ab", &[], &[], "", 0, None),
            ("ab", &[], &["ab"], "", 1, None),
            ("ab", &[], &["cd"], "cd", 1, None),
            ("ab", &[], &["cde"], "", 0, Some((3, 2))),
            // The oldest first; the next one when the release after this is there.
            ("abc", &[], &["gh", "def"], "def", 1, Some((2, 3))),
            ("abc", &["d"], &["xyz", "e", "abf"], "ef", 2, Some((3, 4))),
            ("", &[], &["a"], "", 0, Some((1, 0))),
        ] {
            let list = |all: &[&str]| all.iter().map(|paths| served(paths)).collect::<Vec<_>>();
            let found = deletes(&served(now), &list(kept), &list(leaving));
            let paths: String = found.paths.iter().map(SitePath::as_str).collect();
            let refused = refused.map(|(more, kept)| TooMany { more, kept });
            assert_eq!(
                (paths.as_str(), found.gone, found.refused),
                (deleted, gone, refused),
                "{now} {kept:?} {leaving:?}"
            );
        }
    }
}
