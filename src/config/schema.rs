//! The JSON Schema of the configuration: made from the types of [`raw`](super::raw), committed, and kept current by a
//! test. To write it anew: `SHIPGATE_UPDATE_SCHEMA=1 cargo test schema`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use camino::Utf8Path;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::ConfigurationFile;
use super::component::{RawComponent, keys_by_kind};
use super::keys::KindKeys;
use super::probes::RawExpected;
use super::raw::{RawConfig, RawOverrides};
use super::read::{Located, TableEntries};
use super::text::WrittenText;
use crate::domain::each_kind;

impl JsonSchema for WrittenText {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl JsonSchema for RawExpected {
    fn schema_name() -> Cow<'static, str> {
        "Expected".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: JsonSchema> JsonSchema for TableEntries<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Entries_of_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, T>::json_schema(generator)
    }
}

/// Something that is shipped.
#[derive(JsonSchema)]
#[schemars(
    rename = "{K}-component",
    rename_all = "kebab-case",
    deny_unknown_fields,
    bound = "K: KindKeys + JsonSchema, K::Settings: JsonSchema"
)]
#[expect(dead_code, reason = "only its schema is used")]
struct ComponentSchema<K: KindKeys> {
    /// What it is.
    kind: KindWord<K>,
    #[schemars(flatten)]
    keys: K,
    /// The components that are changed before it. Default: none.
    depends_on: Option<Vec<Located<String>>>,
    /// Settings for all environments.
    #[schemars(flatten)]
    settings: K::Settings,
}

/// The word of a kind, which is the name of its keys' schema, with their description.
struct KindWord<K>(PhantomData<K>);

impl<K: JsonSchema> JsonSchema for KindWord<K> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}-kind", K::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let description = K::json_schema(generator).get("description").cloned();
        json_schema!({ "oneOf": [{ "type": "string", "const": K::schema_name(), "description": description }] })
    }
}

macro_rules! of_each_kind {
    ($(($variant:ident, $module:ident, $word:literal)),*) => {
        impl JsonSchema for RawComponent {
            fn schema_name() -> Cow<'static, str> {
                "Component".into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let kinds = [$(generator.subschema_for::<ComponentSchema<super::$module::Keys>>()),*];
                json_schema!({ "anyOf": kinds })
            }
        }

        impl JsonSchema for RawOverrides {
            fn schema_name() -> Cow<'static, str> {
                "Overrides".into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let kinds = [$(generator.subschema_for::<<super::$module::Keys as KindKeys>::Settings>()),*];
                json_schema!({ "anyOf": kinds })
            }
        }
    };
}

each_kind!(of_each_kind);

/// Takes out what Rust's types say and TOML does not have: null (a key without a value is not written), and the width
/// of integers.
#[derive(Debug, Clone)]
struct AsInToml;

impl Transform for AsInToml {
    fn transform(&mut self, schema: &mut Schema) {
        schema.remove("format");
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|it| it != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(any)) = schema.get_mut("anyOf") {
            any.retain(|it| it.get("type").is_none_or(|it| it != "null"));
            if let [Value::Object(only)] = any.as_slice() {
                let only = only.clone();
                schema.remove("anyOf");
                schema.ensure_object().extend(only);
            }
        }
        transform_subschemas(self, schema);
    }
}

