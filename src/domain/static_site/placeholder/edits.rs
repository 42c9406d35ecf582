//! What is put in place of parts of a file.

use std::collections::BTreeMap;
use std::ops::Range;

/// What is put in place of parts of a file. No two of the parts overlap.
#[derive(Debug, Default)]
pub(super) struct Edits(BTreeMap<usize, (usize, String)>);

impl Edits {
    /// Puts a text in place of a part, unless something is put in place of some of it already.
    pub(super) fn put(&mut self, range: &Range<usize>, text: impl Into<String>) {
        let before = self.0.range(..range.end).next_back();
        if before.is_none_or(|(_, (end, _))| *end <= range.start) {
            self.0.insert(range.start, (range.end, text.into()));
        }
    }

    /// A part of the file with all of that. Nothing is put in place of its ends.
    pub(super) fn apply_to(&self, bytes: &[u8], part: &Range<usize>) -> Vec<u8> {
        let mut inside = Self::default();
        for (start, (end, text)) in self.0.range(part.clone()).filter(|(_, (end, _))| *end <= part.end) {
            let shifted = start.saturating_sub(part.start)..end.saturating_sub(part.start);
            inside.put(&shifted, text.as_str());
        }
        inside.apply(bytes.get(part.clone()).unwrap_or_default())
    }

    /// The file with all of that.
    pub(super) fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let (mut edited, mut from) = (Vec::with_capacity(bytes.len()), 0);
        for (start, (end, text)) in &self.0 {
            edited.extend_from_slice(bytes.get(from..*start).unwrap_or_default());
            edited.extend_from_slice(text.as_bytes());
            from = *end;
        }
        edited.extend_from_slice(bytes.get(from..).unwrap_or_default());
        edited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_at_a_place_stays() {
        let mut edits = Edits::default();
        edits.put(&(2..4), "XYZ");
        for range in [2..4, 1..3, 3..5, 0..6, 2..3] {
            edits.put(&range, "?");
        }
        edits.put(&(4..5), "");
        edits.put(&(0..2), "-");
        assert_eq!(edits.apply(b"abcdef"), b"-XYZf");
        assert_eq!(edits.apply_to(b"abcdef", &(2..6)), b"XYZf");
        assert_eq!(edits.apply_to(b"abcdef", &(5..6)), b"f");
        assert_eq!(Edits::default().apply(b"abc"), b"abc");
    }
}
