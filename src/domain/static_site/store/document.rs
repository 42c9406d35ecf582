//! What all objects of a store are: small JSON documents that name their form.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::neutral;

/// Maximum length of a text of others that is kept, in characters.
const LONGEST: usize = 500;

/// Reads a document of one form.
///
/// # Errors
///
/// Why it cannot be understood, in words.
pub fn read<T: DeserializeOwned>(text: &[u8], schema: &str) -> Result<T, String> {
    let mut document: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let found = document.as_object_mut().and_then(|fields| fields.shift_remove("schema"));
    if found.as_ref().and_then(Value::as_str) != Some(schema) {
        return Err(format!("its `schema` is not `{schema}`"));
    }
    serde_json::from_value(document).map_err(|error| neutral::phrase(&error.to_string(), LONGEST))
}

/// The document: the same bytes for the same content.
pub fn write(content: &impl Serialize, schema: &str) -> String {
    // Nothing in it can fail to be written: texts, numbers and lists under texts.
    let fields = serde_json::to_value(content).unwrap_or_default();
    let mut document = serde_json::Map::new();
    document.insert("schema".to_owned(), Value::from(schema));
    document.extend(fields.as_object().cloned().unwrap_or_default());
    Value::Object(document).to_string()
}

/// A text of it as what it stands for.
///
/// # Errors
///
/// It stands for none.
pub fn parsed<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("its {what}"))
}

/// The same for one that may be missing.
///
/// # Errors
///
/// It is there, and stands for none.
pub fn maybe<T: std::str::FromStr>(text: Option<&String>, what: &str) -> Result<Option<T>, String> {
    text.map(|text| parsed(text, what)).transpose()
}

/// A text that somebody else may have written, harmless.
pub fn plain(text: Option<String>) -> Option<String> {
    text.map(|text| neutral::phrase(&text, LONGEST)).filter(|text| !text.is_empty())
}

/// A time as documents have it.
pub fn time(at: Timestamp) -> String {
    at.to_string()
}
