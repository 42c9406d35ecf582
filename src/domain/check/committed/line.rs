//! Names with values on the lines of YAML, of shell, and of a Dockerfile: `A: b`, `A=b`, `--a=b`, `ENV A b`. Read
//! without a parser, so that a file which none can read is searched too.

use std::borrow::Cow;
use std::ops::Range;

use super::assignment::{Assignment, Syntax, is_name, is_of_name};

/// All assignments to names that are wanted.
pub fn assignments<'t>(text: &'t str, syntax: Syntax, is_wanted: &dyn Fn(&str) -> bool) -> Vec<Assignment<'t>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let content = line.trim_end_matches(['\n', '\r']);
        if !content.trim_start().starts_with('#') {
            let brace = content.find('{').unwrap_or(content.len());
            let mut reader =
                LineReader { line: content, at: 0, word_end: 0, comment: None, brace, unclosed: [false; 2] };
            let shifted = |range: Range<usize>| start + range.start..start + range.end;
            if let Some((name, value)) = reader.spaced(syntax).filter(|(name, _)| is_wanted(&content[name.clone()])) {
                found.push(Assignment {
                    name: shifted(name),
                    value: Cow::Borrowed(&content[value.clone()]),
                    written: shifted(value),
                });
            }
            while let Some((name, value)) = reader.next(is_wanted) {
                found.push(Assignment {
                    name: shifted(name),
                    value: Cow::Borrowed(&content[value.clone()]),
                    written: shifted(value),
                });
            }
        }
        start += line.len();
    }
    found
}

struct LineReader<'t> {
    line: &'t str,
    at: usize,
    /// The end of the word that was read last: words in it end there too.
    word_end: usize,
    /// Where the comment of the line begins, once it was asked.
    comment: Option<usize>,
    /// Where a mapping begins that ends on this line.
    brace: usize,
    /// The quotes that nothing closes any more.
    unclosed: [bool; 2],
}

type Pair = (Range<usize>, Range<usize>);

impl LineReader<'_> {
    /// The old form of a Dockerfile: `ENV NAME the value`.
    fn spaced(&mut self, syntax: Syntax) -> Option<Pair> {
        let mut words = self.line.split_whitespace();
        let is_env = syntax == Syntax::Dockerfile && words.next()?.eq_ignore_ascii_case("env");
        let name = words.next().filter(|name| is_env && is_name(name))?;
        let start = self.line.find(name).filter(|_| words.next().is_some())?;
        let value = self.line[start + name.len()..].trim();
        let begin = self.line.len() - self.line[start + name.len()..].trim_start().len();
        self.at = self.line.len();
        Some((start..start + name.len(), begin..begin + value.len()))
    }

    fn next(&mut self, is_wanted: &dyn Fn(&str) -> bool) -> Option<Pair> {
        loop {
            let bytes = self.line.as_bytes();
            let begin = self.at + bytes[self.at..].iter().position(|byte| is_of_name(*byte))?;
            let end = begin + bytes[begin..].iter().take_while(|byte| is_of_name(**byte)).count();
            self.at = end;
            let dashes = bytes[begin..end].iter().take_while(|byte| **byte == b'-').count();
            let name = begin + dashes..end;
            let Some(value) = self.parted(end) else { continue };
            if !is_name(&self.line[name.clone()]) || !is_wanted(&self.line[name.clone()]) {
                self.at = value.start;
                continue;
            }
            let value = self.value(&value);
            self.at = value.end;
            if !value.is_empty() {
                return Some((name, value));
            }
        }
    }

    /// What parts a name from its value, behind the name: up to where the value begins.
    fn parted(&self, end: usize) -> Option<Parted> {
        let bytes = self.line.as_bytes();
        let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
        let closed = if matches!(byte(end), b'"' | b'\'') { end + 1 } else { end };
        let blanks = |from: usize| {
            bytes.get(from..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
        };
        match (byte(closed), byte(closed + 1)) {
            (b'=', b'=' | b'~' | b'>') => None,
            (b'=', _) if closed == end => Some(Parted { start: end + 1, is_mapping: false }),
            (b':', b' ' | b'\t' | b'"' | b'\'') => {
                Some(Parted { start: closed + 1 + blanks(closed + 1), is_mapping: true })
            }
            _ => {
                // `name = value`, of a terraform command or of TOML in a script.
                let at = closed + blanks(closed);
                let is_parted = at > closed && byte(at) == b'=' && matches!(byte(at + 1), b' ' | b'"');
                is_parted.then(|| Parted { start: at + 1 + blanks(at + 1), is_mapping: false })
            }
        }
    }

    fn value(&mut self, parted: &Parted) -> Range<usize> {
        let start = parted.start.min(self.line.len());
        let rest = &self.line[start..];
        let first = rest.bytes().next().unwrap_or_default();
        let quote = [b'"', b'\''].iter().position(|quote| *quote == first);
        if let Some(quote) = quote.filter(|quote| !self.unclosed[*quote]) {
            match rest[1..].find(char::from(first)) {
                Some(length) => return start + 1..start + 1 + length,
                None => self.unclosed[quote] = true,
            }
        }
        if !parted.is_mapping {
            return start..self.word(start);
        }
        // Not a text: a block, an anchor, an alias, a tag, a list or a mapping.
        if matches!(first, b'|' | b'>' | b'&' | b'*' | b'!' | b'[' | b'{') {
            return start..start;
        }
        let comment = match self.comment {
            Some(comment) => comment,
            None => self.line[start..].find(" #").map_or(self.line.len(), |at| start + at),
        };
        self.comment = Some(comment);
        let value = &self.line[start..comment.max(start)];
        let is_flow = self.brace < start && !value.starts_with("${");
        let value = if is_flow { value.split([',', '}']).next().unwrap_or_default() } else { value };
        start..start + value.trim_end().len()
    }

    /// Where a word of a shell ends.
    fn word(&mut self, start: usize) -> usize {
        if start >= self.word_end {
            let ends = |end: char| end.is_whitespace() || "\"'`;&|)<>,".contains(end);
            self.word_end = start + self.line[start..].find(ends).unwrap_or(self.line.len() - start);
        }
        self.word_end
    }
}

