//! Pages that are generated from the schemas of schema/: docs/configuration/keys.md and docs/json/README.md. To write
//! them anew: `SHIPGATE_UPDATE_DOCS=1 cargo test generated_page`.

mod json;
mod keys;

use serde_json::Value;

/// What the schemas of schema/ have in common, as a page shows it.
struct Schema {
    root: Value,
    /// Where its definitions are: `definitions` or `$defs`.
    definitions: &'static str,
}

impl Schema {
    fn read(text: &str, definitions: &'static str) -> Self {
        Self { root: serde_json::from_str(text).unwrap(), definitions }
    }

    fn definition(&self, name: &str) -> &Value {
        let found = &self.root[self.definitions][name];
        assert!(found.is_object(), "there is no definition {name}");
        found
    }

    /// The definition that a schema refers to.
    fn referred<'v>(&self, schema: &'v Value) -> Option<&'v str> {
        let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str())?;
        reference.strip_prefix(&format!("#/{}/", self.definitions))
    }

    fn alternatives(schema: &Value) -> Option<&Vec<Value>> {
        schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array())
    }

    fn is_table(schema: &Value) -> bool {
        schema["properties"].is_object()
    }

    /// Each table that a schema leads to without passing another one, by the name of its definition.
    fn tables<'v>(&'v self, schema: &'v Value, found: &mut Vec<&'v str>) {
        if let Some(name) = self.referred(schema) {
            let definition = self.definition(name);
            if Self::is_table(definition) {
                found.push(name);
            } else {
                self.tables(definition, found);
            }
        }
        for alternative in Self::alternatives(schema).into_iter().flatten() {
            self.tables(alternative, found);
        }
        for inner in [&schema["items"], &schema["additionalProperties"]] {
            if inner.is_object() {
                self.tables(inner, found);
            }
        }
    }

    /// What a value can be, in words; `link` shows a table.
    fn kind(&self, schema: &Value, link: &impl Fn(&str) -> String) -> String {
        if let Some(name) = self.referred(schema) {
            let definition = self.definition(name);
            return if Self::is_table(definition) { link(name) } else { self.kind(definition, link) };
        }
        if let Some(word) = schema["const"].as_str() {
            return format!("`{word}`");
        }
        if let Some(words) = schema["enum"].as_array() {
            let words: Vec<_> = words.iter().map(|word| format!("`{}`", word.as_str().unwrap())).collect();
            return words.join(", ");
        }
        if let Some(alternatives) = Self::alternatives(schema) {
            let mut kinds: Vec<String> = Vec::new();
            for kind in alternatives.iter().map(|alternative| self.kind(alternative, link)) {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            return kinds.join(" or ");
        }
        let names = match schema["type"].as_array() {
            Some(names) => names.iter().map(|name| name.as_str().unwrap()).collect(),
            None => vec![schema["type"].as_str().unwrap_or_else(|| panic!("no type: {schema}"))],
        };
        let words: Vec<String> = names.into_iter().map(|name| self.word(name, schema, link)).collect();
        words.join(" or ")
    }

    fn word(&self, name: &str, schema: &Value, link: &impl Fn(&str) -> String) -> String {
        match name {
            "string" => "text".to_owned(),
            "boolean" => "`true` or `false`".to_owned(),
            "integer" => whole_number(schema),
            "number" => "number".to_owned(),
            "null" => "`null`".to_owned(),
            "array" => format!("list: {}", self.kind(&schema["items"], link)),
            "object" => format!("by name: {}", self.kind(&schema["additionalProperties"], link)),
            other => panic!("a page has no word for {other}"),
        }
    }
}

fn whole_number(schema: &Value) -> String {
    match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
        (Some(least), Some(most)) => format!("whole number, {least} to {most}"),
        (Some(least), None) if least > 0 => format!("whole number, {least} or more"),
        _ => "whole number".to_owned(),
    }
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn requires(schema: &Value, key: &str) -> bool {
    schema["required"].as_array().is_some_and(|keys| keys.iter().any(|required| required == key))
}
