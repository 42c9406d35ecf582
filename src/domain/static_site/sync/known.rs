//! What is known of a bucket without a read of it.

use std::collections::BTreeSet;

use crate::domain::static_site::bundle::{Cache, SiteFile, SitePath};
use crate::domain::static_site::served::Served;

/// What is known of a bucket without a read of it: what runs wrote that came to their end, and what others began to write.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecordedFiles<'a> {
    /// What the pointer says is served.
    pub before: Option<&'a Served>,
    /// The releases that keep their files, the one that was served last first.
    pub kept: &'a [Served],
    /// What runs began to put there and did not end: any part of it may be there.
    pub begun: &'a [Served],
    /// The files that have to be looked at all the same ([`doubted`](super::doubted)).
    pub doubted: Option<&'a BTreeSet<SitePath>>,
}

impl<'a> RecordedFiles<'a> {
    /// Whether a file needs no request: its name says what is in it, the newest release that has the name has the same file
    /// there, and no run began to write anything else over it.
    pub(super) fn has(self, path: &SitePath, file: &SiteFile) -> bool {
        let newest = self.ended().find_map(|served| served.0.get(path));
        let is_same = |served: &Served| served.0.get(path).is_none_or(|other| other == file);
        let is_doubted = self.doubted.is_some_and(|doubted| doubted.contains(path));
        let is_known = file.cache == Cache::Immutable && newest == Some(file);
        is_known && !is_doubted && self.begun.iter().all(is_same)
    }

    /// Whether a run of shipgate wrote, or began to write, something at a path.
    pub(super) fn names(self, path: &SitePath) -> bool {
        self.all().any(|served| served.0.contains_key(path))
    }

    /// Whether a run of shipgate wrote, or began to write, such bytes at a path.
    pub(super) fn wrote(self, path: &SitePath, has_bytes: impl Fn(&SiteFile) -> bool) -> bool {
        self.all().filter_map(|served| served.0.get(path)).any(has_bytes)
    }

    fn ended(self) -> impl Iterator<Item = &'a Served> {
        self.before.into_iter().chain(self.kept)
    }

    fn all(self) -> impl Iterator<Item = &'a Served> {
        self.ended().chain(self.begun)
    }
}
