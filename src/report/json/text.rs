//! What all documents have: the name of the schema, and how they are written.

use serde::Serialize;

/// The schema that each document names.
pub const SCHEMA: &str = "shipgate/v1";

/// A document in JSON.
pub fn to_text(document: &impl Serialize) -> String {
    // Strings, numbers and lists only: there is nothing in it that could fail.
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    // The same string to a reader of JSON; in a log, the runner would take it for a command.
    text.replace("##[", "#\\u0023[")
}
