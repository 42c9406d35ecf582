//! Reads and parses the other files of the repository on a thread of its own: a parser that hangs on a text made for
//! that keeps no signal waiting, and not the check for ever; and one that panics does not end the check.

use std::sync::{Arc, PoisonError};

use tokio::time::timeout;

use super::current::CurrentFile;
use super::files;
use crate::domain::check::committed::Withheld;
use crate::domain::check::outline::Outline;
use crate::domain::check::{AwsResource, CheckFinding, Findings, Rule};
use crate::domain::limits::PARSING;
use crate::observe::{Checkout, Tree, Unlisted};
use crate::panics::{BrokeOff, contained};

/// Looks at the files that the configuration names, and at the workflows. `seen`: what AWS shows of components.
///
/// Returns the values that no report may have.
pub async fn read(
    checkout: &Checkout,
    tree: Tree,
    outline: Option<&Arc<Outline>>,
    seen: Vec<AwsResource>,
    findings: &mut Findings,
) -> Withheld {
    let Tree { names, left_out } = tree;
    for Unlisted { what, why } in left_out {
        findings.left_out(what, why, None);
    }
    let current = CurrentFile::default();
    let (checkout, outline, reading) = (checkout.clone(), outline.cloned(), Arc::clone(&current));
    let work = contained(move || {
        let mut findings = Findings::default();
        if let Some(outline) = &outline {
            files::builds(&checkout, outline, &reading, &mut findings);
            files::used(&checkout, outline, &reading, &mut findings);
        }
        files::of_kinds(&checkout, &names, (outline.as_deref(), &seen), &reading, &mut findings);
        files::workflows(&checkout, outline.as_deref(), &reading, &mut findings);
        let withheld = files::values(&checkout, &names, outline.as_deref(), &reading, &mut findings);
        (findings, withheld)
    });
    let why = match timeout(PARSING.time(), work).await {
        Ok(Ok((found, withheld))) => {
            findings.extend(found);
            return withheld;
        }
        Ok(Err(BrokeOff)) => "the parser broke off".to_owned(),
        Err(_) => format!("the files of this check are not read within {PARSING}"),
    };
    let file = current.lock().unwrap_or_else(PoisonError::into_inner).clone();
    findings.left_out("all files but the configuration", format!("{file} cannot be parsed"), None);
    let hint = "write it in a plainer way; what was read before it is not reported";
    findings
        .found(CheckFinding::new(Rule::Unparsed, format!("{file} cannot be parsed: {why}"), hint).in_file(&file, None));
    Withheld::default()
}
