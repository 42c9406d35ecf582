//! docs/configuration/keys.md: every key of shipgate.toml.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Schema, cell, requires};
use crate::golden::assert_generated;

const SCHEMA: &str = include_str!("../../../schema/shipgate.schema.json");

const BEGINNING: &str = "Every key of `shipgate.toml`, from its \
    [JSON Schema](../../schema/shipgate.schema.json). shipgate refuses unknown keys. An editor with a plug-in for TOML \
    completes and checks them when the first line of the file is\n\n\
    ```toml\n#:schema https://raw.githubusercontent.com/OWNER/shipgate/COMMIT/schema/shipgate.schema.json\n```\n\n\
    `NAME` stands for a name that you choose, `[]` for an entry of a list.\n";

/// A table of the configuration: where it is written, what describes it, and the kind of the component that it is of.
struct Table {
    place: String,
    definition: String,
    kind: Option<String>,
}

struct Page {
    schema: Schema,
    /// In the order in which they are met; each definition once.
    tables: Vec<Table>,
    text: String,
}

impl Page {
    fn described<'v>(&'v self, table: &Table) -> &'v Value {
        if table.definition.is_empty() { &self.schema.root } else { self.schema.definition(&table.definition) }
    }

    /// The tables that are below one.
    fn below(&self, table: &Table) -> Vec<Table> {
        let mut below = Vec::new();
        for (key, property) in self.described(table)["properties"].as_object().unwrap() {
            let mut place = if table.place.is_empty() { key.clone() } else { format!("{}.{key}", table.place) };
            let mut inner = property;
            loop {
                if inner["additionalProperties"].is_object() {
                    place.push_str(".NAME");
                    inner = &inner["additionalProperties"];
                } else if inner["items"].is_object() {
                    place.push_str("[]");
                    inner = &inner["items"];
                } else {
                    break;
                }
            }
            let mut found = Vec::new();
            self.schema.tables(inner, &mut found);
            let tables = found.iter().filter(|name| !name.ends_with("-overrides"));
            below.extend(tables.map(|name| {
                let kind = name.strip_suffix("-component").map(str::to_owned).or_else(|| table.kind.clone());
                Table { place: place.clone(), definition: (*name).to_owned(), kind }
            }));
        }
        below
    }

    fn collect(&mut self, table: Table) {
        if self.tables.iter().any(|known| known.definition == table.definition) {
            return;
        }
        let below = self.below(&table);
        self.tables.push(table);
        for table in below {
            self.collect(table);
        }
    }

    /// Its place, and the kind where two tables have the same place. The root has no heading.
    fn heading(&self, table: &Table) -> String {
        let is_alone = self.tables.iter().filter(|other| other.place == table.place).count() == 1;
        match &table.kind {
            Some(kind) if !is_alone => format!("{} of kind {kind}", table.place),
            _ => table.place.clone(),
        }
    }

    fn anchor(&self, table: &Table) -> String {
        comrak::Anchorizer::new().anchorize(&self.heading(table))
    }

    fn link(&self, definition: &str) -> String {
        if let Some(kind) = definition.strip_suffix("-overrides") {
            let component = self.tables.iter().find(|table| table.definition == format!("{kind}-component")).unwrap();
            return format!("[settings of `{kind}`](#{})", self.anchor(component));
        }
        let table = self.tables.iter().find(|table| table.definition == definition);
        let table = table.unwrap_or_else(|| panic!("no section is about {definition}"));
        format!("[table](#{})", self.anchor(table))
    }

    fn row(&self, table: &Value, key: &str, property: &Value) -> String {
        let kind = self.schema.kind(property, &|name| self.link(name));
        let description = cell(property["description"].as_str().unwrap_or_else(|| panic!("`{key}` is not described")));
        let (meaning, default) = match description.split_once("Default: ") {
            Some((meaning, default)) => (meaning.trim_end(), default.trim_end_matches('.').to_owned()),
            None => (description.as_str(), String::new()),
        };
        let default = if requires(table, key) {
            "required".to_owned()
        } else if let Some(text) = property["default"].as_str() {
            format!("`{text}`")
        } else if property["default"].is_null() {
            default
        } else {
            format!("`{}`", property["default"])
        };
        format!("| `{key}` | {} | {default} | {meaning}{} |\n", cell(&kind), self.words(property))
    }

    /// What each word means that a key can have.
    fn words(&self, property: &Value) -> String {
        let described = self.schema.referred(property).map_or(property, |name| self.schema.definition(name));
        let mut text = String::new();
        for word in Schema::alternatives(described).into_iter().flatten() {
            if let (Some(name), Some(about)) = (word["const"].as_str(), word["description"].as_str()) {
                write!(text, "<br>`{name}`: {}", cell(about)).unwrap();
            }
        }
        text
    }

    fn section(&self, table: &Table) -> String {
        let described = self.described(table);
        let mut text = String::new();
        if !table.place.is_empty() {
            let level = if table.place.contains(['.', '[']) { "###" } else { "##" };
            let about = cell(described["description"].as_str().unwrap());
            write!(text, "\n{level} {}\n\n{about}\n", self.heading(table)).unwrap();
        }
        text.push_str("\n| key | value | default | meaning |\n|---|---|---|---|\n");
        for (key, property) in described["properties"].as_object().unwrap() {
            text.push_str(&self.row(described, key, property));
        }
        // Which of its keys an environment can have.
        if let Some(kind) = table.definition.strip_suffix("-component") {
            let overrides = &self.schema.definition(&format!("{kind}-overrides"))["properties"];
            let keys: Vec<_> = overrides.as_object().unwrap().keys().map(|key| format!("`{key}`")).collect();
            write!(text, "\n`[environments.NAME.components.NAME]` can have {}.\n", keys.join(", ")).unwrap();
        }
        text
    }
}

#[test]
fn generated_page_of_the_keys_is_current() {
    let schema = Schema::read(SCHEMA, "definitions");
    let mut page = Page { schema, tables: Vec::new(), text: BEGINNING.to_owned() };
    page.collect(Table { place: String::new(), definition: String::new(), kind: None });
    let sections: String = page.tables.iter().map(|table| page.section(table)).collect();
    page.text.push_str(&sections);
    let described = page.schema.root["definitions"].as_object().unwrap();
    for (name, _) in described.iter().filter(|(name, it)| Schema::is_table(it) && !name.ends_with("-overrides")) {
        assert!(page.tables.iter().any(|table| table.definition == *name), "no key leads to {name}");
    }
    assert_generated(
        "docs/configuration/keys.md",
        "Keys of `shipgate.toml`",
        "schema/shipgate.schema.json",
        &page.text,
    );
}
