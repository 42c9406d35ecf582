//! `check`, with its report.

use super::{now, print, reporter, shown, until_interrupted, without_data};
use crate::cli::{Global, OutputFormat};
use crate::commands::check::{self, Checked};
use crate::context::Context;
use crate::domain::outcome::Outcome;
use crate::report::{check_lines, human, json};

pub async fn check(context: &Context, global: &Global) -> Outcome {
    let events = || reporter(context, global);
    match until_interrupted(check::run(context, global, now, &events)).await {
        Ok(checked) => report(global, &checked),
        Err(failure) => without_data(context, global, "check", None, &failure),
    }
}

fn report(global: &Global, checked: &Checked) -> Outcome {
    for line in check_lines::lines(&checked.findings, shown(global)) {
        human::write_line(&line);
    }
    if global.output == OutputFormat::Json {
        print(&json::check(checked));
    }
    checked.findings.outcome()
}
