//! `check`, with its report.

use super::{now, reporter, shown, until_interrupted, without_data};
use crate::cli::{self, Global, OutputFormat};
use crate::commands::check::{self, Checked, tell};
use crate::context::Context;
use crate::domain::outcome::Outcome;
use crate::report::github::Workflow;
use crate::report::{check_lines, human, json};
use crate::sink;

pub async fn check(context: &Context, global: &Global, arguments: &cli::Check) -> Outcome {
    let events = || reporter(context, global);
    match until_interrupted(check::run(context, global, now, &events)).await {
        Ok(checked) => report(context, global, arguments, &checked).await,
        Err(failure) => without_data(context, global, "check", None, &failure),
    }
}

async fn report(context: &Context, global: &Global, arguments: &cli::Check, checked: &Checked) -> Outcome {
    let workflow = Workflow::of(context);
    let page = workflow.as_ref().map(|workflow| workflow.page(checked)).unwrap_or_default();
    let comment = arguments.comment.then_some(page.as_str());
    // A signal only ends the telling.
    let telling = async { Ok(tell::tell(context, &checked.findings, comment).await) };
    for not_said in until_interrupted(telling).await.unwrap_or_default() {
        match &not_said.hint {
            Some(hint) => human::show_warning(&not_said.what, hint),
            None => human::write_line(&format!("note: {}", not_said.what)),
        }
    }
    for line in check_lines::lines(&checked.findings, shown(global)) {
        human::write_line(&line);
    }
    let document = json::check(checked);
    if let Some(workflow) = workflow {
        workflow.tell_check(checked, &document, &page);
    }
    if global.output == OutputFormat::Json {
        sink::document(&document);
    }
    checked.findings.outcome()
}
