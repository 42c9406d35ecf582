//! What has to be written to a bucket so that it serves a release.

use std::collections::{BTreeMap, BTreeSet};

use super::known::RecordedFiles;
use super::seen::{SeenObject, Version};
use crate::domain::static_site::bundle::{Cache, SiteFile, SitePath, Wave};
use crate::domain::static_site::served::Served;

/// What has to be written to a bucket, wave by wave. Within a wave the order does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sync {
    /// The files to write. A wave begins when all of the wave before it are there.
    pub waves: BTreeMap<Wave, Vec<Write>>,
    /// Number of files that are there as they are wanted.
    pub unchanged: usize,
    /// Number of those that are written that have the right bytes already, and other headers.
    pub repaired: usize,
    /// What people should know of it, by path.
    pub odd: Vec<(SitePath, Oddity)>,
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub path: SitePath,
    /// What.
    pub file: SiteFile,
    /// What may be there now.
    pub over: Over,
}

/// What may be at a path when a file is written to it. With anything else there it is not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// Nothing.
    Nothing,
    /// The object that was seen.
    Version(Version),
    /// Anything: its name says what is in it, and no release that is known has the name.
    Anything,
}

/// What people should know of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// Somebody else wrote over what is served: drift.
    Changed,
    /// Somebody else changed the headers of what is served: drift.
    Headers,
    /// Somebody else deleted what is served: drift.
    Missing,
    /// Something was there that shipgate did not write, and that no release has.
    Foreign,
    /// Caches may keep it for ever, and another release has another content under the same name.
    SameName,
}

impl Oddity {
    /// Whether somebody else changed what is served.
    pub fn is_drift(self) -> bool {
        matches!(self, Self::Changed | Self::Headers | Self::Missing)
    }

    /// It in one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Headers => "headers",
            Self::Missing => "deleted",
            Self::Foreign => "foreign",
            Self::SameName => "same name",
        }
    }

    /// It in words, after the name of the file.
    pub fn described(self) -> &'static str {
        match self {
            Self::Changed => "was changed by another program",
            Self::Headers => "got other headers from another program",
            Self::Missing => "was deleted by another program",
            Self::Foreign => "is in the bucket and is not of shipgate",
            Self::SameName => "may be cached for ever, and has another content than in a release before",
        }
    }
}

impl Sync {
    /// The files to write, in the order of their waves.
    pub fn writes(&self) -> impl Iterator<Item = &Write> {
        self.waves.values().flatten()
    }

    /// The files to write that caches may have in another form: those that change, and what is odd about the others.
    pub fn stale(&self) -> impl Iterator<Item = &SitePath> {
        let odd: BTreeSet<&SitePath> = self.odd.iter().map(|(path, _)| path).collect();
        let is_stale = move |write: &&Write| write.file.cache != Cache::Immutable || odd.contains(&write.path);
        let stale = self.writes().filter(is_stale);
        stale.map(|write| &write.path)
    }

    /// How many files there are to write.
    pub fn count(&self) -> usize {
        self.waves.values().map(Vec::len).sum()
    }

    /// The bytes of the files to write.
    pub fn size(&self) -> u64 {
        self.writes().fold(0, |sum, write| sum.saturating_add(write.file.size))
    }

    /// Whether the bucket serves the release already.
    pub fn is_empty(&self) -> bool {
        self.waves.is_empty()
    }
}

/// The files of a release that have to be looked at before [`plan`]: whatever can change, and what is not known for sure.
pub fn to_look_at<'a>(wanted: &'a Served, known: RecordedFiles<'_>) -> Vec<&'a SitePath> {
    let is_open = |(path, file): &(&SitePath, &SiteFile)| needs_look(path, file, known);
    wanted.0.iter().filter(is_open).map(|(path, _)| path).collect()
}

fn needs_look(path: &SitePath, file: &SiteFile, known: RecordedFiles<'_>) -> bool {
    !known.has(path, file) && (file.cache != Cache::Immutable || known.names(path))
}

/// What has to be written so that a bucket serves a release. `seen`: the objects at the paths of [`to_look_at`], those that
/// are there.
///
/// The same plan leads back: `known` then has the release that failed among those that were begun. Its order is right
/// in both directions, since what a page names is there, as the page means it, before the page is.
pub fn plan(wanted: &Served, known: RecordedFiles<'_>, seen: &BTreeMap<SitePath, SeenObject>) -> Sync {
    plan_in(SiteFile::wave, wanted, known, seen)
}

