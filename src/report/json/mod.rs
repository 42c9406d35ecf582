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

use crate::domain::view::CommandAnswer;
use crate::report::end::{CommandEnd, Sink};
use crate::sink;

/// Writes the document to standard output.
#[derive(Debug)]
pub struct DocumentV1;

impl Sink for DocumentV1 {
    fn end(&self, end: CommandEnd<'_>) {
        if let Some(document) = of(end) {
            sink::document(&document);
        }
    }
}

/// The document of a command. `None`: somebody else defines the form of what it prints.
pub fn of(end: CommandEnd<'_>) -> Option<String> {
    let environment = end.request.environment.as_deref().unwrap_or_default();
    Some(match end.result {
        Ok(CommandAnswer::Change(outcome)) => outcome::report(end.record, *outcome, None),
        Ok(CommandAnswer::Check(checked)) => check::check(checked, end.record),
        Ok(CommandAnswer::Contract(asked)) => check::contract(asked),
        Ok(CommandAnswer::Built(built)) => build::build(built),
        Ok(CommandAnswer::Approval(counted)) => approval::approval(counted),
        Ok(CommandAnswer::Gates(asked)) => gates::gates(environment, asked),
        Ok(CommandAnswer::Status(environments)) => reading::status(environments),
        Ok(CommandAnswer::History(found)) => record::history(environment, &found.releases),
        Ok(CommandAnswer::Logs { entries, .. }) => reading::logs(environment, entries),
        Ok(CommandAnswer::Holds(changed)) => record::holds(environment, changed),
        Ok(CommandAnswer::Identities(seen)) => identity::whoami(seen),
        Ok(CommandAnswer::Document(_) | CommandAnswer::Script(_) | CommandAnswer::Credential(_)) => return None,
        Err(failure) => outcome::report(end.record, failure.outcome, Some(failure)),
    })
}
