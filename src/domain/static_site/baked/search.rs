//! The search through the files of a release.

use std::cmp::Reverse;
use std::fmt;
use std::ops::Range;

use glob::Pattern;
use memchr::{memchr_iter, memrchr};

use super::needle::{self, Needle};
use super::side::SiteEnvironment;
use crate::domain::neutral;
use crate::domain::release::ReleaseName;
use crate::domain::static_site::bundle::SitePath;

/// Maximum number of places of one text that are named in one file: a script may have it on every line.
pub(super) const MOST_PLACES: usize = 20;

/// The ends of the names of files that are text. A source map is none: browsers do not run it.
const TEXT: &[&str] = &[
    "atom",
    "cjs",
    "css",
    "csv",
    "htm",
    "html",
    "js",
    "json",
    "jsonld",
    "md",
    "mjs",
    "rss",
    "svg",
    "txt",
    "webmanifest",
    "xhtml",
    "xml",
    "yaml",
    "yml",
];

/// What is searched for in the files of a release: what only the other environment of a promotion has.
#[derive(Debug, Clone)]
pub struct Needles {
    texts: Vec<Needle>,
    excluded: Vec<Pattern>,
    /// The file that is written for the environment itself, whatever the release has there.
    written: Option<SitePath>,
}

/// A place where something of the other environment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baked {
    /// The file.
    pub path: SitePath,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What stands there, by name: host `stage.example.com` of `stage` (`url`).
    pub what: String,
}

impl fmt::Display for Baked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, column, what } = self;
        write!(formatter, "{}:{line}:{column}: {what}", neutral::line(path.as_str()))
    }
}

impl Needles {
    /// What `other` has and `own` has not. `release`: what is promoted between them, since both may name it.
    pub fn new(other: &SiteEnvironment<'_>, own: &SiteEnvironment<'_>, release: &ReleaseName) -> Self {
        Self {
            texts: needle::all(other, own, release),
            excluded: own.site.exclude.clone(),
            written: own.site.runtime_config.as_ref().map(|config| config.path.clone()),
        }
    }

    /// Whether a file is searched: it is text, it is served, and it comes from the build.
    pub fn is_searched(&self, path: &SitePath) -> bool {
        let end = path.file_name().rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
        let is_text = end.is_none_or(|end| TEXT.contains(&end.as_str()));
        let is_served = !self.excluded.iter().any(|pattern| pattern.matches(path.as_str()));
        is_text && is_served && self.written.as_ref() != Some(path)
    }

    /// Each place of a file where something of the other environment stands, in the order of the file, and at most this many
    /// of one text. Nothing of a file that is not searched.
    pub fn search(&self, path: &SitePath, bytes: &[u8]) -> Vec<Baked> {
        if !self.is_searched(path) {
            return Vec::new();
        }
        let of_needle = |needle| places(needle, bytes).take(MOST_PLACES).map(move |place| (place, needle));
        let mut found: Vec<(Range<usize>, &Needle)> = self.texts.iter().flat_map(of_needle).collect();
        found.sort_by_key(|(place, _)| (place.start, Reverse(place.end)));
        // A host under another one is one thing to correct.
        let mut end = 0;
        found.retain(|(place, _)| {
            let goes_on = place.end > end;
            end = end.max(place.end);
            goes_on
        });
        let mut at = Position { lines: 0, characters: 0, bytes: 0 };
        let baked = found.into_iter().map(|(place, needle)| {
            at.move_to(bytes, place.start);
            let (line, column) = (at.lines.saturating_add(1), at.characters.saturating_add(1));
            Baked { path: path.clone(), line, column, what: needle.what.clone() }
        });
        baked.collect()
    }
}

/// Where a text stands by itself. The texts that are looked at may overlap.
fn places<'a>(needle: &'a Needle, bytes: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
    let mut from = 0_usize;
    let candidates = std::iter::from_fn(move || {
        let start = from.checked_add(needle.finder.find(bytes.get(from..)?)?)?;
        from = start.saturating_add(1);
        Some(start..start.saturating_add(needle.finder.needle().len()))
    });
    candidates.filter(|place| needle.border.holds(bytes, place) && !is_part_of_own(needle, bytes, place.start))
}

/// Whether the text is a part of one of this environment's there.
fn is_part_of_own(needle: &Needle, bytes: &[u8], start: usize) -> bool {
    needle.parts_of.iter().any(|(at, own)| {
        let from = start.checked_sub(*at).and_then(|start| bytes.get(start..));
        from.is_some_and(|from| from.starts_with(own))
    })
}

/// The place in a file that was come to.
struct Position {
    /// Lines before it.
    lines: usize,
    /// Characters of its line before it.
    characters: usize,
    /// Bytes before it.
    bytes: usize,
}

impl Position {
    /// Goes on to a place that is not before this one.
    fn move_to(&mut self, file: &[u8], place: usize) {
        let passed = file.get(self.bytes..place).unwrap_or_default();
        let lines = memchr_iter(b'\n', passed).count();
        let in_line = memrchr(b'\n', passed).and_then(|end| passed.get(end.saturating_add(1)..)).unwrap_or(passed);
        // Each byte is a character but those that go on with one of UTF-8.
        let characters = in_line.iter().filter(|byte| (**byte & 0xc0) != 0x80).count();
        let before = if lines == 0 { self.characters } else { 0 };
        *self = Self {
            lines: self.lines.saturating_add(lines),
            characters: before.saturating_add(characters),
            bytes: place,
        };
    }
}
