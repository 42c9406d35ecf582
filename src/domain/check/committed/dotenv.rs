//! Files of variables, as [dotenv](https://github.com/motdotla/dotenv#what-rules-does-the-parsing-engine-follow) and
//! shells read them: `export`, three quotes, values of several lines, comments, and any ends of lines.

use std::borrow::Cow;

use super::assignment::{Assignment, is_of_name};

/// All assignments. A line that is none is passed by.
pub fn assignments(text: &str) -> Vec<Assignment<'_>> {
    let mut found = Vec::new();
    let mut reader = DotenvReader { text, at: 0, unclosed: [false; 3] };
    while reader.at < text.len() {
        if let Some(assignment) = reader.assignment() {
            found.push(assignment);
        }
        reader.next_line();
    }
    found
}

struct DotenvReader<'t> {
    text: &'t str,
    at: usize,
    /// The quotes that nothing closes any more, so that their ends are not searched for again.
    unclosed: [bool; 3],
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

impl<'t> DotenvReader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn next_line(&mut self) {
        let line = self.rest().find(['\n', '\r']).map_or(self.rest().len(), |end| end + 1);
        self.at += line;
    }

    fn skip(&mut self, is: impl Fn(char) -> bool) {
        self.at += self.rest().len() - self.rest().trim_start_matches(is).len();
    }

    fn skip_blanks(&mut self) {
        self.skip(|character| matches!(character, ' ' | '\t'));
    }

    /// On the line that begins here. Afterwards it stands behind the value, which may end on a later line.
    fn assignment(&mut self) -> Option<Assignment<'t>> {
        self.skip(|character| character == '\u{feff}');
        self.skip_blanks();
        if let Some(rest) = self.rest().strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])) {
            self.at = self.text.len() - rest.len();
            self.skip_blanks();
        }
        let name = self.at..self.at + self.rest().bytes().take_while(|byte| is_of_name(*byte)).count();
        if name.is_empty() {
            return None;
        }
        self.at = name.end;
        self.skip_blanks();
        let parted = self.rest().strip_prefix('=').or_else(|| self.rest().strip_prefix(':'))?;
        self.at = self.text.len() - parted.len();
        self.skip_blanks();
        let (written, value) = self.quoted().unwrap_or_else(|| self.plain());
        Some(Assignment { name, written, value })
    }

    fn quoted(&mut self) -> Option<(std::ops::Range<usize>, Cow<'t, str>)> {
        let first = self.rest().chars().next()?;
        let quote = QUOTES.iter().position(|quote| *quote == first)?;
        if self.unclosed[quote] {
            return None;
        }
        let start = self.at + 1;
        let Some(length) = end_of_quote(&self.text[start..], first) else {
            self.unclosed[quote] = true;
            return None;
        };
        self.at = start + length + 1;
        let written = start..start + length;
        let value = &self.text[written.clone()];
        let value = if first == '"' && value.contains('\\') {
            Cow::Owned(value.replace("\\n", "\n").replace("\\r", "\r").replace("\\\"", "\""))
        } else {
            Cow::Borrowed(value)
        };
        Some((written, value))
    }

    /// To the end of the line, or to a comment.
    fn plain(&mut self) -> (std::ops::Range<usize>, Cow<'t, str>) {
        let line = self.rest().split(['\n', '\r']).next().unwrap_or_default();
        let value = if line.starts_with('#') { "" } else { line.split(" #").next().unwrap_or_default() };
        let written = self.at..self.at + value.trim_end().len();
        self.at += line.len();
        (written.clone(), Cow::Borrowed(&self.text[written]))
    }
}

/// Where a quoted text ends.
pub fn end_of_quote(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, character)| {
        if is_escaped {
            is_escaped = false;
            return None;
        }
        is_escaped = character == '\\' && quote == '"';
        (character == quote).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_assignment_is_read() {
        for (text, expected) in [
            ("A=b", vec![("A", "b")]),
            ("\u{feff}A=b\r\nC=d\r\n", vec![("A", "b"), ("C", "d")]),
            ("export A=b\n\texport\tC = d e  # f\n", vec![("A", "b"), ("C", "d e")]),
            ("# A=b\n\n  # x\nC=d#e\n", vec![("C", "d#e")]),
            ("A='b # c'\nD=\"e # f\" # g\nH=`i'j`\n", vec![("A", "b # c"), ("D", "e # f"), ("H", "i'j")]),
            ("A=\"b\\nc\\\"d\"\nE='f\\n'\n", vec![("A", "b\nc\"d"), ("E", "f\\n")]),
            ("A=\"b\nC=d\n\"\nE=f\n", vec![("A", "b\nC=d\n"), ("E", "f")]),
            ("A=\"b\nC=d\n", vec![("A", "\"b"), ("C", "d")]),
            ("A=\nB=\"\"\nC= # c\nD\n=e\n", vec![("A", ""), ("B", ""), ("C", "")]),
            ("A: b\nC.d-e=f\n", vec![("A", "b"), ("C.d-e", "f")]),
            ("A=b\rC=d", vec![("A", "b"), ("C", "d")]),
            ("exported=b", vec![("exported", "b")]),
            ("ä=b\nA=ä€\n", vec![("A", "ä€")]),
        ] {
            let found = assignments(text);
            let shown: Vec<(&str, &str)> =
                found.iter().map(|one| (&text[one.name.clone()], one.value.as_ref())).collect();
            assert_eq!(shown, expected, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_ends_the_reading(text in "[A-Ca=:#'\"`\\\\ \t\r\nä]{0,60}") {
            for one in assignments(&text) {
                proptest::prop_assert!(text.get(one.name).is_some() && text.get(one.written).is_some());
            }
        }
    }
}
