//! What a panic comes to: a failed command, with an outcome like any other.

use std::sync::atomic::Ordering;

use crate::cli::OutputFormat;
use crate::context::Context;
use crate::domain::failure::{CauseKind, Failure};
use crate::domain::outcome::Outcome;
use crate::domain::view::CommandRequest;
use crate::panics;
use crate::report::line::ReportDetail;
use crate::report::{self, Reporting};

/// Where nothing is known yet, or docker reads what is written.
pub fn report_to_people() {
    panics::end_with(|text| report::without_context(OutputFormat::Human, &failure(text, false)));
}

/// To all who read of this run, but GitHub: a status that is pending stays so.
pub fn report_to_all(
    context: &Context,
    (level, format): (ReportDetail, OutputFormat),
    request: &CommandRequest,
    reporting: &Reporting,
) {
    let (context, request, has_changed) = (context.clone(), request.clone(), reporting.has_changed());
    panics::end_with(move |text| {
        let failure = failure(text, has_changed.load(Ordering::Relaxed));
        report::broken_off(&context, &request, level, format, &failure);
        failure.outcome
    });
}

/// Before the first change what served before still serves; after it that was not read.
fn failure(text: &str, has_changed: bool) -> Failure {
    let outcome = if has_changed { Outcome::Broken } else { Outcome::Failed };
    let failure =
        Failure::new(outcome, "shipgate broke off: this is a bug in it").of(CauseKind::Environment).cause(text);
    let failure = if has_changed {
        failure.hint("what was begun goes on: `shipgate status` says what runs; a commit status may stay `pending`")
    } else {
        failure
    };
    failure.hint("report it with these lines, which have none of the secrets that shipgate knows")
}
