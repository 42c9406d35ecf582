//! A value held against a shape of a model: its type, its members, its words, its lengths.
//!
//! Also an answer must have what its shape requires. A member that is null counts as absent, as clients of AWS read it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A shape. What is not known here stops the tests: nothing that a model says is passed over.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(default)]
    pub members: BTreeMap<String, Member>,
    #[serde(default)]
    required: Vec<String>,
    /// Of a list.
    pub member: Option<Member>,
    /// Of a map.
    key: Option<Member>,
    value: Option<Member>,
    #[serde(default, rename = "enum")]
    words: Vec<String>,
    min: Option<f64>,
    max: Option<f64>,
    pattern: Option<String>,
    /// Any JSON.
    #[serde(default)]
    document: bool,
    /// Its code, if it is an error of the query protocol.
    pub error: Option<String>,
    #[serde(skip)]
    expression: OnceLock<Regex>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub shape: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Structure,
    List,
    Map,
    String,
    Integer,
    Long,
    Boolean,
    Double,
    Timestamp,
    Blob,
}

impl Kind {
    fn described(self) -> &'static str {
        match self {
            Self::Structure | Self::Map => "an object",
            Self::List => "a list",
            Self::String => "a string",
            Self::Integer => "an integer of 32 bits",
            Self::Long => "an integer of 64 bits",
            Self::Boolean => "a boolean",
            Self::Double => "a number",
            Self::Timestamp => "a time",
            Self::Blob => "base64",
        }
    }
}

/// The shapes of a service, and how it writes times.
#[derive(Debug, Clone, Copy)]
pub struct Shapes<'m> {
    pub shapes: &'m BTreeMap<String, Shape>,
    pub is_query: bool,
}

impl<'m> Shapes<'m> {
    /// What is wrong with a value, each with its place. Where there is no shape, there must be nothing.
    pub fn check(&self, shape: Option<&str>, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        match (shape, value) {
            (Some(shape), _) => self.value("", shape, value, &mut found),
            (None, Value::Object(members)) if members.is_empty() => {}
            (None, _) => found.push("is not empty".to_owned()),
        }
        // Of the whole document no place is said.
        found.iter().map(|text| text.trim_start_matches(": ").to_owned()).collect()
    }

    pub fn get(&self, name: &str) -> &'m Shape {
        self.shapes.get(name).unwrap_or_else(|| panic!("no shape {name}"))
    }

    fn value(&self, place: &str, name: &str, value: &Value, found: &mut Vec<String>) {
        let shape = self.get(name);
        if shape.document {
            return;
        }
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(members)) => self.structure(place, shape, members, found),
            (Kind::List, Value::Array(values)) => {
                shape.length(place, values.len(), "members", found);
                for (index, (member, value)) in shape.member.iter().cycle().zip(values).enumerate() {
                    self.value(&format!("{place}[{index}]"), &member.shape, value, found);
                }
            }
            (Kind::Map, Value::Object(entries)) => self.map(place, shape, entries, found),
            (Kind::String, Value::String(text)) => shape.text(place, text, found),
            (Kind::Integer, Value::Number(number)) if number.as_i64().is_some_and(|it| i32::try_from(it).is_ok()) => {
                shape.range(place, number.as_f64(), found);
            }
            (Kind::Long, Value::Number(number)) if number.is_i64() => shape.range(place, number.as_f64(), found),
            (Kind::Double, Value::Number(number)) => shape.range(place, number.as_f64(), found),
            (Kind::Boolean, Value::Bool(_)) => {}
            (Kind::Timestamp, Value::Number(_)) if !self.is_query => {}
            (Kind::Timestamp, Value::String(text)) if self.is_query && text.parse::<Timestamp>().is_ok() => {}
            (Kind::Blob, Value::String(text)) => match STANDARD.decode(text) {
                Ok(bytes) => shape.length(place, bytes.len(), "bytes", found),
                Err(_) => wrong(place, value, shape.kind, found),
            },
            (kind, _) => wrong(place, value, kind, found),
        }
    }

    fn structure(&self, place: &str, shape: &Shape, members: &Map<String, Value>, found: &mut Vec<String>) {
        let is_there = |name: &String| members.get(name).is_some_and(|value| !value.is_null());
        for missing in shape.required.iter().filter(|name| !is_there(name)) {
            found.push(format!("{}: is missing", inside(place, missing)));
        }
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            match shape.members.get(name) {
                Some(member) => self.value(&inside(place, name), &member.shape, value, found),
                None => found.push(format!("{}: is not known", inside(place, name))),
            }
        }
    }

    fn map(&self, place: &str, shape: &Shape, entries: &Map<String, Value>, found: &mut Vec<String>) {
        shape.length(place, entries.len(), "entries", found);
        for (key, value) in entries {
            let place = inside(place, key);
            if let (Some(keys), Some(values)) = (&shape.key, &shape.value) {
                self.value(&place, &keys.shape, &Value::from(key.as_str()), found);
                self.value(&place, &values.shape, value, found);
            }
        }
    }
}

impl Shape {
    fn text(&self, place: &str, text: &str, found: &mut Vec<String>) {
        if !self.words.is_empty() && !self.words.iter().any(|word| word == text) {
            found.push(format!("{place}: {text:?} is not one of {}", self.words.join(", ")));
        }
        if self.expression().is_some_and(|expression| !expression.is_match(text)) {
            found.push(format!("{place}: {text:?} is not {}", self.pattern.as_deref().unwrap_or_default()));
        }
        self.length(place, text.chars().count(), "characters", found);
    }

    /// The pattern, of the whole text: services take it so, though the documents of Smithy leave it open. Its classes are
    /// those of ASCII, as in Java.
    pub fn expression(&self) -> Option<&Regex> {
        let pattern = self.pattern.as_ref()?;
        Some(self.expression.get_or_init(|| {
            // `regex` has no look-ahead; the one that there is keeps names of AWS out of tags of Amplify.
            let ascii = pattern.replace("(?!aws:)", "").replace("\\w", "[A-Za-z0-9_]").replace("\\d", "[0-9]");
            Regex::new(&format!("^(?:{ascii})$")).unwrap_or_else(|error| panic!("{pattern}: {error}"))
        }))
    }

    fn length(&self, place: &str, length: usize, what: &str, found: &mut Vec<String>) {
        #[expect(clippy::cast_precision_loss, reason = "no text in a test has 2^52 characters")]
        let length = length as f64;
        if self.min.is_some_and(|min| length < min) || self.max.is_some_and(|max| length > max) {
            found.push(format!("{place}: has {length} {what}, {}", self.limits()));
        }
    }

    fn range(&self, place: &str, number: Option<f64>, found: &mut Vec<String>) {
        let Some(number) = number else { return };
        if self.min.is_some_and(|min| number < min) || self.max.is_some_and(|max| number > max) {
            found.push(format!("{place}: is {number}, {}", self.limits()));
        }
    }

    fn limits(&self) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!("not from {min} to {max}"),
            (Some(min), None) => format!("not at least {min}"),
            (None, max) => format!("not at most {}", max.unwrap_or_default()),
        }
    }
}

fn inside(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

fn wrong(place: &str, value: &Value, kind: Kind, found: &mut Vec<String>) {
    found.push(format!("{place}: {value} is not {}", kind.described()));
}
