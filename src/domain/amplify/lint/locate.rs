//! The place of a command in its file.
//!
//! A file writes a script with quotes, escapes and indentation of its own. So both are read side by side once, and each
//! byte of the script gets the one that it has in the file.

use std::cell::OnceCell;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use crate::domain::check::{CheckFinding, LinePlace, Path, Rule, YamlPlaces};

/// A file that has scripts in it.
#[derive(Debug)]
pub struct File {
    /// Its name, from the root of the repository.
    pub name: String,
    text: FileText,
    /// Where its lines begin.
    lines: OnceCell<Vec<usize>>,
}

/// The text of a file.
#[derive(Debug)]
enum FileText {
    Yaml(YamlPlaces),
    Plain(String),
}

/// The part of a file that a script is in.
#[derive(Clone)]
pub enum Within {
    /// A value of YAML.
    Value(Path<'static>),
    /// Bytes.
    Bytes(Range<usize>),
}

impl fmt::Debug for Within {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Within")
    }
}

/// A whole script as it is written in a file.
#[derive(Debug)]
struct WholeScript {
    file: Rc<File>,
    within: Within,
    text: Rc<str>,
    /// For each byte of the text the one of the file, as far as both go together.
    bytes: OnceCell<(Range<usize>, Vec<usize>)>,
}

/// A script that a shell runs: a whole one, or one in an argument of it.
#[derive(Debug, Clone)]
pub struct ShellScript {
    source: Rc<WholeScript>,
    /// The script.
    pub text: Rc<str>,
    /// The bytes of the whole one that it stands for: from there on, it is the same text.
    part: Range<usize>,
}

/// A part of a script.
#[derive(Debug, Clone)]
pub struct Spot {
    /// The script.
    pub script: ShellScript,
    /// The bytes of it.
    pub range: Range<usize>,
}

impl File {
    /// A file of YAML that is not nested too deep.
    pub fn yaml(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: FileText::Yaml(YamlPlaces::new(text)), lines: OnceCell::new() }
    }

    /// Any other file.
    pub fn plain(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: FileText::Plain(text.to_owned()), lines: OnceCell::new() }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        match &self.text {
            FileText::Yaml(places) => places.text(),
            FileText::Plain(text) => text,
        }
    }

    /// The place of a key of YAML.
    pub fn key(&self, path: &Path<'_>) -> LinePlace {
        match &self.text {
            FileText::Yaml(places) => places.place(path),
            FileText::Plain(_) => LinePlace::at(1, 1),
        }
    }

    /// The place of a value of YAML, or of its key.
    pub fn value(&self, path: &Path<'_>) -> LinePlace {
        self.value_bytes(path).map_or_else(|| self.key(path), |range| self.place(&range))
    }

    fn value_bytes(&self, path: &Path<'_>) -> Option<Range<usize>> {
        match &self.text {
            FileText::Yaml(places) => places.value(path),
            FileText::Plain(_) => None,
        }
    }

    /// The place of some bytes. Lines are counted once.
    fn place(&self, range: &Range<usize>) -> LinePlace {
        let text = self.text();
        let lines = self.lines.get_or_init(|| {
            let after = text.match_indices('\n').map(|(newline, _)| newline + 1);
            std::iter::once(0).chain(after).collect()
        });
        let line = lines.partition_point(|begin| *begin <= range.start).max(1);
        let begin = lines.get(line - 1).copied().unwrap_or_default();
        let end = lines.get(line).copied().unwrap_or(text.len()).min(range.end.max(range.start));
        let place = LinePlace::of(text.get(begin..end).unwrap_or_default(), &(range.start - begin..end - begin));
        LinePlace { line, end_line: line, ..place }
    }
}

impl WholeScript {
    fn bytes(&self) -> &(Range<usize>, Vec<usize>) {
        self.bytes.get_or_init(|| {
            let within = match &self.within {
                Within::Bytes(range) => range.clone(),
                Within::Value(path) => self.file.value_bytes(path).unwrap_or_default(),
            };
            let bytes = side_by_side(&self.text, self.file.text(), &within);
            (within, bytes)
        })
    }

    fn place(&self, range: &Range<usize>) -> LinePlace {
        let (within, bytes) = self.bytes();
        match (bytes.get(range.start), &self.within) {
            (Some(start), _) => {
                let last = range.end.saturating_sub(1).min(bytes.len().saturating_sub(1));
                let end = bytes.get(last).map_or(*start, |end| end + 1);
                self.file.place(&(*start..end.max(*start)))
            }
            (None, Within::Value(path)) if within.is_empty() => self.file.key(path),
            (None, _) => self.file.place(within),
        }
    }
}

