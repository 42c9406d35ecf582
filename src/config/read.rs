//! Reads the parsed TOML into types, noting everything that is wrong instead of stopping at the first.
//!
//! serde cannot do that: it stops at the first unknown key or wrong type. So every type says itself how it is read, and
//! always comes into being: what could not be read is noted and left empty, which later checks take for "already reported".
//! A key that was never read from its table is unknown.

use std::borrow::Cow;
use std::ops::{Range, RangeInclusive};
use std::slice;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Problems;
use super::wording::{cut, listed, nearest, one_of};
use crate::domain::check::committed::covered;
pub(super) use crate::domain::kind::NOT_BUILT;

/// What is read from one value of the file.
pub(super) trait FromToml {
    /// Reads it, noting what is wrong.
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self;
}

/// The text as TOML. One that is none is reported.
pub(super) fn parse_toml<'d>(source: &'d str, problems: &mut Problems) -> Option<DeValue<'d>> {
    let parsed = DeTable::parse(source).map(|table| DeValue::Table(table.into_inner()));
    let messages = |error: toml::de::Error| {
        let span = error.span().unwrap_or_default();
        let (message, hint) = unquoted(source, &span).unwrap_or_else(|| {
            let hint = "correct the TOML: strings are quoted, and a key or table is written once";
            (error.message().to_owned(), hint.to_owned())
        });
        problems.at(&span, format!("invalid TOML: {message}"), hint);
    };
    parsed.map_err(messages).ok()
}

/// What is wrong with a line, and what to write, where its text lacks quotes: `cluster = orders`.
fn unquoted(source: &str, span: &Range<usize>) -> Option<(String, String)> {
    let start = source.get(..span.start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let line = source[start..].lines().next()?;
    let (key, value) = line.split_once('=')?;
    let (key, value) = (key.trim(), value.split('#').next().unwrap_or_default().trim());
    let is_plain = !value.is_empty() && !value.contains(['"', '\'', '[', '{', '\\']);
    let quoted = format!("{key} = \"{value}\"");
    let is_text = is_plain && DeTable::parse(line).is_err() && DeTable::parse(&quoted).is_ok();
    if is_text && covered(&quoted) != quoted {
        let key = cut(key, 40);
        return Some((format!("the text of `{key}` is not in quotes"), format!("write `{key} = \"…\"`")));
    }
    let (key, value, quoted) = (cut(key, 40), cut(value, 40), cut(&quoted, 80));
    is_text.then(|| (format!("`{value}`, the text of `{key}`, is not in quotes"), format!("write `{quoted}`")))
}

/// A value of the file, and what it is called.
#[derive(Debug, Clone)]
pub(super) struct TomlNode<'d> {
    /// The name in messages: the key, with an index for what is in a list.
    pub(super) name: String,
    /// The bytes of the value.
    pub(super) span: Range<usize>,
    /// The whole file.
    pub(super) source: &'d str,
    /// All keys from the top, as people write them.
    path: String,
    /// Where something missing inside is reported: the key, as a table itself may be all over the file.
    anchor: Range<usize>,
    value: &'d DeValue<'d>,
}

impl<'d> TomlNode<'d> {
    /// The whole file as one table.
    pub(super) fn root(source: &'d str, value: &'d DeValue<'d>) -> Self {
        Self { name: String::new(), span: 0..0, source, path: String::new(), anchor: 0..0, value }
    }

    fn child(&self, key: &Spanned<Cow<'d, str>>, value: &'d Spanned<DeValue<'d>>) -> Self {
        let name = key.get_ref().to_string();
        let path = if self.path.is_empty() { name.clone() } else { format!("{}.{name}", self.path) };
        Self { name, span: value.span(), source: self.source, path, anchor: key.span(), value: value.get_ref() }
    }

    fn item(&self, index: usize, value: &'d Spanned<DeValue<'d>>) -> Self {
        Self {
            name: format!("{}[{index}]", self.name),
            span: value.span(),
            source: self.source,
            path: format!("{}[{index}]", self.path),
            anchor: value.span(),
            value: value.get_ref(),
        }
    }

