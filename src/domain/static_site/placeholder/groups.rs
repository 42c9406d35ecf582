//! The files that caches may keep for ever, by the fingerprints in their names.
//!
//! A fingerprint is what other files name a file by: builders put it together with the rest of the name when a page runs
//! (`"static/js/" + {787: "2f8ab2c3"}[id] + ".chunk.js"`), encode what is around it, or add `.map`. So files with one
//! fingerprint are one group, and get another one together.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use crate::domain::static_site::bundle::{SiteFile, SitePath};
use crate::domain::static_site::escape::ends_escape;

/// Files with one fingerprint in their names.
#[derive(Debug)]
pub(super) struct FingerprintGroup<'a> {
    /// The fingerprint.
    pub(super) fingerprint: &'a str,
    /// The files, and where the fingerprint is in their paths.
    pub(super) members: Vec<(&'a SitePath, &'a SiteFile, Range<usize>)>,
}

/// All groups of a release.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    /// Them, in the order of their fingerprints.
    pub(super) all: Vec<FingerprintGroup<'a>>,
    by_fingerprint: HashMap<&'a [u8], usize>,
    lengths: BTreeSet<usize>,
}

impl<'a> Groups<'a> {
    /// The groups of some files.
    pub(super) fn of(files: &'a BTreeMap<SitePath, SiteFile>) -> Self {
        let mut members: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (path, file) in files {
            let Some(range) = file.fingerprint(path) else { continue };
            let Some(fingerprint) = path.as_str().get(range.clone()) else { continue };
            members.entry(fingerprint).or_default().push((path, file, range));
        }
        let all: Vec<_> =
            members.into_iter().map(|(fingerprint, members)| FingerprintGroup { fingerprint, members }).collect();
        let by_fingerprint =
            all.iter().enumerate().map(|(index, group)| (group.fingerprint.as_bytes(), index)).collect();
        let lengths = all.iter().map(|group| group.fingerprint.len()).collect();
        Self { all, by_fingerprint, lengths }
    }

    /// The group that a file is of, by its number.
    pub(super) fn of_file(&self, path: &SitePath, file: &SiteFile) -> Option<usize> {
        let fingerprint = path.as_str().get(file.fingerprint(path)?)?;
        self.by_fingerprint.get(fingerprint.as_bytes()).copied()
    }

    /// Whether a text is a fingerprint of one of them.
    pub(super) fn has(&self, fingerprint: &str) -> bool {
        self.by_fingerprint.contains_key(fingerprint.as_bytes())
    }

    /// Where fingerprints are in a file by themselves, and of which groups.
    pub(super) fn named_in(&self, bytes: &[u8]) -> Vec<(Range<usize>, usize)> {
        let mut found: Vec<(Range<usize>, usize)> = Vec::new();
        for start in 0..bytes.len() {
            if found.last().is_some_and(|(last, _)| start < last.end) || !begins(bytes, start) {
                continue;
            }
            // The longest first: none is cut.
            let at = self.lengths.iter().rev().find_map(|length| {
                let range = start..start.saturating_add(*length);
                let group = self.by_fingerprint.get(bytes.get(range.clone())?)?;
                let goes_on = bytes.get(range.end).is_some_and(u8::is_ascii_alphanumeric);
                (!goes_on).then_some((range, *group))
            });
            found.extend(at);
        }
        found
    }
}

/// Whether a name can begin at a place: no letter or digit is before it, but those of an escape.
fn begins(bytes: &[u8], start: usize) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let before = bytes.get(..start).unwrap_or_default();
    bytes.get(start).is_some_and(is_of_name)
        && (!before.last().is_some_and(u8::is_ascii_alphanumeric) || ends_escape(before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::image::Digest;

    #[test]
    fn a_fingerprint_is_named_where_it_stands_by_itself() {
        let paths =
            ["assets/a-BkTfQwXy.js", "assets/a-BkTfQwXy.js.map", "static/js/787.2f8ab2c3.chunk.js", "index.html"];
        let file = |path: &str| {
            let path: SitePath = path.parse().unwrap();
            let file = SiteFile::new(&path, (Digest::of("x"), 1), |_| false);
            (path, file)
        };
        let files: BTreeMap<_, _> = paths.map(file).into();
        let groups = Groups::of(&files);
        assert_eq!(groups.all.iter().map(|group| group.members.len()).collect::<Vec<_>>(), [1, 2]);
        for (text, expected) in [
            ("import'./a-BkTfQwXy.js'", 1),
            ("//# sourceMappingURL=a-BkTfQwXy.js.map", 1),
            ("{787:\"2f8ab2c3\"}[e]+\".chunk.js\"", 1),
            ("%2Fa-BkTfQwXy.js", 1),
            ("%2FBkTfQwXy.js", 1),
            ("xBkTfQwXy.js", 0),
            ("a-BkTfQwXyz.js", 0),
            ("a-bktfqwxy.js", 0),
            ("a-BkTfQwXy.js b-BkTfQwXy.js", 2),
            ("“BkTfQwXy”", 1),
            ("BkTfQwXy", 1),
            ("", 0),
        ] {
            let found = groups.named_in(text.as_bytes());
            assert_eq!(found.len(), expected, "{text}");
            assert!(found.iter().all(|(range, group)| text[range.clone()] == *groups.all[*group].fingerprint));
        }
    }
}