fn generated() -> Value {
    // Draft 7 is what editors' TOML plug-ins read. The transform here comes first: it leaves descriptions beside references, which
    // the draft's own transform then takes apart.
    let settings = SchemaSettings::draft07().with(|settings| settings.transforms.insert(0, Box::new(AsInToml)));
    let mut schema = settings.into_generator().into_root_schema_for::<RawConfig>();
    schema.insert("title".to_owned(), "shipgate.toml".into());
    schema.to_value()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a variable makes a test write the schema")]
fn schema_is_current() {
    let path = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/shipgate.schema.json");
    let current = serde_json::to_string_pretty(&generated()).unwrap() + "\n";
    if std::env::var_os("SHIPGATE_UPDATE_SCHEMA").is_some_and(|it| it == "1") {
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "{path} is not current; run `SHIPGATE_UPDATE_SCHEMA=1 cargo test schema`");
}

/// The keys that the reader names when it meets an unknown one, by table.
fn known_to_reader() -> BTreeSet<(String, String)> {
    let unknown = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz = 1";
    let text = format!(
        r#"
        {unknown}
        app = "a"
        [components.c]
        {unknown}
        kind = "ecs"
        [components.c.build]
        {unknown}
        context = "."
        [[components.c.probes]]
        {unknown}
        url = "http://a"
        [environments.e]
        {unknown}
        region = "us-east-1"
        [environments.e.gates]
        {unknown}
        statuses.zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz = 1
        [[environments.e.gates.freeze]]
        {unknown}
        [[environments.e.gates.windows]]
        {unknown}
        [environments.e.components.c]
        {unknown}
        [contract.c.V]
        {unknown}
        [contract.c.V.url]
        {unknown}
        "#
    );
    let errors = ConfigurationFile::parse(Utf8Path::new("shipgate.toml"), &text).unwrap_err();
    let mut known = BTreeSet::new();
    for error in &errors {
        let Some(place) = error.message.strip_prefix("unknown key ") else { continue };
        let place = place.split_once(" in ").map_or("", |(_, place)| place).trim_matches('`');
        let (_, keys) = error.hint.split_once("known here are ").unwrap();
        known.extend(keys.split(", ").map(|key| (place.to_owned(), key.trim_matches('`').to_owned())));
    }
    known
}

/// The schema's tables, by where [`known_to_reader`] meets them.
fn tables(schema: &Value) -> [(&'static str, &Value); 12] {
    let definition = |name: &str| schema.pointer(&format!("/definitions/{name}")).unwrap_or_else(|| panic!("{name}"));
    [
        ("", schema),
        ("components.c", definition("ecs-component")),
        ("components.c.build", definition("Build")),
        ("components.c.probes[0]", definition("Probe")),
        ("environments.e", definition("Environment")),
        ("environments.e.gates", definition("Gates")),
        ("environments.e.gates.statuses", definition("Statuses")),
        ("environments.e.gates.freeze[0]", definition("Freeze")),
        ("environments.e.gates.windows[0]", definition("Window")),
        ("environments.e.components.c", definition("ecs-overrides")),
        ("contract.c.V", definition("Rules")),
        ("contract.c.V.url", definition("Url")),
    ]
}

/// The keys of the schema, by the same tables.
fn known_to_schema(schema: &Value) -> BTreeSet<(String, String)> {
    let mut known = BTreeSet::new();
    for (place, table) in tables(schema) {
        assert_eq!(table.get("additionalProperties"), Some(&Value::Bool(false)), "{place}");
        let properties = table.get("properties").and_then(Value::as_object).unwrap();
        for (key, property) in properties {
            assert!(property.get("description").is_some(), "`{key}` of `{place}` is not described");
            known.insert((place.to_owned(), key.clone()));
        }
    }
    known
}

#[test]
fn schema_and_reader_know_the_same_keys() {
    assert_eq!(known_to_schema(&generated()), known_to_reader());
}

#[test]
fn every_kind_has_its_keys_in_the_schema() {
    let schema = generated();
    for (kind, keys) in keys_by_kind() {
        let component = schema.pointer(&format!("/definitions/{kind}-component/properties")).unwrap();
        let known: BTreeSet<&str> = keys.into_iter().chain(["kind"]).collect();
        let described: BTreeSet<&str> = component.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(known, described, "{kind}");
        let overrides = schema.pointer(&format!("/definitions/{kind}-overrides/properties")).unwrap();
        assert!(overrides.as_object().unwrap().keys().all(|key| known.contains(key.as_str())), "{kind}: {overrides}");
    }
}

#[test]
fn what_the_schema_requires_the_reader_misses() {
    let text = "[components.c]\nkind = \"ecs\"\nbuild = {}\nprobes = [{}]\n[components.d]\n[environments.e]\n\
                gates = { statuses = {}, freeze = [{}], windows = [{}] }\n[contract.c.V]\nurl = {}\n";
    let found = ConfigurationFile::parse(Utf8Path::new("shipgate.toml"), text).unwrap_err();
    let found: Vec<&str> = found.iter().map(|error| error.message.as_str()).collect();
    let empty = ConfigurationFile::parse(Utf8Path::new("shipgate.toml"), "").unwrap_err();
    let empty: Vec<&str> = empty.iter().map(|error| error.message.as_str()).collect();
    for (place, table) in tables(&generated()) {
        for key in table.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let (found, message) = match place {
                "" => (&empty, format!("`{key}` is missing")),
                // Without a kind nothing else of a component can be read.
                "components.c" => (&found, format!("`{key}` is missing in `components.d`")),
                _ => (&found, format!("`{key}` is missing in `{place}`")),
            };
            assert!(found.contains(&message.as_str()), "{message}: {found:#?}");
        }
    }
}