    /// What a key has, where this is a table in which it is written. Nothing is reported.
    pub(super) fn inside(&self, key: &str) -> Option<Self> {
        let (key, value) = self.value.as_table()?.get_key_value(key)?;
        Some(self.child(key, value))
    }

    /// Whether this is a list.
    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// Whether this is a table.
    pub(super) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    /// Whether this is a text.
    pub(super) fn is_text(&self) -> bool {
        self.value.is_str()
    }

    /// The table that this is.
    pub(super) fn table<'p>(&self, problems: &'p mut Problems) -> Option<Table<'d, 'p>> {
        if let DeValue::Table(values) = self.value {
            return Some(Table { node: self.clone(), values, known: Vec::new(), messages: Vec::new(), problems });
        }
        self.mistyped(problems, "a table", format!("write it as a table: `{} = {{ … }}`", self.name));
        None
    }

    /// The text that this is, as TOML means it.
    pub(super) fn text(&self, problems: &mut Problems) -> Option<&'d str> {
        if let DeValue::String(text) = self.value {
            return Some(text);
        }
        let hint = if matches!(self.value, DeValue::Table(_) | DeValue::Array(_)) {
            "write one text in quotes".to_owned()
        } else {
            let quoted = format!("\"{}\"", cut(&self.source[self.span.clone()], 40));
            // What is in a list has no key of its own.
            let key = if self.name.ends_with(']') { String::new() } else { format!("{} = ", self.name) };
            format!("write it in quotes: `{key}{quoted}`")
        };
        self.mistyped(problems, "a string", hint);
        None
    }

    /// The string, number or boolean that this is, in JSON's terms.
    pub(super) fn scalar(&self, problems: &mut Problems) -> Option<serde_json::Value> {
        let value = match self.value {
            DeValue::String(text) => Some(text.as_ref().into()),
            DeValue::Boolean(boolean) => Some((*boolean).into()),
            DeValue::Integer(_) => self.integer().map(Into::into),
            DeValue::Float(float) => {
                float.as_str().parse().ok().and_then(serde_json::Number::from_f64).map(serde_json::Value::Number)
            }
            DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                let hint = "compare single values; a JSON pointer leads to each";
                self.mistyped(problems, "a string, a number or a boolean", hint);
                return None;
            }
        };
        if value.is_none() {
            let message = format!("`{}` is a number that JSON cannot hold", self.name);
            problems.at(&self.span, message, "write a finite number of at most 64 bits");
        }
        value
    }

    fn integer(&self) -> Option<i64> {
        let integer = self.value.as_integer()?;
        i64::from_str_radix(integer.as_str(), integer.radix()).ok()
    }

    /// Refuses a list or a table in which nothing is written.
    pub(super) fn refuse_empty(&self, hint: &str, problems: &mut Problems) {
        let is_empty_list = self.value.as_array().is_some_and(|items| items.is_empty());
        let is_empty_table = self.value.as_table().is_some_and(DeTable::is_empty);
        if is_empty_list || is_empty_table {
            problems.at(self.place(), format!("`{}` is empty", self.name), hint);
        }
    }

    /// Notes that this is of a wrong type.
    pub(super) fn mistyped(&self, problems: &mut Problems, expected: &str, hint: impl Into<String>) {
        let found = match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        problems.at(self.place(), format!("`{}` must be {expected}, not {found}", self.name), hint);
    }

    /// The value's place, or its key's: a table with a header of its own has nothing else to show.
    fn place(&self) -> &Range<usize> {
        if self.value.is_table() { &self.anchor } else { &self.span }
    }
}

/// A table of the file, being read.
#[derive(Debug)]
pub(super) struct Table<'d, 'p> {
    node: TomlNode<'d>,
    values: &'d DeTable<'d>,
    /// The keys that may be written.
    known: Vec<&'static str>,
    /// The keys that may not be written, and were refused with a reason.
    messages: Vec<&'static str>,
    problems: &'p mut Problems,
}

