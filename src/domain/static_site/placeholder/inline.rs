//! Scripts and styles that are in a page itself, of which its `Content-Security-Policy` may have hashes
//! ([CSP](https://www.w3.org/TR/CSP3/#external-hash)).

use std::ops::Range;

use super::integrity::{Hash, hashes};

/// A hash in a page, and the part of the page that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OfPart {
    /// Where the hash stands.
    pub(super) range: Range<usize>,
    /// Which hash it is.
    pub(super) hash: Hash,
    /// Where the script or style stands.
    pub(super) part: Range<usize>,
}

/// The hashes in a page that are of its own scripts and styles.
pub(super) fn of_parts(page: &[u8]) -> Vec<OfPart> {
    let written = hashes(page);
    if written.is_empty() {
        return Vec::new();
    }
    let parts = parts(page);
    let of = |(range, hash): (Range<usize>, Hash)| {
        let text = page.get(range.clone())?;
        let is_of = |part: &&Range<usize>| page.get((*part).clone()).is_some_and(|it| hash.of(it).as_bytes() == text);
        let part = parts.iter().find(is_of)?.clone();
        Some(OfPart { range, hash, part })
    };
    written.into_iter().filter_map(of).collect()
}

/// What is in the scripts and styles of a page.
fn parts(page: &[u8]) -> Vec<Range<usize>> {
    let (mut parts, mut at) = (Vec::new(), 0);
    while let Some((start, name)) = opening(page, at) {
        let Some(start) = end_of_tag(page, start) else { break };
        // What has no end is not run.
        let Some(end) = closing(page, start, name) else { break };
        parts.push(start..end);
        at = end;
    }
    parts
}

/// The next tag that begins a script or a style, from behind its name.
fn opening(page: &[u8], from: usize) -> Option<(usize, &'static str)> {
    let starts = memchr::memchr_iter(b'<', page.get(from..)?).map(|at| from.saturating_add(at).saturating_add(1));
    let named = |at: usize| {
        let name = ["script", "style"].into_iter().find(|name| is_at(page, at, name))?;
        let behind = at.saturating_add(name.len());
        let ends = page.get(behind).is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'));
        ends.then_some((behind, name))
    };
    starts.into_iter().find_map(named)
}

/// The place behind a tag, from inside of it. A `>` in an attribute does not end it.
fn end_of_tag(page: &[u8], from: usize) -> Option<usize> {
    let mut quote = None;
    for (offset, byte) in page.get(from..)?.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(from.saturating_add(offset).saturating_add(1)),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            (None | Some(_), _) => {}
        }
    }
    None
}

/// Where what a tag began ends.
fn closing(page: &[u8], from: usize, name: &str) -> Option<usize> {
    let mut starts = memchr::memchr_iter(b'<', page.get(from..)?).map(|at| from.saturating_add(at));
    starts.find(|at| page.get(at.saturating_add(1)) == Some(&b'/') && is_at(page, at.saturating_add(2), name))
}

fn is_at(page: &[u8], at: usize, name: &str) -> bool {
    let there = page.get(at..at.saturating_add(name.len()));
    there.is_some_and(|there| there.eq_ignore_ascii_case(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_what_stands_between_the_tags() {
        let written = Hash::Sha256.of(b" a < b ");
        for (page, is_of) in [
            (format!("<meta content=\"'{written}'\"><script> a < b </script>"), true),
            (format!("<meta content=\"'{written}'\"><SCRIPT data-x='>'\n> a < b </Script>"), true),
            (format!("<meta content=\"'{written}'\"><script>1</script><style> a < b </style>"), true),
            (format!("<meta content=\"'{written}'\"><script> a < b "), false),
            (format!("<meta content=\"'{written}'\"><scripts> a < b </scripts>"), false),
            (written.clone(), false),
        ] {
            let found = of_parts(page.as_bytes());
            assert_eq!(found.len(), usize::from(is_of), "{page}");
            assert!(found.iter().all(|it| page[it.part.clone()] == *" a < b " && page[it.range.clone()] == written));
        }
    }
}
