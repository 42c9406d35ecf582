//! Which files change: those with markers, and whatever says something of a file that changes.

use std::collections::{BTreeMap, BTreeSet};

use super::digests::{GraphNode, digests};
use super::found::{FoundMarkers, SearchedText};
use super::groups::FingerprintGroup;
use super::unfillable::Unfillable;
use crate::domain::image::Digest;
use crate::domain::placeholder::PlaceholderValues;

/// What changes, by numbers.
#[derive(Debug, Default)]
pub(super) struct Affected {
    /// The files whose bytes change.
    pub(super) texts: BTreeSet<usize>,
    /// The groups that get another fingerprint.
    pub(super) groups: BTreeSet<usize>,
}

/// What each file and each group comes to, by numbers.
#[derive(Debug)]
pub(super) struct Sums {
    digests: Vec<Digest>,
    texts: usize,
}

impl Sums {
    /// What a file comes to.
    pub(super) fn of_text(&self, index: usize) -> Option<&Digest> {
        self.digests.get(index)
    }

    /// What a group comes to.
    pub(super) fn of_group(&self, index: usize) -> Option<&Digest> {
        self.digests.get(self.texts.saturating_add(index))
    }
}

impl Affected {
    /// What changes of what was found.
    ///
    /// # Errors
    ///
    /// A file that is no text would have to.
    pub(super) fn of(found: &FoundMarkers<'_>) -> Result<Self, Unfillable> {
        let reported = FileReferences::of(found);
        let marked = found.texts.iter().enumerate().filter(|(_, text)| !text.markers.is_empty());
        let mut open: Vec<usize> = marked.map(|(index, _)| index).collect();
        let mut affected = Self::default();
        while let Some(index) = open.pop() {
            let Some(text) = found.texts.get(index).filter(|_| affected.texts.insert(index)) else { continue };
            if text.text().is_none() {
                return Err(Unfillable::NoText { path: text.path.clone(), what: "names a file whose name changes" });
            }
            open.extend(reported.by_text.get(&index).into_iter().flatten());
            let Some(group) = text.group else { continue };
            // What nothing else names keeps its name: somebody may know it in a way that is not seen here.
            let naming = reported.by_group.get(&group).map_or(&[][..], Vec::as_slice);
            let is_named = naming.iter().any(|other| found.texts.get(*other).is_some_and(|it| it.group != Some(group)));
            if is_named && affected.groups.insert(group) {
                open.extend(naming);
            }
        }
        Ok(affected)
    }

    /// What each file and each group comes to.
    pub(super) fn sums(&self, found: &FoundMarkers<'_>, values: &PlaceholderValues) -> Sums {
        let texts = found.texts.len();
        let of_text = |(index, text): (usize, &SearchedText<'_>)| {
            let leads_to = if self.texts.contains(&index) { self.leads_to(text, texts) } else { Vec::new() };
            GraphNode { own: own(text, values), leads_to }
        };
        let mut members: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        for (index, text) in found.texts.iter().enumerate() {
            members.entry(text.group).or_default().push(index);
        }
        let of_group = |(index, group): (usize, &FingerprintGroup<'_>)| {
            let files = group.members.iter().map(|(_, file, _)| file.digest.hex());
            let own = std::iter::once(group.fingerprint).chain(files).collect::<Vec<_>>().join(" ");
            GraphNode { own, leads_to: members.get(&Some(index)).cloned().unwrap_or_default() }
        };
        let of_texts = found.texts.iter().enumerate().map(of_text);
        let nodes: Vec<GraphNode> = of_texts.chain(found.groups.all.iter().enumerate().map(of_group)).collect();
        Sums { digests: digests(&nodes), texts }
    }

    /// What a file leads to, of what changes. `texts`: the number of the first group.
    fn leads_to(&self, text: &SearchedText<'_>, texts: usize) -> Vec<usize> {
        let groups = text.named.iter().map(|(_, group)| *group).filter(|group| self.groups.contains(group));
        let owners = text.owners().filter(|owner| self.texts.contains(owner));
        groups.map(|group| group.saturating_add(texts)).chain(owners).collect()
    }
}

/// What a file is itself: what it was built as, and the values that are put into it.
fn own(text: &SearchedText<'_>, values: &PlaceholderValues) -> String {
    let put: BTreeMap<_, _> = text.markers.iter().map(|(_, name)| (name, values.0.get(name))).collect();
    format!("{} {}", text.file.digest, serde_json::to_string(&put).unwrap_or_default())
}

/// Who says something of what.
struct FileReferences {
    /// The files that name a group.
    by_group: BTreeMap<usize, Vec<usize>>,
    /// The files that have a hash or a revision of a file.
    by_text: BTreeMap<usize, Vec<usize>>,
}

impl FileReferences {
    fn of(found: &FoundMarkers<'_>) -> Self {
        let mut reported = Self { by_group: BTreeMap::new(), by_text: BTreeMap::new() };
        for (index, text) in found.texts.iter().enumerate() {
            for (_, group) in &text.named {
                reported.by_group.entry(*group).or_default().push(index);
            }
            for owner in text.owners() {
                reported.by_text.entry(owner).or_default().push(index);
            }
        }
        reported
    }
}