impl Table<'_, '_> {
    /// The keys that somebody asks a table for.
    pub(super) fn known_to(read: impl FnOnce(&mut Table<'_, '_>)) -> Vec<&'static str> {
        let mut problems = Problems::default();
        let empty = DeValue::Table(DeTable::new());
        let Some(mut table) = TomlNode::root("", &empty).table(&mut problems) else { return Vec::new() };
        read(&mut table);
        table.known
    }
}

impl<'d> Table<'d, '_> {
    /// What a key has, where it is written.
    pub(super) fn optional<T: FromToml>(&mut self, key: &'static str) -> Option<T> {
        self.optional_with(key, T::read)
    }

    /// What a key has, where it is written, read in a way of its own.
    pub(super) fn optional_with<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&TomlNode<'_>, &mut Problems) -> T,
    ) -> Option<T> {
        let node = self.get(key)?;
        Some(read(&node, self.problems))
    }

    /// What a key has that must be written, for example as in `example`.
    pub(super) fn required<T: FromToml>(&mut self, key: &'static str, example: &str) -> Option<T> {
        self.required_with(key, example, T::read)
    }

    /// What a key has that must be written, for example as in `example`, read in a way of its own.
    pub(super) fn required_with<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&TomlNode<'_>, &mut Problems) -> T,
    ) -> Option<T> {
        let value = self.optional_with(key, read);
        if value.is_none() {
            let message = format!("`{key}` is missing{}", self.place());
            let TomlNode { anchor, path, .. } = &self.node;
            self.problems.missing(anchor, path, key, message, format!("add `{example}`"));
        }
        value
    }

    /// A whole number within bounds, where it is written.
    pub(super) fn number<T: TryFrom<i64>>(&mut self, key: &'static str, bounds: RangeInclusive<i64>) -> Option<T> {
        let node = self.get(key)?;
        if !node.value.is_integer() {
            node.mistyped(self.problems, "an integer", "write a whole number without quotes");
            return None;
        }
        let number =
            node.integer().filter(|number| bounds.contains(number)).and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            let (least, most) = bounds.into_inner();
            let message = format!("`{key}` is out of bounds");
            self.problems.at(&node.span, message, format!("write a number from {least} to {most}"));
        }
        number
    }

    /// A key's value, not read yet. Marks the key as known.
    fn get(&mut self, key: &'static str) -> Option<TomlNode<'d>> {
        self.known.push(key);
        let (key, value) = self.values.get_key_value(key)?;
        Some(self.node.child(key, value))
    }

    /// Refuses keys by name, where they are written, for a reason that continues "`key` …".
    pub(super) fn refuse(&mut self, keys: &[&'static str], reason: &str, hint: &str) {
        for key in keys {
            if let Some((key, _)) = self.values.get_key_value(*key) {
                self.problems.at(&key.span(), format!("`{}` {reason}", key.get_ref()), hint);
            }
        }
        self.messages.extend(keys);
    }

    /// Refuses every key that was not asked for.
    pub(super) fn refuse_unknown(self) {
        self.refuse_unknown_but(&|_| None);
    }

    /// Refuses every key that was not asked for. `known_elsewhere`: the hint for one that is right in another place.
    pub(super) fn refuse_unknown_but(self, known_elsewhere: &dyn Fn(&str) -> Option<String>) {
        let place = self.place();
        for key in self.values.keys() {
            let name = key.get_ref().as_ref();
            if self.known.contains(&name) || self.messages.contains(&name) {
                continue;
            }
            let meant = nearest(name, self.known.iter().copied());
            if let Some(meant) = meant {
                self.problems.meant(&self.node.path, meant);
            }
            let hint = known_elsewhere(name).unwrap_or_else(|| match meant {
                Some(meant) => format!("write `{meant}`, or remove it"),
                None => format!("remove it; known here are {}", listed(self.known.iter().copied())),
            });
            self.problems.at(&key.span(), format!("unknown key `{name}`{place}"), hint);
        }
    }

    /// The place in words, to follow what is wrong there.
    fn place(&self) -> String {
        if self.node.path.is_empty() { String::new() } else { format!(" in `{}`", self.node.path) }
    }
}

/// A plain value and its place. Without a value it is written, but could not be read, and that is already reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Located<T> {
    /// The bytes of the file.
    pub(super) span: Range<usize>,
    /// The value.
    pub(super) value: Option<T>,
}