pub(super) fn plan_in(
    wave: fn(&SiteFile, &SitePath) -> Wave,
    wanted: &Served,
    known: RecordedFiles<'_>,
    seen: &BTreeMap<SitePath, SeenObject>,
) -> Sync {
    let mut sync = Sync::default();
    for (path, file) in &wanted.0 {
        let there = seen.get(path);
        if known.has(path, file) || there.is_some_and(|object| object.is(file)) {
            sync.unchanged += 1;
            continue;
        }
        if there.is_some_and(|object| object.has_bytes_of(file)) {
            sync.repaired += 1;
        }
        sync.odd.extend(oddity(path, file, known, there).map(|oddity| (path.clone(), oddity)));
        let over = match there {
            Some(object) => Over::Version(object.version.clone()),
            None if needs_look(path, file, known) => Over::Nothing,
            None => Over::Anything,
        };
        let write = Write { path: path.clone(), file: file.clone(), over };
        sync.waves.entry(wave(file, path)).or_default().push(write);
    }
    sync
}

fn oddity(path: &SitePath, file: &SiteFile, known: RecordedFiles<'_>, there: Option<&SeenObject>) -> Option<Oddity> {
    let is_served = known.before.is_some_and(|before| before.0.contains_key(path));
    let has_other_bytes = |other: &SiteFile| other.digest != file.digest;
    match there {
        // What a run that did not come to its end wrote is not all known: its runtime configuration is in no bundle.
        _ if !known.begun.is_empty() => {
            (file.cache == Cache::Immutable && known.wrote(path, has_other_bytes)).then_some(Oddity::SameName)
        }
        Some(object) if !object.has_bytes_of(file) && !known.wrote(path, |other| object.has_bytes_of(other)) => {
            Some(if is_served { Oddity::Changed } else { Oddity::Foreign })
        }
        // What was served with these headers is there with others.
        Some(object) if known.before.is_some_and(|before| before.has(path, file)) && object.has_bytes_of(file) => {
            Some(Oddity::Headers)
        }
        None if is_served && needs_look(path, file, known) => Some(Oddity::Missing),
        _ if file.cache == Cache::Immutable && known.wrote(path, has_other_bytes) => Some(Oddity::SameName),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::static_site::served::tests::file;

    fn served(files: &[(&str, &str, Cache)]) -> Served {
        Served(files.iter().map(|(path, content, cache)| (path.parse().unwrap(), file(content, *cache))).collect())
    }

    fn object(version: &str, file: &SiteFile) -> SeenObject {
        SeenObject {
            version: version.into(),
            size: file.size,
            digest: Some(file.digest.clone()),
            content_type: Some(file.content_type.clone()),
            cache: Some(file.cache.header().to_owned()),
            encoding: None,
        }
    }

    fn seen(path: &str, object: SeenObject) -> BTreeMap<SitePath, SeenObject> {
        BTreeMap::from([(path.parse().unwrap(), object)])
    }

    fn over(sync: &Sync) -> Vec<Over> {
        sync.writes().map(|write| write.over.clone()).collect()
    }

    fn odd(sync: &Sync) -> Vec<Oddity> {
        sync.odd.iter().map(|(_, oddity)| *oddity).collect()
    }

    #[test]
    fn an_asset_that_a_release_has_is_not_written_again() {
        use Cache::{Immutable, Revalidate};
        let wanted = served(&[("a.js", "one", Immutable)]);
        let (same, other) = (wanted.clone(), served(&[("a.js", "two", Immutable)]));
        let changing = served(&[("a.js", "one", Revalidate)]);
        for (before, kept, begun, looks, expected) in [
            (None, None, None, false, Some(Over::Anything)),
            (Some(&same), None, None, false, None),
            (None, Some(&same), None, false, None),
            (Some(&same), Some(&other), None, false, None),
            // The newest of them wrote over what the one before it had.
            (Some(&other), Some(&same), None, true, Some(Over::Nothing)),
            // Its headers differ.
            (Some(&changing), None, None, true, Some(Over::Nothing)),
            // It is not known how far that came.
            (Some(&same), None, Some(&other), true, Some(Over::Nothing)),
            (Some(&same), None, Some(&same), false, None),
            (None, None, Some(&same), true, Some(Over::Nothing)),
        ] {
            let (kept, begun) = (kept.cloned().into_iter().collect::<Vec<_>>(), begun.cloned());
            let begun: Vec<_> = begun.into_iter().collect();
            let known = RecordedFiles { before, kept: &kept, begun: &begun, doubted: None };
            let sync = plan(&wanted, known, &BTreeMap::new());
            assert_eq!(over(&sync), expected.into_iter().collect::<Vec<_>>(), "{known:?}");
            assert_eq!(!to_look_at(&wanted, known).is_empty(), looks, "{known:?}");
        }
    }

    #[test]
    fn what_can_change_is_written_over_what_was_seen() {
        let wanted = served(&[("x.txt", "new", Cache::Revalidate)]);
        let before = served(&[("x.txt", "old", Cache::Revalidate)]);
        let (new, old) = (file("new", Cache::Revalidate), file("old", Cache::Revalidate));
        let headers = SeenObject { cache: Some("max-age=60".to_owned()), ..object("2", &new) };
        let foreign = SeenObject { digest: None, ..object("3", &new) };
        for (before, there, expected, repaired, oddities) in [
            (Some(&before), Some(object("1", &old)), Some(Over::Version("1".into())), 0, &[][..]),
            (Some(&before), Some(object("1", &new)), None, 0, &[]),
            (Some(&before), Some(headers.clone()), Some(Over::Version("2".into())), 1, &[]),
            (Some(&wanted), Some(headers), Some(Over::Version("2".into())), 1, &[Oddity::Headers]),
            (Some(&before), Some(foreign.clone()), Some(Over::Version("3".into())), 0, &[Oddity::Changed]),
            (Some(&before), None, Some(Over::Nothing), 0, &[Oddity::Missing]),
            (None, Some(foreign), Some(Over::Version("3".into())), 0, &[Oddity::Foreign]),
            (None, None, Some(Over::Nothing), 0, &[]),
        ] {
            let known = RecordedFiles { before, ..RecordedFiles::default() };
            let seen = there.map(|object| seen("x.txt", object)).unwrap_or_default();
            let sync = plan(&wanted, known, &seen);
            let shown = (over(&sync), sync.repaired, odd(&sync));
            assert_eq!(shown, (expected.into_iter().collect(), repaired, oddities.to_vec()), "{known:?} {seen:?}");
            assert_eq!(to_look_at(&wanted, known).len(), 1);
        }
    }

    #[test]
    fn an_asset_that_is_doubted_is_looked_at_and_written_where_it_is_not_there() {
        let wanted = served(&[("a.js", "one", Cache::Immutable)]);
        let (one, doubted) = (file("one", Cache::Immutable), BTreeSet::from(["a.js".parse().unwrap()]));
        let by_hand = SeenObject { digest: None, ..object("2", &one) };
        for (there, expected, oddities) in [
            (Some(object("1", &one)), None, &[][..]),
            (Some(by_hand), Some(Over::Version("2".into())), &[Oddity::Changed]),
            (None, Some(Over::Nothing), &[Oddity::Missing]),
        ] {
            let known = RecordedFiles { before: Some(&wanted), doubted: Some(&doubted), ..RecordedFiles::default() };
            assert_eq!(to_look_at(&wanted, known).len(), 1);
            let seen = there.map(|object| seen("a.js", object)).unwrap_or_default();
            let sync = plan(&wanted, known, &seen);
            assert_eq!((over(&sync), odd(&sync)), (expected.into_iter().collect(), oddities.to_vec()), "{seen:?}");
            // Edges may have the other one, which no release would end.
            assert_eq!(sync.stale().count(), oddities.len(), "{seen:?}");
        }
    }

    #[test]
    fn another_content_under_a_name_that_caches_keep_is_named() {
        let wanted = served(&[("a.js", "two", Cache::Immutable)]);
        let before = served(&[("a.js", "one", Cache::Immutable)]);
        let seen = seen("a.js", object("1", &before.0[&"a.js".parse().unwrap()]));
        let sync = plan(&wanted, RecordedFiles { before: Some(&before), ..RecordedFiles::default() }, &seen);
        assert_eq!((over(&sync), odd(&sync)), (vec![Over::Version("1".into())], vec![Oddity::SameName]));
    }
}
