//! The strings of a JSON text, read without building a document: also of one that is no JSON.

use std::borrow::Cow;
use std::ops::Range;

use super::assignment::Assignment;
use super::dotenv::end_of_quote;

/// What is in an object, as far as it names a value: `{"name": "A", "value": "b"}`.
#[derive(Default)]
struct Open {
    key: Option<Range<usize>>,
    name: Option<Range<usize>>,
    value: Option<Range<usize>>,
}

/// How deep objects are followed: task definitions have about five levels.
const DEEPEST: usize = 200;

/// All names with their values: of objects that have a `name` and a `value`, and the keys that have a text.
pub fn assignments(text: &str) -> Vec<Assignment<'_>> {
    let mut found = Vec::new();
    let mut open = vec![Open::default()];
    let mut at = 0;
    while let Some(next) = text[at..].find(['"', '{', '}', '[', ']']) {
        at += next;
        match text.as_bytes()[at] {
            b'"' => {
                let Some(length) = end_of_quote(&text[at + 1..], '"') else { break };
                let string = at + 1..at + 1 + length;
                at = string.end;
                let is_key = text[at + 1..].trim_start().starts_with(':');
                if let Some(object) = open.last_mut() {
                    found.extend(object.takes(text, string, is_key));
                }
            }
            b'{' | b'[' if open.len() == DEEPEST => break,
            b'{' | b'[' => open.push(Open::default()),
            _ => {
                if let Some(Open { name: Some(name), value: Some(value), .. }) = open.pop() {
                    found.push(assignment(text, name, value));
                }
            }
        }
        at += 1;
    }
    found.sort_by_key(|one| one.written.start);
    found
}

impl Open {
    fn takes<'t>(&mut self, text: &'t str, string: Range<usize>, is_key: bool) -> Option<Assignment<'t>> {
        if is_key {
            self.key = Some(string);
            return None;
        }
        let key = self.key.take()?;
        match &text[key.clone()] {
            "name" | "Name" => self.name = Some(string),
            "value" | "Value" => self.value = Some(string),
            _ => return Some(assignment(text, key, string)),
        }
        None
    }
}

fn assignment(text: &str, name: Range<usize>, written: Range<usize>) -> Assignment<'_> {
    let raw = &text[written.clone()];
    let decoded = || serde_json::from_str(&format!("\"{raw}\"")).map_or(Cow::Borrowed(raw), Cow::Owned);
    let value = if raw.contains('\\') { decoded() } else { Cow::Borrowed(raw) };
    Assignment { name, written, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_keys_are_read() {
        let text = r#"{"family": "a", "containerDefinitions": [{"name": "web", "environment": [
            {"name": "A", "value": "b\"c"}, {"value": "d", "name": "E"}, {"name": "F", "value": 1}, {"name": "G"}],
            "secrets": [{"name": "S", "valueFrom": "arn:x"}], "command": ["x", "y"]}], "tags": {"K": "v"}"#;
        let found = assignments(text);
        let shown: Vec<(&str, &str)> = found.iter().map(|one| (&text[one.name.clone()], one.value.as_ref())).collect();
        assert_eq!(shown, [("family", "a"), ("A", "b\"c"), ("E", "d"), ("valueFrom", "arn:x"), ("K", "v")]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_ends_the_reading(text in "([{}\\[\\]:,\"\\\\ ä]|\"name\"|\"value\"){0,60}") {
            for one in assignments(&text) {
                proptest::prop_assert!(text.get(one.name).is_some() && text.get(one.written).is_some());
            }
        }
    }
}
