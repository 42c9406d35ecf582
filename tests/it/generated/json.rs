//! docs/json/README.md: every field of every document.

use std::fmt::Write as _;

use comrak::Anchorizer;
use serde_json::Value;

use super::{Schema, cell, requires};
use crate::golden::assert_generated;

const SCHEMA: &str = include_str!("../../../schema/shipgate.output.v1.schema.json");

const BEGINNING: &str = "With `--json` (`--output json`) a command writes one document to standard output, whatever \
    happens. Its JSON Schema, to validate documents or to generate types, is \
    [`schema/shipgate.output.v1.schema.json`](../../schema/shipgate.output.v1.schema.json).\n\n\
    - `schema` is `\"shipgate/v1\"`. Fields may be added: accept unknown ones. None is removed or changes its \
    meaning.\n\
    - A command that ends before it has data of its own prints the first document below. When shipgate cannot read the \
    command line, only `command`, as far as the line names one, and the reason with its hints are filled.\n\
    - Where `status`, `gates` or `whoami` cannot read an environment or a component, that entry has `reason`, `causes`, \
    `cause_details` and `hints`, and the exit code is that of the worst entry.\n\
    - Times are in UTC, in the form of RFC 3339. Commits have all their digits.\n\
    - `iam`, `credentials` and `completions` print what IAM, AWS tools and shells read, whatever `--output` says.\n";

/// What `kind` of a cause says.
const KINDS: &str = "\n| `kind` of a cause | where the reason is |\n|---|---|\n\
    | `environment` | what is configured, created or held, and whatever is none of the following |\n\
    | `dependency` | a service that does not answer, or not now: run the command again |\n\
    | `build` | the build of an image or of a site |\n\
    | `deployment` | the rollout, as ECS reports it |\n\
    | `application` | the released program: it ended, or its own log says why |\n\
    | `permission` | what a role or a token may not do |\n";

/// The name of a definition as a page shows it.
fn shown(definition: &str) -> &str {
    definition.trim_end_matches('2').trim_end_matches("V1")
}

/// The commands that print a document, and what else does.
fn title(document: &Value) -> (&str, &str) {
    let about = document["description"].as_str().unwrap();
    about.split_once("; ").unwrap_or((about, ""))
}

struct Page {
    schema: Schema,
    /// The definitions that have a section, by what the page calls them.
    written: Vec<String>,
    text: String,
}

impl Page {
    /// Where a definition is explained: a whole document below its commands.
    fn link(&self, definition: &str) -> String {
        let documents = self.schema.root["oneOf"].as_array().unwrap();
        let document = documents.iter().find(|document| self.schema.referred(document) == Some(definition));
        let heading = document.map_or(shown(definition), |document| title(document).0);
        format!("[{}](#{})", shown(definition), Anchorizer::new().anchorize(heading))
    }

    fn rows(&self, described: &Value) -> String {
        let mut text = "\n| field | value | meaning |\n|---|---|---|\n".to_owned();
        for (field, property) in described["properties"].as_object().unwrap() {
            let kind = cell(&self.schema.kind(property, &|name| self.link(name)));
            let about = property["description"].as_str();
            let about = cell(about.unwrap_or_else(|| panic!("`{field}` is not described: write a comment above it")));
            let absent = if requires(described, field) || about.contains("Absent: ") { "" } else { " May be absent." };
            writeln!(text, "| `{field}` | {kind} | {about}{absent} |").unwrap();
        }
        text
    }

    /// The section of a part of documents, and those of its own parts.
    fn part(&mut self, definition: &str) {
        if self.written.iter().any(|known| known == shown(definition)) {
            return;
        }
        self.written.push(shown(definition).to_owned());
        let described = self.schema.definition(definition).clone();
        let about = described["description"].as_str().map(|about| format!("\n{}\n", cell(about))).unwrap_or_default();
        write!(self.text, "\n### {}\n{about}{}", shown(definition), self.rows(&described)).unwrap();
        if definition == "CauseV1" {
            self.text.push_str(KINDS);
        }
        self.parts(&described);
    }

    fn parts(&mut self, described: &Value) {
        for property in described["properties"].as_object().unwrap().values() {
            let mut found = Vec::new();
            self.schema.tables(property, &mut found);
            for name in found.into_iter().map(str::to_owned).collect::<Vec<_>>() {
                self.part(&name);
            }
        }
    }

    fn document(&mut self, document: &Value) {
        let name = self.schema.referred(document).unwrap();
        let described = self.schema.definition(name).clone();
        let (commands, others) = title(document);
        let others = if others.is_empty() { String::new() } else { format!("\nAlso {others}.\n") };
        write!(self.text, "\n## {commands}\n{others}{}", self.rows(&described)).unwrap();
        self.written.push(shown(name).to_owned());
        self.parts(&described);
    }
}

/// Two definitions that the page calls the same are the same.
fn assert_one_meaning(schema: &Schema) {
    let all = schema.root["$defs"].as_object().unwrap();
    for (name, definition) in all {
        let first = all.iter().find(|(other, _)| shown(other) == shown(name)).unwrap();
        assert_eq!(definition["properties"], first.1["properties"], "{name} and {} need different names", first.0);
    }
}

#[test]
fn generated_page_of_the_json_is_current() {
    let schema = Schema::read(SCHEMA, "$defs");
    assert_one_meaning(&schema);
    let documents = schema.root["oneOf"].as_array().unwrap().clone();
    let mut page = Page { schema, written: Vec::new(), text: BEGINNING.to_owned() };
    for document in &documents {
        page.document(document);
    }
    for name in page.schema.root["$defs"].as_object().unwrap().keys() {
        assert!(page.written.iter().any(|written| written == shown(name)), "no document has {name}");
    }
    let source = "schema/shipgate.output.v1.schema.json";
    assert_generated("docs/json/README.md", "JSON", source, &page.text);
}
