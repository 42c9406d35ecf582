//! The JSON documents of `--output json`: frozen structs of schema `shipgate/v1`. A new shape is a new schema; new
//! fields may be added.

mod approval;
mod build;
mod cause;
mod check;
mod component;
mod gates;
mod identity;
mod outcome;
mod proof;
mod reading;
mod record;
#[cfg(test)]
mod schema;
mod text;

use crate::domain::view::Answer;
use crate::report::end::{End, Sink};
use crate::sink;

/// Writes the document to standard output.
#[derive(Debug)]
pub struct Document;

impl Sink for Document {
    fn end(&self, end: End<'_>) {
        if let Some(document) = of(end) {
            sink::document(&document);
        }
    }
}

/// The document of a command. `None`: somebody else defines the form of what it prints.
pub fn of(end: End<'_>) -> Option<String> {
    let environment = end.request.environment.as_deref().unwrap_or_default();
    Some(match end.result {
        Ok(Answer::Change(outcome)) => outcome::report(end.record, *outcome, None),
        Ok(Answer::Check(checked)) => check::check(checked, end.record),
        Ok(Answer::Contract(asked)) => check::contract(asked),
        Ok(Answer::Built(built)) => build::build(built),
        Ok(Answer::Approval(counted)) => approval::approval(counted),
        Ok(Answer::Gates(asked)) => gates::gates(environment, asked),
        Ok(Answer::Status(environments)) => reading::status(environments),
        Ok(Answer::History(found)) => record::history(environment, &found.releases),
        Ok(Answer::Logs { entries, .. }) => reading::logs(environment, entries),
        Ok(Answer::Holds(changed)) => record::holds(environment, changed),
        Ok(Answer::Identities(seen)) => identity::whoami(seen),
        Ok(Answer::Document(_) | Answer::Script(_) | Answer::Credential(_)) => return None,
        Err(failure) => outcome::report(end.record, failure.outcome, Some(failure)),
    })
}
