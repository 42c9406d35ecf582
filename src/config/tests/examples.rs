//! The examples that users copy are right.

use camino::Utf8Path;

use crate::config::{Document, Purpose, Request};

const README: &str = include_str!("../../../README.md");
const CLOUDSHOP: &str = include_str!("../../../examples/cloudshop/shipgate.toml");

fn resolves(text: &str, environments: &[&str]) {
    let document =
        Document::parse(Utf8Path::new("shipgate.toml"), text).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    for environment in environments {
        let request = Request {
            environment,
            components: &[],
            purpose: Purpose::Change,
            vars: Some(r#"{"STAGE_URL": "https://stage.shop.example", "PRODUCTION_URL": "https://shop.example"}"#),
            env: &|_| None,
        };
        document.resolve(&request).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    }
}

#[test]
fn the_examples_of_the_readme_are_right() {
    let examples: Vec<&str> = README.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let [adopt, promote, everything] = examples.as_slice() else { panic!("{} examples", examples.len()) };
    resolves(adopt, &["stage"]);
    resolves(&format!("{adopt}{promote}"), &["stage", "production"]);
    resolves(everything, &["stage", "production"]);
}

#[test]
fn the_readme_shows_every_key() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../../../schema/shipgate.schema.json")).unwrap();
    let mut keys = Vec::new();
    collect_keys(&schema, &mut keys);
    let missing: Vec<&String> = keys.iter().filter(|key| !README.contains(key.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn collect_keys(schema: &serde_json::Value, keys: &mut Vec<String>) {
    if let Some(properties) = schema.get("properties").and_then(|it| it.as_object()) {
        keys.extend(properties.keys().cloned());
    }
    let children = schema.as_object().into_iter().flat_map(|fields| fields.values());
    for child in children.chain(schema.as_array().into_iter().flatten()) {
        collect_keys(child, keys);
    }
}

#[test]
fn the_example_shop_is_right() {
    resolves(CLOUDSHOP, &["stage", "production"]);
}
