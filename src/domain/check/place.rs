//! Where in a file something stands.

use std::ops::Range;

/// A place on one line of a file. Lines and columns begin at 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinePlace {
    /// The line.
    pub line: usize,
    /// The first column.
    pub column: usize,
    /// The line again: what goes over several is marked on its first.
    pub end_line: usize,
    /// The column after the last one.
    pub end_column: usize,
}

/// The lines of a text, for the places of many things in it: looking for one alone reads all that is before it.
#[derive(Debug)]
pub struct TextLines<'t> {
    text: &'t str,
    starts: LineStarts,
}

impl<'t> TextLines<'t> {
    /// The lines of a text.
    pub fn new(text: &'t str) -> Self {
        Self { text, starts: LineStarts::new(text) }
    }

    /// The place of a range of bytes, as far as its first line goes.
    pub fn place(&self, range: &Range<usize>) -> LinePlace {
        self.starts.place(self.text, range)
    }
}

/// Where the lines of a text begin, and where in long ones to count on from. For what keeps the text itself.
#[derive(Debug)]
pub struct LineStarts(Vec<Start>);

#[derive(Debug, Clone, Copy)]
struct Start {
    byte: usize,
    line: usize,
    column: usize,
}

impl LineStarts {
    /// Those of a text.
    pub fn new(text: &str) -> Self {
        /// How much of a line is read for a place in it, in bytes.
        const FAR: usize = 1024;
        let mut starts = vec![Start { byte: 0, line: 1, column: 1 }];
        let mut last = Start { byte: 0, line: 1, column: 1 };
        let mut column = 1;
        for (byte, character) in text.char_indices() {
            if byte - last.byte >= FAR {
                last = Start { byte, line: last.line, column };
                starts.push(last);
            }
            column += 1;
            if character == '\n' {
                column = 1;
                last = Start { byte: byte + 1, line: last.line + 1, column };
                starts.push(last);
            }
        }
        Self(starts)
    }

    /// The place of a range of bytes in the same text, as far as its first line goes.
    pub fn place(&self, text: &str, range: &Range<usize>) -> LinePlace {
        let start = text.floor_char_boundary(range.start);
        let before = self.0.partition_point(|known| known.byte <= start).saturating_sub(1);
        let known = self.0.get(before).copied().unwrap_or(Start { byte: 0, line: 1, column: 1 });
        let end = text.floor_char_boundary(range.end.max(start));
        let marked = text[start..end].lines().next().unwrap_or_default().trim_end();
        let column = known.column + text[known.byte..start].chars().count();
        LinePlace { line: known.line, column, end_line: known.line, end_column: column + marked.chars().count() }
    }
}

impl LinePlace {
    /// The place of a range of bytes, as far as its first line goes.
    pub fn of(text: &str, range: &Range<usize>) -> Self {
        let start = text.floor_char_boundary(range.start);
        let end = text.floor_char_boundary(range.end.max(start));
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let marked = text[start..end].lines().next().unwrap_or_default().trim_end();
        let line = before.matches('\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        Self { line, column, end_line: line, end_column: column + marked.chars().count() }
    }

    /// The place where a parser stopped.
    pub fn at(line: usize, column: usize) -> Self {
        let (line, column) = (line.max(1), column.max(1));
        Self { line, column, end_line: line, end_column: column }
    }

    /// What stands on a line.
    pub fn of_line(text: &str, line: usize) -> Self {
        let content = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let blank = content.chars().take_while(|character| character.is_whitespace()).count();
        let place = Self::at(line, blank + 1);
        Self { end_column: place.column + content.trim().chars().count(), ..place }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_a_place_stays_on_its_line() {
        let text = "a: 1\nbö: ccc\n  d\n";
        let place = |line, column, end_column| LinePlace { line, column, end_line: line, end_column };
        assert_eq!(LinePlace::of(text, &(5..8)), place(2, 1, 3));
        assert_eq!(LinePlace::of(text, &(10..17)), place(2, 5, 8));
        assert_eq!(LinePlace::of(text, &(900..901)), place(4, 1, 1));
        let long = "ä".repeat(3000) + "\n" + &"b".repeat(5000);
        for (text, range) in
            [0..1, 5..8, 10..17, 4..6, 15..99, 900..901, 4..5].map(|range| (text, range)).into_iter().chain(
                [0..9, 1023..1024, 1025..1030, 5998..6003, 7000..7002, 12_000..12_001]
                    .map(|range| (long.as_str(), range)),
            )
        {
            assert_eq!(TextLines::new(text).place(&range), LinePlace::of(text, &range), "{range:?}");
        }
        assert_eq!(LinePlace::of_line(text, 3), place(3, 3, 4));
        assert_eq!(LinePlace::at(0, 0), place(1, 1, 1));
    }
}
