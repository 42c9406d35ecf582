//! The commands about who we are: their documents go to standard output.

use serde_json::Value;

use super::{reporter, until_interrupted, without_data};
use crate::cli::{Credentials, Global, IamDocument, OutputFormat, Whoami};
use crate::commands::{credentials, iam, whoami};
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::report::{Event, human, identity_table, json};
use crate::sink;

pub async fn whoami(context: &Context, global: &Global, arguments: &Whoami) -> Outcome {
    match until_interrupted(whoami::run(context, global, arguments)).await {
        Ok(answer) => {
            match global.output {
                OutputFormat::Human => sink::data(&identity_table::render(&answer)),
                OutputFormat::Json => sink::document(&json::whoami(&answer)),
            }
            answer.failures().for_each(|failure| human::show_failure(failure, context.color));
            Outcome::worst(answer.failures().map(|failure| failure.outcome)).unwrap_or(Outcome::Unchanged)
        }
        Err(failure) => without_data(context, global, "whoami", arguments.environment.as_deref(), &failure),
    }
}

/// The document is that of the protocol whatever `--output` says: another program reads it.
pub async fn credentials(context: &Context, global: &Global, arguments: &Credentials) -> Outcome {
    let document = until_interrupted(credentials::run(context, global, arguments)).await;
    show(context, global, ("credentials", Some(&arguments.environment)), document, sink::credential)
}

/// The document is that of IAM whatever `--output` says.
pub async fn iam(context: &Context, global: &Global, document: &IamDocument) -> Outcome {
    match document {
        IamDocument::Trust(arguments) => {
            let document = iam::trust(context, global, arguments).map(|printed| noted(context, global, printed));
            show(context, global, ("iam trust", Some(&arguments.environment)), document, sink::document)
        }
        IamDocument::Policy(arguments) => {
            let printed = until_interrupted(iam::policy(context, global, arguments)).await;
            let document = printed.map(|printed| noted(context, global, printed));
            show(context, global, ("iam policy", Some(&arguments.environment)), document, sink::document)
        }
        IamDocument::Guard(arguments) => {
            let document = iam::guard(context, global, arguments).map(|printed| noted(context, global, printed));
            show(context, global, ("iam guard", None), document, sink::document)
        }
    }
}

/// A document, after what it lacks.
fn noted(context: &Context, global: &Global, printed: iam::Printed) -> Value {
    let reporter = reporter(context, global);
    printed.notes.into_iter().for_each(|text| reporter.show(&Event::Warning { text, hint: None }));
    printed.document
}

fn show(
    context: &Context,
    global: &Global,
    (command, environment): (&str, Option<&str>),
    document: Result<Value, Failure>,
    write: fn(&str),
) -> Outcome {
    match document {
        Ok(document) => {
            write(&format!("{document:#}"));
            Outcome::Unchanged
        }
        Err(failure) => without_data(context, global, command, environment, &failure),
    }
}