#[derive(Clone, Copy)]
struct Parted {
    start: usize,
    /// Whether it is a mapping of YAML, whose value goes to the end of the line.
    is_mapping: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, syntax: Syntax) -> Vec<(String, String)> {
        let is_wanted = |name: &str| name != "run" && name != "with" && name != "var" && name != "env";
        let found = assignments(text, syntax, &is_wanted);
        found.iter().map(|one| (text[one.name.clone()].to_owned(), text[one.written.clone()].to_owned())).collect()
    }

    #[test]
    fn every_form_of_an_assignment_is_found() {
        for (text, expected) in [
            ("  A: b c # d", vec![("A", "b c")]),
            ("  A: \"b # c\"", vec![("A", "b # c")]),
            ("  'A': 'b'", vec![("A", "b")]),
            ("  env: { A: b, C: 'd', E: f }", vec![("A", "b"), ("C", "d"), ("E", "f")]),
            ("  - run: export A=b && C=\"d e\" x", vec![("A", "b"), ("C", "d e")]),
            ("  - echo \"A=b\" >> .env", vec![("A", "b")]),
            ("  - echo A=b>>.env", vec![("A", "b")]),
            ("  - run: x --password=b --db-password c", vec![("password", "b")]),
            ("  - run: terraform apply -var=\"db_password=b\" -var 'c=d'", vec![("db_password", "b"), ("c", "d")]),
            ("  db_password = \"b\"", vec![("db_password", "b")]),
            ("# A=b\n  # C: d\nE=f", vec![("E", "f")]),
            ("A: |\nB: >-\nC: *d\nE: [f]\nG:\nH: ${{ secrets.I }}", vec![("H", "${{ secrets.I }}")]),
            ("if [ \"$a\" == b ]; then c; fi; https://d:e@f::g", vec![]),
            ("  A: \"b", vec![("A", "\"b")]),
        ] {
            let expected: Vec<(String, String)> =
                expected.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            assert_eq!(shown(text, Syntax::Lines), expected, "{text}");
        }
    }

    #[test]
    fn a_dockerfile_has_a_form_of_its_own() {
        let expected = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(shown("ENV A b c\n", Syntax::Dockerfile), expected(&[("A", "b c")]));
        assert_eq!(
            shown("ENV A=b C=\"d e\" \\\n  F=g\n", Syntax::Dockerfile),
            expected(&[("A", "b"), ("C", "d e"), ("F", "g")])
        );
        assert_eq!(shown("ARG A\nARG B=c\n", Syntax::Dockerfile), expected(&[("B", "c")]));
        assert_eq!(shown("ENV A b", Syntax::Lines), expected(&[]));
    }

    proptest::proptest! {
        #[test]
        fn no_text_ends_the_search(text in "([A-Ca=:#'\"`{},|\\\\ \t\r\nä-]|ENV ){0,60}") {
            for syntax in [Syntax::Lines, Syntax::Dockerfile] {
                for one in assignments(&text, syntax, &|_| true) {
                    proptest::prop_assert!(text.get(one.name).is_some() && text.get(one.written).is_some());
                }
            }
        }
    }
}