/// The meaning of one of some words. Another text is reported.
pub(super) fn word<T: Copy>(node: &TomlNode<'_>, problems: &mut Problems, words: &[(&'static str, T)]) -> Option<T> {
    let Located { span, value } = Located::<String>::read(node, problems);
    let text = value?;
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
    if found.is_none() {
        let names = words.iter().map(|(word, _)| *word);
        let quoted: Vec<String> = names.clone().map(|name| format!("`{name}`")).collect();
        let (last, others) = quoted.split_last()?;
        let allowed = format!("{} or {last}", others.join(", "));
        let message = format!("`{}` must be {allowed}, not `{}`", node.name, cut(&text, 40));
        problems.at(&span, message, one_of(&text, names));
    }
    found
}

/// A text, or a list of them.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub(super) enum OneOrMore {
    /// One.
    One(Located<String>),
    /// Several.
    Several(Vec<Located<String>>),
}

impl OneOrMore {
    /// All of them.
    pub(super) fn each(&self) -> &[Located<String>] {
        match self {
            Self::One(one) => slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

impl FromToml for OneOrMore {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        if node.is_list() {
            return Self::Several(Vec::read(node, problems));
        }
        Self::One(Located::read(node, problems))
    }
}

impl FromToml for Located<bool> {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let value = node.value.as_bool();
        if value.is_none() {
            node.mistyped(problems, "a boolean", format!("write `{0} = true` or `{0} = false`", node.name));
        }
        Self { span: node.span.clone(), value }
    }
}

impl FromToml for Located<String> {
    /// Without variables: what says how parts of the file hang together must not depend on anything outside.
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let value = node.text(problems).filter(|text| {
            let plain = !text.contains("${");
            if !plain {
                problems.at(&node.span, format!("`{}` cannot have variables", node.name), "write the value itself");
            }
            plain
        });
        Self { span: node.span.clone(), value: value.map(str::to_owned) }
    }
}

impl<T: FromToml> FromToml for Vec<T> {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(items) = node.value.as_array() else {
            let hint = if node.value.is_table() {
                format!("write `[[{}]]`, or `{} = [ … ]`", node.path, node.name)
            } else {
                format!("write it in brackets: `{} = [ … ]`", node.name)
            };
            node.mistyped(problems, "a list", hint);
            return Self::new();
        };
        items.iter().enumerate().map(|(index, item)| T::read(&node.item(index, item), problems)).collect()
    }
}

/// A key that is a name, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// The name as TOML means it.
    pub(super) text: String,
    /// The bytes of the file.
    pub(super) span: Range<usize>,
}

/// A table whose keys are names, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TableEntries<T>(Vec<(Key, T)>);

impl<T> TableEntries<T> {
    /// Reads each entry in a way of its own.
    pub(super) fn read_with(
        node: &TomlNode<'_>,
        problems: &mut Problems,
        mut read: impl FnMut(&TomlNode<'_>, &mut Problems) -> T,
    ) -> Self {
        let Some(table) = node.table(problems) else {
            return Self::default();
        };
        let entry = |(key, value): (&Spanned<Cow<'_, str>>, _)| {
            let name = Key { text: key.get_ref().to_string(), span: key.span() };
            (name, read(&node.child(key, value), table.problems))
        };
        Self(table.values.iter().map(entry).collect())
    }

    /// The entries in the order of the file.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, &T)> + Clone {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The names in the order of the file.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(|(key, _)| key.text.as_str())
    }

    /// The value of a name, to add to it.
    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.0.iter_mut().find(|(key, _)| key.text == name).map(|(_, value)| value)
    }

    /// The entry of a name.
    pub(super) fn get(&self, name: &str) -> Option<(&Key, &T)> {
        self.iter().find(|(key, _)| key.text == name)
    }
}

impl<T> Default for TableEntries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: FromToml> FromToml for TableEntries<T> {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        Self::read_with(node, problems, T::read)
    }
}
