//! Where a command stands in the file that has it.

use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use crate::domain::check::{Finding, Path, Place, Places, Rule};

/// A file that has scripts in it.
#[derive(Debug)]
pub struct File {
    /// Its name, from the root of the repository.
    pub name: String,
    /// Its text, with the places of YAML where it is that.
    pub text: Text,
}

/// The text of a file.
#[derive(Debug)]
pub enum Text {
    /// YAML.
    Yaml(Places),
    /// Anything else.
    Plain(String),
}

/// The part of a file that a script stands in.
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

/// A script and where it stands.
#[derive(Debug, Clone)]
pub struct Script {
    /// The file.
    pub file: Rc<File>,
    /// The part of it.
    pub within: Within,
    /// The script, as a shell gets it.
    pub text: Rc<str>,
}

/// A part of a script.
#[derive(Debug, Clone)]
pub struct Spot {
    /// The script.
    pub script: Script,
    /// The bytes of it.
    pub range: Range<usize>,
}

impl File {
    fn text(&self) -> &str {
        match &self.text {
            Text::Yaml(places) => places.text(),
            Text::Plain(text) => text,
        }
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

    /// Its place. Files write scripts with quotes and indentation of their own, so the same text is looked for; where there
    /// is none, it is the place of the script.
    pub fn place(&self) -> Place {
        let script = &self.script;
        let within = match (&script.within, &script.file.text) {
            (Within::Bytes(range), _) => range.clone(),
            (Within::Value(path), Text::Yaml(places)) => match places.value(path) {
                Some(range) => range,
                None => return places.place(path),
            },
            (Within::Value(_), Text::Plain(_)) => 0..0,
        };
        let whole = script.file.text();
        let source = whole.get(within.clone()).unwrap_or_default();
        let first_line = self.text().lines().next().unwrap_or_default().trim_end();
        let first_word = first_line.split_whitespace().next().unwrap_or_default();
        let before = script.text.get(..self.range.start).unwrap_or_default();
        let found = [first_line, first_word].into_iter().filter(|text| !text.is_empty()).find_map(|text| {
            let earlier = before.matches(text).count();
            let (at, _) = source.match_indices(text).nth(earlier)?;
            Some(within.start + at..within.start + at + text.len())
        });
        Place::of(whole, &found.unwrap_or(within))
    }

    /// A finding there.
    pub fn finding(&self, rule: Rule, message: impl AsRef<str>, hint: impl AsRef<str>) -> Finding {
        Finding::new(rule, message, hint).in_file(&self.script.file.name, Some(self.place()))
    }
}

#[cfg(test)]
mod tests {
    use yamlpath::Component;

    use super::*;

    #[test]
    fn a_command_is_found_in_each_way_to_write_it() {
        let text = "a:\n  - npm ci && npx x\n  - 'echo \"b\"; npx x'\n  - |\n    npx x\n    npx x\n  - >-\n    echo\n    a; npx\n    x\n";
        let file = Rc::new(File { name: "f".to_owned(), text: Text::Yaml(Places::new(text)) });
        for (index, script, nth, line, column) in [
            (0, "npm ci && npx x", 0, 2, 15),
            (1, "echo \"b\"; npx x", 0, 3, 16),
            (2, "npx x\nnpx x\n", 1, 6, 5),
            (3, "echo a; npx x", 0, 9, 8),
        ] {
            let within = Within::Value(vec![Component::from("a"), Component::from(index)]);
            let (at, it) = script.match_indices("npx x").nth(nth).unwrap();
            let script = Script { file: Rc::clone(&file), within, text: script.into() };
            let place = Spot { script, range: at..at + it.len() }.place();
            assert_eq!((place.line, place.column), (line, column), "{index}");
        }
    }
}