/// The byte of a file for each byte of a script that stands within it, until they do not go together any more.
fn side_by_side(script: &str, file: &str, within: &Range<usize>) -> Vec<usize> {
    let source = file.get(within.clone()).unwrap_or_default().as_bytes();
    // The first line of a block of text is none of it.
    let is_block = source.first().is_some_and(|first| b"|>".contains(first));
    let mut at = if is_block { source.iter().position(|byte| *byte == b'\n').unwrap_or_default() } else { 0 };
    let mut bytes = Vec::with_capacity(script.len());
    for byte in script.bytes() {
        if byte.is_ascii_whitespace() {
            bytes.push(within.start + at.min(source.len().saturating_sub(1)));
            continue;
        }
        while let Some(other) = source.get(at).filter(|other| **other != byte) {
            let is_escape = *other == b'\\' && source.get(at + 1).is_some_and(|next| b"ntr".contains(next));
            let is_between = other.is_ascii_whitespace() || b"\\'\"$@-+".contains(other);
            match (is_escape, is_between) {
                (true, _) => at += 2,
                (false, true) => at += 1,
                (false, false) => return bytes,
            }
        }
        if at >= source.len() {
            return bytes;
        }
        bytes.push(within.start + at);
        at += 1;
    }
    bytes
}

impl ShellScript {
    /// A script of a file.
    pub fn new(file: &Rc<File>, within: Within, text: &str) -> Self {
        let text: Rc<str> = text.into();
        let source = WholeScript { file: Rc::clone(file), within, text: Rc::clone(&text), bytes: OnceCell::new() };
        Self { part: 0..text.len(), source: Rc::new(source), text }
    }

    /// The file that has it.
    pub fn file(&self) -> &str {
        &self.source.file.name
    }

    /// The same with more behind it.
    #[must_use]
    pub fn with(&self, more: &str) -> Self {
        Self { text: format!("{}{more}", self.text).into(), ..self.clone() }
    }

    fn place(&self, range: &Range<usize>) -> LinePlace {
        let moved = self.part.start + range.start..self.part.start + range.end;
        let is_same = self.source.text.get(moved.clone()) == self.text.get(range.clone());
        self.source.place(if is_same && moved.end <= self.part.end { &moved } else { &self.part })
    }
}

impl Spot {
    /// The text of it.
    pub fn text(&self) -> &str {
        self.script.text.get(self.range.clone()).unwrap_or_default()
    }

    /// A part of it that is written so, or all of it.
    #[must_use]
    pub fn part(&self, written: &str) -> Self {
        let found = self.text().find(written).filter(|_| !written.is_empty());
        let start = found.map(|at| self.range.start + at);
        let range = start.map_or(self.range.clone(), |start| start..start + written.len());
        Self { script: self.script.clone(), range }
    }

    /// The script that an argument of it is.
    pub fn inner(&self, text: &str) -> ShellScript {
        let found = self.part(text).range;
        let start = self.script.part.start;
        let part = start + found.start..start + found.end;
        ShellScript { source: Rc::clone(&self.script.source), text: text.into(), part }
    }

    /// Its place.
    pub fn place(&self) -> LinePlace {
        self.script.place(&self.range)
    }

    /// A finding there.
    pub fn finding(&self, rule: Rule, message: impl AsRef<str>, hint: impl AsRef<str>) -> CheckFinding {
        CheckFinding::new(rule, message, hint).in_file(self.script.file(), Some(self.place()))
    }
}

#[cfg(test)]
mod tests {
    use yamlpath::Component;

    use super::*;

    #[test]
    fn a_command_is_found_in_each_way_to_write_it() {
        let text = "a:\n  - npm ci && npx x\n  - 'echo \"b\"; npx ''x'''\n  - |\n    npx x\n    npx x\n  - >-\n    echo\n    a; npx\n    x\n  - \"echo \\\"b\\\"\\nnpx x\"\n";
        let file = Rc::new(File::yaml("f", text));
        for (index, script, nth, line, column) in [
            (0, "npm ci && npx x", 0, 2, 15),
            (1, "echo \"b\"; npx 'x'", 0, 3, 16),
            (2, "npx x\nnpx x\n", 1, 6, 5),
            (3, "echo a; npx x", 0, 9, 8),
            (4, "echo \"b\"\nnpx x", 0, 11, 18),
        ] {
            let within = Within::Value(vec![Component::from("a"), Component::from(index)]);
            let (at, it) = script.match_indices("npx").nth(nth).unwrap();
            let place = Spot { script: ShellScript::new(&file, within, script), range: at..at + it.len() }.place();
            assert_eq!((place.line, place.column), (line, column), "{index}");
        }
    }

    #[test]
    fn a_script_in_an_argument_has_the_place_of_its_own_command() {
        let file = Rc::new(File::plain("f", "sh -c 'a; npx x'"));
        let whole = ShellScript::new(&file, Within::Bytes(0..16), "sh -c 'a; npx x'");
        let inner = Spot { script: whole, range: 0..16 }.inner("a; npx x");
        assert_eq!(Spot { script: inner, range: 3..8 }.place().column, 11);
    }
}
