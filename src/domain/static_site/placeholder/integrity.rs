//! Hashes that pages and scripts have of other files, so that browsers refuse other bytes
//! ([Subresource Integrity](https://www.w3.org/TR/sri-2/)). They are found by their text, wherever it stands: in an attribute,
//! an import map, a table of a script.

use std::collections::BTreeMap;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// A hash that may stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hash {
    /// 256 bits.
    Sha256,
    /// 384 bits.
    Sha384,
    /// 512 bits.
    Sha512,
}

impl Hash {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    fn prefix(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256-",
            Self::Sha384 => "sha384-",
            Self::Sha512 => "sha512-",
        }
    }

    /// The characters of it in Base64.
    fn length(self) -> usize {
        match self {
            Self::Sha256 => 44,
            Self::Sha384 => 64,
            Self::Sha512 => 88,
        }
    }

    /// The hash of some bytes, as it is written.
    pub(super) fn of(self, bytes: &[u8]) -> String {
        let encoded = match self {
            Self::Sha256 => STANDARD.encode(Sha256::digest(bytes)),
            Self::Sha384 => STANDARD.encode(Sha384::digest(bytes)),
            Self::Sha512 => STANDARD.encode(Sha512::digest(bytes)),
        };
        format!("{}{encoded}", self.prefix())
    }
}

/// The hashes in a file, in no order.
pub(super) fn hashes(bytes: &[u8]) -> Vec<(Range<usize>, Hash)> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let of = |hash: Hash| {
        let found = memmem::find_iter(bytes, hash.prefix());
        found.filter_map(move |start| {
            let range = start..start.saturating_add(hash.prefix().len()).saturating_add(hash.length());
            let text = bytes.get(range.clone())?.get(hash.prefix().len()..)?;
            text.iter().all(is_base64).then_some((range, hash))
        })
    };
    Hash::ALL.into_iter().flat_map(of).collect()
}

/// Which file a hash is of. Files with the same bytes have the same hash, and change alike.
pub(super) fn owners<'a>(
    files: &(impl Iterator<Item = &'a [u8]> + Clone),
    wanted: impl Iterator<Item = Hash>,
) -> BTreeMap<String, usize> {
    let mut wanted: Vec<Hash> = wanted.collect();
    wanted.sort_unstable();
    wanted.dedup();
    let of = |hash: Hash| files.clone().enumerate().map(move |(index, bytes)| (hash.of(bytes), index));
    wanted.into_iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_found_whatever_stands_around_it() {
        for hash in Hash::ALL {
            let written = hash.of(b"x");
            for text in [
                format!("<script integrity=\"{written}\">"),
                format!("{{\"/a.js\":\"{written}\"}}"),
                format!("{written} sha384-short"),
                written.clone(),
            ] {
                let found = hashes(text.as_bytes());
                let [(range, of)] = found.as_slice() else { panic!("{text}: {found:?}") };
                assert_eq!((&text[range.clone()], *of), (written.as_str(), hash));
            }
        }
        assert_eq!(Hash::Sha256.of(b""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(hashes(b"sha256-"), []);
    }
}
