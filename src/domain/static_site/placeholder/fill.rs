//! Writes the files of a release with values in place of their markers.

use std::collections::{BTreeMap, BTreeSet};

use super::affected::{Affected, Sums};
use super::edits::Edits;
use super::found::{FoundMarkers, SearchedText, Unfilled};
use super::inline::{self, OfPart};
use super::renamed;
use super::unfillable::Unfillable;
use crate::domain::image::Digest;
use crate::domain::placeholder::{PlaceholderValue, PlaceholderValues};
use crate::domain::static_site::bundle::{BundleManifest, Cache, SiteFile, SitePath, is_page};

/// A list that the worker of Angular goes by, with hashes that are not made here
/// ([manifest](https://angular.dev/ecosystem/service-workers/devops#debugging-the-angular-service-worker)).
const ANGULAR: &str = "ngsw.json";

/// The files of a release with values in place of their markers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledSite {
    /// All files that are served.
    pub manifest: BundleManifest,
    /// The bytes of those that are others now, by their digests.
    pub bodies: BTreeMap<Digest, Vec<u8>>,
    /// Number of files that changed.
    pub changed: usize,
    /// Number of files that have other names.
    pub renamed: usize,
    /// Compressed forms of files that changed. They are left out: the bytes in them are those of before.
    pub left_out: Vec<SitePath>,
}

/// Puts values in place of markers. The same files and values come to the same.
///
/// # Errors
///
/// A marker is missing, or in a form or a place that cannot be filled; or a file that changes cannot be followed.
pub fn fill(site: &Unfilled<'_>, values: &PlaceholderValues) -> Result<FilledSite, Unfillable> {
    let found = FoundMarkers::of(site, values)?;
    let affected = Affected::of(&found)?;
    refuse_lists(&found, &affected)?;
    let sums = affected.sums(&found, values);
    let fingerprints = renamed::fingerprints(&found, &affected, &sums)?;
    let filling = Filling { found: &found, affected: &affected, sums: &sums, fingerprints: &fingerprints, values };
    let contents = filling.contents()?;
    Ok(filling.site(site.files, contents))
}

/// What is written into which file.
struct Filling<'a> {
    found: &'a FoundMarkers<'a>,
    affected: &'a Affected,
    sums: &'a Sums,
    fingerprints: &'a BTreeMap<usize, String>,
    values: &'a PlaceholderValues,
}

impl Filling<'_> {
    /// The bytes of the files that change, by their numbers. A file with hashes of others comes after them.
    fn contents(&self) -> Result<BTreeMap<usize, Vec<u8>>, Unfillable> {
        let mut contents: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
        let mut open: BTreeSet<usize> = self.affected.texts.clone();
        while let Some(first) = open.first().copied() {
            let is_ready = |index: &&usize| {
                let text = self.found.texts.get(**index);
                let owners = text.into_iter().flat_map(|text| &text.hashes).map(|(_, _, owner)| owner);
                !owners.into_iter().any(|owner| open.contains(owner))
            };
            let ready: Vec<usize> = open.iter().filter(is_ready).copied().collect();
            let text = self.found.texts.get(first);
            if let Some(text) = text.filter(|_| ready.is_empty()) {
                return Err(Unfillable::Circle { path: text.path.clone() });
            }
            for index in ready {
                open.remove(&index);
                let text = self.found.texts.get(index);
                contents.extend(text.map(|text| (index, self.edits(text, &contents).apply(text.bytes))));
            }
        }
        Ok(contents)
    }

    /// What is put into a file. `contents`: the files that it has hashes of.
    fn edits(&self, text: &SearchedText<'_>, contents: &BTreeMap<usize, Vec<u8>>) -> Edits {
        let mut edits = Edits::default();
        for (range, name) in &text.markers {
            let value = self.values.0.get(name).map(PlaceholderValue::as_str);
            edits.put(range, value.unwrap_or_default());
        }
        for (range, hash, owner) in &text.hashes {
            if let Some(content) = contents.get(owner) {
                edits.put(range, hash.of(content));
            }
        }
        for (range, owner) in text.revisions.iter().filter(|(_, owner)| self.affected.texts.contains(owner)) {
            let old = text.bytes.get(range.clone()).map(String::from_utf8_lossy).unwrap_or_default();
            if let Some(digest) = self.sums.of_text(*owner) {
                let new = Digest::of(format!("{digest} {old}")).hex().chars().take(range.len()).collect::<String>();
                edits.put(range, new);
            }
        }
        for (range, group) in &text.named {
            if let Some(fingerprint) = self.fingerprints.get(group) {
                edits.put(range, fingerprint.as_str());
            }
        }
        if is_page(&text.file.content_type) {
            put_own_hashes(text.bytes, &mut edits);
        }
        edits
    }

    /// The files of the release, with those that changed.
    fn site(&self, files: &BTreeMap<SitePath, SiteFile>, contents: BTreeMap<usize, Vec<u8>>) -> FilledSite {
        let of_path = |(index, content): (usize, _)| Some((self.found.texts.get(index)?.path.as_str(), content));
        let changed: BTreeMap<&str, Vec<u8>> = contents.into_iter().filter_map(of_path).collect();
        let mut filled = FilledSite {
            manifest: BundleManifest::default(),
            bodies: BTreeMap::new(),
            changed: changed.len(),
            renamed: 0,
            left_out: Vec::new(),
        };
        for (path, file) in files {
            if file.encoding.is_some() && changed.contains_key(file.original(path)) {
                filled.left_out.push(path.clone());
                continue;
            }
            let new_path = self.found.groups.path_of(path, file, self.fingerprints);
            filled.renamed = filled.renamed.saturating_add(usize::from(new_path.is_some()));
            let content = changed.get(path.as_str());
            // A name that stays with other bytes says nothing of them.
            let is_stale = content.is_some() && new_path.is_none();
            let cache = if is_stale { Cache::Revalidate } else { file.cache };
            let mut file = SiteFile { cache, ..file.clone() };
            if let Some(content) = content {
                file.digest = Digest::of(content);
                file.size = content.len() as u64;
                filled.bodies.insert(file.digest.clone(), content.clone());
            }
            filled.manifest.files.insert(new_path.unwrap_or_else(|| path.clone()), file);
        }
        filled
    }
}

/// Puts in the hashes that a page has of its own scripts and styles, where these change.
fn put_own_hashes(page: &[u8], edits: &mut Edits) {
    for OfPart { range, hash, part } in inline::of_parts(page) {
        let new = edits.apply_to(page, &part);
        if page.get(part).is_some_and(|old| old != new) {
            edits.put(&range, hash.of(&new));
        }
    }
}

/// Refuses a list with hashes of a kind that is not made here, where one of them is of a file that changes.
fn refuse_lists(found: &FoundMarkers<'_>, affected: &Affected) -> Result<(), Unfillable> {
    let changed: BTreeSet<&str> =
        affected.texts.iter().filter_map(|index| found.texts.get(*index)).map(|text| text.path.as_str()).collect();
    for list in found.texts.iter().filter(|text| text.path.file_name() == ANGULAR) {
        let Ok(read) = serde_json::from_slice::<serde_json::Value>(list.bytes) else { continue };
        let listed = read.get("hashTable").and_then(serde_json::Value::as_object);
        let mut listed = listed.into_iter().flatten().map(|(path, _)| path.trim_start_matches('/'));
        if let Some(path) = listed.find_map(|path| changed.contains(path).then(|| path.parse().ok()).flatten()) {
            return Err(Unfillable::Listed { list: list.path.clone(), path });
        }
    }
    Ok(())
}
