//! Documents of `shipgate/v1`, each held against the schema in `schema/`. Users may meet fields that are newer than
//! their copy of it; tests may not.

use std::sync::OnceLock;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};

const COMMITTED: &str = include_str!("../../schema/shipgate.output.v1.schema.json");

struct Strict {
    schemas: Schemas,
    root: SchemaIndex,
}

impl Strict {
    /// The committed schema, of which every object has the fields that it describes and no others.
    fn new() -> Self {
        let mut schema: Value = serde_json::from_str(COMMITTED).unwrap();
        for (_, definition) in schema["$defs"].as_object_mut().unwrap() {
            definition["unevaluatedProperties"] = json!(false);
        }
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("strict.json", schema).unwrap();
        let root = compiler.compile("strict.json", &mut schemas).unwrap();
        Self { schemas, root }
    }

    fn check(&self, document: &Value) -> Result<(), String> {
        self.schemas.validate(document, self.root).map_err(|error| format!("{error:#}"))
    }
}

fn strict() -> &'static Strict {
    static STRICT: OnceLock<Strict> = OnceLock::new();
    STRICT.get_or_init(Strict::new)
}

/// The document that a text is, after insisting on its schema. `None`: it is none.
#[track_caller]
pub fn read(text: &str) -> Option<Value> {
    let document: Value = serde_json::from_str(text).ok()?;
    document.get("schema")?;
    if let Err(error) = strict().check(&document) {
        panic!("{error}\nin {document:#}\nIf a field is new: `SHIPGATE_UPDATE_SCHEMA=1 cargo test schema`");
    }
    Some(document)
}

/// A document that is right.
fn history() -> Value {
    json!({"schema": "shipgate/v1", "command": "history", "environment": "stage", "releases": [{
        "component": "backend", "sha": "a", "digest": null, "outcome": null, "at": null, "by": null,
        "trigger": null, "run": null, "url": null, "began": null, "seconds": null, "committed": null, "plan": null, "approvers": [],
        "overrides": [{"gate": "freeze", "reason": "x"}], "cluster": null, "service": null, "revision": "r",
        "restores": null, "then_rolled_back": false, "contradiction": null, "deployment": null, "current": true}]})
}

#[test]
fn a_document_has_what_the_schema_describes_and_nothing_else() {
    let changes: [fn(&mut Value); 7] = [
        |document| document["new"] = json!(1),
        |document| document["releases"][0]["new"] = json!(1),
        |document| document["releases"][0]["sha"] = json!(1),
        |document| document["releases"][0].as_object_mut().unwrap().remove("digest").map_or((), drop),
        |document| document["releases"] = Value::Null,
        |document| document["schema"] = json!("shipgate/v2"),
        |document| document["command"] = json!("logs"),
    ];
    assert_eq!(strict().check(&history()), Ok(()));
    for change in changes {
        let mut document = history();
        change(&mut document);
        assert!(strict().check(&document).is_err(), "{document:#}");
    }
}

/// A program that validates with a schema that is older than the program still can.
#[test]
fn the_committed_schema_lets_new_fields_through() {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("open.json", serde_json::from_str(COMMITTED).unwrap()).unwrap();
    let root = compiler.compile("open.json", &mut schemas).unwrap();
    let mut document = history();
    document["new"] = json!(1);
    document["releases"][0]["new"] = json!({"a": 1});
    assert!(schemas.validate(&document, root).is_ok());
    document["releases"][0]["sha"] = json!(1);
    assert!(schemas.validate(&document, root).is_err());
}
