//! The JSON Schema of `shipgate/v1`: made from the structs that are written, committed, and kept current by a test. To
//! write it anew: `SHIPGATE_UPDATE_SCHEMA=1 cargo test schema`.

use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use super::approval::ApprovalV1;
use super::build::BuildV1;
use super::check::{CheckV1, ContractV1};
use super::gates::GatesV1;
use super::identity::WhoamiV1;
use super::outcome::ReportV1;
use super::reading::{LogsV1, StatusV1};
use super::record::{HistoryV1, HoldsV1};
use crate::domain::failure::CauseKind;
use crate::domain::outcome::Outcome;

/// The words that `outcome` can have.
pub(super) fn outcomes() -> Vec<&'static str> {
    Outcome::WORST_FIRST.iter().map(|outcome| outcome.as_str()).collect()
}

/// The same for one component.
pub(super) fn outcomes_of_components() -> Vec<&'static str> {
    let mut words = outcomes();
    words.push("skipped");
    words
}

/// The words that the kind of a cause can have.
pub(super) fn kinds_of_causes() -> Vec<&'static str> {
    use CauseKind::{Application, Build, Dependency, Deployment, Environment, Permission};
    [Environment, Dependency, Build, Deployment, Application, Permission].map(CauseKind::as_str).to_vec()
}

/// Takes out what Rust's types say and the documents do not have: the width of numbers, and null where a key without a
/// value is left out.
#[derive(Debug, Clone)]
struct AsWritten;

impl Transform for AsWritten {
    fn transform(&mut self, schema: &mut Schema) {
        schema.remove("format");
        let required = schema.get("required").cloned().unwrap_or_default();
        let is_required = |name: &str| required.as_array().is_some_and(|names| names.iter().any(|it| it == name));
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            for (_, property) in properties.iter_mut().filter(|(name, _)| !is_required(name)) {
                if let Some(Value::Array(types)) = property.get_mut("type") {
                    types.retain(|it| it != "null");
                    if let [only] = types.as_slice() {
                        property["type"] = only.clone();
                    }
                }
            }
        }
        transform_subschemas(self, schema);
    }
}

/// One of the documents, with what it is about.
fn document<T: JsonSchema>(generator: &mut SchemaGenerator, description: &str) -> Value {
    let mut schema = generator.subschema_for::<T>().to_value();
    schema["description"] = description.into();
    schema
}

fn generated() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut generator = settings.with(|settings| settings.transforms.push(Box::new(AsWritten))).into_generator();
    let changes = "`deploy`, `promote`, `rollback` and their plans, `plan unhold`; any other command that ended without its own data";
    let documents = [
        document::<ReportV1>(&mut generator, changes),
        document::<CheckV1>(&mut generator, "`check`"),
        document::<ContractV1>(&mut generator, "`contract`"),
        document::<ApprovalV1>(&mut generator, "`approve`"),
        document::<BuildV1>(&mut generator, "`build`"),
        document::<GatesV1>(&mut generator, "`gates`"),
        document::<StatusV1>(&mut generator, "`status`"),
        document::<HistoryV1>(&mut generator, "`history`"),
        document::<LogsV1>(&mut generator, "`logs`"),
        document::<HoldsV1>(&mut generator, "`hold` and `unhold`"),
        document::<WhoamiV1>(&mut generator, "`whoami`"),
    ];
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": super::text::SCHEMA,
        "description": "What `shipgate --output json` writes to standard output: one document. Fields may be added.",
        "oneOf": documents,
        "$defs": generator.take_definitions(true),
    })
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a variable lets the test write the schema")]
fn schema_of_the_output_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/shipgate.output.v1.schema.json");
    let current = serde_json::to_string_pretty(&generated()).unwrap() + "\n";
    if std::env::var_os("SHIPGATE_UPDATE_SCHEMA").is_some_and(|it| it == "1") {
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let path = path.display();
    assert!(committed == current, "{path} is not current; run `SHIPGATE_UPDATE_SCHEMA=1 cargo test schema`");
}
