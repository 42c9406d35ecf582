//! The new fingerprints of files that change.

use std::collections::BTreeMap;
use std::ops::Range;

use super::affected::{Affected, Sums};
use super::found::FoundMarkers;
use super::groups::{FingerprintGroup, Groups};
use super::unfillable::Unfillable;
use crate::domain::image::Digest;
use crate::domain::static_site::bundle::{SiteFile, SitePath};

/// Maximum number of attempts until one could be no word.
const TRIED: u32 = 1000;

/// The new fingerprints, by the numbers of their groups.
///
/// # Errors
///
/// None was found for one.
pub(super) fn fingerprints(
    found: &FoundMarkers<'_>,
    affected: &Affected,
    sums: &Sums,
) -> Result<BTreeMap<usize, String>, Unfillable> {
    let mut new: BTreeMap<usize, String> = BTreeMap::new();
    for index in &affected.groups {
        let Some((group, digest)) = found.groups.all.get(*index).zip(sums.of_group(*index)) else { continue };
        let is_free = |text: &str| !found.groups.has(text) && !new.values().any(|other| other == text);
        let one = (0..TRIED).map(|number| candidate(group.fingerprint, digest, number));
        let one = one.into_iter().find(|one| is_free(one) && fits(group, one));
        let no_name = || group.members.first().map(|(path, ..)| Unfillable::NoName { path: (*path).clone() });
        match (one, no_name()) {
            (Some(one), _) => drop(new.insert(*index, one)),
            (None, Some(error)) => return Err(error),
            (None, None) => {}
        }
    }
    Ok(new)
}

/// A path with another fingerprint.
pub(super) fn path(path: &SitePath, range: &Range<usize>, fingerprint: &str) -> Option<SitePath> {
    let mut text = path.to_string();
    text.get(range.clone())?;
    text.replace_range(range.clone(), fingerprint);
    text.parse().ok()
}

/// Whether all names of a group are known by a fingerprint as they are by theirs.
fn fits(group: &FingerprintGroup<'_>, fingerprint: &str) -> bool {
    group.members.iter().all(|(old, file, range)| {
        let new = path(old, range, fingerprint);
        new.is_some_and(|new| file.fingerprint(&new).as_ref() == Some(range) && is_kept_for_ever(file, &new))
    })
}

/// Whether a name alone lets caches keep a file for ever, as it did with the old one.
fn is_kept_for_ever(file: &SiteFile, path: &SitePath) -> bool {
    SiteFile::new(path, (file.digest.clone(), file.size), |_| true).cache == file.cache
}

/// A fingerprint of the length and the alphabet of another one.
fn candidate(old: &str, digest: &Digest, number: u32) -> String {
    const MIXED: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const HEXADECIMAL: &[u8] = b"0123456789abcdef";
    let is_of = |alphabet: &[u8]| old.bytes().all(|byte| alphabet.contains(&byte));
    let alphabet = [HEXADECIMAL, BASE32].into_iter().find(|alphabet| is_of(alphabet)).unwrap_or(MIXED);
    let hash = Digest::of(format!("{digest} {old} {number}"));
    let more = Digest::of(hash.hex());
    let digits: Vec<u8> = hash.hex().bytes().chain(more.hex().bytes()).collect();
    let mut bytes = digits.chunks_exact(2).map(|pair| value(pair) % alphabet.len());
    let character = |_: char| alphabet.get(bytes.next()?).copied().map(char::from);
    old.chars().filter_map(character).collect()
}

/// The number of two hexadecimal digits.
fn value(pair: &[u8]) -> usize {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or_default() as usize;
    pair.iter().fold(0, |sum, byte| sum * 16 + digit(byte))
}

impl Groups<'_> {
    /// Where a file is then. `None`: where it was.
    pub(super) fn path_of(&self, path: &SitePath, file: &SiteFile, new: &BTreeMap<usize, String>) -> Option<SitePath> {
        let fingerprint = new.get(&self.of_file(path, file)?)?;
        self::path(path, &file.fingerprint(path)?, fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_candidate_has_the_shape_of_the_old_one(
            old in "[0-9a-f]{8,64}|[A-Z2-7]{8}|[0-9A-Za-z_-]{8}",
            number in 0_u32..9,
        ) {
            let new = candidate(&old, &Digest::of("x"), number);
            prop_assert_eq!(new.len(), old.len());
            let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            prop_assert!(!is_hex(&old) || is_hex(&new), "{}", new);
            prop_assert_ne!(&new, &candidate(&old, &Digest::of("y"), number));
            prop_assert_eq!(&new, &candidate(&old, &Digest::of("x"), number));
        }
    }
}
