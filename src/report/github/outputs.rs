//! The outputs of the step, by the names that `action.yml` has.

use super::files::Output;
use crate::domain::limits::SUMMARY_JSON;
use crate::domain::outcome::Outcome;
use crate::report::record::Record;

/// The outputs of a command with an outcome.
pub fn of(record: &Record, outcome: Outcome, document: &str) -> Vec<Output> {
    let mut outputs = vec![("outcome", outcome.as_str().to_owned())];
    outputs.extend(record.release.as_ref().map(|release| ("sha", release.to_string())));
    if let [(component, digest)] = record.digests.iter().collect::<Vec<_>>()[..] {
        outputs.push(("digest", digest.to_string()));
        outputs.extend(record.image(component).map(|image| ("image", image)));
    }
    outputs.extend(record.plan_digest.as_ref().map(|digest| ("plan-digest", digest.to_string())));
    outputs.extend(record.url.as_ref().map(|url| ("environment-url", url.clone())));
    outputs.extend(self::document(document));
    outputs
}

/// The whole answer as JSON. One that is too long is left out: half of it is worth nothing.
pub fn document(document: &str) -> Option<Output> {
    (document.len() <= SUMMARY_JSON.count()).then(|| ("summary-json", document.to_owned()))
}
