//! The JSON documents of `--output json`: frozen structs of schema `shipgate/v1`. A new shape is a new schema; new
//! fields may be added.

mod check;
mod identity;
mod outcome;
mod reading;
mod record;

pub use check::check;
pub use identity::whoami;
pub use outcome::report;
pub use reading::{logs, status};
pub use record::{history, holds};

use serde::Serialize;

use super::journal::Record;
use crate::domain::failure::Failure;

const SCHEMA: &str = "shipgate/v1";

/// The document of a command that ended without its data.
pub fn failure(command: &str, environment: Option<&str>, failure: &Failure) -> String {
    let record = Record::new(command, environment.unwrap_or_default(), &[]);
    report(&record, failure.outcome, Some(failure))
}

fn to_text(document: &impl Serialize) -> String {
    // Strings, numbers and lists only: there is nothing in it that could fail.
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    // The same string to whoever reads JSON; in a log, the runner would take it for a command.
    text.replace("##[", "#\\u0023[")
}
