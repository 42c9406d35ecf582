//! What is in the files of a release: markers, and what files say of each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::groups::Groups;
use super::integrity::{self, Hash};
use super::precache;
use super::unfillable::{FilePlace, Unfillable};
use crate::domain::placeholder::{Marked, PlaceholderName, PlaceholderValues, markers};
use crate::domain::static_site::bundle::{SiteFile, SitePath};

/// The files of a release that was built with markers.
#[derive(Debug, Clone, Copy)]
pub struct Unfilled<'a> {
    /// The files that are served.
    pub files: &'a BTreeMap<SitePath, SiteFile>,
    /// The bytes of those that are searched ([`Unfilled::is_searched`]).
    pub bytes: &'a BTreeMap<SitePath, Vec<u8>>,
}

/// A file that is searched.
#[derive(Debug)]
pub(super) struct SearchedText<'a> {
    pub(super) path: &'a SitePath,
    pub(super) file: &'a SiteFile,
    pub(super) bytes: &'a [u8],
    /// The group that it is of.
    pub(super) group: Option<usize>,
    /// The markers in it.
    pub(super) markers: Vec<(Range<usize>, PlaceholderName)>,
    /// The fingerprints in it, and whose they are.
    pub(super) named: Vec<(Range<usize>, usize)>,
    /// The hashes in it that are of other files, and of which.
    pub(super) hashes: Vec<(Range<usize>, Hash, usize)>,
    /// The revisions in it that are of other files, and of which.
    pub(super) revisions: Vec<(Range<usize>, usize)>,
}

/// What is in the files of a release.
#[derive(Debug)]
pub(super) struct FoundMarkers<'a> {
    pub(super) texts: Vec<SearchedText<'a>>,
    pub(super) groups: Groups<'a>,
}

impl Unfilled<'_> {
    /// Whether a file is searched. Pictures, sounds, films, fonts and archives are not: a build does not write into them. A
    /// compressed form of a file is left out where the file changes.
    pub fn is_searched(file: &SiteFile) -> bool {
        const OTHERS: [&str; 7] =
            ["image/", "audio/", "video/", "font/", "application/zip", "application/gzip", "application/pdf"];
        let is_svg = file.content_type.starts_with("image/svg");
        file.encoding.is_none() && (is_svg || !OTHERS.iter().any(|other| file.content_type.starts_with(other)))
    }
}

impl<'a> FoundMarkers<'a> {
    /// Searches a release for the markers of some values.
    ///
    /// # Errors
    ///
    /// A marker is missing, unknown, mangled, or in a file that is no text.
    pub(super) fn of(site: &Unfilled<'a>, values: &PlaceholderValues) -> Result<Self, Unfillable> {
        let groups = Groups::of(site.files);
        let of_file = |(path, bytes): (&SitePath, &'a Vec<u8>)| {
            let (path, file) = site.files.get_key_value(path)?;
            Some(text(&groups, (path, file, bytes), values))
        };
        let mut texts: Vec<SearchedText<'a>> = site.bytes.iter().filter_map(of_file).collect::<Result<_, _>>()?;
        let marked: BTreeSet<&PlaceholderName> =
            texts.iter().flat_map(|text| &text.markers).map(|(_, name)| name).collect();
        if let Some(missing) = values.0.keys().find(|name| !marked.contains(name)) {
            return Err(Unfillable::Missing { name: missing.clone() });
        }
        link_hashes(&mut texts);
        link_revisions(&mut texts);
        Ok(Self { texts, groups })
    }
}

impl SearchedText<'_> {
    /// The files that it says something of by a hash or a revision.
    pub(super) fn owners(&self) -> impl Iterator<Item = usize> {
        let hashes = self.hashes.iter().map(|(_, _, owner)| *owner);
        hashes.chain(self.revisions.iter().map(|(_, owner)| *owner))
    }

    /// It as text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes).ok()
    }
}

fn text<'a>(
    groups: &Groups<'_>,
    (path, file, bytes): (&'a SitePath, &'a SiteFile, &'a [u8]),
    values: &PlaceholderValues,
) -> Result<SearchedText<'a>, Unfillable> {
    let place = |at: usize| FilePlace::of(path, bytes, at);
    let read = |Marked { range, name }: Marked| match name {
        None => Err(Unfillable::Mangled { place: place(range.start) }),
        Some(name) if !values.0.contains_key(&name) => Err(Unfillable::Unknown { place: place(range.start), name }),
        Some(name) => Ok((range, name)),
    };
    let markers: Vec<_> = markers(bytes).into_iter().map(read).collect::<Result<_, _>>()?;
    if !markers.is_empty() && std::str::from_utf8(bytes).is_err() {
        return Err(Unfillable::NoText { path: path.clone(), what: "has a marker" });
    }
    let (group, named) = (groups.of_file(path, file), groups.named_in(bytes));
    Ok(SearchedText { path, file, bytes, group, markers, named, hashes: Vec::new(), revisions: Vec::new() })
}

/// Finds out which file each hash is of. What is of none of them is somebody else's.
fn link_hashes(texts: &mut [SearchedText<'_>]) {
    let written: Vec<_> = texts.iter().map(|text| integrity::hashes(text.bytes)).collect();
    let wanted = written.iter().flatten().map(|(_, hash)| *hash);
    let owners = integrity::owners(&texts.iter().map(|text| text.bytes), wanted);
    for (text, written) in texts.iter_mut().zip(written) {
        let owner = |range: &Range<usize>| owners.get(std::str::from_utf8(text.bytes.get(range.clone())?).ok()?);
        let known = written.into_iter().filter_map(|(range, hash)| owner(&range).map(|owner| (range, hash, *owner)));
        text.hashes = known.collect();
        // What looks like a fingerprint in a hash is none.
        let is_in_hash = |named: &Range<usize>| text.hashes.iter().any(|(hash, ..)| hash.contains(&named.start));
        text.named.retain(|(named, _)| !is_in_hash(named));
    }
}

/// Finds out which file each revision is of.
fn link_revisions(texts: &mut [SearchedText<'_>]) {
    let by_path: HashMap<String, usize> =
        texts.iter().enumerate().map(|(index, text)| (text.path.to_string(), index)).collect();
    for text in texts {
        let written = text.text().map(precache::revisions).unwrap_or_default();
        let owned = written.into_iter().filter_map(|revision| {
            let meant = precache::meant(&revision.address, text.path);
            let owner = meant.iter().find_map(|path| by_path.get(path))?;
            Some((revision.range, *owner))
        });
        text.revisions = owned.collect();
    }
}
